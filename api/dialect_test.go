package api

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kurir/account"
	"kurir/gateway"
)

// dialectSends are how each dialect is asked by its account acme, and its answer when the account, or the server, has too many
// requests at work, and when one has too many parameters.
var dialectSends = []struct {
	method, target       string
	account, all, params string
}{
	{"GET", "/cgi-bin/sendsms?user=acme&pass=secret&to=46701&text=x", "503 Temporal failure, try again later.", "503 Temporal failure, try again later.", "400 Charset or body misformed, rejected"},
	{"GET", "/send?username=acme&password=secret&to=46701&content=x", `403 Error "User throughput exceeded"`, `500 Error "Cannot send submit_sm, check SMPPClientManagerPB log file for details"`, `400 Error "Unknown error: the query has`},
	{"GET", "/rate?username=acme&password=secret&to=46701", `403 "User throughput exceeded"`, `500 "Cannot send submit_sm, check SMPPClientManagerPB log file for details"`, `400 "Unknown error: the query has`},
	{"GET", "/balance?username=acme&password=secret", `403 "User throughput exceeded"`, `500 "Cannot send submit_sm, check SMPPClientManagerPB log file for details"`, `400 "Unknown error: the query has`},
	{"GET", "/secure/balance?", `429 {"title":"429 Too Many Requests","description":"1 requests of the account`, `503 {"title":"503 Service Unavailable","description":"the server is`, `400 {"title":"400 Bad Request","description":"the query has`},
	{"GET", "/api?action=sendmessage&username=acme&password=secret&recipient=46701&messagedata=x&responseformat=urlencoded", "429 action=sendmessage&errorcode=429&errormessage=1+requests", "503 action=sendmessage&errorcode=503&errormessage=the+server", "400 action=sendmessage&errorcode=400&errormessage=the+query"},
	{"GET", "/sms?user=acme&password=secret&numbers=46701&text=x", "429 ERROR 1 requests", "503 ERROR the server", "400 ERROR the query"},
	{"GET", "/?user=acme&password=secret&numbers=46701&text=x", "429 ERROR 1 requests", "503 ERROR the server", "400 ERROR the query"},
	{"POST", twilioTest + "/Messages.json?", `429 {"code":20429,`, `503 {"code":20503,`, `400 {"code":20001,`},
	{"GET", twilioTest + ".json?", `429 {"code":20429,`, `503 {"code":20503,`, `400 {"code":20001,`},
	{"GET", "/kannel/log-level?password=secret", "200 Not done: ", "200 Not done: the server", "200 Not done: the query"},
}

// TestDialectsBusy holds that every dialect says in its own words that there is too much, and that places are given back.
func TestDialectsBusy(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	set := account.NewDirectory([]account.Account{{Name: "acme", Password: "secret", Sender: "ACME", Twilio: account.Twilio{AccountSID: twilioTestSID, AuthToken: "secret"}}}, nil)
	o.Accounts = func() *account.Directory { return set }
	o.KannelAdmin = KannelAdmin{Password: "secret"}
	limits := &HTTPSettings{AccountRequests: 1}
	o.Settings = func() *HTTPSettings { return limits }
	h := NewHTTP(o)
	say := func(method, target string) (string, *httptest.ResponseRecorder) {
		user := "acme"
		if strings.HasPrefix(target, twilioTest) {
			user = twilioTestSID
		}
		w := ask(h, method, target, "", "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":secret")))
		return fmt.Sprint(w.Code, " ", w.Body), w
	}
	acme := set.ByName("acme")
	if !acme.BeginRequest(1) {
		t.Fatal("the account is at work already")
	}
	for _, c := range dialectSends {
		got, w := say(c.method, c.target)
		if !strings.HasPrefix(got, c.account) {
			t.Errorf("%s, busy account: %s, want %s", c.target, got, c.account)
		}
		if (w.Code == http.StatusTooManyRequests || w.Code == http.StatusServiceUnavailable) && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", c.target)
		}
		if got, _ = say(c.method, c.target+strings.Repeat("&a=b", 1000)); !strings.HasPrefix(got, c.params) {
			t.Errorf("%s, parameters: %s, want %s", c.target, got, c.params)
		}
	}
	acme.EndRequest()
	for _, c := range dialectSends {
		say(c.method, c.target)
		if !acme.BeginRequest(1) {
			t.Fatalf("%s keeps its place", c.target)
		}
		acme.EndRequest()
	}

	limits = &HTTPSettings{Requests: 1}
	o.Accept = func(subs []*gateway.Submission, done gateway.Done) {
		for _, c := range dialectSends {
			if got, _ := say(c.method, c.target); !strings.HasPrefix(got, c.all) {
				t.Errorf("%s, busy server: %s, want %s", c.target, got, c.all)
			}
		}
		done(make([]gateway.Result, len(subs)))
	}
	h = NewHTTP(o)
	say("GET", dialectSends[0].target)
}

// TestPathsAreNotMended holds that what is no path of a dialect is 404 in its own words: no redirect, and nothing of the query.
func TestPathsAreNotMended(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.KannelAdmin = KannelAdmin{Password: "hush"}
	h := NewHTTP(o)
	for target, want := range map[string]string{
		"/cgi-bin//sendsms":                     kannelNoSuch,
		"/cgi-bin/../cgi-bin/sendsms":           kannelNoSuch,
		"//cgi-bin/sendsms":                     kannelNoSuch,
		"/cgi-bin":                              kannelNoSuch,
		"//send":                                `Error "Unknown error: there is nothing`,
		"//balance":                             `"Unknown error: there is nothing`,
		"/secure//balance":                      `{"title":"404 Not Found"`,
		"//api":                                 "<errorcode>404</errorcode>",
		"//sms":                                 "ERROR there is nothing",
		"/2010-04-01//Accounts/x/Messages.json": `{"code":20404,`,
		"/2010-04-01":                           `{"code":20404,`,
		"/v1//messages":                         `"code":"not_found"`,
		"/v1/./messages":                        `"code":"not_found"`,
		"/v1":                                   `"code":"not_found"`,
		"/problems":                             `"code":"not_found"`,
		"//":                                    `"code":"not_found"`,
		"/api/":                                 `"code":"not_found"`,
		"/secure/nope":                          `"code":"not_found"`,
	} {
		w := ask(h, "GET", target+"?username=acme&password=hush&numbers=1", "")
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "hush") || w.Header().Get("Location") != "" {
			t.Errorf("%s: %d %s, want %s", target, w.Code, w.Body, want)
		}
	}
	for _, target := range []string{"/kannel//status", "/kannel"} {
		if w := ask(h, "GET", target+"?password=hush", ""); w.Header().Get("Location") != "" || strings.Contains(w.Body.String(), "hush") {
			t.Errorf("%s: %d %s", target, w.Code, w.Body)
		}
	}
	r := httptest.NewRequest("GET", "/?numbers=46701&password=hush", nil)
	r.URL.Path = "" // GET http://host?numbers=...
	w := httptest.NewRecorder()
	if h.ServeHTTP(w, r); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "hush") {
		t.Errorf("an address without a path: %d %s", w.Code, w.Body)
	}
}
