package api

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/leaktest"
	"kurir/message"
)

// patience is how long is waited for what is certain to come: the machine may be busy with other tests.
const patience = time.Minute

func TestMain(m *testing.M) { leaktest.Main(m) }

// testAccounts are acme, who may come from anywhere, and walled, who may come
// from one network only.
func testAccounts() []account.Account {
	return []account.Account{
		{
			Name: "acme", Password: "secret", APIKeys: []message.Secret{"acme-key"}, Senders: []string{"*"}, Sender: "ACME",
			DLRURL: "http://127.0.0.1:1/dlr?d=%d", Country: "46",
		},
		{Name: "walled", Password: "secret", APIKeys: []message.Secret{"walled-key"}, Addresses: []string{"198.51.100.0/24"}, Sender: "W"},
		{Name: "mute", Password: "secret", APIKeys: []message.Secret{"mute-key"}},
		{Name: "root", Password: "secret", APIKeys: []message.Secret{"root-key"}, Admin: true},
	}
}

// fakeGateway accepts everything, but for what refuse says.
type fakeGateway struct {
	mu       sync.Mutex
	accepted []gateway.Submission
	last     message.ID
	refuse   func(*gateway.Submission) *message.Failure
	hang     bool // never answers
}

var testEpoch = time.Date(2026, 11, 5, 8, 30, 0, 0, time.UTC)

func (f *fakeGateway) Accept(subs []*gateway.Submission, done gateway.Done) {
	f.mu.Lock()
	if f.hang {
		f.mu.Unlock()
		return
	}
	ids := message.NewIDs(0, f.last)
	results := make([]gateway.Result, len(subs))
	for i, s := range subs {
		f.accepted = append(f.accepted, *s)
		r := &results[i]
		r.To = message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: strings.TrimPrefix(s.To, "+")}
		if f.refuse != nil {
			if r.Failure = f.refuse(s); r.Failure != nil {
				continue
			}
		}
		r.ID, r.State, r.Parts, r.Encoding = ids.Next(testEpoch), message.Queued, 1, gsm.GSM7
		f.last = r.ID
	}
	f.mu.Unlock()
	done(results)
}

func (f *fakeGateway) options() HTTPOptions {
	accounts := account.NewDirectory(testAccounts(), nil)
	return HTTPOptions{
		Accounts: func() *account.Directory { return accounts },
		Accept:   f.Accept,
		Message: func(context.Context, string, message.ID) (*message.Message, error) {
			return nil, gateway.ErrNotFound
		},
		Cancel: func(context.Context, string, message.ID) (*message.Message, error) {
			return nil, gateway.ErrNotFound
		},
		Trace:          func(context.Context, *message.Message) (*gateway.Trace, error) { return nil, errors.New("no trace") },
		Ready:          func() error { return nil },
		InboundMessage: func(context.Context, string, message.ID) (*message.Inbound, error) { return nil, gateway.ErrNotFound },
		Mailbox: MailboxOptions{
			Fetch:  func(context.Context, string, int) ([]*message.Inbound, error) { return nil, nil },
			Delete: func(context.Context, string, []message.ID) ([]message.ID, error) { return nil, nil },
		},
		FailureWait: time.Nanosecond,
	}
}

// ask sends one request past the network.
func ask(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// asAcme sends one request with acme's key.
func asAcme(h http.Handler, method, target, body string, header ...string) *httptest.ResponseRecorder {
	return ask(h, method, target, body, append([]string{"Authorization", "Bearer acme-key"}, header...)...)
}

// problemDocument is RFC 9457 as a client reads it.
type problemDocument struct {
	Type, Title, Code, Detail string
	Status                    int
	Errors                    []struct {
		Index                   *int
		To, Field, Code, Detail string
	}
}

func readProblemDocument(t *testing.T, w *httptest.ResponseRecorder) problemDocument {
	t.Helper()
	var d problemDocument
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type is %q", got)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatalf("no JSON: %v in %s", err, w.Body)
	}
	if d.Status != w.Code || d.Title == "" || d.Type != "/problems/"+d.Code || d.Detail == "" {
		t.Errorf("status %d, document %+v", w.Code, d)
	}
	return d
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	h := NewHTTP((&fakeGateway{}).options())
	const body = `{"to":"+46701234567","text":"hi"}`
	for _, c := range []struct {
		name, authorization string
		status              int
	}{
		{"key", "Bearer acme-key", 202},
		{"scheme in lower case", "bearer acme-key", 202},
		{"basic", "Basic YWNtZTpzZWNyZXQ=", 202}, // acme:secret
		{"none", "", 401},
		{"unknown scheme", "Digest x", 401},
		{"wrong key", "Bearer acme-kez", 401},
		{"empty key", "Bearer ", 401},
		{"wrong password", "Basic YWNtZTp3cm9uZw==", 401}, // acme:wrong
		{"no base64", "Basic acme:secret", 401},
		{"another network", "Bearer walled-key", 403},
	} {
		w := ask(h, "POST", "/v1/messages", body, "Authorization", c.authorization)
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d: %s", c.name, w.Code, c.status, w.Body)
		}
		if c.status == 401 && len(w.Header().Values("WWW-Authenticate")) != 2 {
			t.Errorf("%s: WWW-Authenticate is %q", c.name, w.Header().Values("WWW-Authenticate"))
		}
		if c.status >= 400 {
			readProblemDocument(t, w)
		}
	}
}

// Failed logins are slow and become slower; right ones are not; an address
// that guesses on many connections at once is refused.
func TestLoginBrake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := NewLoginBrake(100 * time.Millisecond)
		addr := netip.MustParseAddr("192.0.2.1")
		for _, want := range []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000} {
			start := time.Now()
			b.Failed(context.Background(), addr, "name acme")
			if took := time.Since(start); took != want*time.Millisecond {
				t.Errorf("answered after %v, want %v ms", took, want)
			}
			if !b.MayTry(addr, "name acme") {
				t.Error("one guess at a time is refused")
			}
		}
		// A client that hangs up keeps its place until the pause is over.
		gone, hangUp := context.WithCancel(context.Background())
		hangUp()
		for range maxPausing {
			b.Failed(gone, addr, "name acme")
		}
		if b.MayTry(addr, "name acme") {
			t.Error("hanging up makes guessing faster")
		}
		if !b.MayTry(netip.MustParseAddr("192.0.2.2"), "name acme") {
			t.Error("another address is refused too")
		}
		if !b.MayTry(addr, "name other") || !b.MayTry(addr, "key k") {
			t.Error("another account behind the same proxy is refused too")
		}
		for i := range maxPausingFrom {
			b.Failed(gone, addr, "key "+strconv.Itoa(i))
		}
		if b.MayTry(addr, "key k") {
			t.Error("an address may guess any number of keys at once")
		}
		time.Sleep(maxLoginPause)
		synctest.Wait()
		if !b.MayTry(addr, "name acme") {
			t.Error("still refused after the pauses")
		}
		for i := range 3 * maxBraked {
			b.Failed(gone, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), "name acme")
			if i%maxPausingAll == 0 {
				time.Sleep(2 * time.Second)
			}
		}
		if len(b.from) > maxBraked {
			t.Errorf("%d addresses are remembered", len(b.from))
		}
		time.Sleep(maxLoginPause)
	})
}

func TestHealth(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	var why error
	o.Ready = func() error { return why }
	h := NewHTTP(o)
	if w := ask(h, "GET", "/healthz", ""); w.Code != 200 || w.Body.String() != "ok\n" {
		t.Errorf("healthz: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/readyz", ""); w.Code != 200 || w.Body.String() != "ready\n" {
		t.Errorf("readyz: %d %s", w.Code, w.Body)
	}
	why = errors.New("no space left for the database")
	w := ask(h, "GET", "/readyz", "")
	if w.Code != 503 || w.Body.String() != "not ready: no space left for the database\n" || w.Header().Get("Retry-After") == "" {
		t.Errorf("readyz: %d %s", w.Code, w.Body)
	}
}

func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.Handlers = map[string]http.Handler{"/boom": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("boom") })}
	var logged strings.Builder
	o.Log = slog.New(slog.NewTextHandler(&logged, nil))
	w := ask(NewHTTP(o), "GET", "/boom", "")
	if w.Code != 500 || readProblemDocument(t, w).Code != codeInternal {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(logged.String(), "boom") {
		t.Errorf("the log says %q", logged.String())
	}
}

// A request that the gateway does not answer is answered when its time is up.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{hang: true}).options()
	o.Timeout = time.Millisecond
	w := asAcme(NewHTTP(o), "POST", "/v1/messages", `{"to":"1","text":"x"}`)
	if w.Code != 504 || readProblemDocument(t, w).Code != codeTimeout {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// endless is a body that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	e.read += len(p)
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestBodyTooLarge(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.MaxBody = 1 << 20
	h := NewHTTP(o)
	for _, announced := range []int64{-1, 100 << 20} {
		body := &endless{}
		r := httptest.NewRequest("POST", "/v1/messages", body)
		r.ContentLength = announced
		r.Header.Set("Authorization", "Bearer acme-key")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 413 || readProblemDocument(t, w).Code != codeTooLarge || !strings.Contains(w.Body.String(), "1 MiB") {
			t.Errorf("announced %d: %d %s", announced, w.Code, w.Body)
		}
		if body.read > 2<<20 {
			t.Errorf("announced %d: %d octets were read", announced, body.read)
		}
	}
	if n := h.(*httpServer).bodies.inUse(); n != 0 {
		t.Errorf("%d octets of bodies are still counted", n)
	}
}

// Many large bodies at once are refused before they fill the memory.
func TestBodiesTogether(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.MaxBodies = 8 << 10
	h := NewHTTP(o)
	w := asAcme(h, "POST", "/v1/messages", `{"to":"1","text":"`+strings.Repeat("x", 20<<10)+`"}`)
	if w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if n := h.(*httpServer).bodies.inUse(); n != 0 {
		t.Errorf("%d octets of bodies are still counted", n)
	}
}

// A real server: keep-alive, headers, and an answer to a client that says too
// much.
func TestServerLimits(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = NewHTTPServer(NewHTTP((&fakeGateway{}).options()), slog.New(slog.DiscardHandler))
	srv.Listener = AnswerListener(LimitListener(srv.Listener, ConnectionLimits{All: 10}))
	srv.Start()
	defer srv.Close()
	long := "X-Long: " + strings.Repeat("x", 64<<10)
	for _, c := range []struct {
		request, status, media, text string
	}{
		{"GET /v1/messages HTTP/1.1\r\nHost: h\r\n" + long + "\r\n\r\n", "431 Request Header Fields Too Large", "application/problem+json", `"code":"too_large"`},
		{"GET /v1/messages HTTP/1.1\r\nHost: h\r\nBad Header: x\r\n\r\n", "400 Bad Request", "application/problem+json", `"code":"bad_request"`},
		{"GET /v1/messages HTTP/1.1\r\n\r\n", "400 Bad Request", "application/problem+json", `"detail":"missing required Host header"`},
		{"no HTTP\r\n\r\n", "400 Bad Request", "application/problem+json", `"code":"bad_request"`},
		{"GET /cgi-bin/sendsms HTTP/1.1\r\nHost: h\r\n" + long + "\r\n\r\n", "431 Request Header Fields Too Large", "text/html", "Unknown request."},
		{"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "200 OK", "text/plain; charset=utf-8", "ok\n"},
	} {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(conn, c.request) }() // the server stops reading a long one
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%.40q: %v", c.request, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.Status != c.status || resp.Header.Get("Content-Type") != c.media || !strings.Contains(string(body), c.text) {
			t.Errorf("%.40q: %s %v %s %v", c.request, resp.Status, resp.Header, body, err)
		}
		_ = conn.Close()
	}
}

// The same within TLS.
func TestServerLimitsTLS(t *testing.T) {
	t.Parallel()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := AnswerListener(tls.NewListener(LimitListener(plain, ConnectionLimits{All: 10}), &tls.Config{Certificates: certified.TLS.Certificates}))
	srv := NewHTTPServer(NewHTTP((&fakeGateway{}).options()), slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	trusts := certified.Client().Transport.(*http.Transport).TLSClientConfig
	for head, want := range map[string]int{"": 200, "X-Long: " + strings.Repeat("x", 64<<10) + "\r\n": 431} {
		conn, err := tls.Dial("tcp", plain.Addr().String(), trusts)
		if err != nil {
			t.Fatalf("%d: %v", want, err)
		}
		go func() { _, _ = io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: h\r\n"+head+"\r\n") }() // the server stops reading a long one
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%d: %v", want, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != want || want == 431 && resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %v %s %v, want %d", resp.Status, resp.Header, body, err, want)
		}
		_ = conn.Close()
	}
	_ = srv.Close()
	<-served
}

// trackedListener tells when the connections that it accepted are no longer in memory.
type trackedListener struct {
	net.Listener
	gone chan struct{}
}

func (l trackedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tracked := &struct{ net.Conn }{c}
	runtime.AddCleanup(tracked, func(gone chan struct{}) { close(gone) }, l.gone)
	return tracked, nil
}

// A client of HTTP/2 that hangs up in the middle of a request is not remembered, idle or not.
func TestHTTP2ConnectionIsForgotten(t *testing.T) {
	t.Parallel()
	gone, asked := make(chan struct{}), make(chan struct{})
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = NewHTTPServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}), slog.New(slog.DiscardHandler))
	srv.Listener = trackedListener{srv.Listener, gone}
	srv.Config.Protocols.SetHTTP2(true)
	srv.Start()
	defer srv.Close()
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	conns := make(chan net.Conn, 1)
	client := &http.Transport{Protocols: protocols, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		conns <- c
		return c, err
	}}
	failed := make(chan error, 1)
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		_, err := client.RoundTrip(req)
		failed <- err
	}()
	<-asked
	_ = (<-conns).Close()
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
	for deadline := time.Now().Add(patience); ; {
		runtime.GC()
		select {
		case <-gone:
			return
		case <-time.After(10 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("the connection is still in memory")
		}
	}
}

// The limit holds also in a buffer that a larger body has left behind.
func TestBodyLimitIsExact(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.MaxBody = 100
	h := NewHTTP(o)
	for size, want := range map[int]int{100: 202, 101: 413} {
		text := strings.Repeat("x", size-len(`{"to":"1","text":""}`))
		r := httptest.NewRequest("POST", "/v1/messages", strings.NewReader(`{"to":"1","text":"`+text+`"}`))
		r.ContentLength = -1
		r.Header.Set("Authorization", "Bearer acme-key")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%d octets: %d %s", size, w.Code, w.Body)
		}
	}
}

// A client that closes its side when it has asked, as nc -N does, is answered.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"submit": "POST /v1/messages HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer acme-key\r\nContent-Length: 36\r\n\r\n" + `{"to":"+46701234567","text":"hallo"}`,
		"read":   "GET /v1/messages/06rqap7800000 HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer acme-key\r\n\r\n",
	} {
		f := &fakeGateway{}
		o := f.options()
		closed := make(chan struct{})
		o.Accept = func(subs []*gateway.Submission, done gateway.Done) {
			go func() { <-closed; f.Accept(subs, done) }()
		}
		o.Message = func(ctx context.Context, _ string, _ message.ID) (*message.Message, error) {
			<-closed
			return nil, cmp.Or(ctx.Err(), gateway.ErrNotFound)
		}
		var ended sync.WaitGroup
		ended.Add(1)
		h := NewHTTP(o)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := NewHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			context.AfterFunc(r.Context(), func() { close(closed) }) // net/http has seen the end
			h.ServeHTTP(w, r)
		}), slog.New(slog.DiscardHandler))
		go func() { _ = srv.Serve(l); ended.Done() }()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, head)
		_ = c.(*net.TCPConn).CloseWrite()
		answer, err := io.ReadAll(c)
		if want := map[string]string{"submit": "HTTP/1.1 202 ", "read": "HTTP/1.1 404 "}[name]; err != nil || !strings.HasPrefix(string(answer), want) {
			t.Errorf("%s: %v %s", name, err, answer)
		}
		_, _ = c.Close(), srv.Close()
		ended.Wait()
	}
}
