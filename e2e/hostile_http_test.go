package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kurir/simulator"
)

const rootKey = secretMark + "-root-key-0123456789"

// hostileHTTPOptions is a server with an administrator, whose memory can be measured.
func hostileHTTPOptions(t *testing.T) serverOptions {
	return serverOptions{binary: plainBinary(t), profiled: true, link: ", window: 500", accounts: []string{
		`{name: root, admin: true, api_keys: [` + rootKey + `], senders: ["*"], sender: Root}`,
	}}
}

// resting is how many goroutines a server has, and how much memory is in use after garbage is collected.
type resting struct{ goroutines, heap float64 }

func (s *server) resting() (r resting) {
	s.t.Helper()
	read := func(page, pattern string) float64 {
		resp, err := s.client.Get("http://" + s.pprof + "/debug/pprof/" + page)
		if err != nil {
			s.t.Fatalf("the profiler: %v", err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		m := regexp.MustCompile(pattern).FindSubmatch(text)
		if err != nil || m == nil {
			s.t.Fatalf("%s has no %s: %v", page, pattern, err)
		}
		n, _ := strconv.ParseFloat(string(m[1]), 64)
		return n
	}
	for range 2 { // finalisers and pools take two
		r.heap = read("heap?gc=1&debug=1", `# HeapAlloc = (\d+)`)
	}
	r.goroutines = read("goroutine?debug=1", `total (\d+)`)
	return r
}

// settled gives them when nothing ends any more.
func (s *server) settled() (r resting) {
	s.t.Helper()
	within(s.t, time.Minute, "goroutines and memory are steady", func() bool {
		before := r
		r = s.resting()
		return before.goroutines > 0 && r.goroutines >= before.goroutines*0.95 && r.heap >= before.heap*0.95
	})
	return r
}

// returns holds that goroutines and memory come back to within a tenth of what they were.
func (s *server) returns(t *testing.T, before resting) {
	t.Helper()
	var after resting
	defer func() {
		t.Logf("goroutines %.0f, before %.0f; heap %.1f MiB, before %.1f", after.goroutines, before.goroutines, after.heap/(1<<20), before.heap/(1<<20))
		if resp, err := s.client.Get("http://" + s.pprof + "/debug/pprof/goroutine?debug=1"); t.Failed() && err == nil {
			defer resp.Body.Close()
			text, _ := io.ReadAll(resp.Body)
			t.Logf("%s", tail(string(text), 20_000))
		}
	}()
	within(t, time.Minute, "goroutines and memory are as before", func() bool {
		after = s.resting()
		return after.goroutines <= before.goroutines*1.1 && after.heap <= before.heap*1.1
	})
}

// dripping sends a request an octet at a time, and gives how long it was listened to.
func dripping(ctx context.Context, addr, request string, every time.Duration) time.Duration {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0
	}
	defer c.Close()
	began := time.Now()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, c)
	}()
	for i := range len(request) {
		select {
		case <-gone:
			return time.Since(began)
		case <-ctx.Done():
			return 0
		case <-time.After(every):
		}
		if _, err := c.Write([]byte{request[i]}); err != nil {
			return time.Since(began)
		}
	}
	<-gone
	return time.Since(began)
}

// TestHostileHTTP: whatever somebody does to the HTTP port, others are served, and afterwards the server is as it was. It runs with
// KURIR_LONG=1.
func TestHostileHTTP(t *testing.T) {
	if !long() {
		t.Skip("KURIR_LONG=1 runs it")
	}
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, hostileHTTPOptions(t))
	linked(t, sim)
	send := func(n int) {
		for i := range n {
			if status, body := s.post(fmt.Sprintf(`{"to":"+46709%06d","text":"ref %s"}`, i%1000, textMark)); status != http.StatusAccepted {
				t.Fatalf("a message: %d %s", status, body)
			}
		}
	}
	send(2000) // everything is warm
	head := "POST /v1/messages HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + apiKey + "\r\nContent-Type: application/json\r\n"

	type attacker func(t *testing.T, ctx context.Context, i int)
	const brief, whole = 3 * time.Second, 20 * time.Second // of which a head has ten
	attacks := []struct {
		name  string
		spell time.Duration
		run   attacker
	}{
		{"slow heads", whole, func(t *testing.T, ctx context.Context, _ int) {
			if took := dripping(ctx, s.http, head+strings.Repeat("x", 1000), 50*time.Millisecond); took > 15*time.Second {
				t.Errorf("a head was waited for %v", took)
			}
		}},
		{"JSON bombs", brief, func(t *testing.T, ctx context.Context, i int) {
			body := []string{
				strings.Repeat(`{"to":`, 150_000), `{"to":` + strings.Repeat("[", 900_000), `{"messages":[` + strings.Repeat(`{},`, 300_000) + `{}]}`,
				`{"to":[` + strings.Repeat(`"1",`, 200_000) + `"1"]}`, `{"text":"` + strings.Repeat(`\u0000`, 150_000) + `"}`, `{"a":` + strings.Repeat("9", 1_000_000) + `}`,
			}[i%6]
			s.once(t, ctx, head+fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body))
		}},
		{"floods of headers", brief, func(t *testing.T, ctx context.Context, i int) {
			var b strings.Builder
			for n := range 2000 {
				fmt.Fprintf(&b, []string{"X-%d: a\r\n", "X: %d\r\n", "Cookie: %d=1; a=b\r\n"}[i%3], n)
			}
			s.once(t, ctx, head+b.String()+"Content-Length: 2\r\n\r\n{}")
		}},
		{"connections that say nothing", brief, func(t *testing.T, ctx context.Context, i int) {
			for n := range 20 { // 4,000 in all
				c, err := dialFrom((i*20+n)%10_000, s.http)
				if err != nil {
					continue
				}
				stop := context.AfterFunc(ctx, func() { c.Close() })
				defer stop()
				defer c.Close()
			}
			<-ctx.Done()
		}},
		{"streams that are reset", brief, func(_ *testing.T, ctx context.Context, _ int) { // CVE-2023-44487
			protocols := new(http.Protocols)
			protocols.SetUnencryptedHTTP2(true)
			transport := &http.Transport{Protocols: protocols, DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
				c, err := net.Dial(network, addr)
				if err == nil {
					context.AfterFunc(ctx, func() { c.Close() }) // with streams that are reset it is not idle to the transport
				}
				return c, err
			}}
			for ctx.Err() == nil {
				asked, cancel := context.WithCancel(ctx)
				req, _ := http.NewRequestWithContext(asked, http.MethodGet, "http://"+s.http+"/v1/messages?limit=1000", nil)
				req.Header.Set("Authorization", "Bearer "+apiKey)
				time.AfterFunc(time.Millisecond, cancel)
				if resp, err := transport.RoundTrip(req); err == nil {
					_ = resp.Body.Close()
				}
				cancel()
			}
		}},
	}
	attack := func(t *testing.T, run attacker, spell time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), spell)
		defer cancel()
		var attackers sync.WaitGroup
		var tried atomic.Int64
		for i := range 200 {
			attackers.Go(func() {
				for n := i; ctx.Err() == nil; n += 200 {
					run(t, ctx, n)
					tried.Add(1)
				}
			})
		}
		slowest := time.Duration(0)
		pace := time.NewTicker(10 * time.Millisecond) // what is remembered of messages is to be nothing beside the attack
		defer pace.Stop()
		for ctx.Err() == nil {
			began := time.Now()
			send(1)
			slowest = max(slowest, time.Since(began))
			<-pace.C
		}
		attackers.Wait()
		t.Logf("%d times; a message took %v at most", tried.Load(), slowest.Round(time.Millisecond))
		if slowest > soon/2 {
			t.Errorf("who behaves waited %v", slowest)
		}
	}
	// Go keeps a little of every goroutine that there ever was at a time: there are more of them now than there will be, for much
	// has come together while the process stood still.
	for _, a := range attacks {
		ctx, cancel := context.WithCancel(t.Context())
		var pauses sync.WaitGroup
		pauses.Go(func() {
			for ctx.Err() == nil {
				<-time.After(300 * time.Millisecond)
				s.proc.signal(syscall.SIGSTOP)
				<-time.After(300 * time.Millisecond)
				s.proc.signal(syscall.SIGCONT)
			}
		})
		attack(t, a.run, min(a.spell, 3*time.Second))
		cancel()
		pauses.Wait()
	}
	before := s.settled()
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			attack(t, a.run, a.spell)
			s.returns(t, before)
		})
	}
	s.judgePages()
	s.proc.stop()
}

// once makes one request over a connection of its own and holds that it is answered soon, and not with 500.
func (s *server) once(t *testing.T, ctx context.Context, request string) {
	c, err := net.Dial("tcp", s.http)
	if err != nil {
		return
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	status, err := answerTo(c, request, false)
	if status == http.StatusInternalServerError {
		t.Errorf("%.200q is answered with 500", request)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%.200q is not answered within %v", request, slowestAnswer)
	}
}

// TestHTTP2 is HTTP/2 as curl speaks it: agreed on over TLS, and by prior knowledge.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is missing")
	}
	c := makeCertificate(t, "kurir")
	s := prepareServer(t, nil, serverOptions{connectors: []string{linkTo("op1", freeAddr(t), "")}})
	secure := freeAddr(t)
	text, err := os.ReadFile(s.path())
	if err != nil {
		t.Fatal(err)
	}
	s.write(strings.Replace(string(text), fmt.Sprintf("http: {listen: %q}", s.http),
		fmt.Sprintf("http: {listen: %q, tls_listen: %q, tls: {cert: %q, key: %q}, base_url: \"https://sms.example.com/kurir\", cors: [\"https://app.example.com\"], trusted_proxies: [127.0.0.1]}", s.http, secure, c.cert, c.key), 1))
	s.start()
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--http2", "--cacert", c.cert, "https://" + secure}, "2 202"},
		{[]string{"--http1.1", "--cacert", c.cert, "https://" + secure}, "1.1 202"},
		{[]string{"--http2-prior-knowledge", "http://" + s.http}, "2 202"},
		{[]string{"--http2", "http://" + s.http}, "1.1 202"}, // no Upgrade: h2c
	} {
		last := len(test.args) - 1
		args := append([]string{"-sS", "-o", os.DevNull, "-w", "%{http_version} %{http_code}", "-H", "Authorization: Bearer " + apiKey, "-d", `{"to":"+46701234567","text":"` + textMark + `"}`},
			append(test.args[:last:last], test.args[last]+"/v1/messages")...)
		out, err := exec.CommandContext(t.Context(), "curl", args...).CombinedOutput()
		if err != nil || string(out) != test.want {
			t.Errorf("curl %q: %s %v, want %s", test.args, out, err, test.want)
		}
	}
	curl := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "-i", "-H", "Authorization: Bearer " + apiKey}, args...)...).CombinedOutput()
		if err != nil {
			t.Errorf("curl %q: %v %s", args, err, out)
		}
		return string(out)
	}
	if got := curl("http://" + s.http + "/v1/messages?limit=1"); !strings.Contains(got, `"next":"https://sms.example.com/kurir/v1/messages?`) {
		t.Errorf("the next page: %s", got)
	}
	if got := curl("-X", "OPTIONS", "-H", "Origin: https://app.example.com", "-H", "Access-Control-Request-Method: POST", "http://"+s.http+"/v1/messages"); !strings.Contains(got, "204") ||
		!strings.Contains(got, "Access-Control-Allow-Origin: https://app.example.com") {
		t.Errorf("a browser's question: %s", got)
	}
	u := url.Values{"limit": {"1"}}
	if got := curl("-H", "X-Forwarded-For: 203.0.113.9", "http://"+s.http+"/v1/messages?"+u.Encode()); !strings.Contains(got, "200 OK") {
		t.Errorf("through a proxy: %s", got)
	}
}
