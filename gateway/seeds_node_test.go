package gateway

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// simNode is a server, which lives several times.
type simNode struct {
	s       *sim
	num     int
	term    int64
	life    *simLife // nil: it is down
	leftBy  bool     // what it had is to be taken over
	adopts  chan error
	adopted *simNode // whom it is taking over
}

// simLife is one life of a server.
type simLife struct {
	s       *sim
	node    *simNode
	number  int // of all lives
	g       *Gateway
	links   context.CancelFunc
	linked  sync.WaitGroup
	stop    context.CancelFunc
	ended   chan error
	dead    bool          // it commits nothing more, and nobody hears of it
	dying   int           // commits that are still done
	behind  bool          // the last of which it does not hear of
	stalled chan struct{} // it stands still, and goes on when this is closed; nil: it does not
	full    bool          // the disk
	asked   int           // calls of Accept that have no answer
	here    map[string]bool
	session map[string]int // counts how often an account has come
}

// begin starts a life of a server.
func (n *simNode) begin() {
	s := n.s
	s.mu.Lock()
	s.lives++
	n.leftBy = false
	s.logf("node %d begins", n.num)
	s.mu.Unlock()
	if err := s.store.Settle(); err != nil { // a start opens the database, upon which this is done
		s.t.Fatal(err)
	}
	opt := Options{
		Store: s.store, Snapshot: s.snap, Node: n.num, Term: n.term, Shared: true,
		QueueMemory: 6, OutboxMemory: 4, OpenMemory: 20, page: 3, MarkLag: 2 * time.Second, JoinWait: 4 * time.Minute,
		HoldReceipts: 30 * time.Second, // longer than a takeover takes, as the ten minutes of a real one are
		Log:          slog.New(slog.DiscardHandler),
	}
	if *randomLog {
		opt.Log = slog.New(slog.NewTextHandler(os.Stdout, nil)).With("at", n.num)
	}
	g, err := New(context.Background(), opt)
	if err != nil {
		s.t.Fatal(err)
	}
	l := &simLife{s: s, node: n, number: s.lives, g: g, ended: make(chan error, 1), here: map[string]bool{}, session: map[string]int{}}
	g.commit = l.commit
	g.Receive(message.SMPPTarget, &simReceiver{l, message.SMPPTarget})
	g.Receive(message.WebhookTarget, &simReceiver{l, message.WebhookTarget})
	var ctx, links context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	links, l.links = context.WithCancel(context.Background())
	s.mu.Lock()
	n.life = l
	s.mu.Unlock()
	shared := connector.NewShared()
	for i, name := range simLinks {
		if at := s.luck(3, "holders", name); at != n.num && at != 2 && i != 0 { // of the first link both have sessions
			continue
		}
		c := connector.NewSMPP(simLink(name), shared, nil)
		c.Dial = s.ops[name].dialler(l)
		g.Attach(name, c)
		l.linked.Go(func() { c.Run(links, g.Link(name)) })
	}
	go func() { l.ended <- g.Run(ctx) }()
}

func simLink(name string) connector.SMPPConfig {
	return connector.SMPPConfig{
		Named:       connector.Named{Name: name},
		Remote:      connector.Remote{Hosts: []string{"pipe:1"}, Window: 3, Lookahead: 2, ResponseTimeout: 3 * time.Second, Reconnect: time.Second},
		SystemID:    "kurir",
		Password:    "secret",
		EnquireLink: 10 * time.Second,
	}
}

// commit is what the gateway writes by.
func (l *simLife) commit(b *store.Batch) error {
	s := l.s
	killed := &store.FatalError{Err: errors.New("killed")}
	s.mu.Lock()
	stalled, after := l.stalled, false
	if l.dying > 0 {
		if l.dying--; l.dying == 0 {
			if after = l.behind && !l.dead; !after {
				l.die("dies before a commit")
			}
		}
	}
	dead, full := l.dead, l.full
	s.mu.Unlock()
	switch {
	case stalled != nil:
		<-stalled
		return l.late(b)
	case dead:
		return killed
	case full:
		return store.ErrFull
	}
	err := s.store.Commit(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookAtMoney("after a commit", false)
	if after {
		l.die("dies behind a commit")
		return killed
	}
	return err
}

// late does a commit of a server that has stood still while it was taken over.
func (l *simLife) late(b *store.Batch) error {
	s := l.s
	s.mu.Lock()
	over := l.node.term > l.g.opt.Term
	s.mu.Unlock()
	err := s.store.Commit(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if over {
		s.fenced++
		if err == nil {
			s.wrongf("node %d has committed something after it was taken over", l.node.num)
		}
	}
	return &store.FatalError{Err: errors.New("killed")}
}

// die ends a life at once; s.mu is held.
func (l *simLife) die(how string) {
	l.s.logf("node %d %s", l.node.num, how)
	l.dead, l.node.leftBy = true, true
	for _, o := range l.s.ops {
		o.cutLocked(l)
	}
}

func (s *sim) kill(l *simLife) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.die("dies")
}

// stall lets a server stand still until it is taken over. Its sessions end: its
// leases are over (package cluster).
func (s *sim) stall(l *simLife) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.stalled = make(chan struct{})
	l.die("stands still")
}

// fill lets commits of a server fail for a while.
func (s *sim) fill(l *simLife, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logf("node %d cannot write for %s", l.node.num, d)
	l.full = true
	time.AfterFunc(d, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		l.full = false
	})
}

// halt ends a life, in good order unless it is dead.
func (n *simNode) halt() {
	s := n.s
	l := n.life
	if l == nil {
		return
	}
	s.mu.Lock()
	l.full = false
	if l.stalled != nil {
		close(l.stalled)
		l.stalled = nil
	}
	s.mu.Unlock()
	l.links()
	l.linked.Wait()
	l.stop()
	err := <-l.ended
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case l.dead:
	case errors.Is(err, store.ErrFull): // what had not been written is lost, and nobody was told
	case err != nil:
		s.wrongf("node %d: Run: %v", n.num, err)
	default:
		s.orderly = append(s.orderly, l)
	}
	s.logf("node %d has ended", n.num)
	l.dead, n.life, n.leftBy = true, nil, true
}

// care ends what is dead, has it taken over, and begins it anew.
func (s *sim) care() {
	for _, n := range s.nodes {
		s.mu.Lock()
		gone := n.life != nil && n.life.dead && n.life.stalled == nil
		s.mu.Unlock()
		if gone {
			n.halt()
		}
		n.reap()
	}
	for _, n := range s.nodes {
		if n.life != nil && (!n.life.dead || n.life.stalled == nil) {
			continue
		}
		heir, quiet := s.live(), s.calm()
		switch {
		case s.beingAdopted(n):
		case n.leftBy && heir != nil && heir.node.adopts == nil && (quiet || s.chance(30)):
			heir.node.adopt(n)
		case n.leftBy && heir == nil || !n.leftBy && (quiet || s.chance(20)):
			n.halt()
			n.begin()
		}
	}
}

// reap looks whether a takeover has ended.
func (n *simNode) reap() {
	s := n.s
	if n.adopts == nil {
		return
	}
	select {
	case err := <-n.adopts:
		s.mu.Lock()
		defer s.mu.Unlock()
		if err == nil {
			n.adopted.leftBy = false
			s.logf("node %d has taken over node %d", n.num, n.adopted.num)
		} else if n.life != nil && !n.life.dead && !errors.Is(err, ErrStopped) && !errors.Is(err, store.ErrFull) {
			s.wrongf("node %d takes over node %d: %v", n.num, n.adopted.num, err)
		}
		n.adopts, n.adopted = nil, nil
	default:
	}
}

func (s *sim) beingAdopted(n *simNode) bool {
	for _, other := range s.nodes {
		if other.adopted == n {
			return true
		}
	}
	return false
}

// adopt takes over what another server has left; one that stands still goes on as
// soon as it is too late for it.
func (n *simNode) adopt(from *simNode) {
	s := n.s
	term, err := s.store.Fence(from.num)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	from.term = term
	s.logf("node %d takes over node %d", n.num, from.num)
	n.adopts, n.adopted = make(chan error, 1), from
	g := n.life.g
	s.mu.Unlock()
	if from.life != nil {
		from.halt()
	}
	go func(c chan error) { c <- g.Adopt(context.Background(), from.num) }(n.adopts)
}

// tellHolders says to each which links others have sessions of.
func (s *sim) tellHolders() {
	for _, n := range s.nodes {
		s.mu.Lock()
		var g *Gateway
		if n.life != nil && !n.life.dead {
			g = n.life.g
		}
		var links []string
		for _, name := range simLinks {
			for _, ss := range s.ops[name].sessions {
				if ss.bound && ss.life.node != n {
					links = append(links, name)
					break
				}
			}
		}
		s.mu.Unlock()
		if g != nil {
			g.HeldElsewhere(links)
		}
	}
}
