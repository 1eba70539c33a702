package gateway

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestGuarantee3Told: states reach the customer at least once, those of one
// message in their order, also when he is away for a while and when the server
// ends before he has acknowledged.
func TestGuarantee3Told(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		told := map[message.ID][]message.State{}
		begin := func() (*world, *fakeReceiver) {
			r := &fakeReceiver{limit: 10}
			return start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) }), r
		}
		hear := func(w *world, r *fakeReceiver, verdict Verdict) {
			synctest.Wait()
			for _, it := range r.take() {
				told[it.Message.ID] = append(told[it.Message.ID], it.State)
				w.Delivered([]Delivered{{Item: it, Verdict: verdict}})
			}
		}
		w, r := begin()
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		sub := w.submission("46100001", "hello")
		sub.Receipts |= message.ReceiptIntermediate
		id := w.submit(sub)[0]
		op.answer(1, given(t, op), "a")
		hear(w, r, TryLater) // told, and not acknowledged
		<-op.report("a", message.Delivered, "46100001")
		for range 5 {
			time.Sleep(5 * time.Second)
			hear(w, r, NobodyThere)
		}
		w.end() // it stops before anybody has acknowledged
		w, r = begin()
		for range 20 {
			w.Wake(message.SMPPTarget, "acme")
			time.Sleep(5 * time.Second)
			hear(w, r, Acknowledged)
		}
		got := told[id]
		last := slices.Index(got, message.Delivered)
		if last < 0 || slices.Contains(got[last:], message.Enroute) || got[0] != message.Enroute {
			t.Errorf("told %v", got)
		}
		w.wantNothingLeft()
	})
}

// TestGuarantee4Final: a message whose receipt never comes is final at the latest
// receipt_wait after its validity, in memory and on disk; a receipt that comes
// later is kept, counted, and changes nothing.
func TestGuarantee4Final(t *testing.T) {
	t.Parallel()
	for _, validity := range []time.Duration{time.Minute, time.Hour} { // receipt_wait is 10 minutes
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			w := start(t, dir, Options{MarkLag: 5 * time.Second}, nil)
			op := w.fakeLink("op1")
			op.core.SessionUp(1, 10)
			sub := w.untold("46100001", "hello")
			sub.Validity = validity
			id := w.submit(sub)[0]
			op.answer(1, given(t, op), "a")
			time.Sleep(validity + 9*time.Minute)
			w.wantState(id, message.Enroute)
			time.Sleep(time.Minute + 15*time.Second)
			w.wantState(id, message.Unknown)
			<-op.report("a", message.Delivered, "46100001")
			time.Sleep(15 * time.Second)
			w.wantState(id, message.Unknown)
			events, err := message.DecodeLog(w.onDisk(id).Log, id)
			late := slices.ContainsFunc(events, func(e message.Event) bool { return e.Kind == message.EventLate && e.State == message.Delivered })
			if err != nil || !late || w.Stats().ReceiptsContradicting != 1 {
				t.Errorf("the late receipt is not kept: %s", describe(w.onDisk(id)))
			}
		})
	}
}

// TestGuarantee5ExactlyOne: a receipt is attached to the one message with which
// scope, id and addresses agree; what may be of two, or of none, is shown and
// never guessed.
func TestGuarantee5ExactlyOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{HoldReceipts: time.Minute}, nil)
		op1, op2 := w.fakeLink("op1"), w.fakeLink("once")
		op1.core.SessionUp(1, 10)
		op2.core.SessionUp(2, 10)
		send := func(to string) message.ID { return w.submit(w.untold(to, "hello"))[0] }
		one := send("46100001")
		op1.answer(1, given(t, op1), "7001")
		two := send("46100002") // the same id, another phone
		op1.answer(1, given(t, op1), "7001")
		elsewhere := send("46300001") // the same id, another operator
		op2.answer(2, given(t, op2), "7001")
		<-op1.report("7001", message.Delivered, "46100002")
		w.wantState(two, message.Delivered)
		w.wantState(one, message.Enroute)
		w.wantState(elsewhere, message.Enroute)
		<-op1.report("7001", message.Delivered, "46199999") // of nobody's phone
		w.wantState(one, message.Enroute)

		twin := send("46100001") // the same id and phone
		op1.answer(1, given(t, op1), "7001")
		<-op1.report("7001", message.Delivered, "46100001")
		<-op1.report("9999", message.Delivered, "46100001")
		w.wantState(one, message.Enroute)
		w.wantState(twin, message.Enroute)
		time.Sleep(2 * time.Minute)
		list, _ := w.UnmatchedReceipts("op1")
		why := map[string]int{}
		for _, r := range list {
			why[r.Why]++
		}
		if why["ambiguous"] == 0 || why["unknown"] == 0 {
			t.Errorf("shown: %+v", list)
		}
	})
}
