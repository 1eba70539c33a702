package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"kurir/account"
	"kurir/message"
)

// The client is the last address that none of our proxies has; who is none of them says nothing.
func TestForwarded(t *testing.T) {
	t.Parallel()
	const x, proto, host, rfc = "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded"
	for _, test := range []struct {
		name   string
		peer   string
		rfc    bool
		header []string
		want   string // address, scheme and host
	}{
		{"direct", "192.0.2.7", false, nil, "192.0.2.7 example.com"},
		{"a stranger", "192.0.2.7", false, []string{x, "198.51.100.1", proto, "https", host, "evil.example"}, "192.0.2.7 example.com"},
		{"a proxy", "10.0.0.1", false, []string{x, "198.51.100.1", proto, "https", host, "sms.example.com"}, "198.51.100.1 https://sms.example.com"},
		{"two proxies", "10.0.0.1", false, []string{x, "198.51.100.1, 10.0.0.2"}, "198.51.100.1 example.com"},
		{"what the client wrote before", "10.0.0.1", false, []string{x, "203.0.113.9, 198.51.100.1"}, "198.51.100.1 example.com"},
		{"two headers", "10.0.0.1", false, []string{x, "203.0.113.9", x, "198.51.100.1"}, "198.51.100.1 example.com"},
		{"only proxies", "10.0.0.1", false, []string{x, "10.0.0.3, 10.0.0.2"}, "10.0.0.3 example.com"},
		{"nothing said", "10.0.0.1", false, nil, "10.0.0.1 example.com"},
		{"unknown", "10.0.0.1", false, []string{x, "198.51.100.1, unknown"}, "10.0.0.1 example.com"},
		{"IPv6", "10.0.0.1", false, []string{x, "2001:db8::1"}, "2001:db8::1 example.com"},
		{"with a port", "10.0.0.1", false, []string{x, "198.51.100.1:4711"}, "198.51.100.1 example.com"},
		{"the other header", "10.0.0.1", false, []string{rfc, "for=203.0.113.9", x, "198.51.100.1"}, "198.51.100.1 example.com"},
		{"an odd host", "10.0.0.1", false, []string{x, "198.51.100.1", host, "a/b@c", proto, "gopher"}, "198.51.100.1 example.com"},
		{"RFC 7239", "10.0.0.1", true, []string{rfc, `for=198.51.100.1;proto=https;host="sms.example.com"`}, "198.51.100.1 https://sms.example.com"},
		{"RFC 7239, IPv6", "10.0.0.1", true, []string{rfc, `For="[2001:db8::1]:4711"; Proto=HTTPS`}, "2001:db8::1 https://example.com"},
		{"RFC 7239, two", "10.0.0.1", true, []string{rfc, "for=203.0.113.9, for=198.51.100.1;host=sms.example.com, for=10.0.0.2;host=inner"}, "198.51.100.1 http://sms.example.com"},
		{"RFC 7239, hidden", "10.0.0.1", true, []string{rfc, "for=_secret;host=x"}, "10.0.0.1 example.com"},
		{"RFC 7239, the other header", "10.0.0.1", true, []string{x, "203.0.113.9"}, "10.0.0.1 example.com"},
	} {
		set := HTTPSettings{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Forwarded: test.rfc}
		r := httptest.NewRequest(http.MethodGet, "/v1/messages", nil)
		r.RemoteAddr = test.peer + ":1234"
		for i := 0; i < len(test.header); i += 2 {
			r.Header.Add(test.header[i], test.header[i+1])
		}
		set.unwrap(r)
		got := remoteAddr(r).String() + " " + r.Host
		if r.URL.Scheme != "" {
			got = remoteAddr(r).String() + " " + r.URL.Scheme + "://" + r.Host
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// reached is a server that is reached as settings say.
func reached(set HTTPSettings) http.Handler {
	o := (&fakeGateway{}).options()
	o.Settings = func() *HTTPSettings { return &set }
	return NewHTTP(o)
}

// An account's addresses are those of clients behind a proxy that is trusted.
func TestForwardedAddresses(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	accounts := account.NewDirectory([]account.Account{{Name: "near", APIKeys: []message.Secret{"near-key"}, Addresses: []string{"198.51.100.0/24"}}}, nil)
	o.Accounts = func() *account.Directory { return accounts }
	o.Settings = func() *HTTPSettings {
		return &HTTPSettings{Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}}
	} // httptest's
	h := NewHTTP(o)
	for from, want := range map[string]int{"198.51.100.7": http.StatusNotFound, "203.0.113.9": http.StatusForbidden, "": http.StatusForbidden} {
		if w := ask(h, http.MethodGet, "/v1/messages/0000000000000", "", "Authorization", "Bearer near-key", "X-Forwarded-For", from); w.Code != want {
			t.Errorf("from %q: %d %s, want %d", from, w.Code, w.Body, want)
		}
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	const app, other = "https://app.example.com", "https://other.example.com"
	for _, test := range []struct {
		cors           []string
		method, origin string
		path           string
		status         int
		allow, with    string
	}{
		{nil, "GET", app, "/v1/messages/0000000000000", 404, "", ""},
		{nil, "OPTIONS", app, "/v1/messages", 405, "", ""},
		{[]string{app}, "GET", app, "/v1/messages/0000000000000", 404, app, "true"},
		{[]string{app}, "GET", other, "/v1/messages/0000000000000", 404, "", ""},
		{[]string{app}, "GET", "", "/v1/messages/0000000000000", 404, "", ""},
		{[]string{app}, "OPTIONS", app, "/v1/messages", 204, app, "true"},
		{[]string{app}, "OPTIONS", other, "/v1/messages", 405, "", ""},
		{[]string{"*"}, "OPTIONS", other, "/v1/messages", 204, "*", ""},
		{[]string{"*"}, "GET", other, "/v1/messages/0000000000000", 404, "*", ""},
		{[]string{"*", app}, "GET", app, "/openapi.json", 200, app, "true"},
		{[]string{"*"}, "GET", app, "/cgi-bin/sendsms", 403, "", ""},
	} {
		h := reached(HTTPSettings{CORS: test.cors})
		w := asAcme(h, test.method, test.path, "", "Origin", test.origin, "Access-Control-Request-Method", "POST")
		header := w.Header()
		if w.Code != test.status || header.Get("Access-Control-Allow-Origin") != test.allow || header.Get("Access-Control-Allow-Credentials") != test.with {
			t.Errorf("%q: %s %s from %s: %d %v", test.cors, test.method, test.path, test.origin, w.Code, header)
		}
		if test.status == 204 && (!strings.Contains(header.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(header.Get("Access-Control-Allow-Methods"), "PATCH")) {
			t.Errorf("%q: the answer to a browser's question: %v", test.cors, header)
		}
		if len(test.cors) > 0 && !strings.HasPrefix(test.path, "/cgi-bin") && header.Get("Vary") != "Origin" {
			t.Errorf("%q: a cache would mix up origins: %v", test.cors, header)
		}
	}
}

// Addresses in answers are those at which clients reach the server.
func TestLink(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]HTTPSettings{
		"/v1/jobs/1":                             {},
		"https://example.com/kurir/v1/jobs/1":    {Base: "https://example.com/kurir", Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}},
		"https://sms.example.com:8443/v1/jobs/1": {Trusted: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}},
	} {
		s := httpServer{HTTPOptions: HTTPOptions{Settings: func() *HTTPSettings { return &set }}}
		r := httptest.NewRequest(http.MethodGet, "/v1/messages", nil)
		r.Header.Set("X-Forwarded-For", "198.51.100.1")
		r.Header.Set("X-Forwarded-Proto", "https")
		r.Header.Set("X-Forwarded-Host", "sms.example.com:8443")
		set.unwrap(r)
		if got := s.link(r, "/v1/jobs/1"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	w := ask(reached(HTTPSettings{Base: "https://example.com/kurir"}), http.MethodGet, "/openapi.json", "")
	if !strings.Contains(w.Body.String(), `"servers":[{"url":"https://example.com/kurir"}]`) {
		t.Errorf("%.300s", w.Body)
	}
}

// What is beyond the requests that are served at a time is told to wait; those before go on.
func TestRequestsAtWork(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		set    HTTPSettings
		status int
	}{
		"in all":        {HTTPSettings{Requests: 1}, http.StatusServiceUnavailable},
		"of an account": {HTTPSettings{AccountRequests: 1}, http.StatusTooManyRequests},
	} {
		s := httpServer{HTTPOptions: (&fakeGateway{}).options(), mux: http.NewServeMux()}
		s.Settings = func() *HTTPSettings { return &test.set }
		s.setDefaults()
		s.logins = NewLoginBrake(s.FailureWait)
		var h http.Handler = &s
		inside := func(w http.ResponseWriter, _ *http.Request, _ *account.Account) *problem {
			second := asAcme(h, http.MethodGet, "/v1/first", "")
			if d := readProblemDocument(t, second); second.Code != test.status || d.Code != "overloaded" || second.Header().Get("Retry-After") == "" {
				t.Errorf("%s: %d %s", name, second.Code, second.Body)
			}
			if stream := asAcme(h, http.MethodGet, "/v1/stream", ""); stream.Code != http.StatusOK {
				t.Errorf("%s: a stream: %d %s", name, stream.Code, stream.Body)
			}
			return answerJSON(w, "done")
		}
		s.rest("/v1/first", methods{http.MethodGet: anyone(account.MessagesRead, inside)})
		s.rest("/v1/stream", methods{http.MethodGet: anyone(account.MessagesRead, func(w http.ResponseWriter, _ *http.Request, _ *account.Account) *problem {
			return answerJSON(w, "done")
		}).staying()})
		for range 2 { // places are given back
			if w := asAcme(h, http.MethodGet, "/v1/first", ""); w.Code != http.StatusOK {
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			}
		}
	}
}

func TestTooMuch(t *testing.T) {
	t.Parallel()
	h := reached(HTTPSettings{})
	if w := asAcme(h, http.MethodGet, "/v1/messages/0?"+strings.Repeat("a&", 1000), ""); w.Code != http.StatusBadRequest || readProblemDocument(t, w).Code != "too_many" {
		t.Errorf("parameters: %d %s", w.Code, w.Body)
	}
	var many []string
	for i := range 101 {
		many = append(many, "X-"+strings.Repeat("a", i+1), "b")
	}
	if w := asAcme(h, http.MethodGet, "/v1/messages/0", "", many...); w.Code != http.StatusRequestHeaderFieldsTooLarge || readProblemDocument(t, w).Code != "too_large" {
		t.Errorf("headers: %d %s", w.Code, w.Body)
	}
}

// What a proxy says of path and user counts from those that are trusted alone, and reaches nobody else's eyes as a header.
func TestProxied(t *testing.T) {
	t.Parallel()
	const prefix, user = "X-Forwarded-Prefix", "X-Remote-User"
	for _, test := range []struct {
		name, peer, base string
		header           []string
		want             Proxied
	}{
		{"a stranger", "192.0.2.7", "", []string{prefix, "/kurir", user, "anna"}, Proxied{}},
		{"a stranger, with a base", "192.0.2.7", "/sms", []string{prefix, "/kurir", user, "anna"}, Proxied{Prefix: "/sms"}},
		{"a proxy", "10.0.0.1", "", []string{prefix, "/kurir/", user, " anna "}, Proxied{Prefix: "/kurir", User: "anna"}},
		{"base first", "10.0.0.1", "/sms", []string{prefix, "/kurir"}, Proxied{Prefix: "/sms"}},
		{"of two the nearest", "10.0.0.1", "", []string{prefix, "/evil, /kurir"}, Proxied{Prefix: "/kurir"}},
		{"two users", "10.0.0.1", "", []string{user, "boss", user, "anna"}, Proxied{}},
		{"markup", "10.0.0.1", "", []string{prefix, `/"><script>`}, Proxied{}},
		{"another server", "10.0.0.1", "", []string{prefix, "//evil.example"}, Proxied{}},
		{"upwards", "10.0.0.1", "", []string{prefix, "/a/../b"}, Proxied{}},
		{"no path", "10.0.0.1", "", []string{prefix, "kurir"}, Proxied{}},
		{"the root", "10.0.0.1", "", []string{prefix, "/"}, Proxied{}},
	} {
		set := HTTPSettings{Trusted: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, UserHeader: user, Prefix: test.base}
		if test.base != "" {
			set.Base = "https://sms.example.com" + test.base
		}
		r := httptest.NewRequest(http.MethodGet, "/compose", nil)
		r.RemoteAddr = test.peer + ":1234"
		for i := 0; i < len(test.header); i += 2 {
			r.Header.Add(test.header[i], test.header[i+1])
		}
		r = set.proxied(r)
		if got := ProxiedOf(r); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
		if r.Header.Get(prefix)+r.Header.Get(user) != "" {
			t.Errorf("%s: the headers are there yet", test.name)
		}
	}
}
