package api

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// A server that does not answer is called three times, then once every ten
// seconds until it answers.
func TestBreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker{silent: map[callKey]*silence{}}
		dead, live := callKey{host: "dead"}, callKey{host: "live"}
		for i := range breakAfter {
			if err := b.enter(dead); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
			b.leave(dead, false)
		}
		var resting *restingError
		if err := b.enter(dead); !errors.As(err, &resting) || !strings.Contains(err.Error(), "dead") {
			t.Fatalf("the fourth call: %v", err)
		}
		if err := b.enter(live); err != nil {
			t.Errorf("another server: %v", err)
		}
		for range 2 { // rests again after a probe without an answer
			time.Sleep(restFor - time.Millisecond)
			if b.enter(dead) == nil {
				t.Error("called while it rested")
			}
			time.Sleep(time.Millisecond)
			if err := b.enter(dead); err != nil {
				t.Fatalf("the probe: %v", err)
			}
			if b.enter(dead) == nil {
				t.Error("two probes at a time")
			}
			b.leave(dead, false)
		}
		time.Sleep(restFor)
		if err := b.enter(dead); err != nil {
			t.Fatalf("the probe: %v", err)
		}
		b.leave(dead, true)
		if b.enter(dead) != nil || len(b.silent) != 0 {
			t.Error("it is back and still rests")
		}
		for i := range 2 * maxBroken {
			b.leave(callKey{host: fmt.Sprint(i)}, false)
		}
		if len(b.silent) != maxBroken {
			t.Errorf("%d servers are remembered", len(b.silent))
		}
	})
}

// silentHook is a listener that never answers.
type silentHook struct {
	net.Listener
	came chan net.Addr // from where each connection came, in turn
}

func newSilentHook(t *testing.T) *silentHook {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &silentHook{l, make(chan net.Addr, 100)}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.came <- c.RemoteAddr()
			defer c.Close() // silent until the test ends
		}
	}()
	t.Cleanup(func() { l.Close() })
	return h
}

// calls counts the connections up to one that is made now: those before it are accepted before it.
func (h *silentHook) calls(t *testing.T) (n int) {
	t.Helper()
	c, err := net.Dial("tcp", h.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for (<-h.came).String() != c.LocalAddr().String() {
		n++
	}
	return n
}

// A listener that never answers costs its account three calls, not one for each
// item; a server that answers with errors is called each time.
func TestWebhookRests(t *testing.T) {
	t.Parallel()
	l := newSilentHook(t)
	var items []*gateway.Item
	for range 20 {
		m := testMessage()
		m.ID += message.ID(len(items))
		items = append(items, stateItem(m, message.WebhookTarget, "http://"+l.Addr().String(), 0))
	}
	// Where the machine was busy the time of a call may be over before it is made: then there is another trial, with more of it.
	for _, timeout := range []time.Duration{50 * time.Millisecond, time.Second, 5 * time.Second} {
		told := deliverOne(t, WebhookOptions{Guard: loopback(), PerAccount: 1, Timeout: timeout}, items...)
		for i, d := range told {
			if d.Verdict != gateway.TryLater || d.Untried != (i >= breakAfter) {
				t.Errorf("item %d: %+v", i, d)
			}
			if d.Untried && !strings.HasPrefix(d.Text, "not called: 127.0.0.1:") {
				t.Errorf("item %d: %s", i, d.Text)
			}
		}
		n := l.calls(t)
		if n == breakAfter {
			break
		}
		if n > breakAfter || timeout > time.Second {
			t.Fatalf("%d calls of %v", n, timeout)
		}
	}
	h := newHook(t)
	h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(http.StatusInternalServerError) }
	for _, item := range items {
		item.Target.Address = h.URL
	}
	for _, d := range deliverOne(t, WebhookOptions{Guard: loopback(), PerAccount: 1}, items...) {
		if d.Untried || d.Code != 500 {
			t.Errorf("%+v", d)
		}
	}
}

// A short answer in chunks leaves the connection open for the next call.
func TestWebhookKeepsChunked(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	connections := map[string]bool{}
	h.answer = func(w http.ResponseWriter, r *http.Request, _ []byte) {
		connections[r.RemoteAddr] = true // one call at a time
		_, _ = w.Write([]byte("ok"))
		_ = http.NewResponseController(w).Flush()
	}
	told := make(chan gateway.Delivered, 1)
	w := NewWebhook(WebhookOptions{Guard: loopback(), Told: func(l []gateway.Delivered) { told <- l[0] }})
	defer w.Close()
	for range 5 {
		w.Deliver("acme", []*gateway.Item{stateItem(testMessage(), message.WebhookTarget, h.URL, 0)})
		if d := <-told; d.Verdict != gateway.Acknowledged || d.Text != "ok" {
			t.Fatalf("%+v", d)
		}
	}
	if len(connections) != 1 {
		t.Errorf("%d connections for five calls", len(connections))
	}
}
