package gateway

import (
	"time"

	"kurir/gsm"
	"kurir/message"
)

// partGroup is a long message that the customer cut himself: each part is a
// message of its own, and comes as a submission of its own. A phone joins only
// parts that came from one sender with one reference, and operators rewrite
// references, so all take the same link:
//
//  1. The link of the first part is that of all.
//  2. Once the link took a part the others stay with it, also while it is down,
//     until they are too old.
//  3. As long as it has none, and none is on its way to it, all go to another
//     link together, with a new reference, for some may have arrived unseen.
//  4. A part that is refused for now is repeated alone.
//
// A part that comes again with the same contents is one that the customer
// repeats, for he had no answer to it; with other contents it begins the next
// message with the same reference. A group is forgotten partsWait after its last
// part came, but not while one waits. Parts that come later are on their own. A
// restart makes it anew of those parts that are open.
type partGroup struct {
	link    *link
	sums    []uint32 // of the contents of the parts that came, by number-1; 0 of others
	missing int      // parts that have not come
	waiting int      // parts that came and that no operator has
	flying  int      // of those, parts granted to a session of link
	taken   bool     // link has a part
	since   int64    // Unix milliseconds of the last part
	moved   bool
	ref     uint16 // once moved
}

const (
	partsMost    = 50_000 // groups at a time; parts of more are on their own
	partsWait    = 10 * time.Minute
	partsLongest = 7 * 24 * time.Hour // for those of which a part waits
)

// joins tells whether a part belongs to the group. Once all parts have come and
// none waits nothing is left to be kept together: one that comes again is then
// the next message's, be it the same text.
func (p *partGroup) joins(number uint8, sum uint32) bool {
	have := p.sums[number-1]
	return have == 0 || have == sum && p.missing+p.waiting > 0
}

// add notes that a part came.
func (p *partGroup) add(number uint8, sum uint32) {
	if p.sums[number-1] == 0 {
		p.sums[number-1] = sum
		p.missing--
	}
	p.waiting++
}

// concatOf reads the number of a part that the customer cut. Only messages with
// a header of his own are looked at.
func concatOf(m *message.Message) (gsm.Header, gsm.Concat, bool) {
	h, _, err := gsm.ParseHeader(m.Content.Header)
	if err != nil {
		return h, gsm.Concat{}, false
	}
	c, ok := h.Concat()
	return h, c, ok && c.Total > 1
}

// groupKey hashes what the parts of one long message have in common.
func groupKey(m *message.Message, c gsm.Concat) uint64 {
	kind := "8"
	if c.Wide {
		kind = "16"
	}
	h := exactKey(m.Account, m.From.Number)
	for _, part := range []string{m.To.Number, kind} {
		h ^= exactKey(part, "")
		h *= fnvPrime
	}
	return (h ^ uint64(c.Reference)<<8 ^ uint64(c.Total)) * fnvPrime
}

// group returns the group of a part; nil for a message that is none, or whose
// group is not known.
func (g *Gateway) group(m *message.Message) *partGroup {
	if len(m.Content.Header) == 0 || len(g.parts) == 0 {
		return nil
	}
	_, c, ok := concatOf(m)
	if !ok {
		return nil
	}
	return g.parts[groupKey(m, c)]
}

// placePart gives a new part the link of its group; the first one makes it.
func (g *Gateway) placePart(e *entry, now time.Time) {
	g.notePart(e, now)
	g.keepWithParts(e)
}

// notePart adds a part to its group; the first one makes it.
func (g *Gateway) notePart(e *entry, now time.Time) {
	if len(e.m.Content.Header) == 0 {
		return
	}
	_, c, ok := concatOf(e.m)
	if !ok {
		return
	}
	key, sum := groupKey(e.m, c), partSum(e.m)
	p := g.parts[key]
	if p == nil || !p.joins(c.Number, sum) {
		if p == nil && len(g.parts) >= partsMost {
			return
		}
		p = &partGroup{link: e.link, sums: make([]uint32, c.Total), missing: int(c.Total)}
		g.parts[key] = p
	}
	p.add(c.Number, sum)
	p.since = now.UnixMilli()
}

// partSum tells the contents of parts apart; never 0.
func partSum(m *message.Message) uint32 {
	return uint32(exactKey(m.Content.Text, string(m.Content.Data))) | 1
}

// keepWithParts gives a part the link of its group, if that is one of its own;
// false if it has none to keep.
func (g *Gateway) keepWithParts(e *entry) bool {
	p := g.group(e.m)
	if p == nil {
		return false
	}
	for i, name := range e.m.Links {
		if name == p.link.name {
			if e.link != p.link {
				g.move(e, nowhere, false)
			}
			e.hop, e.link = uint8(i), p.link
			return true
		}
	}
	return false
}

// mayLeave tells whether a message may take another link: not a part of which
// the link has others.
func (g *Gateway) mayLeave(e *entry) bool {
	p := g.group(e.m)
	return p == nil || p.link != e.link || !p.taken && p.flying == 0
}

// partLeft follows a part that took another link: the others come along. Those
// that wait in the lanes of the link that it left are taken over at once.
func (g *Gateway) partLeft(e *entry, from *link) {
	p := g.group(e.m)
	if p == nil || p.link != from {
		return
	}
	_, c, _ := concatOf(e.m)
	p.link, p.moved = e.link, true
	p.ref = c.Reference + 1 + uint16(e.m.ID)%100
	var along []*entry
	from.lanes.sweep(func(other *entry) bool {
		if len(other.m.Content.Header) > 0 && other != e && g.group(other.m) == p {
			along = append(along, other)
			return true
		}
		return false
	})
	for _, other := range along {
		if g.keepWithParts(other) {
			g.change(other)
		}
		g.wait(other, false)
	}
}

// partGranted notes that a part goes to a session, with the new reference of
// its group if that has one.
func (g *Gateway) partGranted(e *entry) {
	p := g.group(e.m)
	if p == nil || p.link != e.link {
		return
	}
	p.flying++
	e.out.Message = e.m
	if !p.moved {
		return
	}
	h, c, _ := concatOf(e.m)
	c.Reference = p.ref
	if !c.Wide {
		c.Reference &= 0xFF
	}
	h = h.Without(gsm.ElementConcat8, gsm.ElementConcat16)
	h.Elements = append(h.Elements, c.Element())
	copied := *e.m
	copied.Content.Header = h.Append(nil)
	e.out.Message = &copied
}

// partReleased notes that a session has a part no longer.
func (g *Gateway) partReleased(e *entry) {
	if p := g.group(e.m); p != nil && p.link == e.link && p.flying > 0 {
		p.flying--
	}
}

// partTaken notes that the operator has a part.
func (g *Gateway) partTaken(e *entry) {
	p := g.group(e.m)
	if p == nil {
		return
	}
	p.waiting = max(0, p.waiting-1)
	if p.link == e.link {
		p.taken = true
	}
}

// partEnded notes that a message becomes final. Of a part that its operator has
// partTaken has said all.
func (g *Gateway) partEnded(e *entry, s message.State) {
	if e.m.State == message.Enroute || s == message.Sent {
		return
	}
	if p := g.group(e.m); p != nil {
		p.waiting = max(0, p.waiting-1)
	}
}

// partRefused takes back that a part came.
func (g *Gateway) partRefused(e *entry) {
	p := g.group(e.m)
	if p == nil {
		return
	}
	p.waiting = max(0, p.waiting-1)
	if _, c, _ := concatOf(e.m); p.sums[c.Number-1] == partSum(e.m) {
		p.sums[c.Number-1] = 0
		p.missing++
	}
}

// dropOldParts forgets groups whose parts have all come long ago, and wait no
// longer.
func (g *Gateway) dropOldParts(now time.Time) {
	limit, longest := now.Add(-partsWait).UnixMilli(), now.Add(-partsLongest).UnixMilli()
	for key, p := range g.parts {
		if p.since < limit && p.waiting == 0 || p.since < longest {
			delete(g.parts, key)
		}
	}
}
