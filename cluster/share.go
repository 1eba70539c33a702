package cluster

import (
	"context"
	"strconv"
	"strings"

	"kurir/store"
)

// The share of a node, what it has in memory and in rows of its own, is a lease
// too, where Options.Shares says so. A node that lives holds its own. That of a
// node that is gone is taken by any other, which makes its contents its own and
// gives the lease back; then nothing is left of the share, and nobody takes it
// until the node comes back. Is it back earlier, it waits.

// shareMark begins the names of shares. Those of sessions have a slash.
const shareMark = "share-"

// ShareName is the name of the lease of a node's share.
func ShareName(number int) string { return shareMark + strconv.Itoa(number) }

// shareNumber is whose share a lease is.
func shareNumber(name string) (int, bool) {
	text, ok := strings.CutPrefix(name, shareMark)
	number, err := strconv.Atoi(text)
	return number, ok && err == nil
}

// shareSlots are the shares that somebody is to hold.
func shareSlots(view *store.Nodes, leases map[string]*store.Lease) (slots []Slot) {
	for i := range view.Nodes {
		n := &view.Nodes[i]
		s := Slot{Name: ShareName(n.Number)}
		if n.Live {
			s.Nodes = []string{n.Name}
		} else if row := leases[s.Name]; row == nil || row.Node < 0 {
			continue // nothing is left of it
		}
		slots = append(slots, s)
	}
	return slots
}

// OwnShare waits until this node holds its own share: what others had begun to
// take over is taken over, or left.
func (k *Keeper) OwnShare(ctx context.Context) (*Lease, error) {
	return k.Acquire(ctx, ShareName(k.tenure.number))
}

// Inherit waits until this node is to take over the share of one that is gone,
// and returns that one's number. Release says that nothing is left of the share;
// is the lease lost before, another node goes on.
func (k *Keeper) Inherit(ctx context.Context) (number int, l *Lease, err error) {
	l, err = k.acquire(ctx, func(name string) bool {
		n, ok := shareNumber(name)
		number = n
		return ok && n != k.tenure.number
	})
	return number, l, err
}
