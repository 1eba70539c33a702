package cluster

import (
	"context"
	"maps"
	"slices"
	"time"

	"kurir/store"
)

// sweeping looks at the table until ctx ends or the node's term is over.
func (k *Keeper) sweeping(ctx context.Context) error {
	for {
		next, err := k.sweep(ctx)
		if err != nil {
			return err
		}
		t := time.NewTimer(next)
		select {
		case <-t.C:
		case <-k.wake:
			t.Stop()
		case <-ctx.Done():
			t.Stop()
			return nil
		}
	}
}

// sweep does what there is to do and says when to look again. The error is
// ErrBuried; all others are of a database that will answer again, or the node
// falls silent (unanswered).
func (k *Keeper) sweep(ctx context.Context) (time.Duration, error) {
	k.give(ctx)
	view, err := k.look(ctx)
	if err != nil {
		k.log.Debug("the table of nodes cannot be read", "error", err)
		return k.times.Renew, nil
	}
	me := slices.IndexFunc(view.Nodes, func(n store.Node) bool { return n.Number == k.tenure.number })
	if me < 0 || view.Nodes[me].Term != k.tenure.term {
		return 0, ErrBuried
	}
	next := k.bury(ctx, view)
	k.arrange(ctx, view)
	if k.opt.Looked != nil {
		k.opt.Looked(k.Status())
	}
	return next, nil
}

// look reads the table. What it returns is the sweep's own; others look at a copy of it, which nobody changes.
func (k *Keeper) look(ctx context.Context) (*store.Nodes, error) {
	request, cancel := context.WithTimeout(ctx, k.times.Request)
	defer cancel()
	view, err := k.nodes(request)
	if err != nil {
		return nil, err
	}
	now := k.clock()
	k.sights.note(&view, now, k.times.Length/2)
	k.show(&view, now)
	return &view, nil
}

// show lets others see what the sweep has seen or done.
func (k *Keeper) show(view *store.Nodes, at Instant) {
	shown := *view
	shown.Nodes = slices.Clone(view.Nodes)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.view, k.viewed = shown, at
}

// bury declares dead whoever has not renewed for too long, and says when
// somebody might be next.
func (k *Keeper) bury(ctx context.Context, view *store.Nodes) (next time.Duration) {
	next = k.times.Renew
	for i := range view.Nodes {
		n := &view.Nodes[i]
		if !n.Live || n.Number == k.tenure.number {
			continue
		}
		if left := k.times.watch() - k.sights.age(n, k.clock()); left > 0 {
			next = min(next, left)
			continue
		}
		request, cancel := context.WithTimeout(ctx, k.times.Request)
		dead, err := k.table.BuryNode(request, k.burial(n))
		cancel()
		if err == nil && dead {
			k.log.Warn("a node does not renew: its sessions and messages go to others", "node", n.Name, "number", n.Number)
			n.Live = false // of the view, so that the rest of this sweep knows, and what goes by it
			k.show(view, k.viewed)
		}
	}
	return next
}

// burial is what the database is asked when a node seems to be dead.
func (k *Keeper) burial(n *store.Node) store.Burial {
	return store.Burial{Number: n.Number, Term: n.Term, Beat: n.Beat, Length: k.times.Length, Late: k.times.Late}
}

// plan is what a sweep is to do.
type plan struct {
	leases map[string]*store.Lease // as the table has them
	take   []string
}

// arrange takes what this node shall hold and nobody has, and asks for what
// another shall have.
func (k *Keeper) arrange(ctx context.Context, view *store.Nodes) {
	p := k.plan(view)
	for _, name := range p.take {
		last := uint64(0)
		if row := p.leases[name]; row != nil {
			last = row.Term
		}
		request, cancel := context.WithTimeout(ctx, k.times.Request)
		term, err := k.table.TakeLease(request, name, last, k.tenure.number, k.tenure.term)
		cancel()
		if err != nil {
			k.log.Debug("a lease cannot be taken", "lease", name, "error", err)
			return
		}
		if term > 0 {
			k.mu.Lock()
			k.hold(name, term)
			k.mu.Unlock()
		}
	}
	k.give(ctx)
}

// plan compares what this node holds with what the table says and with what it
// shall hold.
func (k *Keeper) plan(view *store.Nodes) *plan {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := &plan{leases: map[string]*store.Lease{}}
	holds := map[string]int{}
	for i := range view.Leases {
		row := &view.Leases[i]
		p.leases[row.Name] = row
		if n := view.Holder(row); n != nil {
			holds[row.Name] = n.Number
		}
	}
	for name, l := range k.held {
		if row := p.leases[name]; row == nil || row.Term != l.Term || !k.mine(row) {
			k.drop(l)
		}
	}
	slots := k.slots
	if k.opt.Shares {
		slots = slices.Concat(slots, shareSlots(view, p.leases))
	}
	place := Place(membersOfView(view), slots, holds)
	for _, row := range p.leases {
		if to, ok := place[row.Name]; k.mine(row) && k.held[row.Name] == nil && (!ok || to != k.tenure.number) {
			k.giving = append(k.giving, k.newLease(row.Name, row.Term)) // an answer of ours was lost
		}
	}
	for _, name := range slices.Sorted(maps.Keys(place)) {
		row := p.leases[name]
		switch {
		case place[name] != k.tenure.number || k.held[name] != nil:
		case row != nil && k.mine(row) && row.Term > k.given[name]:
			k.hold(name, row.Term)
		case holds[name] == k.tenure.number && row != nil, row == nil || view.Holder(row) == nil:
			p.take = append(p.take, name)
		}
	}
	k.part(slots, place, holds)
	return p
}

// part asks for those leases back that this node shall not hold: of a link one
// after the other where another node waits for them, so that the link goes on.
func (k *Keeper) part(slots []Slot, place, holds map[string]int) {
	moving := map[string]bool{} // links of which a session is on its way
	links := map[string]string{}
	for i := range slots {
		s := &slots[i]
		links[s.Name] = s.group()
		if _, ok := place[s.Name]; !ok {
			continue
		}
		_, held := holds[s.Name]
		if l := k.held[s.Name]; !held || l != nil && l.leaving() {
			moving[s.group()] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(k.held)) {
		l := k.held[name]
		to, wanted := place[name]
		if wanted && (to == k.tenure.number || moving[links[name]]) {
			continue
		}
		moving[links[name]] = moving[links[name]] || wanted
		l.finish()
		if !l.used {
			l.ended.Store(true)
			delete(k.held, name)
			k.giving = append(k.giving, l)
		}
	}
}

// membersOfView is the live nodes and what they say they may hold.
func membersOfView(view *store.Nodes) (members []Member) {
	for i := range view.Nodes {
		if n := &view.Nodes[i]; n.Live {
			members = append(members, Member{Number: n.Number, Name: n.Name, Links: aboutOf(n).Links})
		}
	}
	return members
}

// mine tells whether the table says that this node holds the lease.
func (k *Keeper) mine(row *store.Lease) bool {
	return row.Node == k.tenure.number && row.NodeTerm == k.tenure.term
}

// hold begins a lease. The caller holds mu.
func (k *Keeper) hold(name string, term uint64) {
	k.held[name] = k.newLease(name, term)
	k.told()
}

// drop ends a lease that is not ours. The caller holds mu.
func (k *Keeper) drop(l *Lease) {
	l.lose()
	delete(k.held, l.Name)
	k.told()
}

// told wakes those who wait for leases. The caller holds mu.
func (k *Keeper) told() {
	close(k.changed)
	k.changed = make(chan struct{})
}

// loseAll ends all leases. What the table has of them is ours until somebody
// else takes it: when the database answers in time, they are held again.
func (k *Keeper) loseAll() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.held {
		k.drop(l)
	}
}

// freed is told by a lease that its holder has stopped.
func (k *Keeper) freed(l *Lease) {
	k.mu.Lock()
	if k.held[l.Name] == l {
		delete(k.held, l.Name)
		k.giving = append(k.giving, l)
	}
	k.mu.Unlock()
	k.Wake()
}

// give gives leases back in the table. A request whose answer is lost may be
// done at any later time, so the term is never used again, whatever the answer.
func (k *Keeper) give(ctx context.Context) {
	k.mu.Lock()
	giving := k.giving
	k.giving = nil
	for _, l := range giving {
		k.given[l.Name] = max(k.given[l.Name], l.Term)
	}
	k.mu.Unlock()
	for _, l := range giving {
		request, cancel := context.WithTimeout(ctx, k.times.Request)
		err := k.table.ReleaseLease(request, l.Name, l.Term, k.tenure.number)
		cancel()
		if err != nil {
			k.log.Debug("a lease cannot be given back", "lease", l.Name, "error", err)
			return // the next look shows those that are ours still
		}
	}
}
