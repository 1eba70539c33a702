package gateway

import (
	"sync/atomic"
	"time"

	"kurir/connector"
	"kurir/message"
)

// counters count since the start; all are safe for concurrent use.
type counters struct {
	accepted, refused, unpaid, uncertain            atomic.Int64
	told, tellFailed, toldGivenUp                   atomic.Int64
	receiptsHeld, receiptsRepeated, receiptsUnknown atomic.Int64
	receiptsAmbiguous, receiptsContradicting        atomic.Int64
	alertsPassed, alertsDropped                     atomic.Int64
	final                                           [16]atomic.Int64
	failures                                        [message.FailureKinds]atomic.Int64
	inboundUnowned                                  atomic.Int64
	answersHeld                                     atomic.Int64
	repeated, doubleDelivered                       atomic.Int64
}

// lost counts a message that has ended without having arrived, by what it failed of last.
func (c *counters) lost(m *message.Message) {
	why := message.NoFailure
	events, _ := message.DecodeLog(m.Log, m.ID) // of a damaged one what can be read
	for i := range events {
		if f := events[i].Failure; f != message.NoFailure {
			why = f
		}
	}
	if int(why) < len(c.failures) {
		c.failures[why].Add(1)
	}
}

type linkCounters struct {
	taken, failed, throttled, receipts, inbound, unmatched, alerts atomic.Int64
}

// What tally counts beside final states.
const (
	tallyAccepted = "accepted"
	tallyInbound  = "inbound"
)

// tally adds one to a counter that reports read, in the same commit.
func (g *Gateway) tally(account, link, what string, now time.Time) {
	g.cur.counters[counterKey{now.Unix() / 3600, account, link, what}]++
}

// Stats is a picture of the gateway for metrics and people.
type Stats struct {
	Accepted, Refused, Uncertain                    int64
	Unpaid                                          int64 // of those refused: for want of money, or because a limit was reached
	Final                                           map[message.State]int64
	Failures                                        [message.FailureKinds]int64 // messages that ended without having arrived, by what they failed of last
	Told, TellFailed, ToldGivenUp                   int64
	ReceiptsHeld, ReceiptsRepeated, ReceiptsUnknown int64
	ReceiptsAmbiguous                               int64 // that may be of several messages
	ReceiptsContradicting                           int64 // with another final state than the one that stands
	AlertsPassed, AlertsDropped                     int64 // handed on to customers, and lost because there were too many
	Repeated, DoubleDelivered                       int64 // by the next link after a negative or missing receipt; and of them those that arrived twice
	HeldNow                                         int
	Escalations                                     int // that are open here
	OpenInMemory                                    int
	InboundUnowned                                  int64 // messages from phones that are no account's and go nowhere
	AnswersHeld                                     int64 // automatic answers and forwarded messages that were not sent
	Unwatched                                       int64 // of messages, because too many are watched (account.Traffic)
	Writable                                        bool
	Links                                           []LinkStats // those configured, and those for which something waits
}

// LinkStats is one link in Stats.
type LinkStats struct {
	Name                                        string
	Up                                          bool      // it has a session; one that only receives counts if the link has no others
	State                                       string    // one of LinkStates
	Since                                       time.Time // of the state
	Queued                                      int64     // in memory and on disk
	QueuedInMemory                              int
	InFlight                                    int // parts granted and not answered
	Rate                                        float64
	Shared                                      bool // several gateways have its rate together
	Share                                       int  // and this one may use so many parts a second of it
	Taken, Failed, Throttled, Receipts, Inbound int64
	ReceiptsUnmatched                           int64  // that came by it and could not be attached to a message
	Alerts                                      int64  // notifications that a phone can be reached again
	IDs                                         string // how ids in answers and receipts agree, as far as that is known
	Sessions                                    []connector.SessionStats
	Nodes                                       []LinkNode // which servers hold its sessions, by name; of several only. app fills it in
}

// LinkNode is a server that holds sessions of a link, or may open some.
type LinkNode struct {
	Name   string
	Open   int      // sessions that are open
	Leases []string // sessions that it holds, open or not
}

// Bound is how many of a link's sessions are open here; others are down, or another server has them.
func (l *LinkStats) Bound() (n int) {
	for i := range l.Sessions {
		if l.Sessions[i].State == "bound" {
			n++
		}
	}
	return n
}

// Stats returns the numbers as they are now.
func (g *Gateway) Stats() Stats {
	s := Stats{
		Accepted: g.count.accepted.Load(), Refused: g.count.refused.Load(), Uncertain: g.count.uncertain.Load(),
		Unpaid: g.count.unpaid.Load(),
		Told:   g.count.told.Load(), TellFailed: g.count.tellFailed.Load(), ToldGivenUp: g.count.toldGivenUp.Load(),
		ReceiptsHeld: g.count.receiptsHeld.Load(), ReceiptsRepeated: g.count.receiptsRepeated.Load(),
		ReceiptsUnknown: g.count.receiptsUnknown.Load(), ReceiptsAmbiguous: g.count.receiptsAmbiguous.Load(),
		ReceiptsContradicting: g.count.receiptsContradicting.Load(), Final: map[message.State]int64{},
	}
	s.Repeated, s.DoubleDelivered = g.count.repeated.Load(), g.count.doubleDelivered.Load()
	s.AlertsPassed, s.AlertsDropped = g.count.alertsPassed.Load(), g.count.alertsDropped.Load()
	for _, st := range message.States() {
		if st.Final() {
			s.Final[st] = g.count.final[st].Load()
		}
	}
	for kind := range s.Failures {
		s.Failures[kind] = g.count.failures[kind].Load()
	}
	s.InboundUnowned = g.count.inboundUnowned.Load()
	s.AnswersHeld = g.count.answersHeld.Load()
	s.Unwatched = g.traffic.dropped.Load()
	configured := g.snap.Load().Links
	conns := map[string]connector.Connector{}
	g.mu.Lock()
	s.OpenInMemory, s.HeldNow, s.Writable = len(g.open)+g.shelf.len(), g.heldCount, g.full == nil
	s.Escalations = g.ownEscalations()
	for _, l := range g.links {
		ls := l.stats()
		if g.opt.Divided && l.set.Rate > 0 {
			ls.Shared, ls.Share = true, l.rates.share
		}
		ls.IDs = g.idsOf(l)
		if _, known := configured[l.name]; known || l.conn != nil || ls.Queued > 0 || ls.InFlight > 0 {
			s.Links = append(s.Links, ls)
			conns[l.name] = l.conn
		}
	}
	g.mu.Unlock()
	for i := range s.Links { // a connector may be busy with its sockets
		if conn := conns[s.Links[i].Name]; conn != nil {
			s.Links[i].Sessions = conn.Stats()
		}
	}
	return s
}

func (l *link) stats() LinkStats {
	s := LinkStats{
		Name: l.name, Up: l.bound() && l.conn != nil && l.wish == LinkRuns, State: l.state(time.Now()), Since: l.since, QueuedInMemory: l.lanes.n, Rate: l.pace.rate,
		Taken: l.count.taken.Load(), Failed: l.count.failed.Load(), Throttled: l.count.throttled.Load(),
		Receipts: l.count.receipts.Load(), Inbound: l.count.inbound.Load(), ReceiptsUnmatched: l.count.unmatched.Load(),
		Alerts: l.count.alerts.Load(),
	}
	s.Queued = int64(l.lanes.n)
	for i := range l.spill {
		s.Queued += max(0, l.spill[i].rows)
	}
	for _, sess := range l.sessions {
		s.InFlight += sess.used
	}
	return s
}
