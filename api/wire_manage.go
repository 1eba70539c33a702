package api

import (
	"context"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/wire"
)

// wireQuestion is a request about messages that are there.
type wireQuestion[P wire.PDU] struct {
	to    string    // of the messages, as the customer wrote it
	stamp time.Time // of the one message; zero for all to that recipient that wait
	// do answers it, when the messages were found, and may have more to say; failed when there are none.
	do     func(ctx context.Context, core smppCore, found []*message.Message) (answer P, more []P)
	failed P
	// at is an answer that needs no messages.
	at     P
	answer bool
}

// manage answers a request that is no message, or leaves it to a goroutine that asks the database: then at is false.
func (p *wirePeer[P]) manage(r P, c *customer) (answer P, at bool) {
	s := p.server
	q, refused := s.talk.managed(r, c)
	switch {
	case q == nil:
		return refused, true
	case q.answer:
		return q.at, true
	}
	if !p.mayAsk() {
		return s.talk.busy(r), true
	}
	select {
	case s.asks <- struct{}{}:
	default:
		return s.talk.busy(r), true
	}
	s.running.Go(func() {
		defer func() { <-s.asks }()
		ctx, cancel := context.WithTimeout(context.Background(), smppAskWait)
		defer cancel()
		answer, more := q.failed, []P(nil)
		if found := p.find(ctx, c.account, q); len(found) > 0 {
			answer, more = q.do(ctx, s.core, found)
		}
		_ = p.sess.Respond([]P{answer}) // an error means that the session is over
		p.tell(more)
	})
	return answer, false
}

// mayAsk tells whether the customer has answered what he was told of messages that he asked for: who has not, for as many as
// his window has, is told no more.
func (p *wirePeer[P]) mayAsk() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.told < p.window
}

// tell writes what is to be said about messages that the customer has asked for, as far as there is room or else behind what
// is under way. What he says to it changes nothing.
func (p *wirePeer[P]) tell(more []P) {
	if len(more) == 0 {
		return
	}
	p.mu.Lock()
	if p.gone {
		p.mu.Unlock()
		return
	}
	p.told += len(more)
	p.parts = append(p.parts, &wireOwed[P]{pdus: more, left: len(more)})
	refused := p.pump(nil)
	p.mu.Unlock()
	if len(refused) > 0 {
		p.server.core.Delivered(refused)
	}
}

// wireMostCancelled is how many messages to one recipient are taken back at once.
const wireMostCancelled = 1000

// find returns the messages that a question is about: the one that has the stamp, or all to a recipient that wait or are at
// operators.
func (p *wirePeer[P]) find(ctx context.Context, a *account.Account, q *wireQuestion[P]) []*message.Message {
	f := gateway.Filter{Account: a.Name, Via: p.server.talk.via(), Limit: 2}
	if !q.stamp.IsZero() {
		bare := strings.TrimLeft(q.to, "+0")
		for _, to := range []string{q.to, bare, "00" + bare} { // he may write it otherwise than before
			f.Reference = stampReference(q.stamp, to)
			list, _, err := p.server.core.Messages(ctx, f)
			switch {
			case err != nil || len(list) == 0:
			case len(list) > 1: // two servers have given them the same name
				return nil
			default:
				return list
			}
		}
		return nil
	}
	f.Limit, f.States = wireMostCancelled, []message.State{message.Scheduled, message.Queued, message.Enroute}
	bare := strings.TrimLeft(q.to, "+0")
	f.To.Number = bare
	if list, _, err := p.server.core.Messages(ctx, f); err == nil && bare != "" && len(list) > 0 {
		return list
	}
	f.To.Number = "" // he writes it without the country
	list, _, err := p.server.core.Messages(ctx, f)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(m *message.Message) bool {
		_, to := stampOf(m, p.zone)
		return bare == "" || strings.TrimLeft(to, "+0") != bare
	})
}

// idsOf gives the ids of messages.
func idsOf(list []*message.Message) []message.ID {
	ids := make([]message.ID, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	return ids
}
