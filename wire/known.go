package wire

import (
	"sync"
	"time"
)

// knownAfter is how long a connection may be silent before its peer is taken for who is known by the address: a program that
// logs in does so at once.
const knownAfter = 5 * time.Second

// neighbour is the handler and the watcher of a session whose peer may be known by its address alone:
//
//  1. Nobody is bound, and so nothing is delivered, until the first request has come, or none within knownAfter.
//  2. Is that a log-in, it decides, as on any other session.
//  3. Anything else, and silence, binds the session to who is known by the address, if anybody is.
//  4. The first log-in after that is decided too: as whom the session is bound it may name again, or the session ends.
type neighbour[P PDU] struct {
	loginHandler[P]
	s     *Session[P]
	inner Watcher[P] // the protocol's; nil: none

	mu      sync.Mutex
	settled bool // who the peer is
	next    Handler[P]
	silence *time.Timer
}

// watchNeighbour makes one of a session that has not begun.
func watchNeighbour[P PDU](srv *Server[P], s *Session[P]) {
	n := &neighbour[P]{loginHandler: loginHandler[P]{srv}, s: s, inner: s.watcher}
	s.reader.h, s.watcher, s.begin, s.over = n, n, n.begin, n.over
}

// begin has the first request handed out alone: before it nobody knows how many the peer may have.
func (n *neighbour[P]) begin() {
	n.s.SetPeerWindow(1)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silence = time.AfterFunc(knownAfter, func() { n.settle(true) })
}

// over ends the wait; nobody is bound any more.
func (n *neighbour[P]) over() { n.settle(false) }

// settle decides who the peer is, once: who is known by the address, or whoever will log in.
func (n *neighbour[P]) settle(known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.settled {
		return
	}
	n.settled = true
	n.silence.Stop()
	n.s.SetPeerWindow(n.s.cfg.PeerWindow)
	if !known {
		return
	}
	if account, h := n.srv.Known(n.s); h != nil {
		n.next = h
		n.srv.admit(n.s, account)
	}
}

// handler is who has the requests; nil while nobody is bound.
func (n *neighbour[P]) handler() Handler[P] {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.next
}

// Received implements Watcher.
func (n *neighbour[P]) Received(p P) bool {
	n.settle(!n.s.protocol.Early(p))
	return n.inner != nil && n.inner.Received(p)
}

// Misread implements Watcher.
func (n *neighbour[P]) Misread(p P, why error) bool { return n.inner != nil && n.inner.Misread(p, why) }

// Sending implements Watcher.
func (n *neighbour[P]) Sending(p P) {
	if n.inner != nil {
		n.inner.Sending(p)
	}
}

// Requests implements Handler. Reading pauses behind a log-in, so that it is the last.
func (n *neighbour[P]) Requests(s *Session[P], requests []P) {
	next, last := n.handler(), len(requests)-1
	if next != nil && !s.protocol.Early(requests[last]) {
		next.Requests(s, requests)
		return
	}
	if next != nil && last > 0 {
		next.Requests(s, requests[:last])
		requests = requests[last:]
	}
	n.loginHandler.Requests(s, requests)
}

// Responses implements Handler.
func (n *neighbour[P]) Responses(s *Session[P], responses []Response[P]) {
	if next := n.handler(); next != nil {
		next.Responses(s, responses)
	}
}
