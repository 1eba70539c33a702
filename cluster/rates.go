package cluster

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"kurir/store"
)

// Rates divides rates among the nodes that share a database: what a link sends in
// a second over all of them, and an account.
//
//  1. Every tenth of a second a node asks what it wants of each rate (Wants), reads
//     what the others want and have, and divides each rate by that (divide.go).
//     All come to the same parts.
//  2. What it has it writes to its row, if nobody has written since it read (store/rate.go);
//     else it reads again. So in the table all that nodes have is never more than the rate.
//  3. What it gives up is out of use before it is written.
//  4. What it has taken is in use once that is written, but of an exact rate
//     (Rate.Exact) only RateWindow later: a node uses no more of it than the least
//     that it had in the table within the last RateWindow.
//
// So nodes together send no more than an exact rate in any second, whatever moves
// and however late requests are done. For let each node send within any RateWindow
// no more than it may use at that moment, and look at any second, which begins at b. The
// last part that a node sends in it goes less than RateWindow after b, when the
// node uses no more than it had in the table at b; and all its parts in that second
// lie within the RateWindow that ends with that last part. So they are no more than
// it had at b, and all nodes had no more than the rate at b. What nodes save up for
// themselves does not come into it: the shares are whole parts, and a node that has
// none sends nothing, so that a rate that is lower than there are nodes is used by
// some of them alone. What waits for a link at the others goes to those (package gateway).
//
// A node that is dead or cut off has what it had until its term is over, one
// second after it has fallen silent by its own clocks. A request that comes late does
// no harm, for what it would write is of an earlier version; until the node has
// written successfully again it uses no more than it had before and after it.
//
// Other rates are as good as their sum: what is taken is in use at once. While a
// node is alone it uses all of these, and says nothing of them.
type Rates struct {
	opt RateOptions

	own     map[string]*ownRate
	others  map[int]*otherRates // by number of node
	version uint64              // rows up to here have been read
	read    bool                // the table has been read
	written string              // our row, as it is
	doubt   bool                // a request had no answer: the row may be another
	alone   bool                // in use
	used    Shares
	spent   map[string]int64 // by others, and not told yet

	hasty bool // for TestShrinkRateWindow only: what is taken is in use at once
}

// RateOptions is what Rates are made of. All is required.
type RateOptions struct {
	Table  RateTable
	Keeper *Keeper // that has joined
	// Wants says what this node wants of each rate, and is asked every RateLook.
	Wants func() []Rate
	// Use is told what this node may use from now on, whenever that changes or others have spent something. It is
	// not called at once with Wants.
	Use func(Shares)
}

// RateTable is where rates are kept, a *store.NodeTable. See Table.
type RateTable interface {
	// Rates reads what live nodes say; bodies only of what was written after a version.
	Rates(ctx context.Context, after uint64) (store.Rates, error)
	// WriteRates writes what a node says if the last version is still the one that it has read; else it returns 0.
	WriteRates(ctx context.Context, number int, term, last uint64, body string) (uint64, error)
}

// Rate is a rate that all nodes have together, and what this one wants of it, in units of it a second.
type Rate struct {
	Name  string
	Whole int64
	Want  int64 // less than 0: it cannot use any. If none can, all keep what they have
	Keep  int64 // of what it has, it cannot give up so much yet
	Exact bool
	Spent int64 // since the last look, what others are to know (Shares.Spent)
}

// Shares is what a node may use.
type Shares struct {
	Alone bool             // all of each rate that is not exact
	May   map[string]int64 // units a second by name of the rate; what is not named is 0
	Spent map[string]int64 // by other nodes since the last call
}

const (
	// RateWindow is within what time a node sends no more than it may use of an exact rate: a second, and as much more as
	// what it sends may be late on its way compared to what others send.
	RateWindow = time.Second + 20*time.Millisecond
	// RateLook is how often a node looks what others want and have.
	RateLook = 100 * time.Millisecond

	wantFalls = 2 * time.Second // for so long less is wanted before that is believed; nothing is believed at once
	rateTries = 4               // until a look is given up because others write all the time
)

// ownRate is a rate as this node has it.
type ownRate struct {
	Rate
	want   int64     // published
	least  int64     // what was wanted at most since low
	low    time.Time // since when less is wanted; zero if not
	has    int64     // in the table, at least
	limits []rateLimit
	spent  int64 // since it is published
}

// rateLimit is what was had before it became more.
type rateLimit struct {
	most  int64
	until time.Time
}

// otherRates is what another node says.
type otherRates struct {
	term, version uint64
	rates         map[string]rateText
}

// rateText is a rate as it is written: wanted, had, spent.
type rateText [3]int64

// NewRates makes Rates.
func NewRates(opt RateOptions) *Rates {
	return &Rates{opt: opt, own: map[string]*ownRate{}, others: map[int]*otherRates{}, spent: map[string]int64{}}
}

// Run divides until ctx ends.
func (r *Rates) Run(ctx context.Context) {
	t := time.NewTimer(0)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		r.look(ctx)
		t.Reset(max(0, min(r.nextLimit(), time.Until(began.Add(RateLook)))))
	}
}

// nextLimit is when something more may be used.
func (r *Rates) nextLimit() time.Duration {
	next := RateLook
	for _, o := range r.own {
		for _, l := range o.limits {
			next = min(next, time.Until(l.until))
		}
	}
	return next
}

// look does what there is to do.
func (r *Rates) look(ctx context.Context) {
	alone := r.opt.Keeper.alone()
	r.alone = r.alone || alone && r.read
	r.note(r.opt.Wants(), alone)
	if alone && r.settled() {
		r.use()
		return
	}
	request, cancel := context.WithTimeout(ctx, r.opt.Keeper.times.Request)
	defer cancel()
	for range rateTries {
		if done, err := r.exchange(request, alone); err != nil {
			r.opt.Keeper.log.Debug("rates cannot be divided now", "error", err)
			break
		} else if done {
			r.alone = alone
			break
		}
	}
	r.use()
}

// note takes in what is wanted.
func (r *Rates) note(wants []Rate, alone bool) {
	now := time.Now()
	gone := maps.Clone(r.own)
	for _, w := range wants {
		if alone && !w.Exact {
			continue
		}
		delete(gone, w.Name)
		o := r.own[w.Name]
		if o == nil {
			o = &ownRate{}
			r.own[w.Name] = o
		}
		o.Rate = w
		o.spent += w.Spent
		o.follow(min(w.Want, w.Whole), now)
	}
	for name := range gone {
		delete(r.own, name) // and out of use before that is written
	}
}

// follow decides what is published of what is wanted: what is nearly the same stays.
func (o *ownRate) follow(want int64, now time.Time) {
	switch {
	case want <= 0 || o.want <= 0 || want > o.want+o.want/8 || want == o.Whole:
		o.want, o.low = want, time.Time{}
	case want >= o.want-o.want/8:
		o.low = time.Time{}
	case o.low.IsZero():
		o.low, o.least = now, want
	default:
		if o.least = max(o.least, want); now.Sub(o.low) >= wantFalls {
			o.want, o.low = o.least, time.Time{}
		}
	}
}

// settled tells whether a node that is alone has all there is.
func (r *Rates) settled() bool {
	for _, o := range r.own {
		if o.has != o.Whole {
			return false
		}
	}
	return r.read && !r.doubt
}

// exchange reads what others have, and writes what we have by that; false if
// somebody was quicker.
func (r *Rates) exchange(ctx context.Context, alone bool) (done bool, err error) {
	view, err := r.opt.Table.Rates(ctx, r.version)
	if err != nil {
		return false, err
	}
	r.learn(&view)
	next := r.plan(alone)
	body := r.text(next)
	if body == r.written && !r.doubt { // it is had all the time, also what we meant to give up and could not write
		for name, o := range r.own {
			o.has = next[name]
		}
		return true, nil
	}
	for name, o := range r.own {
		o.has = min(o.has, next[name])
	}
	r.use()
	k := r.opt.Keeper
	version, err := r.opt.Table.WriteRates(ctx, k.Number(), k.Term(), view.Version, body)
	if err != nil || version == 0 {
		r.doubt = r.doubt || err != nil
		return false, err
	}
	now := time.Now()
	for name, o := range r.own {
		if next[name] > o.has && o.Exact && !r.hasty {
			o.limits = append(o.limits, rateLimit{o.has, now.Add(RateWindow)})
		}
		o.has = next[name]
	}
	r.written, r.doubt = body, false
	return true, nil
}

// learn takes in what others say.
func (r *Rates) learn(view *store.Rates) {
	gone := maps.Clone(r.others)
	for i := range view.Rows {
		row := &view.Rows[i]
		if row.Node == r.opt.Keeper.Number() {
			continue
		}
		delete(gone, row.Node)
		was := r.others[row.Node]
		if was != nil && was.term == row.Term && was.version == row.Version {
			continue
		}
		now := &otherRates{term: row.Term, version: row.Version}
		_ = json.Unmarshal([]byte(row.Body), &now.rates) // what cannot be read says nothing
		if was == nil || was.term != row.Term {
			was = &otherRates{}
			if !r.read {
				was = now
			}
		}
		for name, t := range now.rates {
			if spent := t[2] - was.rates[name][2]; spent < 0 { // it has begun anew
				r.spent[name] += t[2]
			} else if spent > 0 {
				r.spent[name] += spent
			}
		}
		r.others[row.Node] = now
	}
	for number := range gone {
		delete(r.others, number)
	}
	r.version, r.read = view.Version, true
}

// plan is what we are to have of each rate.
func (r *Rates) plan(alone bool) map[string]int64 {
	next := make(map[string]int64, len(r.own))
	for name, o := range r.own {
		me, others := claim{node: r.opt.Keeper.Number(), want: o.want, has: o.has}, []claim{}
		for number, other := range r.others {
			if t, ok := other.rates[name]; ok {
				others = append(others, claim{node: number, want: t[0], has: t[1]})
			}
		}
		part := o.Whole
		if !alone {
			part = partOf(o.Whole, me, others)
		}
		next[name] = max(hold(o.Whole, part, others), min(o.Keep, o.has))
	}
	return next
}

// partOf is our part of a rate by what all want. While none can use it, as when the operator has closed all
// sessions, all keep what they have.
func partOf(whole int64, me claim, others []claim) int64 {
	all := append([]claim{me}, others...)
	using := slices.DeleteFunc(slices.Clone(all), func(c claim) bool { return c.want < 0 })
	if len(using) == 0 {
		had := slices.ContainsFunc(all, func(c claim) bool { return c.has > 0 })
		if had {
			return me.has
		}
		using = all
	}
	for i, part := range divide(whole, using) {
		if using[i].node == me.node {
			return part
		}
	}
	return 0
}

// text is our row with what we are to have.
func (r *Rates) text(next map[string]int64) string {
	row := make(map[string]rateText, len(next))
	for name, o := range r.own {
		row[name] = rateText{o.want, next[name], o.spent}
	}
	octets, _ := json.Marshal(row) // numbers: never fails
	return string(octets)
}

// use tells what may be used, if that has changed.
func (r *Rates) use() {
	now := time.Now()
	s := Shares{Alone: r.alone, May: make(map[string]int64, len(r.own)), Spent: r.spent}
	for name, o := range r.own {
		s.May[name] = o.may(now)
	}
	if s.Alone == r.used.Alone && maps.Equal(s.May, r.used.May) && len(s.Spent) == 0 {
		return
	}
	r.used, r.spent = s, map[string]int64{}
	r.opt.Use(s)
}

// may is how much of the rate may be used.
func (o *ownRate) may(now time.Time) int64 {
	may, still := o.has, o.limits[:0]
	for _, l := range o.limits {
		if now.Before(l.until) {
			may = min(may, l.most)
			still = append(still, l)
		}
	}
	o.limits = still
	return may
}

// alone tells whether no other node lives, as far as this one knows.
func (k *Keeper) alone() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.view.Nodes {
		if n := &k.view.Nodes[i]; n.Live && n.Number != k.tenure.number {
			return false
		}
	}
	return len(k.view.Nodes) > 0
}
