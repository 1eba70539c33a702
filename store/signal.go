package store

import (
	"slices"
	"sync"
)

// Signal tells other nodes what a commit has left for them, or that a node or a
// lease is free.
type Signal struct {
	Node   int      `json:"n"`           // whose commit it was
	Links  []string `json:"l,omitempty"` // free rows wait for these
	Queues []string `json:"q,omitempty"` // something free is owed here
	Held   bool     `json:"h,omitempty"` // receipts of messages that the node does not know
	Parts  bool     `json:"p,omitempty"` // of inbound messages
	Joined bool     `json:"j,omitempty"` // such parts
	Mail   []int    `json:"m,omitempty"` // for these nodes
	Others bool     `json:"o,omitempty"` // a revision has moved
	Nodes  bool     `json:"f,omitempty"` // the node has ended, or given a lease back
}

func (g *Signal) empty() bool {
	return len(g.Links) == 0 && len(g.Queues) == 0 && !g.Held && !g.Parts && !g.Joined && len(g.Mail) == 0 && !g.Others
}

// ears are who listens for signals.
type ears struct {
	mu   sync.Mutex
	last int
	list map[int]func(Signal)
}

// Listen has fn called after each commit of any node that leaves something for
// others, and when one ends, until stop is called. fn must not wait. A signal may be lost: who
// listens looks for himself now and then.
func (s *Store) Listen(fn func(Signal)) (stop func()) {
	e := &s.ears
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.list == nil {
		e.list = map[int]func(Signal){}
	}
	e.last++
	n := e.last
	e.list[n] = fn
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.list, n)
	}
}

// tell signals what a batch that is on disk leaves for others.
func (s *Store) tell(b *Batch) {
	if !s.ears.any() {
		return
	}
	if sig := signalOf(b); !sig.empty() {
		s.ears.tell(sig)
	}
}

func (e *ears) any() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.list) > 0
}

func (e *ears) tell(sig Signal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, fn := range e.list {
		fn(sig)
	}
}

func signalOf(b *Batch) Signal {
	sig := Signal{Node: b.Node, Held: len(b.Held) > 0, Parts: len(b.Parts) > 0, Joined: len(b.PartsDone) > 0, Others: len(b.changed()) > 0}
	for i := range b.WaitingAdd {
		if w := &b.WaitingAdd[i]; w.Node == Free && !slices.Contains(sig.Links, w.Link) {
			sig.Links = append(sig.Links, w.Link)
		}
	}
	for i := range b.OwedAdd {
		if o := &b.OwedAdd[i]; o.Node == Free && !slices.Contains(sig.Queues, o.Queue) {
			sig.Queues = append(sig.Queues, o.Queue)
		}
	}
	for i := range b.MailAdd {
		if n := b.MailAdd[i].Node; !slices.Contains(sig.Mail, n) {
			sig.Mail = append(sig.Mail, n)
		}
	}
	return sig
}
