package gateway

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// submissions are n texts for op1.
func submissions(w *world, n int) []*Submission {
	subs := make([]*Submission, n)
	for i := range subs {
		subs[i] = w.submission("46100001", "hello")
	}
	return subs
}

// deliveredMessages makes n messages whose delivery is owed to their target.
func deliveredMessages(w *world, op *fakeLink, n int, change func(*Submission)) []message.ID {
	w.t.Helper()
	subs := submissions(w, n)
	for _, s := range subs {
		if change != nil {
			change(s)
		}
	}
	ids := w.submit(subs...)
	synctest.Wait()
	for _, o := range op.take() {
		id := o.Message.ID.String()
		op.answer(1, o, id)
		op.report(id, message.Delivered, "")
	}
	synctest.Wait()
	return ids
}

// TestAbsentTarget owes states to an account of which no session is bound: they
// are kept on disk, also over a restart, and told in order when one is.
func TestAbsentTarget(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{}
		set := func(w *world) { w.Receive(message.SMPPTarget, r) }
		w := start(t, dir, Options{OutboxMemory: 8}, set)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		const n = 30
		ids := deliveredMessages(w, op, n, nil)
		time.Sleep(5 * time.Second)
		if got := w.store.Counts().Owed; got != n {
			t.Errorf("%d rows say what is owed, want %d", got, n)
		}
		w.mu.Lock()
		if len(w.open) > 0 {
			t.Errorf("%d messages owed to an absent account are in memory", len(w.open))
		}
		w.mu.Unlock()
		w.end()

		w = start(t, dir, Options{OutboxMemory: 8}, set)
		time.Sleep(5 * time.Second)
		if items := r.take(); len(items) > 0 {
			t.Fatalf("%d items were given to nobody", len(items))
		}
		r.setLimit(3)
		w.Wake(message.SMPPTarget, "acme")
		var told []message.ID
		for len(told) < n {
			time.Sleep(time.Second)
			items := r.take()
			if len(items) == 0 || len(items) > 3 {
				t.Fatalf("%d items with a limit of 3, %d told so far", len(items), len(told))
			}
			for _, it := range items {
				told = append(told, it.Message.ID)
				w.Delivered([]Delivered{{Item: it}})
			}
		}
		for i, id := range ids {
			if told[i] != id {
				t.Fatalf("told %v, want the order of %v", told, ids)
			}
		}
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestBindWhileLastSessionEnds lets a session bind between the loss of the last
// one and the verdict that nobody was there.
func TestBindWhileLastSessionEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 10}
		w := start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		deliveredMessages(w, op, 1, nil)
		it := r.take()[0]
		w.Wake(message.SMPPTarget, "acme") // the new session
		w.Delivered([]Delivered{{Item: it, Verdict: NobodyThere}})
		time.Sleep(3 * time.Second)
		items := r.take()
		if len(items) != 1 {
			t.Fatalf("%d items were given to the new session", len(items))
		}
		w.Delivered([]Delivered{{Item: items[0]}})
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestWebhookBackoff lets a webhook fail, over a restart: the waits grow, and it
// is given up when it is too old. Those of inbound messages do the same.
func TestWebhookBackoff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		tries := map[bool][]time.Time{}
		var mu sync.Mutex
		said := map[bool][]Delivered{}
		hours := 6
		if underRace {
			hours = 1
		}
		opt := Options{MaxAge: time.Duration(hours) * time.Hour}
		set := func(w *world) {
			w.Receive(message.WebhookTarget, &fakeReceiver{limit: 10, on: func(_ string, items []*Item) {
				for _, it := range items {
					tries[it.Inbound != nil] = append(tries[it.Inbound != nil], time.Now())
					go func() {
						list := []Delivered{{Item: it, Verdict: TryLater, Code: 500, Text: "no"}}
						w.Delivered(list)
						mu.Lock()
						defer mu.Unlock()
						said[it.Inbound != nil] = append(said[it.Inbound != nil], list[0])
					}()
				}
			}})
		}
		w := start(t, dir, opt, set)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		id := deliveredMessages(w, op, 1, func(s *Submission) {
			s.Target = message.Target{Kind: message.WebhookTarget, Address: "http://127.0.0.1/x"}
		})[0]
		op.core.Inbound([]*message.Inbound{{
			From: message.Address{TON: 1, Number: "46700000001"}, To: message.Address{TON: 1, Number: "4622222"},
			Content: message.Content{Text: "hello", Class: -1},
		}}, func(error) {})
		time.Sleep(30 * time.Minute)
		w.end()
		w = start(t, dir, opt, set)
		time.Sleep(opt.MaxAge)
		synctest.Wait()
		for inbound, at := range tries {
			wait := 5 * time.Second
			for i := 1; i < len(at); i++ {
				if got := at[i].Sub(at[i-1]); got < wait*8/10 || got > wait*12/10+3*time.Second {
					t.Errorf("inbound %t: try %d came %v after the one before, want about %v", inbound, i+1, got, wait)
				}
				wait = min(2*wait, 15*time.Minute)
			}
			for i, d := range said[inbound] {
				last := i == len(at)-1
				if last != (d.Verdict == GiveUp) || last != (d.Again == 0) || !last && at[i+1].UnixMilli() < d.Again {
					t.Errorf("inbound %t: of try %d is said %+v", inbound, i+1, d)
				}
			}
			if least := 5 + 4*hours - 1; len(at) < least || len(at) > least+10 {
				t.Errorf("inbound %t: %d tries in %d hours", inbound, len(at), hours)
			}
		}
		if m := w.onDisk(id); m.Owed || m.State != message.Delivered {
			t.Errorf("owed %t, %s; log %s", m.Owed, m.State, describe(m))
		}
		w.wantNothingLeft()
	})
}

// TestWebhookRests puts an item off because its target rests: no attempt is
// counted, the waits grow, and its age does not end it at once.
func TestWebhookRests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		tries := 0
		w := start(t, dir, Options{MaxAge: time.Minute}, func(w *world) {
			w.Receive(message.WebhookTarget, &fakeReceiver{limit: 10, on: func(_ string, items []*Item) {
				tries += len(items)
				go w.Delivered([]Delivered{{Item: items[0], Verdict: TryLater, Untried: true, Text: "not called: it rests"}})
			}})
		})
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		id := deliveredMessages(w, op, 1, func(s *Submission) {
			s.Target = message.Target{Kind: message.WebhookTarget, Address: "http://127.0.0.1/x"}
		})[0]
		time.Sleep(time.Hour)
		synctest.Wait()
		if st := w.Stats(); st.TellFailed != 0 || st.ToldGivenUp != 1 {
			t.Errorf("%d attempts failed, %d were given up", st.TellFailed, st.ToldGivenUp)
		}
		if tries != restedEnough+1 || w.onDisk(id).Owed {
			t.Errorf("%d tries, owed %t", tries, w.onDisk(id).Owed)
		}
		w.wantNothingLeft()
	})
}

// TestStatesInOrder tells an intermediate and the final state of a message: one
// after the other, however long the first takes.
func TestStatesInOrder(t *testing.T) {
	t.Parallel()
	for _, first := range []Verdict{Acknowledged, TryLater, GiveUp, NobodyThere} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			r := &fakeReceiver{limit: 10}
			w := start(t, dir, Options{}, func(w *world) { w.Receive(message.KannelTarget, r) })
			op := w.fakeLink("op1")
			op.core.SessionUp(1, 100)
			deliveredMessages(w, op, 1, func(s *Submission) {
				s.Target, s.Receipts = message.Target{Kind: message.KannelTarget, Address: "http://127.0.0.1/?%d"}, message.ReceiptFinal|message.ReceiptIntermediate
			})
			var told []message.State
			verdict := first
			for range 20 {
				items := r.take()
				if len(items) > 1 {
					t.Errorf("verdict %d: %d states at the same time", first, len(items))
				}
				for _, it := range items {
					told = append(told, it.State)
					w.Delivered([]Delivered{{Item: it, Verdict: verdict}})
					verdict = Acknowledged
				}
				time.Sleep(time.Second)
			}
			want := []message.State{message.Enroute, message.Enroute, message.Delivered}
			if first == Acknowledged || first == GiveUp {
				want = want[1:]
			}
			if len(told) != len(want) || told[0] != want[0] || told[len(told)-1] != want[len(want)-1] {
				t.Errorf("verdict %d: told %v, want %v", first, told, want)
			}
			w.wantNothingLeft()
		})
	}
}

// TestOperatorTookIt tells customers that ask for it that the operator took a
// message, also when no receipt was asked of him.
func TestOperatorTookIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 10}
		w := start(t, dir, Options{}, func(w *world) { w.Receive(message.KannelTarget, r) })
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		id := deliveredMessages(w, op, 1, func(s *Submission) {
			s.Target, s.Receipts = message.Target{Kind: message.KannelTarget, Address: "http://127.0.0.1/?%d"}, message.ReceiptIntermediate
		})[0]
		w.wantState(id, message.Sent)
		items := r.take()
		if len(items) != 1 || items[0].State != message.Enroute {
			t.Fatalf("told %v", items)
		}
		w.Delivered([]Delivered{{Item: items[0]}})
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestOwedBehindTheCursor lets states be owed, while a long list of owed ones is
// read from disk, of messages that are older than what has been read: those too
// are told.
func TestOwedBehindTheCursor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{}
		w := start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10_000)
		const old, n = 5, owedMost + 200
		ids := w.submit(submissions(w, old)...)
		synctest.Wait()
		for _, o := range op.take() {
			op.answer(1, o, o.Message.ID.String())
		}
		deliveredMessages(w, op, n, nil) // to nobody: onto disk
		time.Sleep(3 * time.Second)

		r.setLimit(10)
		w.Wake(message.SMPPTarget, "acme")
		synctest.Wait() // the first helping has been read
		for _, id := range ids {
			op.report(id.String(), message.Delivered, "")
		}
		told := map[message.ID]int{}
		for range 200 {
			time.Sleep(100 * time.Millisecond)
			for _, it := range r.take() {
				told[it.Message.ID]++
				w.Delivered([]Delivered{{Item: it}})
			}
		}
		for _, id := range ids {
			if told[id] != 1 {
				t.Errorf("the state of %s was told %d times", id, told[id])
			}
		}
		if len(told) != old+n {
			t.Errorf("%d states were told, want %d", len(told), old+n)
		}
		w.wantNothingLeft()
	})
}

// TestOwedUnderLoad lets an account come back while its messages go on ending:
// after what is on disk its states go their way through memory again.
func TestOwedUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{}
		w := start(t, dir, Options{}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10_000)
		deliveredMessages(w, op, 300, nil) // to nobody: onto disk
		time.Sleep(3 * time.Second)
		w.submit(submissions(w, 3000)...)
		synctest.Wait()
		var enroute []string
		for _, o := range op.take() {
			op.answer(1, o, o.Message.ID.String())
			enroute = append(enroute, o.Message.ID.String())
		}
		told := 0
		r.on = func(_ string, items []*Item) {
			told += len(items)
			for _, it := range items { // each that is told brings the end of another
				go func() {
					next := ""
					if r.mu.Lock(); len(enroute) > 0 {
						next, enroute = enroute[0], enroute[1:]
					}
					r.mu.Unlock()
					if next != "" {
						op.report(next, message.Delivered, "")
					}
					w.Delivered([]Delivered{{Item: it}})
				}()
			}
		}
		r.setLimit(50)
		w.Wake(message.SMPPTarget, "acme")
		for range 100 {
			time.Sleep(100 * time.Millisecond)
			r.mu.Lock()
			left := len(enroute)
			r.mu.Unlock()
			if left == 0 {
				break
			}
		}
		w.mu.Lock()
		behind := w.box(message.SMPPTarget, "acme").behind
		w.mu.Unlock()
		if behind {
			t.Error("what is owed still goes by the disk")
		}
		time.Sleep(5 * time.Second)
		if told != 3300 {
			t.Errorf("%d states were told, want 3300", told)
		}
		w.wantNothingLeft()
	})
}
