package api

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"kurir/gateway"
)

// waiter waits for the gateway's answer to one request. Waiters are pooled
// with their channel and timer; one whose request has timed out is not used
// again, because the answer may still come.
type waiter struct {
	results chan []gateway.Result
	done    gateway.Done
	timer   *time.Timer
}

var waiters = sync.Pool{New: func() any {
	w := &waiter{results: make(chan []gateway.Result, 1), timer: time.NewTimer(time.Hour)}
	w.timer.Stop()
	w.done = func(r []gateway.Result) { w.results <- r }
	return w
}}

// submit hands subs to the gateway and returns what became of them. The only
// problem is that no answer came within the time of a request. A client that goes
// does not end the wait: the one that has only sent its end reads the answer yet.
func (s *httpServer) submit(subs []*gateway.Submission) ([]gateway.Result, *problem) {
	if results, ok := await(s.Accept, subs, s.Timeout); ok {
		return results, nil
	}
	return nil, timedOut()
}

// await hands subs to accept and waits for what became of them; false if there
// was no answer in time: they may have been accepted or not.
func await(accept func([]*gateway.Submission, gateway.Done), subs []*gateway.Submission, most time.Duration) ([]gateway.Result, bool) {
	w := waiters.Get().(*waiter)
	w.timer.Reset(most)
	accept(subs, w.done)
	select {
	case results := <-w.results:
		return w.answered(results), true
	case <-w.timer.C:
	}
	select {
	case results := <-w.results: // it has come: that nobody looked in time does not make it a message that may have been lost
		return w.answered(results), true
	default:
		return nil, false
	}
}

// answered gives the waiter back for the next request.
func (w *waiter) answered(results []gateway.Result) []gateway.Result {
	w.timer.Stop()
	waiters.Put(w)
	return results
}

// lasting returns the context of what is done for a request, for d at most. That
// of the request itself ends when the client closes its side, as those do that have
// said all they have to say and read on.
func lasting(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), d)
}

// toEach makes a submission to each number of what they have in common.
func toEach(common *gateway.Submission, numbers []string) []*gateway.Submission {
	made := make([]gateway.Submission, len(numbers))
	subs := make([]*gateway.Submission, len(numbers))
	for i, to := range numbers {
		made[i] = *common
		made[i].To, made[i].Batch = to, len(numbers) > 1
		subs[i] = &made[i]
	}
	return subs
}

// timedOut is the problem of messages without an answer.
func timedOut() *problem {
	return &problem{
		Status: http.StatusGatewayTimeout, Code: codeTimeout,
		Detail: "the gateway could not write to its database in time; the messages may have been accepted or not",
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
