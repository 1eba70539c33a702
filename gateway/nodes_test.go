package gateway

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/store"
)

// nodesOn starts gateways 0 to n-1 on one store.
func nodesOn(t *testing.T, dir string, n int) []*world {
	t.Helper()
	return nodesWith(t, dir, n, func(*world) {})
}

// nodesWith does so; set is called for each before it runs.
func nodesWith(t *testing.T, dir string, n int, set func(*world)) []*world {
	t.Helper()
	layEmpty(t, dir)
	st, err := store.Open(context.Background(), store.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	var list []*world
	for i := range n {
		w := &world{t: t, dir: dir, store: st}
		w.beginNode(i, set)
		list = append(list, w)
	}
	synctest.Wait() // until they listen
	t.Cleanup(func() {
		for _, w := range list {
			w.halt()
		}
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return list
}

// halt ends one of several gateways on a store; nobody has taken over what it had.
func (w *world) halt() {
	w.over.Do(func() {
		w.stop()
		if err := <-w.ended; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
}

// beginNode starts the gateway of a node.
func (w *world) beginNode(number int, set func(w *world)) {
	w.t.Helper()
	snap := testSnapshot()
	g, err := New(context.Background(), Options{Store: w.store, Snapshot: snap, Node: number, Shared: true})
	if err != nil {
		w.t.Fatal(err)
	}
	w.Gateway, w.acme, w.ended = g, snap.Accounts.ByName("acme"), make(chan error, 1)
	w.over = sync.Once{}
	set(w)
	ctx, cancel := context.WithCancel(context.Background())
	w.stop = cancel
	go func() { w.ended <- g.Run(ctx) }()
}

// takesOver has the gateway take over what that of another node had, which is dead.
func (w *world) takesOver(node int) {
	w.t.Helper()
	if _, err := w.store.Fence(node); err != nil {
		w.t.Fatal(err)
	}
	if err := w.Adopt(context.Background(), node); err != nil {
		w.t.Fatal(err)
	}
}

// sentBy has a message go out by a link's first session, and the operator call it by an id.
func (w *world) sentBy(op *fakeLink, sub *Submission, operatorID string) message.ID {
	w.t.Helper()
	id := w.submit(sub)[0]
	synctest.Wait()
	op.answer(1, op.take()[0], operatorID)
	return id
}

// receiversAt has somebody at each gateway tell customers what they are owed.
func receiversAt(nodes []*world) (list []*fakeReceiver) {
	for _, w := range nodes {
		r := &fakeReceiver{}
		w.Receive(message.SMPPTarget, r)
		list = append(list, r)
	}
	return list
}

// TestSentElsewhere: what one gateway accepts another one sends that has the session, at once; the
// receipt may come by either, before or after the answer.
func TestSentElsewhere(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		for by := range 2 {
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				nodes := nodesOn(t, dir, 2)
				l := []*fakeLink{nodes[0].fakeLink("op1"), nodes[1].fakeLink("op1")}
				l[1].core.SessionUp(1, 10)
				nodes[0].HeldElsewhere([]string{"op1"})
				began := time.Now()
				id := nodes[0].submit(nodes[0].untold("46170000001", "hello"))[0]
				for synctest.Wait(); ; time.Sleep(time.Millisecond) {
					l[1].mu.Lock()
					n := len(l[1].sent)
					l[1].mu.Unlock()
					if n > 0 {
						break
					}
				}
				if d := time.Since(began); d > 20*time.Millisecond {
					t.Errorf("it took %v to be sent", d)
				}
				out := l[1].take()[0]
				if !early {
					l[1].answer(1, out, "abc1")
					time.Sleep(10 * time.Second)
				}
				if err := <-l[by].report("abc1", message.Delivered, "46170000001"); err != nil {
					t.Fatal(err)
				}
				if early {
					time.Sleep(10 * time.Second)
					l[1].answer(1, out, "abc1")
				}
				time.Sleep(2 * time.Second)
				nodes[0].wantState(id, message.Delivered)
				if have := nodes[0].store.Counts(); have != (store.Counts{}) {
					t.Errorf("rows left: %+v", have)
				}
				for i, w := range nodes {
					if w.mu.Lock(); w.heldCount > 0 || len(w.open) > 0 {
						t.Errorf("node %d holds %d receipts and %d messages", i, w.heldCount, len(w.open))
					}
					w.mu.Unlock()
				}
			})
		}
	}
}

// TestHeldWhileAway: a receipt that comes to another gateway while the one of the message is being restarted finds it as soon as that is back.
func TestHeldWhileAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		op := nodes[0].fakeLink("op1")
		op.core.SessionUp(1, 10)
		id := nodes[0].sentBy(op, nodes[0].untold("46170000001", "hello"), "abc1")
		time.Sleep(time.Second)
		op.core.SessionDown(1, nil, nil)
		nodes[0].halt()
		if err := <-nodes[1].fakeLink("op1").report("abc1", message.Delivered, "46170000001"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		nodes[1].wantState(id, message.Enroute)
		nodes[0].beginNode(0, func(*world) {})
		time.Sleep(10 * time.Millisecond)
		nodes[1].wantState(id, message.Delivered)
	})
}

// TestCancelElsewhere: a message can be cancelled by any gateway, whoever has it, until it has left.
func TestCancelElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		a, b := nodes[0], nodes[1]
		op := a.fakeLink("op1")
		op.core.SessionUp(1, 1)
		later := a.untold("46170000002", "later")
		later.SendAt = time.Now().Add(time.Minute)
		free := a.untold("46370000001", "for a link that nobody has")
		ids := a.submit(a.untold("46170000001", "leaves"), a.untold("46170000003", "waits behind it"), later, free)
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		var f *message.Failure
		if _, err := b.Cancel(ctx, "", ids[0]); !errors.As(err, &f) || f.Kind != message.NotPermitted {
			t.Errorf("cancel what has left: %v", err)
		}
		for _, id := range ids[1:] {
			began := time.Now()
			if _, err := b.Cancel(ctx, "", id); err != nil {
				t.Errorf("cancel %s: %v", id, err)
			}
			if d := time.Since(began); d > 100*time.Millisecond {
				t.Errorf("cancelling %s took %v", id, d)
			}
			b.wantState(id, message.Deleted)
		}
		synctest.Wait()
		out := op.take()
		if len(out) != 1 {
			t.Fatalf("%d messages were sent", len(out))
		}
		op.answer(1, out[0], "abc1")
		time.Sleep(2 * time.Minute)
		if more := op.take(); len(more) > 0 {
			t.Errorf("%d messages were sent although they had been cancelled", len(more))
		}
	})
}

// TestToldElsewhere: states and messages from phones reach a customer at the gateway where he is bound, also when he
// moves.
func TestToldElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		there := receiversAt(nodes)
		op := nodes[0].fakeLink("op1")
		op.core.SessionUp(1, 10)
		there[1].setLimit(10)
		nodes[1].Wake(message.SMPPTarget, "acme")
		for i, text := range []string{"one", "two"} {
			<-op.inbound(&message.Inbound{
				From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: "4611111"}, Content: message.Content{Text: text, Class: -1},
			})
			at := nodes[1-i]
			time.Sleep(time.Second)
			got := there[1-i].take()
			if len(got) != 1 || got[0].Inbound.Content.Text != text {
				t.Fatalf("node %d was given %v", 1-i, got)
			}
			at.Delivered([]Delivered{{Item: got[0]}})
			there[1].setLimit(0) // he leaves, and comes to the other
			there[0].setLimit(10)
			nodes[0].Wake(message.SMPPTarget, "acme")
		}
		time.Sleep(2 * time.Second)
		if have := nodes[0].store.Counts(); have.Owed > 0 {
			t.Errorf("rows left: %+v", have)
		}
	})
}

// TestCancelWhileTakenOver: who asks a gateway that is dead for a message, and then takes over what that had, has it at once,
// and answers nothing to itself.
func TestCancelWhileTakenOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		later := nodes[1].untold("46170000002", "later")
		later.SendAt = time.Now().Add(time.Hour)
		id := nodes[1].submit(later)[0]
		nodes[1].halt()
		nodes[0].Peers([]int{0, 1})
		cancelled := make(chan error, 1)
		go func() {
			_, err := nodes[0].Cancel(context.Background(), "", id)
			cancelled <- err
		}()
		time.Sleep(100 * time.Millisecond)
		nodes[0].takesOver(1)
		time.Sleep(1100 * time.Millisecond) // the next look
		select {
		case err := <-cancelled:
			if err != nil {
				t.Error(err)
			}
		default:
			t.Error("it is not cancelled yet")
			<-cancelled
		}
		if left := leftOf(nodes[0].store, 0); len(left) > 0 {
			t.Error(left)
		}
		nodes[0].wantState(id, message.Deleted)
	})
}

// TestOldOwedElsewhere: of what waits free for a customer who is bound nowhere a gateway takes only what is too old. With anything else it
// might die, and what comes later would be told first.
func TestOldOwedElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		for _, w := range nodes {
			w.opt.MaxAge = time.Minute
		}
		b := nodes[1]
		op := nodes[0].fakeLink("op1")
		op.core.SessionUp(1, 10)
		text := func(text string) {
			<-op.inbound(&message.Inbound{
				From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: "4611111"}, Content: message.Content{Text: text, Class: -1},
			})
			time.Sleep(5 * time.Second)
		}
		taken := func() int {
			t.Helper()
			if err := b.claimAbsent(t.Context()); err != nil {
				t.Fatal(err)
			}
			queues, err := b.store.OwedQueues(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			rows := 0
			for _, q := range queues {
				list, err := b.store.OwedNext(t.Context(), 1, q.Queue, lastDue, store.Owed{}, 10)
				if err != nil {
					t.Fatal(err)
				}
				rows += len(list)
			}
			return rows
		}
		text("one")
		if n := taken(); n > 0 {
			t.Errorf("%d rows were taken that are not too old", n)
		}
		time.Sleep(time.Minute)
		text("two")
		if n := taken(); n != 1 {
			t.Errorf("%d rows were taken, want the one that is too old", n)
		}
	})
}
