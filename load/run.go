package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// run is one run of the generator.
type run struct {
	opt    Options
	name   string // of the run, in all references
	first  uint64 // recipient
	digits int    // of a recipient
	start  time.Time
	cpu    time.Duration // used before the start
	ledger *ledger

	next      atomic.Int64           // number of the next message
	limit     atomic.Int64           // the first that is not sent
	marked    int                    // how many lines of Options.Marks were written
	bound     atomic.Int64           // sessions that were logged in
	heard     atomic.Pointer[string] // when receiving: the mark of the simulator whose messages count
	stopped   atomic.Int64           // since the start, when sending ended; 0 while it goes on
	last      atomic.Int64           // since the start, when something came back last
	answered  atomic.Int64
	receipted atomic.Int64 // messages with a receipt

	mu      sync.Mutex
	tallies []*tally
}

// Run sends messages as the options say, waits for what they bring back, and reports. When the context ends it stops
// sending, waits two seconds at most, and reports what is there. The error is about options, says why nothing at all
// could be sent, or is a *DeniedError beside the report; what else goes wrong later is in the report.
func Run(ctx context.Context, opt Options) (Report, error) {
	if err := opt.defaults(); err != nil {
		return Report{}, fmt.Errorf("load: %w", err)
	}
	r := &run{opt: opt, name: runName(time.Now()), ledger: newLedger(), start: time.Now(), cpu: cpuTime()}
	r.digits = len(strings.TrimPrefix(opt.To, "+"))
	r.first, _ = strconv.ParseUint(strings.TrimPrefix(opt.To, "+"), 10, 62)
	switch {
	case opt.Kind == Receive:
		r.limit.Store(0)
	case opt.Count > 0 && opt.WarmUp == 0:
		r.limit.Store(opt.Count)
	default:
		r.limit.Store(1 << 62)
	}
	connections, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var hook *webhook
	if opt.Receipts && !opt.Kind.inSessions() {
		var err error
		if hook, err = r.listen(); err != nil {
			return Report{}, err
		}
		defer hook.close()
	}
	errs := make(chan error, opt.Connections)
	var wg sync.WaitGroup
	for i := range opt.Connections {
		wg.Go(func() {
			switch {
			case opt.Kind.inSessions():
				errs <- r.serveSession(connections, i)
			case opt.Kind == SMTP:
				errs <- r.serveSMTP(connections, i)
			default:
				errs <- r.serveHTTP(connections, i, hook)
			}
		})
	}
	err := r.wait(ctx, errs)
	stop()
	wg.Wait()
	rep := r.report()
	rep.Interrupted = ctx.Err() != nil
	if rep.Sent == 0 && err != nil {
		return rep, fmt.Errorf("load: nothing could be sent: %w", err)
	}
	if denied := (*DeniedError)(nil); errors.As(err, &denied) {
		return rep, errors.Join(fmt.Errorf("load: ended early: %w", denied), r.writeAccepted())
	}
	return rep, r.writeAccepted()
}

// wait lets the run go on until everything was sent and has come back, or nothing comes back any more.
func (r *run) wait(ctx context.Context, errs <-chan error) (first error) {
	const (
		look            = 20 * time.Millisecond
		interruptedWait = 2 * time.Second
		linger          = 200 * time.Millisecond // after everything has come, for what comes twice
	)
	every := time.NewTicker(look)
	defer every.Stop()
	alive, progress := r.opt.Connections, time.Now()
	done := ctx.Done()
	for {
		select {
		case err := <-errs:
			alive--
			first = errors.Join(first, err)
			if alive == 0 {
				r.stop()
				return first
			}
		case <-done:
			r.stop()
			done = nil
		case <-every.C:
		}
		now := r.now()
		r.advance(now)
		r.mark(now)
		if r.opt.Progress != nil && time.Since(progress) >= time.Second {
			progress = progress.Add(time.Second)
			r.progress(now)
		}
		stopped := time.Duration(r.stopped.Load())
		if stopped == 0 {
			continue
		}
		quiet := now - max(stopped, time.Duration(r.last.Load()))
		if r.complete() && quiet > linger || quiet > r.opt.Wait || ctx.Err() != nil && now-stopped > interruptedWait {
			return first
		}
	}
}

// advance ends the warm-up and the run when their times have come.
func (r *run) advance(now time.Duration) {
	if r.stopped.Load() != 0 {
		return
	}
	o := &r.opt
	if o.Kind == Receive {
		if o.Count > 0 && r.receipted.Load() >= o.Count || o.Duration > 0 && now >= o.WarmUp+o.Duration {
			r.stop()
		}
		return
	}
	if o.Count > 0 && o.WarmUp > 0 && now >= o.WarmUp && r.limit.Load() == 1<<62 {
		r.limit.Store(r.next.Load() + o.Count)
	}
	if o.Duration > 0 && now >= o.WarmUp+o.Duration || r.next.Load() >= r.limit.Load() {
		r.stop()
	}
}

// mark says when the measured time begins and ends.
func (r *run) mark(now time.Duration) {
	if r.opt.Marks == nil {
		return
	}
	for _, reached := range []struct {
		what string
		now  bool
	}{
		{"bound", !r.opt.Kind.inSessions() || r.bound.Load() >= int64(r.opt.Connections)},
		{"measuring", now >= r.opt.WarmUp},
		{"measured", r.stopped.Load() != 0},
	}[r.marked:] {
		if !reached.now {
			return
		}
		r.marked++
		fmt.Fprintln(r.opt.Marks, reached.what)
	}
}

// stop ends the sending.
func (r *run) stop() {
	r.stopped.CompareAndSwap(0, int64(r.now()))
	for {
		limit, next := r.limit.Load(), r.next.Load()
		if limit <= next || r.limit.CompareAndSwap(limit, next) {
			return
		}
	}
}

// claim takes up to n numbers of messages to send.
func (r *run) claim(n int) (from uint32, got int) {
	for {
		next := r.next.Load()
		got = int(min(int64(n), r.limit.Load()-next))
		if got <= 0 {
			return 0, 0
		}
		if r.next.CompareAndSwap(next, next+int64(got)) {
			return uint32(next), got
		}
	}
}

// sent is how many messages were sent.
func (r *run) sent() uint32 { return uint32(r.next.Load()) }

// complete reports whether nothing more can come.
func (r *run) complete() bool {
	if r.opt.Kind == Receive { // who knows what the simulator has made
		return false
	}
	return r.answered.Load() >= int64(r.sent()) && (!r.opt.Receipts || r.receipted.Load() >= r.acceptedCount())
}

// acceptedCount sums up the connections.
func (r *run) acceptedCount() (n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tallies {
		t.mu.Lock()
		for _, s := range t.seconds {
			n += s.Accepted
		}
		t.mu.Unlock()
	}
	return n
}

// now is the time since the start.
func (r *run) now() time.Duration { return time.Since(r.start) }

// over reports whether a moment is behind the measured time of a run by time.
func (r *run) over(at time.Duration) bool {
	return r.opt.Duration > 0 && at > r.opt.WarmUp+r.opt.Duration
}

// touch notes that something came back.
func (r *run) touch(now time.Duration) { r.last.Store(int64(now)) }

// tally makes the tally of one more connection.
func (r *run) tally() *tally {
	t := newTally(r)
	r.mu.Lock()
	r.tallies = append(r.tallies, t)
	r.mu.Unlock()
	return t
}

// totals sums up all tallies.
func (r *run) totals() *tally {
	sum := newTally(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tallies {
		sum.merge(t)
	}
	return sum
}

// progress writes a line.
func (r *run) progress(now time.Duration) {
	t := r.totals()
	s := Second{}
	if n := int(now/time.Second) - 1; n >= 0 && n < len(t.seconds) {
		s = t.seconds[n]
	}
	fmt.Fprintf(r.opt.Progress, "%4d s  %7d/s accepted  %7d/s receipts  %d sent\n", int(now/time.Second), s.Accepted, s.Receipts, r.sent())
}

// writeAccepted writes the references of what was accepted.
func (r *run) writeAccepted() error {
	if r.opt.Accepted == nil {
		return nil
	}
	w := bufio.NewWriterSize(r.opt.Accepted, 64<<10)
	line := []byte(r.name + "-" + strings.Repeat("0", numberLen) + "\n")
	r.ledger.each(r.sent(), func(message, state uint32) {
		if state&wasAccepted != 0 {
			putNumber(line[runLen+1:referenceLen], uint64(message))
			w.Write(line)
		}
	})
	if err := w.Flush(); err != nil {
		return fmt.Errorf("load: write the accepted references: %w", err)
	}
	return nil
}

// pace says when the k-th message of a connection is due, so that all connections together keep the rate evenly.
func (r *run) pace(connection int, k int64) time.Duration {
	n := float64(k)*float64(r.opt.Connections) + float64(connection)
	return time.Duration(n / r.opt.Rate * float64(time.Second))
}
