package gateway

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// repeating routes by op1, then op2, with a fallback.
func repeating(f route.Fallback) *Snapshot {
	snap := testSnapshot()
	snap.Routes = route.NewTable([]route.Rule{{Via: route.Via{{Link: "op1"}, {Link: "op2"}}, Fallback: &f}})
	return snap
}

// querying is a link that can ask its operator.
type querying struct {
	*fakeLink
	state message.State
	asked int
}

func (q *querying) Query(_ context.Context, p connector.AtOperator) (message.Report, error) {
	q.asked++
	if q.state == message.Unknown {
		return message.Report{}, errors.New("it does not say")
	}
	return message.Report{OperatorID: p.ID, State: q.state}, nil
}

// repeatWorld is a gateway with two operators and a customer that collects what
// he is told.
func repeatWorld(t *testing.T, dir string, f route.Fallback) (w *world, op1, op2 *fakeLink, told *fakeReceiver) {
	t.Helper()
	told = &fakeReceiver{limit: 100}
	w = start(t, dir, Options{Snapshot: repeating(f), MarkLag: 5 * time.Second}, func(w *world) {
		w.Receive(message.SMPPTarget, told)
	})
	op1, op2 = w.fakeLink("op1"), w.fakeLink("op2")
	op1.core.SessionUp(1, 10)
	op2.core.SessionUp(2, 10)
	return w, op1, op2, told
}

// given takes the one message that a link was given.
func given(t *testing.T, op *fakeLink) *connector.Outgoing {
	t.Helper()
	synctest.Wait()
	out := op.take()
	if len(out) != 1 {
		t.Fatalf("%d messages were given, want 1", len(out))
	}
	return out[0]
}

// toldOnly holds that the customer was told these states of a message and no others.
func toldOnly(t *testing.T, w *world, told *fakeReceiver, id message.ID, want ...message.State) {
	t.Helper()
	synctest.Wait()
	var got []message.State
	for _, it := range told.take() {
		if it.Message.ID == id {
			got = append(got, it.State)
		}
		w.Delivered([]Delivered{{Item: it, Verdict: Acknowledged}})
	}
	if !slices.Equal(got, want) {
		t.Errorf("the customer was told %v, want %v", got, want)
	}
}

// TestComplaint04RepeatOnReceipt: after a negative receipt, or a missing one, the
// next link sends the message; the customer sees one message with one end, the
// trace every attempt, and what arrives twice is counted.
func TestComplaint04RepeatOnReceipt(t *testing.T) {
	t.Parallel()
	t.Run("negative", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			w, op1, op2, told := repeatWorld(t, dir, route.Fallback{MayRepeat: true})
			id := w.submit(w.submission("46100001", "hello"))[0]
			op1.answer(1, given(t, op1), "a")
			<-op1.report("a", message.Undeliverable, "46100001")
			toldOnly(t, w, told, id)
			op2.answer(2, given(t, op2), "b")
			<-op2.report("b", message.Delivered, "46100001")
			toldOnly(t, w, told, id, message.Delivered)
			w.wantState(id, message.Delivered)
			tr, err := w.Trace(t.Context(), w.onDisk(id))
			if err != nil {
				t.Fatal(err)
			}
			var what []string
			for _, e := range tr.Events {
				what = append(what, e.What)
			}
			if text := tr.Events[1].Text; text != "the next link is tried after a failure: one that passes; it may send again what was taken, after a negative receipt" {
				t.Errorf("the trace says of the rule: %s", text)
			}
			if got := strings.Join(what, " "); !strings.Contains(got, "granted taken report repeat granted taken report") {
				t.Errorf("the trace says %s", got)
			}
			if s := w.Stats(); s.Repeated != 1 || s.DoubleDelivered != 0 {
				t.Errorf("%d repeated, %d twice", s.Repeated, s.DoubleDelivered)
			}
			w.wantNothingLeft()
		})
	})
	t.Run("all negative", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			w, op1, op2, told := repeatWorld(t, dir, route.Fallback{MayRepeat: true, Within: time.Minute})
			id := w.submit(w.submission("46100001", "hello"))[0]
			op1.answer(1, given(t, op1), "a")
			<-op1.report("a", message.Undeliverable, "46100001")
			op2.answer(2, given(t, op2), "b")
			<-op2.report("b", message.Rejected, "46100001")
			toldOnly(t, w, told, id, message.Rejected)

			late := w.submit(w.submission("46100002", "hello"))[0] // too late to be repeated
			op1.answer(1, given(t, op1), "c")
			time.Sleep(2 * time.Minute)
			<-op1.report("c", message.Undeliverable, "46100002")
			toldOnly(t, w, told, late, message.Undeliverable)

			nobody := w.submit(w.submission("46100003", "hello"))[0] // no link can help there
			op1.answer(1, given(t, op1), "d")
			done := make(chan error, 1)
			op1.core.Reports([]message.Report{{OperatorID: "d", State: message.Undeliverable, Code: 1, Failure: message.BadRecipient}}, func(err error) { done <- err })
			<-done
			toldOnly(t, w, told, nobody, message.Undeliverable)
			w.wantNothingLeft()
		})
	})
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		for name, missing := range map[string]time.Duration{"in memory": 2 * time.Second, "on disk": 2 * time.Minute} {
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				bubble(t, func(t *testing.T) {
					w, op1, op2, told := repeatWorld(t, dir, route.Fallback{MayRepeat: true, Missing: missing})
					id := w.submit(w.submission("46100001", "hello"))[0]
					op1.answer(1, given(t, op1), "a")
					time.Sleep(missing - time.Second)
					if n := len(op2.take()); n > 0 {
						t.Fatal("it was repeated early")
					}
					time.Sleep(4 * time.Second)
					out := given(t, op2)
					<-op1.report("a", message.Delivered, "46100001") // the first after all, while the second is on its way
					toldOnly(t, w, told, id)
					op2.answer(2, out, "b")
					toldOnly(t, w, told, id, message.Delivered)
					<-op2.report("b", message.Delivered, "46100001")
					toldOnly(t, w, told, id)
					if s := w.Stats(); s.Repeated != 1 || s.DoubleDelivered != 1 {
						t.Errorf("%d repeated, %d twice", s.Repeated, s.DoubleDelivered)
					}
					time.Sleep(2 * time.Second)
					w.wantNothingLeft()
				})
			})
		}
	})
	t.Run("dropped", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			w, op1, op2, told := repeatWorld(t, dir, route.Fallback{MayRepeat: true, Missing: 2 * time.Second})
			id := w.submit(w.submission("46100001", "hello"))[0]
			op1.answer(1, given(t, op1), "a")
			op2.core.SessionDown(2, nil, nil)
			time.Sleep(5 * time.Second) // it waits for the second link
			<-op1.report("a", message.Delivered, "46100001")
			toldOnly(t, w, told, id, message.Delivered)
			op2.core.SessionUp(3, 10)
			time.Sleep(time.Second)
			if n := len(op2.take()); n != 0 {
				t.Error("what had arrived was sent again")
			}
			w.wantNothingLeft()
		})
	})
	t.Run("asked", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			w, op1, op2, told := repeatWorld(t, dir, route.Fallback{MayRepeat: true, Missing: 2 * time.Second})
			q := &querying{fakeLink: op1, state: message.Delivered}
			w.Attach("op1", q)
			id := w.submit(w.submission("46100001", "hello"))[0]
			op1.answer(1, given(t, op1), "a")
			time.Sleep(5 * time.Second)
			toldOnly(t, w, told, id, message.Delivered)
			if n := len(op2.take()); n != 0 || q.asked != 1 {
				t.Errorf("asked %d times, sent again %d times", q.asked, n)
			}
			q.state = message.Unknown
			w.submit(w.submission("46100002", "hello"))
			op1.answer(1, given(t, op1), "b")
			time.Sleep(5 * time.Second)
			given(t, op2)
		})
	})
	t.Run("restart", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			f := route.Fallback{MayRepeat: true, Missing: 2 * time.Second}
			w, op1, op2, _ := repeatWorld(t, dir, f)
			id := w.submit(w.submission("46100001", "hello"))[0]
			op1.answer(1, given(t, op1), "a")
			time.Sleep(4 * time.Second)
			op2.answer(2, given(t, op2), "b")
			synctest.Wait()
			w.end()
			w, op1, op2, told := repeatWorld(t, dir, f)
			<-op1.report("a", message.Delivered, "46100001")
			toldOnly(t, w, told, id, message.Delivered)
			<-op2.report("b", message.Delivered, "46100001")
			if s := w.Stats(); s.DoubleDelivered != 1 {
				t.Errorf("%d twice", s.DoubleDelivered)
			}
			time.Sleep(2 * time.Second)
			w.wantNothingLeft()
		})
	})
	t.Run("missing after a restart", func(t *testing.T) {
		t.Parallel()
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			f := route.Fallback{MayRepeat: true, Missing: 2 * time.Minute}
			w, op1, _, _ := repeatWorld(t, dir, f)
			var outs []*connector.Outgoing
			for i := range 5 { // more than stand in memory after a restart
				w.submit(w.submission("4610000"+strconv.Itoa(i), "hello"))
				outs = append(outs, given(t, op1))
				op1.answer(1, outs[i], "a"+strconv.Itoa(i))
			}
			time.Sleep(time.Minute) // they are on disk only
			w.end()
			w, op1, op2, told := repeatWorld(t, dir, f)
			<-op1.report("a0", message.Delivered, "46100000")
			toldOnly(t, w, told, outs[0].Message.ID, message.Delivered)
			time.Sleep(58 * time.Second)
			if n := len(op2.take()); n > 0 {
				t.Fatal("it was repeated early")
			}
			w.end()
			time.Sleep(30 * time.Minute) // meanwhile they are missing
			w, _, op2, told = repeatWorld(t, dir, f)
			time.Sleep(5 * time.Second)
			again := op2.take()
			if len(again) != 4 {
				t.Fatalf("%d were sent again, want 4", len(again))
			}
			for i, out := range again {
				op2.answer(2, out, "b"+strconv.Itoa(i))
				<-op2.report("b"+strconv.Itoa(i), message.Delivered, out.Message.To.Number)
				toldOnly(t, w, told, out.Message.ID, message.Delivered)
			}
			time.Sleep(2 * time.Second)
			w.wantNothingLeft()
			time.Sleep(2 * time.Minute) // of the second attempts too
			if rows, err := w.store.MissingAfter(t.Context(), 0, store.Missing{}, 1); err != nil || len(rows) > 0 {
				t.Errorf("%v %v are left", rows, err)
			}
		})
	})
}

// TestRepeatTellsOnce: of intermediate states a customer is told each once, also
// if two operators have the message one after the other.
func TestRepeatTellsOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, op1, op2, told := repeatWorld(t, dir, route.Fallback{MayRepeat: true})
		sub := w.submission("46100001", "hello")
		sub.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		id := w.submit(sub)[0]
		op1.answer(1, given(t, op1), "a")
		toldOnly(t, w, told, id, message.Enroute)
		<-op1.report("a", message.Enroute, "46100001")
		toldOnly(t, w, told, id, message.Buffered)
		<-op1.report("a", message.Undeliverable, "46100001")
		op2.answer(2, given(t, op2), "b")
		toldOnly(t, w, told, id)
		<-op2.report("b", message.Enroute, "46100001")
		toldOnly(t, w, told, id)
		<-op2.report("b", message.Delivered, "46100001")
		toldOnly(t, w, told, id, message.Delivered)
	})
}

// TestRepeatTellsOnceFromDisk: likewise when the message was on disk only while the customer acknowledged.
func TestRepeatTellsOnceFromDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		told := &fakeReceiver{limit: 100}
		w := start(t, dir, Options{Snapshot: repeating(route.Fallback{MayRepeat: true}), MarkLag: time.Second, OpenMemory: 1, ShelfMemory: 1}, func(w *world) {
			w.Receive(message.SMPPTarget, told)
		})
		op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
		op1.core.SessionUp(1, 10)
		op2.core.SessionUp(2, 10)
		sub := w.submission("46100001", "hello")
		sub.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		id := w.submit(sub)[0]
		op1.answer(1, given(t, op1), "a")
		toldOnly(t, w, told, id, message.Enroute)
		<-op1.report("a", message.Enroute, "46100001")
		synctest.Wait()
		buffered := told.take()
		for n := range 3 {
			w.submit(w.untold("46100002", "another"))
			op1.answer(1, given(t, op1), "x"+strconv.Itoa(n))
			time.Sleep(5 * time.Second)
		}
		w.mu.Lock()
		if w.known(id) {
			t.Error("the message is in memory")
		}
		w.mu.Unlock()
		for _, it := range buffered {
			w.Delivered([]Delivered{{Item: it}})
		}
		<-op1.report("a", message.Undeliverable, "46100001")
		time.Sleep(5 * time.Second)
		op2.answer(2, given(t, op2), "b")
		toldOnly(t, w, told, id)
		<-op2.report("b", message.Enroute, "46100001")
		time.Sleep(5 * time.Second)
		toldOnly(t, w, told, id)
		<-op2.report("b", message.Delivered, "46100001")
		time.Sleep(5 * time.Second)
		toldOnly(t, w, told, id, message.Delivered)
	})
}

// TestFallbackRule: the failures that a rule names lead to the next link after as
// many as it says, and a link that was away has to stay before it is preferred.
func TestFallbackRule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, op1, op2, _ := repeatWorld(t, dir, route.Fallback{After: 2, On: []string{"busy", "refused"}})
		untold := func() message.ID { return w.submit(w.untold("46100001", "hello"))[0] }
		untold()
		op1.fail(1, given(t, op1), message.Busy)
		time.Sleep(7 * time.Second)
		op1.fail(1, given(t, op1), message.Busy)
		op2.answer(2, given(t, op2), "a")

		untold()
		op1.fail(1, given(t, op1), message.Refused) // it will not be better there
		op2.answer(2, given(t, op2), "b")

		id := untold()
		op1.fail(1, given(t, op1), message.BadContent)
		synctest.Wait()
		w.wantState(id, message.Rejected)

		untold()
		op1.fail(1, given(t, op1), message.Absent) // not named: the same link again
		time.Sleep(70 * time.Second)
		op1.answer(1, given(t, op1), "c")
		if n := len(op2.take()); n > 0 {
			t.Errorf("op2 was given %d", n)
		}

		op1.core.SessionDown(1, nil, nil)
		time.Sleep(20 * time.Second)
		untold()
		op2.answer(2, given(t, op2), "d")
		op1.core.SessionUp(3, 10)
		untold()
		op2.answer(2, given(t, op2), "e")
		time.Sleep(31 * time.Second)
		untold()
		op1.answer(3, given(t, op1), "f")
	})
}

// TestMoveSkipsLinkThatHadIt: what waits for its next attempt is not moved by hand
// to a link whose operator may still deliver it.
func TestMoveSkipsLinkThatHadIt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, op1, op2, _ := repeatWorld(t, t.TempDir(), route.Fallback{MayRepeat: true})
		id := w.submit(w.submission("46100001", "hello"))[0]
		o := given(t, op1)
		op1.answer(1, o, "one")
		op2.core.SessionDown(2, nil, nil)
		op1.core.Reports([]message.Report{{OperatorID: "one", State: message.Undeliverable, From: o.Message.To}}, func(error) {})
		synctest.Wait()
		if j := acted(w, ActRequest{Act: ActMove, Link: "op1"}); j.Done != 0 || j.Refused != 1 {
			t.Errorf("to the link that had it: %+v", j)
		}
		if j := acted(w, ActRequest{Act: ActMove, Link: "once"}); j.Done != 1 || j.Refused != 0 {
			t.Errorf("to another: %+v; log %s", j, describe(w.onDisk(id)))
		}
	})
}

// TestMovedWhileReceiptMissed: that a receipt is missing of the second link of a
// route stops nothing when the message has been moved to a link of its own since.
func TestMovedWhileReceiptMissed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		snap := repeating(route.Fallback{MayRepeat: true, Missing: 2 * time.Minute})
		snap.Routes = route.NewTable([]route.Rule{{
			Via:      route.Via{{Link: "op1"}, {Link: "op2"}, {Link: "op3"}},
			Fallback: &route.Fallback{MayRepeat: true, Missing: 2 * time.Minute},
		}})
		snap.Links["op3"] = snap.Links["op1"]
		w := start(t, t.TempDir(), Options{Snapshot: snap, MarkLag: 5 * time.Second}, nil)
		op1, op2, once := w.fakeLink("op1"), w.fakeLink("op2"), w.fakeLink("once")
		op1.core.SessionUp(1, 10)
		op2.core.SessionUp(2, 10)
		once.core.SessionUp(3, 10)
		id := w.submit(w.untold("46100001", "hello"))[0]
		op1.answer(1, given(t, op1), "a")
		<-op1.report("a", message.Undeliverable, "46100001")
		op2.answer(2, given(t, op2), "b")
		<-op2.report("b", message.Undeliverable, "46100001")
		synctest.Wait()
		if j := acted(w, ActRequest{Act: ActMove, Link: "once"}); j.Done != 1 {
			t.Fatalf("moved: %+v; log %s", j, describe(w.onDisk(id)))
		}
		time.Sleep(10 * time.Second) // of which the receipts are missing one after the other
		once.answer(3, given(t, once), "c")
		time.Sleep(5 * time.Minute)
		<-once.report("c", message.Delivered, "46100001")
		synctest.Wait()
		if m := w.onDisk(id); m.State != message.Delivered {
			t.Errorf("the message is %s", m.State)
		}
	})
}

// TestRepeatWaitsOverARestart: a message that waits for the next link after a
// negative receipt waits for it after a restart too, and is not sent once more by
// the link that had it, though that alone has a session.
func TestRepeatWaitsOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		f := route.Fallback{MayRepeat: true}
		w, op1, op2, _ := repeatWorld(t, dir, f)
		op2.core.SessionDown(2, nil, errors.New("lost"))
		id := w.submit(w.submission("46100001", "hello"))[0]
		op1.answer(1, given(t, op1), "a")
		<-op1.report("a", message.Undeliverable, "46100001")
		synctest.Wait()
		if n := len(op1.take()) + len(op2.take()); n > 0 {
			t.Fatal("it was sent without a session of the next link")
		}
		w.end()

		told := &fakeReceiver{limit: 100}
		w = start(t, dir, Options{Snapshot: repeating(f)}, func(w *world) { w.Receive(message.SMPPTarget, told) })
		op1, op2 = w.fakeLink("op1"), w.fakeLink("op2")
		op1.core.SessionUp(1, 10)
		time.Sleep(10 * time.Second)
		if n := len(op1.take()); n > 0 {
			t.Error("the link that had it sent it again")
		}
		op2.core.SessionUp(2, 10)
		op2.answer(2, given(t, op2), "b")
		<-op2.report("b", message.Delivered, "46100001")
		toldOnly(t, w, told, id, message.Delivered)
	})
}

// TestMovedWaitsOverARestart: a message that a link could not send and that was
// moved to another waits for that one after a restart.
func TestMovedWaitsOverARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		f := route.Fallback{On: []string{"memory_full"}} // busy does not lead to the next
		w, op1, op2, _ := repeatWorld(t, dir, f)
		w.submit(w.submission("46100001", "hello"))
		o := given(t, op1)
		op1.core.Answered(1, []connector.Answer{{Out: o, Failure: &message.Failure{Kind: message.Busy}}})
		op2.core.SessionDown(2, nil, errors.New("lost"))
		synctest.Wait()
		if j := acted(w, ActRequest{Act: ActMove, Link: "op2"}); j.Done != 1 {
			t.Fatalf("moved: %+v", j)
		}
		w.end()
		w = start(t, dir, Options{Snapshot: repeating(f)}, nil)
		op1, op2 = w.fakeLink("op1"), w.fakeLink("op2")
		op1.core.SessionUp(1, 10)
		time.Sleep(time.Minute)
		if n := len(op1.take()); n > 0 {
			t.Error("the link from which it was moved sent it")
		}
		op2.core.SessionUp(2, 10)
		given(t, op2)
	})
}
