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

// TestFreshWhileClaimed: while a gateway asks whether something older is free for a customer who has just come, what is
// new waits in memory: on disk all that follows would have to go there, too, for as long as the load lasts.
func TestFreshWhileClaimed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := nodesOn(t, dir, 1)[0]
		r := &fakeReceiver{limit: 100}
		w.Receive(message.SMPPTarget, r)
		op := w.fakeLink("op1")
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				go op.answer(n, o, "")
			}
		}
		op.core.SessionUp(1, 100)
		w.mu.Lock()
		b := w.box(message.SMPPTarget, "acme")
		b.freed()
		b.claiming = true // the claim is under way
		frees, done := b.frees, w.done
		w.mu.Unlock()
		const n = 20
		for i := range n {
			w.submit(w.submission("46100001", fmt.Sprint(i)))
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		if have := w.store.Counts(); have.Owed != 0 {
			t.Errorf("%d rows say what is owed", have.Owed)
		}
		if len(r.items) != 0 {
			t.Errorf("%d are told before it is known what is older", len(r.items))
		}
		w.claimOwedNow(b, frees, done)
		synctest.Wait()
		if len(r.items) != n {
			t.Fatalf("%d are told, want %d", len(r.items), n)
		}
		for i, it := range r.items {
			if it.Message.Content.Text != fmt.Sprint(i) {
				t.Errorf("the %d. that is told is %s", i, it.Message.Content.Text)
			}
			w.Delivered([]Delivered{{Item: it, Verdict: Acknowledged}})
		}
		synctest.Wait()
	})
}

// TestEarlierWhileClaimed: of texts from phones that which came while a gateway asks what is free is told before one that another
// gateway has left meanwhile.
func TestEarlierWhileClaimed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		here := nodes[0]
		r := &fakeReceiver{limit: 100}
		here.Receive(message.SMPPTarget, r)
		here.mu.Lock()
		b := here.inBox(message.Target{Kind: message.SMPPTarget, Account: "acme"})
		b.freed()
		b.claiming = true // the claim is under way
		frees, done := b.frees, here.done
		here.mu.Unlock()
		for i, w := range nodes {
			if err := <-w.fakeLink("op1").inbound(&message.Inbound{
				From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: "4611111"},
				Content: message.Content{Text: fmt.Sprint(i), Class: -1},
			}); err != nil {
				t.Fatal(err)
			}
		}
		here.claimOwedNow(b, frees, done)
		synctest.Wait()
		var told []string
		for _, it := range r.take() {
			told = append(told, it.Inbound.Content.Text)
		}
		if want := []string{"0", "1"}; !slices.Equal(told, want) {
			t.Errorf("told %v, want %v", told, want)
		}
	})
}
