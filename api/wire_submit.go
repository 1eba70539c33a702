package api

import (
	"context"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/wire"
)

// Requests implements wire.Handler: what one read has brought.
func (p *wirePeer[P]) Requests(_ *wire.Session[P], requests []P) {
	s := p.server
	a := s.accounts().ByName(p.account)
	if a == nil { // taken out of the configuration
		p.refuseAll(requests)
		return
	}
	c := p.customer(a)
	var now []P // what is answered at once
	var batch []*wireRequest[P]
	room := min(c.login.MaxWindow(s.by), p.window) - int(p.submitted.Load())
	for _, r := range requests {
		if !s.talk.messages(r) {
			if answer, at := p.manage(r, c); at {
				now = append(now, answer)
			}
			continue
		}
		if len(batch) >= room {
			now = append(now, s.talk.busy(r))
			continue
		}
		subs, refused, ok := s.talk.submitted(r, c)
		if !ok {
			now = append(now, refused)
			continue
		}
		w, ok := p.newRequest(r, c, subs)
		if !ok {
			now = append(now, s.talk.busy(r))
			continue
		}
		batch = append(batch, w)
	}
	if len(now) > 0 {
		_ = p.sess.Respond(now) // an error means that the session is over
	}
	p.accept(batch)
}

// customer is whom the session talks to, as he is now.
func (p *wirePeer[P]) customer(a *account.Account) *customer {
	return &customer{account: a, login: a.Login(p.server.by), zone: p.zone, now: p.server.now(), refs: p.server.refs}
}

// wireRequest is a request on its way to disk: one message, or one for each of its recipients.
type wireRequest[P wire.PDU] struct {
	request P
	who     *customer
	subs    []gateway.Submission
	stamps  []time.Time
}

// newRequest gives each message of a request its second, and notes it as the message's reference; ok is false if a
// recipient has had so many that there is none for him now.
func (p *wirePeer[P]) newRequest(r P, c *customer, subs []gateway.Submission) (w *wireRequest[P], ok bool) {
	w = &wireRequest[P]{request: r, who: c, subs: subs, stamps: make([]time.Time, len(subs))}
	for i := range subs {
		to := subs[i].To
		if w.stamps[i], ok = p.server.stamps.next(to, c.now, c.zone); !ok {
			return nil, false
		}
		subs[i].Reference = stampReference(w.stamps[i], to)
	}
	return w, true
}

// The reference of a message holds its second, by its date and time as they are told, and its recipient as the customer
// wrote it: with both it can be found, and told of in his words. Seconds are times of UTC that show what the customer's
// clock shows (wire.Stamps).
const (
	stampPrefix = "at:"
	stampLayout = "20060102150405"
)

func stampReference(at time.Time, to string) string {
	return stampPrefix + at.Format(stampLayout) + ":" + to
}

// stampOf returns second and recipient of a message. One that came over another interface has the second of its
// acceptance, in the customer's zone.
func stampOf(m *message.Message, zone *time.Location) (at time.Time, to string) {
	rest, ok := strings.CutPrefix(m.Reference, stampPrefix)
	if stamp, to, cut := strings.Cut(rest, ":"); ok && cut {
		if at, err := time.Parse(stampLayout, stamp); err == nil {
			return at, to
		}
	}
	_, offset := m.ID.Time().In(zone).Zone()
	return m.ID.Time().Add(time.Duration(offset) * time.Second), m.To.Number
}

// accept hands the messages of a read over: those of requests with one message together, others by themselves.
func (p *wirePeer[P]) accept(batch []*wireRequest[P]) {
	var ones []*wireRequest[P]
	n := 0
	for _, r := range batch {
		if len(r.subs) == 1 {
			ones = append(ones, r)
		}
		n += len(r.subs)
	}
	if n == 0 {
		return
	}
	p.submitted.Add(int32(len(batch)))
	p.meter.submits.Add(int64(n))
	for _, r := range batch {
		if len(r.subs) > 1 {
			p.give([]*wireRequest[P]{r})
		}
	}
	for len(ones) > 0 {
		part := ones[:min(len(ones), smppHelping)]
		ones = ones[len(part):]
		p.give(part)
	}
}

// give hands the messages of requests to the gateway, and answers them when they are on disk.
func (p *wirePeer[P]) give(requests []*wireRequest[P]) {
	var subs []*gateway.Submission
	for _, r := range requests {
		for i := range r.subs {
			subs = append(subs, &r.subs[i])
		}
	}
	p.server.core.Accept(subs, func(results []gateway.Result) {
		answers := make([]P, len(requests))
		for i, r := range requests {
			answers[i] = p.server.talk.accepted(r.request, r.who, results[:len(r.subs)], r.stamps)
			results = results[len(r.subs):]
		}
		p.submitted.Add(-int32(len(requests)))
		_ = p.sess.Respond(answers) // an error means that the session is over: the customer asks again or not
	})
}

// refuseAll answers requests of an account that is no more, and ends the session.
func (p *wirePeer[P]) refuseAll(requests []P) {
	answers := make([]P, len(requests))
	for i, r := range requests {
		answers[i] = p.server.talk.gone(r)
	}
	_ = p.sess.Respond(answers)
	p.dismiss()
}

// dismiss ends the session of an account that is no more.
func (p *wirePeer[P]) dismiss() {
	p.dismissed.Do(func() {
		p.server.running.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), unbindGrace)
			defer cancel()
			p.sess.End(ctx)
		})
	})
}
