package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"kurir/store"
)

// Options is what a Keeper is made of. Table and Name are required.
type Options struct {
	Table Table
	Name  string // of this node
	// Alone says that no other process can have the table open, so that whoever
	// had our name is gone.
	Alone bool
	About About // without Links, which Want says
	Times Times
	Clock Clock // nil: of this machine
	// Down tells of an error that the database is down for every node, rather than out of our reach. Then nobody can take
	// a lease, and sessions stay open, silent. nil: never.
	Down func(error) bool
	// Shares says that nodes take over each other's shares (share.go): OwnShare and Inherit.
	Shares bool
	// Looked is told after each look at the table, once a second or oftener. It must not wait. nil: nobody.
	Looked func(Status)
	Log    *slog.Logger
}

// Keeper holds this node's place in the cluster. See the package comment.
type Keeper struct {
	opt    Options
	table  Table
	times  Times
	clock  Clock
	log    *slog.Logger
	tenure *tenure // of Join
	time   nodeClock

	wake    chan struct{} // the sweep is to look now
	publish chan struct{} // what we say of ourselves has changed

	mu      sync.Mutex
	slots   []Slot
	about   string
	held    map[string]*Lease
	given   map[string]uint64 // terms up to this may have been given back and are not used again
	giving  []*Lease          // to be given back in the table
	changed chan struct{}     // closed when held changes
	view    store.Nodes
	viewed  Instant
	silent  bool // the deadline has passed
	late    bool // for TestShrinkSent only: renewals count from when they are answered

	sights sights // of the sweep alone
}

// ErrBuried says that the other nodes have declared this one dead: it did not
// renew in time, and its work is done elsewhere. Nothing of its term may go on.
var ErrBuried = errors.New("this node did not reach the database in time, and the others have taken over its work; it must start anew")

// New makes a Keeper.
func New(opt Options) *Keeper {
	k := &Keeper{
		opt: opt, table: opt.Table, times: opt.Times.withDefaults(), clock: opt.Clock, log: opt.Log,
		wake: make(chan struct{}, 1), publish: make(chan struct{}, 1),
		held: map[string]*Lease{}, given: map[string]uint64{}, changed: make(chan struct{}),
	}
	if k.clock == nil {
		k.clock = NewClock()
	}
	if k.log == nil {
		k.log = slog.New(slog.DiscardHandler)
	}
	k.about = k.opt.About.text()
	return k
}

// Number and Term are this node's, from Join on.
func (k *Keeper) Number() int { return k.tenure.number }

// Term is the node's term in office.
func (k *Keeper) Term() uint64 { return k.tenure.term }

// Valid tells whether this node may act at all at this moment.
func (k *Keeper) Valid() bool { return k.tenure.until.Load().ahead(k.clock()) }

// Join begins a term under the node's name. Where another process had the name
// and did not say that it ends, that takes the seconds in which it would renew;
// does it renew, the error is a *NameTakenError.
func (k *Keeper) Join(ctx context.Context) error {
	var seen sights
	var first *store.Node
	for {
		view, err := k.nodes(ctx)
		if err != nil {
			return fmt.Errorf("find the name %q in the database: %w", k.opt.Name, err)
		}
		was := slices.IndexFunc(view.Nodes, func(n store.Node) bool { return n.Name == k.opt.Name })
		if was < 0 || !view.Nodes[was].Live {
			if done, err := k.register(ctx); done || err != nil {
				return err
			}
			continue
		}
		node := &view.Nodes[was]
		if k.opt.Alone {
			if err := k.table.ResignNode(ctx, node.Number, node.Term); err != nil {
				return fmt.Errorf("end what had the name %q: %w", k.opt.Name, err)
			}
			continue
		}
		if first == nil {
			first = node
			k.log.Info("the name of this node was in use and not given up: it is waited for whether it is in use still", "node", k.opt.Name, "most", k.times.watch())
		} else if first.Term != node.Term || first.Beat != node.Beat {
			return &NameTakenError{Name: k.opt.Name, By: aboutOf(node)}
		}
		seen.note(&view, k.clock(), k.times.Length/2)
		if age := seen.age(node, k.clock()); age >= k.times.watch() {
			if _, err := k.table.BuryNode(ctx, k.burial(node)); err != nil {
				return fmt.Errorf("end what had the name %q: %w", k.opt.Name, err)
			}
		}
		if err := pause(ctx, k.times.Renew/2); err != nil {
			return err
		}
	}
}

// register begins the term; false if somebody was quicker.
func (k *Keeper) register(ctx context.Context) (bool, error) {
	sent := k.clock()
	k.mu.Lock()
	about := k.about
	k.mu.Unlock()
	node, ok, err := k.table.RegisterNode(ctx, k.opt.Name, about)
	if err != nil {
		return false, fmt.Errorf("register the node %q: %w", k.opt.Name, err)
	}
	if !ok {
		return false, nil
	}
	k.judge(sent, node.Renewed)
	k.tenure = &tenure{number: node.Number, term: node.Term}
	k.tenure.until.Store(k.times.deadline(sent))
	k.log.Info("node registered", "node", node.Name, "number", node.Number, "term", node.Term)
	return true, nil
}

// Want says which slots there are in the whole cluster, those that this node may
// hold and those it may not; what it may is published to the others.
func (k *Keeper) Want(slots []Slot) {
	var links []string
	for i := range slots {
		if !slices.Contains(links, slots[i].Link) {
			links = append(links, slots[i].Link)
		}
	}
	k.mu.Lock()
	k.slots, k.opt.About.Links = slices.Clone(slots), links
	k.about = k.opt.About.text()
	k.mu.Unlock()
	signal(k.publish)
	k.Wake()
}

// Open says how many sessions of links are open here, to be published to the others at once if that is new. The keeper
// has the map from then on.
func (k *Keeper) Open(sessions map[string]int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opt.About.Open != nil && maps.Equal(k.opt.About.Open, sessions) {
		return
	}
	k.opt.About.Open = sessions
	k.about = k.opt.About.text()
	signal(k.publish)
}

// Loaded says which file is in force here, by a hash of what nodes have in common.
// The next Want publishes it.
func (k *Keeper) Loaded(file string, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.opt.About.File != file {
		k.opt.About.File, k.opt.About.Loaded = file, at.Unix()
	}
}

// Wake has the keeper look at once: something was heard of another node.
func (k *Keeper) Wake() { signal(k.wake) }

func signal(to chan<- struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// Acquire waits until this node holds a lease that nobody uses. Who got it calls
// Release.
func (k *Keeper) Acquire(ctx context.Context, name string) (*Lease, error) {
	return k.acquire(ctx, func(held string) bool { return held == name })
}

// acquire is Acquire of one of several.
func (k *Keeper) acquire(ctx context.Context, which func(name string) bool) (*Lease, error) {
	for {
		k.mu.Lock()
		changed := k.changed
		for name, l := range k.held {
			if !l.used && !l.leaving() && which(name) {
				l.used = true
				k.mu.Unlock()
				return l, nil
			}
		}
		k.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Run renews, holds what this node shall hold, and takes over from the dead,
// until ctx ends; then it gives all back. Whoever uses leases has ended before.
func (k *Keeper) Run(ctx context.Context) error {
	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var loops sync.WaitGroup
	loops.Go(func() { stop(k.renewing(run)) })
	loops.Go(func() { stop(k.sweeping(run)) })
	loops.Wait()
	k.loseAll()
	if errors.Is(context.Cause(run), ErrBuried) {
		return ErrBuried
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.times.Request)
	defer cancel()
	if err := k.table.ResignNode(last, k.tenure.number, k.tenure.term); err != nil {
		return fmt.Errorf("say that this node ends (the others will notice): %w", err)
	}
	return nil
}

// renewing renews until ctx ends or the term is over.
func (k *Keeper) renewing(ctx context.Context) error {
	for {
		began := time.Now()
		ok, err := k.renew(ctx)
		if err != nil {
			return err
		}
		wait := k.times.Renew
		if !ok { // another connection may do better
			wait /= 4
		}
		t := time.NewTimer(max(0, wait-time.Since(began)))
		select {
		case <-t.C:
		case <-k.publish:
			t.Stop()
		case <-ctx.Done():
			t.Stop()
			return nil
		}
	}
}

// renew asks once; false if there was no answer. The error is ErrBuried.
func (k *Keeper) renew(ctx context.Context) (bool, error) {
	k.mu.Lock()
	about, late := k.about, k.late
	k.mu.Unlock()
	request, cancel := context.WithTimeout(ctx, k.times.Request)
	defer cancel()
	sent := k.clock()
	lives, err := k.table.RenewNode(request, k.tenure.number, k.tenure.term, about)
	if late {
		sent = k.clock()
	}
	switch {
	case err != nil:
		k.unanswered(ctx, err)
		return false, nil
	case !lives:
		return false, ErrBuried
	}
	k.tenure.until.Store(k.times.deadline(sent))
	k.answered()
	return true, nil
}

// unanswered ends sessions when the deadline has passed, unless nobody can have
// taken them.
func (k *Keeper) unanswered(ctx context.Context, err error) {
	if k.Valid() || ctx.Err() != nil {
		return
	}
	down := k.opt.Down != nil && k.opt.Down(err)
	k.mu.Lock()
	was := k.silent
	k.silent = true
	k.mu.Unlock()
	if !was {
		k.log.Warn("the database does not answer, and leases have run out: nothing is sent until it does", "error", err, "sessions_stay", down)
	}
	if !down {
		k.loseAll()
	}
}

// answered says that leases hold again.
func (k *Keeper) answered() {
	k.mu.Lock()
	was := k.silent
	k.silent = false
	k.mu.Unlock()
	if was {
		k.log.Info("the database answers, and leases hold again")
		k.Wake()
	}
}

// pause waits.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
