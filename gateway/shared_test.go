package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/pgtest"
	"kurir/route"
	"kurir/store"
)

// pair is two gateways that share a database.
type pair struct {
	t testing.TB
	w [2]*world
}

// twoGateways starts a pair on PostgreSQL, in real time. Each has its own snapshot,
// as two processes have. Their clock goes on from the middle of an hour: what is limited and
// counted by the hour and the day does not begin anew in the middle of a test.
func twoGateways(t *testing.T, snapshot func() *Snapshot) *pair {
	t.Helper()
	began := time.Now()
	middle := began.Truncate(time.Hour).Add(30 * time.Minute)
	now := func() time.Time { return middle.Add(time.Since(began)) }
	url := pgtest.Shared(t).Database(t)
	p := &pair{t: t}
	for i := range p.w {
		st, err := store.Open(context.Background(), store.Options{Database: url, Node: i, Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		p.w[i] = startOn(t, st, "", Options{Snapshot: snapshot(), Node: i, Shared: true, Now: now}, nil)
	}
	return p
}

// both does something n times at each gateway, from four goroutines.
func (p *pair) both(n int, do func(w *world, i int)) {
	var all sync.WaitGroup
	for _, w := range p.w {
		var next atomic.Int64
		for range 4 {
			all.Go(func() {
				for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
					do(w, i)
				}
			})
		}
	}
	all.Wait()
}

// sums are those of an account in the database.
func (p *pair) sums(name string) (b store.Balance, toppedUp int64) {
	p.t.Helper()
	all, err := p.w[0].store.Balances(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	list, err := p.w[0].store.TopUps(context.Background(), name, 1000)
	if err != nil {
		p.t.Fatal(err)
	}
	for _, t := range list {
		toppedUp += t.Amount
	}
	return all[name], toppedUp
}

// TestSharedBalance: two gateways that accept from one balance at once take exactly
// what is there, give back what is cancelled, and neither loses the other's writing.
func TestSharedBalance(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot { return moneySnapshot(t, nil) })
	p.w[0].topUp("group", "a", 5*euro)
	p.w[1].topUp("group", "b", 5*euro)
	var accepted, refused, cancelled atomic.Int64
	p.both(120, func(w *world, i int) {
		if i == 60 {
			w.topUp("group", fmt.Sprint("half", w.opt.Node), euro)
		}
		results, err := w.Submit(context.Background(), []*Submission{w.untold("461", "hi")})
		switch {
		case err != nil:
			t.Error(err)
		case results[0].Failure == nil:
			accepted.Add(1)
			if i%10 == 0 {
				if _, err := w.Cancel(context.Background(), "acme", results[0].ID); err != nil {
					t.Error(err)
				}
				cancelled.Add(1)
			}
		case results[0].Failure.Kind == message.NoMoney:
			refused.Add(1)
		default:
			t.Error(results[0].Failure)
		}
		if b, _ := p.sums("group"); b.Balance < 0 {
			t.Errorf("the balance is %d", b.Balance)
		}
	})
	for range 240 { // what cancelling gave back goes, too
		if p.w[accepted.Load()%2].try("461", "hi") != nil {
			break
		}
		accepted.Add(1)
	}
	b, toppedUp := p.sums("group")
	if toppedUp != int64(12*euro) || b.Balance+b.Charged+b.Reserved != toppedUp {
		t.Errorf("topped up %d, balance %d, charged %d, reserved %d", toppedUp, b.Balance, b.Charged, b.Reserved)
	}
	if b.Balance != 0 || accepted.Load()-cancelled.Load() != 120 {
		t.Errorf("%d accepted, %d of them cancelled, and %d are left", accepted.Load(), cancelled.Load(), b.Balance)
	}
	if accepted.Load()+refused.Load() < 240 {
		t.Errorf("%d accepted, %d refused", accepted.Load(), refused.Load())
	}
}

// TestSharedTopUp: money that came to one gateway is there for the other at once, and
// the same key at both is one top-up.
func TestSharedTopUp(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot { return moneySnapshot(t, nil) })
	for i := range 10 {
		p.w[i%2].topUp("group", fmt.Sprint(i), euro/10)
		if f := p.w[1-i%2].try("461", "hi"); f != nil {
			t.Fatalf("top-up %d at the other gateway: %v", i, f)
		}
		if f := p.w[i%2].try("461", "hi"); f == nil || f.Kind != message.NoMoney {
			t.Fatalf("after top-up %d was spent: %v", i, f)
		}
	}
	var made, again, other atomic.Int64
	p.both(40, func(w *world, i int) {
		amount := euro
		if i%4 == 0 {
			amount += message.Amount(w.opt.Node)
		}
		_, repeated, err := w.TopUpBalance(context.Background(), TopUp{Account: "group", Key: fmt.Sprint("same", i), Amount: amount})
		switch {
		case errors.Is(err, ErrKeyTaken):
			other.Add(1)
		case err != nil:
			t.Error(err)
		case repeated:
			again.Add(1)
		default:
			made.Add(1)
		}
	})
	if made.Load() != 40 || again.Load() != 30 || other.Load() != 10 {
		t.Errorf("%d made, %d known, %d with another amount", made.Load(), again.Load(), other.Load())
	}
	b, toppedUp := p.sums("group")
	if b.Balance+b.Charged+b.Reserved != toppedUp {
		t.Errorf("topped up %d: %+v", toppedUp, b)
	}
	var off atomic.Int64 // taken off from both sides, to the last
	p.both(30, func(w *world, i int) {
		_, _, err := w.TopUpBalance(context.Background(), TopUp{Account: "group", Key: fmt.Sprint("off", w.opt.Node, i), Amount: -euro})
		switch {
		case err == nil:
			off.Add(1)
		case !errors.Is(err, ErrBelowLimit):
			t.Error(err)
		}
	})
	if b, _ := p.sums("group"); off.Load() != 40 || b.Balance < 0 || b.Balance >= int64(euro) {
		t.Errorf("%d euros were taken off, and %d are left", off.Load(), b.Balance)
	}
}

// TestSharedBalanceShown: a gateway shows what another has moved.
func TestSharedBalanceShown(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot { return moneySnapshot(t, nil) })
	p.w[0].topUp("group", "a", euro)
	if f := p.w[0].try("461", "hi"); f != nil {
		t.Fatal(f)
	}
	for until := time.Now().Add(time.Minute); ; {
		s := p.w[1].Balances("group")
		if len(s) == 1 && s[0].Balance == 900_000 && s[0].Reserved == 100_000 {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("the other gateway shows %+v", s)
		}
		<-time.After(20 * time.Millisecond)
	}
}

// TestSharedBalanceNeverBelowZero: a gateway at which no money came lets messages in and finds out in the commit whether they are
// paid for; until then nobody is shown what they would leave.
func TestSharedBalanceNeverBelowZero(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot { return moneySnapshot(t, nil) })
	p.w[0].topUp("group", "a", euro)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for range 20 {
			p.w[1].try("461", "hi")
		}
	}()
	for {
		if s := p.w[1].Balances("group"); len(s) == 1 && s[0].Balance < 0 {
			t.Fatalf("it shows %+v", s)
		}
		select {
		case <-sent:
			return
		default:
		}
	}
}

// TestSharedAtomic: a request of which all or nothing is accepted is never
// accepted in part.
func TestSharedAtomic(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot { return moneySnapshot(t, nil) })
	p.w[0].topUp("group", "a", 4*euro+euro/10)
	var whole atomic.Int64
	p.both(20, func(w *world, i int) {
		subs := []*Submission{w.untold("461", "1"), w.untold("4611", "2"), w.untold("4612", "3"), w.untold("4613", "4")}
		for _, s := range subs {
			s.Atomic = true
		}
		results, err := w.Submit(context.Background(), subs)
		if err != nil {
			t.Error(err)
			return
		}
		n := 0
		for _, r := range results {
			if r.Failure == nil {
				n++
			}
		}
		if n != 0 && n != 4 {
			t.Errorf("%d of 4 were accepted", n)
		}
		whole.Add(int64(n / 4))
	})
	if b, _ := p.sums("group"); whole.Load() != 10 || b.Balance != int64(euro/10) || b.Reserved != int64(4*euro) {
		t.Errorf("%d requests were accepted, and %+v is left", whole.Load(), b)
	}
}

// TestSharedLimits: an account gets at two gateways together exactly what it may have,
// of messages and of money, also when a limit comes with a new configuration.
func TestSharedLimits(t *testing.T) {
	t.Parallel()
	limit := func(messages, money int64) func() *Snapshot {
		return func() *Snapshot {
			return moneySnapshot(t, func(group, acme *account.Account) {
				group.Balance = &account.Balance{Credit: 1000 * euro}
				group.Limits.Money.Month = message.Amount(money)
				acme.Limits.Messages.Day = messages
			})
		}
	}
	p := twoGateways(t, limit(50, 0))
	var accepted atomic.Int64
	hammer := func(n int) {
		p.both(n, func(w *world, i int) {
			results, err := w.Submit(context.Background(), []*Submission{w.untold("461", "hi")})
			switch {
			case err != nil:
				t.Error(err)
			case results[0].Failure == nil:
				accepted.Add(1)
			case results[0].Failure.Kind != message.LimitReached:
				t.Error(results[0].Failure)
			}
		})
	}
	hammer(50)
	if n := accepted.Load(); n != 50 {
		t.Errorf("%d messages were accepted of 50 a day", n)
	}
	for _, w := range p.w {
		s := limit(0, int64(8*euro))()
		s.Number = 2
		w.Replace(s)
		w.acme = s.Accounts.ByName("acme")
	}
	hammer(40)
	if n := accepted.Load(); n != 80 {
		t.Errorf("%d messages at 0.10 were accepted of 8.00 a month", n)
	}
	for _, w := range p.w {
		if s := w.Balances("group"); len(s) != 1 || len(s[0].Limits) != 1 || s[0].Limits[0].Had != int64(8*euro) {
			t.Errorf("node %d shows %+v", w.opt.Node, s)
		}
	}
}

// TestSharedKeys: a request that comes to both gateways at once under one key is
// done once, and both answer the same.
func TestSharedKeys(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, testSnapshot)
	const n = 60
	var answers [2][n + 1]string
	ask := func(w *world, key, body string) (string, error) {
		k := w.keyed(key, body)
		answer, _, err := w.ask(k, w.untold("461", key))
		if lost, other := k.Lost(); lost != nil || other != nil {
			return string(lost), other
		}
		return answer, err
	}
	p.both(n, func(w *world, i int) {
		answer, err := ask(w, fmt.Sprint("key", i), "body")
		if err != nil {
			t.Error(err)
		}
		answers[w.opt.Node][i] = answer
	})
	list, _, err := p.w[0].store.Messages(context.Background(), store.Filter{Account: "acme", Limit: 1000})
	if err != nil || len(list) != n {
		t.Errorf("%d messages of %d requests, %v", len(list), n, err)
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers differ:\n%q\n%q", answers[0], answers[1])
	}
	var taken atomic.Int64
	p.both(n, func(w *world, i int) {
		switch _, err := ask(w, fmt.Sprint("other", i), fmt.Sprint("body", w.opt.Node)); {
		case errors.Is(err, ErrOtherRequest):
			taken.Add(1)
		case err != nil:
			t.Error(err)
		}
	})
	if taken.Load() != n {
		t.Errorf("%d of %d second requests under a key were refused", taken.Load(), n)
	}
}

// TestSharedRepeats: a text that comes to both gateways at once is accepted once.
func TestSharedRepeats(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot {
		return moneySnapshot(t, func(group, acme *account.Account) {
			group.Balance = &account.Balance{Credit: 1000 * euro}
			acme.Traffic = &account.Traffic{Repeats: time.Hour}
		})
	})
	const n = 60
	var accepted, repeated atomic.Int64
	p.both(n, func(w *world, i int) {
		results, err := w.Submit(context.Background(), []*Submission{w.untold("461", fmt.Sprint("text", i))})
		switch {
		case err != nil:
			t.Error(err)
		case results[0].Failure == nil:
			accepted.Add(1)
		case results[0].Failure.Kind == message.Repeated:
			repeated.Add(1)
		default:
			t.Error(results[0].Failure)
		}
	})
	if accepted.Load() != n || repeated.Load() != n {
		t.Errorf("%d accepted and %d repeats of %d texts twice", accepted.Load(), repeated.Load(), n)
	}
	if b, _ := p.sums("group"); b.Reserved != n*int64(euro)/10 {
		t.Errorf("%d are reserved", b.Reserved)
	}
	counters, err := p.w[0].store.Counters(context.Background(), 0, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counters {
		if c.What == tallyAccepted && c.N != n || c.What == tallyReserved && c.N != n*int64(euro)/10 {
			t.Errorf("counted: %+v", c)
		}
	}
}

// TestSharedCases: messages from phones that come to both gateways get the case
// numbers 1 to n, each once.
func TestSharedCases(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot {
		s := testSnapshot()
		series := []Series{{Name: "orders", Format: "{n:5}"}}
		s.Series = NewSeriesTable(series)
		s.Inbound = NewInboundTable([]InboundRule{{Keyword: route.Patterns{"order"}, Do: []InboundAction{{Register: "orders"}}}})
		return s
	})
	const n = 60
	links := [2]*fakeLink{p.w[0].fakeLink("op1"), p.w[1].fakeLink("op1")}
	p.both(n, func(w *world, i int) {
		if err := <-links[w.opt.Node].inbound(&message.Inbound{
			From: message.Address{TON: 1, Number: "46700000001"}, To: message.Address{TON: 1, Number: "4611111"}, Content: message.Content{Text: "order", Class: -1},
		}); err != nil {
			t.Error(err)
		}
	})
	list, _, err := p.w[0].InboundList(t.Context(), Filter{Series: "orders", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var cases []string
	for _, in := range list {
		cases = append(cases, in.Case)
	}
	slices.Sort(cases)
	if len(cases) != 2*n {
		t.Errorf("%d case numbers", len(cases))
	}
	for i, c := range cases {
		if c != fmt.Sprintf("%05d", i+1) {
			t.Fatalf("the %d. case number is %s", i+1, c)
		}
	}
	if _, last := p.w[0].SeriesStates(), p.w[1].SeriesStates(); last[0].Last != 2*n && p.w[0].SeriesStates()[0].Last != 2*n {
		t.Errorf("neither shows the last number: %+v", last)
	}
}

// hourlySnapshot limits what a recipient and a country may have of acme in an hour.
func hourlySnapshot(t testing.TB) *Snapshot {
	t.Helper()
	s := moneySnapshot(t, func(group, acme *account.Account) {
		group.Balance = &account.Balance{Credit: 1000 * euro}
		acme.Traffic = &account.Traffic{RecipientHour: 10, CountryHour: map[string]int{"SE": 25}}
	})
	s.Networks = route.NewNetworks(nil)
	return s
}

// hourlyAt has many messages accepted at two gateways at once, and sees whether what they may in an hour is what was accepted, each counted once.
func hourlyAt(t *testing.T, at func(i int) *world, each func(n int, do func(i int))) {
	var accepted, refused atomic.Int64
	send := func(i int, to string) {
		results, err := at(i).Submit(context.Background(), []*Submission{at(i).untold(to, fmt.Sprint("text", i))})
		switch {
		case err != nil:
			t.Error(err)
		case results[0].Failure == nil:
			accepted.Add(1)
		case results[0].Failure.Kind == message.LimitReached:
			refused.Add(1)
		default:
			t.Error(results[0].Failure)
		}
	}
	each(40, func(i int) { send(i, "46100000001") })
	if accepted.Load() != 10 || refused.Load() != 30 {
		t.Errorf("to one phone: %d accepted, %d refused", accepted.Load(), refused.Load())
	}
	each(40, func(i int) { send(i, fmt.Sprint(46100000010+i)) })
	if accepted.Load() != 25 || refused.Load() != 55 {
		t.Errorf("to a country: %d accepted, %d refused", accepted.Load(), refused.Load())
	}
}

// TestSharedHours: what a recipient and a country may have in an hour holds for two gateways together, on PostgreSQL.
func TestSharedHours(t *testing.T) {
	t.Parallel()
	p := twoGateways(t, func() *Snapshot { return hourlySnapshot(t) })
	hourlyAt(t, func(i int) *world { return p.w[i%2] }, func(n int, do func(int)) {
		var all sync.WaitGroup
		for part := range 4 {
			all.Go(func() {
				for i := part; i < n; i += 4 { // two at each
					do(i)
				}
			})
		}
		all.Wait()
	})
}

// TestSharedHoursSQLite: likewise on SQLite, and the next hour begins anew.
func TestSharedHoursSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		for _, w := range nodes {
			s := hourlySnapshot(t)
			w.acme = s.Accounts.ByName("acme")
			w.Replace(s)
		}
		for hour := range 2 {
			time.Sleep(time.Duration(hour) * time.Hour) // into the next one
			hourlyAt(t, func(i int) *world { return nodes[i%2] }, func(n int, do func(int)) {
				for i := range n {
					do(i)
				}
			})
		}
	})
}
