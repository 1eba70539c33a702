package gateway

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"kurir/message"
)

// dialogs are the digits that are in use behind numbers of ours, by phone. They
// are read from the messages when a phone gets a dialog, and kept for a while:
// longer than it takes until a new message can be read.
type dialogs struct {
	mu     sync.Mutex
	phones map[string]*phoneDialogs
}

// phoneDialogs are those of one phone behind one number.
type phoneDialogs struct {
	since map[string]int64 // digits to when the dialog began, Unix milliseconds
	last  int              // the digits used last
	used  time.Time
}

const (
	dialogPhones = 50_000
	dialogKept   = 5 * time.Minute
)

// openDialog gives a message digits that no other dialog with its phone has, behind
// its sender or its recipient, and the links that carry them there. It reads; the
// lock is not held.
func (g *Gateway) openDialog(snap *Snapshot, m *message.Message, now time.Time) *message.Failure {
	i := slices.IndexFunc(snap.Replies, func(r ReplyRule) bool { return r.Digits > 0 && r.digits() == m.From.Number })
	if i < 0 {
		return message.Fail(message.BadSender, "from", "the sender %s has no dialogs; the administrator can add it under replies, with digits", m.From)
	}
	rule := &snap.Replies[i]
	if len(m.Content.Header) > 0 {
		if _, _, part := concatOf(m); part {
			return message.Fail(message.BadContent, "dialog", "a part of a long text cannot begin a dialog, as each part would have a sender of its own; send the text whole")
		}
	}
	links, behindPhone := rule.dialogLinks(m.Links)
	if len(links) == 0 {
		return message.Fail(message.NoRoute, "dialog", "no link of the message's route carries dialogs of %s", m.From)
	}
	m.Links = links
	if to := m.ShownTo().Number; behindPhone && len(to)+rule.Digits > mostAddress {
		return message.Fail(message.BadRecipient, "dialog", "the number %s has no room for %d digits of a dialog", to, rule.Digits)
	}
	digits, f := g.takeDigits(rule, m, now)
	if f != nil {
		return f
	}
	m.Special = m.Special.With(func(s *message.Special) {
		s.Dialog = digits
		if behindPhone {
			s.To = m.ShownTo()
			s.To.Number += digits
		} else {
			s.From = m.From
			s.From.Number += digits
		}
	})
	f = snap.carried(m, false)
	if f != nil {
		g.closeDialog(m)
	}
	return f
}

// mostAddress is the longest address, in octets (SMPP 3.4 4.4.1).
const mostAddress = 20

// dialogLinks returns those of a message's links that carry digits in the same
// place as the first that does, and whether that is behind the phone's number.
func (r *ReplyRule) dialogLinks(of []string) (links []string, behindPhone bool) {
	for _, name := range of {
		phone := slices.Contains(r.PhoneLinks, name)
		switch {
		case !phone && len(r.Links) > 0 && !slices.Contains(r.Links, name):
		case len(links) == 0:
			links, behindPhone = []string{name}, phone
		case phone == behindPhone:
			links = append(links, name)
		}
	}
	return links, behindPhone
}

// dialogFits tells whether a link carries the digits of a message's dialog where
// they are, as it does if the message has none.
func (s *Snapshot) dialogFits(m *message.Message, link string) bool {
	if m.Special == nil || m.Special.Dialog == "" {
		return true
	}
	i := slices.IndexFunc(s.Replies, func(r ReplyRule) bool { return r.Digits > 0 && r.digits() == m.From.Number })
	if i < 0 { // no answer is tied to it any more
		return true
	}
	fits, behindPhone := s.Replies[i].dialogLinks([]string{link})
	return len(fits) > 0 && behindPhone == (m.ShownFrom().Number != m.From.Number+m.Special.Dialog)
}

// takeDigits chooses the digits of a new dialog: those whose turn it is, of
// which the last dialog began longer ago than rule says.
func (g *Gateway) takeDigits(rule *ReplyRule, m *message.Message, now time.Time) (string, *message.Failure) {
	key := dialogKey(m)
	d := &g.dialogs
	d.mu.Lock()
	defer d.mu.Unlock()
	p := d.phones[key]
	if p == nil {
		d.mu.Unlock()
		read, err := g.readDialogs(rule, m, now)
		d.mu.Lock()
		if err != nil {
			return "", message.Fail(message.Overloaded, "dialog", "the open dialogs cannot be read; try again later")
		}
		if p = d.phones[key]; p == nil { // nobody else was faster
			if p = d.keep(key, read, now); p == nil {
				return "", message.Fail(message.Overloaded, "dialog", "too many dialogs are begun at once; try again later")
			}
		}
	}
	p.used = now
	size := 1
	for range rule.Digits {
		size *= 10
	}
	for step := range size {
		n := (p.last + 1 + step) % size
		digits := fmt.Sprintf("%0*d", rule.Digits, n)
		if began, ok := p.since[digits]; ok && began > now.Add(-rule.within()).UnixMilli() {
			continue
		}
		p.since[digits], p.last = max(now.UnixMilli(), m.SendAt), n
		return digits, nil
	}
	return "", message.Fail(message.Overloaded, "dialog", "all %d dialogs between %s and %s are in use; one is free again %s after it began", size, m.From, m.To, rule.within())
}

// closeDialog gives back the digits of a message that is refused after all.
func (g *Gateway) closeDialog(m *message.Message) {
	g.withDialog(m, func(p *phoneDialogs, digits string) { delete(p.since, digits) })
}

// moveDialog keeps the digits of a message that is sent at another time for as
// long after that.
func (g *Gateway) moveDialog(m *message.Message, now time.Time) {
	g.withDialog(m, func(p *phoneDialogs, digits string) { p.since[digits] = max(now.UnixMilli(), m.SendAt) })
}

// withDialog does something with the digits that a message has, if it has some
// and they are kept.
func (g *Gateway) withDialog(m *message.Message, do func(p *phoneDialogs, digits string)) {
	if m.Special == nil || m.Special.Dialog == "" {
		return
	}
	d := &g.dialogs
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.phones[dialogKey(m)]; p != nil {
		do(p, m.Special.Dialog)
	}
}

// dialogKey names a phone and the number of ours behind which its dialogs are.
func dialogKey(m *message.Message) string { return m.To.Number + "|" + m.From.Number }

// forgo gives back what a message took that is refused after all.
func (g *Gateway) forgo(m *message.Message) {
	g.unwatch(m)
	g.closeDialog(m)
}

// keep remembers the dialogs of a phone; nil if there is no room. d.mu is held.
func (d *dialogs) keep(key string, p *phoneDialogs, now time.Time) *phoneDialogs {
	if len(d.phones) >= dialogPhones {
		for other, o := range d.phones {
			if now.Sub(o.used) > dialogKept {
				delete(d.phones, other)
			}
		}
		if len(d.phones) >= dialogPhones {
			return nil
		}
	}
	if d.phones == nil {
		d.phones = map[string]*phoneDialogs{}
	}
	d.phones[key] = p
	return p
}

// readDialogs finds the digits in use in the messages to the phone, also of those
// that were accepted long before they are to be sent.
func (g *Gateway) readDialogs(rule *ReplyRule, m *message.Message, now time.Time) (*phoneDialogs, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWait)
	defer cancel()
	p := &phoneDialogs{since: map[string]int64{}, last: -1}
	f := Filter{To: m.To, From: m.From, Since: now.Add(-rule.within() - maxAhead), Limit: 1000, Oldest: true}
	for {
		list, next, err := g.store.Messages(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("read dialogs: %w", err)
		}
		for _, have := range list {
			p.add(rule, have)
		}
		if f.After = next; next == 0 {
			return p, nil
		}
	}
}

// add notes the digits of a message, if it began a dialog.
func (p *phoneDialogs) add(rule *ReplyRule, m *message.Message) {
	if m.Special == nil || len(m.Special.Dialog) != rule.Digits {
		return
	}
	digits, n := m.Special.Dialog, 0
	for _, c := range digits {
		n = n*10 + int(c-'0')
	}
	p.since[digits], p.last = max(p.since[digits], m.ID.Millis(), m.SendAt), n
}
