package gateway

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestIntermediateStates plays what an operator says on the way and looks at
// what a customer is told who asked for intermediate states: each at most once,
// in order, and none behind the final one.
func TestIntermediateStates(t *testing.T) {
	t.Parallel()
	const answer = "answer"
	final, all := message.ReceiptFinal, message.ReceiptFinal|message.ReceiptIntermediate
	tests := []struct {
		name    string
		asked   message.Receipts
		steps   []string // answer, wait, moment, restart, or the state of a receipt
		slow    bool     // the customer answers at the end only
		failing int      // times that the customer asks for patience
		want    []string
	}{
		{"on the way", all, []string{answer, "enroute", "delivered"}, false, 0, []string{"enroute", "buffered", "delivered"}},
		{"often", all, []string{answer, "enroute", "enroute", "enroute", "delivered"}, false, 0, []string{"enroute", "buffered", "delivered"}},
		{"not asked", final, []string{answer, "enroute", "delivered"}, false, 0, []string{"delivered"}},
		{"to a slow customer", all, []string{answer, "enroute", "enroute", "delivered"}, true, 0, []string{"enroute", "buffered", "delivered"}},
		{"behind the final one", all, []string{answer, "delivered", "enroute"}, false, 0, []string{"enroute", "delivered"}},
		{"before the answer", all, []string{"enroute", answer, "delivered"}, false, 0, []string{"enroute", "buffered", "delivered"}},
		{"later", all, []string{answer, "wait", "enroute", "wait", "enroute", "wait", "delivered"}, false, 0, []string{"enroute", "buffered", "delivered"}},
		{"to one who asks for patience", all, []string{answer, "enroute", "wait", "delivered", "wait"}, false, 1, []string{"buffered", "delivered"}},
		{"put off, when it is on disk alone", all, []string{answer, "moment", "enroute", "wait", "delivered", "wait"}, false, 1, []string{"buffered", "delivered"}},
		{"over a restart", all, []string{answer, "enroute", "restart", "enroute", "delivered"}, false, 0, []string{"enroute", "buffered", "delivered"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				var told []string
				r := &fakeReceiver{limit: 10}
				var w *world
				failing := tt.failing
				tell := func(w *world, it *Item) {
					told = append(told, it.State.String())
					if slices.Contains(tt.steps, "moment") {
						time.Sleep(time.Second) // the message leaves memory meanwhile
					}
					w.Delivered([]Delivered{{Item: it, Code: 200}})
				}
				set := func(w *world) {
					w.Receive(message.SMPPTarget, r)
					r.answers(w, tt.slow, &failing, tell)
				}
				opt := Options{MarkLag: 5 * time.Second}
				if slices.Contains(tt.steps, "moment") {
					opt = Options{MarkLag: time.Second, OpenMemory: 1}
				}
				w = start(t, dir, opt, set)
				op := w.fakeLink("op1")
				op.core.SessionUp(1, 10)
				s := w.submission("46100001", "hello")
				s.Receipts = tt.asked
				w.submit(s)
				synctest.Wait()
				out := op.take()
				for _, step := range tt.steps {
					switch step {
					case answer:
						op.core.Answered(1, []connector.Answer{{Out: out[0], ID: "77"}})
					case "wait":
						time.Sleep(time.Minute)
					case "moment": // until it has left memory, and before it is tried again
						time.Sleep(3 * time.Second)
						w.mu.Lock()
						if n := len(w.open); n > 0 {
							t.Errorf("%d messages are in memory", n)
						}
						w.mu.Unlock()
					case "restart":
						w.end()
						w = start(t, dir, opt, set)
						op = w.fakeLink("op1")
					default:
						state, err := message.ParseState(step)
						if err != nil {
							t.Fatal(err)
						}
						<-op.report("77", state, "46100001")
					}
					synctest.Wait()
				}
				for tt.slow {
					items := r.take()
					if len(items) == 0 {
						break
					}
					for _, it := range items {
						tell(w, it)
						synctest.Wait()
					}
				}
				if fmt.Sprint(told) != fmt.Sprint(tt.want) {
					t.Errorf("told %v, want %v", told, tt.want)
				}
				if slices.Contains(tt.steps, "delivered") {
					time.Sleep(2 * time.Second)
					w.wantNothingLeft()
				}
			})
		})
	}
}

// TestTwoRowsOfIntermediateStates: a state that is to be tried again is on disk when
// the next one comes, which is being told when the first one's time has come.
// Nothing of it stays behind.
func TestTwoRowsOfIntermediateStates(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var told []string
		r, failing := &fakeReceiver{limit: 10}, 1
		w := start(t, t.TempDir(), Options{}, func(w *world) {
			w.Receive(message.SMPPTarget, r)
			r.answers(w, false, &failing, func(w *world, it *Item) {
				time.Sleep(10 * time.Second)
				told = append(told, it.State.String())
				w.Delivered([]Delivered{{Item: it, Code: 200}})
			})
		})
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		s := w.submission("46100001", "hello")
		s.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		w.submit(s)
		synctest.Wait()
		op.core.Answered(1, []connector.Answer{{Out: op.take()[0], ID: "77"}})
		time.Sleep(retryDelay(1, 0) / 2)
		<-op.report("77", message.Enroute, "46100001")
		time.Sleep(time.Minute)
		<-op.report("77", message.Delivered, "46100001")
		time.Sleep(time.Minute)
		synctest.Wait()
		if fmt.Sprint(told) != "[buffered delivered]" {
			t.Errorf("told %v", told)
		}
		w.wantNothingLeft()
	})
}
