package gateway

import (
	"context"
	"strconv"
	"time"

	"kurir/message"
	"kurir/store"
)

// A part may be repeated by the operator at a gateway that does not know of it: its
// message came at others, or was joined before the last start. There it waits for
// others that do not come. So what is joined is remembered by its parts among the keys of repeats, and
// who has a part that has waited for some looks there for it.

// repeatLooks are the sweeps at which that is done: once what was being joined is on disk, and once more in case
// that took long. A message of which the parts come soon after each other never costs a look.
var repeatLooks = [...]uint8{3, 10}

// partPrint is by what a part of a message is known again.
func partPrint(key string, number uint8, sum uint64) uint64 {
	return exactKey("part|"+key, strconv.Itoa(int(number))+"|"+strconv.FormatUint(sum, 16))
}

// rememberParts has the parts of a message remembered that was joined.
func (g *Gateway) rememberParts(a *assembly, now time.Time) {
	for i, sum := range a.sums {
		if sum != 0 {
			g.cur.repeats = append(g.cur.repeats, store.DuplicateKey{
				Key: partPrint(a.key, uint8(i+1), sum), ID: g.cur.Inbound[len(g.cur.Inbound)-1].ID, Expires: now.Add(repeatWait).UnixMilli(),
			})
		}
	}
}

// dropRepeated removes parts of this gateway's that were joined before.
func (g *Gateway) dropRepeated(ctx context.Context, byKey map[string][]*store.InboundPart) error {
	looked := map[message.ID]uint8{}
	ask := map[uint64]*store.InboundPart{}
	var keys []uint64
	for key, parts := range byKey {
		for _, p := range parts {
			if p.Node != g.opt.Node {
				continue
			}
			n := min(g.looked[p.ID], repeatLooks[1]) + 1
			if looked[p.ID] = n; n == repeatLooks[0] || n == repeatLooks[1] {
				k := partPrint(key, p.Number, contentSum(p.Part))
				ask[k], keys = p, append(keys, k)
			}
		}
	}
	g.looked = looked
	if len(keys) == 0 {
		return nil
	}
	known, err := g.store.DuplicatesByKey(ctx, keys, g.now().UnixMilli())
	if err != nil || len(known) == 0 {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for k := range known {
		g.dropPart(ask[k])
	}
	g.signal()
	return nil
}

// dropPart removes a part.
func (g *Gateway) dropPart(p *store.InboundPart) {
	g.cur.PartsDone = append(g.cur.PartsDone, p.ID)
	a := g.joins[p.Key]
	if a == nil || a.parts == nil || p.Number == 0 || int(p.Number) > len(a.parts) || a.parts[p.Number-1] == nil || a.parts[p.Number-1].ID != p.ID {
		return
	}
	size := partSize(a.parts[p.Number-1])
	a.size, g.joinSize = a.size-size, g.joinSize-size
	a.parts[p.Number-1], a.sums[p.Number-1] = nil, 0
	if a.have--; a.have == 0 {
		delete(g.joins, p.Key)
	}
}
