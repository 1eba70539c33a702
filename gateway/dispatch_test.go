package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestGrantBehindTheMark lets a message wait until the mark has passed it: then
// its grant takes the place of its row among what waits.
func TestGrantBehindTheMark(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{MarkLag: time.Second}, nil)
		op := w.fakeLink("op1")
		s := w.submission("46100001", "hello")
		s.Receipts = 0
		id := w.submit(s)[0]
		time.Sleep(5 * time.Second)
		if n := w.store.Counts().Waiting; n != 1 {
			t.Fatalf("%d rows say what waits behind the mark, want 1", n)
		}
		op.core.SessionUp(1, 10)
		synctest.Wait()
		out := op.take()
		if len(out) != 1 {
			t.Fatalf("%d messages were sent, want 1", len(out))
		}
		if n := w.store.Counts().Waiting; n != 0 {
			t.Errorf("%d rows say what waits, want none", n)
		}
		op.answer(1, out[0], "1")
		synctest.Wait()
		w.wantState(id, message.Sent)
		w.wantNothingLeft()
	})
}
