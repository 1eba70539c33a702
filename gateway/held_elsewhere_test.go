package gateway

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestReceiptWhileItsMessageIsTakenOver: a receipt that comes to a gateway before that has taken over
// the receipt's message is applied afterwards, also when the disk was full meanwhile, and when the message has been awaiting it for
// as long as it may.
func TestReceiptWhileItsMessageIsTakenOver(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			var full [2]atomic.Bool
			nodes := nodesWith(t, dir, 2, func(w *world) { fullDisk(w, &full[w.opt.Node]) })
			op := []*fakeLink{nodes[0].fakeLink("op1"), nodes[1].fakeLink("op1")}
			op[0].core.SessionUp(1, 10)
			sub := nodes[0].untold("46170000001", "hello")
			sub.Validity = time.Minute // and its receipt is awaited for ten more
			id := nodes[0].sentBy(op[0], sub, "abc1")
			time.Sleep(10*time.Minute + 30*time.Second) // by now it is on disk alone
			nodes[0].halt()
			full[1].Store(true)
			ack := op[1].report("abc1", message.Delivered, "46170000001")
			synctest.Wait()
			nodes[1].takesOver(0)
			if late {
				time.Sleep(time.Minute)
			}
			full[1].Store(false)
			if err := <-ack; err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
			nodes[1].wantState(id, message.Delivered)
		})
	}
}

// TestReceiptHeldElsewhereWhileFull: a receipt that another gateway has acknowledged while its message's
// gateway could not write counts, also when the message has been awaiting it for as long as it may.
func TestReceiptHeldElsewhereWhileFull(t *testing.T) {
	t.Parallel()
	for _, inMemory := range []bool{true, false} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			var full [2]atomic.Bool
			nodes := nodesWith(t, dir, 2, func(w *world) { fullDisk(w, &full[w.opt.Node]) })
			op := []*fakeLink{nodes[0].fakeLink("op1"), nodes[1].fakeLink("op1")}
			op[0].core.SessionUp(1, 10)
			if inMemory {
				snap := testSnapshot()
				snap.Links["op1"] = LinkSettings{Name: "op1", ReceiptWait: 30 * time.Second}
				nodes[0].Replace(snap)
			}
			sub := nodes[0].untold("46170000001", "hello")
			sub.Validity = time.Minute
			id := nodes[0].sentBy(op[0], sub, "abc1")
			if !inMemory {
				time.Sleep(9 * time.Minute)
			}
			time.Sleep(time.Minute + 20*time.Second)
			full[0].Store(true)
			nodes[0].Submit(context.Background(), []*Submission{nodes[0].untold("46170000002", "refused")})
			if err := <-op[1].report("abc1", message.Delivered, "46170000001"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			full[0].Store(false)
			time.Sleep(3 * time.Second)
			nodes[0].wantState(id, message.Delivered)
		})
	}
}

// TestFirstReceiptOfSeveralHeld: of receipts that contradict each other, all of which came before their message was taken over, the first
// one counts.
func TestFirstReceiptOfSeveralHeld(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		op := []*fakeLink{nodes[0].fakeLink("op1"), nodes[1].fakeLink("op1")}
		op[0].core.SessionUp(1, 10)
		id := nodes[0].sentBy(op[0], nodes[0].untold("46170000001", "hello"), "abc1")
		time.Sleep(time.Second)
		nodes[0].halt()
		for i := range 8 {
			state := message.Undeliverable
			if i == 0 {
				state = message.Delivered
			}
			if err := <-op[1].report("abc1", state, "46170000001"); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		nodes[1].takesOver(0)
		time.Sleep(3 * time.Second)
		nodes[1].wantState(id, message.Delivered)
	})
}

// TestHeldOverRestartAfterTakeover: a gateway that dies just when it has taken over the message of a receipt that it held applies that after its next
// start, however long it was down.
func TestHeldOverRestartAfterTakeover(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		op := []*fakeLink{nodes[0].fakeLink("op1"), nodes[1].fakeLink("op1")}
		op[0].core.SessionUp(1, 10)
		sub := nodes[0].untold("46170000001", "hello")
		sub.Validity = time.Hour
		id := nodes[0].sentBy(op[0], sub, "abc1")
		time.Sleep(5 * time.Minute) // by now it is on disk alone
		nodes[0].halt()
		if err := <-op[1].report("abc1", message.Delivered, "46170000001"); err != nil {
			t.Fatal(err)
		}
		nodes[1].halt()
		time.Sleep(nodes[1].opt.HoldReceipts + time.Minute)
		if _, err := nodes[1].store.Fence(0); err != nil {
			t.Fatal(err)
		}
		if _, err := nodes[1].store.Inherit(0, 1, 0, 1000); err != nil {
			t.Fatal(err)
		}
		again := startOn(t, nodes[1].store, dir, Options{Node: 1, Shared: true}, nil)
		time.Sleep(3 * time.Second)
		again.wantState(id, message.Delivered)
		again.halt()
	})
}
