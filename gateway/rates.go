package gateway

import (
	"math"
	"time"
)

// Where several gateways have rates together (Options.Divided), each says what it
// wants of them (RateWants) and is told what it may use (ShareRates). Who divides is
// no affair of this package.
//
// A link of which this gateway may use nothing, because others use all of it or it has
// fewer parts a second than there are gateways, is as one without a session here: what
// waits for it is left free for the others (free.go). What an operator's complaints
// do to a pace is each gateway's own: it slows down its own share, and does not hand
// over what it may not send, for an operator's limit is mostly that of all sessions.

// RateWant is what this gateway wants of the rate of a link or an account.
type RateWant struct {
	Link, Account string  // one of them
	Rate          float64 // as configured, parts a second
	Want          float64 // parts a second; less than 0 of a link without a session here that may send
	Busy          bool    // parts are under way, and one a second is still used
	Spent         int64   // parts accepted of an account since the last call
}

// RateShares is what this gateway may use.
type RateShares struct {
	Links    map[string]int     // parts a second; none of one that is not named
	Alone    bool               // all of each account's rate
	Accounts map[string]float64 // else parts a second; what is not named has had nothing to send lately
	Spent    map[string]int64   // parts that others have accepted of accounts, since the last call
}

const (
	// shareUsed is how much of a share a link's pace uses, so that what it grants does not have to wait for its place on
	// the wire, where so many parts go in a second and a little more (connector.Smooth).
	shareUsed = 0.97

	wantMore    = 1.25                   // of what was used
	rateIdle    = 10 * time.Second       // after which an account sends no more
	rateQuiet   = 600 * time.Millisecond // after which a link sends no more
	rateQuietly = 5 * time.Second        // likewise one with few parts a second, which come seldom
	fewParts    = 20
)

// linkRates is what a link has to do with rates that gateways have together.
type linkRates struct {
	share int       // parts a second
	none  bool      // the link has a rate, and this gateway may use nothing of it
	since time.Time // since when that is so
	used  meter
	left  meter // to other gateways, while there is none
	held  bool  // something waited for the pace since the last look
	more  bool  // when free rows were claimed, more were there
}

// granted counts parts.
func (r *linkRates) granted(account *pace, parts int, now time.Time) {
	r.used.add(parts, now)
	if account != nil {
		account.used.add(parts, now)
	}
}

// RateWants says what this gateway wants of rates now.
func (g *Gateway) RateWants() (wants []RateWant) {
	spent := g.snap.Load().Accounts.Spent()
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	waiting := map[string]int{}
	for _, l := range g.links {
		for i := range l.lanes.lane {
			for _, q := range l.lanes.lane[i].slowed {
				waiting[q.account] += q.n
			}
		}
		if l.set.Rate > 0 {
			wants = append(wants, RateWant{Link: l.name, Rate: l.set.Rate, Want: l.wants(now), Busy: l.busy()})
		}
	}
	for name, p := range g.paces {
		if spent[name] > 0 {
			p.spent = now
		}
		want := p.used.lately(now)*wantMore + float64(waiting[name])
		if want > 0 || !p.used.quiet(now, rateIdle) || now.Sub(p.spent) < rateIdle {
			wants = append(wants, RateWant{Account: name, Rate: p.whole, Want: want, Spent: spent[name]})
		}
	}
	return wants
}

// busy tells whether parts are under way.
func (l *link) busy() bool {
	for _, s := range l.sessions {
		if s.used > 0 {
			return true
		}
	}
	return false
}

// wants is how many parts a second the link could send here.
func (l *link) wants(now time.Time) float64 {
	r := &l.rates
	held := r.held || r.none
	r.held = false
	if !l.up() {
		return -1
	}
	waits := 0.0
	if held {
		waits = float64(l.lanes.ready()) + r.left.lately(now)
		for i := range l.spill {
			waits += float64(max(0, l.spill[i].rows))
		}
		if r.more && !r.none {
			waits = l.set.Rate
		}
	}
	quiet := rateQuiet
	if l.set.Rate < fewParts {
		quiet = rateQuietly
	}
	if waits == 0 && r.used.quiet(now, quiet) {
		return 0
	}
	return math.Max(1, r.used.lately(now)*wantMore+waits)
}

// ShareRates says what this gateway may use from now on; before the first call it
// may use nothing.
func (g *Gateway) ShareRates(s RateShares) {
	now := g.now()
	accounts := g.snap.Load().Accounts
	for name, parts := range s.Spent {
		accounts.SpendElsewhere(name, parts, now)
	}
	g.mu.Lock()
	g.shares = s
	g.sharePaces()
	for _, l := range g.links {
		was := l.sends()
		g.shareLink(l)
		if !was && l.sends() {
			l.freed()
			g.dispatch(l, now)
		}
	}
	g.mu.Unlock()
	g.signal()
}

// shareLink has a link follow its share.
func (g *Gateway) shareLink(l *link) {
	if !g.opt.Divided {
		return
	}
	r := &l.rates
	r.share = g.shares.Links[l.name]
	none := l.set.Rate > 0 && r.share == 0
	if none && !r.none {
		r.since = time.Now()
	}
	r.none = none
	switch {
	case l.set.Rate <= 0:
	case float64(r.share) >= l.set.Rate:
		l.pace.share(l.set.Rate)
	default:
		l.pace.share(float64(r.share) * shareUsed)
	}
}

// sharePaces has accounts follow their shares.
func (g *Gateway) sharePaces() {
	if !g.opt.Divided {
		return
	}
	for name, p := range g.paces {
		rate := p.whole
		if !g.shares.Alone {
			rate = min(rate, g.shares.Accounts[name])
		}
		p.share(rate)
	}
}

// meter counts what goes in tenths of a second.
type meter struct {
	tenths [10]int
	last   int64 // the tenth that was counted last, of Unix time
}

// tenth is how many there are in meter's.
const tenth = 100 * time.Millisecond

func (m *meter) add(n int, now time.Time) {
	at := now.UnixMilli() / tenth.Milliseconds()
	for i := range min(max(at-m.last, 0), int64(len(m.tenths))) {
		m.tenths[(at-i)%int64(len(m.tenths))] = 0
	}
	m.last = at
	m.tenths[at%int64(len(m.tenths))] += n
}

// lately is how much went within the last second.
func (m *meter) lately(now time.Time) (sum float64) {
	at := now.UnixMilli() / tenth.Milliseconds()
	for t := max(m.last-int64(len(m.tenths))+1, at-int64(len(m.tenths))+1); t <= m.last; t++ {
		sum += float64(m.tenths[t%int64(len(m.tenths))])
	}
	return sum
}

// quiet tells whether nothing went for so long.
func (m *meter) quiet(now time.Time, d time.Duration) bool {
	return now.UnixMilli()/tenth.Milliseconds()-m.last >= d.Milliseconds()/tenth.Milliseconds()
}
