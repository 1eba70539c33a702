package gateway

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/message"
	"kurir/store"
)

// Where several gateways use one database (Options.Shared), each still decides in
// memory, by what it knows, and settles in the commit, by what the database says:
//
//  1. Accept and TopUpBalance let in what this node's memory would refuse for want of money
//     or for a limit: money may have come to another node.
//  2. write tells the store what of the gather others may decide about (contest).
//  3. Within the commit settle goes through the gather again by what is in the
//     database (judge.go): what does not hold is taken out, and answered as it
//     always was. Balances, limits and last case numbers are written as the database has
//     them, with what is left of the gather (settled.go).
//  4. Memory takes over what it has seen.
//
// Without Options.Shared nothing of this happens.

// had is something that was counted on a limit, or given back.
type had struct {
	purse  *purse
	money  bool
	at, n  int64
	booked bool // at acceptance, from which it follows again
}

// counted notes what was counted on a limit, for settle.
func (g *Gateway) counted(p *purse, money bool, at, n int64, booked bool) {
	if g.opt.Shared && n != 0 {
		g.cur.had = append(g.cur.had, had{p, money, at, n, booked})
	}
}

// limited tells whether an account has a limit.
func (p *purse) limited() bool {
	for i := range periods {
		if p.messages[i].most != 0 || p.money[i].most != 0 {
			return true
		}
	}
	return false
}

// contest says what of a gather other nodes may decide about; nil for nothing.
func (g *Gateway) contest(b *gather) *store.Contest {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	c := &store.Contest{At: now.UnixMilli(), TopUps: b.TopUps, Requests: slices.Clone(b.Idempotency)}
	balances, limits := map[string]struct{}{}, map[string]struct{}{}
	for i := range b.money {
		balances[b.money[i].purse.account] = struct{}{}
	}
	for i := range b.had {
		if p := b.had[i].purse; p.limited() {
			limits[p.account] = struct{}{}
		}
	}
	for i := range b.accepts {
		a := &b.accepts[i]
		if a.key != nil {
			c.Requests = append(c.Requests, a.key.row(nil, now))
		}
		for _, r := range a.repeats {
			if r.key != 0 {
				c.Repeats = append(c.Repeats, r.key)
			}
			for i := range r.hours {
				c.Hours = append(c.Hours, r.hours[i].key)
			}
		}
		if a.bill == nil {
			continue
		}
		for _, up := range a.bill.terms.Levels {
			p := g.purse(up.Name)
			if p.has {
				balances[p.account] = struct{}{}
			}
			if p.limited() {
				limits[p.account] = struct{}{}
			}
		}
	}
	for i := range b.Series {
		c.Series = append(c.Series, b.Series[i].Name)
	}
	c.Balances, c.Limits = names(balances), names(limits)
	if len(c.Balances)+len(c.Limits)+len(c.Series)+len(c.TopUps)+len(c.Requests)+len(c.Repeats)+len(c.Hours) == 0 {
		return nil
	}
	c.Settle = func(f *store.Found) error { return g.settleShared(b, f) }
	return c
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}

func names(set map[string]struct{}) []string {
	list := make([]string, 0, len(set))
	for name := range set {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// repeat is by what a message is known again.
type repeat struct {
	key    uint64 // 0 where it may come again
	within time.Duration
	hours  []hourly // what it counts on in this hour
}

// repeatOf says by what a message is known again on other nodes, and on which limits of an hour it counts there.
func repeatOf(snap *Snapshot, m *message.Message, sub *Submission) (r repeat) {
	set := sub.Account.Traffic
	if set == nil || sub.Answer || sub.Resent != 0 {
		return r
	}
	r.hours = hourlyOf(snap, m, set)
	if set.Repeats == 0 {
		return r
	}
	h := sha256.New()
	for _, s := range [...]string{m.Account, m.To.Number, m.Content.Text, string(m.Content.Data), string(m.Content.Header)} {
		_, _ = fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	r.key, r.within = max(1, binary.BigEndian.Uint64(h.Sum(nil))), set.Repeats
	return r
}

// settleShared is step 3.
func (g *Gateway) settleShared(b *gather, f *store.Found) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	j := &judge{g: g, b: b, found: f, now: g.now(), out: map[*entry]*message.Failure{}, trials: map[*purse]*trial{}, balances: set(b.Contest.Balances), limited: set(b.Contest.Limits)}
	if err := j.prepare(); err != nil {
		return err
	}
	j.requests()
	j.topUps()
	for i := range b.accepts {
		j.acceptance(&b.accepts[i])
	}
	g.withdraw(b, j.out, j.now)
	j.answers()
	j.written()
	g.renumber(b, f)
	return nil
}

// withdraw takes messages out of a gather that is being written.
func (g *Gateway) withdraw(b *gather, out map[*entry]*message.Failure, now time.Time) {
	if len(out) == 0 {
		return
	}
	gone := make(map[message.ID]bool, len(out))
	freed := map[*link]struct{}{}
	for i := range b.accepts {
		a := &b.accepts[i]
		n := 0
		for k, e := range a.entries {
			f := out[e]
			if f == nil {
				a.keep(n, k)
				n++
				continue
			}
			gone[e.m.ID] = true
			freed[e.link] = struct{}{}
			g.untally(b, a, k)
			if k < len(a.asks) {
				g.unasked(b, a.asks[k], e.m.ID)
			}
			g.refused(e)
			g.count.refused.Add(1)
			a.results[a.index[k]] = Result{To: e.m.To, Failure: f}
		}
		a.cut(n)
		if n == 0 && a.settles != nil {
			g.undone(b, a.settles, message.NoMoney)
			a.settles = nil
		}
	}
	b.without(gone)
	b.dropBlanks()
	b.Counters = b.appendTallied(b.appendCounted(b.Counters[:0]))
	if g.full == nil {
		for l := range freed {
			g.dispatch(l, now)
		}
	}
}

// keep moves what is said of the k-th message to the n-th place.
func (a *acceptance) keep(n, k int) {
	if n == k {
		return
	}
	a.entries[n], a.index[n] = a.entries[k], a.index[k]
	if a.bill != nil {
		a.bill.rates[n] = a.bill.rates[k]
	}
	if a.repeats != nil {
		a.repeats[n] = a.repeats[k]
	}
	if k < len(a.asks) {
		a.asks[n] = a.asks[k]
	}
}

// cut leaves the first n messages.
func (a *acceptance) cut(n int) {
	clear(a.entries[n:])
	a.entries, a.index = a.entries[:n], a.index[:n]
	if a.bill != nil {
		a.bill.rates = a.bill.rates[:n]
	}
	if a.repeats != nil {
		a.repeats = a.repeats[:n]
	}
	a.asks = a.asks[:min(n, len(a.asks))]
}

// untally takes the k-th message of an acceptance off the counters of a gather.
func (g *Gateway) untally(b *gather, a *acceptance, k int) {
	m := a.entries[k].m
	take := func(key counterKey, n int64) {
		if b.counters[key] -= n; b.counters[key] == 0 {
			delete(b.counters, key)
		}
	}
	take(counterKey{a.hour, m.Account, m.Links[0], tallyAccepted}, 1)
	g.uncountAccepted(b, m, a.hour)
	if a.bill != nil && m.Price != 0 {
		take(counterKey{a.hour, m.Account, a.bill.rates[k].Currency, tallyReserved}, m.Price)
	}
	if m.Dimensions() == "" {
		return
	}
	take(costKeyOf(a.hour, tallyCostMessages, "", m), 1)
	if a.bill != nil && m.Price != 0 {
		take(costKeyOf(a.hour, tallyCostReserved, a.bill.rates[k].Currency, m), m.Price)
	}
}

// booking says what a message moves when it is accepted, and of whose money; nil
// for nothing.
func (g *Gateway) booking(t *account.Terms, m *message.Message) (*purse, funds) {
	price := message.Amount(m.Price)
	if price == 0 || t.Payer == nil {
		return nil, funds{}
	}
	p := g.purse(t.Payer.Name)
	if rule, _ := billing.ParseRule(t.Payer.Balance.Charge); rule == billing.ChargeAccepted {
		return p, funds{balance: -price, charged: price}
	}
	return p, funds{balance: -price, reserved: price}
}

// renumber gives the messages from phones in a gather their case numbers again,
// behind the last in the database. Nobody has seen them before.
func (g *Gateway) renumber(b *gather, f *store.Found) {
	if len(b.Series) == 0 {
		return
	}
	snap := g.snap.Load()
	last := f.Series
	for _, in := range b.Inbound {
		if in.Series != "" {
			n, ok := snap.number(in, last[in.Series])
			if !ok { // the series is gone since
				continue
			}
			last[in.Series] = n
		}
	}
	for i := range b.Series {
		n := &b.Series[i]
		if at := last[n.Name]; strings.HasPrefix(n.Name, codeSeries) || at.Name == "" {
			n.Last = max(n.Last, at.Last)
		} else {
			*n = at
		}
		g.series[n.Name] = *n
	}
}
