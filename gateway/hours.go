package gateway

import (
	"sync"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// hours puts off a new message to when it may be sent: by the hours of its route,
// which it keeps, else of its account, and within those by its own. A validity that
// its customer did not name counts from then. h may be nil.
func (s *Snapshot) hours(m *message.Message, sub *Submission, h *route.Handling, now time.Time) *message.Failure {
	switch {
	case sub.Anytime:
		if sub.Account.Permit() != nil || h != nil && h.Hours != "" {
			m.Special = m.Special.With(func(x *message.Special) { x.RouteHours = anytime })
		}
		return nil
	case h != nil && h.Hours != "":
		m.Special = m.Special.With(func(x *message.Special) { x.RouteHours = h.Hours })
	}
	if sub.Hours != nil {
		m.Special = m.Special.With(func(x *message.Special) { x.Hours = sub.Hours.String() })
	}
	from := now
	if m.SendAt != 0 {
		from = time.UnixMilli(m.SendAt)
	}
	p := s.hoursOf(m, sub.Account)
	at, whose := p.opens(m, from)
	switch {
	case at.IsZero():
		return message.Fail(message.BadContent, "hours", "at no time within ten days do both the message's own hours and the %s hours let it be sent", p.whose)
	case at.Equal(from):
		return nil
	}
	if sub.Validity == 0 {
		m.Expires += at.Sub(from).Milliseconds()
	}
	if m.Expires <= at.UnixMilli() {
		return message.Fail(message.BadContent, "validity", "the validity ends before the %s hours begin again, at %s", whose, at.UTC().Format(time.RFC3339))
	}
	m.SendAt = at.UnixMilli()
	return nil
}

// anytime are hours that are never over.
const anytime = "00:00-24:00; UTC"

// permits say when a message may be sent: when both do. nil is always.
type permits struct {
	bound *message.Permit // by the administrator
	whose string          // the latter
	own   *message.Permit // by the customer
}

const ownHours = "message's own"

// hoursOf returns those of a message of an account, which may be nil.
func (s *Snapshot) hoursOf(m *message.Message, a *account.Account) permits {
	p, x := permits{whose: "account's"}, m.Special
	if x != nil && x.RouteHours != "" {
		p.bound, p.whose = s.hourBook.of(x.RouteHours), "route's"
	} else {
		p.bound = a.Permit()
	}
	if x != nil && x.Hours != "" {
		p.own = s.hourBook.of(x.Hours)
	}
	return p
}

// opens returns when a message may be sent, at itself if it may then, and whose
// hours put it off until then; the zero time if at no time within ten days.
func (p permits) opens(m *message.Message, at time.Time) (time.Time, string) {
	if p.own == nil {
		return p.bound.Opens(m, at), p.whose
	}
	whose := ""
	for end := at.AddDate(0, 0, 10); at.Before(end); {
		next := p.own.Opens(m, at)
		if by := p.bound.Opens(m, next); by.After(next) {
			at, whose = by, p.whose
			continue
		}
		if next.After(at) {
			at, whose = next, ownHours
		}
		return at, whose
	}
	return time.Time{}, ""
}

// Opening is when a message would be sent that may not be sent at once.
type Opening struct {
	At    time.Time
	Hours string // whose, and which; empty if it is for later by itself
}

// opening tells when a message is sent that hours has looked at, nil for at once.
func (s *Snapshot) opening(m *message.Message, sub *Submission, now time.Time) *Opening {
	if m.SendAt == 0 {
		return nil
	}
	o := &Opening{At: time.UnixMilli(m.SendAt)}
	if m.SendAt == sub.SendAt.UnixMilli() {
		return o
	}
	if sub.SendAt.After(now) {
		now = sub.SendAt
	}
	_, whose := s.hoursOf(m, sub.Account).opens(m, now)
	hours := sub.Account.Hours.String()
	switch {
	case whose == ownHours:
		hours = m.Special.Hours
	case m.Special != nil && m.Special.RouteHours != "":
		hours = m.Special.RouteHours
	}
	o.Hours = "the " + whose + " hours: " + hours
	return o
}

// anyHours tells whether any account has hours, so that others do not pay for
// them.
func anyHours(accounts *account.Directory) bool {
	for _, a := range accounts.All() {
		if a.Permit() != nil {
			return true
		}
	}
	return false
}

// opens returns when a message that waits may be sent, and by whose hours; the
// zero time for now.
func (s *Snapshot) opens(m *message.Message, now time.Time) (at time.Time, whose string) {
	p := s.hoursOf(m, s.Accounts.ByName(m.Account))
	if at, whose := p.opens(m, now); at.After(now) {
		return at, whose
	} else if at.IsZero() { // the account's have changed since
		return time.UnixMilli(m.Expires), p.whose
	}
	return time.Time{}, ""
}

// putOff lets a message wait that may not be sent now: until it may, or its
// validity ends. The lanes have it no more.
func (g *Gateway) putOff(e *entry, until, now time.Time) {
	g.delay(e, time.UnixMilli(min(until.UnixMilli(), e.m.Expires)), now)
}

// hourBook keeps the hours of messages and routes compiled; nil keeps nothing.
type hourBook struct {
	mu     sync.Mutex
	zones  message.Zones
	permit map[string]*message.Permit
}

// permitsMost bounds a hourBook: customers may send each message with others.
const permitsMost = 1000

func (b *hourBook) of(text string) *message.Permit {
	if b == nil {
		return message.ParseHours(text).Permit()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	p, known := b.permit[text]
	if known {
		return p
	}
	if b.zones == nil {
		b.zones = message.LoadZones()
	}
	if b.permit == nil || len(b.permit) >= permitsMost {
		b.permit = map[string]*message.Permit{}
	}
	p = message.ParseHours(text).PermitIn(b.zones)
	b.permit[text] = p
	return p
}
