package gateway

import (
	"context"
	"errors"
	"strconv"
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
	gone [2]map[uint64]struct{}
}

// goneMost bounds how many settled keys are remembered, twice over, so that a
// repeated receipt is known as one.
const goneMost = 100_000

func (o *outstanding) init() {
	o.one = map[uint64]*entry{}
	o.many = map[uint64][]*entry{}
	o.gone[0] = map[uint64]struct{}{}
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

// settle remembers that a final receipt came for key.
func (o *outstanding) settle(key uint64) {
	if len(o.gone[0]) >= goneMost {
		o.gone[1], o.gone[0] = o.gone[0], make(map[uint64]struct{}, goneMost)
	}
	o.gone[0][key] = struct{}{}
}

func (o *outstanding) settled(key uint64) bool {
	if _, ok := o.gone[0][key]; ok {
		return true
	}
	_, ok := o.gone[1][key]
	return ok
}

// receiptKey hashes an operator's id within its scope: FNV-1a over the id in
// its canonical form, lower case without leading zeros.
func receiptKey(scope, id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(scope) {
		h = (h ^ uint64(scope[i])) * 1099511628211
	}
	h *= 1099511628211 // the octet 0 between them
	for len(id) > 1 && id[0] == '0' {
		id = id[1:]
	}
	for i := range len(id) {
		c := id[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// otherForms returns the keys of the id read as decimal and written as
// hexadecimal, and the other way round: many operators answer in one form and
// report in the other.
func otherForms(scope, id string) []uint64 {
	var keys []uint64
	if v, err := strconv.ParseUint(id, 10, 64); err == nil {
		keys = append(keys, receiptKey(scope, strconv.FormatUint(v, 16)))
	}
	if v, err := strconv.ParseUint(id, 16, 64); err == nil {
		keys = append(keys, receiptKey(scope, strconv.FormatUint(v, 10)))
	}
	return keys
}

// Reports implements connector.Core.
func (c linkCore) Reports(reports []message.Report, ack func(error)) {
	g, now := c.g, time.Now()
	var late []int
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
		switch matched := g.match(r, now); {
		case matched:
		case spilled:
			late = append(late, i)
		default:
			g.hold(r, now)
		}
	}
	if len(late) == 0 {
		g.cur.after = append(g.cur.after, ack)
	}
	g.mu.Unlock()
	g.signal()
	if len(late) > 0 {
		g.matchLate(reports, late, ack)
	}
}

// match applies a receipt to the message in memory that it belongs to.
func (g *Gateway) match(r *message.Report, now time.Time) bool {
	key := receiptKey(r.Scope, r.OperatorID)
	e, ambiguous := g.find(key, r)
	if e == nil && !ambiguous && !g.outstanding.settled(key) {
		for _, k := range otherForms(r.Scope, r.OperatorID) {
			other, amb := g.find(k, r)
			if amb || other != nil && e != nil && other != e {
				return false
			}
			if other != nil {
				e, key = other, k
			}
		}
	}
	if e != nil {
		g.applyReport(e, key, r, now)
		return true
	}
	if !ambiguous && g.outstanding.settled(key) {
		g.count.receiptsRepeated.Add(1)
		return true
	}
	return false
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
	e.event(message.Event{Kind: message.EventReport, At: now.UnixMilli(), Part: uint8(part), State: r.State, Code: r.Code})
	if !r.State.Final() {
		g.change(e)
		return
	}
	if e.rowed && len(e.keys) > 1 {
		g.removeRow(e) // its keys change
	}
	e.keys[part-1] = 0
	g.outstanding.remove(key, e)
	g.outstanding.settle(key)
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

// matchLate looks on disk for messages whose receipts have been awaited so
// long that they left memory.
func (g *Gateway) matchLate(reports []message.Report, late []int, ack func(error)) {
	ctx, cancel := context.WithTimeout(g.ctx, readLimit)
	defer cancel()
	found, err := g.readOutstanding(ctx, reports, late)
	if err != nil {
		ack(err)
		return
	}
	now := time.Now()
	g.mu.Lock()
	var back []*entry
	for _, m := range found {
		if g.open[m.ID] == nil && m.State == message.Enroute {
			back = append(back, g.revive(m))
		}
	}
	for _, i := range late {
		if !g.match(&reports[i], now) {
			g.hold(&reports[i], now)
		}
	}
	for _, e := range back {
		g.evict(e)
	}
	g.cur.after = append(g.cur.after, ack)
	g.mu.Unlock()
	g.signal()
}

// evict drops a message that awaits receipts from memory; the rows of its
// operator ids are on disk.
func (g *Gateway) evict(e *entry) {
	if e.station != enroute || !e.rowed {
		return
	}
	for _, k := range e.keys {
		if k != 0 {
			g.outstanding.remove(k, e)
		}
	}
	g.forget(e)
}

func (g *Gateway) readOutstanding(ctx context.Context, reports []message.Report, late []int) ([]*message.Message, error) {
	var keys []uint64
	for _, i := range late {
		r := &reports[i]
		keys = append(keys, receiptKey(r.Scope, r.OperatorID))
		keys = append(keys, otherForms(r.Scope, r.OperatorID)...)
	}
	byKey, err := g.store.OutstandingByKey(ctx, keys)
	if err != nil {
		return nil, err
	}
	var ids []message.ID
	for _, list := range byKey {
		ids = append(ids, list...)
	}
	return g.store.MessagesByID(ctx, ids)
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

// heldReport is a receipt that matches nothing yet.
type heldReport struct {
	store.HeldReport
}

const heldMost = 100_000

// ErrTooManyHeld is given to an operator that sends receipts for messages that
// are not ours faster than they can be held.
var ErrTooManyHeld = errors.New("too many receipts that match no message")

// hold keeps a receipt until the answer that it overtook comes.
func (g *Gateway) hold(r *message.Report, now time.Time) {
	g.count.receiptsHeld.Add(1)
	if g.heldCount >= heldMost {
		g.count.receiptsUnknown.Add(1)
		return
	}
	g.lastHeld++
	h := heldReport{store.HeldReport{Number: g.lastHeld, Received: now.UnixMilli(), Report: *r}}
	g.keepHeld(h)
	g.cur.Held = append(g.cur.Held, h.HeldReport)
}

func (g *Gateway) keepHeld(h heldReport) {
	key := receiptKey(h.Report.Scope, h.Report.OperatorID)
	g.held[key] = append(g.held[key], h)
	g.heldCount++
	for _, k := range otherForms(h.Report.Scope, h.Report.OperatorID) {
		g.held[k] = append(g.held[k], h)
	}
}

// takeHeld returns the receipts that came before the message's answer, oldest
// first, and forgets them.
func (g *Gateway) takeHeld(key uint64, e *entry) []heldReport {
	var mine []heldReport
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

func (g *Gateway) dropHeld(h heldReport) {
	keys := append(otherForms(h.Report.Scope, h.Report.OperatorID), receiptKey(h.Report.Scope, h.Report.OperatorID))
	for _, k := range keys {
		list := g.held[k][:0:0]
		for _, have := range g.held[k] {
			if have.Number != h.Number {
				list = append(list, have)
			}
		}
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
	var old []heldReport
	seen := map[int64]bool{}
	for _, list := range g.held {
		for _, h := range list {
			if h.Received < limit && !seen[h.Number] {
				seen[h.Number] = true
				old = append(old, h)
			}
		}
	}
	for _, h := range old {
		g.count.receiptsUnknown.Add(1)
		g.dropHeld(h)
	}
}
