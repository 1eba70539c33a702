package gateway

import (
	"context"
	"slices"
	"time"

	"kurir/filter"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// Explained is how a message would be routed.
type Explained struct {
	To, From   message.Address
	Encoding   gsm.Encoding // as it would go out
	Parts      int
	Rules      []route.Considered
	Rewriting  []route.Considered // rules about sender and recipient, in the order in which they are looked at
	Candidates []Candidate        // in the order in which they would be tried
	Cost       *Cost              // what would be reserved; nil without prices
	Filters    []string           // that would be asked about it first, in order
	FilterSays string             // allow, change or refuse; empty if they were not asked
	Opening    *Opening           // when it would be sent; nil for at once
	Refusal    *message.Failure   // why it would be refused for its route or text; nil if it would not
}

// Candidate is a link by which a message may go.
type Candidate struct {
	Link string
	Up   bool // it has a session that sends

	From    string // sender that it is given, if not the message's
	Skipped string // why it is not one; empty: it is

	Cost *message.Amount // of the message by this link, in the currency of the whole; nil without prices
	Row  *PriceRow       // by which it is; nil without prices
}

// ExplainRoute tells how a submission would be routed by the configuration in
// force if it were accepted at that time, or what is wrong with it before its
// route matters. Nothing is accepted, and the account's rate is not asked.
func (g *Gateway) ExplainRoute(sub *Submission, at time.Time) (*Explained, *message.Failure) {
	return g.explainBy(g.snap.Load(), sub, at)
}

// ExplainRouteBy does so by other rules than those in force: a change that is thought about.
func (g *Gateway) ExplainRouteBy(rules []route.Rule, sub *Submission, at time.Time) (*Explained, *message.Failure) {
	changed := *g.snap.Load()
	changed.Routes = route.NewTable(rules)
	return g.explainBy(&changed, sub, at)
}

func (g *Gateway) explainBy(s *Snapshot, sub *Submission, at time.Time) (*Explained, *message.Failure) {
	m := &message.Message{}
	if f := s.describe(m, sub, at); f != nil {
		return nil, f
	}
	e := &Explained{To: m.To, From: m.From, Rules: s.Routes.Explain(route.QueryOf(m, sub.Account.Groups, at))}
	for _, f := range s.filtersOf(sub, at) {
		e.Filters = append(e.Filters, f.Name())
	}
	var h *route.Handling
	if h, e.Refusal = s.links(m, sub, at); e.Refusal == nil {
		e.Refusal = s.hours(m, sub, h, at)
		e.Opening = s.opening(m, sub, at)
	}
	e.Rewriting = s.rewriting(m, sub, ruleName(e.Rules), h)
	if r := textRules(sub, h); r != nil && e.Refusal == nil {
		_, e.Refusal = s.texts(m, r)
	}
	if e.Refusal == nil {
		e.Refusal = notMore(m, s.mostParts(sub, h))
	}
	e.Encoding, e.Parts = m.Encoding, int(m.Parts)
	var by map[string]priced
	if e.Refusal == nil {
		by, e.Refusal = e.price(s, sub, m, at)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if m.Special != nil && m.Special.ByLoad {
		first := int(g.leastLoaded(m.Links))
		m.Links = append(slices.Clone(m.Links[first:]), m.Links[:first]...)
	}
	for _, name := range m.Links {
		l := g.links[name]
		c := Candidate{Link: name, Up: l != nil && l.up()}
		if from := s.Links[name].Senders.Shown(m.ShownFrom()); from != m.From {
			c.From = from.String()
		}
		if cost, ok := by[name]; ok {
			c.Cost, c.Row = &cost.amount, &cost.row
		}
		e.Candidates = append(e.Candidates, c)
	}
	for _, c := range s.particular(m, sub, at) {
		if c.Skipped != "" {
			e.Candidates = append(e.Candidates, c)
		}
	}
	return e, nil
}

// ruleName is the name of the rule that matched; empty for none.
func ruleName(rules []route.Considered) string {
	for i := range rules {
		if rules[i].Matched {
			return rules[i].Name
		}
	}
	return ""
}

// ExplainFiltered asks the filters about a submission, and tells how it would be
// routed as they want it.
func (g *Gateway) ExplainFiltered(ctx context.Context, sub *Submission, at time.Time) (*Explained, *message.Failure) {
	e, f := g.ExplainRoute(sub, at)
	if f != nil || len(e.Filters) == 0 {
		return e, f
	}
	filters, says := e.Filters, filter.Allow
	asked, refusal := g.filtered(ctx, sub, g.snap.Load().filtersOf(sub, at))
	switch {
	case refusal != nil:
		e.Refusal, says = refusal, filter.Refuse
	case asked != sub:
		if e, f = g.ExplainRoute(asked, at); f != nil {
			return nil, f
		}
		says = filter.Change
	}
	e.Filters, e.FilterSays = filters, says
	return e, nil
}

// priced is what a message costs by a link, and by which price.
type priced struct {
	amount message.Amount
	row    PriceRow
}

// price notes what the message would cost and returns that by link.
func (e *Explained) price(s *Snapshot, sub *Submission, m *message.Message, at time.Time) (map[string]priced, *message.Failure) {
	costs, f := s.costs(sub.Account, m, e.Parts, at)
	if costs == nil {
		return nil, f
	}
	e.Cost = &costs.Most
	by := make(map[string]priced, len(costs.By))
	for i, name := range m.Links {
		by[name] = priced{costs.By[i], costs.Rows[i]}
	}
	return by, nil
}

// KnownNumber tells whether a route is for this very number, or for short ones that begin so.
func (g *Gateway) KnownNumber(a message.Address) bool { return g.snap.Load().Routes.Knows(a) }
