package gateway

import (
	"cmp"
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
//  4. What is refused for now is tried again like a webhook, what is refused for
//     good is given up; the log of the inbound message says so.
//
// A webhook and a program answer with Delivered.Reply, which takes the same way.

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
			a.g.reply(it, text, 0)
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

// reply answers the phone of an inbound message, from the number that it wrote
// to. code is what the target said that wants the answer.
func (g *Gateway) reply(it *Item, text string, code uint32) {
	in, snap := it.Inbound, g.snap.Load()
	a := snap.Accounts.ByName(in.Account)
	if a == nil {
		g.unanswerable(it, "it belongs to no account that could answer", code)
		return
	}
	phone, why := snap.answerable(a, in)
	most, key, now := int(it.Target.Mask), in.Account+"|"+phone.Number, time.Now()
	if why == "" && most > 0 && !g.answers.take(key, most, now) {
		why = "the phone got as many answers within the hour as it may"
	}
	if why != "" {
		g.unanswerable(it, why, code)
		return
	}
	g.acceptFor(it, code, []*Submission{{
		Account: a, ToAddr: phone, FromAddr: in.To, Answer: true, Anytime: true, OptedOut: most == 0, Priority: message.High,
		Content: message.Content{Text: text, Class: -1}, Reference: in.ID.String(), Tag: in.Tag,
	}}, func() { g.answers.giveBack(key, now) })
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
		if !group {
			numbers = []string{name}
		}
		for _, number := range numbers {
			if snap.same(a, number, in.From) {
				continue // whoever wrote it has it
			}
			subs = append(subs, &Submission{
				Account: a, To: number, FromAddr: in.To, Answer: true, Priority: message.Normal,
				Content: message.Content{Text: text, Class: -1}, Reference: in.ID.String(), Tag: in.Tag,
			})
		}
	}
	if len(subs) == 0 {
		g.unanswerable(it, "there is nobody else to forward it to", 0)
		return
	}
	for _, s := range subs {
		s.Multi = len(subs) > 1
	}
	g.acceptFor(it, 0, subs, func() {})
}

// acceptFor accepts messages by which what an item owes is done; refused is called
// before it is tried again or given up.
func (g *Gateway) acceptFor(it *Item, code uint32, subs []*Submission, refused func()) {
	for _, s := range subs {
		s.Settles = it
	}
	g.Accept(subs, func(results []Result) {
		var why *message.Failure
		for i := range results {
			f := results[i].Failure
			if f == nil {
				g.Delivered([]Delivered{{Item: it, Code: code}}) // settled with what was accepted
				return
			}
			if why == nil || forNow(f) {
				why = f
			}
		}
		refused()
		if forNow(why) {
			g.Delivered([]Delivered{{Item: it, Verdict: TryLater, Code: code, Text: why.Kind.Code()}})
			return
		}
		g.unanswerable(it, why.Error(), code)
	})
}

// forNow tells whether an answer that is refused so is tried again. Nobody is there
// to be told that the balance is empty, so that he would send it again.
func forNow(f *message.Failure) bool { return f.Kind.Temporary() || f.Kind == message.NoMoney }

// replies takes those out of verdicts with which the target wants to answer the
// phone: they are settled with the answer.
func (g *Gateway) replies(list []Delivered) []Delivered {
	if !slices.ContainsFunc(list, func(d Delivered) bool { return d.Reply != "" }) {
		return list
	}
	var rest []Delivered
	for _, d := range list {
		in := d.Item.Inbound
		if d.Reply == "" || d.Verdict != Acknowledged || in == nil || toldBefore(in, uint8(d.Item.Index+1)) { // the phone has its answer
			rest = append(rest, d)
			continue
		}
		g.reply(d.Item, d.Reply, d.Code)
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
func (g *Gateway) undone(b *gather, it *Item) {
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
	g.itemEvent(it, message.Event{Kind: message.EventTellFailed, At: time.Now().UnixMilli(), Text: g.refusal().Kind.Code()})
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
