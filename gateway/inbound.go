package gateway

import (
	"cmp"
	"fmt"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/store"
)

// inboundEntry is an inbound message of which something is owed and in memory.
type inboundEntry struct {
	in   *message.Inbound
	list []*Item // one per target in memory
}

func (ie *inboundEntry) item(index int) *Item {
	for _, it := range ie.list {
		if it.Index == index {
			return it
		}
	}
	return nil
}

// assembly collects the parts of a long inbound message. When it is whole it
// stays for a while without them, so that a part which the operator repeats is
// known.
type assembly struct {
	key   string
	parts []*message.Inbound // by number-1; nil once they were joined
	sums  []uint64           // of the contents of the parts that came
	ids   []message.ID
	have  int
	size  int   // octets of the parts that wait, about
	since int64 // Unix milliseconds of the first part, or of the joining

	answer replyTo // what the parts answer
	in     uint64  // sequence of the gather that adds the newest
}

const (
	assemblyMost = 20_000   // long messages at a time
	joinMost     = 64 << 20 // octets of parts that wait for others
	partCost     = 512      // octets of a part beside its text
	repeatWait   = 10 * time.Minute
)

// partSize is about how much memory a part takes.
func partSize(m *message.Inbound) int {
	return partCost + len(m.Content.Text) + len(m.Content.Data) + len(m.Content.Header) + m.Content.Extra.Size()
}

func newAssembly(key string, total int, since int64) *assembly {
	return &assembly{key: key, parts: make([]*message.Inbound, total), sums: make([]uint64, total), since: since}
}

// contentSum tells the contents of parts apart; never 0.
func contentSum(m *message.Inbound) uint64 {
	return exactKey(m.Content.Text, string(m.Content.Data)) | 1
}

// add keeps a part. known says that it was there before, other that another
// part has its number: the reference is in use twice.
func (a *assembly) add(number uint8, m *message.Inbound) (known, other bool) {
	sum := contentSum(m)
	switch have := a.sums[number-1]; {
	case have == sum:
		return true, false
	case have == 0 && a.parts != nil:
		a.sums[number-1], a.parts[number-1] = sum, m
		a.have++
		return false, false
	}
	return false, true
}

// Inbound implements connector.Core.
func (c linkCore) Inbound(in []*message.Inbound, ack func(error)) {
	g, now := c.g, c.g.now()
	snap := g.snap.Load()
	answers, err := g.answered(snap, c.l.name, in, now)
	if err != nil {
		ack(err)
		return
	}
	g.mu.Lock()
	if g.full != nil {
		err := g.full
		g.mu.Unlock()
		ack(err)
		return
	}
	var parts []string
	for i, m := range in {
		m.ID, m.Received = g.nextID(now), now.UnixMilli()
		if m.Link == "" {
			m.Link = c.l.name
		}
		m.From, m.To = c.l.set.inboundNumber(m.From), c.l.set.inboundNumber(m.To)
		c.l.count.inbound.Add(1)
		var a replyTo
		if answers != nil {
			a = answers[i]
		}
		g.heardFrom(cmp.Or(a.phone.Number, m.From.Number))
		if whole := g.joinParts(m, a); whole != nil {
			g.takeIn(snap, whole, a, now)
		} else if g.opt.Shared {
			c, _ := inboundConcat(m)
			parts = append(parts, partsKey(m, c))
		}
	}
	g.cur.after = append(g.cur.after, g.onceJoined(parts, ack))
	g.mu.Unlock()
	g.signal()
}

// takeIn gives a whole inbound message to those whose it is.
func (g *Gateway) takeIn(snap *Snapshot, in *message.Inbound, a replyTo, now time.Time) {
	dialog := snap.withoutDigits(in, a)
	g.hear(snap, in, a, dialog, now)
	if in.Series != "" {
		g.register(snap, in)
	}
	g.countInbound(in, now)
	if in.Account == "" && len(in.Targets) == 0 {
		g.count.inboundUnowned.Add(1)
	}
	in.Owed, in.Talk = 1<<len(in.Targets)-1, snap.talking[in.Account]
	g.cur.Inbound = append(g.cur.Inbound, in)
	g.noteInbound(in, now)
	g.heardOf(snap, in, now)
	for i := range in.Targets {
		it := &Item{box: g.inBox(in.Targets[i])}
		g.inboundItem(it, in, i)
		g.cur.owed = append(g.cur.owed, it)
	}
}

// inboundItem fills in an item for one target of an inbound message; false if
// that is in memory already or no longer owed.
func (g *Gateway) inboundItem(it *Item, in *message.Inbound, index int) bool {
	if in.Owed>>index&1 == 0 || index >= len(in.Targets) {
		return false
	}
	ie := g.openIn[in.ID]
	if ie == nil {
		ie = &inboundEntry{in: in}
		g.openIn[in.ID] = ie
	} else if ie.item(index) != nil {
		return false
	}
	ie.list = append(ie.list, it)
	it.Inbound, it.inb, it.Index, it.Target = ie.in, ie, index, ie.in.Targets[index]
	it.Since = in.Received
	return true
}

// joinParts returns the whole message once all of its parts are there; a part
// is stored until then.
func (g *Gateway) joinParts(m *message.Inbound, answers replyTo) *message.Inbound {
	m.Parts = 1
	c, ok := inboundConcat(m)
	switch {
	case !ok:
		return m
	case c.Total < 2:
		return alone(m)
	}
	key := partsKey(m, c)
	a := g.joins[key]
	if a == nil && len(g.joins) >= assemblyMost || g.joinSize+partSize(m) > joinMost {
		return alone(m) // rather in parts than not at all
	}
	if a == nil {
		a = newAssembly(key, int(c.Total), m.Received)
		g.joins[key] = a
	}
	known, other := a.add(c.Number, m)
	if other && a.parts == nil { // the next message with this reference
		a = newAssembly(key, int(c.Total), m.Received)
		g.joins[key] = a
		known, other = a.add(c.Number, m)
	}
	switch {
	case known:
		return nil
	case other:
		return alone(m) // shown as it came
	case g.opt.Shared:
		a.in = g.cur.seq
		g.awaitOthers(a, m, store.InboundPart{ID: m.ID, Key: key, Number: c.Number, Total: c.Total, Received: m.Received, Part: m})
		return nil
	case a.have < len(a.parts):
		g.keepPart(a, m)
		a.answer = answers
		g.cur.Parts = append(g.cur.Parts, store.InboundPart{
			ID: m.ID, Key: key, Number: c.Number, Total: c.Total, Received: m.Received, Part: m,
		})
		return nil
	}
	return g.joined(a, m.ID, m.Received)
}

// inboundConcat reads the number of a part; false of a message without a header. Without a
// number there it is of no parts.
func inboundConcat(m *message.Inbound) (gsm.Concat, bool) {
	if len(m.Content.Header) == 0 {
		return gsm.Concat{}, false
	}
	h, _, err := gsm.ParseHeader(m.Content.Header)
	if err != nil {
		return gsm.Concat{}, false
	}
	c, _ := h.Concat()
	return c, true
}

// partsKey is what the parts of one message from a phone have in common.
func partsKey(m *message.Inbound, c gsm.Concat) string {
	return fmt.Sprintf("%s|%s|%s|%t|%d|%d", m.Link, m.From.Number, m.To.Number, c.Wide, c.Reference, c.Total)
}

// keepPart books a part that waits for others.
func (g *Gateway) keepPart(a *assembly, m *message.Inbound) {
	a.ids = append(a.ids, m.ID)
	a.size += partSize(m)
	g.joinSize += partSize(m)
}

// alone returns a part that is shown by itself: its octets, kept to be decoded
// with those of its neighbours, have done their duty.
func alone(m *message.Inbound) *message.Inbound {
	if m.Encoding != gsm.Binary {
		m.Content.Data = nil
		dropElements(m, gsm.ElementSingleShift, gsm.ElementLockingShift)
	}
	return m
}

// dropElements takes elements out of the header: those that number parts have done
// their duty once the whole is there, and so have the tables of a language once
// the text is read.
func dropElements(m *message.Inbound, ids ...uint8) {
	h, _, err := gsm.ParseHeader(m.Content.Header)
	if err != nil {
		return
	}
	m.Content.Header = h.Without(ids...).Append(nil)
}

// joined makes one message of the parts that are there. Texts of neighbours in
// one encoding are decoded together: some senders cut a character in two.
func (g *Gateway) joined(a *assembly, id message.ID, received int64) *message.Inbound {
	g.cur.PartsDone = append(g.cur.PartsDone, a.ids...)
	var whole message.Inbound
	var text, octets, data []byte
	var enc gsm.Encoding // of octets
	var shift gsm.Shift
	flush := func() {
		text, octets = gsm.AppendDecodedIn(text, enc, shift, octets), octets[:0]
	}
	var gaps []byte
	for i, p := range a.parts {
		if p == nil {
			gaps = append(gaps, byte(i+1))
			flush()
			continue
		}
		if whole.From.IsZero() {
			whole = *p
		}
		switch {
		case p.Encoding == gsm.Binary:
			data = append(data, p.Content.Data...)
		case len(p.Content.Data) == 0:
			flush()
			text = append(text, p.Content.Text...)
		default:
			h, _, _ := gsm.ParseHeader(p.Content.Header)
			if p.Encoding != enc || h.Shift() != shift {
				flush()
			}
			enc, shift, octets = p.Encoding, h.Shift(), append(octets, p.Content.Data...)
		}
	}
	flush()
	whole.ID, whole.Received, whole.Parts = id, received, uint8(len(a.parts))
	whole.Missing, whole.Gaps = uint8(len(gaps)), gaps
	whole.Content.Text, whole.Content.Data = string(text), data
	dropElements(&whole, gsm.ElementConcat8, gsm.ElementConcat16)
	if whole.Encoding != gsm.Binary {
		dropElements(&whole, gsm.ElementSingleShift, gsm.ElementLockingShift)
	}
	g.joinSize -= a.size
	a.parts, a.ids, a.size, a.since = nil, nil, 0, received
	return &whole
}

// joinOld delivers what has come of messages whose other parts never did, and
// forgets those that were joined.
func (g *Gateway) joinOld(now time.Time) {
	snap := g.snap.Load()
	limit := now.Add(-cmp.Or(snap.JoinWait, g.opt.JoinWait)).UnixMilli()
	forget := now.Add(-repeatWait).UnixMilli()
	for _, a := range g.joins {
		switch {
		case a.parts == nil && a.since < forget:
			delete(g.joins, a.key)
		case a.parts != nil && a.since < limit && !g.opt.Shared:
			g.takeIn(snap, g.joined(a, g.nextID(now), now.UnixMilli()), a.answer, now)
		}
	}
}
