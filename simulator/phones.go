package simulator

import (
	"container/list"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kurir/smpp"
)

// PhoneState is what a phone does with messages.
type PhoneState uint8

// The states of a phone. Whatever is not on keeps messages waiting at the SMSC, but refusing, which makes them
// undeliverable.
const (
	PhoneOn PhoneState = iota
	PhoneOff
	PhoneAway // out of coverage
	PhoneFull // no room in its memory
	PhoneRefusing
)

var phoneStates = []string{"on", "off", "away", "full", "refusing"}

// String gives on, off, away, full or refusing.
func (p PhoneState) String() string { return wordText(p, phoneStates) }

// MarshalText is String.
func (p PhoneState) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads what String writes.
func (p *PhoneState) UnmarshalText(b []byte) error { return parseWord(p, b, phoneStates) }

// Limits of the phones.
const (
	phoneEntries = 256    // messages and parts kept by each
	maxStates    = 10_000 // phones whose state somebody has set
)

// phone is one virtual handset.
type phone struct {
	number  string
	entries []entry // a ring once it is full
	next    int
	total   int // messages and parts that ever came
	used    *list.Element
	account *account // of the last message
}

// entry is one message on a phone, or one part of a long one: received, or written on it.
type entry struct {
	at    time.Time
	id    uint64
	out   bool   // written on the phone
	to    string // of those written
	text  string // of those written
	over  string // of those received: what they came over
	frame []byte // of those received: the PDU
}

// phones holds the virtual handsets, the states that were set, and the messages that wait for phones. The phones
// themselves give way to others when there are too many; states and waiting messages do not.
type phones struct {
	mu     sync.Mutex
	max    int
	unseen string // numbers that begin so have no phone; empty: all have
	byNum  map[string]*phone
	recent list.List // of *phone, the last used first
	states map[string]phoneSetting
	stored map[string][]*stored // by number, in order of arrival
	byID   map[uint64]*stored
	ended  map[uint64]ended // of those that have waited
	anySet atomic.Bool      // states is not empty: looked at for every message
}

// phoneSetting is a state that was set, perhaps for a time.
type phoneSetting struct {
	state PhoneState
	until time.Time // zero: for good
}

// init prepares an empty set of at most so many phones.
func (p *phones) init(max int) {
	p.max = max // never changed again, and read without the lock
	p.clear()
}

// clear makes the maps anew.
func (p *phones) clear() {
	p.anySet.Store(false)
	p.byNum, p.states = map[string]*phone{}, map[string]phoneSetting{}
	p.stored, p.byID, p.ended = map[string][]*stored{}, map[uint64]*stored{}, map[uint64]ended{}
	p.recent.Init()
}

// reset forgets everything.
func (p *phones) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// phoneNumber is the form in which numbers are compared: without +.
func phoneNumber(addr string) string { return strings.TrimPrefix(addr, "+") }

// stateOf is the state that was set, or the one that the recipient's fate gives.
func (p *phones) stateOf(number string, fate PhoneState) PhoneState {
	if !p.anySet.Load() {
		return fate
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if set, ok := p.states[number]; ok {
		return set.state
	}
	return fate
}

// get finds a phone or makes one; the least recently used gives way. The lock is held. nil: there are none.
func (p *phones) get(number string) *phone {
	if ph := p.byNum[number]; ph != nil {
		p.recent.MoveToFront(ph.used)
		return ph
	}
	if p.max <= 0 || p.unseen != "" && strings.HasPrefix(number, p.unseen) {
		return nil
	}
	var ph *phone
	if len(p.byNum) >= p.max {
		ph = p.recent.Back().Value.(*phone)
		delete(p.byNum, ph.number)
		ph.entries, ph.next, ph.total, ph.account = ph.entries[:0], 0, 0, nil
		p.recent.MoveToFront(ph.used)
	} else {
		ph = &phone{}
		ph.used = p.recent.PushFront(ph)
	}
	ph.number = strings.Clone(number)
	p.byNum[ph.number] = ph
	return ph
}

// add makes room for one more entry; its frame is to be used again.
func (ph *phone) add() *entry {
	ph.total++
	if len(ph.entries) < phoneEntries {
		if len(ph.entries) < cap(ph.entries) { // of a phone that was another one before
			ph.entries = ph.entries[:len(ph.entries)+1]
		} else {
			ph.entries = append(ph.entries, entry{})
		}
		return &ph.entries[len(ph.entries)-1]
	}
	e := &ph.entries[ph.next]
	ph.next = (ph.next + 1) % phoneEntries
	return e
}

// each goes through the entries from the oldest to the newest.
func (ph *phone) each(do func(e *entry)) {
	for i := range ph.entries {
		do(&ph.entries[(ph.next+i)%len(ph.entries)])
	}
}

// show puts a message on the display of its phone. The lock is held.
func (p *phones) show(number string, a *account, at time.Time, id uint64, frame []byte) bool {
	ph := p.get(number)
	if ph == nil {
		return false
	}
	e := ph.add()
	*e = entry{at: at, id: id, over: a.over, frame: append(e.frame[:0], frame...)}
	ph.account = a
	return true
}

// receive gives the delivered messages of a batch to their phones.
func (p *phones) receive(batch []received, hub *hub) {
	if p.max <= 0 || len(batch) == 0 {
		return
	}
	watched := hub.watched()
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range batch {
		r := &batch[i]
		if r.outcome == outcomeDelivered && p.show(r.number, r.account, r.at, r.id, r.frame) && watched {
			hub.changed(r.number)
		}
	}
}

// stored is one message that waits for its phone.
type stored struct {
	id      uint64
	account *account
	number  string
	frame   []byte
	plan    plan
	reg     uint8 // registered_delivery
	receipt receipt
	expires time.Time
	deliver time.Time // when its fate lets the phone take it; zero: never
	service string    // service_type
	dpf     bool      // alert_notification when the phone is back
}

// store keeps a message until its phone takes it or its validity ends; false when there is no room.
func (s *Simulator) store(ss *session, p *plan, sm *smpp.ShortMessage, m *received, state PhoneState, r receipt) bool {
	now := ss.batch.now
	st := &stored{
		id: m.id, service: sm.ServiceType, dpf: p.dpf,
		account: ss.account, number: m.number, frame: append([]byte(nil), m.frame...), plan: *p, reg: sm.RegisteredDelivery, receipt: r,
		expires: s.expiry(sm.Validity, now),
	}
	st.receipt.cause = causeAbsent
	if state == PhoneFull {
		st.receipt.cause = causeFull
	}
	due := st.expires
	s.phones.mu.Lock()
	if len(s.phones.byID) >= s.opt.Stored {
		s.phones.mu.Unlock()
		return false
	}
	_, set := s.phones.states[m.number]
	s.phones.byID[m.id] = st
	s.phones.stored[m.number] = append(s.phones.stored[m.number], st)
	s.phones.mu.Unlock()
	if !set && p.awayFor > 0 && now.Add(p.awayFor).Before(due) {
		due = now.Add(p.awayFor)
		st.deliver = due
	}
	ss.batch.out.later = append(ss.batch.out.later, delayed{due, storedRecord(m.id)})
	if sm.RegisteredDelivery&smpp.ReceiptIntermediate != 0 {
		r.state, r.interim, r.cause = smpp.MessageEnroute, true, st.receipt.cause
		due := time.Time{}
		if p.after > 0 {
			due = now.Add(p.after)
		}
		ss.batch.out.receipt(ss.account, &r, due, false)
	}
	s.hub.changed(m.number)
	return true
}

// expiry is the end of a message's validity.
func (s *Simulator) expiry(validity string, now time.Time) time.Time {
	longest := now.Add(time.Duration(s.Behaviour().Validity))
	if validity == "" {
		return longest
	}
	t, err := smpp.ParseTime(validity, now)
	if err != nil || t.After(longest) {
		return longest
	}
	return t
}

// take removes a waiting message. The lock is held.
func (p *phones) take(id uint64) *stored {
	st := p.byID[id]
	if st == nil {
		return nil
	}
	delete(p.byID, id)
	list := p.stored[st.number]
	for i := range list {
		if list[i] == st {
			list = append(list[:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(p.stored, st.number)
	} else {
		p.stored[st.number] = list
	}
	return st
}
