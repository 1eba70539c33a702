package gateway

import (
	"context"
	"time"

	"kurir/message"
	"kurir/store"
)

// The spans of time for which there are limits.
const (
	perHour = iota
	perDay
	perMonth
	periods
)

var (
	periodNames = [periods]string{"hour", "day", "month"}
	perPeriod   = [periods]string{"an hour", "a day", "a month"}
)

// allowance is what may be had in a span of time, and what of it was.
type allowance struct {
	most, used  int64 // most is 0 where there is no limit
	from, until int64 // Unix milliseconds of the span that is counted
	anew        bool  // it is to be counted from the database, with Options.Shared
}

// allowances are those of an account, by span.
type allowances [periods]allowance

// limit sets how much may be had; what was counted stays where there is a limit.
func (l *allowances) limit(most [periods]int64) {
	for i := range l {
		l[i].anew = l[i].anew || l[i].most == 0
		if l[i].most = most[i]; most[i] == 0 {
			l[i] = allowance{}
		}
	}
}

// roll begins a new span where the old one is over.
func (l *allowances) roll(now time.Time, zone *time.Location) {
	ms := now.UnixMilli()
	for i := range l {
		if a := &l[i]; a.most != 0 && (ms < a.from || ms >= a.until) {
			from, until := span(i, now, zone)
			*a = allowance{most: a.most, from: from.UnixMilli(), until: until.UnixMilli()}
		}
	}
}

// span returns the hour, day or month in which a time lies. Hours are those of
// the clock in UTC; a day may have 23 to 25.
func span(period int, at time.Time, zone *time.Location) (from, until time.Time) {
	if period == perHour {
		from = at.Truncate(time.Hour)
		return from, from.Add(time.Hour)
	}
	y, m, d := at.In(zone).Date()
	if period == perDay {
		return time.Date(y, m, d, 0, 0, 0, 0, zone), time.Date(y, m, d+1, 0, 0, 0, 0, zone)
	}
	return time.Date(y, m, 1, 0, 0, 0, 0, zone), time.Date(y, m+1, 1, 0, 0, 0, 0, zone)
}

// exceeded returns the limit that n more would exceed, nil if none.
func (l *allowances) exceeded(n int64) *allowance {
	for i := range l {
		if a := &l[i]; a.most != 0 && n > 0 && a.used+n > a.most {
			return a
		}
	}
	return nil
}

// per returns the span of one of the limits, with its article.
func (a *allowance) per(of *allowances) string {
	for i := range of {
		if a == &of[i] {
			return perPeriod[i]
		}
	}
	return ""
}

// use counts n, which may be less than 0.
func (l *allowances) use(n int64) {
	for i := range l {
		if a := &l[i]; a.most != 0 {
			a.used = max(0, a.used+n)
		}
	}
}

// count counts n that was had at a time, in those spans in which that lies.
func (l *allowances) count(at, n int64) {
	for i := range l {
		l[i].count(at, n)
	}
}

func (a *allowance) count(at, n int64) {
	if a.most != 0 && at >= a.from && at < a.until {
		a.used = max(0, a.used+n)
	}
}

// giveBack takes off n that was counted at a time.
func (l *allowances) giveBack(at, n int64) { l.count(at, -n) }

// roll begins new spans of an account's limits where the old ones are over.
func (p *purse) roll(now time.Time) {
	p.messages.roll(now, p.zone)
	p.money.roll(now, p.zone)
}

// installMoney brings the purses in line with a configuration.
func (g *Gateway) installMoney(s *Snapshot) {
	now := g.now()
	level := map[*purse]bool{}
	for _, a := range s.Accounts.All() {
		t := a.Terms()
		if t == nil {
			continue
		}
		for _, up := range t.Levels {
			p := g.purse(up.Name)
			if list := s.Prices[t.Prices]; list != nil {
				p.currency = list.Currency
			}
			level[p] = true
			p.zone, p.has, p.credit = up.Location(), up.Balance != nil, 0
			if p.has {
				p.credit = up.Balance.Credit
			}
			m, c := &up.Limits.Messages, &up.Limits.Money
			p.messages.limit([periods]int64{m.Hour, m.Day, m.Month})
			p.money.limit([periods]int64{int64(c.Hour), int64(c.Day), int64(c.Month)})
			p.roll(now)
		}
	}
	for _, p := range g.purses { // what is no longer in the configuration may still have messages under way
		if !level[p] {
			p.has, p.credit, p.messages, p.money = false, 0, allowances{}, allowances{}
		}
	}
}

// loadMoney reads the balances as the store has them, and counts what accounts
// have had of their limits.
func (g *Gateway) loadMoney(ctx context.Context, now time.Time) error {
	all, err := g.store.Balances(ctx)
	if err != nil {
		return err
	}
	for name, b := range all {
		p := g.purse(name)
		if p.currency == "" {
			p.currency = b.Currency
		}
		p.live = funds{message.Amount(b.Balance), message.Amount(b.Charged), message.Amount(b.Reserved)}
		p.disk = p.live
	}
	for _, p := range g.purses { // what was counted before goes on
		p.messages.counted()
		p.money.counted()
	}
	since, limited := g.limitsSince(now)
	if !limited {
		return nil
	}
	counters, err := g.store.Counters(ctx, since, now.Unix()/3600+1)
	if err != nil {
		return err
	}
	g.countHad(counters)
	return nil
}

// limitsSince returns the Unix hour in which the oldest span of a limit begins, and
// whether there are limits.
func (g *Gateway) limitsSince(now time.Time) (hour int64, limited bool) {
	since := now.UnixMilli()
	for _, p := range g.purses {
		for _, l := range []*allowances{&p.messages, &p.money} {
			for i := range l {
				if l[i].most != 0 {
					since, limited = min(since, l[i].from), true
				}
			}
		}
	}
	return since / 3600_000, limited
}

// countHad counts on limits what counters say that accounts have had, each for those
// above it by the configuration in force.
func (g *Gateway) countHad(counters []store.Counter) {
	accounts := g.snap.Load().Accounts
	for i := range counters {
		c := &counters[i]
		a := accounts.ByName(c.Account)
		if a == nil || a.Terms() == nil {
			continue
		}
		for _, up := range a.Terms().Levels {
			p := g.purse(up.Name)
			at := c.Hour * 3600_000
			switch c.What {
			case tallyAccepted:
				p.messages.count(at, c.N)
			case tallyReserved:
				p.money.count(at, c.N)
			case tallyReturned:
				p.money.count(at, -c.N)
			}
		}
	}
}

// recount counts anew what accounts have had of their limits, after a configuration
// has come into force that may have brought limits or moved accounts: the same as
// after a start. The hours that are over are read aside, the last two where nothing
// is written meanwhile.
func (g *Gateway) recount(s *Snapshot, since int64, now time.Time) {
	late := now.Unix()/3600 - 1
	early, err := g.store.Counters(g.ctx, since, late)
	if err != nil {
		g.log.Warn("what accounts had of their limits could not be counted after the reload", "error", err)
		return
	}
	count := func() {
		counters, err := g.store.Counters(g.ctx, late, g.now().Unix()/3600+1)
		if err != nil {
			g.log.Warn("what accounts had of their limits could not be counted after the reload", "error", err)
			return
		}
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.snap.Load() != s {
			return // the next reload counts for itself
		}
		counters = g.cur.appendCounted(counters)
		if g.carry != nil {
			counters = append(counters, g.carry.Counters...)
		}
		for _, p := range g.purses {
			p.messages.forget()
			p.money.forget()
		}
		g.countHad(early)
		g.countHad(counters)
	}
	select {
	case g.errands <- count:
		g.signal()
	case <-g.ctx.Done():
	}
}

// errand does what has to be done while nothing is written; the writer calls it.
func (g *Gateway) errand() {
	select {
	case do := <-g.errands:
		do()
	default:
	}
}

// counted says that what the database has counted is right.
func (l *allowances) counted() {
	for i := range l {
		l[i].anew = false
	}
}

// forget takes what was counted to be 0.
func (l *allowances) forget() {
	for i := range l {
		l[i].used = 0
	}
}
