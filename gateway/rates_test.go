package gateway

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/store"
)

// dividedWorld is a gateway that has rates together with others: link op1 50 parts a second, account slow 20.
func dividedWorld(t *testing.T) *world {
	t.Helper()
	snap := testSnapshot()
	snap.Links["op1"] = LinkSettings{Name: "op1", Rate: 50}
	snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Sender: "A"}, {Name: "slow", Sender: "S", Rate: 20}}, nil)
	return start(t, t.TempDir(), Options{Snapshot: snap, Shared: true, Divided: true}, nil)
}

// submitMany has an account submit n messages by op1.
func (w *world) submitMany(name string, n int) (ids []message.ID) {
	subs := make([]*Submission, n)
	for i := range subs {
		subs[i] = w.untold("46100001", fmt.Sprint(name, i))
		subs[i].Account = w.Snapshot().Accounts.ByName(name)
	}
	return w.submit(subs...)
}

// wantOf is what the gateway says that it wants of a rate.
func (w *world) wantOf(link, account string) *RateWant {
	wants := w.RateWants()
	i := slices.IndexFunc(wants, func(r RateWant) bool { return r.Link == link && r.Account == account })
	if i < 0 {
		return nil
	}
	return &wants[i]
}

// TestShareOfLink: a link sends by its share of the rate. Without one it is as if it had no session here: what comes, and what
// waits, is left free for other gateways, and said to be wanted; with one it goes on.
func TestShareOfLink(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := dividedWorld(t)
		op := takesAll(w.fakeLink("op1"))
		if want := w.wantOf("op1", ""); want == nil || want.Want >= 0 {
			t.Errorf("a link without a session wants %+v", want)
		}
		op.core.SessionUp(1, 1000)
		if want := w.wantOf("op1", ""); want == nil || want.Want != 0 || want.Rate != 50 {
			t.Errorf("a link with nothing to send wants %+v", want)
		}
		w.submitMany("acme", 30)
		time.Sleep(time.Second / 2)
		if n := op.had("acme"); n != 0 {
			t.Errorf("%d went without a share", n)
		}
		if n := w.freeRows("op1"); n != 30 {
			t.Errorf("%d are free for other gateways, want 30", n)
		}
		if want := w.wantOf("op1", ""); want.Want < 30 {
			t.Errorf("with 30 that wait it wants %+v", want)
		}
		w.ShareRates(RateShares{Links: map[string]int{"op1": 10}})
		time.Sleep(1500 * time.Millisecond)
		if n := op.had("acme"); n < 13 || n > 16 {
			t.Errorf("%d went in a second and a half with a share of 10", n)
		}
		if want := w.wantOf("op1", ""); want.Want < 20 {
			t.Errorf("with ten a second and more that waits it wants %+v", want)
		}
		w.ShareRates(RateShares{})
		was := op.had("acme")
		time.Sleep(4 * time.Second)
		if n := op.had("acme"); n != was {
			t.Errorf("%d more went when there was no share any more", n-was)
		}
		if n := w.freeRows("op1"); n != 30-was {
			t.Errorf("%d are free for other gateways, want %d", n, 30-was)
		}
		w.ShareRates(RateShares{Links: map[string]int{"op1": 50}})
		time.Sleep(time.Second)
		if n := op.had("acme"); n != 30 {
			t.Errorf("%d of 30 went in the end", n)
		}
		time.Sleep(time.Second)
		if want := w.wantOf("op1", ""); want.Want != 0 || want.Busy {
			t.Errorf("when all has gone it wants %+v", want)
		}
	})
}

// TestShareOfAccount: an account's messages leave by its share; the first goes at once, wherever it comes. What others have accepted
// counts here, and is said once of what was accepted here.
func TestShareOfAccount(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := dividedWorld(t)
		op := takesAll(w.fakeLink("op1"))
		op.core.SessionUp(1, 1000)
		w.ShareRates(RateShares{Links: map[string]int{"op1": 50}})
		if want := w.wantOf("", "slow"); want != nil {
			t.Errorf("an account that sends nothing wants %+v", want)
		}
		w.submitMany("slow", 20)
		time.Sleep(time.Second)
		if n := op.had("slow"); n != 1 {
			t.Errorf("%d went without a share, want one", n)
		}
		want := w.wantOf("", "slow")
		if want == nil || want.Want < 19 || want.Spent != 20 {
			t.Errorf("with 19 that wait it wants %+v", want)
		}
		shares := RateShares{Links: map[string]int{"op1": 50}, Accounts: map[string]float64{"slow": 5}, Spent: map[string]int64{"slow": 30}}
		w.ShareRates(shares)
		time.Sleep(2 * time.Second)
		if n := op.had("slow"); n < 10 || n > 12 {
			t.Errorf("%d went in two seconds with a share of five", n)
		}
		w.ShareRates(RateShares{Links: map[string]int{"op1": 50}, Alone: true})
		time.Sleep(time.Second)
		if n := op.had("slow"); n != 20 {
			t.Errorf("%d of 20 went in the end", n)
		}
		time.Sleep(rateIdle)
		if want := w.wantOf("", "slow"); want != nil {
			t.Errorf("an account that has sent nothing for long wants %+v", want)
		}
	})
}

// TestShareOfSlowed: a link that its operator has slowed stays slow when its share changes, and never goes beyond it.
func TestShareOfSlowed(t *testing.T) {
	t.Parallel()
	operator := &smoothOperator{rate: 20}
	p := newPacing(100)
	p.run(10*time.Second, operator.takes)
	p.share(50)
	if p.rate > 25 {
		t.Errorf("%.1f a second after complaints at 20, with another share", p.rate)
	}
	p.share(10)
	p.taken = 0
	p.run(10*time.Second, operator.takes)
	if p.taken < 95 || p.taken > 101 {
		t.Errorf("%d went in ten seconds with a share of 10", p.taken)
	}
	p.configure(100) // as a reload does that changes nothing
	if p.rate > 10 {
		t.Errorf("%.1f a second after a reload with a share of 10", p.rate)
	}
}

// freeRows counts what waits for a link and is nobody's.
func (w *world) freeRows(link string) int {
	w.t.Helper()
	n, err := w.store.WaitingAfter(w.t.Context(), store.Waiting{Node: store.Free, Link: link}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(n)
}
