package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestOwedAfterClockWasSetBack: ids go on from where they were when the clock is set back, so that messages are from the future, and
// their logs do not say when a customer put a state off. After a restart he is told, once, and no row of it is left, although he
// takes his time.
func TestOwedAfterClockWasSetBack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 10}
		set := func(w *world) { w.Receive(message.SMPPTarget, r) }
		w := start(t, dir, Options{}, set)
		w.mu.Lock()
		w.ids = message.NewIDs(0, message.NewIDs(0, 0).Next(time.Now().Add(time.Hour)))
		w.mu.Unlock()
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		ids := w.submit(w.untold("46100000", "x"), w.submission("46100001", "x")) // the mark does not pass the first, which is open
		synctest.Wait()
		out := op.take()
		op.answer(1, out[0], "70")
		op.answer(1, out[1], "71")
		<-op.report("71", message.Delivered, "")
		synctest.Wait()
		items := r.take()
		if len(items) != 1 {
			t.Fatalf("told %d times", len(items))
		}
		w.Delivered([]Delivered{{Item: items[0], Verdict: TryLater}})
		time.Sleep(time.Second)
		w.end()
		w = start(t, dir, Options{}, set)
		op = w.fakeLink("op1")
		<-op.report("70", message.Delivered, "")
		time.Sleep(time.Minute)
		if items = r.take(); len(items) != 1 {
			t.Fatalf("told %d times after the restart", len(items))
		}
		w.Delivered([]Delivered{{Item: items[0]}})
		time.Sleep(time.Hour)
		if items = r.take(); len(items) != 0 {
			t.Errorf("told %d times again", len(items))
		}
		if m := w.onDisk(ids[1]); m.Owed {
			t.Error("is owed still")
		}
		w.wantNothingLeft()
	})
}
