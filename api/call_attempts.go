package api

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// Bounds on what Attempts remembers.
const (
	mostCalled       = 5_000   // accounts
	mostHooks        = 100     // addresses of an account
	mostHooksInAll   = 20_000  //
	mostAttempts     = 2_000   // of an account that were taken, and as many that failed
	mostAttemptsAll  = 100_000 // in all; beyond them an account has leastAttempts
	leastAttempts    = 16      //
	mostAttemptError = 200     // octets
)

// Attempts remembers the calls that were made to customers' servers since the
// start: per address what came of them, and the last of them one by one, those
// that failed apart from those that were taken, lest many of the one kind push
// out the other. It is shared by everything that calls, and costs a call one
// short lock; messages' texts are not in it.
//
// Memory is bounded: what is forgotten first is the oldest attempt of the same
// account and kind, of addresses that which was not called for longest.
type Attempts struct {
	mu       sync.Mutex
	accounts map[string]*accountAttempts
	hooks    int   // of all accounts
	slots    int   // of all rings
	number   int64 // of the last attempt
}

// NewAttempts makes an Attempts. Numbers go on above those before a restart, so
// that a cursor of then shows nothing twice.
func NewAttempts() *Attempts {
	return &Attempts{accounts: map[string]*accountAttempts{}, number: time.Now().UnixMicro()}
}

// accountAttempts is what is remembered of one account.
type accountAttempts struct {
	hooks         map[hookKey]*hookCalls
	taken, failed attemptRing
}

// hookKey names an address within an account: as it is owed, without its query.
type hookKey struct {
	kind    message.TargetKind
	address string
}

// hookCalls is what came of calling one address.
type hookCalls struct {
	kind          message.TargetKind
	shown         string // gateway.CalledAt
	address       string // as it was first called
	caller        *httpCaller
	taken, failed int64
	lastTaken     int64   // Unix milliseconds; 0 if there was none
	last          attempt // that failed; at is 0 if none has
	used          int64   // number of the last attempt
}

// attempt is one call.
type attempt struct {
	number  int64
	at      int64 // Unix milliseconds, its beginning
	again   int64 // when the next follows, Unix milliseconds; 0: none does
	id      message.ID
	hook    *hookCalls
	text    string // why it failed
	took    uint32 // milliseconds
	code    uint32 // HTTP status, 0 if there was no answer
	try     uint32 // from 1
	inbound bool
	index   uint8 // of the target of an inbound message
	state   message.State
	ok      bool // it was taken
	gaveUp  bool
}

// attemptRing is the last attempts of one kind, the oldest overwritten first.
type attemptRing struct {
	list []attempt
	next int // where the next goes when the ring is full
}

// at gives the i-th, the oldest first.
func (r *attemptRing) at(i int) *attempt { return &r.list[(r.next+i)%len(r.list)] }

// grow makes room for more, and returns how many slots that is.
func (r *attemptRing) grow(most int) int {
	n := min(max(2*len(r.list), leastAttempts), most) - len(r.list)
	grown := make([]attempt, 0, len(r.list)+n)
	grown = append(append(grown, r.list[r.next:]...), r.list[:r.next]...)
	r.list, r.next = grown, 0
	return n
}

// callNote is what is known of a call before its answer.
type callNote struct {
	at      time.Time
	took    time.Duration
	target  message.Target
	id      message.ID
	try     int
	inbound bool
	index   int
	state   message.State
}

// noteOf notes what is about to be called: the gateway may change an item once
// it was told.
func noteOf(item *gateway.Item) callNote {
	return callNote{
		at: time.Now(), target: item.Target, id: itemID(item), try: item.Tries + 1, inbound: item.Inbound != nil, index: item.Index, state: item.State,
	}
}

// record remembers a call once the gateway was told of it. A target that rests,
// or that had nothing to be told, was not called.
func (a *Attempts) record(n *callNote, d *gateway.Delivered, caller *httpCaller) {
	taken := d.Verdict == gateway.Acknowledged
	if a == nil || d.Untried || taken && d.Code == 0 {
		return
	}
	one := attempt{
		at: n.at.UnixMilli(), id: n.id, took: uint32(n.took.Milliseconds()), code: d.Code, try: uint32(n.try),
		inbound: n.inbound, index: uint8(n.index), state: n.state, ok: taken,
	}
	if !taken {
		one.again, one.gaveUp = d.Again, d.Verdict == gateway.GiveUp
		one.text = strings.ToValidUTF8(strings.Clone(d.Text[:min(len(d.Text), mostAttemptError)]), "")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.number++
	one.number = a.number
	of := a.account(n.target.Account)
	h := a.hook(of, &n.target, caller)
	h.used, one.hook = one.number, h
	if taken {
		h.taken++
		h.lastTaken = one.at
		a.put(&of.taken, &one)
		return
	}
	h.failed++
	h.last = one
	a.put(&of.failed, &one)
}

// put adds an attempt to a ring, in the place of the oldest if it may not grow.
func (a *Attempts) put(r *attemptRing, one *attempt) {
	if len(r.list) == cap(r.list) && len(r.list) < mostAttempts && (len(r.list) < leastAttempts || a.slots+len(r.list) <= mostAttemptsAll) {
		a.slots += r.grow(mostAttempts)
	}
	if len(r.list) < cap(r.list) {
		r.list = append(r.list, *one)
		return
	}
	r.list[r.next] = *one
	r.next = (r.next + 1) % len(r.list)
}

// account finds what is remembered of an account.
func (a *Attempts) account(name string) *accountAttempts {
	if of := a.accounts[name]; of != nil {
		return of
	}
	if len(a.accounts) >= mostCalled {
		for other, of := range a.accounts { // any
			a.slots -= cap(of.taken.list) + cap(of.failed.list)
			a.hooks -= len(of.hooks)
			delete(a.accounts, other)
			break
		}
	}
	of := &accountAttempts{hooks: map[hookKey]*hookCalls{}}
	a.accounts[strings.Clone(name)] = of
	return of
}

// hook finds what is remembered of an address.
func (a *Attempts) hook(of *accountAttempts, t *message.Target, caller *httpCaller) *hookCalls {
	key := hookKey{t.Kind, t.Address}
	if t.Kind != message.ServiceTarget { // which is no address but has one
		key.address, _, _ = strings.Cut(t.Address, "?")
	}
	if h := of.hooks[key]; h != nil {
		return h
	}
	if len(of.hooks) >= mostHooks || a.hooks >= mostHooksInAll && len(of.hooks) > 0 {
		var oldest hookKey
		used := int64(1<<63 - 1)
		for k, h := range of.hooks {
			if h.used < used {
				oldest, used = k, h.used
			}
		}
		delete(of.hooks, oldest)
		a.hooks--
	}
	key.address = strings.Clone(key.address)
	h := &hookCalls{kind: t.Kind, shown: strings.Clone(gateway.CalledAt(*t)), address: strings.Clone(t.Address), caller: caller}
	of.hooks[key] = h
	a.hooks++
	return h
}

// rests tells until when the server is not called, because it does not answer;
// the zero time if it is.
func (h *hookCalls) rests() time.Time {
	if h.caller == nil { // it is not called over HTTP
		return time.Time{}
	}
	address := h.address
	if h.kind == message.ServiceTarget {
		s, _ := gateway.ParseService(address) // one that cannot be read was never called
		address = s.URL()
	}
	return h.caller.rests(address)
}

// calledHook is an address that was called, of an account.
type calledHook struct {
	account string
	hookCalls
}

// called gives the addresses that were called for an account (for all for the
// empty one), in no order.
func (a *Attempts) called(account string) (list []calledHook) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, of := range a.accounts {
		if account != "" && account != name {
			continue
		}
		for _, h := range of.hooks {
			list = append(list, calledHook{name, *h})
		}
	}
	return list
}

// hookFilter says which attempts, or dead letters, a list holds. Zero fields do
// not narrow it.
type hookFilter struct {
	accounts     []string
	kinds        []message.TargetKind
	address      string // as shown
	failed       string // true or false
	id           message.ID
	since, until time.Time
	oldest       bool // oldest first, else newest first
	after        int64
	limit        int
}

func (f *hookFilter) wants(a *attempt) bool {
	return (f.after == 0 || f.oldest && a.number > f.after || !f.oldest && a.number < f.after) &&
		(f.id == 0 || a.id == f.id) && (f.address == "" || a.hook.shown == f.address) &&
		(len(f.kinds) == 0 || slices.Contains(f.kinds, a.hook.kind)) &&
		(f.since.IsZero() || a.at >= f.since.UnixMilli()) && (f.until.IsZero() || a.at < f.until.UnixMilli())
}

// madeAttempt is an attempt and whose it is.
type madeAttempt struct {
	account string
	attempt
}

// list gives a page of attempts, and whether there are more. It keeps no more
// than two pages, as calls wait for it.
func (a *Attempts) list(f *hookFilter) (page []madeAttempt, more bool) {
	p := attemptPage{f: f}
	a.fill(&p)
	p.cut()
	if len(p.list) > f.limit {
		return p.list[:f.limit], true
	}
	return p.list, false
}

// fill takes what a page may hold from all that is remembered.
func (a *Attempts) fill(p *attemptPage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for name, of := range a.accounts {
		if len(p.f.accounts) > 0 && !slices.Contains(p.f.accounts, name) {
			continue
		}
		if p.f.failed != "true" {
			p.take(name, &of.taken)
		}
		if p.f.failed != "false" {
			p.take(name, &of.failed)
		}
	}
}

// attemptPage is what a page may hold, and one more.
type attemptPage struct {
	f    *hookFilter
	list []madeAttempt
	last int64 // number of the last that a full page has; 0 while there is room
}

// compare orders numbers as the page has them.
func (p *attemptPage) compare(x, y int64) int {
	if p.f.oldest {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(y, x)
}

// take appends what belongs on the page of one ring.
func (p *attemptPage) take(account string, r *attemptRing) {
	n := len(r.list)
	for i, left := 0, p.f.limit+1; i < n && left > 0; i++ {
		at := i
		if !p.f.oldest {
			at = n - 1 - i
		}
		one := r.at(at)
		if p.last != 0 && p.compare(one.number, p.last) > 0 {
			return // as are all that follow
		}
		if !p.f.wants(one) {
			continue
		}
		p.list = append(p.list, madeAttempt{account, *one})
		if left--; len(p.list) > 2*p.f.limit+2 {
			p.cut()
		}
	}
}

// cut sorts the page and keeps what it may hold.
func (p *attemptPage) cut() {
	slices.SortFunc(p.list, func(x, y madeAttempt) int { return p.compare(x.number, y.number) })
	if len(p.list) > p.f.limit {
		p.list = p.list[:p.f.limit+1]
		p.last = p.list[p.f.limit].number
	}
}
