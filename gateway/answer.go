package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// What rules say in answer to messages from phones, and what they forward, is
// owed like anything else, to a target of its own kind:
//
//  1. The inbound message is stored with the target, which has the template.
//  2. When it is on disk the answerer makes a Submission of it.
//  3. The gather that accepts the message settles the target, too: after a crash
//     either both are on disk or neither, and nobody is answered twice.
//     What is forwarded to several is settled when all are accepted or refused for
//     good; before each try the messages that refer to it say who has got it.
//  4. What is refused for now is tried again like a webhook, what is refused for
//     good is given up; the log of the inbound message says so.
//
// A webhook and a program answer with Delivered.Reply, a service of Kannel's with
// Delivered.Answer: they take the same way.

// answerer is the Receiver for message.ReplyTarget and message.ForwardTarget.
type answerer struct{ g *Gateway }

// answersAtOnce bounds what of one account is being accepted.
const answersAtOnce = 100

// Limit implements Receiver.
func (answerer) Limit(string) int { return answersAtOnce }

// Deliver implements Receiver.
func (a answerer) Deliver(_ string, items []*Item) {
	for _, it := range items {
		in := it.Inbound
		recipients, template := []string{""}, it.Target.Address
		if it.Target.Kind == message.ForwardTarget {
			var list string
			list, template, _ = strings.Cut(template, "\n")
			recipients = strings.Split(list, ",")
		}
		text, err := fillTemplate(template, in) // checked with the configuration that it is of
		switch {
		case err != nil:
			a.g.unanswerable(it, "the template "+err.Error(), 0)
		case it.Target.Kind == message.ForwardTarget:
			a.g.forward(it, recipients, text)
		default:
			a.g.reply(it, textAnswer(text), 0)
		}
	}
}

// unanswerable ends an item without an answer. A webhook that wanted to give it
// has got what it was owed all the same.
func (g *Gateway) unanswerable(it *Item, why string, code uint32) {
	g.count.answersHeld.Add(1)
	d := Delivered{Item: it, Verdict: GiveUp, Text: why, Code: code}
	if it.Target.Kind != message.ReplyTarget && it.Target.Kind != message.ForwardTarget {
		d.Verdict = Acknowledged
	}
	g.Delivered([]Delivered{d})
}

// textAnswer is an answer that is a text and nothing else.
func textAnswer(text string) *Submission {
	return &Submission{Priority: message.High, Content: message.Content{Text: text, Class: -1}}
}

// reply answers the phone of an inbound message, from the number that it wrote
// to. code is what the target said that wants the answer.
func (g *Gateway) reply(it *Item, answer *Submission, code uint32) {
	in, snap := it.Inbound, g.snap.Load()
	a := snap.Accounts.ByName(in.Account)
	if a == nil {
		g.unanswerable(it, "it belongs to no account that could answer", code)
		return
	}
	phone, why := snap.answerable(a, in)
	most, key, now := int(it.Target.Mask), in.Account+"|"+phone.Number, g.now()
	if why == "" && most > 0 && !g.answers.take(key, most, now) {
		why = "the phone got as many answers within the hour as it may"
	}
	if why != "" {
		g.unanswerable(it, why, code)
		return
	}
	sub := *answer
	sub.Account, sub.ToAddr, sub.FromAddr, sub.Tag = a, phone, in.To, cmp.Or(sub.Tag, in.Tag)
	sub.Answer, sub.Anytime, sub.OptedOut, sub.Reference = true, true, most == 0, cmp.Or(sub.Reference, in.ID.String())
	g.acceptFor(it, code, &sub, func() { g.answers.giveBack(key, now) })
}

// forward sends the text of an inbound message on to other phones.
func (g *Gateway) forward(it *Item, recipients []string, text string) {
	in, snap := it.Inbound, g.snap.Load()
	a := snap.Accounts.ByName(in.Account)
	if a == nil {
		g.unanswerable(it, "it belongs to no account that could forward it", 0)
		return
	}
	var subs []*Submission
	for _, name := range recipients {
		numbers, group := a.List(name)
		phones := make([]Addressed, len(numbers))
		for i, number := range numbers {
			phones[i].To = number
		}
		if !group {
			var err error
			if phones, err = g.forwardedTo(a.Name, name); err != nil {
				g.Delivered([]Delivered{{Item: it, Verdict: TryLater, Text: err.Error()}})
				return
			}
			g.withoutEscalation(snap, in, phones)
		}
		for i := range phones {
			if snap.same(a, phones[i].To, in.From) {
				continue // whoever wrote it has it
			}
			subs = append(subs, &Submission{
				Account: a, To: phones[i].To, Escalates: phones[i].Escalates, FromAddr: in.To, Answer: true, Priority: message.Normal,
				Content: message.Content{Text: text, Class: -1}, Reference: in.ID.String(), Tag: in.Tag,
			})
		}
	}
	switch len(subs) {
	case 0:
		g.unanswerable(it, "there is nobody else to forward it to", 0)
	case 1:
		g.acceptFor(it, 0, subs[0], func() {})
	default:
		g.forwardToAll(it, snap, subs)
	}
}

// forwardMost is how many phones a group may stand for to which something is forwarded; further ones get nothing.
const forwardMost = 1000

// forwardedTo gives the phones that a number, contact or group stands for.
func (g *Gateway) forwardedTo(account, name string) ([]Addressed, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWait)
	defer cancel()
	phones, bad, err := g.phonesOf(ctx, account, []string{name}, forwardMost)
	if errors.Is(err, errEnough) {
		err = nil
		bad++
	}
	if bad > 0 && err == nil {
		g.log.Warn("forwarded to some only", "account", account, "to", name, "left_out", bad)
	}
	return phones, err
}

// forwardToAll sends to those of several recipients that have not got it. Some may
// be refused for now while others are accepted: what was accepted says who has it.
func (g *Gateway) forwardToAll(it *Item, snap *Snapshot, subs []*Submission) {
	others := slices.ContainsFunc(it.Inbound.Targets, func(t message.Target) bool {
		return t.Kind == message.ForwardTarget && t.Address != it.Target.Address
	})
	key := func(m *message.Message) string {
		if others { // which may have another text for the same phone
			return m.To.Number + "\n" + m.Content.Text
		}
		return m.To.Number
	}
	has, err := g.forwarded(it.Inbound, key)
	if err != nil {
		g.Delivered([]Delivered{{Item: it, Verdict: TryLater, Text: err.Error()}})
		return
	}
	some := false // have got it
	subs = slices.DeleteFunc(subs, func(s *Submission) bool {
		trial, m := *s, message.Message{}
		trial.Atomic = true // the rate is not asked
		if _, f := snap.build(&m, &trial, g.now()); f != nil {
			return false // it is refused, and that said
		}
		got, dup := has[key(&m)]
		some, has[key(&m)] = some || got, got
		return dup
	})
	if len(subs) == 0 {
		g.Delivered([]Delivered{{Item: it}})
		return
	}
	for _, s := range subs {
		s.Multi = len(subs) > 1
	}
	g.Accept(subs, func(results []Result) {
		why, refused := refusedOf(results)
		if why != nil && (forNow(why) || !some && refused == len(results)) {
			g.unaccepted(it, why, 0)
			return
		}
		g.Delivered([]Delivered{{Item: it}})
	})
}

// forwarded returns the keys of the messages that refer to an inbound one.
func (g *Gateway) forwarded(in *message.Inbound, key func(*message.Message) string) (map[string]bool, error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWait)
	defer cancel()
	has := map[string]bool{}
	f := Filter{Account: in.Account, Reference: in.ID.String(), Since: in.ID.Time(), Limit: 1000}
	for {
		list, next, err := g.store.Messages(ctx, f)
		if err != nil {
			return nil, fmt.Errorf("look for what was forwarded: %w", err)
		}
		for _, m := range list {
			has[key(m)] = true
		}
		if f.After = next; next == 0 {
			return has, nil
		}
	}
}

// refusedOf counts the refusals and gives the one that decides what becomes of the
// rest: one that passes, if there is one.
func refusedOf(results []Result) (why *message.Failure, n int) {
	for i := range results {
		if f := results[i].Failure; f != nil {
			if n++; why == nil || forNow(f) {
				why = f
			}
		}
	}
	return why, n
}

// acceptFor accepts a message by which what an item owes is done; refused is called
// before it is tried again or given up.
func (g *Gateway) acceptFor(it *Item, code uint32, sub *Submission, refused func()) {
	sub.Settles = it
	g.Accept([]*Submission{sub}, func(results []Result) {
		if f := results[0].Failure; f != nil {
			refused()
			g.unaccepted(it, f, code)
			return
		}
		g.Delivered([]Delivered{{Item: it, Code: code}}) // settled with what was accepted
	})
}

// unaccepted keeps or ends an item whose message is refused.
func (g *Gateway) unaccepted(it *Item, why *message.Failure, code uint32) {
	if forNow(why) {
		g.Delivered([]Delivered{{Item: it, Verdict: TryLater, Code: code, Text: why.Kind.Code()}})
		return
	}
	g.unanswerable(it, why.Error(), code)
}

// forNow tells whether an answer that is refused so is tried again. Nobody is there
// to be told that the balance is empty, so that he would send it again.
func forNow(f *message.Failure) bool { return f.Kind.Temporary() || f.Kind == message.NoMoney }

// replies takes those out of verdicts with which the target wants to answer the
// phone: they are settled with the answer.
func (g *Gateway) replies(list []Delivered) []Delivered {
	if !slices.ContainsFunc(list, func(d Delivered) bool { return d.Reply != "" || d.Answer != nil }) {
		return list
	}
	var rest []Delivered
	for _, d := range list {
		in := d.Item.Inbound
		if d.Reply == "" && d.Answer == nil || d.Verdict != Acknowledged || in == nil || toldBefore(in, uint8(d.Item.Index+1)) { // the phone has its answer
			rest = append(rest, d)
			continue
		}
		answer := d.Answer
		if answer == nil {
			answer = textAnswer(d.Reply)
		}
		g.reply(d.Item, answer, d.Code)
	}
	return rest
}

// doneWith books, in the gather that accepts them, that messages are what an item
// owed.
func (g *Gateway) doneWith(it *Item, now time.Time) {
	if it == nil || it.settled {
		return
	}
	it.settled = true
	g.count.told.Add(1)
	g.settleItem(it, message.Event{Kind: message.EventTold, At: now.UnixMilli()})
}

// undone takes that back in a gather that could not be written: what it
// accepted is refused.
func (g *Gateway) undone(b *gather, it *Item, why message.FailureKind) {
	if it == nil || !it.settled {
		return
	}
	it.settled = false
	in := it.Inbound
	in.Owed |= 1 << it.Index
	ie := g.openIn[in.ID]
	if ie == nil {
		ie = &inboundEntry{in: in}
		g.openIn[in.ID] = ie
	}
	it.inb, ie.list = ie, append(ie.list, it)
	cur := g.cur
	g.cur = b // where the rows are that say otherwise
	g.itemEvent(it, message.Event{Kind: message.EventTellFailed, At: g.now().UnixMilli(), Text: why.Code()})
	g.cur = cur
}

// answerable gives the phone to be answered, or says why it cannot be: a name
// or a short code is no phone, and two numbers of ours would answer each other.
func (s *Snapshot) answerable(a *account.Account, in *message.Inbound) (message.Address, string) {
	phone, ok := phoneOf(in.From, cmp.Or(a.Country, s.Country))
	switch {
	case !ok || len(phone.Number) < leastPhone:
		return phone, "the sender is not the number of a phone"
	case s.Accounts.ByNumber(phone.Number) != nil:
		return phone, "the sender is a number of ours"
	}
	return phone, ""
}

// leastPhone is how many digits the number of a phone has, with its country
// code; shorter ones are services.
const leastPhone = 7

// same tells whether a number as people write it is that of a phone.
func (s *Snapshot) same(a *account.Account, number string, phone message.Address) bool {
	country := cmp.Or(a.Country, s.Country)
	n, err := route.Normalise(number, country)
	if err != nil {
		return false
	}
	p, ok := phoneOf(phone, country)
	return ok && p.Number == n.Number
}

// answerCounts is how many automatic answers phones got within an hour. A
// restart forgets them.
type answerCounts struct {
	mu     sync.Mutex
	phones map[string][]int64 // Unix milliseconds, the oldest first
	swept  int64
}

// answerPhones bounds the phones that are remembered; none is answered beyond.
const answerPhones = 100_000

// take counts an answer, unless the phone got most within the hour.
func (c *answerCounts) take(phone string, most int, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := now.Add(-time.Hour).UnixMilli()
	if c.phones == nil {
		c.phones = map[string][]int64{}
	}
	if len(c.phones) >= answerPhones && c.swept < now.Add(-time.Minute).UnixMilli() {
		c.swept = now.UnixMilli()
		for p, times := range c.phones {
			if times[len(times)-1] <= old {
				delete(c.phones, p)
			}
		}
	}
	times := c.phones[phone]
	if times == nil && len(c.phones) >= answerPhones {
		return false
	}
	times = slices.DeleteFunc(times, func(at int64) bool { return at <= old })
	if len(times) >= most {
		c.phones[phone] = times
		return false
	}
	c.phones[phone] = append(times, now.UnixMilli())
	return true
}

// giveBack forgets an answer that was counted at a time and refused after all.
func (c *answerCounts) giveBack(phone string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	times := c.phones[phone]
	i := slices.Index(times, at.UnixMilli())
	switch {
	case i < 0:
	case len(times) == 1:
		delete(c.phones, phone)
	default:
		c.phones[phone] = slices.Delete(times, i, i+1)
	}
}
