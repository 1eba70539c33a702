package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestReachable: what waits to be tried again for a phone goes out at once when
// the operator says that it can be reached, from memory and from disk; what
// waits for another phone or for its time does not.
func TestReachable(t *testing.T) {
	t.Parallel()
	for _, failures := range []int{2, 6} { // pauses of 10 s, in memory, and of minutes, on disk
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			snap := testSnapshot()
			snap.Validity = 24 * time.Hour
			w := start(t, dir, Options{Snapshot: snap}, nil)
			op := w.fakeLink("op1")
			op.core.SessionUp(1, 10)
			subs := []*Submission{w.submission("46100001", "hello"), w.submission("46100002", "hello"), w.submission("46100001", "later")}
			subs[2].SendAt = time.Now().Add(20 * time.Hour)
			ids := w.submit(subs...)
			for range failures {
				op.sentMore(2)
				for _, o := range op.take() {
					op.fail(1, o, message.Busy)
				}
				synctest.Wait()
			}
			before := time.Now()
			op.core.(connector.Alerted).Alert(message.Alert{Phone: message.Address{TON: 1, Number: "46100001"}})
			time.Sleep(3 * time.Second)
			out := op.take()
			if len(out) != 1 || out[0].Message.ID != ids[0] {
				t.Fatalf("after %d failures %d messages went out within %v", failures, len(out), time.Since(before))
			}
			op.answer(1, out[0], "1")
			<-op.report("1", message.Delivered, "46100001")
			w.wantState(ids[0], message.Delivered)
			w.wantState(ids[2], message.Scheduled)
			if n := linkStats(w, "op1").Alerts; n != 1 {
				t.Errorf("%d notifications are counted", n)
			}
		})
	}
}

// TestReachableIsBounded: notifications without end take no memory.
func TestReachableIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		core := w.fakeLink("op1").core.(connector.Alerted)
		for i := range 3 * phonesMost {
			core.Alert(message.Alert{Phone: message.Address{TON: 1, Number: "461" + time.Duration(i).String()}})
		}
		w.mu.Lock()
		n := len(w.phones)
		w.mu.Unlock()
		if n != phonesMost {
			t.Errorf("%d phones are kept", n)
		}
		time.Sleep(2 * time.Second)
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.phones) != 0 {
			t.Errorf("%d phones are still kept", len(w.phones))
		}
	})
}
