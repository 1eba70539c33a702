package load

import (
	"context"
	"errors"
	"time"
)

// turns is a connection on which one request follows the other.
type turns struct {
	run    *run
	number int
	tally  *tally
	paced  int64
}

// turns makes those of a connection.
func (r *run) turns(number int) turns { return turns{run: r, number: number, tally: r.tally()} }

// each has requests sent until there is nothing more to send; then it waits for the end of the run. send sends one with n
// messages and books its answer; after an error of it other than a *DeniedError it is called again if the run goes on then.
func (c *turns) each(ctx context.Context, send func(message uint32, n int) error) error {
	r := c.run
	for {
		due, n, more := c.next(ctx)
		if !more {
			<-ctx.Done()
			return nil
		}
		err := send(due.message, n)
		if denied := (*DeniedError)(nil); errors.As(err, &denied) {
			r.stop()
			return err
		}
		if err != nil && ctx.Err() == nil {
			c.tally.mu.Lock()
			c.tally.failed("connection: " + plain(err))
			c.tally.mu.Unlock()
			if !r.opt.Reconnect {
				return err
			}
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// dueRequest is the first message of a request, and when it is to be sent.
type dueRequest struct {
	message uint32
	at      time.Duration
}

// next claims messages and waits until they are due; more is false when there are none left.
func (c *turns) next(ctx context.Context) (d dueRequest, n int, more bool) {
	r := c.run
	d.at = r.now()
	if r.opt.Rate > 0 {
		at := r.pace(c.number, c.paced) * time.Duration(r.opt.PerRequest)
		if wait := at - d.at; wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return d, 0, false
			}
		}
		d.at = at
	}
	c.paced++
	d.message, n = r.claim(r.opt.PerRequest)
	for i := range n {
		r.ledger.sending(d.message+uint32(i), d.at)
	}
	return d, n, n > 0
}
