package store

import "kurir/message"

// What readers see of messages that the journal knows more of than the tables.
// They look here first and at the tables then: what is settled meanwhile is
// there.

// look returns a copy of a pending row.
func (p *pending) look(id message.ID) (pendingRow, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if r := p.rows[id]; r != nil { // settling is the writer's own, and changes without the lock
		return pendingRow{id: r.id, body: r.body, Progress: r.Progress, number: r.number, since: r.since}, true
	}
	return pendingRow{}, false
}

// progress returns the progress with a log of its own.
func (r *pendingRow) progress() message.Progress {
	p := r.Progress
	if len(p.Log) > 0 {
		p.Log = append(make([]byte, 0, len(p.Log)+64), p.Log...)
	}
	return p
}

// message returns the message of a row that has its body.
func (r *pendingRow) message() (*message.Message, error) {
	f, err := readBody(r.body)
	if err != nil {
		return nil, err
	}
	m, err := f.message(r.id)
	if err != nil {
		return nil, err
	}
	m.Progress = r.progress()
	return m, nil
}

// pendingChunk is how many rows are copied under the lock at a time.
const pendingChunk = 256

// matching returns the ids of messages that are not in the tables yet and match
// a filter, in its order: at most one more than its limit. next is where it
// stopped, 0 at the end.
func (p *pending) matching(f *Filter, low, high message.ID) (ids []message.ID, next message.ID, err error) {
	most := f.limit() + 1
	examined := 0
	chunk := make([]pendingRow, 0, pendingChunk)
	at, ok := p.edge(f.Oldest)
	for ok {
		chunk, at, ok = p.copyFrom(chunk[:0], at, f.Oldest)
		for i := range chunk {
			r := &chunk[i]
			if r.body == nil || r.id < low || r.id > high {
				continue
			}
			if len(ids) == most || examined == listExamine {
				return ids, next, nil
			}
			examined++
			next = r.id
			m, err := r.message()
			if err != nil {
				return nil, 0, err
			}
			if f.matches(m) {
				ids = append(ids, r.id)
			}
		}
	}
	return ids, 0, nil
}

// edge returns the place in the queue, counted from the first row there ever
// was, at which a walk begins.
func (p *pending) edge(oldest bool) (at int, ok bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if oldest {
		return p.base, p.len() > 0
	}
	return p.base + p.len() - 1, p.len() > 0
}

// copyFrom appends copies of rows from a place on, and returns the next place.
func (p *pending) copyFrom(dst []pendingRow, at int, oldest bool) (_ []pendingRow, next int, more bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	first := p.base // of those that are left
	if oldest {
		at = max(at, first)
		for ; at < first+p.len() && len(dst) < pendingChunk; at++ {
			dst = append(dst, *p.queue[p.head+at-first])
		}
		return dst, at, at < first+p.len()
	}
	for ; at >= first && len(dst) < pendingChunk; at-- {
		dst = append(dst, *p.queue[p.head+at-first])
	}
	return dst, at, at >= first
}

// oldest returns the lowest id of which the tables have no row yet.
func (p *pending) oldest() message.ID {
	p.mu.RLock()
	defer p.mu.RUnlock()
	oldest := message.ID(1<<63 - 1)
	for _, r := range p.queue[p.head:] {
		if r.body != nil {
			oldest = min(oldest, r.id)
		}
	}
	return oldest
}

// erase takes the text out of a body.
func (r *pendingRow) erase() error {
	f, err := readBody(r.body)
	if err != nil {
		return err
	}
	f.text, f.data = nil, nil
	r.body = f.append(nil)
	return nil
}
