package app

import (
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"kurir/api"
	"kurir/config"
)

// TestHTTPVersions: HTTP/2 is agreed on over TLS, or known before without; HTTP/1.1 goes on as before, with answers of our own,
// and so does who dawdles over his handshake.
func TestHTTPVersions(t *testing.T) {
	t.Parallel()
	a := &authority{dir: t.TempDir()}
	_, _ = a.issue(t, "ca", "authority")
	cert, key := a.issue(t, "server", "one.example")
	c := config.Listener{Listen: "127.0.0.1:0", TLSListen: "127.0.0.1:0", TLS: config.TLS{Cert: cert, Key: key}}
	l, _, err := open(t.Context(), slog.New(slog.DiscardHandler), "http", c, api.ConnectionLimits{All: 100})
	if err != nil {
		t.Fatal(err)
	}
	both := l.(*joined)
	plain, secure := both.listeners[0].Addr().String(), both.listeners[1].Addr().String()
	srv := api.NewHTTPServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}), slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- srv.Serve(answering(l)) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-served
	})
	stalled, err := net.Dial("tcp", secure)
	if err != nil {
		t.Fatal(err)
	}
	defer stalled.Close()
	for _, test := range []struct {
		url, want          string
		http1, http2, bare bool
	}{
		{"https://" + secure, "HTTP/2.0", true, true, false},
		{"https://" + secure, "HTTP/1.1", true, false, false},
		{"http://" + plain, "HTTP/1.1", true, false, false},
		{"http://" + plain, "HTTP/2.0", false, false, true},
	} {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(test.http1)
		protocols.SetHTTP2(test.http2)
		protocols.SetUnencryptedHTTP2(test.bare)
		transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		client := http.Client{Transport: transport}
		resp, err := client.Get(test.url)
		if err != nil {
			t.Errorf("%s, %s: %v", test.url, test.want, err)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if string(body) != test.want {
			t.Errorf("%s: %s, want %s", test.url, body, test.want)
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, test.url, nil)
		req.Header.Set("X-Long", strings.Repeat("x", 64<<10))
		resp, err = client.Do(req)
		if err != nil {
			if test.want == "HTTP/1.1" { // an HTTP/2 client may not even send it (RFC 9113 6.5.2)
				t.Errorf("%s, %s: a long head: %v", test.url, test.want, err)
			}
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge || test.want == "HTTP/1.1" && resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s, %s: a long head: %s %v", test.url, test.want, resp.Status, resp.Header)
		}
		transport.CloseIdleConnections()
	}
}

// TestTooManyFromOne: one address has no more connections than it may, proxies excepted.
func TestTooManyFromOne(t *testing.T) {
	t.Parallel()
	for proxies, want := range map[string]int{"": 2, "127.0.0.0/8": 4} {
		limits := api.ConnectionLimits{All: 10, PerAddress: 2, Exempt: prefixes([]string{proxies})}
		log := &lockedLog{}
		l, _, err := open(t.Context(), slog.New(slog.NewTextHandler(log, nil)), "http", config.Listener{Listen: "127.0.0.1:0"}, limits)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					_, _ = conn.Write([]byte("h"))
					_, _ = io.Copy(io.Discard, conn) // until the client has gone
					_ = conn.Close()
					_, _ = conn.Write(nil)
				}()
			}
		}()
		connect := func() (conn net.Conn, ok bool) {
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			_, err = conn.Read(make([]byte, 1))
			return conn, err == nil
		}
		var open []net.Conn
		for range 4 {
			conn, ok := connect()
			defer conn.Close()
			if ok {
				open = append(open, conn)
			}
		}
		if len(open) != want {
			t.Errorf("proxies %q: %d connections are open, want %d", proxies, len(open), want)
		}
		if said := strings.Count(log.String(), `msg="connection refused: too many from one address" interface=http`); (said == 1) != (want == 2) {
			t.Errorf("proxies %q: the log says %q", proxies, log.String())
		}
		_ = open[0].Close()
		for { // until its place is given back
			conn, ok := connect()
			_ = conn.Close()
			if ok {
				break
			}
			if t.Context().Err() != nil {
				t.Fatal("a place is not given back")
			}
		}
		_ = l.Close()
	}
}
