package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

func TestWholeLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var r *fakeReceiver
		w := start(t, dir, Options{}, func(w *world) {
			r = &fakeReceiver{limit: 10}
			w.Receive(message.SMPPTarget, r)
		})
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		id := w.submit(w.submission("46100001", "hello"))[0]
		synctest.Wait()
		w.wantState(id, message.Sending)
		out := op.take()
		if len(out) != 1 || out[0].Message.ID != id || !out[0].Receipt {
			t.Fatalf("sent: %v", out)
		}
		op.answer(1, out[0], "abc1")
		synctest.Wait()
		w.wantState(id, message.Enroute)
		if err := <-op.report("ABC1", message.Delivered, "46100001"); err != nil {
			t.Errorf("the receipt is answered with %v", err)
		}
		w.wantState(id, message.Delivered)
		synctest.Wait()
		items := r.take()
		if len(items) != 1 || items[0].Message.ID != id || items[0].State != message.Delivered {
			t.Fatalf("told: %v", items)
		}
		if !w.onDisk(id).Owed {
			t.Error("the state is not owed before it is acknowledged")
		}
		w.Delivered([]Delivered{{Item: items[0]}})
		time.Sleep(time.Second)
		if w.onDisk(id).Owed {
			t.Error("the state is still owed")
		}
		w.wantNothingLeft()
	})
}
