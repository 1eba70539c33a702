package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// outstanding finds the message that an operator's id belongs to. Ids of one
// scope that an operator gave twice are told apart by their addresses.
type outstanding struct {
	one  map[uint64]*entry
	many map[uint64][]*entry // further entries of a key in one
	gone settledKeys
}

// settled is what became of a message whose receipt came, or was no longer
// waited for.
type settled struct {
	id    message.ID
	state message.State
	other bool // of an attempt that gave way to another: a positive receipt means a second delivery
}

func (o *outstanding) init() {
	o.one = map[uint64]*entry{}
	o.many = map[uint64][]*entry{}
	o.gone = make(settledKeys, settledMost)
}

func (o *outstanding) add(key uint64, e *entry) {
	if _, taken := o.one[key]; taken {
		o.many[key] = append(o.many[key], e)
		return
	}
	o.one[key] = e
}

func (o *outstanding) remove(key uint64, e *entry) {
	if o.one[key] != e {
		o.many[key] = without(o.many[key], e)
		if len(o.many[key]) == 0 {
			delete(o.many, key)
		}
		return
	}
	rest := o.many[key]
	if len(rest) == 0 {
		delete(o.one, key)
		return
	}
	o.one[key] = rest[0]
	if len(rest) == 1 {
		delete(o.many, key)
	} else {
		o.many[key] = rest[1:]
	}
}

func without(list []*entry, e *entry) []*entry {
	for i, have := range list {
		if have == e {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}

// awaits tells whether a message in memory awaits a receipt under key.
func (g *Gateway) awaits(key uint64) bool {
	if g.outstanding.one[key] != nil {
		return true
	}
	return g.shelf.byKey.get(key) != 0
}

// settle remembers what became of the message under key, for receipts that are
// repeated.
func (o *outstanding) settle(key uint64, id message.ID, s message.State) {
	o.gone.put(key, settled{id: id, state: s})
}

func (o *outstanding) settled(key uint64) (settled, bool) { return o.gone.get(key) }

// Reports implements connector.Core.
func (c linkCore) Reports(reports []message.Report, ack func(error)) {
	g, now := c.g, c.g.now()
	var late []*message.Report
	g.mu.Lock()
	if g.full != nil {
		err := g.full
		g.mu.Unlock()
		ack(err)
		return
	}
	spilled := g.store.Counts().Outstanding > 0
	for i := range reports {
		r := &reports[i]
		s := g.scopeOf(c.l, c.l.tagOf(r.Scope))
		r.Scope = s.name
		if r.OperatorID == "" { // it names no message, and never will
			g.unmatched(c.l, r, whyNoID, now)
			continue
		}
		switch found := g.match(s, r, !spilled, now); {
		case found == matched:
		case spilled:
			late = append(late, r)
		default:
			g.hold(c.l, s, r, found, now)
		}
	}
	g.rematch(now)
	if len(late) == 0 {
		g.cur.after = append(g.cur.after, ack)
	}
	g.mu.Unlock()
	g.signal()
	if len(late) > 0 {
		g.matchLate(c.l, late, ack)
	}
}

// sought is what was found of a receipt's message.
type sought struct {
	e         *entry
	key       uint64
	was       settled // what became of the message, if it awaits no receipt any more
	gone      bool
	ambiguous bool
	explained []idRelation // which lead to a message, if that is to be noted
}

// seek looks in memory for the message of a receipt under every key that it may
// have.
func (g *Gateway) seek(list []candidate, r *message.Report, note bool) (f sought) {
	for _, c := range list {
		e, ambiguous := g.find(c.key, r)
		switch {
		case ambiguous:
			f.ambiguous = true
		case e != nil:
			f.ambiguous = f.ambiguous || f.e != nil && (f.e != e || f.key != c.key)
			f.e, f.key = e, c.key
		default:
			was, ok := g.outstanding.settled(c.key)
			if !ok {
				continue
			}
			f.was, f.gone = was, true
		}
		if note {
			f.explained = append(f.explained, c.idRelation)
		}
	}
	return f
}

// matching is what a look for a receipt's message has brought.
type matching uint8

const (
	matchedNone matching = iota
	matched              // the receipt is dealt with
	matchedMany          // it may be of several messages: none is guessed
)

// match applies a receipt to the message in memory that it belongs to. all says
// that none is on disk only.
func (g *Gateway) match(s *idScope, r *message.Report, all bool, now time.Time) matching {
	learning := s.learning()
	if learning && !all {
		return matchedNone // what is on disk may fit too
	}
	list, ambiguous := s.candidates(g.candidates[:0], r.OperatorID)
	g.candidates = list[:0]
	f := g.seek(list, r, learning)
	found := matchedNone
	switch {
	case f.ambiguous || ambiguous:
		if all {
			found = matchedMany
		}
	case f.e != nil:
		found = matched
		s.fits()
		g.applyReport(f.e, f.key, r, now)
	case f.gone:
		found = matched
		s.fits()
		g.repeated(f.was, r, now)
	case all && !learning && s.forms == IDsInAnyForm && s.missed(g.elsewhere(s, r), now):
		g.relook = true
		g.log.Info("receipts no longer agree with ids as learned", "scope", s.shown())
		return g.match(s, r, all, now)
	}
	if learning {
		g.learnFrom(s, r, &f)
	}
	return found
}

// learnFrom lets a receipt teach how ids agree.
func (g *Gateway) learnFrom(s *idScope, r *message.Report, f *sought) {
	s.receipts.see(r.OperatorID)
	if len(f.explained) > 0 && s.agree(f.explained) {
		g.relook = true
		g.log.Info("learned how ids in receipts agree with those in answers", "scope", s.shown(), "ids", s.learned.String())
	}
}

// elsewhere tells whether a receipt would fit exactly one message in another
// form than the one learned.
func (g *Gateway) elsewhere(s *idScope, r *message.Report) bool {
	f := g.seek(s.inEveryForm(nil, r.OperatorID), r, false)
	return f.e != nil && !f.ambiguous
}

// repeated counts a receipt of a message that awaits none. The first final
// state stands; another one is kept in the log.
func (g *Gateway) repeated(was settled, r *message.Report, now time.Time) {
	if was.other && r.State == message.Delivered {
		g.arrivedLate(was.id, r, now)
		return
	}
	if !r.State.Final() || r.State == was.state {
		g.count.receiptsRepeated.Add(1)
		return
	}
	g.count.receiptsContradicting.Add(1)
	g.contradict(was.id, r, now)
}

// find returns the one message that awaits a receipt under key and whose
// addresses agree; ambiguous when there are several.
func (g *Gateway) find(key uint64, r *message.Report) (found *entry, ambiguous bool) {
	if ref := g.shelf.byKey.get(key); ref != 0 {
		g.unshelve(ref)
	}
	e := g.outstanding.one[key]
	if e == nil {
		return nil, false
	}
	rest := g.outstanding.many[key]
	if agrees(e.m, r) {
		found = e
	}
	for _, other := range rest {
		if !agrees(other.m, r) {
			continue
		}
		if found != nil {
			return nil, true
		}
		found = other
	}
	return found, false
}

// agrees compares the recipient by its last digits, for operators write it in
// their own way, and in either field, for a receipt's addresses are swapped.
func agrees(m *message.Message, r *message.Report) bool {
	if r.From.Number == "" && r.To.Number == "" {
		return true
	}
	to := m.ShownTo().Number
	return sameTail(to, r.From.Number) || sameTail(to, r.To.Number)
}

const tailDigits = 7

func sameTail(a, b string) bool {
	n := min(len(a), len(b), tailDigits)
	return n > 0 && strings.EqualFold(a[len(a)-n:], b[len(b)-n:])
}

// logMost bounds a log, in octets, for what may come without end.
const logMost = 4096

// applyReport books a receipt. A message is delivered when all parts are, and
// ends badly as soon as one part does.
func (g *Gateway) applyReport(e *entry, key uint64, r *message.Report, now time.Time) {
	part := 0
	for i, k := range e.keys {
		if k == key {
			part = i + 1
		}
	}
	if part == 0 {
		g.pastReport(e, key, r, now)
		return
	}
	e.link.count.receipts.Add(1)
	if !r.State.Final() && len(e.m.Log) > logMost {
		return // an operator that never stops reporting
	}
	e.event(message.Event{Kind: message.EventReport, At: now.UnixMilli(), Part: uint8(part), State: r.State, Failure: r.Failure, Code: r.Code})
	if r.TLVs != "" {
		e.event(message.Event{Kind: message.EventParameters, At: now.UnixMilli(), Part: uint8(part), Text: r.TLVs})
	}
	if !r.State.Final() {
		g.change(e)
		g.oweBuffered(e, now)
		return
	}
	if e.rowed {
		g.removeRow(e) // its keys change
	}
	e.keys[part-1] = 0
	g.outstanding.remove(key, e)
	g.outstanding.settle(key, e.m.ID, r.State)
	left := 0
	for _, k := range e.keys {
		if k != 0 {
			left++
		}
	}
	if r.State != message.Delivered && g.repeat(e, r.Failure, true, now) {
		return
	}
	if r.State != message.Delivered || left == 0 {
		g.final(e, r.State, r.Failure, now)
		return
	}
	g.change(e)
	g.move(e, enroute, false)
	if g.partwise {
		g.owePart(e)
	}
}

// staleMost is how often the disk is asked again while what it says is out of
// date.
const staleMost = 3

// errUnsettled lets the operator give a receipt again whose message has been
// changing all the while.
var errUnsettled = errors.New("the message is being changed; again later")

// matchLate looks on disk for messages whose receipts have been awaited so
// long that they left memory.
func (g *Gateway) matchLate(l *link, late []*message.Report, ack func(error)) {
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	for try := 1; ; try++ {
		r := g.look()
		found, err := g.readOutstanding(ctx, late)
		if err != nil {
			g.endLook(r)
			ack(err)
			return
		}
		g.mu.Lock()
		if g.full != nil {
			err = g.full
		} else if g.reviveAll(found, r) {
			g.matchRevived(l, late)
			g.cur.after = append(g.cur.after, ack)
			late = nil
		} else if try == staleMost {
			err = errUnsettled
		}
		g.endReading(r)
		g.mu.Unlock()
		if err != nil {
			ack(err)
			return
		}
		if late == nil {
			g.signal()
			return
		}
		if !g.settled(ctx) {
			ack(ErrStopped)
			return
		}
	}
}

// reviveAll brings what was found into memory; false if some of it has changed
// meanwhile, so that the disk must be asked again.
func (g *Gateway) reviveAll(found []*message.Message, r *reading) bool {
	for _, m := range found {
		if !g.known(m.ID) && r.stale(m.ID) {
			return false
		}
	}
	for _, m := range found {
		if !g.known(m.ID) && m.State == message.Enroute {
			g.leaving.push(g.revive(m))
		}
	}
	return true
}

func (g *Gateway) matchRevived(l *link, late []*message.Report) {
	now := g.now()
	for _, r := range late {
		s := g.scope(r.Scope)
		if found := g.match(s, r, true, now); found != matched {
			g.hold(l, s, r, found, now)
		}
	}
	g.rematch(now)
}

func (g *Gateway) readOutstanding(ctx context.Context, late []*message.Report) ([]*message.Message, error) {
	var keys []uint64
	var list []candidate
	g.mu.Lock()
	for _, r := range late {
		s := g.scope(r.Scope)
		list, _ = s.candidates(list[:0], r.OperatorID)
		if s.misses > 0 {
			list = s.inEveryForm(list, r.OperatorID)
		}
		for _, c := range list {
			keys = append(keys, c.key)
		}
		// By either key: the link may have been set otherwise when it was written.
		keys = append(keys, receiptKey(r.Scope, r.OperatorID), exactKey(r.Scope, r.OperatorID))
	}
	g.mu.Unlock()
	byKey, err := g.store.OutstandingByKey(ctx, g.opt.Node, keys)
	if err != nil {
		return nil, err
	}
	var ids []message.ID
	for _, list := range byKey {
		ids = append(ids, list...)
	}
	slices.Sort(ids)
	return g.store.MessagesByID(ctx, slices.Compact(ids))
}

// revive brings a message that awaits receipts back into memory.
func (g *Gateway) revive(m *message.Message) *entry {
	e := newEntry(m)
	e.link = g.link(m.Links[0])
	e.readLog(g)
	e.station, e.rowed = enroute, true
	g.open[m.ID] = e
	if e.past != nil {
		g.awaitPast(e)
	}
	for _, k := range e.keys {
		if k != 0 {
			g.outstanding.add(k, e)
		}
	}
	return e
}
