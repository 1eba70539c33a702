package gateway

import "kurir/message"

// reading is a look at the disk while the stations go on. What it brings may
// be out of date when it is there: then the message is in memory again, or it
// has left memory meanwhile and is in gone.
type reading struct {
	seen uint64 // sequence of the newest gather that it is sure to see
	gone map[message.ID]struct{}
}

// beginReading is called under the lock before the disk is read, endReading
// under the lock when what was read has been put to use.
func (g *Gateway) beginReading() *reading {
	r := &reading{seen: g.done, gone: map[message.ID]struct{}{}}
	for _, b := range []*gather{g.cur, g.writing} {
		if b == nil {
			continue
		}
		for i := range b.Changed {
			r.gone[b.Changed[i].ID] = struct{}{}
		}
		for i := range b.InboundChanged {
			r.gone[b.InboundChanged[i].ID] = struct{}{}
		}
		for i := range b.OwedRemove { // of an intermediate state nothing else may tell
			r.gone[b.OwedRemove[i].ID] = struct{}{}
		}
		for i := range b.WaitingRemove {
			r.gone[b.WaitingRemove[i].ID] = struct{}{}
		}
		for _, id := range b.DueRemove {
			r.gone[id] = struct{}{}
		}
	}
	g.readings = append(g.readings, r)
	return r
}

func (g *Gateway) endReading(r *reading) {
	for i, have := range g.readings {
		if have == r {
			g.readings = append(g.readings[:i], g.readings[i+1:]...)
			return
		}
	}
}

// stale tells whether what was read of a message that is not in memory may be
// out of date.
func (r *reading) stale(id message.ID) bool {
	_, gone := r.gone[id]
	return gone
}

// left notes that a message, or something owed of it, has left memory.
func (g *Gateway) left(id message.ID) {
	for _, r := range g.readings {
		r.gone[id] = struct{}{}
	}
}
