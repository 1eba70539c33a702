package gateway

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// TestBatchesInTurn: what an account sends together takes turns with what else it
// sends; messages with a reference each are served together and in order.
func TestBatchesInTurn(t *testing.T) {
	t.Parallel()
	many := func(reference func(int) string, n int, tag string) (list []*message.Message) {
		for i := range n {
			m := &message.Message{Account: "a", Reference: reference(i), To: message.Address{Number: fmt.Sprint(i)}}
			if tag != "" {
				m.Special = &message.Special{Tag: tag}
			}
			list = append(list, m)
		}
		return list
	}
	all := func(name string) func(int) string { return func(int) string { return name } }
	each := func(name string) func(int) string { return func(i int) string { return fmt.Sprint(name, i) } }
	for name, test := range map[string]struct {
		large, small []*message.Message
		last         int // place of the last of small at most
	}{
		"references":                 {many(all("autumn"), 1000, ""), many(all("today"), 10, ""), 20},
		"reference behind none":      {many(all(""), 1000, ""), many(all("today"), 10, ""), 20},
		"none behind reference":      {many(all("autumn"), 1000, ""), many(all(""), 10, ""), 20},
		"reference behind own ones":  {many(each("order"), 1000, ""), many(all("today"), 10, ""), 20},
		"tags with references":       {many(each("order"), 1000, "autumn"), many(each("code"), 10, "codes"), 20},
		"own ones behind references": {many(all("autumn"), 1000, ""), many(each("order"), 10, ""), 20},
	} {
		var l lanes
		for _, m := range append(test.large, test.small...) {
			l.push(newEntry(m), false)
		}
		last, at, next := 0, 0, map[*message.Message]int{}
		for i, m := range test.small {
			next[m] = i
		}
		wantSmall, wantLarge := 0, 0
		for l.n > 0 {
			e := l.pop()
			at++
			if i, small := next[e.m]; small {
				last = at
				if i != wantSmall {
					t.Errorf("%s: %d of the small batch is served, want %d", name, i, wantSmall)
				}
				wantSmall++
				continue
			}
			if e.m != test.large[wantLarge] {
				t.Errorf("%s: %s of the large batch is served, want %d", name, e.m.To, wantLarge)
			}
			wantLarge++
		}
		if last > test.last {
			t.Errorf("%s: the last of the small batch is served as the %d-th", name, last)
		}
	}
}

// TestLanesModel does at random what is done with lanes: nothing is lost, and what
// is in no batch, and what is in the same, keeps its order.
func TestLanesModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var l lanes
		in := map[*entry]bool{}
		last := map[string]message.ID{}
		var id message.ID
		pop := func() {
			e := l.pop()
			if !in[e] {
				t.Fatalf("seed %d: one comes that is not there", seed)
			}
			delete(in, e)
			key := e.m.Account + " " + e.m.Reference
			if e.m.ID < last[key] {
				t.Fatalf("seed %d: %q out of order", seed, key)
			}
			last[key] = e.m.ID
		}
		for range 500 {
			switch n := r.IntN(10); {
			case n < 5:
				id++
				m := &message.Message{ID: id, Account: string(rune('a' + r.IntN(2))), Reference: []string{"", "x", "y", fmt.Sprint(r.IntN(50))}[r.IntN(4)]}
				e := newEntry(m)
				in[e] = true
				l.push(e, false)
			case n < 8 && l.n > 0:
				if e := l.head(); !in[e] {
					t.Fatalf("seed %d: head shows one that is not there", seed)
				}
				pop()
			case n == 8:
				for e := range in {
					l.remove(e)
					l.remove(e) // is there no more
					delete(in, e)
					break
				}
			case n == 9 && r.IntN(5) == 0:
				l.sweep(func(e *entry) bool {
					if e.m.ID%7 == 0 {
						delete(in, e)
						return true
					}
					return false
				})
			}
			if l.n != len(in) {
				t.Fatalf("seed %d: %d wait, want %d", seed, l.n, len(in))
			}
		}
		for l.n > 0 {
			pop()
		}
		if len(l.lane[0].queues) != 0 || l.lane[0].n != 0 {
			t.Fatalf("seed %d: empty queues stay", seed)
		}
	}
}

// TestBatchBehindCampaign: a small batch does not wait behind a campaign of its
// account, of which most is on disk: whether it has a reference or is a request
// without one.
func TestBatchBehindCampaign(t *testing.T) {
	t.Parallel()
	const campaign, small = 2000, 20
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, Sender: "ACME"}}, nil)
		snap.Links["op1"] = LinkSettings{Name: "op1", Rate: 100}
		snap.Validity = 24 * time.Hour
		w := start(t, dir, Options{Snapshot: snap, QueueMemory: 400}, nil)
		submit := func(n, each int, reference string) {
			for ; n > 0; n -= each {
				subs := make([]*Submission, each)
				for i := range subs {
					subs[i] = w.untold("46100001", "hello")
					subs[i].Reference, subs[i].Batch = reference, each > 1
				}
				w.submit(subs...)
			}
		}
		op := w.fakeLink("op1")
		var order []string
		last := map[string]message.ID{}
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				ref := o.Message.Reference
				if order = append(order, ref); o.Message.ID < last[ref] {
					t.Errorf("%q is out of order", ref)
				}
				last[ref] = o.Message.ID
				go op.answer(n, o, "")
			}
		}
		submit(campaign, 500, "autumn")
		submit(small, 1, "one by one")
		submit(small, small, "")
		op.core.SessionUp(1, 20)
		time.Sleep(time.Second)
		op.mu.Lock()
		got := map[string]int{}
		for _, ref := range order[:3*small] {
			got[ref]++
		}
		op.mu.Unlock()
		if got["autumn"] != small || got["one by one"] != small || got[""] != small {
			t.Errorf("of the first %d there were %v, want %d of each", 3*small, got, small)
		}
		fast := *snap
		fast.Links = map[string]LinkSettings{"op1": {Name: "op1"}}
		w.Replace(&fast)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		op.mu.Lock()
		if len(order) != campaign+2*small {
			t.Errorf("%d were sent, want %d", len(order), campaign+2*small)
		}
		op.mu.Unlock()
		w.wantNothingLeft()
	})
}

// TestStreamIsOneBatch: what comes in many pieces of one stream takes its turns as
// one request, not one for each piece.
func TestStreamIsOneBatch(t *testing.T) {
	t.Parallel()
	const pieces, each, small = 100, 5, 20
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		for range pieces {
			subs := make([]*Submission, each)
			for i := range subs {
				subs[i] = w.untold("46100001", "hello")
				subs[i].Batch, subs[i].Stream = true, 7
			}
			w.submit(subs...)
		}
		for range small {
			sub := w.untold("46100001", "hello")
			sub.Reference = "today"
			w.submit(sub)
		}
		op := w.fakeLink("op1")
		var order []string
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				order = append(order, o.Message.Reference)
				go op.answer(n, o, "")
			}
		}
		op.core.SessionUp(1, 20)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		op.mu.Lock()
		last := 0
		for i, ref := range order {
			if ref == "today" {
				last = i + 1
			}
		}
		if len(order) != pieces*each+small || last > 3*small {
			t.Errorf("%d were sent, the last of the small batch as the %d-th", len(order), last)
		}
		op.mu.Unlock()
		w.wantNothingLeft()
	})
}
