package gateway

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kurir/message"
	"kurir/store"
)

// outstanding finds the message that an operator's id belongs to. Ids of one
// scope that an operator gave twice are told apart by their addresses.
type outstanding struct {
	one  map[uint64]*entry
	many map[uint64][]*entry // further entries of a key in one
	gone [2]map[uint64]settled
}

// settled is what became of a message whose receipt came, or was no longer
// waited for.
type settled struct {
	id    message.ID
	state message.State
}

// goneMost bounds how many settled keys are remembered, twice over, so that a
// repeated receipt is known as one.
const goneMost = 100_000

func (o *outstanding) init() {
	o.one = map[uint64]*entry{}
	o.many = map[uint64][]*entry{}
	o.gone[0] = map[uint64]settled{}
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

// settle remembers what became of the message under key, for receipts that are
// repeated.
func (o *outstanding) settle(key uint64, id message.ID, s message.State) {
	if len(o.gone[0]) >= goneMost {
		o.gone[1], o.gone[0] = o.gone[0], make(map[uint64]settled, goneMost)
	}
	o.gone[0][key] = settled{id, s}
}

func (o *outstanding) settled(key uint64) (settled, bool) {
	was, ok := o.gone[0][key]
	if !ok {
		was, ok = o.gone[1][key]
	}
	return was, ok
}

// Reports implements connector.Core.
func (c linkCore) Reports(reports []message.Report, ack func(error)) {
	g, now := c.g, time.Now()
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
		if r.Scope == "" {
			r.Scope = c.l.name
		}
		switch {
		case r.OperatorID == "": // it names no message, and never will
			g.count.receiptsUnknown.Add(1)
		case g.match(c.l, r, !spilled, now):
		case spilled:
			late = append(late, r)
		default:
			g.hold(c.l, r, now)
		}
	}
	if len(late) == 0 {
		g.cur.after = append(g.cur.after, ack)
	}
	g.mu.Unlock()
	g.signal()
	if len(late) > 0 {
		g.matchLate(c.l, late, ack)
	}
}

// match applies a receipt to the message in memory that it belongs to: by the
// operator's id as it is or, if forms says so, in another form. It tells
// whether the receipt is dealt with.
func (g *Gateway) match(l *link, r *message.Report, forms bool, now time.Time) bool {
	key := l.receiptKey(r.Scope, r.OperatorID)
	e, ambiguous := g.find(key, r)
	if e != nil {
		l.exactForm++
		g.applyReport(e, key, r, now)
		return true
	}
	if ambiguous {
		return false
	}
	if was, ok := g.outstanding.settled(key); ok {
		g.count.receiptsRepeated.Add(1)
		if r.State.Final() && r.State != was.state {
			g.contradict(was.id, r, now)
		}
		return true
	}
	if !forms || !l.mayUseOtherForm() {
		return false
	}
	exact := key
	for _, k := range otherForms(r.Scope, r.OperatorID) {
		other, amb := g.find(k, r)
		if amb || other != nil && e != nil && other != e {
			return false
		}
		if other != nil {
			e, key = other, k
		}
	}
	if e == nil {
		return false
	}
	l.otherForm++
	g.applyReport(e, key, r, now)
	if r.State.Final() {
		g.outstanding.settle(exact, e.m.ID, r.State)
	}
	return true
}

const formsLearnt = 64

// mayUseOtherForm tells whether a receipt may name an operator's id in another
// form than the answer did. An operator does so always or never, so that after
// some receipts the link knows: a wrong guess would be a wrong state.
func (l *link) mayUseOtherForm() bool {
	return l.set.IDs == IDsInAnyForm && (l.exactForm < formsLearnt || l.otherForm*8 > l.exactForm)
}

// find returns the one message that awaits a receipt under key and whose
// addresses agree; ambiguous when there are several.
func (g *Gateway) find(key uint64, r *message.Report) (found *entry, ambiguous bool) {
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
	return sameTail(m.To.Number, r.From.Number) || sameTail(m.To.Number, r.To.Number)
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
		return
	}
	e.link.count.receipts.Add(1)
	if !r.State.Final() && len(e.m.Log) > logMost {
		return // an operator that never stops reporting
	}
	e.event(message.Event{Kind: message.EventReport, At: now.UnixMilli(), Part: uint8(part), State: r.State, Code: r.Code})
	if !r.State.Final() {
		g.change(e)
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
	if r.State != message.Delivered || left == 0 {
		g.final(e, r.State, now)
		return
	}
	g.change(e)
	g.move(e, enroute, false)
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
		found, err := g.readOutstanding(ctx, l, late)
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
		if g.open[m.ID] == nil && r.stale(m.ID) {
			return false
		}
	}
	for _, m := range found {
		if g.open[m.ID] == nil && m.State == message.Enroute {
			g.leaving.push(g.revive(m))
		}
	}
	return true
}

func (g *Gateway) matchRevived(l *link, late []*message.Report) {
	now := time.Now()
	for _, r := range late {
		if !g.match(l, r, true, now) {
			g.hold(l, r, now)
		}
	}
}

func (g *Gateway) readOutstanding(ctx context.Context, l *link, late []*message.Report) ([]*message.Message, error) {
	g.mu.Lock()
	forms := l.mayUseOtherForm()
	g.mu.Unlock()
	var keys []uint64
	for _, r := range late { // by either key: the link may have been set otherwise when it was written
		keys = append(keys, receiptKey(r.Scope, r.OperatorID), exactKey(r.Scope, r.OperatorID))
		if forms {
			keys = append(keys, otherForms(r.Scope, r.OperatorID)...)
		}
	}
	byKey, err := g.store.OutstandingByKey(ctx, keys)
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
	for _, k := range e.keys {
		if k != 0 {
			g.outstanding.add(k, e)
		}
	}
	return e
}

// heldReport is a receipt that matches nothing yet, and under which keys it is
// held.
type heldReport struct {
	store.HeldReport
	keys []uint64
}

const (
	heldMost    = 100_000
	heldOfOneID = 8
)

// hold keeps a receipt until the answer that it overtook comes. Beyond bounds
// it is only counted: the operator would send it for ever otherwise.
func (g *Gateway) hold(l *link, r *message.Report, now time.Time) {
	if g.heldCount >= heldMost || len(g.held[l.receiptKey(r.Scope, r.OperatorID)]) >= heldOfOneID {
		g.count.receiptsUnknown.Add(1)
		return
	}
	g.count.receiptsHeld.Add(1)
	g.lastHeld++
	h := store.HeldReport{Number: g.lastHeld, Received: now.UnixMilli(), Report: *r}
	g.keepHeld(l, h)
	g.cur.Held = append(g.cur.Held, h)
}

func (g *Gateway) keepHeld(l *link, stored store.HeldReport) {
	r := &stored.Report
	h := &heldReport{HeldReport: stored, keys: []uint64{l.receiptKey(r.Scope, r.OperatorID)}}
	if l.mayUseOtherForm() {
		h.keys = append(h.keys, otherForms(r.Scope, r.OperatorID)...)
	}
	g.heldCount++
	for _, k := range h.keys {
		g.held[k] = append(g.held[k], h)
	}
}

// takeHeld returns the receipts that came before the message's answer, oldest
// first, and forgets them.
func (g *Gateway) takeHeld(key uint64, e *entry) []*heldReport {
	var mine []*heldReport
	for _, h := range g.held[key] {
		if agrees(e.m, &h.Report) {
			mine = append(mine, h)
		}
	}
	for _, h := range mine {
		g.dropHeld(h)
	}
	return mine
}

func (g *Gateway) dropHeld(h *heldReport) {
	for _, k := range h.keys {
		list := slices.DeleteFunc(g.held[k], func(have *heldReport) bool { return have == h })
		if len(list) == 0 {
			delete(g.held, k)
		} else {
			g.held[k] = list
		}
	}
	g.heldCount--
	g.cur.HeldDone = append(g.cur.HeldDone, h.Number)
}

// dropOldHeld gives up receipts that nothing claimed.
func (g *Gateway) dropOldHeld(now time.Time) {
	limit := now.Add(-g.opt.HoldReceipts).UnixMilli()
	var old []*heldReport
	for key, list := range g.held {
		for _, h := range list {
			if h.Received < limit && h.keys[0] == key {
				old = append(old, h)
			}
		}
	}
	for _, h := range old {
		g.count.receiptsUnknown.Add(1)
		g.dropHeld(h)
	}
}
