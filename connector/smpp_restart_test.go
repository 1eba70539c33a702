package connector

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestSMPPNumbers: each session has its number, and its state a time, from the
// beginning.
func TestSMPPNumbers(t *testing.T) {
	t.Parallel()
	cfg := smppTestConfig()
	cfg.Sessions = 2
	shared := NewShared()
	for i, want := range []uint32{1, 3} {
		st := NewSMPP(cfg, shared, nil).Stats()
		if len(st) != 2 || st[0].Session != want || st[1].Session != want+1 || st[0].Since.IsZero() || st[0].State != "connecting" {
			t.Errorf("link %d before it runs: %+v", i, st)
		}
	}
}

// TestSMPPRestartSession: a session opened anew parts in good order and without
// a pause, and what it had not written goes back unwritten; one that waits for
// its next attempt is opened at once.
func TestSMPPRestartSession(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window, c.Reconnect = 1, time.Hour }, nil, func(t *testing.T, b *contractBench) {
		link := b.link.(*SMPP)
		o := b.operator()
		first := b.core.ups[0]
		if st := link.Stats()[0]; st.Session != first {
			t.Errorf("session %d is shown as %d", first, st.Session)
		}
		if link.RestartSession(0) || link.RestartSession(first+1) {
			t.Error("sessions that are not there were restarted")
		}
		b.send("on the wire", "not written")
		if !link.RestartSession(first) {
			t.Fatal("the session cannot be restarted")
		}
		synctest.Wait()
		o.answer("on the wire", "id", message.NoFailure)
		synctest.Wait()
		if !o.unbound() {
			t.Error("the session was cut")
		}
		if len(b.core.ups) != 2 {
			t.Fatalf("%d sessions, want the second at once", len(b.core.ups))
		}
		if link.RestartSession(first) {
			t.Error("a session that has ended was restarted")
		}
		same(t, "answered", b.core.answered(), []string{"on the wire id"})
		if d := b.core.downs; len(d) != 1 || d[0].reason != nil || len(d[0].unwritten) != 1 {
			t.Errorf("downs %+v", d)
		}

		b.mu.Lock()
		b.refuse = true
		b.mu.Unlock()
		b.operator().cut()
		time.Sleep(10 * time.Minute) // between two attempts
		synctest.Wait()
		if st := link.Stats()[0]; st.State != "down" || st.Error == "" || st.ErrorAt.IsZero() || st.Session <= b.core.ups[1] {
			t.Errorf("stats %+v", st)
		}
		next := link.Stats()[0].Session
		time.Sleep(3 * time.Hour) // attempts do not change it
		synctest.Wait()
		if st := link.Stats()[0]; st.State != "down" || st.Session != next {
			t.Errorf("session %d to come, after further attempts %d", next, st.Session)
		}
		b.mu.Lock()
		b.refuse = false
		b.mu.Unlock()
		if !link.RestartSession(next) {
			t.Error("a session that waits for its next attempt cannot be tried at once")
		}
		synctest.Wait()
		if len(b.core.ups) != 3 || b.core.ups[2] != next {
			t.Errorf("sessions %v, want the third at once, and %d", b.core.ups, next)
		}
		if st := link.Stats()[0]; st.State != "bound" || st.Error == "" || st.WindowSize != 1 || st.Mode != "transceiver" {
			t.Errorf("stats %+v", st)
		}
	})
}
