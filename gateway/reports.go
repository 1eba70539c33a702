package gateway

import (
	"context"
	"strconv"
	"strings"
	"time"

	"kurir/message"
	"kurir/store"
	"kurir/tally"
)

// The kinds of what is counted for reports.
const (
	CountAccepted = store.TallyAccepted
	CountParts    = store.TallyParts
	CountFinal    = store.TallyFinal
	CountArrival  = store.TallyArrival
	CountAnswer   = store.TallyAnswer
	CountInbound  = store.TallyInbound
)

// CountKind is one of them.
type CountKind = store.TallyKind

// Count is a sum for reports.
type Count struct {
	Period  int // of the cut; 0 without periods
	Kind    CountKind
	Account string
	Link    string
	Network string              // MCC and MNC, else the country, else empty; of accepted, parts, inbound and final
	State   message.State       // of final
	Failure message.FailureKind // of final
	Class   int                 // of arrival and answer: of package tally
	N       int64
}

// Counts sums up what was counted of some kinds in the hours of a cut, for each period if periods says so, else for all of it.
// want chooses accounts and links; nil takes all.
func (g *Gateway) Counts(ctx context.Context, cut *tally.Cut, periods bool, kinds []CountKind, want func(account, link string) bool) ([]Count, error) {
	since, until := cut.Hours()
	hours := daysOf(since, until)
	if periods {
		hours = hours[:1]
		for _, start := range cut.Starts[1:] {
			hours = append(hours, max(since, ceilHour(start)))
		}
		hours = append(hours, until)
	}
	rows, err := g.store.Tallies(ctx, kinds, hours)
	if err != nil {
		return nil, err
	}
	list := make([]Count, 0, len(rows))
	for i := range rows {
		t := &rows[i]
		if want != nil && !want(t.Account, t.Link) {
			continue
		}
		c := Count{Kind: t.Kind, Account: t.Account, Link: t.Link, N: t.N}
		if periods {
			c.Period = t.Period
		}
		switch t.Kind {
		case CountFinal:
			state, rest, _ := strings.Cut(t.Detail, ":")
			failure, network, _ := strings.Cut(rest, ":")
			c.State, c.Failure, c.Network = message.State(number(state)), message.FailureKind(number(failure)), network
		case CountArrival, CountAnswer:
			c.Class = number(t.Detail)
		default:
			c.Network = t.Detail
		}
		list = append(list, c)
	}
	return list, nil
}

// daysOf cuts hours into days, of which the store keeps those that are over in memory.
func daysOf(since, until int64) (hours []int64) {
	for hour := since; hour < until; hour += 24 {
		hours = append(hours, hour)
	}
	return append(hours, until)
}

// number reads a small number that the gateway wrote.
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

func ceilHour(t time.Time) int64 { return (t.Unix() + 3599) / 3600 }

// Present is what is known of a link or an interface in a span.
type Present struct {
	Link bool // else it is an interface
	Name string
	Seen tally.Seen
}

// Presence says when links and interfaces were there from a time on and before another, by what all servers saw, in the order
// of interfaces and links, each by name.
func (g *Gateway) Presence(ctx context.Context, within tally.Span) ([]Present, error) {
	spans, err := g.store.Spans(ctx, within.From, within.Until)
	if err != nil {
		return nil, err
	}
	g.goOn(spans)
	planned := g.snap.Load().Maintenance
	var running []tally.Span
	for i := range spans {
		if s := &spans[i]; s.Kind == store.SpanNode {
			running = append(running, spanOf(s))
		}
	}
	var list []Present
	for i := range spans {
		s := &spans[i]
		if s.Kind == store.SpanNode {
			continue
		}
		link := s.Kind == store.SpanLink
		if n := len(list); n == 0 || list[n-1].Name != s.Name || list[n-1].Link != link {
			list = append(list, Present{Link: link, Name: s.Name, Seen: tally.Seen{Running: running, Planned: PlannedFor(planned, link, s.Name)}})
		}
		seen := &list[len(list)-1].Seen
		seen.Known = append(seen.Known, spanOf(s))
		switch s.State {
		case store.SpanUp:
			seen.Up = append(seen.Up, spanOf(s))
		case store.SpanPlanned:
			seen.Planned = append(seen.Planned, spanOf(s))
		case store.SpanStopped:
			seen.Stopped = append(seen.Stopped, spanOf(s))
		}
	}
	return list, nil
}

// spanOf gives when a span is; one that has just begun has a millisecond.
func spanOf(s *store.Span) tally.Span {
	return tally.Span{From: s.Since, Until: max(s.Until, s.Since+1)}
}

// goOn has the spans that this server has not ended last until now.
func (g *Gateway) goOn(spans []store.Span) {
	now := g.now().UnixMilli()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.presence.ended {
		return
	}
	for i := range spans {
		s := &spans[i]
		if open := g.presence.spans[spanKey{s.Kind, s.Name}]; open != nil && s.Node == g.opt.Node && s.Since == open.Since {
			s.Until = max(s.Until, now)
		}
	}
}

// NetworkNames gives country and name of each network by its code.
func (g *Gateway) NetworkNames() map[string]message.Network {
	return g.snap.Load().Networks.Named()
}
