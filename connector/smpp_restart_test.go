package connector

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestSMPPRestartSession: a session opened anew parts in good order and without
// a pause, and what it had not written goes back unwritten; one that waits for
// its next attempt is opened at once.
func TestSMPPRestartSession(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window, c.Reconnect = 1, time.Hour }, nil, func(t *testing.T, b *contractBench) {
		link := b.link.(*SMPP)
		if link.RestartSession(0) || link.RestartSession(2) {
			t.Error("sessions that are not there were restarted")
		}
		o := b.operator()
		b.send("on the wire", "not written")
		if !link.RestartSession(1) {
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
		if st := link.Stats()[0]; st.State != "down" || st.Error == "" || st.ErrorAt.IsZero() || st.Number != 1 {
			t.Errorf("stats %+v", st)
		}
		b.mu.Lock()
		b.refuse = false
		b.mu.Unlock()
		link.RestartSession(1)
		synctest.Wait()
		if len(b.core.ups) != 3 {
			t.Errorf("%d sessions, want the third at once", len(b.core.ups))
		}
		if st := link.Stats()[0]; st.State != "bound" || st.Error == "" || st.WindowSize != 1 || st.Mode != "transceiver" {
			t.Errorf("stats %+v", st)
		}
	})
}
