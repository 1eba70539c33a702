package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// handle does with a message what its route says: it is written as links are to
// show it, and its links are those that carry its sender, in the order that the
// route chooses.
func (s *Snapshot) handle(m *message.Message, a *account.Account, h *route.Handling, now time.Time) *message.Failure {
	from, _ := h.Source.Rewrite(m.From, m.To, s.Networks.Of)
	to, _ := h.Destination.Rewrite(m.To, m.To, s.Networks.Of)
	if from != m.From || to != m.To {
		m.Special = m.Special.With(func(x *message.Special) {
			if from != m.From {
				x.From = from
			}
			if to != m.To {
				x.To = to
			}
		})
	}
	if f := s.carried(m, h.OwnSender); f != nil {
		return f
	}
	switch {
	case len(m.Links) < 2:
	case h.Choose == route.ByPrice:
		s.cheapestFirst(m, a, h, now)
	case h.Choose == route.ByLoad:
		m.Special = m.Special.With(func(x *message.Special) { x.ByLoad = true })
	}
	return nil
}

// carried leaves a message only the links that carry its sender, or, if own says
// so, give it one of their own.
func (s *Snapshot) carried(m *message.Message, own bool) *message.Failure {
	if !s.Choosy {
		return nil
	}
	from := m.ShownFrom()
	fits := func(name string) bool { return unfit(s.Links[name].Senders, from, own) == "" }
	n := 0
	for _, name := range m.Links {
		if fits(name) {
			n++
		}
	}
	switch n {
	case len(m.Links):
		return nil
	case 0:
		why := ""
		for _, name := range m.Links {
			why += fmt.Sprintf("; %s %s", name, unfit(s.Links[name].Senders, from, own))
		}
		return message.Fail(message.BadSender, "from", "no link of the message's route carries the sender %s%s", from, why)
	}
	links := make([]string, 0, n) // those of the route are shared
	for _, name := range m.Links {
		if fits(name) {
			links = append(links, name)
		}
	}
	m.Links = links
	return nil
}

// carriedBy says why a message cannot take a link that its route may not name:
// the link does not carry its sender, or its dialog's digits where they are.
func (s *Snapshot) carriedBy(m *message.Message, link string) *message.Failure {
	if !s.dialogFits(m, link) {
		return message.Fail(message.NotPermitted, "link", "the link %s does not carry the digits of its dialog", link)
	}
	if !s.Choosy {
		return nil
	}
	choice, ok := s.Routes.Choose(route.QueryOf(m, groupsOf(s.Accounts.ByName(m.Account)), m.ID.Time()))
	own := ok && choice.Handling != nil && choice.Handling.OwnSender
	if why := unfit(s.Links[link].Senders, m.ShownFrom(), own); why != "" {
		return message.Fail(message.BadSender, "from", "the link %s %s", link, why)
	}
	return nil
}

// unfit says why a link cannot have a message with a sender; empty: it can.
func unfit(senders *message.SenderAbility, from message.Address, own bool) string {
	switch {
	case senders.Carries(from), own && senders.Own != "":
		return ""
	case own:
		return fmt.Sprintf("carries %s, and has no sender of its own", senders)
	}
	return fmt.Sprintf("carries %s", senders)
}

// skippedWords says which links of a choice a message could not have.
func skippedWords(m *message.Message, c *route.Choice, senders map[string]*message.SenderAbility, networks message.NetworkOf) string {
	from, own := m.From, false
	if c.Handling != nil {
		from, _ = c.Handling.Source.Rewrite(m.From, m.To, networks)
		own = c.Handling.OwnSender
	}
	var b strings.Builder
	for _, name := range c.Links {
		if why := unfit(senders[name], from, own); why != "" {
			fmt.Fprintf(&b, "; %s is skipped for the sender %s: it %s", name, from, why)
		}
	}
	return b.String()
}

// particular returns, of the links of a message's route, those that are skipped
// for its sender, and those that are given another.
func (s *Snapshot) particular(m *message.Message, sub *Submission, at time.Time) (list []Candidate) {
	if sub.Link != "" {
		return nil
	}
	choice, ok := s.Routes.Choose(route.QueryOf(m, sub.Account.Groups, at))
	if !ok {
		return nil
	}
	own := choice.Handling != nil && choice.Handling.OwnSender
	from := m.ShownFrom()
	for _, name := range choice.Links {
		c, senders := Candidate{Link: name}, s.Links[name].Senders
		if why := unfit(senders, from, own); why != "" {
			c.Skipped = "it " + why
		} else if shown := senders.Shown(from); shown != m.From {
			c.From = shown.String()
		} else {
			continue
		}
		list = append(list, c)
	}
	return list
}

// cheapestFirst sorts the links of a message by what they cost; those without a
// price come last.
func (s *Snapshot) cheapestFirst(m *message.Message, a *account.Account, h *route.Handling, now time.Time) {
	name := h.Prices
	if t := a.Terms(); name == "" && t != nil {
		name = t.Prices
	}
	list := s.Prices[name]
	if list == nil {
		return
	}
	type offer struct {
		link  string
		price message.Amount
		none  bool
	}
	offers := make([]offer, len(m.Links))
	to := s.destination(m, list)
	for i, link := range m.Links {
		p, ok := list.Find(&to, link, now)
		offers[i] = offer{link, p.Amount, !ok}
	}
	slices.SortStableFunc(offers, func(a, b offer) int {
		switch {
		case a.none != b.none && a.none, !a.none && !b.none && a.price > b.price:
			return 1
		case a.none != b.none, !a.none && a.price < b.price:
			return -1
		}
		return 0
	})
	links := make([]string, len(offers))
	for i := range offers {
		links[i] = offers[i].link
	}
	m.Links = links
}

// leastLoaded returns the index of the link with the least to do for what it can
// do; links without a session come last.
func (g *Gateway) leastLoaded(links []string) uint8 {
	best, least := uint8(0), -1.0
	for i, name := range links {
		l := g.links[name]
		if l == nil || !l.up() {
			continue
		}
		if load := l.load(); least < 0 || load < least {
			best, least = uint8(i), load
		}
	}
	return best
}

// load is how much waits for the link and is under way on it, as a share of its
// rate, or of its sessions' credit where it has none.
func (l *link) load() float64 {
	todo, credit := l.lanes.n+l.coming, 0
	for i := range l.spill {
		todo += int(l.spill[i].rows)
	}
	for _, s := range l.sessions {
		todo += s.used
		credit += s.credit
	}
	if l.set.Rate > 0 {
		return float64(todo) / l.set.Rate
	}
	return float64(todo) / float64(max(1, credit))
}

// show gives a message to a link with the addresses that its route and the link
// want. What the sender became is written down: whoever answers writes to that.
func (e *entry) show(l *link, now time.Time) {
	e.out.From, e.out.To = l.set.Senders.Shown(e.m.ShownFrom()), e.m.ShownTo()
	if e.out.From != e.m.From {
		e.event(message.Event{Kind: message.EventShownAs, At: now.UnixMilli(), Text: e.out.From.String()})
	}
}

// textRules are how a text is written: by the message or its account, and by its
// route, whose handling may be nil.
func textRules(sub *Submission, h *route.Handling) *message.TextRules {
	r := sub.rules()
	if h == nil || !h.LongSaid || r != nil && r.LongSaid {
		return r
	}
	var with message.TextRules
	if r != nil {
		with = *r
	}
	with.Long = h.Long
	return &with
}
