package api

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// How many deliver_sm's may be unanswered on a session: who answers fast gets
// more, who is slow gets so few that none waits for its answer too long.
const (
	smppFirstWindow = 32
	smppLeastWindow = 8
	smppFast        = 250 * time.Millisecond
	smppSlow        = 5 * time.Second
	smppChunk       = 256 // deliver_sm's built before they are written together
)

// smppOwed is an inbound message of several parts on its way to a customer.
type smppOwed struct {
	item    *gateway.Item
	left    int // parts without an answer
	verdict gateway.Delivered
}

// smppOwedPart is one part of it.
type smppOwedPart struct {
	owed *smppOwed
	body smpp.DeliverSM
}

// Limit implements sessionServer: what the account's sessions together take
// now, 0 when none that receives is bound.
func (s *SMPPServer) Limit(account string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[account]
	if c == nil {
		return 0
	}
	sum := 0
	for _, p := range c.receivers {
		sum += int(p.limit.Load())
	}
	return sum
}

// Deliver implements sessionServer: it spreads items over the account's
// sessions, a run of them to each as far as its window has room.
func (s *SMPPServer) Deliver(account string, items []*gateway.Item) {
	if s.ranged(account) {
		items = s.deliverRanged(account, items)
	}
	for len(items) > 0 {
		peers := s.receivers(account)
		if len(peers) == 0 {
			s.giveBack(account, items, true)
			return
		}
		share := (len(items) + len(peers) - 1) / len(peers)
		for i, p := range peers {
			n := min(max(p.room(), 0), len(items))
			if n < len(items) && i == len(peers)-1 {
				n = max(n, share)
			}
			if n = min(n, len(items)); n > 0 && p.deliver(items[:n]) {
				items = items[n:]
			}
		}
	}
}

// receivers returns the account's sessions that receive, another one first
// each time.
func (s *SMPPServer) receivers(account string) []*smppPeer {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[account]
	if c == nil || len(c.receivers) == 0 {
		return nil
	}
	c.turn++
	at := c.turn % len(c.receivers)
	return append(slices.Clone(c.receivers[at:]), c.receivers[:at]...)
}

// giveBack returns items that no session has taken. Somebody may have bound
// between the look at the sessions and the verdict, so nobody being there is
// looked at again after it.
func (s *SMPPServer) giveBack(account string, items []*gateway.Item, alone bool) {
	if len(items) == 0 {
		return
	}
	verdict := gateway.TryLater
	if alone {
		verdict = gateway.NobodyThere
	}
	list := make([]gateway.Delivered, len(items))
	for i, it := range items {
		list[i] = gateway.Delivered{Item: it, Verdict: verdict, Text: "the session has ended"}
	}
	s.core.Delivered(list)
	if alone && s.all.Limit(account) > 0 {
		s.core.Wake(message.SMPPTarget, account)
	}
}

// room is how many deliver_sm's more the window takes.
func (p *smppPeer) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return int(p.limit.Load()) - p.flight - (len(p.queue) - p.head) - len(p.parts)
}

// deliver takes items for this session; false if it has ended.
func (p *smppPeer) deliver(items []*gateway.Item) bool {
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return false
	}
	if p.head > len(p.queue)/2 {
		n := copy(p.queue, p.queue[p.head:])
		clear(p.queue[n:])
		p.queue, p.head = p.queue[:n], 0
	}
	p.queue = append(p.queue, items...)
	refused := p.pump(nil)
	p.mu.Unlock()
	if len(refused) > 0 {
		p.server.core.Delivered(refused)
	}
	return true
}

// pump writes what the window has room for, and appends verdicts on what can
// never be written. mu is held.
func (p *smppPeer) pump(verdicts []gateway.Delivered) []gateway.Delivered {
	for !p.gone && (len(p.parts) > 0 || p.head < len(p.queue)) {
		room := min(int(p.limit.Load())-p.flight, smppChunk)
		if room <= 0 {
			break
		}
		verdicts = p.stage(room, verdicts)
		var all bool
		if verdicts, all = p.write(verdicts); !all {
			break
		}
	}
	return verdicts
}

// stage fills the batch with at most room requests.
func (p *smppPeer) stage(room int, verdicts []gateway.Delivered) []gateway.Delivered {
	b := &p.build
	b.reset(p)
	b.alphabet = p.server.Alphabet(p.account)
	b.perPart = p.server.perPart(p.account)
	b.reported = p.server.reported()
	p.requests = p.requests[:0]
	for _, part := range p.parts[:min(room, len(p.parts))] {
		p.requests = append(p.requests, smpp.Request{Body: &part.body, Ref: part})
	}
	for p.head < len(p.queue) && len(p.requests) < room {
		it := p.queue[p.head]
		p.queue[p.head] = nil
		p.head++
		at := len(b.bodies)
		switch n, err := b.add(it); {
		case err != nil:
			verdicts = append(verdicts, gateway.Delivered{Item: it, Verdict: gateway.GiveUp, Text: err.Error()})
		case n == 1:
			p.requests = append(p.requests, smpp.Request{Ref: it})
		default:
			p.stageLong(it, b.bodies[at:], room)
			b.bodies = b.bodies[:at]
		}
	}
	// The builder's memory may have moved while it grew, so pointers into it
	// are taken now.
	single := 0
	for i := range p.requests {
		if p.requests[i].Body == nil {
			p.requests[i].Body = &b.bodies[single]
			single++
		}
	}
	if p.data {
		for i := range p.requests {
			p.requests[i].Body = smppAsData(p.requests[i].Body.(*smpp.DeliverSM))
		}
	}
	return verdicts
}

// stageLong keeps the parts of a long message and puts as many of them into
// the batch as there is room for.
func (p *smppPeer) stageLong(it *gateway.Item, built []smpp.DeliverSM, room int) {
	owed := &smppOwed{item: it, left: len(built), verdict: gateway.Delivered{Item: it, Verdict: gateway.Acknowledged}}
	for i := range built {
		part := &smppOwedPart{owed: owed, body: built[i]}
		part.body.Text = bytes.Clone(part.body.Text)
		p.parts = append(p.parts, part)
		if len(p.requests) < room {
			p.requests = append(p.requests, smpp.Request{Body: &part.body, Ref: part})
		}
	}
}

// write hands the batch to the session. all is false when nothing more can be
// written now; what was not taken stays, or goes back into the queue.
func (p *smppPeer) write(verdicts []gateway.Delivered) (_ []gateway.Delivered, all bool) {
	rest, parts := p.requests, 0
	for len(rest) > 0 {
		taken, err := p.sess.Send(rest)
		for i := range rest[:taken] {
			if _, ok := rest[i].Ref.(*smppOwedPart); ok {
				parts++
			}
		}
		p.flight += taken
		rest = rest[taken:]
		var bad *smpp.EncodeError
		if !errors.As(err, &bad) {
			break // the window is full, or the session at its end
		}
		if _, ok := rest[0].Ref.(*smppOwedPart); ok {
			parts++
		}
		verdicts = smppVerdict(verdicts, rest[0].Ref, gateway.GiveUp, uint32(bad.Status), bad.Error())
		rest = rest[1:]
	}
	p.parts = slices.Delete(p.parts, 0, parts)
	for i := len(rest) - 1; i >= 0; i-- {
		if it, ok := rest[i].Ref.(*gateway.Item); ok {
			p.head--
			p.queue[p.head] = it
		}
	}
	all = len(rest) == 0
	clear(p.requests)
	return verdicts, all
}

// smppVerdict books what was said to a deliver_sm and appends the verdict on
// its item once all its parts have one. A part that was not taken is what
// counts: the message is then delivered again as a whole.
func smppVerdict(list []gateway.Delivered, ref any, v gateway.Verdict, code uint32, text string) []gateway.Delivered {
	switch ref := ref.(type) {
	case *gateway.Item:
		return append(list, gateway.Delivered{Item: ref, Verdict: v, Code: code, Text: text})
	case *smppOwedPart:
		o := ref.owed
		if v != gateway.Acknowledged {
			o.verdict.Verdict, o.verdict.Code, o.verdict.Text = v, code, text
		}
		if o.left--; o.left == 0 {
			return append(list, o.verdict)
		}
	}
	return list
}

// Responses implements smpp.Handler: deliver_sm_resp's, as many as one read
// brought, or the news that there will be none.
func (p *smppPeer) Responses(_ *smpp.Session, responses []smpp.Response) {
	lost := false // the session has ended
	for i := range responses {
		if err := responses[i].Err; err != nil && !smppNoAnswer(err) {
			lost = true
			break
		}
	}
	alone := lost && !p.server.leave(p)
	list := make([]gateway.Delivered, 0, len(responses))
	p.mu.Lock()
	p.gone = p.gone || lost
	p.adapt(responses)
	p.flight -= len(responses)
	for i := range responses {
		v, code, text := smppSaid(&responses[i])
		if alone && v == gateway.TryLater && responses[i].Err != nil {
			v = gateway.NobodyThere
		}
		list = smppVerdict(list, responses[i].Ref, v, code, text)
	}
	list = p.pump(list)
	p.mu.Unlock()
	if len(list) > 0 {
		p.server.core.Delivered(list)
	}
	if alone && p.server.all.Limit(p.account) > 0 {
		p.server.core.Wake(message.SMPPTarget, p.account)
	}
}

// smppNoAnswer tells whether the session goes on although a request has no
// response that can be read.
func smppNoAnswer(err error) bool {
	var bad *smpp.DecodeError
	return errors.Is(err, smpp.ErrResponseTimeout) || errors.As(err, &bad)
}

// smppSaid reads a deliver_sm_resp. Only the two codes by which an ESME
// refuses a message for good mean that it does not want it again
// (SMPP 3.4 5.1.3).
func smppSaid(r *smpp.Response) (v gateway.Verdict, code uint32, text string) {
	if r.Err != nil {
		return gateway.TryLater, 0, r.Err.Error()
	}
	switch status := r.PDU.Status; {
	case r.PDU.Command == smpp.CommandGenericNack:
		return gateway.TryLater, uint32(status), "generic_nack: " + status.String()
	case status == smpp.ESME_ROK:
		return gateway.Acknowledged, 0, ""
	case status == smpp.ESME_RX_P_APPN || status == smpp.ESME_RX_R_APPN:
		return gateway.GiveUp, uint32(status), status.String()
	default:
		return gateway.TryLater, uint32(status), status.String()
	}
}

// adapt widens or narrows the window by how fast answers come. mu is held.
func (p *smppPeer) adapt(responses []smpp.Response) {
	limit := int(p.limit.Load())
	took := time.Since(responses[0].Sent)
	switch {
	case responses[0].Err != nil || took > smppSlow:
		limit = max(limit/2, min(smppLeastWindow, p.most))
	case took < smppFast && p.flight >= limit/2:
		limit = min(limit*2, p.most)
	}
	p.limit.Store(int32(limit))
}

// giveBack returns what the session has not written when it ended.
func (p *smppPeer) giveBack(others bool) {
	p.mu.Lock()
	p.gone = true
	var items []*gateway.Item
	for _, part := range p.parts {
		o := part.owed
		if o.left--; o.left == 0 {
			items = append(items, o.item)
		}
	}
	items = append(items, p.queue[p.head:]...)
	p.queue, p.head, p.parts = nil, 0, nil
	p.mu.Unlock()
	p.server.giveBack(p.account, items, !others)
}
