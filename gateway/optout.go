package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// optOut is what is known of the phones that opted out of an account's messages.
type optOut struct {
	phones *directory.Numbers
	words  *directory.Words
}

// wordsOf returns the words of an account; those that say nothing of them share
// all.
func wordsOf(o *account.OptOut, all **directory.Words) *directory.Words {
	if len(o.Languages)+len(o.Stop)+len(o.Start) > 0 {
		return directory.NewWords(o.Languages, o.Stop, o.Start)
	}
	if *all == nil {
		*all = directory.NewWords(nil, nil, nil)
	}
	return *all
}

// optedOut says that a recipient has opted out of an account's messages, nil if
// he has not.
func (s *Snapshot) optedOut(a *account.Account, to message.Address) *message.Failure {
	o := s.optOuts[a.Name]
	if o == nil {
		return nil
	}
	if _, out := o.phones.Match(to); !out {
		return nil
	}
	return message.Fail(message.OptedOut, "to", "the recipient %s has opted out of messages of %s", to, a.Name)
}

// optOutRule is the name of the rule by which words of opt-out are taken.
const optOutRule = "opt_out"

// hear finds whose an inbound message is and where it goes, and takes heed of what
// it says of opting out. Of an account's own numbers the words come before all
// rules: no rule can take STOP for something else. In a dialog, and on numbers that
// are nobody's own, they are for whom the message goes to.
func (g *Gateway) hear(snap *Snapshot, in *message.Inbound, to replyTo, dialog bool, now time.Time) {
	if snap.optOuts == nil {
		snap.addressAnswer(in, to, dialog, now)
		return
	}
	if owner := snap.Accounts.ByNumber(in.To.Number); owner != nil && !dialog {
		if answer, heard := g.heed(snap, owner, in, now); heard {
			in.Account, in.Rule, in.Targets = owner.Name, optOutRule, append(defaultTargets(owner), answer...)
			return
		}
	}
	snap.addressAnswer(in, to, dialog, now)
	if owner := snap.Accounts.ByName(in.Account); owner != nil && (dialog || snap.Accounts.ByNumber(in.To.Number) != owner) {
		answer, _ := g.heed(snap, owner, in, now)
		in.Targets = append(in.Targets, answer...)
	}
}

// heed records what a message from a phone says of opting out of an account's
// messages, and returns the answer to it, if any. heard tells whether it says
// anything.
func (g *Gateway) heed(snap *Snapshot, a *account.Account, in *message.Inbound, now time.Time) (answer []message.Target, heard bool) {
	o := snap.optOuts[a.Name]
	if o == nil || in.Encoding == gsm.Binary {
		return nil, false
	}
	said, word := o.words.Heard(in.Content.Text, a.Name, a.Sender)
	if said == directory.SaidNothing {
		return nil, false
	}
	phone, ok := phoneOf(in.From, cmp.Or(a.Country, snap.Country))
	if !ok {
		return nil, false
	}
	record := &store.OptOut{
		Account: a.Name, Phone: phone.Number, In: said == directory.SaidStart, At: now.UnixMilli(),
		Wrote: in.To.Number, Text: in.Content.Text, Inbound: in.ID,
	}
	if !g.recordOptOut(o, record) {
		return nil, true // it said so before: no answer, for two machines would not end
	}
	g.tally(a.Name, in.Link, optOutTally(record.In), now)
	own := a.OptOut.StopAnswer
	if record.In {
		own = a.OptOut.StartAnswer
	}
	text := cmp.Or(own, o.words.Language(word, phone.Number).Answer(said, in.To.String()))
	if own == account.NoAnswer {
		return nil, true
	}
	return []message.Target{{Kind: message.ReplyTarget, Account: a.Name, Address: asTemplate(text)}}, true
}

// What tally counts of opting out.
const (
	tallyOptOut = "opt_out"
	tallyOptIn  = "opt_in"
)

func optOutTally(in bool) string {
	if in {
		return tallyOptIn
	}
	return tallyOptOut
}

// phoneOf brings the number of a phone into the form of recipients.
func phoneOf(a message.Address, country string) (message.Address, bool) {
	if !message.AllDigits(a.Number) {
		return a, false
	}
	if a.TON == message.TONInternational {
		return a, true
	}
	if n, err := route.Normalise(a.Number, country); err == nil {
		return n, true
	}
	return a, true
}

// recordOptOut books that a phone opts out or in, and tells whether that changes
// anything; the lock is held.
func (g *Gateway) recordOptOut(o *optOut, record *store.OptOut) bool {
	e, ok := directory.Number(record.Phone)
	if !ok || record.In && !o.phones.Remove(e) || !record.In && !o.phones.Add(e) {
		return false
	}
	g.cur.OptOuts = append(g.cur.OptOuts, record)
	return true
}

// OptOutChange is what somebody says of a phone in its place.
type OptOutChange struct {
	Account string
	Phone   string // as people write it
	In      bool
	By      string // account that says so
	Note    string
}

// The reasons for which an opt-out is not recorded.
var (
	ErrNoOptOut = errors.New("the account has no opt_out")
	ErrBadPhone = errors.New("this is no number of a phone")
)

// SetOptOut records that a phone opts out of an account's messages or in again,
// and returns when that is on disk. changed is false where it was so before: then
// nothing is recorded. A *message.Failure says that it cannot be written now.
func (g *Gateway) SetOptOut(ctx context.Context, c OptOutChange) (changed bool, err error) {
	snap := g.snap.Load()
	a, o := snap.Accounts.ByName(c.Account), snap.optOuts[c.Account]
	if a == nil || o == nil {
		return false, ErrNoOptOut
	}
	to, err := route.Normalise(c.Phone, cmp.Or(a.Country, snap.Country))
	if err != nil {
		return false, fmt.Errorf("%w: %w", ErrBadPhone, err)
	}
	g.mu.Lock()
	if g.full != nil {
		f := g.refusal()
		g.mu.Unlock()
		return false, f
	}
	changed = g.recordOptOut(o, &store.OptOut{
		Account: c.Account, Phone: to.Number, In: c.In, At: g.now().UnixMilli(), Text: c.Note, By: c.By,
	})
	done := g.onDisk() // also of what is not written yet and says the same
	g.mu.Unlock()
	g.signal()
	return changed, settledBy(ctx, done)
}

// OptOutState is one line of the record of opting out.
type OptOutState = store.OptOut

// OptOuts returns what is on record of an account (of all if it is empty), the
// newest first; see [store.Store.OptOuts].
func (g *Gateway) OptOuts(ctx context.Context, account, phone string, before int64, n int) ([]OptOutState, int64, error) {
	return g.store.OptOuts(ctx, account, phone, before, n)
}

// OptedOut tells whether a phone, as people write it, has opted out of an account's
// messages, and gives its number.
func (g *Gateway) OptedOut(name, phone string) (number string, out bool, err error) {
	snap := g.snap.Load()
	a, o := snap.Accounts.ByName(name), snap.optOuts[name]
	if a == nil || o == nil {
		return "", false, ErrNoOptOut
	}
	to, err := route.Normalise(phone, cmp.Or(a.Country, snap.Country))
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", ErrBadPhone, err)
	}
	_, out = o.phones.Match(to)
	return to.Number, out, nil
}

// OptOutCount is how many phones have opted out, by account.
func (g *Gateway) OptOutCount() map[string]int {
	count := map[string]int{}
	for name, o := range g.snap.Load().optOuts {
		count[name] = o.phones.Len()
	}
	return count
}
