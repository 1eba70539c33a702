package api

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"kurir/gateway"
	"kurir/message"
)

// Sessions is the sessions of customers over all protocols: the gateway's Receiver for message.SMPPTarget. What is about a
// message goes to the protocol by which it came, as long as the account has a session there; everything else to
// whichever has room. The zero value has no protocols yet.
type Sessions struct {
	last atomic.Uint64 // number of the newest session

	mu      sync.Mutex
	servers []sessionServer
	turn    int
}

// sessionServer is the sessions over one protocol.
type sessionServer interface {
	// Limit is what the account's sessions together take now, 0 when none that receives is bound.
	Limit(account string) int
	// Deliver spreads items over the account's sessions.
	Deliver(account string, items []*gateway.Item)
	// Sessions lists the sessions; End ends one in good order; SetTrace has tap see their PDUs.
	Sessions() []SMPPSession
	End(ctx context.Context, account string, id uint64) error
	SetTrace(account string, session uint64, tap Tap) error
	// submitTotals is how many messages each account gave us since the start.
	submitTotals() map[string]int64
	// via is the interface.
	via() message.Interface
}

// join adds a protocol.
func (s *Sessions) join(server sessionServer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servers = append(s.servers, server)
}

// number gives a new session its number.
func (s *Sessions) number() uint64 { return s.last.Add(1) }

// each is the protocols, another one first each time.
func (s *Sessions) each() []sessionServer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.servers) == 0 {
		return nil
	}
	s.turn = (s.turn + 1) % len(s.servers)
	return slices.Concat(s.servers[s.turn:], s.servers[:s.turn])
}

// Limit implements gateway.Receiver.
func (s *Sessions) Limit(account string) int {
	sum := 0
	for _, server := range s.each() {
		sum += server.Limit(account)
	}
	return sum
}

// Deliver implements gateway.Receiver.
func (s *Sessions) Deliver(account string, items []*gateway.Item) {
	servers := s.each()
	bound := servers[:0:0]
	for _, server := range servers {
		if server.Limit(account) > 0 {
			bound = append(bound, server)
		}
	}
	if len(bound) == 0 { // which gives them back
		servers[0].Deliver(account, items)
		return
	}
	if len(bound) == 1 {
		bound[0].Deliver(account, items)
		return
	}
	for i, list := range share(bound, items) {
		if len(list) > 0 {
			bound[i].Deliver(account, list)
		}
	}
}

// share divides items among the protocols that an account has sessions of.
func share(bound []sessionServer, items []*gateway.Item) [][]*gateway.Item {
	lists := make([][]*gateway.Item, len(bound))
	at := 0
	for _, it := range items {
		own := -1
		if it.Message != nil {
			own = slices.IndexFunc(bound, func(server sessionServer) bool { return server.via() == it.Message.Via })
		}
		if own < 0 {
			own = at % len(bound)
			at++
		}
		lists[own] = append(lists[own], it)
	}
	return lists
}

// List lists the sessions by account and age.
func (s *Sessions) List() []SMPPSession {
	var list []SMPPSession
	for _, server := range s.each() {
		list = append(list, server.Sessions()...)
	}
	slices.SortFunc(list, func(a, b SMPPSession) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), a.Since.Compare(b.Since))
	})
	return list
}

// End ends a session in good order; account restricts it to one customer's, empty is any. It returns ErrNoSession, or
// nil once the session is over.
func (s *Sessions) End(ctx context.Context, account string, id uint64) error {
	for _, server := range s.each() {
		if err := server.End(ctx, account, id); err == nil {
			return nil
		}
	}
	return ErrNoSession
}

// SetTrace has tap see the PDUs of an account's sessions from now on; nil has nobody see them. It is ErrNoSession if none
// of the account's sessions has this number, unless that is 0.
func (s *Sessions) SetTrace(account string, session uint64, tap Tap) error {
	err := ErrNoSession
	for _, server := range s.each() {
		if e := server.SetTrace(account, session, tap); e == nil {
			err = nil
		}
	}
	return err
}

// submitTotals is how many messages each account gave us since the start.
func (s *Sessions) submitTotals() map[string]int64 {
	sums := map[string]int64{}
	for _, server := range s.each() {
		for account, n := range server.submitTotals() {
			sums[account] += n
		}
	}
	return sums
}
