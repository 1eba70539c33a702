package gateway

import (
	"strings"

	"kurir/message"
)

// What is owed to an account's SMPP sessions is two queues, one of states and
// one of messages from phones, which share the sessions: a flood of receipts
// after a long absence does not keep the messages waiting, and neither the
// other way round. Each keeps its own order.

// boxKey names a queue of what is owed: one per kind of target and account, for
// SMPP another for inbound messages.
type boxKey struct {
	kind    message.TargetKind
	account string
	inbound bool
}

// inboundBox stands in the names of queues of inbound messages.
const inboundBox = "-inbound/"

func (k boxKey) String() string {
	if k.inbound {
		return k.kind.String() + inboundBox + k.account
	}
	return k.kind.String() + "/" + k.account
}

func parseBoxKey(s string) (boxKey, bool) {
	for _, kind := range message.TargetKinds() {
		rest, ok := strings.CutPrefix(s, kind.String())
		if !ok {
			continue
		}
		if account, ok := strings.CutPrefix(rest, inboundBox); ok {
			return boxKey{kind, account, true}, true
		}
		if account, ok := strings.CutPrefix(rest, "/"); ok {
			return boxKey{kind, account, false}, true // account is "" for what a rule sends on of nobody's numbers
		}
	}
	return boxKey{}, false
}

// box returns the queue of states for an account.
func (g *Gateway) box(kind message.TargetKind, account string) *outbox {
	return g.boxOf(boxKey{kind, account, false})
}

// inBox returns the queue of inbound messages for a target.
func (g *Gateway) inBox(t message.Target) *outbox {
	return g.boxOf(boxKey{t.Kind, t.Account, t.Kind == message.SMPPTarget})
}

func (g *Gateway) boxOf(k boxKey) *outbox {
	if b := g.boxes[k]; b != nil {
		return b
	}
	b := &outbox{key: k, node: g.opt.Node, midway: map[message.ID]*Item{}}
	g.boxes[k] = b
	if k.kind == message.SMPPTarget {
		twin := k
		twin.inbound = !k.inbound
		b.twin = g.boxes[twin]
		if b.twin == nil {
			b.twin = &outbox{key: twin, node: g.opt.Node, midway: map[message.ID]*Item{}}
			g.boxes[twin] = b.twin
		}
		b.twin.twin = b
	}
	return b
}

// Owes tells whether anything is owed to an account by a kind of target, or may
// be.
func (g *Gateway) Owes(kind message.TargetKind, account string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for b := g.boxes[boxKey{kind, account, false}]; b != nil; b = b.next() {
		if b.stored || b.free || b.fifo.len() > 0 || b.fresh.len() > 0 {
			return true
		}
	}
	return false
}

// next returns the inbound queue beside one of states, nil behind it.
func (b *outbox) next() *outbox {
	if b.key.inbound {
		return nil
	}
	return b.twin
}

// room is how many items more may be unanswered: together with its twin as many
// as limit, and half of them while the twin has something to tell too.
func (b *outbox) room(limit int) int {
	n := limit - b.inFlight
	if t := b.twin; t != nil {
		n -= t.inFlight
		if t.fifo.len() > 0 {
			n = min(n, (limit+1)/2-b.inFlight)
		}
	}
	return n
}

// add adds the figures of another queue of the account.
func (q *OwedQueue) add(o OwedQueue) {
	q.Owed, q.Memory, q.Disk = q.Owed+o.Owed, q.Memory+o.Memory, q.Disk+o.Disk
	q.Inbound, q.Later, q.InFlight = q.Inbound+o.Inbound, q.Later+o.Later, q.InFlight+o.InFlight
	q.Present = q.Present || o.Present
	if !o.Oldest.IsZero() && (q.Oldest.IsZero() || o.Oldest.Before(q.Oldest)) {
		q.Oldest = o.Oldest
	}
	if o.Failed.After(q.Failed) {
		q.Failed, q.Code, q.Text = o.Failed, o.Code, o.Text
	}
}
