package gateway

import (
	"sync"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// hours puts off a new message to when it may be sent: by its own hours, else by
// its route's, which it keeps, else by its account's. A validity that its
// customer did not name counts from then. h may be nil.
func (s *Snapshot) hours(m *message.Message, sub *Submission, h *route.Handling, now time.Time) *message.Failure {
	switch {
	case sub.Hours != nil:
		m.Special = m.Special.With(func(x *message.Special) { x.Hours = sub.Hours.String() })
	case h != nil && h.Hours != "":
		m.Special = m.Special.With(func(x *message.Special) { x.Hours, x.RouteHours = h.Hours, true })
	}
	from := now
	if m.SendAt != 0 {
		from = time.UnixMilli(m.SendAt)
	}
	p, whose := s.permit(m, sub.Account)
	at := p.Opens(m, from)
	if at.Equal(from) {
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

// permit returns when a message of an account, which may be nil, may be sent, and
// who says so; nil for always.
func (s *Snapshot) permit(m *message.Message, a *account.Account) (p *message.Permit, whose string) {
	switch x := m.Special; {
	case x == nil || x.Hours == "":
		return a.Permit(), "account's"
	case x.RouteHours:
		return s.hourBook.of(x.Hours), "route's"
	default:
		return s.hourBook.of(x.Hours), "message's own"
	}
}

// Opening is when a message would be sent that may not be sent at once.
type Opening struct {
	At    time.Time
	Hours string // whose, and which; empty if it is for later by itself
}

// opening tells when a message is sent that hours has looked at, nil for at once.
func (s *Snapshot) opening(m *message.Message, sub *Submission) *Opening {
	if m.SendAt == 0 {
		return nil
	}
	o := &Opening{At: time.UnixMilli(m.SendAt)}
	if p, whose := s.permit(m, sub.Account); p != nil && m.SendAt != sub.SendAt.UnixMilli() {
		hours := sub.Account.Hours.String()
		if m.Special != nil && m.Special.Hours != "" {
			hours = m.Special.Hours
		}
		o.Hours = "the " + whose + " hours: " + hours
	}
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
	p, whose := s.permit(m, s.Accounts.ByName(m.Account))
	if at := p.Opens(m, now); at.After(now) {
		return at, whose
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
