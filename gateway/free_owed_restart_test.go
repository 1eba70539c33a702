package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestFreeIntermediateState: an intermediate state that is left to whoever has the
// customer says nothing of who has the message: after a restart it goes on here.
func TestFreeIntermediateState(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		opt := Options{Shared: true}
		absent := func(w *world) { w.Receive(message.SMPPTarget, &fakeReceiver{}) }
		w := start(t, dir, opt, absent)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		s := w.submission("46100001", "hello")
		s.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		id := w.submit(s)[0]
		synctest.Wait()
		op.core.Answered(1, []connector.Answer{{Out: op.take()[0], ID: "77"}})
		time.Sleep(time.Second)
		if n := w.store.Counts().Owed; n != 1 {
			t.Fatalf("%d rows say that something is owed", n)
		}
		w.end()
		w = start(t, dir, opt, absent)
		op = w.fakeLink("op1")
		if err := <-op.report("77", message.Delivered, "46100001"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		w.wantState(id, message.Delivered)
	})
}
