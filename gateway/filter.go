package gateway

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"sync"
	"time"

	"kurir/filter"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// acceptFiltered accepts submissions of which some are asked about first, by the
// filter of their account or of their route; those that are not do not wait. The
// messages of an atomic request, of one with a key and of a submit_multi stay
// together.
func (g *Gateway) acceptFiltered(subs []*Submission, done Done) {
	snap, now := g.snap.Load(), g.now()
	all := &separated{results: make([]Result, len(subs)), left: 1, done: done}
	var plain, asked []int
	filters := make([][]*filter.Filter, len(subs))
	for i, s := range subs {
		if filters[i] = snap.filtersOf(s, now); filters[i] == nil {
			plain = append(plain, i)
		} else {
			asked = append(asked, i)
		}
	}
	if len(asked) > 0 && (subs[0].Atomic || subs[0].Multi || subs[0].Keyed != nil) {
		plain, asked = nil, append(plain, asked...)
	}
	if len(asked) > 0 {
		all.more()
		if !g.job(func() { g.askAbout(subs, asked, filters, all) }) {
			for _, i := range asked {
				all.results[i].Failure = &message.Failure{Kind: message.Stopping}
			}
			all.one()
		}
	}
	g.acceptSome(subs, plain, all)
	all.one()
}

// job runs a job of the gateway in a goroutine; false when it is stopping.
func (g *Gateway) job(run func()) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		return false
	}
	g.jobs.Go(run)
	return true
}

// acceptSome accepts those of subs that stand at some places.
func (g *Gateway) acceptSome(subs []*Submission, at []int, all *separated) {
	if len(at) == 0 {
		return
	}
	some := make([]*Submission, len(at))
	for k, i := range at {
		some[k] = subs[i]
	}
	all.more()
	g.acceptAsked(some, func(r []Result) {
		all.mu.Lock()
		for k, i := range at {
			all.results[i] = r[k]
		}
		all.mu.Unlock()
		all.one()
	})
}

// askAbout asks the filters about submissions and accepts what they allow.
func (g *Gateway) askAbout(subs []*Submission, at []int, filters [][]*filter.Filter, all *separated) {
	defer all.one()
	failures := make([]*message.Failure, len(subs))
	changed := make([]*Submission, len(subs))
	var asking sync.WaitGroup
	for _, i := range at {
		if changed[i] = subs[i]; filters[i] != nil {
			asking.Go(func() { changed[i], failures[i] = g.filtered(g.ctx, subs[i], filters[i]) })
		}
	}
	asking.Wait()
	var good []int
	refused := 0
	for _, i := range at {
		if failures[i] == nil {
			good = append(good, i)
			continue
		}
		refused++
		all.mu.Lock()
		all.results[i].Failure = failures[i]
		all.mu.Unlock()
	}
	g.count.refused.Add(int64(refused))
	if refused > 0 && subs[0].Atomic {
		all.mu.Lock()
		for _, i := range good {
			all.results[i].Failure = &message.Failure{Kind: message.Withheld, Field: "atomic"}
		}
		all.mu.Unlock()
		return
	}
	if k := subs[0].Keyed; k != nil {
		known := all.soFar()
		k.within(func(r []Result) []Result {
			whole := slices.Clone(known)
			for k, i := range good {
				whole[i] = r[k]
			}
			return whole
		})
	}
	g.acceptSome(changed, good, all)
}

// filtersOf returns whom to ask about a submission: nil for most, and for one
// that will be refused anyway.
func (s *Snapshot) filtersOf(sub *Submission, now time.Time) (list []*filter.Filter) {
	own := s.Filters[sub.Account.Filter]
	if own == nil && !s.Routes.Filters() {
		return nil
	}
	var m message.Message
	if s.describe(&m, sub, now) != nil {
		return nil
	}
	if own != nil {
		list = append(list, own)
	}
	if sub.Link == "" && s.Routes.Filters() {
		choice, ok := s.Routes.Choose(route.QueryOf(&m, sub.Account.Groups, now))
		if ok && choice.Handling != nil {
			if of := s.Filters[choice.Handling.Filter]; of != nil && of != own {
				list = append(list, of)
			}
		}
	}
	return list
}

// filtered asks about a submission and returns it as it is to be accepted, or
// why it is refused.
func (g *Gateway) filtered(ctx context.Context, sub *Submission, filters []*filter.Filter) (*Submission, *message.Failure) {
	for _, f := range filters {
		var m message.Message
		if failure := g.snap.Load().describe(&m, sub, g.now()); failure != nil {
			return nil, failure // by what a filter has made of it
		}
		a, err := f.Ask(ctx, questionOf(&m, f.Name()))
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, &message.Failure{Kind: message.Stopping}
		case errors.Is(err, filter.ErrBusy):
			return nil, message.Fail(message.Overloaded, "", "the filter %s has too much to do; try again later", f.Name())
		case err != nil:
			g.unanswered(f, err)
			if !f.AllowsUnanswered() {
				return nil, message.Fail(message.Overloaded, "", "the filter %s did not answer; try again later", f.Name())
			}
		case a.Action == filter.Refuse:
			if a.Reason == "" {
				a.Reason = "the filter " + f.Name() + " refuses the message"
			}
			return nil, &message.Failure{Kind: message.NotPermitted, Text: clip(a.Reason)}
		case a.Action == filter.Change:
			sub = changedBy(sub, &a, f.Name())
		}
	}
	return sub, nil
}

// unanswered says, once a minute for each filter, that it does not answer.
func (g *Gateway) unanswered(f *filter.Filter, err error) {
	if n, say := f.Unanswered(time.Now()); say {
		g.log.Warn("a filter does not answer", "filter", f.Name(), "messages", n, "allowed", f.AllowsUnanswered(), "error", err)
	}
}

// questionOf is a message as a filter is told of it.
func questionOf(m *message.Message, name string) *filter.Question {
	q := &filter.Question{
		Filter: name, Account: m.Account, Interface: m.Via.String(), From: m.From.String(), To: m.To.String(),
		Text: m.Content.Text, UDH: hex.EncodeToString(m.Content.Header), Priority: m.Priority.String(),
		Reference: m.Reference, Tag: m.Tag(), Secret: m.Secret(),
	}
	if m.Encoding == gsm.Binary {
		q.Data = hex.EncodeToString(m.Content.Data)
	}
	return q
}

// changedBy returns a submission as a filter wants it. It is checked anew like
// any other.
func changedBy(sub *Submission, a *filter.Answer, name string) *Submission {
	c := *sub
	c.FilteredBy = name
	if a.Text != nil && c.Content.Want != gsm.Binary {
		c.Content.Text, c.Content.Data, c.Content.Want = *a.Text, nil, gsm.Auto
	}
	if a.From != nil {
		c.From, c.FromAddr = *a.From, message.Address{}
	}
	if a.To != nil {
		c.To, c.ToAddr = *a.To, message.Address{}
	}
	if a.Tag != nil {
		c.Tag = *a.Tag
	}
	return &c
}

// closeFilters gives up what the filters of a configuration keep open.
func (s *Snapshot) closeFilters() {
	if s == nil {
		return
	}
	for _, f := range s.Filters {
		f.Close()
	}
}
