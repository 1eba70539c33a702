package gateway

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"kurir/connector"
	"kurir/message"
)

// receiptStep is one thing that an operator does.
type receiptStep struct {
	answer []string      // ids, a part each
	id     string        // of a receipt
	state  message.State // of the receipt
	from   string
	wait   time.Duration
}

// TestReceipts plays what operators do with receipts to one message of one or
// three parts and looks at the message's state behind each.
func TestReceipts(t *testing.T) {
	t.Parallel()
	const to = "46100001"
	d, u, e := message.Delivered, message.Undeliverable, message.Enroute
	tests := []struct {
		name  string
		parts int
		steps []receiptStep
		want  []message.State // behind each step
	}{
		{name: "after the answer", steps: []receiptStep{{answer: []string{"1f"}}, {id: "1f", state: d}}, want: []message.State{e, d}},
		{name: "letters of either case and leading zeros", steps: []receiptStep{{answer: []string{"00AB"}}, {id: "ab", state: d}}, want: []message.State{e, d}},
		{name: "before the answer", steps: []receiptStep{{id: "7", state: d, from: to}, {answer: []string{"7"}}}, want: []message.State{message.Sending, d}},
		{name: "before the answer, another phone", steps: []receiptStep{{id: "7", state: d, from: "46100009"}, {answer: []string{"7"}}}, want: []message.State{message.Sending, e}},
		{name: "answer hex, receipt decimal", steps: []receiptStep{{answer: []string{"ff01"}}, {id: "65281", state: d}}, want: []message.State{e, d}},
		{name: "answer decimal, receipt hex", steps: []receiptStep{{answer: []string{"65281"}}, {id: "FF01", state: d}}, want: []message.State{e, d}},
		{name: "before the answer in another form", steps: []receiptStep{{id: "65281", state: d, from: to}, {answer: []string{"ff01"}}}, want: []message.State{message.Sending, d}},
		{name: "another phone", steps: []receiptStep{{answer: []string{"1"}}, {id: "1", state: d, from: "46100009"}}, want: []message.State{e, e}},
		{name: "number written in another way", steps: []receiptStep{{answer: []string{"1"}}, {id: "1", state: d, from: "0046100001"}}, want: []message.State{e, d}},
		{name: "unknown id", steps: []receiptStep{{answer: []string{"1"}}, {id: "2222", state: d}}, want: []message.State{e, e}},
		{name: "bad state", steps: []receiptStep{{answer: []string{"1"}}, {id: "1", state: u}}, want: []message.State{e, u}},
		{name: "twice, the first counts", steps: []receiptStep{{answer: []string{"1"}}, {id: "1", state: u}, {id: "1", state: d}}, want: []message.State{e, u, u}},
		{name: "intermediate, then final", steps: []receiptStep{{answer: []string{"1"}}, {id: "1", state: e}, {id: "1", state: d}}, want: []message.State{e, e, d}},
		{name: "late, from disk", steps: []receiptStep{{answer: []string{"1"}}, {wait: time.Minute}, {id: "1", state: d}}, want: []message.State{e, e, d}},
		{name: "late, in another form", steps: []receiptStep{{answer: []string{"ff01"}}, {wait: time.Minute}, {id: "65281", state: d}}, want: []message.State{e, e, d}},
		{name: "late, another phone", steps: []receiptStep{{answer: []string{"1"}}, {wait: time.Minute}, {id: "1", state: d, from: "46100009"}}, want: []message.State{e, e, e}},
		{name: "never", steps: []receiptStep{{answer: []string{"1"}}, {wait: time.Hour + 9*time.Minute}, {wait: 2 * time.Minute}}, want: []message.State{e, e, message.Unknown}},
		{
			name: "three parts in any order", parts: 3,
			steps: []receiptStep{{answer: []string{"1", "2", "3"}}, {id: "3", state: d}, {id: "1", state: d}, {id: "1", state: d}, {id: "2", state: d}},
			want:  []message.State{e, e, e, e, d},
		},
		{
			name: "three parts, one lost", parts: 3,
			steps: []receiptStep{{answer: []string{"1", "2", "3"}}, {id: "3", state: d}, {id: "1", state: u}, {id: "2", state: d}},
			want:  []message.State{e, e, u, u},
		},
		{
			name: "three parts, late, each read from disk", parts: 3,
			steps: []receiptStep{{answer: []string{"1", "2", "3"}}, {wait: time.Minute}, {id: "3", state: d}, {wait: time.Minute}, {id: "1", state: d}, {id: "2", state: d}},
			want:  []message.State{e, e, e, e, e, d},
		},
		{
			name: "three parts, some before the answer", parts: 3,
			steps: []receiptStep{{id: "2", state: d, from: to}, {answer: []string{"1", "2", "3"}}, {id: "3", state: d}, {id: "1", state: d}},
			want:  []message.State{message.Sending, e, e, d},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { playReceipts(t, tt.parts, tt.steps, tt.want, 0) })
		if tt.steps[0].answer != nil {
			t.Run(tt.name+", off the shelf", func(t *testing.T) { playReceipts(t, tt.parts, tt.steps, tt.want, shelveAfter+time.Second) })
		}
	}
}

// playReceipts plays steps to one message, with a pause behind each.
func playReceipts(t *testing.T, parts int, steps []receiptStep, want []message.State, pause time.Duration) {
	const to = "46100001"
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{MarkLag: 5 * time.Second}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		text := "hello"
		for range max(1, parts) - 1 {
			text += longText
		}
		id := w.submit(w.untold(to, text))[0]
		synctest.Wait()
		out := op.take()
		for i, step := range steps {
			switch {
			case step.answer != nil:
				op.answer(1, out[0], step.answer[0], step.answer[1:]...)
			case step.id != "":
				if err := <-op.report(step.id, step.state, step.from); err != nil {
					t.Errorf("step %d: %v", i, err)
				}
			}
			time.Sleep(step.wait + pause)
			synctest.Wait()
			if m := w.onDisk(id); m.State != want[i] {
				t.Fatalf("%s behind step %d, want %s; log %s", m.State, i, want[i], describe(m))
			}
		}
		if want[len(want)-1].Final() {
			time.Sleep(time.Second)
			w.wantNothingLeft()
		}
	})
}

const longText = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"

// TestComplaint02IDForms compares ids of answers and receipts as the link is set to.
func TestComplaint02IDForms(t *testing.T) {
	t.Parallel()
	tests := []struct {
		forms           IDForms
		answer, receipt string
		known           bool
	}{
		{IDsInAnyForm, "00AB", "ab", true},
		{IDsInAnyForm, "ff01", "65281", true},
		{IDsAsAnswered, "00AB", "ab", true},
		{IDsAsAnswered, "ff01", "65281", false},
		{IDsExactly, "00AB", "00AB", true},
		{IDsExactly, "00AB", "00ab", false},
		{IDsExactly, "00AB", "AB", false},
		{IDsExactly, "ff01", "65281", false},
	}
	for _, tt := range tests {
		for _, early := range []bool{false, true} {
			for _, wait := range []time.Duration{0, time.Minute} { // in memory, on disk
				t.Run(fmt.Sprint(tt, early, wait), func(t *testing.T) {
					t.Parallel()
					dir := t.TempDir()
					bubble(t, func(t *testing.T) {
						snap := testSnapshot()
						snap.Links["op1"] = LinkSettings{Name: "op1", IDs: tt.forms}
						w := start(t, dir, Options{MarkLag: 5 * time.Second, Snapshot: snap}, nil)
						op := w.fakeLink("op1")
						op.core.SessionUp(1, 10)
						id := w.submit(w.untold("46100001", "hello"))[0]
						synctest.Wait()
						out := op.take()
						if early {
							<-op.report(tt.receipt, message.Delivered, "46100001")
						}
						op.answer(1, out[0], tt.answer)
						if !early {
							time.Sleep(wait)
							<-op.report(tt.receipt, message.Delivered, "46100001")
						}
						synctest.Wait()
						want := message.Enroute
						if tt.known {
							want = message.Delivered
						}
						w.wantState(id, want)
					})
				})
			}
		}
	}
}

// TestReceiptOfNothing: a receipt that names no message is acknowledged and
// counted, and not kept.
func TestReceiptOfNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		if err := <-op.report("", message.Delivered, ""); err != nil {
			t.Fatal(err)
		}
		if n, held := w.count.receiptsUnknown.Load(), w.count.receiptsHeld.Load(); n != 1 || held != 0 {
			t.Errorf("%d unknown, %d held", n, held)
		}
	})
}

// TestSameOperatorID lets an operator that was started anew give its ids again:
// the phone tells whose a receipt is, and where it does not, nothing is guessed.
func TestSameOperatorID(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		var subs []*Submission
		for _, to := range []string{"46100001", "46100002", "46100003", "46100003"} {
			subs = append(subs, w.submission(to, "hello"))
			subs[len(subs)-1].Target = message.Target{}
		}
		ids := w.submit(subs...)
		synctest.Wait()
		for _, o := range op.take() {
			op.answer(1, o, "1")
		}
		for _, step := range []struct {
			from string
			want []message.State
		}{
			{"46100003", []message.State{message.Enroute, message.Enroute, message.Enroute, message.Enroute}},
			{"46100002", []message.State{message.Enroute, message.Delivered, message.Enroute, message.Enroute}},
			{"46100001", []message.State{message.Delivered, message.Delivered, message.Enroute, message.Enroute}},
			{"46100001", []message.State{message.Delivered, message.Delivered, message.Enroute, message.Enroute}},
		} {
			<-op.report("1", message.Delivered, step.from)
			for i, id := range ids {
				w.wantState(id, step.want[i])
			}
		}
		time.Sleep(2 * time.Hour)
		w.wantState(ids[2], message.Unknown)
		w.wantState(ids[3], message.Unknown)
		w.wantNothingLeft()
	})
}

// TestReceiptOfALinkThatFailed sends a message again by another link: only that
// one's receipt counts.
func TestReceiptOfALinkThatFailed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.twoLinks()
		id := w.submit(w.untold("46200001", "hello"+longText))[0]
		synctest.Wait()
		// The first operator takes one part of two.
		op1.core.Answered(1, []connector.Answer{{Out: op1.take()[0], ID: "5", Failure: &message.Failure{Kind: message.Busy}}})
		time.Sleep(time.Second)
		op2.answer(2, op2.take()[0], "5", "6")
		<-op1.report("5", message.Undeliverable, "46200001")
		w.wantState(id, message.Enroute)
		<-op2.report("5", message.Delivered, "46200001")
		<-op2.report("6", message.Delivered, "46200001")
		w.wantState(id, message.Delivered)
	})
}

// TestContradiction reports a message undeliverable and then delivered: the first
// state stands, and the log shows the other.
func TestContradiction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		id := w.submit(w.untold("46100001", "hello"))[0]
		synctest.Wait()
		op.answer(1, op.take()[0], "1")
		for _, state := range []message.State{message.Undeliverable, message.Undeliverable, message.Delivered} {
			if err := <-op.report("1", state, ""); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(3 * time.Second)
		w.wantState(id, message.Undeliverable)
		m := w.onDisk(id)
		events, err := message.DecodeLog(m.Log, m.ID)
		if last := events[len(events)-1]; err != nil || last.Kind != message.EventLate || last.State != message.Delivered {
			t.Errorf("log %s", describe(m))
		}
		if s := w.Stats(); s.ReceiptsRepeated != 1 || s.ReceiptsContradicting != 1 {
			t.Errorf("%d receipts count as repeated and %d as contradicting, want one of each", s.ReceiptsRepeated, s.ReceiptsContradicting)
		}
		w.wantNothingLeft()
	})
}

// TestHeldReceiptsKeepTheirOwn: what is kept of a receipt that matches nothing
// does not keep the octets that came with it, of which there may be 64 KiB.
func TestHeldReceiptsKeepTheirOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		octets := strings.Repeat("7", 64<<10) // a PDU, of which the strings are parts
		if err := <-op.report(octets[:20], message.Delivered, octets[:11]); err != nil {
			t.Fatal(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, list := range w.held {
			for _, h := range list {
				if r := &h.Report; unsafe.StringData(r.OperatorID) == unsafe.StringData(octets) || unsafe.StringData(r.From.Number) == unsafe.StringData(octets) {
					t.Error("a receipt that is held keeps its whole PDU")
				}
			}
		}
		if len(w.held) == 0 {
			t.Error("none is held")
		}
	})
}

// TestHeldReceiptsAreBounded sends receipts of one unknown id without end.
func TestHeldReceiptsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		for range 100 {
			<-op.report("77", message.Delivered, "")
		}
		if n := w.Stats().HeldNow; n != heldOfOneID {
			t.Errorf("%d receipts of one id are held", n)
		}
		time.Sleep(15 * time.Minute)
		if n := w.store.Counts().Held; n != 0 || w.Stats().HeldNow != 0 {
			t.Errorf("%d receipts are still held", n)
		}
	})
}
