package gateway

import (
	"fmt"
	"strings"
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

// assembly collects the parts of a long inbound message.
type assembly struct {
	key   string
	parts []*message.Inbound // by number-1
	ids   []message.ID
	have  int
	since int64
}

const assemblyMost = 20_000 // incomplete long messages at a time

// Inbound implements connector.Core.
func (c linkCore) Inbound(in []*message.Inbound, ack func(error)) {
	g, now := c.g, time.Now()
	snap := g.snap.Load()
	g.mu.Lock()
	if g.full != nil {
		err := g.full
		g.mu.Unlock()
		ack(err)
		return
	}
	for _, m := range in {
		m.ID, m.Received = g.ids.Next(now), now.UnixMilli()
		if m.Link == "" {
			m.Link = c.l.name
		}
		c.l.count.inbound.Add(1)
		if whole := g.joinParts(m); whole != nil {
			g.takeIn(snap, whole, now)
		}
	}
	g.cur.after = append(g.cur.after, ack)
	g.mu.Unlock()
	g.signal()
}

// takeIn gives a whole inbound message to those whose it is.
func (g *Gateway) takeIn(snap *Snapshot, in *message.Inbound, now time.Time) {
	snap.address(in)
	g.tally(in.Account, in.Link, tallyInbound, now)
	in.Owed = 1<<len(in.Targets) - 1
	g.cur.Inbound = append(g.cur.Inbound, in)
	for i := range in.Targets {
		it := &Item{box: g.box(in.Targets[i].Kind, in.Targets[i].Account)}
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
func (g *Gateway) joinParts(m *message.Inbound) *message.Inbound {
	m.Parts = 1
	h, _, err := gsm.ParseHeader(m.Content.Header)
	if err != nil || len(m.Content.Header) == 0 {
		return m
	}
	c, ok := h.Concat()
	if !ok || c.Total < 2 {
		return m
	}
	key := fmt.Sprintf("%s|%s|%s|%t|%d|%d", m.Link, m.From.Number, m.To.Number, c.Wide, c.Reference, c.Total)
	a := g.joins[key]
	if a == nil {
		if len(g.joins) >= assemblyMost {
			return m // rather in parts than not at all
		}
		a = &assembly{key: key, parts: make([]*message.Inbound, c.Total), since: m.Received}
		g.joins[key] = a
	}
	if have := a.parts[c.Number-1]; have != nil {
		if have.Content.Text == m.Content.Text && string(have.Content.Data) == string(m.Content.Data) {
			return nil // a repeat
		}
		return m // the reference is in use twice: shown as it came
	}
	a.parts[c.Number-1] = m
	a.have++
	if a.have < len(a.parts) {
		a.ids = append(a.ids, m.ID)
		g.cur.Parts = append(g.cur.Parts, store.InboundPart{
			ID: m.ID, Key: key, Number: c.Number, Total: c.Total, Received: m.Received, Part: m,
		})
		return nil
	}
	return g.joined(a, m.ID, m.Received)
}

// joined makes one message of the parts that are there.
func (g *Gateway) joined(a *assembly, id message.ID, received int64) *message.Inbound {
	delete(g.joins, a.key)
	g.cur.PartsDone = append(g.cur.PartsDone, a.ids...)
	var whole message.Inbound
	var text strings.Builder
	var data []byte
	for _, p := range a.parts {
		if p == nil {
			whole.Missing++
			continue
		}
		if whole.From.IsZero() {
			missing := whole.Missing
			whole = *p
			whole.Missing = missing
		}
		text.WriteString(p.Content.Text)
		data = append(data, p.Content.Data...)
	}
	whole.ID, whole.Received, whole.Parts = id, received, uint8(len(a.parts))
	whole.Content.Text, whole.Content.Data = text.String(), data
	h, _, _ := gsm.ParseHeader(whole.Content.Header)
	if whole.Content.Header = h.Without(0x00, 0x08).Append(nil); len(whole.Content.Header) <= 1 {
		whole.Content.Header = nil
	}
	return &whole
}

// joinOld delivers what has come of messages whose other parts never did.
func (g *Gateway) joinOld(now time.Time) {
	limit := now.Add(-g.opt.JoinWait).UnixMilli()
	snap := g.snap.Load()
	for _, a := range g.joins {
		if a.since < limit {
			g.takeIn(snap, g.joined(a, g.ids.Next(now), now.UnixMilli()), now)
		}
	}
}
