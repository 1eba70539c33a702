package gateway

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// TestLawOfMoney does at random what customers of every interface, operators and
// administrators do, on a tree of three levels, while the configuration is replaced
// and the database fails; it lets the process die at any instant. After commits, and
// after each death, it looks at what is on disk: the balance of every level is what
// came less what was charged and is reserved, what is reserved is what open messages
// say, what was charged is what all say, and none is below what its credit permits.
// What was had of limits, and what was put down to dimensions, is what the messages
// say too.
func TestLawOfMoney(t *testing.T) {
	t.Parallel()
	seeds := uint64(4)
	if underRace {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) { lawOfMoney(t, rand.New(rand.NewPCG(seed, 4)), seed%2 == 1) })
		})
	}
}

// tree is a configuration: root above group above acme, and beta, for which root
// pays. What stands here differs from time to time.
type tree struct {
	parent string // of acme
	own    bool   // acme has a balance
	rules  [3]string
}

const lawCredit = euro / 2 // of root

func (c *tree) change(r *rand.Rand) {
	c.parent, c.own = []string{"group", "root"}[r.IntN(2)], r.IntN(3) == 0
	for i := range c.rules {
		c.rules[i] = billing.RuleNames()[r.IntN(3)]
	}
}

func (c *tree) snapshot(t *testing.T) *Snapshot {
	prices, mistakes := billing.ReadPrices(strings.NewReader("destination,price,link\n461,0.10,\n462,0.20,op1\n462,0.15,op2\n463,0,\n464,0.10,\n464,0.35,op2\n"), billing.Known{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	s := testSnapshot()
	s.Prices = map[string]*billing.List{"standard": billing.NewList("standard", "EUR", prices)}
	root := account.Account{Name: "root", Prices: "standard", Balance: &account.Balance{Credit: lawCredit, Charge: c.rules[0]}}
	root.Limits.Money.Day = 1000 * euro
	group := account.Account{Name: "group", Parent: "root", Balance: &account.Balance{Charge: c.rules[1]}}
	acme := account.Account{Name: "acme", Parent: c.parent, Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Dimensions: map[string]string{"project": "none"}}
	if c.own {
		acme.Balance = &account.Balance{Charge: c.rules[2]}
	}
	beta := account.Account{Name: "beta", Parent: "root", Senders: []string{"*"}, Sender: "BETA", MaxParts: 20}
	beta.Limits.Money.Day = 3 * euro
	s.Accounts = account.NewDirectory([]account.Account{root, group, acme, beta}, nil)
	s.Dimensions = message.NewCostDimensions([]message.CostDimension{{Name: "project"}}, nil)
	s.Routes = route.NewTable([]route.Rule{
		{To: route.Patterns{"461*"}, Via: route.Via{{Link: "op1"}}},
		{To: route.Patterns{"462*"}, Via: route.Via{{Link: "op1"}, {Link: "op2"}}},
		{To: route.Patterns{"463*"}, Via: route.Via{{Link: "once"}}},
		{To: route.Patterns{"464*"}, Via: route.Via{{Link: "op1"}, {Link: "op2"}}, Fallback: &route.Fallback{MayRepeat: true, Missing: 30 * time.Second}},
	})
	return s
}

func lawOfMoney(t *testing.T, r *rand.Rand, shared bool) {
	dir := t.TempDir()
	known := map[message.ID]bool{}
	conf := &tree{parent: "group"}
	for life := range 4 {
		when := fmt.Sprintf("life %d", life)
		w := start(t, dir, Options{Snapshot: conf.snapshot(t), Shared: shared}, nil)
		l := &moneyLife{w: w, r: r, conf: conf, known: known}
		l.agrees(when + ", begun")
		l.up(rand.New(rand.NewPCG(r.Uint64(), 5)))
		for range 60 {
			l.step()
		}
		next := t.TempDir()
		l.pending.Wait()
		for range r.IntN(10) {
			l.step() // these may or may not be on disk
		}
		synctest.Wait()
		copyStore(t, dir, next)
		l.well.Store(true)
		time.Sleep(time.Second)
		l.agrees(when)
		l.pending.Wait()
		w.end()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		st, err := store.Open(context.Background(), store.Options{Path: next})
		if err != nil {
			t.Fatal(err)
		}
		on := lawHolds(t, st, when+", died")
		for id := range known {
			if on[id] == nil {
				t.Errorf("%s: %s was accepted and is not there", when, id)
			}
		}
		if err := st.Close(); err != nil {
			t.Fatal(err)
		}
		dir = next
	}
}

// moneyLife is one life of a process.
type moneyLife struct {
	w        *world
	r        *rand.Rand
	conf     *tree
	op1, op2 *fakeLink
	pending  sync.WaitGroup

	n    int
	well atomic.Bool // commits do not fail any more

	mu    sync.Mutex
	known map[message.ID]bool
}

// up opens the links; an operator answers when a step has it do so. Some commits
// fail, and after some that do not the law is looked at.
func (l *moneyLife) up(r *rand.Rand) {
	l.w.settledAll()
	fails := 0
	l.w.commit = func(b *store.Batch) error {
		if fails == 0 && r.IntN(40) == 0 && !l.well.Load() {
			fails = 1 + r.IntN(3)
		}
		if fails > 0 && !l.well.Load() {
			fails--
			return store.ErrFull
		}
		err := l.w.store.Commit(b)
		if err == nil && r.IntN(8) == 0 {
			lawHolds(l.w.t, l.w.store, "after a commit")
		}
		return err
	}
	l.op1, l.op2 = l.w.fakeLink("op1"), l.w.fakeLink("op2")
	for num, op := range map[uint32]*fakeLink{1: l.op1, 2: l.op2} {
		op.core.SessionUp(num, 10)
	}
}

func (l *moneyLife) step() {
	w, r := l.w, l.r
	switch r.IntN(12) {
	case 0:
		key, name := fmt.Sprint("k", r.IntN(50)), []string{"root", "group", "acme"}[r.IntN(3)]
		l.pending.Go(func() {
			_, _, _ = w.TopUpBalance(context.Background(), TopUp{Account: name, Key: key, Amount: 400_000})
		})
	case 1, 2, 3, 4:
		l.send()
	case 5, 6:
		l.change()
	case 7, 8, 9:
		for num, op := range map[uint32]*fakeLink{1: l.op1, 2: l.op2} {
			for _, out := range op.take() {
				l.answer(op, num, out)
			}
		}
	case 10:
		if r.IntN(3) == 0 {
			l.conf.change(r)
			w.Replace(l.conf.snapshot(w.t.(*testing.T)))
		}
	default:
		time.Sleep(time.Duration(r.IntN(90)) * time.Second)
	}
}

// send has customers send at the same time: over REST one request that may be
// atomic, over Kannel's interface one text to several, over SMPP what a read brought.
func (l *moneyLife) send() {
	r := l.r
	for _, via := range []message.Interface{message.ViaREST, message.ViaKannel, message.ViaSMPP}[:1+r.IntN(3)] {
		a := l.w.Snapshot().Accounts.ByName([]string{"acme", "beta"}[r.IntN(2)])
		text, atomic := strings.Repeat("x", 1+r.IntN(400)), via == message.ViaREST && r.IntN(3) == 0
		var subs []*Submission
		for range 1 + r.IntN(4) {
			s := l.w.untold([]string{"461", "462", "463", "464"}[r.IntN(4)], text)
			s.Account, s.Via, s.Atomic = a, via, atomic
			if via != message.ViaKannel {
				s.Content.Text = strings.Repeat("y", 1+r.IntN(400))
			}
			if r.IntN(4) == 0 {
				s.SendAt = time.Now().Add(time.Duration(r.IntN(60)) * time.Second)
			}
			if r.IntN(3) == 0 {
				s.Dimensions = map[string]string{"project": fmt.Sprint(r.IntN(3))}
			}
			subs = append(subs, s)
		}
		l.pending.Go(func() {
			l.w.Accept(subs, func(results []Result) {
				l.mu.Lock()
				defer l.mu.Unlock()
				for i := range results {
					if results[i].Failure == nil {
						l.known[results[i].ID] = true
					}
				}
			})
		})
	}
}

// change replaces or cancels a message.
func (l *moneyLife) change() {
	w, r := l.w, l.r
	l.mu.Lock()
	ids := slices.Sorted(maps.Keys(l.known))
	l.mu.Unlock()
	if len(ids) == 0 {
		return
	}
	id, parts := ids[r.IntN(len(ids))], 1+r.IntN(3)
	a := w.Snapshot().Accounts.ByName([]string{"acme", "beta"}[r.IntN(2)])
	replace := r.IntN(2) == 0
	l.pending.Go(func() {
		if replace {
			_, _ = w.ReplaceMessage(context.Background(), id, &Replacement{Account: a, Content: &message.Content{Text: strings.Repeat("y", 150*parts), Class: -1}})
			return
		}
		_, _ = w.Cancel(context.Background(), a.Name, id)
	})
}

// answer says something to a message, or nothing.
func (l *moneyLife) answer(op *fakeLink, num uint32, out *connector.Outgoing) {
	l.n++
	id := fmt.Sprintf("%p-%d", l, l.n)
	switch l.r.IntN(8) {
	case 0:
	case 1:
		op.fail(num, out, message.Refused)
	case 2:
		op.fail(num, out, message.Busy)
	case 3:
		op.fail(num, out, message.NoAnswer)
	default:
		op.answer(num, out, id)
		state := []message.State{message.Delivered, message.Undeliverable, message.Enroute}[l.r.IntN(3)]
		if state != message.Enroute {
			op.report(id, state, out.Message.To.Number)
		}
	}
}

// agrees looks, while nothing happens, whether what was had of root's limit, and what
// was put down to dimensions, is what the messages say.
func (l *moneyLife) agrees(when string) {
	w := l.w
	w.t.Helper()
	synctest.Wait()
	var had message.Amount
	put := map[message.Dimensions]message.Amount{}
	for _, m := range lawHolds(w.t, w.store, when) {
		reserved, charged := moneyOf(w.t, m)
		had += reserved + charged
		put[m.Dimensions()] += reserved + charged
	}
	if got := message.Amount(w.Balances("root")[0].Limits[0].Had); got != had {
		w.t.Errorf("%s: %s of root's limit are had, the messages say %s", when, got, had)
	}
	sums, err := w.CostSums(context.Background(), "", time.Now().Add(-24*time.Hour), time.Now().Add(time.Hour), time.UTC)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range sums {
		put[s.Dimensions] -= s.Cost
	}
	for d, off := range put {
		if off != 0 {
			w.t.Errorf("%s: what was put down to %q is %s less than the messages say", when, d, off)
		}
	}
}

// lawHolds looks whether balances and messages in a store agree, and returns the
// messages.
func lawHolds(t testing.TB, st *store.Store, when string) map[message.ID]*message.Message {
	t.Helper()
	ctx := context.Background()
	all := map[message.ID]*message.Message{}
	for f := (store.Filter{Limit: 1000}); ; {
		list, next, err := st.Messages(ctx, f)
		if err != nil {
			t.Error(err)
			return all
		}
		for _, m := range list {
			all[m.ID] = m
		}
		if f.After = next; next == 0 {
			break
		}
	}
	reserved, charged := map[string]message.Amount{}, map[string]message.Amount{}
	for _, m := range all {
		r, c := moneyOf(t, m)
		if m.State.Final() && r != 0 {
			t.Errorf("%s: %s is %s, and %s are reserved for it: %s", when, m.ID, m.State, r, describe(m))
		}
		if reservation, _, _ := billing.Ended(m); reservation != nil {
			reserved[reservation.Payer] += r
			charged[reservation.Payer] += c
		} else if m.Price != 0 {
			t.Errorf("%s: %s costs %d, and nobody pays: %s", when, m.ID, m.Price, describe(m))
		}
	}
	balances, err := st.Balances(ctx)
	if err != nil {
		t.Error(err)
		return all
	}
	for _, name := range []string{"root", "group", "acme"} {
		b := balances[name]
		var came message.Amount
		topUps, err := st.TopUps(ctx, name, 1000)
		if err != nil {
			t.Error(err)
		}
		for _, top := range topUps {
			came += message.Amount(top.Amount)
		}
		if b.Reserved != int64(reserved[name]) || b.Charged != int64(charged[name]) {
			t.Errorf("%s: of %s are reserved %s, charged %s; the messages say %s and %s", when, name, message.Amount(b.Reserved), message.Amount(b.Charged), reserved[name], charged[name])
		}
		if want := came - reserved[name] - charged[name]; b.Balance != int64(want) {
			t.Errorf("%s: the balance of %s is %s; %s came, so it must be %s", when, name, message.Amount(b.Balance), came, want)
		}
		least := message.Amount(0)
		if name == "root" {
			least = -lawCredit
		}
		if b.Balance < int64(least) {
			t.Errorf("%s: the balance of %s is %s", when, name, message.Amount(b.Balance))
		}
	}
	return all
}

// moneyOf reads from a message's log what is reserved for it and was charged.
func moneyOf(t testing.TB, m *message.Message) (reserved, charged message.Amount) {
	t.Helper()
	events, err := message.DecodeLog(m.Log, m.ID)
	if err != nil {
		t.Error(err)
	}
	for _, e := range events {
		switch e.Kind {
		case message.EventReserved:
			reserved, charged = message.Amount(m.Price), 0
		case message.EventCharged:
			text, _, _ := strings.Cut(e.Text, " ")
			if charged, err = message.ParseAmount(text); err != nil {
				t.Error(err)
			}
			reserved = 0
		case message.EventRefunded:
			reserved = 0
		}
	}
	return reserved, charged
}
