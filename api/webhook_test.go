package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// The second vector is that of the Standard Webhooks specification's own
// libraries; both are confirmed by
//
//	printf '%s' 'ID.TIMESTAMP.BODY' | openssl dgst -sha256 -mac HMAC -macopt hexkey:31f290f6bf06298aab4f08d43c3f082cf648a362da2da4b0 -binary | base64
func TestWebhookSignature(t *testing.T) {
	t.Parallel()
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	for _, c := range []struct {
		id   string
		at   int64
		body string
		want string
	}{
		{"06rqap7800000-delivered", 1762331400, `{"type":"message.state"}`, "v1,dZNpz4TXFYO8JkUMPvhyWK3Rn1EMVthdcwbwjMNcbdQ="},
		{"msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, `{"test": 2432232314}`, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="},
	} {
		if got := string(appendSignature(nil, c.id, c.at, []byte(c.body), secret)); got != c.want {
			t.Errorf("%s: %s, want %s", c.id, got, c.want)
		}
	}
}

// signing signs by one secret.
func signing(secret string) HookSecrets {
	return func(string) (string, string) { return secret, "" }
}

// While two secrets sign, a listener that knows either of them finds its
// signature: the header has both, with a space between them (Standard Webhooks
// 1.0, Signature scheme).
func TestWebhookTwoSecrets(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	const now, before = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "the old one"
	opt := WebhookOptions{Guard: loopback(), Secret: func(string) (string, string) { return now, before }}
	deliverOne(t, opt, stateItem(testMessage(), message.WebhookTarget, h.URL, 0))
	head := h.headers[0]
	signatures := strings.Split(head.Get("Webhook-Signature"), " ")
	key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(now, "whsec_"))
	for i, key := range [][]byte{key, []byte(before)} {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.%s", head.Get("Webhook-Id"), head.Get("Webhook-Timestamp"), h.bodies[0])
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); len(signatures) != 2 || signatures[i] != want {
			t.Errorf("signature %d of %q, want %s", i, signatures, want)
		}
	}
}

// hook is a customer's server and what it was asked.
type hook struct {
	*httptest.Server
	answer  func(w http.ResponseWriter, r *http.Request, body []byte)
	mu      sync.Mutex
	headers []http.Header
	bodies  []string
	targets []string
}

func newHook(t *testing.T) *hook {
	h := &hook{answer: func(http.ResponseWriter, *http.Request, []byte) {}}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		h.headers, h.bodies, h.targets = append(h.headers, r.Header), append(h.bodies, string(body)), append(h.targets, r.RequestURI)
		answer := h.answer
		h.mu.Unlock()
		answer(w, r, body)
	}))
	t.Cleanup(h.Server.Close)
	return h
}

// loopback permits what a request names on this machine.
func loopback() *Guard {
	g := NewGuard()
	g.Replace([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil)
	return g
}

// testMessage is delivered after half a second.
func testMessage() *message.Message {
	id := message.NewIDs(0, 0).Next(testEpoch)
	ms := testEpoch.UnixMilli()
	m := &message.Message{
		ID: id, Account: "acme", From: message.Address{Number: "ACME", TON: message.TONAlphanumeric},
		To:      message.Address{Number: "46701234567", TON: message.TONInternational},
		Content: message.Content{Text: "a secret text", Class: -1}, Encoding: gsm.GSM7, Parts: 1, Reference: "r1",
	}
	m.State, m.Final = message.Delivered, ms+500
	m.Log = message.AppendEvent(m.Log, id, message.Event{Kind: message.EventGranted, At: ms + 1, Text: "op1", Code: 1})
	m.Log = message.AppendEvent(m.Log, id, message.Event{Kind: message.EventTaken, At: ms + 2, Text: "abc"})
	m.Log = message.AppendEvent(m.Log, id, message.Event{Kind: message.EventReport, At: ms + 500, State: message.Delivered, Text: "abc"})
	return m
}

// stateItem is a state owed to address.
func stateItem(m *message.Message, kind message.TargetKind, address string, mask uint8) *gateway.Item {
	return &gateway.Item{
		Message: m, State: m.State, Since: testEpoch.UnixMilli(),
		Target: message.Target{Kind: kind, Account: "acme", Address: address, Mask: mask},
	}
}

// deliverOne gives one item to a Webhook and returns its verdict.
func deliverOne(t *testing.T, o WebhookOptions, items ...*gateway.Item) []gateway.Delivered {
	t.Helper()
	told := make(chan gateway.Delivered, len(items))
	o.Told = func(list []gateway.Delivered) {
		for _, d := range list {
			told <- d
		}
	}
	w := NewWebhook(o)
	defer w.Close()
	w.Deliver("acme", items)
	var all []gateway.Delivered
	for range items {
		all = append(all, <-told)
	}
	return all
}

func TestWebhookBodies(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	inbound := &message.Inbound{
		ID: testMessage().ID, From: message.Address{Number: "46701234567", TON: message.TONInternational}, To: message.Address{Number: "71234"},
		Content: message.Content{Text: "yes å 😀"}, Encoding: gsm.UCS2, Parts: 1, Received: testEpoch.UnixMilli(), Link: "op1", Rule: "info",
	}
	items := []*gateway.Item{
		stateItem(testMessage(), message.WebhookTarget, h.URL+"/a?b=c", 0),
		{Inbound: inbound, Index: 1, Target: message.Target{Kind: message.WebhookTarget, Address: h.URL}},
	}
	want := []string{
		`{"type":"message.state","id":"06rqap7800000-delivered","timestamp":"2026-11-05T08:30:00.500Z","data":{"id":"06rqap7800000",` +
			`"state":"delivered","to":"+46701234567","from":"ACME","encoding":"gsm7","parts":1,"reference":"r1","created":"2026-11-05T08:30:00.000Z",` +
			`"final":"2026-11-05T08:30:00.500Z","link":"op1","operator_ids":["abc"]}}` + "\n",
		`{"type":"message.inbound","id":"06rqap7800000-1","timestamp":"2026-11-05T08:30:00.000Z","data":{"id":"06rqap7800000",` +
			`"from":"+46701234567","to":"71234","text":"yes å 😀","encoding":"ucs2","parts":1,"received":"2026-11-05T08:30:00.000Z","link":"op1","rule":"info"}}` + "\n",
	}
	for i, item := range items {
		d := deliverOne(t, WebhookOptions{Guard: loopback(), Secret: signing("any text")}, item)[0]
		if d.Verdict != gateway.Acknowledged || d.Code != 200 || d.Item != item {
			t.Errorf("item %d: %+v", i, d)
		}
		if diff := cmp.Diff(want[i], h.bodies[i]); diff != "" {
			t.Errorf("item %d: (-want +got)\n%s", i, diff)
		}
		head := h.headers[i]
		if head.Get("Content-Type") != "application/json" || !strings.HasPrefix(head.Get("Webhook-Signature"), "v1,") || head.Get("Webhook-Timestamp") == "" {
			t.Errorf("item %d: headers %v", i, head)
		}
	}
	if h.targets[0] != "/a?b=c" || h.targets[1] != "/" {
		t.Errorf("asked for %q", h.targets)
	}
}

// A repetition has the same id and body, and its own time and signature.
func TestWebhookRepeats(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	item := stateItem(testMessage(), message.WebhookTarget, h.URL, 0)
	for range 2 {
		item.Tries++
		deliverOne(t, WebhookOptions{Guard: loopback()}, item)
	}
	if h.headers[0].Get("Webhook-Id") != "06rqap7800000-delivered" || h.headers[1].Get("Webhook-Id") != h.headers[0].Get("Webhook-Id") || h.bodies[0] != h.bodies[1] {
		t.Errorf("ids %q and %q, bodies %q", h.headers[0].Get("Webhook-Id"), h.headers[1].Get("Webhook-Id"), h.bodies)
	}
	if h.headers[0].Get("Webhook-Signature") != "" {
		t.Error("signed without a secret")
	}
}

func TestWebhookVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		answer  func(w http.ResponseWriter)
		verdict gateway.Verdict
		code    uint32
		text    string
	}{
		{"200", func(w http.ResponseWriter) {}, gateway.Acknowledged, 200, ""},
		{"204", func(w http.ResponseWriter) { w.WriteHeader(204) }, gateway.Acknowledged, 204, ""},
		{"410", func(w http.ResponseWriter) { w.WriteHeader(410) }, gateway.GiveUp, 410, ""},
		{"404", func(w http.ResponseWriter) { http.Error(w, "no such\npage", 404) }, gateway.TryLater, 404, "no such page"},
		{"429", func(w http.ResponseWriter) { w.WriteHeader(429) }, gateway.TryLater, 429, ""},
		{"500", func(w http.ResponseWriter) { http.Error(w, strings.Repeat("x", 1000), 500) }, gateway.TryLater, 500, strings.Repeat("x", 200)},
		{"302", func(w http.ResponseWriter) { w.Header().Set("Location", "/other"); w.WriteHeader(302) }, gateway.TryLater, 302, "the answer is a redirect; redirects are not followed"},
		{"early hints", func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(200) }, gateway.Acknowledged, 200, ""},
		{"endless", func(w http.ResponseWriter) {
			for range 200 {
				_, _ = w.Write(make([]byte, 1<<10))
			}
		}, gateway.Acknowledged, 200, strings.Repeat(" ", 200)},
	} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { c.answer(w) }
		d := deliverOne(t, WebhookOptions{Guard: loopback()}, stateItem(testMessage(), message.WebhookTarget, h.URL, 0))[0]
		if d.Verdict != c.verdict || d.Code != c.code || strings.TrimSpace(d.Text) != strings.TrimSpace(c.text) {
			t.Errorf("%s: verdict %v, code %d, text %q", c.name, d.Verdict, d.Code, d.Text)
		}
		if len(h.targets) != 1 {
			t.Errorf("%s: %d requests", c.name, len(h.targets))
		}
	}
}

// A webhook that is asked may answer the phone, with a text or JSON; pages and what is too long are no answers.
func TestWebhookReply(t *testing.T) {
	t.Parallel()
	item := func(address string, most uint8) *gateway.Item {
		target := message.Target{Kind: message.WebhookTarget, Account: "acme", Address: address, Mask: most}
		return &gateway.Item{Inbound: &message.Inbound{ID: 1, Targets: []message.Target{target}}, Target: target}
	}
	for _, c := range []struct {
		name, typed, body string
		most              uint8
		want              string
	}{
		{"text", "text/plain; charset=utf-8", " Hej på dig\n", 5, "Hej på dig"},
		{"JSON", "application/json", `{"text": "Hej", "more": 1}`, 5, "Hej"},
		{"no text", "application/json", `{"ok": true}`, 5, ""},
		{"broken JSON", "application/json", `{"text": "Hej"`, 5, ""},
		{"a page", "text/html", "<p>OK</p>", 5, ""},
		{"empty", "text/plain", "", 5, ""},
		{"no UTF-8", "text/plain", "Hej p\xe5 dig", 5, ""},
		{"longest", "text/plain", strings.Repeat("x", 4000), 5, strings.Repeat("x", 4000)},
		{"too long", "text/plain", strings.Repeat("x", 4001), 5, ""},
		{"endless", "text/plain", strings.Repeat(" ", 20000), 5, ""},
		{"not asked", "text/plain", "Hej", 0, ""},
	} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			w.Header().Set("Content-Type", c.typed)
			_, _ = io.WriteString(w, c.body)
		}
		d := deliverOne(t, WebhookOptions{Guard: loopback()}, item(h.URL, c.most))[0]
		if d.Verdict != gateway.Acknowledged || d.Reply != c.want {
			t.Errorf("%s: verdict %v, reply %.40q, want %.40q", c.name, d.Verdict, d.Reply, c.want)
		}
	}
}

// Servers that do not speak HTTP, say nothing, or are not there.
func TestWebhookBadServers(t *testing.T) {
	t.Parallel()
	serve := func(f func(net.Conn)) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				f(c)
			}
		}()
		return "http://" + l.Addr().String()
	}
	closed := serve(func(c net.Conn) { c.Close() })
	for _, c := range []struct{ name, address, text string }{
		{"hangs up", closed, ""}, // end of file or a reset, as the kernel sees it
		{"speaks SMTP", serve(func(c net.Conn) { fmt.Fprint(c, "220 mail\r\n"); c.Close() }), "malformed"},
		{"endless header", serve(func(c net.Conn) {
			go func() {
				defer c.Close()
				_, err := fmt.Fprint(c, "HTTP/1.1 200 OK\r\n")
				for err == nil {
					_, err = fmt.Fprintf(c, "X-A: %s\r\n", strings.Repeat("a", 1000))
				}
			}()
		}), "too long"},
		{"says nothing", serve(func(c net.Conn) {
			go func() { _, _ = io.Copy(io.Discard, c); c.Close() }()
		}), "timeout"},
		{"not there", "http://127.0.0.1:1", "refused"},
	} {
		timeout := time.Minute
		if c.text == "timeout" { // of the others the cause is wanted, and not that the machine was busy
			timeout = 300 * time.Millisecond
		}
		d := deliverOne(t, WebhookOptions{Guard: loopback(), Timeout: timeout}, stateItem(testMessage(), message.WebhookTarget, c.address, 0))[0]
		if d.Verdict != gateway.TryLater || d.Code != 0 || !strings.Contains(d.Text, c.text) {
			t.Errorf("%s: %v %d %q", c.name, d.Verdict, d.Code, d.Text)
		}
	}
}

// https is called like http, with the server's certificate verified.
func TestWebhookTLS(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 1 || r.Host == "" {
			t.Errorf("%s to %q", r.Proto, r.Host)
		}
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0) // of the handshake that fails
	srv.StartTLS()
	t.Cleanup(srv.Close)
	roots := srv.Client().Transport.(*http.Transport).TLSClientConfig
	for _, c := range []struct {
		tls  *tls.Config
		want gateway.Verdict
	}{{roots, gateway.Acknowledged}, {nil, gateway.TryLater}} {
		d := deliverOne(t, WebhookOptions{Guard: loopback(), TLS: c.tls}, stateItem(testMessage(), message.WebhookTarget, srv.URL, 0))[0]
		if d.Verdict != c.want {
			t.Errorf("%+v", d)
		}
	}
}

// Connections are kept, and one that the peer closed meanwhile does not fail a
// call.
func TestWebhookConnections(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	peers := map[string]bool{}
	h.answer = func(_ http.ResponseWriter, r *http.Request, _ []byte) { peers[r.RemoteAddr] = true }
	told := make(chan gateway.Delivered, 1)
	w := NewWebhook(WebhookOptions{
		Guard: loopback(),
		Told:  func(list []gateway.Delivered) { told <- list[0] },
	})
	defer w.Close()
	tell := func() {
		w.Deliver("acme", []*gateway.Item{stateItem(testMessage(), message.WebhookTarget, h.URL, 0)})
		if d := <-told; d.Verdict != gateway.Acknowledged {
			t.Errorf("%+v", d)
		}
	}
	for range 10 {
		tell()
	}
	if n := len(peers); n != 1 {
		t.Errorf("%d connections for ten calls one after the other", n)
	}
	h.CloseClientConnections()
	tell()
	if n := len(peers); n != 2 {
		t.Errorf("%d connections after the first was closed", n)
	}
}

// An account whose server is silent holds up no other, and has no more calls
// under way than its bound.
func TestWebhookBounds(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	release := make(chan struct{})
	var now, most atomic.Int32
	h.answer = func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		if r.URL.Path == "/slow" {
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			<-release
			now.Add(-1)
		}
	}
	told := make(chan gateway.Delivered, 100)
	w := NewWebhook(WebhookOptions{
		Guard: loopback(), PerAccount: 3, Total: 4,
		Told: func(list []gateway.Delivered) { told <- list[0] },
	})
	var slow []*gateway.Item
	for i := range 12 {
		m := testMessage()
		m.ID += message.ID(i)
		slow = append(slow, stateItem(m, message.WebhookTarget, h.URL+"/slow", 0))
	}
	w.Deliver("slow", slow)
	for range 5 {
		w.Deliver("fast", []*gateway.Item{stateItem(testMessage(), message.WebhookTarget, h.URL+"/fast", 0)})
		if d := <-told; !strings.HasSuffix(d.Item.Target.Address, "/fast") {
			t.Errorf("%s was told", d.Item.Target.Address)
		}
	}
	close(release)
	for range slow {
		<-told
	}
	if n := most.Load(); n > 3 {
		t.Errorf("%d calls at a time for one account", n)
	}
	w.Close()
	if n := len(w.queue.accounts); n != 0 {
		t.Errorf("%d accounts are still known", n)
	}
}

// States of one message are told one after the other, in their order, while
// others go at the same time; one that comes too late is not told at all.
func TestWebhookOrder(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	release, entered := make(chan struct{}), make(chan string, 10)
	h.answer = func(_ http.ResponseWriter, r *http.Request, _ []byte) {
		entered <- r.Header.Get("Webhook-Id")
		<-release
	}
	enroute, final := testMessage(), testMessage()
	enroute.State = message.Enroute
	other := testMessage()
	other.ID++
	items := []*gateway.Item{
		stateItem(enroute, message.WebhookTarget, h.URL, 0),
		stateItem(final, message.WebhookTarget, h.URL, 0),
		stateItem(other, message.WebhookTarget, h.URL, 0),
	}
	late := stateItem(testMessage(), message.WebhookTarget, h.URL, 0)
	late.State = message.Enroute
	told := make(chan gateway.Delivered, 4)
	w := NewWebhook(WebhookOptions{Guard: loopback(), Told: func(l []gateway.Delivered) { told <- l[0] }})
	defer w.Close()
	w.Deliver("acme", items)
	got := map[string]bool{<-entered: true, <-entered: true}
	if !got[enroute.ID.String()+"-enroute"] || !got[other.ID.String()+"-delivered"] {
		t.Errorf("at first %v", got)
	}
	close(release)
	if id := <-entered; id != final.ID.String()+"-delivered" {
		t.Errorf("then %s", id)
	}
	for range items {
		<-told
	}
	w.Deliver("acme", []*gateway.Item{late})
	if d := <-told; d.Verdict != gateway.Acknowledged || len(h.targets) != 3 {
		t.Errorf("late: %+v after %d requests", d, len(h.targets))
	}
}
