package gateway

import (
	"fmt"
	"time"

	"kurir/message"
	"kurir/store"
)

// judge goes through a gather by what the database says. g.mu is held.
type judge struct {
	g      *Gateway
	b      *gather
	found  *store.Found
	now    time.Time
	out    map[*entry]*message.Failure
	trials map[*purse]*trial
	lost   map[*Keyed]bool                         // requests that another node has answered
	hours  map[store.AllowanceKey]*store.Allowance // limits of this hour (hourly.go)

	balances, limited map[string]bool // accounts that were looked up
}

// trial is a purse as the database has it, with what has been found to hold.
type trial struct {
	purse
	was     funds // in the database
	looked  bool  // its balance was looked up
	limited bool  // and what it has had of its limits
}

// prepare makes the trials: what is in the database, with what the gather moves
// otherwise than by accepting and topping up.
func (j *judge) prepare() error {
	g, b := j.g, j.b
	for i := range b.money {
		j.trial(b.money[i].purse).live.add(b.money[i].change)
	}
	for i := range b.accepts {
		a := &b.accepts[i]
		if a.bill == nil {
			continue
		}
		for _, up := range a.bill.terms.Levels {
			j.trial(g.purse(up.Name))
		}
		for _, e := range a.entries {
			if p, d := g.booking(a.bill.terms, e.m); p != nil {
				j.trial(p).live.take(d)
			}
		}
	}
	for _, t := range b.topUps {
		if t.booked {
			j.trial(t.purse).live.balance -= message.Amount(t.asked.Amount)
		}
	}
	for i := range b.had {
		j.trial(b.had[i].purse)
	}
	if err := j.limits(); err != nil {
		return err
	}
	for i := range b.had {
		if h := &b.had[i]; !h.booked {
			j.trial(h.purse).count(h)
		}
	}
	return nil
}

func (f *funds) take(d funds) {
	f.balance -= d.balance
	f.charged -= d.charged
	f.reserved -= d.reserved
}

func (p *purse) count(h *had) {
	l := &p.messages
	if h.money {
		l = &p.money
	}
	l.count(h.at, h.n)
}

// trial returns the trial of a purse.
func (j *judge) trial(p *purse) *trial {
	t := j.trials[p]
	if t == nil {
		t = &trial{purse: *p}
		if t.looked = j.balances[p.account]; t.looked {
			have := j.found.Balances[p.account]
			t.was = funds{message.Amount(have.Balance), message.Amount(have.Charged), message.Amount(have.Reserved)}
			t.live = t.was
		}
		j.trials[p] = t
	}
	return t
}

// limits fills in what the database says that was had of limits. What it does not
// say of the present span, it counts there.
func (j *judge) limits() error {
	anew := map[*allowance]struct{}{}
	since := j.now.UnixMilli()
	for _, t := range j.trials {
		if t.limited = j.limited[t.account]; !t.limited {
			continue
		}
		t.roll(j.now)
		for kind, l := range []*allowances{&t.messages, &t.money} {
			for i := range l {
				a := &l[i]
				if a.most == 0 {
					continue
				}
				row, known := j.found.Allowances[store.AllowanceKey{Account: t.account, Kind: kind, Period: i}]
				switch {
				case known && row.Since > a.from && !a.anew: // another node's clock is ahead
					_, until := span(i, time.UnixMilli(row.Since), t.zone)
					a.from, a.until, a.used = row.Since, until.UnixMilli(), row.Used
				case known && row.Since == a.from && !a.anew:
					a.used = row.Used
				default:
					a.used, a.anew = 0, false
					anew[a] = struct{}{}
					since = min(since, a.from)
				}
			}
		}
	}
	if len(anew) == 0 {
		return nil
	}
	return j.recount(anew, since)
}

// recount counts what accounts have had of limits by the counters in the database.
func (j *judge) recount(anew map[*allowance]struct{}, since int64) error {
	accounts := map[string]struct{}{}
	all := j.g.snap.Load().Accounts
	levels := map[string][]*trial{}
	for _, a := range all.All() {
		if a.Terms() == nil {
			continue
		}
		for _, up := range a.Terms().Levels {
			if t := j.trials[j.g.purse(up.Name)]; t != nil && t.limited {
				accounts[a.Name] = struct{}{}
				levels[a.Name] = append(levels[a.Name], t)
			}
		}
	}
	counters, err := j.found.Counters(accounts, since/3600_000, j.now.Unix()/3600+1)
	if err != nil {
		return err
	}
	for i := range counters {
		c := &counters[i]
		for _, t := range levels[c.Account] {
			l, n := &t.money, c.N
			switch c.What {
			case tallyAccepted:
				l = &t.messages
			case tallyReserved:
			case tallyReturned:
				n = -n
			default:
				continue
			}
			for k := range l {
				if _, wanted := anew[&l[k]]; wanted {
					l[k].count(c.Hour*3600_000, n)
				}
			}
		}
	}
	return nil
}

// requests finds out which requests other nodes have answered meanwhile.
func (j *judge) requests() {
	b := j.b
	own := b.Idempotency[:b.answered]
	n := 0
	for i := range own {
		if _, known := j.found.Requests[store.RequestKey{Account: own[i].Account, Key: own[i].Key}]; !known {
			own[n] = own[i]
			n++
		}
	}
	b.Idempotency, b.answered = own[:n], n
	for i := range b.accepts {
		k := b.accepts[i].key
		if k == nil {
			continue
		}
		if first, known := j.found.Requests[store.RequestKey{Account: k.Account, Key: k.Key}]; known {
			if j.lost == nil {
				j.lost = map[*Keyed]bool{}
			}
			j.lost[k] = true
			k.lose(&first)
		}
	}
}

// topUps finds out which top-ups hold.
func (j *judge) topUps() {
	b := j.b
	b.TopUps = b.TopUps[:0]
	for _, t := range b.topUps {
		p := j.trial(t.purse)
		amount := message.Amount(t.asked.Amount)
		first, known := j.found.TopUps[store.TopUpKey{Account: t.asked.Account, Key: t.asked.Key}]
		t.repeated, t.err, t.booked = known, nil, false
		switch {
		case known:
			*t.made = *first
			continue
		case amount < 0 && p.live.balance+amount < -p.credit:
			t.err = fmt.Errorf("%w: it is %s %s", ErrBelowLimit, p.live.balance, p.currency)
			continue
		}
		p.live.balance += amount
		t.booked = true
		*t.made = t.asked
		t.made.Balance = int64(p.live.balance)
		b.TopUps = append(b.TopUps, t.made)
	}
}

// acceptance finds out which messages of an acceptance hold.
func (j *judge) acceptance(a *acceptance) {
	switch {
	case j.lost[a.key] || j.lost[a.of]:
		j.all(a, &message.Failure{Kind: message.Repeated})
		return
	case a.bill == nil && a.repeats == nil:
		return
	}
	var fine []int
	for k, e := range a.entries {
		f := j.repeated(a, k)
		if f == nil {
			f = j.hourly(a, k)
		}
		if f == nil {
			f = j.afford(a, e.m)
		}
		if f == nil {
			j.inHour(a, k, 1)
			fine = append(fine, k)
			continue
		}
		j.out[e] = f
		if a.atomic || a.multi && k == 0 { // by the first its customer knows the others
			for _, before := range fine {
				j.book(a, a.entries[before].m, -1)
				j.inHour(a, before, -1)
			}
			j.all(a, &message.Failure{Kind: message.Withheld, Field: "atomic"})
			j.out[e] = f
			return
		}
	}
}

// all takes all messages of an acceptance out.
func (j *judge) all(a *acceptance, f *message.Failure) {
	for _, e := range a.entries {
		j.out[e] = f
	}
}

// repeated says that another node has accepted a message like the k-th.
func (j *judge) repeated(a *acceptance, k int) *message.Failure {
	if a.repeats == nil || a.repeats[k].key == 0 {
		return nil
	}
	id, known := j.found.Repeats[a.repeats[k].key]
	if !known {
		return nil
	}
	ago := j.now.Sub(time.UnixMilli(id.Millis())).Round(time.Second)
	return repeatedFailure(a.entries[k].m, ago, a.repeats[k].within)
}

// afford books a message, or says why that cannot be.
func (j *judge) afford(a *acceptance, m *message.Message) *message.Failure {
	if a.bill == nil {
		return nil
	}
	t := a.bill.terms
	levels := make([]*purse, len(t.Levels))
	for i, up := range t.Levels {
		levels[i] = &j.trial(j.g.purse(up.Name)).purse
	}
	f := afford(levels, m)
	if f == nil && t.Payer != nil {
		f = j.trial(j.g.purse(t.Payer.Name)).bears(message.Amount(m.Price), m.Account)
	}
	if f != nil {
		j.g.count.unpaid.Add(1)
		return f
	}
	j.book(a, m, 1)
	return nil
}

// book books a message; with -1 it takes that back.
func (j *judge) book(a *acceptance, m *message.Message, n int64) {
	if a.bill == nil {
		return
	}
	for _, up := range a.bill.terms.Levels {
		p := j.trial(j.g.purse(up.Name))
		p.messages.use(n)
		p.money.use(n * m.Price)
	}
	p, d := j.g.booking(a.bill.terms, m)
	switch {
	case p == nil:
	case n > 0:
		j.trial(p).live.add(d)
	default:
		j.trial(p).live.take(d)
	}
}

// answers adds what the requests of the messages that hold are answered, and by
// what they are known again.
func (j *judge) answers() {
	b := j.b
	b.rememberAccepts(j.now)
	b.Duplicates = append(b.Duplicates[:0], b.repeats...)
	for i := range b.accepts {
		a := &b.accepts[i]
		for k, r := range a.repeats {
			if r.key != 0 {
				b.Duplicates = append(b.Duplicates, store.DuplicateKey{Key: r.key, ID: a.entries[k].m.ID, Expires: j.now.Add(r.within).UnixMilli()})
			}
		}
	}
}

// written fills in the rows, and has memory take over what was seen.
func (j *judge) written() {
	b, cur := j.b, j.g.cur
	for i := range b.money {
		mv := &b.money[i]
		t := j.trials[mv.purse]
		mv.change = t.live
		mv.change.take(t.was)
	}
	b.Allowances = b.Allowances[:0]
	for p, t := range j.trials {
		if t.looked {
			p.disk, p.live = t.was, t.live
			if p.moveIn == cur.seq {
				p.live.add(cur.money[p.moveAt].change)
			}
		}
		if t.limited {
			p.messages, p.money = t.messages, t.money
			b.Allowances = append(t.rows(b.Allowances, 0, &t.messages), t.rows(nil, 1, &t.money)...)
		}
	}
	for key, a := range j.hours {
		if row := j.found.Allowances[key]; row != *a && a.Used > 0 { // what was refused changes nothing
			b.Allowances = append(b.Allowances, *a)
		}
	}
	for i := range cur.had {
		h := &cur.had[i]
		if t := j.trials[h.purse]; t != nil && t.limited {
			h.purse.count(h)
		}
	}
	b.Money = b.moneyRows()
}

// rows are those of what was had of limits.
func (t *trial) rows(rows []store.Allowance, kind int, l *allowances) []store.Allowance {
	for i := range l {
		if a := &l[i]; a.most != 0 {
			rows = append(rows, store.Allowance{AllowanceKey: store.AllowanceKey{Account: t.account, Kind: kind, Period: i}, Since: a.from, Used: a.used})
		}
	}
	return rows
}
