package gateway

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"kurir/message"
	"kurir/store"
)

// Several gateways may use one store (Options.Shared). What each of them does
// with it:
//
//  1. Every open message belongs to one of them: to the one in its row of a spill
//     table or grant, else to the one whose number is in its id. A message with an
//     id of another gateway always has a row of this one while it is in memory
//     here, as those have that lie behind the mark (needsRow).
//  2. What waits for a link of which there is no session here stands in a free row
//     of table waiting (free.go), and is claimed by a gateway that has one.
//     The same goes for what is owed to a customer who is bound elsewhere
//     (free_owed.go).
//  3. A receipt whose message is not known here is held, as always; the others look
//     at what this one holds, and whose message it is takes it (held_elsewhere.go).
//     Parts of a message from a phone come together likewise (parts_elsewhere.go).
//  4. What is asked of a message that another gateway has is done by the one that is asked, once it has
//     the message (take_over.go, hand_over.go).
//  5. After a commit the others are told what it has left for them. Since that may be lost, each looks
//     for itself every second.
//  6. What a dead gateway had is taken over by another one (adopt.go).

// sweepEvery is how often a gateway looks for itself what others have left.
const sweepEvery = time.Second

// news is what other gateways have signalled and nobody has looked at.
type news struct {
	mu     sync.Mutex
	links  map[string]struct{}
	queues map[string]struct{}
	held   bool
	parts  bool
	mail   bool
	poke   chan struct{}
	acks   []partsAck
	over   bool // nobody looks any more
}

func (n *news) init() {
	n.links, n.queues, n.poke = map[string]struct{}{}, map[string]struct{}{}, make(chan struct{}, 1)
}

// needsRow tells whether an open message in memory has to have a row.
func (g *Gateway) needsRow(id message.ID) bool { return id <= g.mark || id.Node() != g.opt.Node }

// Peers says which other gateways are up.
func (g *Gateway) Peers(nodes []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.peers = append([]int{}, nodes...)
}

// HeldElsewhere says of which links other gateways have sessions that are open.
func (g *Gateway) HeldElsewhere(links []string) {
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, name := range links {
		g.link(name)
	}
	for _, l := range g.links {
		was := l.elsewhere
		l.elsewhere = slices.Contains(links, l.name)
		if was != l.elsewhere && !l.bound() {
			l.since = now
		}
		if was && !l.elsewhere && !l.up() {
			l.downAt = now
		}
	}
}

// OpenSessions returns how many sessions of each link of the configuration are open
// here, of the kind that the link is meant to have.
func (g *Gateway) OpenSessions() map[string]int {
	configured := g.snap.Load().Links
	open := make(map[string]int, len(configured))
	g.mu.Lock()
	defer g.mu.Unlock()
	for name := range configured {
		open[name] = 0
		if l := g.links[name]; l != nil && l.bound() {
			open[name] = max(len(l.sessions), 1)
			if l.set.ReceiveOnly {
				open[name] = len(l.sessions) + len(l.receive)
			}
		}
	}
	return open
}

// told takes a signal of the store, in the middle of a commit.
func (g *Gateway) told(s store.Signal) {
	n := &g.news
	n.mu.Lock()
	for _, name := range s.Links {
		n.links[name] = struct{}{}
	}
	for _, name := range s.Queues {
		n.queues[name] = struct{}{}
	}
	if s.Node != g.opt.Node {
		n.held = n.held || s.Held
		n.mail = n.mail || slices.Contains(s.Mail, g.opt.Node)
	}
	n.parts = n.parts || s.Parts || s.Joined && len(n.acks) > 0
	n.signal()
	n.mu.Unlock()
}

func (n *news) signal() {
	select {
	case n.poke <- struct{}{}:
	default:
	}
}

// take returns what was signalled since the last call.
func (n *news) take() (links, queues []string, held, parts, mail bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	links, queues = slices.Collect(maps.Keys(n.links)), slices.Collect(maps.Keys(n.queues))
	held, parts, mail = n.held, n.parts, n.mail
	clear(n.links)
	clear(n.queues)
	n.held, n.parts, n.mail = false, false, false
	return links, queues, held, parts, mail
}

// nodeLoop looks at what other gateways have left: at first, when they say so, and
// every second.
func (g *Gateway) nodeLoop(ctx context.Context) {
	defer g.store.Listen(g.told)()
	defer g.news.end()
	g.heldUnsought.Store(true) // what came while nobody was here, of messages that have left memory
	t := time.NewTicker(sweepEvery)
	defer t.Stop()
	for sweep := true; ; {
		if err := g.lookAround(ctx, sweep); err != nil && ctx.Err() == nil {
			g.log.Error("look at what other servers have left", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-g.news.poke:
			sweep = false
		case <-t.C:
			sweep = true
		}
	}
}

func (g *Gateway) lookAround(ctx context.Context, sweep bool) error {
	links, queues, held, parts, mail := g.news.take()
	g.mu.Lock()
	stuck := g.full != nil || g.clockHeld()
	for _, name := range links {
		g.link(name).freed()
	}
	for _, name := range queues {
		if k, ok := parseBoxKey(name); ok {
			g.boxOf(k).freed()
		}
	}
	for _, l := range g.links {
		if sweep && l.up() {
			l.freed()
		}
		g.claim(l)
	}
	for _, b := range g.boxes {
		g.claimOwed(b)
	}
	g.mu.Unlock()
	if stuck {
		return nil
	}
	if parts || sweep {
		if err := g.readParts(ctx, sweep); err != nil {
			return err
		}
	}
	if mail || sweep {
		if err := g.readMail(ctx); err != nil {
			return err
		}
	}
	if held || sweep {
		err := g.readHeld(ctx, sweep)
		if err == nil && sweep && g.heldUnsought.CompareAndSwap(true, false) {
			err = g.lookAtHeld(ctx, g.allHeld())
		}
		g.knowHeld(sweep, err)
		if err != nil {
			return err
		}
	}
	if !sweep {
		return nil
	}
	now := g.now()
	if err := g.endFree(ctx, now); err != nil {
		return err
	}
	if err := g.passOn(ctx, now); err != nil {
		return err
	}
	return g.freeOwed(ctx)
}
