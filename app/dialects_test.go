package app_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestDialects holds where and to whom dialects are served.
func TestDialects(t *testing.T) {
	t.Parallel()
	operator := smsc(t)
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	send := url.Values{"username": {"acme"}, "password": {"wrong"}, "to": {"+46701234567"}, "text": {"x"}}.Encode()
	for _, test := range []struct{ settings, own, http string }{
		{"", "", "/cgi-bin/sendsms 403 Authorization failed for sendsms; /sms/sendsms 404 {"},
		{"{kannel: {path: /sms}}", "", "/sms/sendsms 403 Authorization failed for sendsms; /cgi-bin/sendsms 404 {"},
		{"{kannel: {off: true}}", "", "/cgi-bin/sendsms 404 {"},
		{"{kannel: {addresses: [192.0.2.0/24]}}", "", "/cgi-bin/sendsms 403 Authorization failed for sendsms"},
		{"{kannel: {listen: 127.0.0.1:0}}", "/cgi-bin/sendsms 403 Authorization failed for sendsms; /v1/messages 404 404 page not found", "/cgi-bin/sendsms 404 {"},
		{"{kannel: {listen: 127.0.0.1:0, path: /}}", "/sendsms 403 Authorization failed for sendsms; /x 404 Unknown request.", ""},
	} {
		s := run(t, read(t, fmt.Sprintf(fileText, t.TempDir(), "127.0.0.1:0", "op1", operator, "ACME")+"dialects: "+test.settings+"\n"))
		check := func(addr net.Addr, wants string) {
			for _, want := range strings.Split(wants, "; ") {
				path, answer, _ := strings.Cut(want, " ")
				resp, err := c.Get("http://" + addr.String() + path + "?" + send)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				if got := fmt.Sprint(resp.StatusCode, " ", string(body)); !strings.HasPrefix(got, answer) {
					t.Errorf("dialects: %s: %s: %.60q, want %q", test.settings, path, got, answer)
				}
			}
		}
		if test.http != "" {
			check(s.HTTPAddr(), test.http)
		}
		if test.own != "" {
			check(s.DialectAddr("kannel"), test.own)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTwilioOverREST holds that a client's credentials are made over REST, shown to nobody, and kept by a change of others.
func TestTwilioOverREST(t *testing.T) {
	t.Parallel()
	s := run(t, read(t, strings.Replace(fmt.Sprintf(fileText, t.TempDir(), "127.0.0.1:0", "op1", smsc(t), "ACME"), "name: acme,", "name: acme, admin: true,", 1)))
	const sid, key = "AC0123456789abcdef0123456789abcdef", "SK0123456789abcdef0123456789abcdef"
	var row struct{ Value map[string]any }
	made := `{"twilio": {"account_sid": "` + sid + `", "auth_token": "hidden-token", "keys": [{"sid": "` + key + `", "secret": "hidden-secret"}]}, "senders": ["*"], "sender": "App"}`
	if status := s.ask(t, "PUT", "/v1/config/accounts/app", made, &row); status != 200 && status != 201 {
		t.Fatalf("made: %d %v", status, row)
	}
	if status := s.ask(t, "PATCH", "/v1/config/accounts/app", `{"priority": "high"}`, &row); status != 200 {
		t.Fatalf("changed: %d", status)
	}
	s.ask(t, "GET", "/v1/config/accounts/app", "", &row)
	if text := fmt.Sprint(row.Value); strings.Contains(text, "hidden") || !strings.Contains(text, sid) {
		t.Errorf("shown: %s", text)
	}
	for user, password := range map[string]string{sid: "hidden-token", key: "hidden-secret"} {
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+s.HTTPAddr().String()+"/2010-04-01/Accounts/"+sid+"/Messages.json",
			strings.NewReader(url.Values{"To": {"+46701234567"}, "Body": {"x"}}.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.SetBasicAuth(user, password)
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != 201 {
			t.Errorf("%s: %d", user, resp.StatusCode)
		}
	}
}
