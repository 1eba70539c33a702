package gateway

import (
	"context"
	"slices"

	"kurir/message"
	"kurir/store"
)

// chaosEvents follows acme's events through all lives of the process: it reads some now and then, and goes on from where
// it came to.
type chaosEvents struct {
	first, at message.ID
	got       []chaosEvent
	leave     func()
}

type chaosEvent struct {
	position, id message.ID
	state        message.State // 0 of an inbound message
}

// followEvents begins to follow in a new life.
func (c *chaos) followEvents() {
	head, leave, err := c.w.FollowEvents(context.Background(), "acme")
	if err != nil {
		c.t.Fatal(err)
	}
	if c.events.first == 0 {
		c.events.first, c.events.at = head, head
	}
	c.events.leave = leave
}

// readEvents reads some events, unless the process is killed meanwhile.
func (c *chaos) readEvents(n int) (more bool) {
	f := &c.events
	c.mu.Lock()
	life, dead := c.life, c.killed != ""
	c.mu.Unlock()
	list, next, err := c.w.EventsAfter(context.Background(), "acme", f.at, n)
	c.mu.Lock()
	defer c.mu.Unlock()
	if dead || c.life != life {
		return false
	}
	if err != nil {
		c.t.Errorf("read events behind %s: %v", f.at, err)
		return false
	}
	f.got = appendEvents(f.got, list)
	more = next != f.at
	f.at = next
	return more
}

func appendEvents(got []chaosEvent, list []Event) []chaosEvent {
	for _, e := range list {
		ev := chaosEvent{position: e.Position, state: e.State}
		if e.Inbound != nil {
			ev.id = e.Inbound.ID
		} else {
			ev.id = e.Message.ID
		}
		got = append(got, ev)
	}
	return got
}

// checkEvents compares what was read on the way with what there is, and that with the messages.
func (c *chaos) checkEvents(byRef map[string]*message.Message) {
	f := &c.events
	for c.readEvents(1 + c.rng.IntN(50)) {
	}
	list, _, err := c.w.EventsAfter(context.Background(), "acme", f.first, 1_000_000)
	if err != nil {
		c.t.Fatal(err)
	}
	if whole := appendEvents(nil, list); !slices.Equal(f.got, whole) {
		c.t.Errorf("%d events were read on the way, and are %d:\n%v\n%v", len(f.got), len(whole), f.got, whole)
	}
	of := map[message.ID][]message.State{}
	last := f.first
	for _, e := range f.got {
		if e.position <= last {
			c.t.Errorf("event %s comes behind %s", e.position, last)
		}
		last = e.position
		of[e.id] = append(of[e.id], e.state)
	}
	for ref, m := range byRef {
		if m.Account != "acme" {
			continue
		}
		c.checkStates(ref, m, of[m.ID])
		delete(of, m.ID)
	}
	inbound, _, err := c.w.store.InboundList(context.Background(), store.Filter{Account: "acme", Limit: 1000})
	if err != nil {
		c.t.Fatal(err)
	}
	for _, in := range inbound {
		if len(of[in.ID]) != 1 {
			c.t.Errorf("inbound %s has events %v", in.ID, of[in.ID])
		}
		delete(of, in.ID)
	}
	if len(of) > 0 {
		c.t.Errorf("events of what acme has not: %v", of)
	}
	c.t.Logf("%d events", len(f.got))
}

// checkStates compares the events of a message with what is on disk of it.
func (c *chaos) checkStates(ref string, m *message.Message, states []message.State) {
	taken := false
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		taken = taken || e.Kind == message.EventTaken
	}
	midway := states[:max(0, len(states)-1)]
	switch {
	case len(states) == 0 || states[len(states)-1] != m.State:
	case len(midway) > 0 && !m.Receipts.Wants(message.Enroute):
	case len(midway) == 0 && m.Receipts.Wants(message.Enroute) && taken:
	case slices.ContainsFunc(midway, message.State.Final):
	case len(midway) > 2 || len(midway) == 2 && midway[0] == midway[1]:
	default:
		return
	}
	c.t.Errorf("%s is %s and has events %v; log %s", ref, m.State, states, describe(m))
}
