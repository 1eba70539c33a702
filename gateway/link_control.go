package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/connector"
	"kurir/store"
)

// LinkWish is what people want of a link. It is kept in memory: a new start of
// the process opens every link of the file. Where several gateways use one store it
// is kept there, and is that of all of them. The numbers are on disk.
type LinkWish uint8

// The wishes.
const (
	LinkRuns   LinkWish = iota // its sessions are open and take messages
	LinkDrains                 // its sessions stay open for receipts and inbound messages; no message is granted to them
	LinkStops                  // it has no sessions
)

// String returns its name.
func (w LinkWish) String() string {
	switch w {
	case LinkDrains:
		return "drain"
	case LinkStops:
		return "stop"
	}
	return "start"
}

// LinkStep is one step of a link's test.
type LinkStep = connector.TestStep

// ModemStats is what is to be known of a GSM modem of a link.
type ModemStats = connector.ModemStats

// LinkError says why a link cannot be controlled as asked.
type LinkError struct {
	Missing bool // there is no such link or session; otherwise it is in the wrong state for it
	Text    string
}

// Error implements error.
func (e *LinkError) Error() string { return e.Text }

// LinkWish returns what is wanted of a link; LinkRuns of one that nobody has
// spoken of.
func (g *Gateway) LinkWish(name string) LinkWish {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.links[name]; l != nil {
		return l.wish
	}
	return LinkRuns
}

// SetLinkWish says what is wanted of a link. From then on nothing is granted to
// a link that drains or stops: what waits for it takes the next link of its
// route after fallback_wait, or stays. To open and close its sessions is app's
// part.
func (g *Gateway) SetLinkWish(name string, wish LinkWish) {
	now := time.Now()
	g.mu.Lock()
	l := g.link(name)
	if l.wish != wish {
		was := l.up()
		l.wish, l.since = wish, now
		if was && !l.up() {
			l.downAt = now
		}
		g.dispatch(l, g.now())
	}
	g.mu.Unlock()
	g.signal()
}

// KeepLinkWish puts on disk what is wanted of a link, for the other gateways that
// use the store. done tells when it is there.
func (g *Gateway) KeepLinkWish(name string, wish LinkWish) (done <-chan error, refused error) {
	g.mu.Lock()
	if g.full != nil {
		err := g.full
		g.mu.Unlock()
		return nil, err
	}
	g.cur.Wishes = append(g.cur.Wishes, store.LinkWish{Link: name, Wish: int64(wish)})
	done = g.onDisk()
	g.mu.Unlock()
	g.signal()
	return done, nil
}

// LinkWishes returns what is on disk of them, but LinkRuns.
func (g *Gateway) LinkWishes(ctx context.Context) (map[string]LinkWish, error) {
	rows, err := g.store.LinkWishes(ctx)
	all := make(map[string]LinkWish, len(rows))
	for name, wish := range rows {
		all[name] = LinkWish(wish)
	}
	return all, err
}

// linkConnector returns the connector of a link, nil while it has none.
func (g *Gateway) linkConnector(name string) connector.Connector {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.links[name]; l != nil {
		return l.conn
	}
	return nil
}

// LinkStats returns the links of the configuration as they are now, by name.
func (g *Gateway) LinkStats() []LinkStats {
	configured := g.snap.Load().Links
	links := slices.DeleteFunc(g.Stats().Links, func(l LinkStats) bool {
		_, known := configured[l.Name]
		return !known
	})
	slices.SortFunc(links, func(a, b LinkStats) int { return strings.Compare(a.Name, b.Name) })
	return links
}

// RestartSession closes a session of a link, by the number in its stats, in good
// order and opens another in its place, unless the operator does that (outbind); one that waits to be opened is opened at
// once. The other sessions are not touched. The error is a *LinkError.
func (g *Gateway) RestartSession(name string, session uint32) error {
	if _, known := g.snap.Load().Links[name]; !known {
		return noLink(name)
	}
	conn := g.linkConnector(name)
	if conn == nil {
		return &LinkError{Text: "the link " + name + " is stopped; start it first"}
	}
	r, able := conn.(connector.Restarter)
	switch {
	case able && r.RestartSession(session):
		return nil
	case hasSession(conn, session):
		return &LinkError{Text: "sessions of a link of this kind cannot be opened anew one by one; restart the link"}
	}
	return noSession(name)
}

func noLink(name string) error {
	return &LinkError{Missing: true, Text: fmt.Sprintf("there is no link %q", name)}
}

func noSession(name string) error {
	return &LinkError{Missing: true, Text: "the link " + name + " has no session of this number; it has another after each connection"}
}

// The states of a link in LinkStats.
const (
	linkUp           = "up"
	linkElsewhere    = "elsewhere" // only other gateways have sessions
	linkDown         = "down"
	linkReconnecting = "reconnecting" // for less than quiet_cut
	linkMaintenance  = "maintenance"  // down at a time when the operator works on his side
	linkDraining     = "draining"
	linkStopped      = "stopped"
)

// LinkStates are all of them.
func LinkStates() []string {
	return []string{linkUp, linkElsewhere, linkDown, linkReconnecting, linkMaintenance, linkDraining, linkStopped}
}

// Alarm tells whether somebody should look at the link: it is down, at all gateways
// that use the store, and that is neither wanted nor tolerated.
func (s *LinkStats) Alarm() bool { return s.State == linkDown }

// state tells how the link stands.
func (l *link) state(now time.Time) string {
	switch {
	case l.wish == LinkStops:
		return linkStopped
	case !l.bound() || l.conn == nil:
		switch {
		case l.elsewhere:
			return linkElsewhere
		case l.set.maintained(now):
			return linkMaintenance
		case now.Sub(l.since) < l.set.QuietCut:
			return linkReconnecting
		}
		return linkDown
	case l.wish == LinkDrains:
		return linkDraining
	}
	return linkUp
}
