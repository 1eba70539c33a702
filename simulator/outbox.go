package simulator

import (
	"io"
	"sync"
)

// Limits of what a session may have written without its peer reading it.
const (
	maxUnread    = 1 << 20 // deliver_sm are held back
	maxUnwritten = 4 << 20 // nothing more is read from the peer
)

// outbox collects what is to be written on a connection, so that one write carries all that came together.
type outbox struct {
	mu     sync.Mutex
	wake   sync.Cond // something to write, or room again, or closed
	buf    []byte
	spare  []byte
	last   bool // close the connection when everything is written
	closed bool
	flight int // octets being written
}

func (o *outbox) init() { o.wake.L = &o.mu }

// write appends a copy of the octets.
func (o *outbox) write(b []byte) {
	if len(b) == 0 {
		return
	}
	o.mu.Lock()
	if !o.closed && !o.last {
		o.buf = append(o.buf, b...)
		o.wake.Broadcast()
	}
	o.mu.Unlock()
}

// size is what waits to be written.
func (o *outbox) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.buf) + o.flight
}

// room waits until the peer has read enough; false when the connection is closed.
func (o *outbox) room() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.buf) > maxUnwritten && !o.closed {
		o.wake.Wait()
	}
	return !o.closed
}

// finish closes the connection after what is written so far.
func (o *outbox) finish() {
	o.mu.Lock()
	o.last = true
	o.wake.Broadcast()
	o.mu.Unlock()
}

// close gives up at once.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.wake.Broadcast()
	o.mu.Unlock()
}

// run writes until the outbox is closed or a write fails, then closes the connection.
func (o *outbox) run(conn io.WriteCloser) {
	defer conn.Close()
	for {
		o.mu.Lock()
		o.flight = 0
		for len(o.buf) == 0 && !o.closed && !o.last {
			o.wake.Wait()
		}
		if o.closed || len(o.buf) == 0 {
			o.closed = true
			o.wake.Broadcast()
			o.mu.Unlock()
			return
		}
		b := o.buf
		o.buf, o.spare = o.spare[:0], nil
		o.flight = len(b)
		o.wake.Broadcast()
		o.mu.Unlock()
		_, err := conn.Write(b)
		o.mu.Lock()
		if cap(b) <= maxUnread {
			o.spare = b
		}
		if err != nil {
			o.closed = true
			o.wake.Broadcast()
		}
		o.mu.Unlock()
	}
}
