package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"kurir/e2e/netns"
)

// hook is a customer's web server: it keeps every call, and answers as told.
type hook struct {
	*httptest.Server
	calls chan call
	reply string // the body of every answer

	mu     sync.Mutex
	status func(n int) int // status of the n-th call, from 0; nil: 200
	count  int
}

// call is one request that a hook got.
type call struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	Body   []byte
	Status int // that was answered
}

// event is the body of a webhook.
type event struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	Timestamp string `json:"timestamp"`
	Data      struct {
		viewed
		Received string `json:"received"`
	} `json:"data"`
}

func startHook(t testing.TB) *hook { return startHookOn(t, nil) }

// startHookOn is startHook on a host of a network; on this machine if it is nil.
func startHookOn(t testing.TB, host *netns.Host) *hook {
	h := &hook{calls: make(chan call, 100_000)}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(h.serve))
	if host != nil {
		listener, err := host.Listen(0)
		if err != nil {
			t.Fatal(err)
		}
		h.Listener.Close()
		h.Listener = listener
	}
	h.Start()
	t.Cleanup(h.Close)
	return h
}

// answer sets the status of the n-th call.
func (h *hook) answer(status func(n int) int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status, h.count = status, 0
}

func (h *hook) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller was killed
	}
	h.mu.Lock()
	status := http.StatusOK
	if h.status != nil {
		status = h.status(h.count)
	}
	h.count++
	h.mu.Unlock()
	w.WriteHeader(status)
	io.WriteString(w, h.reply)
	h.calls <- call{r.Method, r.URL.Path, r.URL.Query(), r.Header, body, status}
}

// event decodes the body and checks the signature as Standard Webhooks says.
func (c *call) event(t testing.TB, secret string) event {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, c.Header.Get("webhook-id")+"."+c.Header.Get("webhook-timestamp")+".")
	mac.Write(c.Body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	if got := c.Header.Get("webhook-signature"); got != want {
		t.Errorf("signature %q, want %q", got, want)
	}
	var e event
	if err := json.Unmarshal(c.Body, &e); err != nil {
		t.Fatalf("webhook: %v\n%s", err, c.Body)
	}
	if e.ID != c.Header.Get("webhook-id") {
		t.Errorf("id %q in the body, %q in the header", e.ID, c.Header.Get("webhook-id"))
	}
	return e
}
