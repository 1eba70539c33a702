package api

import (
	"errors"
	"slices"

	"kurir/gateway"
	"kurir/message"
	"kurir/wire"
)

// wireOwed is what an item takes on the wire.
type wireOwed[P wire.PDU] struct {
	item    *gateway.Item // nil: the answer to a question of the customer (wirePeer.tell)
	pdus    []P           // not written yet
	left    int           // without an answer
	verdict gateway.Delivered
}

// Limit implements sessionServer.
func (s *wireServer[P]) Limit(account string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[account]
	if c == nil {
		return 0
	}
	sum := 0
	for _, p := range c.peers {
		sum += p.sess.Window()
	}
	return sum
}

// Deliver implements sessionServer: it spreads items over the account's sessions, a run of them to each.
func (s *wireServer[P]) Deliver(account string, items []*gateway.Item) {
	for len(items) > 0 {
		peers := s.turns(account)
		if len(peers) == 0 {
			s.giveBack(account, items, true)
			return
		}
		share := (len(items) + len(peers) - 1) / len(peers)
		for _, p := range peers {
			if n := min(share, len(items)); n > 0 && p.deliver(items[:n]) {
				items = items[n:]
			}
		}
	}
}

// turns returns the account's sessions, another one first each time.
func (s *wireServer[P]) turns(account string) []*wirePeer[P] {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[account]
	if c == nil || len(c.peers) == 0 {
		return nil
	}
	c.turn = (c.turn + 1) % len(c.peers)
	return slices.Concat(c.peers[c.turn:], c.peers[:c.turn])
}

// giveBack returns items that no session has taken. Somebody may have come between the look at the sessions and the
// verdict, so nobody being there is looked at again after it.
func (s *wireServer[P]) giveBack(account string, items []*gateway.Item, alone bool) {
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

// deliver takes items for this session; false if it has ended.
func (p *wirePeer[P]) deliver(items []*gateway.Item) bool {
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return false
	}
	p.queue = append(p.queue, items...)
	refused := p.pump(nil)
	p.mu.Unlock()
	if len(refused) > 0 {
		p.server.core.Delivered(refused)
	}
	return true
}

// pump writes what the window has room for, and appends verdicts on what can never be written. mu is held.
func (p *wirePeer[P]) pump(verdicts []gateway.Delivered) []gateway.Delivered {
	for room := p.sess.Room(); !p.gone && room > 0 && (len(p.parts) > 0 || len(p.queue) > 0); room = p.sess.Room() {
		verdicts = p.stage(room, verdicts)
		var all bool
		if verdicts, all = p.write(room, verdicts); !all {
			break
		}
	}
	return verdicts
}

// stage makes requests of what waits until there are as many as there is room for.
func (p *wirePeer[P]) stage(room int, verdicts []gateway.Delivered) []gateway.Delivered {
	have := 0
	for _, o := range p.parts {
		have += len(o.pdus)
	}
	a := p.server.accounts().ByName(p.account)
	if a == nil { // what waits is given back when the session has ended
		p.dismiss()
		return verdicts
	}
	c := p.customer(a)
	n := 0
	for ; n < len(p.queue) && have < room; n++ {
		it := p.queue[n]
		pdus, err := p.make(it, c)
		switch {
		case err != nil:
			verdicts = append(verdicts, gateway.Delivered{Item: it, Verdict: gateway.GiveUp, Text: err.Error()})
			continue
		case len(pdus) == 0:
			verdicts = append(verdicts, gateway.Delivered{Item: it, Verdict: gateway.Acknowledged})
			continue
		}
		p.parts = append(p.parts, &wireOwed[P]{item: it, pdus: pdus, left: len(pdus), verdict: gateway.Delivered{Item: it, Verdict: gateway.Acknowledged}})
		have += len(pdus)
	}
	p.queue = slices.Delete(p.queue, 0, n)
	return verdicts
}

// make makes the requests of an item, none where there is nothing to tell: that an operator has a message is no state of
// these protocols, whose intermediate one is that it could not be delivered yet.
func (p *wirePeer[P]) make(it *gateway.Item, c *customer) ([]P, error) {
	if it.Inbound != nil {
		return p.server.talk.inbound(it.Inbound, c)
	}
	if it.State == message.Enroute {
		return nil, nil
	}
	return p.server.talk.state(it, c)
}

// wireWhy is what went wrong with a message that did not arrive, as the network or an operator said it last, or we decided;
// NoFailure where nobody has said it. What an operator answered before he took it is no reason any more.
func wireWhy(m *message.Message) message.FailureKind {
	events, _ := message.DecodeLog(m.Log, m.ID)
	taken := false
	for i := len(events) - 1; i >= 0; i-- {
		switch e := &events[i]; {
		case e.Kind == message.EventTaken:
			taken = true
		case e.Kind == message.EventReport, e.Kind == message.EventState, e.Kind == message.EventFailed && !taken:
			if e.Failure != message.NoFailure && e.Failure != message.TooOld { // that it is too old its state says
				return e.Failure
			}
		}
	}
	return message.NoFailure
}

// write hands at most room requests to the session. all is false when nothing more can be written now.
func (p *wirePeer[P]) write(room int, verdicts []gateway.Delivered) (_ []gateway.Delivered, all bool) {
	var batch []wire.Request[P]
	for _, o := range p.parts {
		for _, pdu := range o.pdus[:min(len(o.pdus), room-len(batch))] {
			batch = append(batch, wire.Request[P]{PDU: pdu, Ref: o})
		}
	}
	rest := batch
	for len(rest) > 0 {
		taken, err := p.sess.Send(rest)
		for i := range rest[:taken] {
			o := rest[i].Ref.(*wireOwed[P])
			o.pdus = o.pdus[1:]
		}
		rest = rest[taken:]
		if err == nil || errors.Is(err, wire.ErrClosed) || errors.Is(err, wire.ErrLeaving) || len(rest) == 0 {
			break // the window is full, or the session at its end
		}
		o := rest[0].Ref.(*wireOwed[P])
		o.pdus = o.pdus[1:]
		verdicts = p.said(o, verdicts, gateway.GiveUp, 0, err.Error())
		rest = rest[1:]
	}
	p.parts = slices.DeleteFunc(p.parts, func(o *wireOwed[P]) bool { return len(o.pdus) == 0 })
	return verdicts, len(batch) > 0 && len(rest) == 0
}

// said books what was said to a request and appends the verdict on its item once all have an answer. One that was not
// taken is what counts: the item is then delivered again as a whole. mu is held.
func (p *wirePeer[P]) said(o *wireOwed[P], list []gateway.Delivered, v gateway.Verdict, code uint32, text string) []gateway.Delivered {
	if o.item == nil {
		p.told--
		return list
	}
	if v != gateway.Acknowledged {
		o.verdict.Verdict, o.verdict.Code, o.verdict.Text = v, code, text
	}
	if o.left--; o.left == 0 {
		return append(list, o.verdict)
	}
	return list
}

// Responses implements wire.Handler: answers, as many as one read brought, or the news that there will be none.
func (p *wirePeer[P]) Responses(_ *wire.Session[P], responses []wire.Response[P]) {
	var none P
	lost := slices.ContainsFunc(responses, func(r wire.Response[P]) bool { return r.Err != nil && r.PDU == none })
	alone := lost && !p.server.leave(p)
	list := make([]gateway.Delivered, 0, len(responses))
	p.mu.Lock()
	p.gone = p.gone || lost
	for i := range responses {
		r := &responses[i]
		v, code, text := gateway.TryLater, uint32(0), ""
		switch {
		case r.Err == nil:
			v, code, text = p.server.talk.said(r.PDU)
		case alone && r.PDU == none:
			v, text = gateway.NobodyThere, r.Err.Error()
		default:
			text = r.Err.Error()
		}
		list = p.said(r.Ref.(*wireOwed[P]), list, v, code, text)
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

// giveBack returns what the session has not written when it ended.
func (p *wirePeer[P]) giveBack(others bool) {
	p.mu.Lock()
	p.gone = true
	var items []*gateway.Item
	for _, o := range p.parts {
		if o.left -= len(o.pdus); o.left == 0 && o.item != nil { // else an answer, or the news that there is none, tells
			items = append(items, o.item)
		}
	}
	items = append(items, p.queue...)
	p.queue, p.parts = nil, nil
	p.mu.Unlock()
	p.server.giveBack(p.account, items, !others)
}
