package e2e

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"kurir/smpp"
)

// steady is a well-behaved customer: it submits at a fixed rate whatever others do, answers every deliver_sm at once, and
// measures how long its answers take, from the moment at which a message was due.
type steady struct {
	t    testing.TB
	sess *smpp.Session
	stop context.CancelFunc
	done chan struct{}

	mu       sync.Mutex
	taken    []time.Duration // of what was due in the phase
	failed   int             // of that, answered with an error, or not sent
	since    time.Time       // the phase
	until    time.Time       // zero while it lasts
	want     int             // how many messages were due in it
	whole    chan struct{}   // closed when as many are answered
	receipts int
}

// steadyRate is how many messages it submits a second.
const steadyRate = 500

// startSteady binds as the usual account and begins to submit to a number.
func startSteady(t testing.TB, addr, number string) *steady {
	t.Helper()
	w := &steady{t: t, done: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	d := smpp.Dialer{
		Hosts: []string{addr}, Bind: smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: password},
		Session: smpp.SessionConfig{Window: 2000},
	}
	var err error
	if w.sess, _, err = d.Connect(ctx, w); err != nil {
		t.Fatalf("bind: %v", err)
	}
	ctx, w.stop = context.WithCancel(t.Context())
	go w.run(ctx, number)
	t.Cleanup(w.end)
	return w
}

// end stops it and waits.
func (w *steady) end() {
	w.stop()
	<-w.done
	w.sess.Close(nil)
}

// run submits whatever is due every two milliseconds.
func (w *steady) run(ctx context.Context, number string) {
	defer close(w.done)
	const every = time.Second / steadyRate
	tick := time.NewTicker(every)
	defer tick.Stop()
	due := time.Now()
	for n := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-w.sess.Done():
			w.t.Errorf("the well-behaved session has ended: %v", w.sess.Err())
			return
		case <-tick.C:
		}
		for ; !due.After(time.Now()); due = due.Add(every) {
			n++
			body := shortText(number, fmt.Sprintf("steady-%d %s", n, textMark))
			taken, err := w.sess.Send([]smpp.Request{{Body: body, Ref: due}})
			if taken == 0 {
				w.answered(due, time.Now(), false)
			}
			if err != nil {
				break
			}
		}
	}
}

// Requests implements smpp.Handler.
func (w *steady) Requests(s *smpp.Session, requests []smpp.PDU) {
	answers := make([]smpp.PDU, len(requests))
	for i, p := range requests {
		answers[i] = smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence}
	}
	w.mu.Lock()
	w.receipts += len(requests)
	w.mu.Unlock()
	_ = s.Respond(answers)
}

// Responses implements smpp.Handler.
func (w *steady) Responses(_ *smpp.Session, responses []smpp.Response) {
	now := time.Now()
	for _, r := range responses {
		w.answered(r.Ref.(time.Time), now, r.Err == nil && r.PDU.Status == smpp.ESME_ROK)
	}
}

// answered books what became of a message that was due then.
func (w *steady) answered(due, now time.Time, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	over := !w.until.IsZero()
	switch {
	case due.Before(w.since) || over && !due.Before(w.until):
		return
	case ok:
		w.taken = append(w.taken, now.Sub(due))
	default:
		w.failed++
	}
	if over && len(w.taken)+w.failed == w.want {
		close(w.whole)
	}
}

// seen is what one phase showed.
type seen struct {
	rate float64 // messages answered with ESME_ROK, of those that were due in a second
	p99  time.Duration
}

// phase measures for a time what is due in it. What is not answered by then has as long again: how late answers are is seen by themselves, and
// the rate by how many there are of them.
func (w *steady) phase(d time.Duration) seen {
	w.mu.Lock()
	w.since, w.until, w.taken, w.failed, w.whole = time.Now(), time.Time{}, nil, 0, make(chan struct{})
	w.mu.Unlock()
	<-time.After(d)
	w.mu.Lock()
	w.until = time.Now()
	w.want = int(w.until.Sub(w.since) * steadyRate / time.Second)
	missing := w.want - len(w.taken) - w.failed
	w.mu.Unlock()
	if missing > 0 {
		select {
		case <-w.whole:
		case <-time.After(d):
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	v := seen{rate: float64(len(w.taken)) / w.until.Sub(w.since).Seconds()}
	all := slices.Clone(w.taken)
	for range w.want - len(w.taken) - w.failed {
		all = append(all, d) // at least
	}
	if len(all) > 0 {
		slices.Sort(all)
		v.p99 = all[(len(all)*99+99)/100-1]
	}
	return v
}

// median of each figure by itself.
func median(list []seen) (m seen) {
	rates, times := []float64{}, []time.Duration{}
	for _, v := range list {
		rates, times = append(rates, v.rate), append(times, v.p99)
	}
	slices.Sort(rates)
	slices.Sort(times)
	return seen{rates[len(rates)/2], times[len(times)/2]}
}

// What a misbehaving peer may cost one that behaves: a tenth of its rate, and its p99 three times, where what is
// below the floor counts as the floor.
const (
	phaseTime  = 500 * time.Millisecond
	phases     = 3
	p99Floor   = 5 * time.Millisecond
	mostTrials = 5
)

// undisturbed alternates quiet and hostile phases and compares the medians. Machines stutter: it fails only if several trials
// in a row do. hostile begins to misbehave and returns what ends that.
func (w *steady) undisturbed(t *testing.T, hostile func() (stop func())) {
	t.Helper()
	var say string
	for trial := range mostTrials {
		var quiet, loud []seen
		for range phases {
			quiet = append(quiet, w.phase(phaseTime))
			stop := hostile()
			loud = append(loud, w.phase(phaseTime))
			stop()
		}
		q, l := median(quiet), median(loud)
		say = fmt.Sprintf("quiet %.0f/s, p99 %v; beside the peer %.0f/s, p99 %v", q.rate, q.p99.Round(100*time.Microsecond), l.rate, l.p99.Round(100*time.Microsecond))
		if l.rate >= 0.9*q.rate && l.p99 <= 3*max(q.p99, p99Floor) && q.rate > 0.8*steadyRate {
			t.Log(say)
			return
		}
		t.Logf("trial %d: %s", trial+1, say)
	}
	t.Errorf("a well-behaved session is disturbed: %s", say)
}
