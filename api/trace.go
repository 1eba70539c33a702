package api

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"kurir/gsm"
	"kurir/message"
)

// Traces watches PDUs while somebody wants to see them: a ring for each link or
// account that is traced, bounded in number, in octets and in time. While none
// is, it costs nothing. The procedure:
//
//  1. Start makes a ring and has the link (Gateway.TraceLink) or the customers'
//     side (SMPPServer.SetTrace) hand it the PDUs of its sessions.
//  2. The ring keeps copies of octets; they are decoded when somebody looks
//     (trace_show.go), without passwords, and without texts unless the trace is
//     one with texts.
//  3. After its time, at Stop, and when a later one takes its place, nobody
//     hands it anything more; what it has is shown until Stop.
type Traces struct {
	log           *slog.Logger
	link, account SetTap
	alphabet      func(ofLink bool, name string) TraceAlphabets
	secret        func(account string, from message.Address, text string) bool

	mu        sync.Mutex
	traces    map[traceKey]*pduTrace
	followers int
	closed    bool
}

// SetTap has tap see the PDUs of a link or account from now on; nil has nobody
// see them. The error says to people that there is none of this name, or no
// session of this number, which is 0 for all of them.
type SetTap func(name string, session uint64, tap Tap) error

// NewTraces makes it, of what sets the tap of a link and of an account, and what
// tells by which alphabets texts are read there.
//
// secret tells whether what an account sends is shown to nobody.
func NewTraces(log *slog.Logger, link, account SetTap, alphabet func(ofLink bool, name string) TraceAlphabets,
	secret func(account string, from message.Address, text string) bool,
) *Traces {
	return &Traces{log: log, link: link, account: account, alphabet: alphabet, secret: secret, traces: map[traceKey]*pduTrace{}}
}

// TraceAlphabets is what texts of a link or an account are in, by protocol.
type TraceAlphabets struct {
	SMPP gsm.DefaultAlphabet // of data_coding 0
	UCP  string              // as the configuration names it; empty: GSM
}

// traceKey names what is traced.
type traceKey struct{ kind, name string }

// The kinds of what is traced.
const (
	traceLinks    = "links"
	traceAccounts = "accounts"
)

// Bounds of traces.
const (
	tracesMost     = 16
	followersMost  = 32
	defaultPDUs    = 1000
	maxPDUs        = 10_000
	maxTraceOctets = 4 << 20 // of the PDUs that one trace keeps
	defaultTrace   = 10 * time.Minute
	maxTrace       = 24 * time.Hour
)

// traceSettings is what somebody asks for.
type traceSettings struct {
	pdus    int
	long    time.Duration
	session uint64 // 0: all
	texts   bool
	by      string
}

// tracedPDU is one PDU.
type tracedPDU struct {
	n       uint64 // counts from 1
	speaks  message.Dialect
	at      time.Time
	sent    bool
	session uint64
	frame   []byte
}

// pduTrace is a trace of one link or account.
type pduTrace struct {
	traceKey
	traceSettings
	began, until time.Time
	timer        *time.Timer
	pduReading

	mu     sync.Mutex
	ring   []tracedPDU // in order from head, then from 0
	head   int
	octets int
	seen   uint64        // PDUs since the beginning
	woken  chan struct{} // closed when there is more; nil while nobody waits
	over   bool
}

// errManyTraces is an error of start; any other is that of the SetTap.
var errManyTraces = errors.New("too many traces are on; take one away first")

// start begins a trace, in place of one that there is.
func (t *Traces) start(key traceKey, set traceSettings) (*pduTrace, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.traces[key]
	if old == nil && len(t.traces) >= tracesMost && !t.forgetOver() || t.closed {
		return nil, errManyTraces
	}
	now := time.Now()
	p := &pduTrace{traceKey: key, traceSettings: set, began: now, until: now.Add(set.long), pduReading: t.reading(key)}
	if err := t.tap(key, p.take, set.session); err != nil {
		return nil, err
	}
	if old != nil {
		old.timer.Stop()
		old.end()
	}
	t.traces[key] = p
	p.timer = time.AfterFunc(set.long, func() { t.timeUp(p) })
	attrs := []any{"of", key.kind, "name", key.name, "by", set.by, "texts", set.texts, "for", set.long}
	if set.session != 0 {
		attrs = append(attrs, "session", set.session)
	}
	t.log.Info("trace begins", attrs...)
	return p, nil
}

// pduReading is how the texts of a trace are read and which of them are shown to
// nobody. Those of messages that we send to operators are stars already.
type pduReading struct {
	alphabet gsm.DefaultAlphabet // of data_coding 0
	ucp      string              // the alphabet of texts over UCP, as the configuration names it; empty: GSM
	ofLink   bool
	secret   func(from message.Address, text string) bool // nil for none
}

func (t *Traces) reading(key traceKey) pduReading {
	r := pduReading{ofLink: key.kind == traceLinks}
	alphabets := t.alphabet(r.ofLink, key.name)
	r.alphabet, r.ucp = alphabets.SMPP, alphabets.UCP
	if !r.ofLink {
		r.secret = func(from message.Address, text string) bool { return t.secret(key.name, from, text) }
	}
	return r
}

// tap sets the tap of what a key names.
func (t *Traces) tap(key traceKey, tap Tap, session uint64) error {
	if key.kind == traceLinks {
		return t.link(key.name, session, tap)
	}
	return t.account(key.name, session, tap)
}

// untap takes the tap away; what is not there any more needs no tap.
func (t *Traces) untap(key traceKey) { _ = t.tap(key, nil, 0) }

// forgetOver forgets a trace whose time is up, if there is one.
func (t *Traces) forgetOver() bool {
	for key, p := range t.traces {
		if p.isOver() {
			delete(t.traces, key)
			return true
		}
	}
	return false
}

func (t *Traces) timeUp(p *pduTrace) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.traces[p.traceKey] != p || p.isOver() {
		return
	}
	t.untap(p.traceKey)
	p.end()
	t.log.Info("trace ends", "of", p.kind, "name", p.name, "why", "its time is up")
}

// stop ends a trace and forgets what it has; false when there is none.
func (t *Traces) stop(key traceKey, by string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.traces[key]
	if p == nil {
		return false
	}
	p.timer.Stop()
	if !p.isOver() {
		t.untap(key)
		p.end()
	}
	delete(t.traces, key)
	t.log.Info("trace ends", "of", key.kind, "name", key.name, "by", by)
	return true
}

// Close ends all traces, and with them the requests that follow one.
func (t *Traces) Close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for key, p := range t.traces {
		p.timer.Stop()
		if !p.isOver() {
			t.untap(key)
			p.end()
		}
	}
	clear(t.traces)
}

func (t *Traces) get(key traceKey) *pduTrace {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.traces[key]
}

func (t *Traces) all() []*pduTrace {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]*pduTrace, 0, len(t.traces))
	for _, p := range t.traces {
		list = append(list, p)
	}
	return list
}

// follow takes a place for a request that follows a trace; false if all are
// taken.
func (t *Traces) follow() (leave func(), ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.followers >= followersMost {
		return nil, false
	}
	t.followers++
	return func() {
		t.mu.Lock()
		t.followers--
		t.mu.Unlock()
	}, true
}

// Followers is how many requests follow traces now.
func (t *Traces) Followers() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.followers
}

// take keeps a PDU.
func (p *pduTrace) take(speaks message.Dialect, session uint64, sent bool, frame []byte) {
	if p.session != 0 && p.session != session {
		return
	}
	pdu := tracedPDU{speaks: speaks, at: time.Now(), sent: sent, session: session, frame: slices.Clone(frame)}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.seen++
	pdu.n = p.seen
	p.octets += len(frame)
	if len(p.ring) < p.pdus {
		p.ring = append(p.ring, pdu)
	} else {
		p.octets -= len(p.ring[p.head].frame)
		p.ring[p.head] = pdu
		p.head = (p.head + 1) % len(p.ring)
	}
	for i := 0; p.octets > maxTraceOctets && i < len(p.ring); i++ { // long PDUs: the oldest lose their octets
		old := &p.ring[(p.head+i)%len(p.ring)]
		p.octets -= len(old.frame)
		old.frame = nil
	}
	if p.woken != nil {
		close(p.woken)
		p.woken = nil
	}
}

// end says that nothing more comes.
func (p *pduTrace) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.until = time.Now()
	if p.woken != nil {
		close(p.woken)
		p.woken = nil
	}
}

func (p *pduTrace) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// after returns up to most PDUs behind the n-th, oldest first, and whether the
// trace is over.
func (p *pduTrace) after(n uint64, most int) (list []tracedPDU, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.behind(n, most), p.over
}

func (p *pduTrace) behind(n uint64, most int) (list []tracedPDU) {
	have := uint64(len(p.ring))
	skip := uint64(0)
	if first := p.seen - have; n > first {
		skip = min(n-first, have)
	}
	for i := skip; i < have && len(list) < most; i++ {
		if pdu := p.ring[(p.head+int(i))%len(p.ring)]; pdu.frame != nil {
			list = append(list, pdu)
		}
	}
	return list
}

// wait waits for PDUs behind the n-th, the end of the trace, or ctx.
func (p *pduTrace) wait(ctx context.Context, n uint64, most time.Duration) {
	p.mu.Lock()
	if p.over || p.seen > n {
		p.mu.Unlock()
		return
	}
	if p.woken == nil {
		p.woken = make(chan struct{})
	}
	woken := p.woken
	p.mu.Unlock()
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-woken:
	case <-t.C:
	case <-ctx.Done():
	}
}
