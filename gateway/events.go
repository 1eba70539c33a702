package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// Events are the states that an account's messages come to and its messages from
// phones, in the order of their commits, whatever target they are owed to. They
// are written in the commit that they tell of, for accounts that follow them
// alone: from when somebody first does until nobody has for Options.EventsKept.
// So whoever goes on from a position misses nothing.

// eventBook is whose events are written. Gateway.mu guards it.
type eventBook struct {
	accounts map[string]*eventAccount
	tell     func(account string) // that there are new ones on disk
}

type eventAccount struct {
	used      int64      // when it was last followed, as it is on disk
	followers int        //
	seq       uint64     // of the gather that began it
	head      message.ID // position of the last event on disk, about
}

// eventTouch is how often it is written down that an account is being followed.
func (o *Options) eventTouch() time.Duration { return min(time.Hour, o.EventsKept/4) }

// EventsGoneError says that not all events behind a position are kept.
type EventsGoneError = store.EventsGoneError

// Event is what an account is told: a message as it stood when it came to State,
// or a message from a phone.
type Event struct {
	Position message.ID
	At       int64 // Unix milliseconds
	State    message.State
	Message  *message.Message
	Inbound  *message.Inbound // or this
}

// WatchEvents has tell called with each account that has new events on disk, from
// Run on. It must not wait.
func (g *Gateway) WatchEvents(tell func(account string)) { g.events.tell = tell }

// recoverEvents reads whose events are written, and returns the last position.
func (g *Gateway) recoverEvents(ctx context.Context) (last message.ID, err error) {
	g.events.accounts = map[string]*eventAccount{}
	list, err := g.store.EventAccounts(ctx)
	for _, a := range list {
		g.events.accounts[a.Account] = &eventAccount{used: a.Used, head: a.Head}
		last = max(last, a.Head)
	}
	return last, err
}

// noteState makes an event of a final state. The lock is held, as it is for those
// that follow.
func (g *Gateway) noteState(m *message.Message, now time.Time) {
	if len(g.events.accounts) > 0 {
		g.note(m.Account, store.Event{ID: m.ID, State: m.State, Log: len(m.Log)}, now)
	}
}

// noteMidway makes an event of a state that is not final and that its customer
// asked for, the first time that the message comes to it.
func (g *Gateway) noteMidway(m *message.Message, s message.State, now time.Time) {
	if len(g.events.accounts) > 0 && g.events.accounts[m.Account] != nil && timesCome(m, s) <= 1 {
		g.note(m.Account, store.Event{ID: m.ID, State: s, Log: len(m.Log)}, now)
	}
}

// timesCome counts how often a message has come to a state that is not final.
func timesCome(m *message.Message, s message.State) (n int) {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		if s == message.Enroute && e.Kind == message.EventTaken && e.Part == 1 ||
			s == message.Buffered && e.Kind == message.EventReport && !e.State.Final() {
			n++
		}
	}
	return n
}

// noteInbound makes an event of a message from a phone.
func (g *Gateway) noteInbound(in *message.Inbound, now time.Time) {
	if len(g.events.accounts) > 0 {
		g.note(in.Account, store.Event{ID: in.ID, Inbound: true}, now)
	}
}

func (g *Gateway) note(account string, e store.Event, now time.Time) {
	if g.events.accounts[account] == nil {
		return
	}
	e.Account, e.Position, e.At = account, g.nextID(now), now.UnixMilli()
	g.cur.Events = append(g.cur.Events, e)
}

// tellEvents says whose events of a gather are on disk.
func (g *Gateway) tellEvents(list []store.Event) {
	for i := range list {
		e := &list[i]
		if a := g.events.accounts[e.Account]; a != nil {
			a.head = max(a.head, e.Position)
		}
		if last := i == len(list)-1 || list[i+1].Account != e.Account; last && g.events.tell != nil {
			g.events.tell(e.Account)
		}
	}
}

// FollowEvents says that somebody follows an account's events until leave is
// called, and returns a position behind which all are kept: about the last. The
// first to follow waits until that is on disk. A *message.Failure says that it
// cannot be written now.
func (g *Gateway) FollowEvents(ctx context.Context, account string) (head message.ID, leave func(), err error) {
	g.mu.Lock()
	if g.full != nil {
		defer g.mu.Unlock()
		return 0, nil, g.refusal()
	}
	a := g.keepEventsOf(account, g.now())
	a.followers++
	var done <-chan error
	if g.done < a.seq {
		done = g.onDisk()
	}
	head = a.head
	g.mu.Unlock()
	leave = func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		a.followers--
		g.touchEvents(account, a, g.now(), time.Minute)
	}
	if done == nil {
		return head, leave, nil
	}
	g.signal()
	if err := settledBy(ctx, done); err != nil {
		leave()
		return 0, nil, err
	}
	return head, leave, nil
}

// keepEventsOf has the events of an account written from now on.
func (g *Gateway) keepEventsOf(account string, now time.Time) *eventAccount {
	a := g.events.accounts[account]
	if a == nil {
		a = &eventAccount{used: now.UnixMilli(), seq: g.cur.seq, head: g.nextID(now)}
		g.events.accounts[account] = a
		g.cur.EventAccounts = append(g.cur.EventAccounts, store.EventAccount{Account: account, Floor: a.head, Used: a.used})
	}
	return a
}

// touchEvents writes down that an account's events are of use, if that was last
// done longer ago than often.
func (g *Gateway) touchEvents(account string, a *eventAccount, now time.Time, often time.Duration) {
	if ms := now.UnixMilli(); ms-a.used > often.Milliseconds() && g.events.accounts[account] == a {
		a.used = ms
		g.cur.EventAccounts = append(g.cur.EventAccounts, store.EventAccount{Account: account, Used: ms})
	}
}

// passEvents ends the events of accounts that nobody has followed for long.
func (g *Gateway) passEvents(now time.Time) {
	for name, a := range g.events.accounts {
		switch {
		case a.followers > 0:
			g.touchEvents(name, a, now, g.opt.eventTouch())
		case now.UnixMilli()-a.used > (g.opt.EventsKept + g.opt.eventTouch()).Milliseconds():
			delete(g.events.accounts, name)
			g.cur.EventAccounts = append(g.cur.EventAccounts, store.EventAccount{Account: name, Gone: true})
		}
	}
}

// EventsAfter returns events of an account that are on disk, from a position on,
// at most n, and the position to go on from. Those of messages that are not kept
// any more are left out. The error is *EventsGoneError if not all are kept.
func (g *Gateway) EventsAfter(ctx context.Context, account string, after message.ID, n int) (list []Event, next message.ID, err error) {
	rows, err := g.store.EventsAfter(ctx, account, after, n)
	if err != nil || len(rows) == 0 {
		return nil, after, err
	}
	var ids, inbound []message.ID
	for i := range rows {
		if rows[i].Inbound {
			inbound = append(inbound, rows[i].ID)
		} else {
			ids = append(ids, rows[i].ID)
		}
	}
	slices.Sort(ids)
	messages, err := g.store.MessagesByID(ctx, slices.Compact(ids))
	if err != nil {
		return nil, after, err
	}
	arrived, err := g.store.InboundByID(ctx, inbound)
	if err != nil {
		return nil, after, err
	}
	of := make(map[message.ID]*message.Message, len(messages))
	for _, m := range messages {
		of[m.ID] = m
	}
	from := make(map[message.ID]*message.Inbound, len(arrived))
	for _, in := range arrived {
		from[in.ID] = in
	}
	list = make([]Event, 0, len(rows))
	for i := range rows {
		r := &rows[i]
		ev := Event{Position: r.Position, At: r.At, State: r.State, Inbound: from[r.ID]}
		if !r.Inbound {
			ev.Message = stood(of[r.ID], r)
		}
		if ev.Message != nil && ev.Message.Account == account || ev.Inbound != nil && ev.Inbound.Account == account {
			list = append(list, ev)
		}
	}
	return list, rows[len(rows)-1].Position, nil
}

// stood is a message as it was when it came to the state of an event; nil if it is
// gone.
func stood(m *message.Message, e *store.Event) *message.Message {
	if m == nil {
		return nil
	}
	then := *m
	then.Log = then.Log[:min(e.Log, len(then.Log))]
	if then.State = e.State; !e.State.Final() {
		then.Final = 0
	}
	return &then
}

// EventPosition reads a position as customers show it.
func EventPosition(text string) (message.ID, error) {
	p, err := message.ParseID(text)
	if err != nil || p <= 0 {
		return 0, fmt.Errorf("not a position of an event: %w", message.ErrBadID)
	}
	return p, nil
}

// EventPositionAt is the position behind which all events from a time on lie.
func EventPositionAt(t time.Time) message.ID { return max(message.FirstIDAt(t)-1, 1) }
