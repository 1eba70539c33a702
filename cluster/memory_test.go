package cluster

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"kurir/store"
)

// memory is a Table as a database keeps it, one transaction after the other.
type memory struct {
	mu     sync.Mutex
	ahead  time.Duration // of the database's clock
	nodes  []store.Node
	leases map[string]store.Lease
	rates  []store.RateRow // with the number of a node each
	turn   uint64          // version of the last

	credulous  bool // BuryNode does not look at the clock
	forgetful  bool // ReleaseLease does not look at the term
	everybodys bool // TakeLease does not look whether the holder lives
}

func newMemory() *memory { return &memory{leases: map[string]store.Lease{}} }

func (m *memory) now() time.Time { return time.Now().Add(m.ahead) }

// node finds a live node in its term; nil if that is over.
func (m *memory) node(number int, term uint64) *store.Node {
	for i := range m.nodes {
		if n := &m.nodes[i]; n.Number == number && n.Term == term && n.Live {
			return n
		}
	}
	return nil
}

func (m *memory) Nodes(context.Context) (store.Nodes, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	view := store.Nodes{Now: m.now(), Nodes: slices.Clone(m.nodes)}
	for _, name := range slices.Sorted(maps.Keys(m.leases)) {
		view.Leases = append(view.Leases, m.leases[name])
	}
	return view, nil
}

func (m *memory) RegisterNode(_ context.Context, name, about string) (store.Node, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.nodes, func(n store.Node) bool { return n.Name == name })
	if i < 0 {
		i = len(m.nodes)
		m.nodes = append(m.nodes, store.Node{Number: i, Name: name})
	}
	n := &m.nodes[i]
	if n.Live {
		return store.Node{}, false, nil
	}
	n.Term, n.Beat, n.Renewed, n.Live, n.About = n.Term+1, 0, m.now(), true, about
	return *n, true, nil
}

func (m *memory) RenewNode(_ context.Context, number int, term uint64, about string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.node(number, term)
	if n == nil {
		return false, nil
	}
	n.Beat, n.Renewed, n.About = n.Beat+1, m.now(), about
	return true, nil
}

func (m *memory) BuryNode(_ context.Context, b store.Burial) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := m.node(b.Number, b.Term)
	if n == nil || n.Beat != b.Beat {
		return false, nil
	}
	if since := m.now().Sub(n.Renewed); since <= b.Length+b.Late && since >= -b.Length && !m.credulous {
		return false, nil
	}
	n.Term, n.Live = n.Term+1, false
	return true, nil
}

func (m *memory) ResignNode(_ context.Context, number int, term uint64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.node(number, term); n != nil {
		n.Term, n.Live = n.Term+1, false
	}
	return nil
}

func (m *memory) TakeLease(_ context.Context, name string, last uint64, number int, nodeTerm uint64) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, known := m.leases[name]
	if !known {
		l = store.Lease{Name: name, Node: -1}
	}
	held := m.node(l.Node, l.NodeTerm) != nil && !m.everybodys
	if l.Term != last || held && l.Node != number {
		return 0, nil
	}
	l.Term, l.Node, l.NodeTerm = l.Term+1, number, nodeTerm
	m.leases[name] = l
	return l.Term, nil
}

func (m *memory) ReleaseLease(_ context.Context, name string, term uint64, number int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.leases[name]; l.Node == number && (l.Term == term || m.forgetful) {
		l.Node = -1
		m.leases[name] = l
	}
	return nil
}

func (m *memory) Rates(_ context.Context, after uint64) (store.Rates, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	view := store.Rates{Version: m.turn}
	for _, row := range m.rates {
		if m.node(row.Node, row.Term) == nil {
			continue
		}
		if row.Version <= after {
			row.Body = ""
		}
		view.Rows = append(view.Rows, row)
	}
	return view, nil
}

func (m *memory) WriteRates(_ context.Context, number int, term, last uint64, body string) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if last != m.turn || m.node(number, term) == nil {
		return 0, nil
	}
	m.turn++
	m.rates = slices.DeleteFunc(m.rates, func(row store.RateRow) bool { return row.Node == number })
	m.rates = append(m.rates, store.RateRow{Node: number, Term: term, Version: m.turn, Body: body})
	return m.turn, nil
}

// term is that of a lease.
func (m *memory) term(name string) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leases[name].Term
}

// fault is what becomes of one request.
type fault struct {
	before, after time.Duration // how long the request and the answer take
	lost, unheard bool          // the request, or the answer, never comes
}

// path is the way from a node to the table.
type path struct {
	m *memory

	mu      sync.Mutex
	fault   func(what string) fault // nil: none
	stopped chan struct{}           // of a process that does not run: closed when it goes on; nil if it runs
	burial  func(*store.Burial)     // changes what is asked
}

// gate waits while the process is stopped.
func (p *path) gate() {
	p.mu.Lock()
	stopped := p.stopped
	p.mu.Unlock()
	if stopped != nil {
		<-stopped
	}
}

// stop stops the process as SIGSTOP does; resume lets it go on.
func (p *path) stop() (resume func()) {
	stopped := make(chan struct{})
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = stopped
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.stopped = nil
		close(stopped)
	}
}

// set has requests meet with a fault.
func (p *path) set(f func(what string) fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// over sends a request over the path. It is under way although nobody waits for
// its answer any more.
func over[T any](ctx context.Context, p *path, what string, request func(ctx context.Context) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	p.gate()
	p.mu.Lock()
	var f fault
	if p.fault != nil {
		f = p.fault(what)
	}
	p.mu.Unlock()
	answers := make(chan answer, 1)
	if !f.lost {
		go func() {
			time.Sleep(f.before)
			value, err := request(context.WithoutCancel(ctx))
			time.Sleep(f.after)
			if !f.unheard {
				answers <- answer{value, err}
			}
		}()
	}
	select {
	case a := <-answers:
		p.gate()
		return a.value, a.err
	case <-ctx.Done():
		p.gate()
		var none T
		return none, context.Cause(ctx)
	}
}

func (p *path) Nodes(ctx context.Context) (store.Nodes, error) {
	return over(ctx, p, "nodes", p.m.Nodes)
}

func (p *path) RegisterNode(ctx context.Context, name, about string) (store.Node, bool, error) {
	node, err := over(ctx, p, "register", func(ctx context.Context) (store.Node, error) {
		n, _, err := p.m.RegisterNode(ctx, name, about)
		return n, err
	})
	return node, node.Term > 0, err
}

func (p *path) RenewNode(ctx context.Context, number int, term uint64, about string) (bool, error) {
	return over(ctx, p, "renew", func(ctx context.Context) (bool, error) { return p.m.RenewNode(ctx, number, term, about) })
}

func (p *path) BuryNode(ctx context.Context, b store.Burial) (bool, error) {
	if p.burial != nil {
		p.burial(&b)
	}
	return over(ctx, p, "bury", func(ctx context.Context) (bool, error) { return p.m.BuryNode(ctx, b) })
}

func (p *path) ResignNode(ctx context.Context, number int, term uint64) error {
	_, err := over(ctx, p, "resign", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, p.m.ResignNode(ctx, number, term)
	})
	return err
}

func (p *path) TakeLease(ctx context.Context, name string, last uint64, number int, nodeTerm uint64) (uint64, error) {
	return over(ctx, p, "take", func(ctx context.Context) (uint64, error) { return p.m.TakeLease(ctx, name, last, number, nodeTerm) })
}

func (p *path) ReleaseLease(ctx context.Context, name string, term uint64, number int) error {
	_, err := over(ctx, p, "release", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, p.m.ReleaseLease(ctx, name, term, number)
	})
	return err
}

func (p *path) Rates(ctx context.Context, after uint64) (store.Rates, error) {
	return over(ctx, p, "rates", func(ctx context.Context) (store.Rates, error) { return p.m.Rates(ctx, after) })
}

func (p *path) WriteRates(ctx context.Context, number int, term, last uint64, body string) (uint64, error) {
	return over(ctx, p, "write rates", func(ctx context.Context) (uint64, error) { return p.m.WriteRates(ctx, number, term, last, body) })
}
