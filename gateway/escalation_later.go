package gateway

import (
	"time"

	"kurir/message"
)

// A message that is to be sent later begins an escalation when it is accepted. Until it is sent nobody was asked: no answer is
// meant for it, the time of those on duty follows when it is moved, and when it is cancelled nobody else is asked.

// sent tells whether the first message has been sent, or should have been.
func (e *escalation) sent(now time.Time) bool { return !e.body.Steps[0].At.After(now) }

// anySent tells whether one of those that a phone was asked of has been sent. g.mu is held.
func (x *escalations) anySent(phone string, now time.Time) bool {
	for _, e := range x.asked[phone] {
		if e.sent(now) {
			return true
		}
	}
	return false
}

// plans are when the first messages of an escalation are to be sent, as it stands in them now.
type plans struct {
	first, last int64 // Unix milliseconds, 0 for at once
	any         bool  // one of them waits, or was sent
	cancelled   bool  // one was before its time had come
}

// note takes in one of the messages.
func (p *plans) note(e *escalation, m *message.Message) {
	switch at := e.body.Steps[0].At.UnixMilli(); {
	case m.State == message.Deleted && m.Final < at:
		p.cancelled = true
	case !p.any:
		p.first, p.last, p.any = m.SendAt, m.SendAt, true
	default:
		p.first, p.last = min(p.first, m.SendAt), max(p.last, m.SendAt)
	}
}

// replan does what the plans of the first messages say. g.mu is held.
func (g *Gateway) replan(e *escalation, p *plans, now time.Time) {
	step, body := &e.body.Steps[0], &e.body
	if p.cancelled && !p.any && e.noneArrives() {
		g.log.Info("an escalation ends, for its message was cancelled", "escalation", e.ID, "rota", e.Rota, "account", e.Account)
		body.State.Waiting, e.Ended = nil, now.UnixMilli()
		g.writeEscalation(e, now)
		g.signal()
		return
	}
	if !p.any || e.sent(now) && p.last <= now.UnixMilli() {
		return
	}
	when := func(ms int64) time.Time {
		if ms == 0 && e.sent(now) {
			return step.At
		} else if ms == 0 {
			return now
		}
		return time.UnixMilli(ms)
	}
	at, until := when(p.first), when(p.last).Add(body.Plan.Steps[0].Wait)
	if at.Equal(step.At) && until.Equal(step.Until) {
		return
	}
	step.At, step.Until, body.State.Until = at, until, until
	g.writeEscalation(e, now)
	g.signal()
}

// noneArrives tells whether no message of the last step arrives any more.
func (e *escalation) noneArrives() bool {
	for _, a := range e.body.Steps[len(e.body.Steps)-1].Asked {
		if a.Failed == "" {
			return false
		}
	}
	return true
}
