package api

import (
	"net/http"
	"sync"
)

// Bounds on the callbacks of batches.
const (
	jasminMostCalls   = 200_000 // that wait, of all batches
	jasminMostBatches = 20      // that are called at a time
)

// jasminCalls makes the callbacks of batches, once each, as Jasmin does: they
// say what the answer to a message would have said, and messages that were
// accepted are on disk whether or not they are heard. At an end of the server
// those that wait are dropped.
type jasminCalls struct {
	caller *httpCaller
	slots  chan struct{}
	stop   chan struct{}

	mu      sync.Mutex
	waiting int
	closed  bool
	running sync.WaitGroup
}

func newJasminCalls(caller *httpCaller) *jasminCalls {
	return &jasminCalls{caller: caller, slots: make(chan struct{}, jasminMostBatches), stop: make(chan struct{})}
}

// close drops what waits, and waits for the calls under way.
func (c *jasminCalls) close() {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.stop)
	}
	c.mu.Unlock()
	c.running.Wait()
}

// reserve makes room for the calls of a batch; false when too many wait.
func (c *jasminCalls) reserve(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.waiting+n > jasminMostCalls {
		return false
	}
	c.waiting += n
	return true
}

// callbacks looks at where the batch is to be told; nil for nowhere. why says
// what is wrong with that.
func (b *jasminBatch) callbacks(s *httpServer) (calls *jasminCalls, status int, why string) {
	for _, address := range []string{b.Config.Callback, b.Config.Errback} {
		if address == "" {
			continue
		}
		if s.Jasmin == nil {
			return nil, http.StatusPreconditionFailed, "callbacks are not made here"
		}
		if err := s.Guard.Check(address); err != nil {
			return nil, http.StatusPreconditionFailed, "callback_url and errback_url: " + err.Error()
		}
		calls = s.Jasmin.batches
	}
	if calls != nil && !calls.reserve(len(b.list)) {
		return nil, http.StatusServiceUnavailable, "too many callbacks of batches wait; try again later"
	}
	return calls, 0, ""
}

// start makes the calls of a batch, one after the other.
func (c *jasminCalls) start(b *jasminBatch) {
	calls := make([]call, 0, len(b.list))
	for _, one := range b.list {
		base, status, text := b.Config.Errback, "0", "HTTPAPI error: "+one.answer.said()
		if one.answer.status == http.StatusOK {
			base, status, text = b.Config.Callback, "1", one.answer.said()
		}
		if base == "" {
			continue
		}
		var form jasminForm
		form.add("batchId", b.id)
		form.add("to", one.sub.To)
		form.add("status", status)
		form.add("statusText", text)
		calls = append(calls, call{method: http.MethodGet, address: withQuery(base, string(form)), trusted: c.caller.guard.Trusted(base)})
	}
	n := len(b.list)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.running.Go(func() {
		defer c.made(n)
		select {
		case c.slots <- struct{}{}:
		case <-c.stop:
			return
		}
		defer func() { <-c.slots }()
		for i := range calls {
			select {
			case <-c.stop:
				return
			default:
			}
			_, _, _ = c.caller.do(&calls[i]) // nobody is told that it failed, as with Jasmin
		}
	})
}

// made gives back the room of a batch.
func (c *jasminCalls) made(n int) {
	c.mu.Lock()
	c.waiting -= n
	c.mu.Unlock()
}
