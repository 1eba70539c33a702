package gateway

// pass is a walk over the rows of one queue on disk, a helping at a time, in
// their order, while rows come and go:
//
//  1. begin, with the first helping.
//  2. Whoever adds a row that the walk may have passed says so by added; what
//     was read and could not be used is missed.
//  3. A helping that is not full ends the walk. It must begin anew if whole
//     says that something may have been passed over.
type pass struct {
	from   uint64 // sequence of the newest gather that the first helping was sure to see
	newest uint64 // sequence of the newest gather that adds such a row
	missed bool
}

func (p *pass) begin(r *reading) { p.from, p.missed = r.seen, false }

func (p *pass) added(seq uint64) { p.newest = max(p.newest, seq) }

func (p *pass) whole() bool { return !p.missed && p.newest <= p.from }
