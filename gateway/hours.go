package gateway

import (
	"time"

	"kurir/account"
	"kurir/message"
)

// withinHours puts off a message to when it may be sent. A validity that its
// customer did not name counts from then.
func withinHours(m *message.Message, p *message.Permit, from time.Time, usual bool) *message.Failure {
	at := p.Opens(m, from)
	if at.Equal(from) {
		return nil
	}
	if usual {
		m.Expires += at.Sub(from).Milliseconds()
	}
	if m.Expires <= at.UnixMilli() {
		return message.Fail(message.BadContent, "validity", "the validity ends before the account's hours begin again, at %s", at.UTC().Format(time.RFC3339))
	}
	m.SendAt = at.UnixMilli()
	return nil
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

// opens returns when a message that waits may be sent; the zero time for now.
func (s *Snapshot) opens(m *message.Message, now time.Time) time.Time {
	p := s.Accounts.ByName(m.Account).Permit()
	if p == nil {
		return time.Time{}
	}
	if at := p.Opens(m, now); at.After(now) {
		return at
	}
	return time.Time{}
}

// putOff lets a message wait that may not be sent now: until it may, or its
// validity ends. The lanes have it no more.
func (g *Gateway) putOff(e *entry, until, now time.Time) {
	g.delay(e, time.UnixMilli(min(until.UnixMilli(), e.m.Expires)), now)
}
