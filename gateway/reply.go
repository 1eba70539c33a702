package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// ReplyRule ties what phones write to a number of ours to the message that it answers: to the one that was last sent from
// there to the phone, or, with digits behind the number, to exactly one.
type ReplyRule struct {
	// Number of ours that answers are written to: +46737494949 or a short code.
	Number string `yaml:"number" example:"\"+46737494949\""`
	// Within is how long after a message an answer to it is expected, and the digits of a dialog are not used again with the
	// same phone. 0: 72h.
	Within time.Duration `yaml:"within" example:"72h"`
	// Digits is how many digits dialogs add to the number, 1 to 6: with 2 a phone may have 100 at a time. 0: no dialogs.
	Digits int `yaml:"digits" example:"2"`
	// Links are the connectors that carry the number with digits behind it. Empty: all, but for phone_links.
	Links []string `yaml:"links"`
	// PhoneLinks are the connectors that carry the digits behind the phone's number instead, of which the operator gives them
	// back as the sender of the answer. Empty: none.
	PhoneLinks []string `yaml:"phone_links"`
}

const (
	defaultWithin = 72 * time.Hour
	maxWithin     = 30 * 24 * time.Hour
	maxDigits     = 6
)

// Validate reports what is wrong with the rule.
func (r *ReplyRule) Validate(report func(field, problem string)) {
	if digits := r.digits(); digits == "" || !message.AllDigits(digits) {
		report("number", fmt.Sprintf("%.40q is neither a number (+46737494949) nor a short code", r.Number))
	}
	if r.Within < 0 || r.Within > maxWithin {
		report("within", "is not within 0 to 30 days (720h)")
	}
	if r.Digits < 0 || r.Digits > maxDigits {
		report("digits", fmt.Sprintf("is not within 0 to %d", maxDigits))
	}
	if len(r.Links) > 0 && r.Digits == 0 {
		report("links", "has no effect without digits")
	}
	if len(r.PhoneLinks) > 0 && r.Digits == 0 {
		report("phone_links", "has no effect without digits")
	}
	for i, name := range r.PhoneLinks {
		if slices.Contains(r.Links, name) {
			report(fmt.Sprintf("phone_links[%d]", i), fmt.Sprintf("the connector %.40q stands under links too: the digits are behind one of the numbers", name))
		}
	}
}

// Overlaps tells whether a number that a phone may write to is of both rules: with the digits of a dialog of one it would be
// the other's own, or with digits of its own.
func (r *ReplyRule) Overlaps(o *ReplyRule) bool {
	short, long := r, o
	if len(short.digits()) > len(long.digits()) {
		short, long = long, short
	}
	more := len(long.digits()) - len(short.digits())
	return short.digits() != "" && strings.HasPrefix(long.digits(), short.digits()) && short.Digits > 0 &&
		(more == short.Digits || long.Digits > 0 && more+long.Digits == short.Digits)
}

func (r *ReplyRule) digits() string { return strings.TrimPrefix(r.Number, "+") }

func (r *ReplyRule) within() time.Duration { return cmp.Or(r.Within, defaultWithin) }

// replyRule finds the rule of a number written to. dialog tells that the digits
// of a dialog stand behind it; the number by itself goes before.
func (s *Snapshot) replyRule(to message.Address) (rule *ReplyRule, dialog bool) {
	for i := range s.Replies {
		r := &s.Replies[i]
		more, ok := strings.CutPrefix(to.Number, r.digits())
		if ok && more == "" {
			return r, false
		}
		if ok && r.Digits == len(more) && message.AllDigits(more) {
			rule = r
		}
	}
	return rule, rule != nil
}

// replyTo is the message that one from a phone answers; zero for none.
type replyTo struct {
	to      message.ID
	account string
	author  string          // who wrote it as a mail; empty for others
	phone   message.Address // without the digits of a dialog, if they stood behind it; else zero
}

// The names by which answers show in place of a rule's.
const (
	ruleDialog     = "dialog"
	ruleLastWriter = "last writer"
)

// answered finds what inbound messages answer, by reading: the lock is not held.
// It returns nil where nothing is to be found out, as of most.
func (g *Gateway) answered(snap *Snapshot, link string, in []*message.Inbound, now time.Time) ([]replyTo, error) {
	set := snap.Links[link]
	if len(snap.Replies) == 0 && !set.SIM {
		return nil, nil
	}
	list := make([]replyTo, len(in))
	for i, m := range in {
		var err error
		if list[i], err = g.answerOf(snap, link, set.inboundNumber(m.From), set.inboundNumber(m.To), now); err != nil {
			return nil, err
		}
	}
	return list, nil
}

const (
	answerWait  = 5 * time.Second // for the database
	answerLook  = 50              // messages to a phone that are read at a time
	answerPages = 20              // times that they are
)

// answerOf finds the newest message to a phone that was shown to it with a number
// of ours. The link may be empty: any.
func (g *Gateway) answerOf(snap *Snapshot, link string, phone, ours message.Address, now time.Time) (replyTo, error) {
	rule, dialog := snap.replyRule(ours)
	sim := rule == nil && snap.Links[link].SIM
	if rule == nil && !sim || phone.Number == "" {
		return replyTo{}, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerWait)
	defer cancel()
	if sim { // the last that went out by it, whatever sender it had
		return g.lastTo(ctx, phone, &ReplyRule{}, false, func(m *message.Message) bool { return wentBy(m, link) }, now)
	}
	if plain, digits := rule.phoneOf(link, phone); digits != "" && !dialog {
		set := snap.Links[link]
		plain = set.inboundNumber(plain)
		found, err := g.lastTo(ctx, plain, rule, true, func(m *message.Message) bool {
			return m.From.Number == ours.Number && m.Special != nil && m.Special.Dialog == digits && m.ShownTo() != m.To
		}, now)
		if found.to != 0 || err != nil {
			found.phone = plain
			return found, err
		}
	}
	return g.lastTo(ctx, phone, rule, dialog, func(m *message.Message) bool { return wasShown(m, ours.Number) }, now)
}

// phoneOf takes the digits of a dialog off the number of a phone, if they may stand
// behind it on a link.
func (r *ReplyRule) phoneOf(link string, phone message.Address) (plain message.Address, digits string) {
	n := len(phone.Number) - r.Digits
	if len(r.PhoneLinks) == 0 || link != "" && !slices.Contains(r.PhoneLinks, link) || n < leastPhone || !message.AllDigits(phone.Number) {
		return phone, ""
	}
	plain = phone
	plain.Number = phone.Number[:n]
	return plain, phone.Number[n:]
}

// lastTo finds the newest of the messages to a phone that are meant, within the
// time of a rule. Those of dialogs may have been accepted long before they were sent.
func (g *Gateway) lastTo(ctx context.Context, phone message.Address, rule *ReplyRule, dialog bool, meant func(*message.Message) bool, now time.Time) (replyTo, error) {
	sent := now.Add(-rule.within())
	found, err := g.shownTo(ctx, phone, meant, sent, sent)
	if err == nil && found == nil && dialog {
		found, err = g.shownTo(ctx, phone, meant, sent, sent.Add(-maxAhead))
	}
	switch {
	case err != nil:
		return replyTo{}, fmt.Errorf("look for the message that is answered: %w", err)
	case found == nil:
		return replyTo{}, nil
	}
	return replyTo{to: found.ID, account: found.Account, author: authorOf(found)}, nil
}

// shownTo finds the newest message to a phone, sent and accepted since those times,
// that is meant; nil if there is none.
func (g *Gateway) shownTo(ctx context.Context, phone message.Address, meant func(*message.Message) bool, sent, accepted time.Time) (*message.Message, error) {
	f := Filter{To: phone, Since: accepted, Limit: answerLook}
	for range answerPages {
		list, next, err := g.store.Messages(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			if max(m.ID.Millis(), m.SendAt) >= sent.UnixMilli() && hasLeft(m.State) && meant(m) {
				return m, nil
			}
		}
		if f.After = next; next == 0 {
			break
		}
	}
	return nil, nil
}

// hasLeft tells whether a phone may have got a message in that state.
func hasLeft(s message.State) bool {
	return s != message.Scheduled && s != message.Queued && s != message.Deleted && s != message.Rejected
}

// wasShown tells whether a number was the sender of a message for its phone.
func wasShown(m *message.Message, number string) bool {
	if m.From.Number == number || m.ShownFrom().Number == number {
		return true
	}
	events, _ := message.DecodeLog(m.Log, m.ID)
	return slices.ContainsFunc(events, func(e message.Event) bool {
		return e.Kind == message.EventShownAs && strings.TrimPrefix(e.Text, "+") == number
	})
}

// wentBy tells whether a message was last given to a link.
func wentBy(m *message.Message, link string) bool {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Kind == message.EventGranted {
			return events[i].Text == link
		}
	}
	return false
}

// withoutDigits takes the digits of a dialog off the number written to, or the
// phone's: nobody else sees them. It tells whether there were any. Of what is an
// alias as it stands they are taken only if the dialog is open.
func (s *Snapshot) withoutDigits(in *message.Inbound, a replyTo) bool {
	if !a.phone.IsZero() {
		in.From = a.phone
		return true
	}
	rule, dialog := s.replyRule(in.To)
	if dialog && a.account == "" && s.isAlias(in.To) {
		return false
	}
	if dialog {
		in.To.Number = rule.digits()
	}
	return dialog
}
