package gateway

import (
	"cmp"
	"time"

	"kurir/account"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// Bounds on what a customer may ask for.
const (
	defaultValidity = 48 * time.Hour
	maxValidity     = 30 * 24 * time.Hour
	maxAhead        = 366 * 24 * time.Hour // of SendAt
	maxReference    = 255                  // octets
	defaultMaxParts = 10
)

// block is how many messages share one piece of memory, which stays as long as
// one of them does.
const block = 8

// Accept takes submissions, all of one customer's request or of one read from
// a socket, and calls done with a result for each when those accepted are on
// disk. What is refused is refused one by one.
func (g *Gateway) Accept(subs []*Submission, done Done) {
	if len(subs) > 0 && subs[0].Keyed != nil {
		done = g.taking(subs[0].Keyed, done)
	}
	done = g.begun(subs, done)
	if g.snap.Load().Filters != nil {
		g.acceptFiltered(subs, done)
		return
	}
	g.acceptAsked(subs, done)
}

// acceptAsked accepts submissions of which no filter is to be asked any more.
func (g *Gateway) acceptAsked(subs []*Submission, done Done) {
	if g.snap.Load().separates(subs) {
		g.acceptSeparately(subs, done)
		return
	}
	g.accept(subs, done)
}

func (g *Gateway) accept(subs []*Submission, done Done) {
	now := g.now()
	g.enter(g.prepare(subs, done, now), now)
}

// prepare makes the messages of submissions, of those that are not refused.
func (g *Gateway) prepare(subs []*Submission, done Done, now time.Time) applicant {
	snap := g.snap.Load()
	results := make([]Result, len(subs))
	var messages []message.Message
	good := make([]*message.Message, 0, len(subs))
	index := make([]int, 0, len(subs))
	owe := billFor(subs)
	again, asks := []repeat(nil), []*askedMessage(nil)
	for i, s := range subs {
		if i%block == 0 {
			messages = make([]message.Message, min(block, len(subs)-i))
		}
		m := &messages[i%block]
		changed, f := snap.build(m, s, now)
		if f == nil && s.Dialog {
			f = g.openDialog(snap, m, now)
		}
		if f != nil {
			results[i] = Result{To: m.To, Failure: f}
			continue
		}
		if s.Account.Traffic != nil {
			if f := g.watch(snap, m, s, now); f != nil {
				g.closeDialog(m)
				results[i] = Result{To: m.To, Failure: f}
				continue
			}
		}
		if owe != nil {
			if f := owe.add(snap, m, now); f != nil {
				g.forgo(m)
				results[i] = Result{To: m.To, Failure: f}
				continue
			}
		}
		results[i] = Result{To: m.To, Parts: int(m.Parts), Encoding: m.Encoding, Changed: changed, resent: s.Resent}
		if g.opt.Shared && (again != nil || s.Account.Traffic != nil) {
			again = append(again, repeatOf(snap, m, s))
		}
		good, index, asks = append(good, m), append(index, i), snap.addAsked(asks, len(good), s, m)
	}
	if len(subs) > 0 && subs[0].Atomic {
		if f := together(subs[0].Account, good, len(subs), now); f != nil {
			for k, i := range index {
				g.forgo(good[k])
				results[i] = Result{To: results[i].To, Failure: f}
			}
			good, asks = nil, nil
		}
	}
	g.count.refused.Add(int64(len(subs) - len(good)))
	if len(good) == 0 {
		return applicant{results: results, done: done}
	}
	return applicant{
		good: good, index: index, results: results, done: done, multi: subs[0].Multi,
		batch: subs[0].Stream != 0 || len(good) > 1 && (subs[0].Multi || subs[0].Batch), stream: subs[0].Stream, settles: subs[0].Settles, bill: owe,
		key: subs[0].Keyed, repeats: again, asks: asks, atomic: subs[0].Atomic,
	}
}

// enter lets messages in, or refuses all of them.
func (g *Gateway) enter(a applicant, now time.Time) {
	if len(a.good) == 0 {
		a.done(a.results)
		return
	}
	f := g.apply(&a, now)
	if f == nil {
		g.signal()
		return
	}
	g.turnDown(&a, f)
	a.done(a.results)
	for i := range a.with {
		g.turnDown(&a.with[i], f)
		a.with[i].done(a.with[i].results)
	}
}

// turnDown refuses messages that were not let in.
func (g *Gateway) turnDown(a *applicant, f *message.Failure) {
	for k, i := range a.index {
		g.forgo(a.good[k])
		a.results[i] = Result{To: a.results[i].To, Failure: f}
	}
	g.count.refused.Add(int64(len(a.good)))
}

// together says why the good ones of n atomic submissions are refused, if they
// are: because of the others, or by the account's rate for all their parts.
func together(a *account.Account, good []*message.Message, n int, now time.Time) *message.Failure {
	if len(good) < n {
		return &message.Failure{Kind: message.Withheld, Field: "atomic"}
	}
	parts := 0
	for _, m := range good {
		parts += int(m.Parts)
	}
	return allowed(a, parts, now)
}

// build makes the message of a submission, or says why it is refused. It is
// pure but for the account's rate.
func (s *Snapshot) build(m *message.Message, sub *Submission, now time.Time) (changed *Changed, f *message.Failure) {
	if f := s.describe(m, sub, now); f != nil {
		return nil, f
	}
	h, f := s.links(m, sub, now)
	if f != nil {
		return nil, f
	}
	if f := s.hours(m, sub, h, now); f != nil {
		return nil, f
	}
	if r := textRules(sub, h); r != nil {
		if changed, f = s.texts(m, r); f != nil {
			return nil, f
		}
		if sub.Changed != nil {
			changed = sub.Changed
		}
	}
	if sub.FilteredBy != "" {
		with := Changed{}
		if changed != nil {
			with = *changed
		}
		with.By = sub.FilteredBy
		changed = &with
	}
	if f := notMore(m, s.mostParts(sub, h)); f != nil {
		return nil, f
	}
	if sub.Atomic {
		return changed, nil // all of them ask for it together
	}
	return changed, allowed(sub.Account, int(m.Parts), now)
}

// describe makes the message as its customer wrote it, without links.
func (s *Snapshot) describe(m *message.Message, sub *Submission, now time.Time) *message.Failure {
	if sub.Content.Extra.Looping(s.Self) {
		return &message.Failure{Kind: message.Loop}
	}
	if f := s.addresses(m, sub); f != nil {
		return f
	}
	m.Account, m.Via = sub.Account.Name, sub.Via
	m.Content, m.Priority, m.Reference = sub.Content, sub.Priority, sub.Reference
	m.Receipts, m.Target, m.Config = sub.Receipts, sub.Target, s.Number
	if sub.Escalates != nil && m.Target.Kind == message.NoTarget {
		m.Receipts |= message.ReceiptFinal // nobody is told, but for who asks the next
	}
	if m.Target.Kind != message.NoTarget {
		m.Target.Account = sub.Account.Name
	}
	if len(m.Reference) > maxReference {
		return message.Fail(message.BadContent, "reference", "the reference has %d octets; at most %d are kept", len(m.Reference), maxReference)
	}
	if f := s.times(m, sub, now); f != nil {
		return f
	}
	if f := s.special(m, sub); f != nil {
		return f
	}
	return measure(m)
}

// mostParts is how many parts a message may have: the least of what its account
// or the server, its route, whose handling may be nil, and it itself say.
func (s *Snapshot) mostParts(sub *Submission, h *route.Handling) int {
	most := cmp.Or(sub.Account.MaxParts, s.MaxParts, defaultMaxParts)
	if sub.MaxParts > 0 {
		most = min(most, sub.MaxParts)
	}
	if h != nil && h.MaxParts > 0 {
		most = min(most, h.MaxParts)
	}
	return most
}

// notMore refuses a message that has more parts than it may.
func notMore(m *message.Message, most int) *message.Failure {
	if int(m.Parts) <= most {
		return nil
	}
	field := "text"
	if m.Encoding == gsm.Binary {
		field = "data"
	}
	return message.Fail(message.BadContent, field, "the text needs %d parts; at most %d are allowed", m.Parts, most)
}

// links chooses the links of a message: the one that is named, or those of its
// route. It returns the route's handling, nil for most.
func (s *Snapshot) links(m *message.Message, sub *Submission, now time.Time) (*route.Handling, *message.Failure) {
	if named := sub.Link; named != "" {
		set, known := s.Links[named]
		if !known {
			return nil, message.Fail(message.NoRoute, "link", "there is no link %s", named)
		}
		if set.ReceiveOnly {
			return nil, message.Fail(message.NoRoute, "link", "the link %s has no hosts and only receives: nothing can be sent by it", named)
		}
		m.Links = []string{named}
		return nil, s.carried(m, true)
	}
	choice, ok := s.Routes.Choose(route.QueryOf(m, sub.Account.Groups, now))
	if !ok || len(choice.Links) == 0 {
		return nil, message.Fail(message.NoRoute, "to", "no route leads to %s; the administrator can add one under routes", m.To)
	}
	m.Links = choice.Links
	if choice.Fallback != "" {
		m.Log = message.AppendEvent(nil, 0, message.Event{Kind: message.EventFallback, Text: choice.Fallback}) // at acceptance: the id gives the time
	}
	if f := s.permitsRoute(m, sub.Account, choice.Rule); f != nil {
		return nil, f
	}
	if choice.Handling == nil {
		return nil, s.carried(m, false)
	}
	return choice.Handling, s.handle(m, sub.Account, choice.Handling, now)
}

// allowed takes parts from an account's rate.
func allowed(a *account.Account, parts int, now time.Time) *message.Failure {
	if a.Take(parts, now) {
		return nil
	}
	return message.Fail(message.Overloaded, "", "more than the account's %g parts a second; try again later", a.Rate)
}

// addresses fills in who sends to whom, rewritten as the account says, as far as
// that is permitted.
func (s *Snapshot) addresses(m *message.Message, sub *Submission) *message.Failure {
	if f := s.readAddresses(m, sub); f != nil {
		return f
	}
	if r := sub.Account.Rewriting(); r != nil && sub.Resent == 0 {
		m.From, m.To = r.Rewrite(m.From, m.To, s.Networks.Of)
	}
	return s.permits(m, sub)
}

func (s *Snapshot) readAddresses(m *message.Message, sub *Submission) *message.Failure {
	country := sub.Account.Country
	if country == "" {
		country = s.Country
	}
	var err error
	if m.To = sub.ToAddr; m.To.IsZero() {
		if m.To, err = route.Normalise(sub.To, country); err != nil {
			return &message.Failure{Kind: message.BadRecipient, Field: "to", Text: err.Error()}
		}
	}
	if m.From = sub.FromAddr; !m.From.IsZero() {
		if m.From.TON == message.TONAlphanumeric {
			if m.From, err = route.Name(m.From.Number); err != nil && !shorten(sub.Account, m, err) {
				return &message.Failure{Kind: message.BadSender, Field: "from", Text: err.Error()}
			}
		}
		return permitted(sub, m.From)
	}
	from := sub.From
	if from == "" {
		if from = sub.Account.Sender; from == "" {
			return message.Fail(message.BadSender, "from", "the message names no sender and the account has none of its own")
		}
	}
	if m.From, err = route.Sender(from, country); err != nil && !shorten(sub.Account, m, err) {
		return &message.Failure{Kind: message.BadSender, Field: "from", Text: err.Error()}
	}
	if sub.From == "" {
		return nil
	}
	return permitted(sub, m.From)
}

func permitted(sub *Submission, from message.Address) *message.Failure {
	if sub.Answer || sub.Account.MaySend(from) {
		return nil
	}
	return message.Fail(message.BadSender, "from", "the account may not send as %s", from)
}

func (s *Snapshot) times(m *message.Message, sub *Submission, now time.Time) *message.Failure {
	validity := sub.Validity
	switch {
	case validity < 0:
		return message.Fail(message.BadContent, "validity", "the validity is negative")
	case validity > maxValidity:
		validity = maxValidity
	case validity == 0:
		validity = cmp.Or(sub.Account.Validity, s.Validity, defaultValidity)
	}
	from := now
	if sub.SendAt.After(now) {
		if sub.SendAt.After(now.Add(maxAhead)) {
			return message.Fail(message.BadContent, "send_at", "the time lies more than a year ahead")
		}
		from = sub.SendAt
		m.SendAt = from.UnixMilli()
	}
	m.Expires = from.Add(validity).UnixMilli()
	return nil
}

// measure fills in encoding and parts.
func measure(m *message.Message) *message.Failure {
	c := &m.Content
	var size gsm.Size
	var err error
	field := "text"
	switch {
	case c.Want == gsm.Binary:
		field = "data"
		size, err = gsm.MeasureBinary(len(c.Data), len(c.Header))
	case len(c.Header) > 0:
		var h gsm.Header
		if h, _, err = gsm.ParseHeader(c.Header); err != nil {
			return &message.Failure{Kind: message.BadContent, Field: "udh", Text: err.Error()}
		}
		size, err = gsm.MeasureWith(c.Text, gsm.SplitOptions{Encoding: c.Want, Header: h})
	default:
		size, err = gsm.Measure(c.Text, c.Want)
	}
	if err != nil {
		return &message.Failure{Kind: message.BadContent, Field: field, Text: err.Error()}
	}
	m.Encoding, m.Parts = size.Encoding, uint8(size.Parts)
	return nil
}

// join puts messages into the gather, with the grant if a session can take
// them now.
func (g *Gateway) join(a *applicant, now time.Time) {
	g.lookAtClock(now)
	if a.bill != nil {
		g.reserve(a, now)
	}
	entries := make([]*entry, 0, len(a.good))
	for rest := len(a.good); rest > 0; rest -= block {
		few := make([]entry, min(rest, block))
		for i := range few {
			entries = append(entries, &few[i])
		}
	}
	b := g.cur
	for i, m := range a.good {
		e := entries[i]
		e.m, e.out.Message, e.out.Ref = m, m, e
		m.ID = g.nextID(now)
		if a.multi {
			tie(e, a.good, i)
		}
		if a.batch && m.Reference == "" {
			e.batch = a.ofRequest()
		}
		if c := a.results[a.index[i]].Changed; c != nil {
			c.events(m, now)
		}
		if id := a.results[a.index[i]].resent; id != 0 {
			e.event(message.Event{Kind: message.EventResent, At: m.ID.Millis(), Text: id.String()})
		}
		if a.bill != nil {
			g.reserved(e, &a.bill.rates[i], now)
		}
		if m.Special != nil {
			g.tallyCosts(m, a.bill, i, now)
		}
		if i < len(a.asks) && a.asks[i] != nil {
			g.asks(a.asks[i], m, now)
		}
		g.place(e, now)
		b.Accepted = append(b.Accepted, m)
		if m.Via == message.ViaWeb && !a.batch {
			g.talkTo(m)
		}
		r := &a.results[a.index[i]]
		r.ID, r.State = m.ID, m.State
		if a.bill != nil && a.bill.tell && a.bill.terms.Prices != "" {
			r.Cost = &Cost{message.Amount(m.Price), a.bill.rates[i].Currency}
		}
	}
	if len(a.good) == 0 {
		a.settles = nil // for money or a limit: it is still owed
	}
	g.doneWith(a.settles, now)
	b.accepts = append(b.accepts, acceptance{
		entries: entries, index: a.index, results: a.results, done: a.done, settles: a.settles, bill: a.bill, key: a.key,
		of: a.of, repeats: a.repeats, asks: a.asks, hour: now.Unix() / 3600, atomic: a.atomic, multi: a.multi,
	})
	b.keyed = b.keyed || a.key != nil
	for i := range a.with {
		a.with[i].of = a.key
		g.join(&a.with[i], now)
	}
}

// place decides where a new message goes: to a session at once, into the lanes
// of its link, or, when it is for later or memory is full, onto disk only.
func (g *Gateway) place(e *entry, now time.Time) {
	m := e.m
	g.countAccepted(m, now)
	e.hop = g.firstUp(m.Links)
	if m.Special != nil && m.Special.ByLoad {
		e.hop = g.leastLoaded(m.Links)
	}
	e.link = g.link(m.Links[e.hop])
	if len(m.Content.Header) > 0 {
		g.placePart(e, now)
	}
	if m.SendAt != 0 {
		m.State = message.Scheduled
		g.cur.DueAdd = append(g.cur.DueAdd, store.Due{ID: m.ID, At: m.SendAt})
		return
	}
	l := e.link
	if s := l.best(); s != nil && l.lanes.ready() == 0 && g.mayGrant(l, s, e, now) {
		g.grantTo(s, e, now, false)
		return
	}
	m.State = message.Queued
	if l.rates.none {
		l.rates.left.add(e.cost(), now)
	}
	if g.leavesFree(l) || g.spills(e) {
		g.spill(e)
		return
	}
	e.station = accepting
	l.coming++
	g.open[m.ID] = e
}

// firstUp returns the index of the first link that has a session, here or elsewhere, and has had one
// for a while if it was away; if there is no such link, of the first that has a
// session; 0 if none has.
func (g *Gateway) firstUp(links []string) uint8 {
	first := -1
	for i, name := range links {
		l := g.links[name]
		if l == nil || !l.reachable() {
			continue
		}
		if !l.up() || l.returns == 0 || l.settledBack() {
			return uint8(i)
		}
		if first < 0 {
			first = i
		}
	}
	return uint8(max(first, 0))
}

// accepted follows an acceptance that is on disk.
func (g *Gateway) accepted(a *acceptance) {
	g.count.accepted.Add(int64(len(a.entries)))
	for _, e := range a.entries {
		g.recent.push(place{id: e.m.ID})
		if e.station == accepting {
			e.link.coming--
			g.wait(e, false)
		}
	}
}

// refused takes back what place did, for a message that is not on disk.
func (g *Gateway) refused(e *entry) {
	g.forgo(e.m)
	switch {
	case e.station == granted:
		e.sess.remove(e)
		g.partReleased(e)
	case e.station == accepting:
		e.link.coming--
	case e.station == nowhere && e.m.State == message.Queued && !g.opt.Shared:
		e.link.spill[e.m.Priority].rows--
	}
	if len(e.m.Content.Header) > 0 {
		g.partRefused(e)
	}
	delete(g.open, e.m.ID)
	e.station = nowhere
}
