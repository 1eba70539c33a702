package api

import (
	"net/http"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

func TestJasminMoney(t *testing.T) {
	t.Parallel()
	o := jasminOptions(&fakeGateway{})
	o.Preview = func(s *gateway.Submission) (*gateway.Preview, *message.Failure) {
		if s.To == "2" {
			return nil, &message.Failure{Kind: message.NoRoute, Field: "to"}
		}
		p := &gateway.Preview{Size: gsm.Size{Parts: 1 + len(s.Content.Text)/160}}
		if s.To == "1" {
			p.Costs = &gateway.Costs{Most: gateway.Cost{Amount: message.Amount(2_800_000 * p.Size.Parts)}}
		}
		return p, nil
	}
	balances := map[string]gateway.BalanceState{
		"acme": {Account: "acme", Payer: "root", Limits: []gateway.LimitState{{Per: "day", Most: 10, Had: 3}, {Per: "month", Most: 5, Had: 1}, {Money: true, Per: "day", Most: 1}}},
		"root": {Account: "root", Payer: "root", Has: true, Balance: 100_000_000, Limits: []gateway.LimitState{{Per: "day", Most: 1, Had: 1}}},
		"mute": {Account: "mute", Payer: "mute", Has: true, Balance: 10_230_000},
	}
	o.Money.Balances = func(name string) []gateway.BalanceState {
		if b, ok := balances[name]; ok {
			return []gateway.BalanceState{b}
		}
		return nil
	}
	h := NewHTTP(o)
	const login = "username=acme&password=secret"
	for _, c := range []struct {
		target string
		status int
		body   string
	}{
		{"/rate?" + login + "&to=1&content=" + strings.Repeat("x", 170), 200, `{"submit_sm_count": 2, "unit_rate": 2.8}`},
		{"/rate?" + login + "&to=1", 200, `{"submit_sm_count": 1, "unit_rate": 2.8}`},
		{"/rate?" + login + "&to=3&coding=8&hex-content=0041&from=A&tags=1&priority=1&validity-period=1", 200, `{"submit_sm_count": 1, "unit_rate": 0.0}`},
		{"/rate?" + login + "&to=2", 412, `"No route found"`},
		{"/rate?" + login, 400, `"Mandatory argument [to] is not found."`},
		{"/rate?" + login + "&to=1&dlr=yes", 400, `"Argument [dlr] is unknown."`},
		{"/rate?" + login + "&to=1&content=a&hex-content=00", 400, `"content and hex-content cannot be used both in same request."`},
		{"/rate?username=acme&password=x&to=1", 403, `"Authentication failure for username:acme"`},
		{"/balance?" + login, 200, `{"balance": 100.0, "sms_count": 4}`},
		{"/balance?username=mute&password=secret", 200, `{"balance": 10.23, "sms_count": "ND"}`},
		{"/balance", 400, `"Mandatory arguments not found, please refer to the HTTPAPI specifications."`},
		{"/balance?username=acme", 400, `"Mandatory argument [password] is not found."`},
		{"/balance?" + login + "&to=1", 400, `"Argument [to] is unknown."`},
		{"/balance?username=acme&password=x", 403, `"Authentication failure for username:acme"`},
	} {
		if w := ask(h, "GET", c.target, ""); w.Code != c.status || w.Body.String() != c.body || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: %d %s, want %d %s", c.target, w.Code, w.Body, c.status, c.body)
		}
	}
	if w := ask(NewHTTP((&fakeGateway{}).options()), "POST", "/balance", login, "Content-Type", "application/x-www-form-urlencoded"); w.Body.String() != `{"balance": "ND", "sms_count": "ND"}` {
		t.Errorf("without money: %s", w.Body)
	}
}

// What is there on a port of its own only, and beside Kurir's pages under a path of its own.
func TestJasminPages(t *testing.T) {
	t.Parallel()
	o := jasminOptions(&fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
		return map[string]*message.Failure{
			"2": {Kind: message.NoRoute}, "3": {Kind: message.NoMoney}, "4": {Kind: message.Overloaded}, "5": {Kind: message.StoreFull},
		}[s.To]
	}})
	o.Status = &Status{Version: "9.9"}
	o.Links.Stats = func() []gateway.LinkStats {
		return []gateway.LinkStats{{Name: "op1", Taken: 5, Failed: 3, Throttled: 1, Receipts: 2, Inbound: 4}}
	}
	o.Sessions.List = func() []SMPPSession { return []SMPPSession{{Mode: "receiver"}, {Mode: "transceiver"}} }
	shared := NewHTTP(o)
	for path, want := range map[string]string{"/ping": "Jasmin/PONG", "/metrics": "there is nothing", "/": "there is nothing"} {
		if w := ask(shared, "GET", path, ""); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s beside others: %d %s", path, w.Code, w.Body)
		}
	}
	o.Dialects = map[string]Dialect{"jasmin": {Own: true}}
	_, own := NewHTTPHandlers(o)
	h := own["jasmin"]
	for to, status := range map[string]int{"1": 200, "2": 412, "3": 403, "4": 403, "5": 500} {
		if w := ask(h, "GET", jasminBase+"&content=x&to="+to, ""); w.Code != status {
			t.Errorf("to %s: %d %s", to, w.Code, w.Body)
		}
	}
	ask(h, "GET", "/send?username=x&password=x&content=x&to=1", "")
	for path, want := range map[string]string{"/ping": "Jasmin/PONG", "/": "Kurir 9.9", "/x": `Error "Unknown error: there is nothing at this path"`} {
		if w := ask(h, "GET", path, ""); w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
	w := ask(h, "GET", "/metrics", "")
	for _, line := range []string{
		"# TYPE httpapi_request_count counter\n# HELP httpapi_request_count Http request count.\nhttpapi_request_count 6\n",
		"\nhttpapi_auth_error_count 1\n", "\nhttpapi_route_error_count 1\n", "\nhttpapi_throughput_error_count 1\n",
		"\nhttpapi_charging_error_count 1\n", "\nhttpapi_server_error_count 1\n", "\nhttpapi_success_count 1\n",
		"\nsmppc_submit_sm_request_count{cid=\"op1\"} 8\n", "\nsmppc_submit_sm_count{cid=\"op1\"} 5\n", "\nsmppc_deliver_sm_count{cid=\"op1\"} 6\n",
		"\nsmppc_throttling_error_count{cid=\"op1\"} 1\n", "\nsmppc_other_submit_error_count{cid=\"op1\"} 2\n", "\nsmppc_bound_count{cid=\"op1\"} 0\n",
		"\nsmppsapi_connected_count 2\n", "\nsmppsapi_bound_rx_count 1\n", "\nsmppsapi_bound_trx_count 1\n", "\nsmppsapi_bound_tx_count 0\n",
	} {
		if !strings.Contains(w.Body.String(), line) || w.Code != http.StatusOK {
			t.Errorf("/metrics lacks %q:\n%s", line, w.Body)
		}
	}
	o.Dialects = map[string]Dialect{"jasmin": {Path: "/jasmin"}}
	h = NewHTTP(o)
	for path, want := range map[string]string{"/jasmin/": "Kurir 9.9", "/jasmin/ping": "Jasmin/PONG", "/jasmin/x": `Error "Unknown error: there is nothing at this path"`} {
		if w := ask(h, "GET", path, ""); w.Body.String() != want {
			t.Errorf("%s: %d %s, want %s", path, w.Code, w.Body, want)
		}
	}
}
