package gateway

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// pacedOperator notes what comes of each account, and takes it.
type pacedOperator struct {
	*fakeLink
	texts map[string][]string
	at    map[string][]time.Time
}

func takesAll(op *fakeLink) *pacedOperator {
	p := &pacedOperator{op, map[string][]string{}, map[string][]time.Time{}}
	op.on = func(n uint32, out []*connector.Outgoing) {
		for _, o := range out {
			a := o.Message.Account
			p.texts[a] = append(p.texts[a], o.Message.Content.Text)
			for range o.Message.Parts {
				p.at[a] = append(p.at[a], time.Now())
			}
			go op.answer(n, o, "")
		}
	}
	return p
}

func (p *pacedOperator) had(account string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.texts[account])
}

// TestAccountRate: what an account has accepted at once leaves at its rate, in order, over two links together; others of
// the same lane do not wait for it, and what it sends later comes behind.
func TestAccountRate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "slow", Sender: "S", Rate: 40}, {Name: "quick", Sender: "Q"}}, nil)
		w := start(t, dir, Options{Snapshot: snap}, nil)
		op := takesAll(w.fakeLink("op1"))
		op.core.SessionUp(1, 1000)
		var last message.ID
		send := func(name, prefix string, n int) {
			subs := make([]*Submission, n)
			for i := range subs {
				subs[i] = w.untold("46100001", fmt.Sprint(prefix, i))
				subs[i].Account = snap.Accounts.ByName(name)
			}
			last = w.submit(subs...)[n-1]
			synctest.Wait()
		}
		began := time.Now()
		send("slow", "a", 40)
		send("quick", "q", 100)
		if n := op.had("quick"); n != 100 {
			t.Errorf("%d of another account went at once, want 100", n)
		}
		if n := op.had("slow"); n > 2 {
			t.Errorf("%d of 40 a second went at once", n)
		}
		time.Sleep(500 * time.Millisecond)
		send("slow", "b", 10)
		if why := w.waits(w.onDisk(last), time.Now()).Why; why != "29 messages of the account wait for its rate, 40 parts a second" {
			t.Errorf("the last waits, for %q", why)
		}
		if n := op.had("slow"); n < 18 || n > 22 {
			t.Errorf("%d of 40 a second went in half a second", n)
		}
		time.Sleep(time.Second)
		op.mu.Lock()
		defer op.mu.Unlock()
		var want []string
		for i := range 40 {
			want = append(want, fmt.Sprint("a", i))
		}
		for i := range 10 {
			want = append(want, fmt.Sprint("b", i))
		}
		if got := op.texts["slow"]; !slices.Equal(got, want) {
			t.Errorf("went as %v", got)
		}
		at := op.at["slow"]
		if took := at[len(at)-1].Sub(began); took < 1150*time.Millisecond || took > 1300*time.Millisecond {
			t.Errorf("50 of 40 a second took %v", took)
		}
	})
}

// TestAccountRateBacklog: after hours in which a link was down, an account with a rate has more waiting than memory
// holds; others that wait on disk behind it leave at once all the same, and all of it leaves in the end.
func TestAccountRateBacklog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "slow", Sender: "S", Rate: 50}, {Name: "quick", Sender: "Q"}}, nil)
		w := start(t, dir, Options{Snapshot: snap, QueueMemory: 100}, nil)
		op := takesAll(w.fakeLink("op1"))
		send := func(name string, n int) {
			subs := make([]*Submission, n)
			for i := range subs {
				subs[i] = w.untold("46100001", fmt.Sprint(name, i))
				subs[i].Account = snap.Accounts.ByName(name)
			}
			w.submit(subs...)
		}
		for range 8 {
			send("slow", 50)
			time.Sleep(time.Second)
		}
		send("quick", 500)
		op.core.SessionUp(1, 1000)
		time.Sleep(time.Second)
		if n := op.had("quick"); n != 500 {
			t.Errorf("%d of 500 of another account went within a second", n)
		}
		time.Sleep(2 * time.Second)
		if n := op.had("slow"); n < 140 || n > 160 {
			t.Errorf("%d of 50 a second went in 3 s", n)
		}
		w.mu.Lock()
		if n := w.links["op1"].lanes.n; n > 300 {
			t.Errorf("%d wait in memory, which was set to 100", n)
		}
		w.mu.Unlock()
		time.Sleep(6 * time.Second)
		if n := op.had("slow"); n != 400 {
			t.Errorf("%d of 400 went in 9 s", n)
		}

		// A rate that is taken away holds nothing back any more.
		op.core.SessionDown(1, nil, nil)
		send("slow", 50)
		op.core.SessionUp(2, 1000)
		next := *w.Snapshot()
		next.Accounts = account.NewDirectory([]account.Account{{Name: "slow", Sender: "S"}}, snap.Accounts)
		w.Replace(&next)
		time.Sleep(20 * time.Millisecond)
		if n := op.had("slow"); n != 450 {
			t.Errorf("%d of 50 went at once when the rate was lifted", n-400)
		}
	})
}
