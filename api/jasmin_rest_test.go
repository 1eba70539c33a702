package api

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

func basic(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

func TestJasminREST(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
		if s.To == "2" {
			return &message.Failure{Kind: message.NoRoute}
		}
		return nil
	}}
	o := jasminOptions(f)
	o.Preview = func(*gateway.Submission) (*gateway.Preview, *message.Failure) {
		return &gateway.Preview{Size: gsm.Size{Parts: 1}, Costs: &gateway.Costs{Most: gateway.Cost{Amount: 20_000}}}, nil
	}
	h := NewHTTP(o)
	acme := basic("acme", "secret")
	const signIn = `{"title":"Authentication required","description":"`
	for _, c := range []struct {
		method, path, login, body string
		status                    int
		want                      string // %id is the last message's
	}{
		{"POST", "/secure/send", acme, `{"to": 19012233451, "from": "Jookies", "content": "Hello", "dlr": "yes", "dlr_url": "http://127.0.0.1/dlr", "dlr-level": 3}`, 200, `{"data": "Success \"%id\""}`},
		{"POST", "/secure/send", acme, `{"to": "1", "coding": 8, "hex_content": "0623063106460628"}`, 200, `{"data": "Success \"%id\""}`},
		{"POST", "/secure/send", acme, `{"to": 2, "content": "x"}`, 412, `{"message": "Error \"No route found\""}`},
		{"POST", "/secure/send", acme, `{"to": 1}`, 400, `{"message": "Error \"content or hex-content not present.\""}`},
		{"POST", "/secure/send", acme, `{"to": 1, "content": "x", "dlr_level": 9}`, 400, `{"message": "Error \"Argument [dlr-level] has an invalid value: [9].\""}`},
		{"POST", "/secure/send", acme, `{`, 412, `{"title":"Cannot parse JSON data","description":"Got unparseable json data: an object is expected"}`},
		{"POST", "/secure/send", "", `{"to": 1, "content": "x"}`, 401, signIn + `Please provide an auth token as part of the request"}`},
		{"POST", "/secure/send", basic("acme", "x"), `{"to": 1, "content": "x"}`, 401, signIn + `name or password is wrong, or the account may not be used from this address"}`},
		{"POST", "/secure/send", basic("walled", "secret"), `{"to": 1, "content": "x"}`, 401, signIn + `name or password is wrong, or the account may not be used from this address"}`},
		{"GET", "/secure/send", acme, "", 405, `{"title":"405 Method Not Allowed"}`},
		{"GET", "/secure/balance", acme, "", 200, `{"data": {"balance": "ND", "sms_count": "ND"}}`},
		{"GET", "/secure/balance", "", "", 401, signIn + `Please provide an auth token as part of the request"}`},
		{"GET", "/secure/rate?to=19012233451", acme, "", 200, `{"data": {"submit_sm_count": 1, "unit_rate": 0.02}}`},
		{"GET", "/secure/rate", acme, `{"to": 1, "hex_content": "00"}`, 200, `{"data": {"submit_sm_count": 1, "unit_rate": 0.02}}`},
		{"GET", "/secure/rate", acme, "", 400, `{"message": "Mandatory argument [to] is not found."}`},
	} {
		w := ask(h, c.method, c.path, c.body, "Authorization", c.login, "Content-Type", "application/x-www-form-urlencoded")
		want := strings.ReplaceAll(c.want, "%id", f.last.UUID())
		if w.Code != c.status || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %s: %d %s, want %d %s", c.method, c.path, c.body, w.Code, w.Body, c.status, want)
		}
		if (w.Code == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d, WWW-Authenticate %q", c.path, w.Code, w.Header().Get("WWW-Authenticate"))
		}
	}
	if got := f.accepted[0]; got.From != "Jookies" || got.To != "19012233451" || got.Target.Address != "http://127.0.0.1/dlr" || got.Target.Mask != 3 {
		t.Errorf("%+v", got)
	}
	if got := f.accepted[1].Content; got.Text != "أرنب" || got.Want != gsm.UCS2 {
		t.Errorf("%+v", got)
	}
	o.Dialects = map[string]Dialect{"jasmin_rest": {Own: true}}
	shared, own := NewHTTPHandlers(o)
	for want, h := range map[string]http.Handler{"Jasmin/PONG": shared, `{"data": "Jasmin/PONG"}`: own["jasmin_rest"]} {
		if w := ask(h, "GET", "/ping", ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("/ping: %d %s, want %s", w.Code, w.Body, want)
		}
	}
	if w := ask(own["jasmin_rest"], "GET", "/x", ""); w.Code != 404 || w.Body.String() != `{"title":"404 Not Found"}` {
		t.Errorf("/x: %d %s", w.Code, w.Body)
	}
}

// batch posts a batch and returns its id and the number of its messages.
func jasminPostBatch(t *testing.T, h http.Handler, body string) (w *httptest.ResponseRecorder, id string, count int) {
	t.Helper()
	w = ask(h, "POST", "/secure/sendbatch", body, "Authorization", basic("acme", "secret"))
	var said struct {
		Data struct {
			ID    string `json:"batchId"`
			Count int    `json:"messageCount"`
		} `json:"data"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &said); err != nil {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w, said.Data.ID, said.Data.Count
}

func TestJasminBatch(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	h := NewHTTP(jasminOptions(f))
	w, id, count := jasminPostBatch(t, h, `{
		"globals": {"from": "Brand2", "dlr-level": 3, "dlr": "yes", "dlr_url": "http://127.0.0.1/url"},
		"messages": [
			{"from": "Brand1", "to": ["55555551", 55555552], "content": "one"},
			{"to": 33333331, "hex_content": "0041", "coding": 8},
			{"to": "7777771"}, {"content": "nobody"}, {"to": [], "content": "nobody"}, 5
		]}`)
	if w.Code != 200 || count != 3 || !regexp.MustCompile(`^[0-9a-f-]{36}$`).MatchString(id) || strings.Contains(w.Body.String(), "scheduled") {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for i, want := range []struct{ from, to, text string }{{"Brand1", "55555551", "one"}, {"Brand1", "55555552", "one"}, {"Brand2", "33333331", "A"}} {
		if got := f.accepted[i]; got.From != want.from || got.To != want.to || got.Content.Text != want.text || got.Reference != id || got.Target.Mask != 3 {
			t.Errorf("%d: %+v", i, got)
		}
	}
	if len(f.accepted) != 3 {
		t.Errorf("%d accepted", len(f.accepted))
	}
	// more than goes to the gateway at a time
	if _, _, count = jasminPostBatch(t, h, `{"messages": [{"to": [`+strings.Repeat("1,", 2500)+`1], "content": "x"}]}`); count != 2501 || len(f.accepted) != 2504 {
		t.Errorf("%d messages, %d accepted", count, len(f.accepted))
	}
	if w, _, _ := jasminPostBatch(t, h, `{"messages": [{"to": [`+strings.Repeat("1,", jasminMostInBatch)+`1], "content": "x"}]}`); w.Code != 413 {
		t.Errorf("too many: %d %s", w.Code, w.Body)
	}
	for body, want := range map[string]string{
		`{"messages": 5}`: "Cannot parse JSON data",
		`{"messages": [], "batch_config": {"schedule_at": "2020-01-01 00:00:00"}}`: "Cannot schedule batch in past date",
		`{"messages": [], "batch_config": {"schedule_at": "soon"}}`:                "Cannot parse scheduled_at value",
		`{"messages": [], "batch_config": {"schedule_at": 5}}`:                     "Cannot parse scheduled_at value",
		`{"messages": [], "batch_config": {"callback_url": "http://127.0.0.1/"}}`:  "412 Precondition Failed", // nobody makes calls here
	} {
		if w, _, _ := jasminPostBatch(t, h, body); w.Code != 412 || !strings.Contains(w.Body.String(), `{"title":"`+want+`"`) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

func TestJasminBatchScheduled(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	h := NewHTTP(jasminOptions(f))
	before := time.Now()
	w, _, _ := jasminPostBatch(t, h, `{"messages": [{"to": 1, "content": "x"}, {"to": 1, "content": "x", "sdt": "000002000000000R"}], "batch_config": {"schedule_at": "86400s"}}`)
	if !strings.Contains(w.Body.String(), `, "scheduled": "86400s"}}`) {
		t.Errorf("%s", w.Body)
	}
	at := before.Add(48 * time.Hour).Format(time.DateTime)
	jasminPostBatch(t, h, `{"messages": [{"to": 1, "content": "x"}], "batch_config": {"schedule_at": "`+at+`"}}`)
	for i, want := range []time.Duration{24 * time.Hour, 48 * time.Hour, 48 * time.Hour} {
		if wait := f.accepted[i].SendAt.Sub(before); wait < want-2*time.Second || wait > want+time.Minute {
			t.Errorf("%d: sent in %v, want %v", i, wait, want)
		}
	}
}

// What became of each message is told to the one address or the other.
func TestJasminBatchCallbacks(t *testing.T) {
	t.Parallel()
	hook := newHook(t)
	called := make(chan struct{}, 10)
	hook.answer = func(http.ResponseWriter, *http.Request, []byte) { called <- struct{}{} }
	f := &fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
		if s.To == "2" {
			return &message.Failure{Kind: message.NoRoute}
		}
		return nil
	}}
	o := jasminOptions(f)
	o.Jasmin = NewJasminCallback(JasminOptions{Guard: o.Guard})
	defer o.Jasmin.Close()
	_, id, count := jasminPostBatch(t, NewHTTP(o), `{"messages": [{"to": ["1", "2", "x"], "content": "x"}],
		"batch_config": {"callback_url": "`+hook.URL+`/good?a=b", "errback_url": "`+hook.URL+`/bad"}}`)
	for range count {
		<-called
	}
	for i, want := range []struct {
		path string
		url.Values
	}{
		{"/good", url.Values{"a": {"b"}, "batchId": {id}, "to": {"1"}, "status": {"1"}, "statusText": {`Success "` + f.last.UUID() + `"`}}},
		{"/bad", url.Values{"batchId": {id}, "to": {"2"}, "status": {"0"}, "statusText": {`HTTPAPI error: Error "No route found"`}}},
		{"/bad", url.Values{"batchId": {id}, "to": {"x"}, "status": {"0"}, "statusText": {`HTTPAPI error: Error "Argument [to] has an invalid value: [x]."`}}},
	} {
		u, err := url.Parse(hook.targets[i])
		if err != nil || u.Path != want.path || u.Query().Encode() != want.Encode() {
			t.Errorf("%d: %s, want %s?%s", i, hook.targets[i], want.path, want.Encode())
		}
	}
	w, _, _ := jasminPostBatch(t, NewHTTP(o), `{"messages": [{"to": 1, "content": "x"}], "batch_config": {"errback_url": "http://10.0.0.1/"}}`)
	if w.Code != 412 || !strings.Contains(w.Body.String(), "10.0.0.1 is not a public address") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	o.Jasmin.batches.made(-jasminMostCalls) // as if so many more were under way
	if w, _, _ = jasminPostBatch(t, NewHTTP(o), `{"messages": [{"to": 1, "content": "x"}], "batch_config": {"errback_url": "`+hook.URL+`"}}`); w.Code != 503 {
		t.Errorf("with too many calls: %d %s", w.Code, w.Body)
	}
}

// Two dialects at one path, or one where Kurir's own pages are, do not stop the server.
func TestDialectsOverlap(t *testing.T) {
	t.Parallel()
	o := jasminOptions(&fakeGateway{})
	o.Dialects = map[string]Dialect{"kannel": {Path: "/"}, "jasmin": {Path: "/v1"}, "jasmin_rest": {Path: "/v1"}, "plain": {Path: "/send"}}
	h := NewHTTP(o)
	for path, want := range map[string]string{"/sendsms": kannelDenied, "/v1/nothing": "there is nothing", "/v1/ping": jasminPong, "/": "there is nothing"} {
		if w := ask(h, "GET", path, ""); !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// FuzzJasminBatch reads whatever comes as a batch.
func FuzzJasminBatch(f *testing.F) {
	f.Add(`{"messages":[{"to":[1,"2"],"content":"x"}],"globals":{"from":"a","custom_tlvs":{"0x1400":1}},"batch_config":{"schedule_at":"5s"}}`)
	f.Add(`{"messages":[{"to":{},"hex_content":"00"}],"globals":[]}`)
	g := &fakeGateway{}
	h := NewHTTP(jasminOptions(g))
	f.Fuzz(func(t *testing.T, body string) {
		g.accepted = nil // or it takes all memory
		for _, path := range []string{"/secure/sendbatch", "/secure/send"} {
			if w := ask(h, "POST", path, body, "Authorization", basic("acme", "secret")); w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: %d %q", path, w.Code, w.Body)
			}
		}
	})
}
