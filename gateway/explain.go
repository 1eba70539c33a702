package gateway

import (
	"time"

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
	Candidates []Candidate      // in the order in which they would be tried
	Refusal    *message.Failure // why it would be refused for its route or text; nil if it would not
}

// Candidate is a link by which a message may go.
type Candidate struct {
	Link string
	Up   bool // it has a session that sends
}

// ExplainRoute tells how a submission would be routed by the configuration in
// force if it were accepted at that time, or what is wrong with it before its
// route matters. Nothing is accepted, and the account's rate is not asked.
func (g *Gateway) ExplainRoute(sub *Submission, at time.Time) (*Explained, *message.Failure) {
	s, m := g.snap.Load(), &message.Message{}
	if f := s.describe(m, sub, at); f != nil {
		return nil, f
	}
	e := &Explained{To: m.To, From: m.From, Rules: s.Routes.Explain(route.QueryOf(m, sub.Account.Groups, at))}
	e.Refusal = s.links(m, sub, at)
	if r := sub.rules(); r != nil && e.Refusal == nil {
		_, e.Refusal = s.texts(m, r)
	}
	if e.Refusal == nil {
		e.Refusal = notMore(m, s.mostParts(sub.Account))
	}
	e.Encoding, e.Parts = m.Encoding, int(m.Parts)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range m.Links {
		l := g.links[name]
		e.Candidates = append(e.Candidates, Candidate{Link: name, Up: l != nil && l.up()})
	}
	return e, nil
}
