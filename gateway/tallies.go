package gateway

import (
	"cmp"
	"maps"
	"strconv"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
	"kurir/tally"
)

// What reports tell apart beyond the counters (docs/reports.md) gathers with the
// records of the messages and is in the same commit: sums and messages agree after
// a crash. A gather has one entry for all messages that are alike; what its rows are
// called is only written out when the gather is taken.

// tallyKey is what messages of an entry have in common.
type tallyKey struct {
	hour                   int64 // Unix hours
	account, link, network string
	kind                   store.TallyKind // accepted, final, answer or inbound
	state                  message.State   // of final
	failure                message.FailureKind
	class                  uint8 // of how long it took: of delivered messages and of answers
}

// tallied is how many they are.
type tallied struct{ n, parts int64 }

// tallySums are the entries of a gather. Messages that follow one another are mostly alike, so that the last entry of each of a few
// kinds is at hand: a look at the key in place of a look into the map.
type tallySums struct {
	all  map[tallyKey]*tallied
	last [tallyLast]struct {
		key tallyKey
		sum *tallied
	}
}

const tallyLast = 8 // more than there are kinds

// of gives the entry of a key, which is made if it is not there.
func (s *tallySums) of(k tallyKey) *tallied {
	last := &s.last[k.kind%tallyLast]
	if last.sum != nil && last.key == k {
		return last.sum
	}
	t := s.all[k]
	if t == nil {
		t = new(tallied)
		s.all[k] = t
	}
	last.key, last.sum = k, t
	return t
}

// forget takes entries out.
func (s *tallySums) forget(which func(tallyKey) bool) {
	maps.DeleteFunc(s.all, func(k tallyKey, _ *tallied) bool { return which(k) })
	clear(s.last[:])
}

// reset takes all out.
func (s *tallySums) reset() {
	if s.all == nil {
		s.all = map[tallyKey]*tallied{}
	}
	clear(s.all)
	clear(s.last[:])
}

// networkKey is how sums call the network of a recipient: its code, where that is
// not known the country, else nothing.
func (g *Gateway) networkKey(to message.Address) string {
	n := g.snap.Load().Networks.Of(to)
	return cmp.Or(n.Code, n.Country)
}

// countAccepted counts a new message.
func (g *Gateway) countAccepted(m *message.Message, now time.Time) {
	g.tally(m.Account, m.Links[0], tallyAccepted, now)
	k := tallyKey{hour: now.Unix() / 3600, account: m.Account, link: m.Links[0], network: g.networkKey(m.To), kind: store.TallyAccepted}
	t := g.cur.tallies.of(k)
	t.n++
	t.parts += int64(m.Parts)
}

// uncountAccepted takes a message off that does not get on disk.
func (g *Gateway) uncountAccepted(b *gather, m *message.Message, hour int64) {
	k := tallyKey{hour: hour, account: m.Account, link: m.Links[0], network: g.networkKey(m.To), kind: store.TallyAccepted}
	t := b.tallies.of(k)
	t.n--
	if t.parts -= int64(m.Parts); t.n <= 0 {
		b.tallies.forget(func(of tallyKey) bool { return of == k })
	}
}

// countFinal counts a message that has ended.
func (g *Gateway) countFinal(e *entry, s message.State, why message.FailureKind, now time.Time) {
	m := e.m
	g.tally(m.Account, e.link.name, s.String(), now)
	k := tallyKey{
		hour: now.Unix() / 3600, account: m.Account, link: e.link.name, network: g.networkKey(m.To),
		kind: store.TallyFinal, state: s, failure: why,
	}
	if s == message.Delivered {
		k.failure = message.NoFailure
		since := max(m.ID.Millis(), m.SendAt)
		k.class = uint8(tally.Class(time.Duration(now.UnixMilli()-since) * time.Millisecond))
	}
	g.cur.tallies.of(k).n++
}

// countInbound counts a message from a phone.
func (g *Gateway) countInbound(in *message.Inbound, now time.Time) {
	g.tally(in.Account, in.Link, tallyInbound, now)
	k := tallyKey{hour: now.Unix() / 3600, account: in.Account, link: in.Link, network: g.networkKey(in.From), kind: store.TallyInbound}
	g.cur.tallies.of(k).n++
}

// answerTimes counts how long an operator took for answers that come together.
type answerTimes struct {
	class int
	n     int64
}

// add counts an answer, unless it is none of the operator's.
func (t *answerTimes) add(g *Gateway, l *link, e *entry, a *connector.Answer, now time.Time) {
	if e.handed == 0 || a.Failure != nil && (a.Failure.Kind == message.NoAnswer || a.Failure.Kind == message.LinkDown) {
		return
	}
	class := tally.Class(time.Duration(now.UnixMilli()-e.handed) * time.Millisecond)
	if class != t.class {
		t.flush(g, l, now)
		t.class = class
	}
	t.n++
}

// flush puts what was counted into the gather.
func (t *answerTimes) flush(g *Gateway, l *link, now time.Time) {
	if t.n == 0 {
		return
	}
	k := tallyKey{hour: now.Unix() / 3600, link: l.name, kind: store.TallyAnswer, class: uint8(t.class)}
	g.cur.tallies.of(k).n += t.n
	t.n = 0
}

// appendTallied appends the sums that have gathered, each once.
func (b *gather) appendTallied(rows []store.Counter) []store.Counter {
	sums := map[counterKey]int64{}
	for k, t := range b.tallies.all {
		add := func(kind store.TallyKind, detail string, n int64) {
			sums[counterKey{k.hour, k.account, k.link, kind.What(detail)}] += n
		}
		switch k.kind {
		case store.TallyAccepted:
			add(store.TallyAccepted, k.network, t.n)
			add(store.TallyParts, k.network, t.parts)
		case store.TallyInbound:
			add(store.TallyInbound, k.network, t.n)
		case store.TallyAnswer:
			add(store.TallyAnswer, strconv.Itoa(int(k.class)), t.n)
		default:
			add(store.TallyFinal, strconv.Itoa(int(k.state))+":"+strconv.Itoa(int(k.failure))+":"+k.network, t.n)
			if k.state == message.Delivered {
				add(store.TallyArrival, strconv.Itoa(int(k.class)), t.n)
			}
		}
	}
	for k, n := range sums {
		rows = append(rows, store.Counter{Hour: k.hour, Account: k.account, Link: k.link, What: k.what, N: n})
	}
	return rows
}
