package gateway

import (
	"log/slog"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// link is a connector as the gateway sees it: its sessions, what waits for
// them in memory, and how much more waits on disk only.
type link struct {
	name     string
	set      LinkSettings
	conn     connector.Connector
	tap      connector.Tap // sees its PDUs (trace.go)
	sessions []*session
	receive  map[uint32]struct{} // sessions that only receive
	wish     LinkWish
	free     bool          // free rows may wait for it (free.go)
	frees    uint64        // how often that was noted
	claiming bool          // some are being claimed
	passed   store.Waiting // how far passOn has come

	elsewhere bool      // another gateway has a session
	since     time.Time // of its state
	downAt    time.Time // since when there is no session that sends
	returns   int64     // Unix milliseconds from which it is well again, after it was down for long; 0: it is
	wasUp     bool      // it has had a session that sends
	lanes     lanes
	coming    int // accepted for the lanes and not yet on disk
	pace      pace
	rates     linkRates
	fulls     fullQueues
	spill     [message.Priorities]spill
	count     linkCounters

	scope     *idScope      // in which the operator's ids are unique; see scopeOf
	unmatched unmatchedRing // receipts that came by it
}

// spill is the part of a lane that is on disk only.
type spill struct {
	some    bool                  // rows may be there of messages that are not in memory
	rows    int64                 // about how many, for people
	last    uint64                // sequence of the gather that adds the newest
	pass    pass                  // over those rows
	claims  uint64                // rows that were claimed
	passing uint64                // and those that had been when the walk began
	after   map[string]message.ID // by account: how far it has come
	on      map[string]*onDisk    // accounts that may have rows there
	loading bool
	again   time.Time // not to be read before
}

// session is one session of a link.
type session struct {
	num     uint32
	link    *link
	credit  int
	used    int
	down    bool
	first   *entry                // of those granted to it, in no order
	refused []*connector.Outgoing // by the connector, which is about to tell its end
	handIn  uint64                // sequence of the gather that holds its hand
	handAt  int                   // where in that gather
}

func (s *session) room() int { return s.credit - s.used }

// fits tells whether a message may be granted to the session: within its
// credit, or, if it has more parts than that, alone.
func (s *session) fits(e *entry) bool { return e.cost() <= s.room() || s.used == 0 }

// add books a message on the session's credit.
func (s *session) add(e *entry) {
	s.used += e.cost()
	e.sess, e.wired = s, false
	e.prev, e.next = nil, s.first
	if s.first != nil {
		s.first.prev = e
	}
	s.first = e
}

// remove gives the credit back.
func (s *session) remove(e *entry) {
	s.used -= e.cost()
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		s.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	}
	e.sess, e.prev, e.next = nil, nil, nil
}

// grant is a row that says which messages a session may have sent.
type grant struct {
	number int64
	at     int64 // Unix milliseconds
	open   int   // messages without an answer
}

// link returns the link of that name; an unknown one is made, so that what
// waits for a link taken out of the configuration keeps its place.
func (g *Gateway) link(name string) *link {
	l := g.links[name]
	if l == nil {
		l = &link{name: name, since: time.Now()}
		l.downAt = l.since
		l.set.Name, l.lanes.paces = name, g.paces
		l.set.setDefaults()
		g.links[name] = l
	}
	return l
}

func (l *link) configure(set LinkSettings) {
	set.setDefaults()
	l.set = set
	l.pace.configure(set.Rate)
}

// up tells whether a session may send.
func (l *link) up() bool { return len(l.sessions) > 0 && l.conn != nil && l.wish == LinkRuns }

// sends tells whether a session may send, and there is a share of the link's rate.
func (l *link) sends() bool { return l.up() && !l.rates.none }

// bound tells whether the link has a session of the kind that it is meant to
// have.
func (l *link) bound() bool {
	return len(l.sessions) > 0 || l.set.ReceiveOnly && len(l.receive) > 0
}

// best returns the session with the most room, nil if none has any.
func (l *link) best() *session {
	var best *session
	if l.conn == nil || l.wish != LinkRuns || l.rates.none {
		return nil
	}
	for _, s := range l.sessions {
		if s.room() > 0 && (best == nil || s.room() > best.room()) {
			best = s
		}
	}
	return best
}

// linkCore is what the connector of one link calls.
type linkCore struct {
	g *Gateway
	l *link
}

// SessionUp implements connector.Core.
func (c linkCore) SessionUp(num uint32, credit int) {
	c.g.mu.Lock()
	was := c.l.bound()
	if credit == 0 {
		c.l.receives(num)
	} else {
		c.l.comesBack(time.Now())
		c.l.sessions = append(c.l.sessions, &session{num: num, link: c.l, credit: credit})
		c.g.dispatch(c.l, c.g.now())
	}
	if !was && c.l.bound() {
		c.l.since = time.Now()
		c.g.lookAt(c.l, c.g.now())
	}
	c.g.mu.Unlock()
	c.g.signal()
	c.g.opt.tellSessions()
	c.g.log.Info("session up", "link", c.l.name, "session", num, "credit", credit)
}

// receives notes a session that only receives.
func (l *link) receives(num uint32) {
	if l.receive == nil {
		l.receive = map[uint32]struct{}{}
	}
	l.receive[num] = struct{}{}
}

// SessionDown implements connector.Core.
func (c linkCore) SessionDown(num uint32, unwritten []*connector.Outgoing, reason error) {
	g := c.g
	g.mu.Lock()
	lost := g.sessionDown(c.l, num, unwritten, g.now())
	if !c.l.bound() {
		g.lookAt(c.l, g.now())
	}
	g.dispatch(c.l, g.now())
	quiet := c.l.set.QuietCut > 0 || c.l.set.maintained(time.Now())
	g.mu.Unlock()
	g.signal()
	g.opt.tellSessions()
	if reason == nil {
		g.log.Info("session closed", "link", c.l.name, "session", num, "uncertain", lost)
		return
	}
	level := slog.LevelWarn
	if quiet { // the connector warns if it stays away
		level = slog.LevelInfo
	}
	g.log.Log(g.ctx, level, "session down", "link", c.l.name, "session", num, "uncertain", lost, "reason", reason)
}

// sessionDown takes back what the session had been granted: what was never
// written waits again as if nothing had happened, the rest is uncertain.
func (g *Gateway) sessionDown(l *link, num uint32, unwritten []*connector.Outgoing, now time.Time) (uncertain int) {
	var s *session
	for i, have := range l.sessions {
		if have.num == num {
			s = have
			l.sessions = append(l.sessions[:i:i], l.sessions[i+1:]...)
			break
		}
	}
	if s == nil {
		was := l.bound()
		delete(l.receive, num)
		if was && !l.bound() {
			l.since = time.Now()
		}
		return 0
	}
	s.down = true
	if len(l.sessions) == 0 {
		l.since = time.Now()
		if l.wish == LinkRuns {
			l.downAt = time.Now()
		}
	}
	g.recall(s, now)
	g.takeBackOut(s.refused, s, now)
	g.takeBackOut(unwritten, s, now)
	s.refused = nil
	handing := g.beingHanded(s)
	for e := s.first; e != nil; {
		next := e.next
		if e.wired && !handing[e] { // what is not yet handed over is taken back when its gather is on disk
			uncertain++
			g.release(e)
			g.uncertain(e, now)
		}
		e = next
	}
	return uncertain
}
