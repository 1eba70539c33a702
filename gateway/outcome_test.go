package gateway

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestOutcome gives each kind of answer and looks at what follows at once.
func TestOutcome(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind  message.FailureKind
		to    string
		state message.State // on disk
		next  string        // link on which it is sent again at once
	}{
		{kind: message.NoFailure, to: "46100001", state: message.Enroute},
		{kind: message.Throttled, to: "46100001", state: message.Queued},
		{kind: message.Busy, to: "46100001", state: message.Queued},
		{kind: message.LinkDown, to: "46100001", state: message.Queued},
		{kind: message.Absent, to: "46100001", state: message.Queued},
		{kind: message.MemoryFull, to: "46100001", state: message.Queued},
		{kind: message.NoAnswer, to: "46100001", state: message.Queued, next: "op1"},
		{kind: message.NoAnswer, to: "46300001", state: message.Unknown},
		{kind: message.Refused, to: "46100001", state: message.Rejected},
		{kind: message.BadRecipient, to: "46100001", state: message.Rejected},
		{kind: message.BadSender, to: "46100001", state: message.Rejected},
		{kind: message.BadContent, to: "46100001", state: message.Rejected},
		{kind: message.Busy, to: "46200001", state: message.Queued, next: "op2"},
		{kind: message.Refused, to: "46200001", state: message.Rejected},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%s to %s", tt.kind.Code(), tt.to), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				w := start(t, dir, Options{}, nil)
				links := map[string]*fakeLink{}
				for i, name := range []string{"op1", "op2", "once"} {
					links[name] = w.fakeLink(name)
					links[name].core.SessionUp(uint32(i), 10)
				}
				id := w.submit(w.untold(tt.to, "hello"))[0]
				synctest.Wait()
				for i, name := range []string{"op1", "op2", "once"} {
					for _, o := range links[name].take() {
						a := connector.Answer{Out: o, ID: "1"}
						if tt.kind != message.NoFailure {
							a = connector.Answer{Out: o, Failure: &message.Failure{Kind: tt.kind}}
						}
						links[name].core.Answered(uint32(i), []connector.Answer{a})
					}
				}
				time.Sleep(2 * tick)
				w.wantState(id, tt.state)
				for name, l := range links {
					want := 0
					if name == tt.next {
						want = 1
					}
					if n := len(l.take()); n != want {
						t.Errorf("%s was given %d messages, want %d", name, n, want)
					}
				}
			})
		})
	}
}

// TestRetryUntilValidityEnds lets every attempt fail: the waits double, and
// the message ends as expired when its validity does, not before and not
// much later.
func TestRetryUntilValidityEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{MarkLag: time.Second}, nil)
		op := w.fakeLink("op1")
		var tries []time.Time
		op.on = func(session uint32, out []*connector.Outgoing) {
			tries = append(tries, time.Now())
			go op.fail(session, out[0], message.Busy)
		}
		op.core.SessionUp(1, 10)
		began := time.Now()
		s := w.submission("46100001", "hello")
		s.Validity, s.Target = time.Hour, message.Target{}
		id := w.submit(s)[0]
		time.Sleep(time.Hour - time.Minute)
		w.wantState(id, message.Queued)
		time.Sleep(time.Minute + 5*time.Second)
		op.mu.Lock()
		defer op.mu.Unlock()
		w.wantState(id, message.Expired)
		w.wantNothingLeft()
		wait := 5 * time.Second
		for i := 1; i < len(tries); i++ {
			got := tries[i].Sub(tries[i-1])
			if got < wait*8/10 || got > wait*12/10+2*time.Second {
				t.Errorf("try %d came %v after the one before, want about %v", i+1, got, wait)
			}
			wait = min(2*wait, 15*time.Minute)
		}
		if len(tries) < 9 || len(tries) > 12 {
			t.Errorf("%d tries in an hour: %v", len(tries), tries)
		}
		if d := w.onDisk(id).Final - began.UnixMilli(); d < 3600_000 || d > 3602_000 {
			t.Errorf("it expired after %d ms, want an hour", d)
		}
	})
}

// TestComplaint08Throttling lets the operator complain: the link pauses, then goes slower
// than before, then faster by degrees; nothing is lost.
func TestComplaint08Throttling(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		const limit = 50 // messages a second, says the operator
		var second int64
		var taken, complaints, inSecond int
		op.on = func(session uint32, out []*connector.Outgoing) {
			answers := make([]connector.Answer, len(out))
			for i, o := range out {
				if now := time.Now().Unix(); now != second {
					second, inSecond = now, 0
				}
				answers[i] = connector.Answer{Out: o, ID: "1"}
				if inSecond++; inSecond > limit {
					complaints++
					answers[i] = connector.Answer{Out: o, Failure: &message.Failure{Kind: message.Throttled}}
				} else {
					taken++
				}
			}
			go op.core.Answered(session, answers)
		}
		op.core.SessionUp(1, 1000)
		const n = 2000
		for range n / 100 {
			subs := make([]*Submission, 100)
			for i := range subs {
				subs[i] = w.submission("46100001", "hello")
				subs[i].Receipts, subs[i].Target = 0, message.Target{}
			}
			w.submit(subs...)
		}
		time.Sleep(70 * time.Second)
		op.mu.Lock()
		defer op.mu.Unlock()
		if taken != n {
			t.Errorf("%d of %d were taken in 70 s, at %d a second", taken, n, limit)
		}
		if complaints > n+500 {
			t.Errorf("the operator complained %d times of %d messages", complaints, n)
		}
		w.wantNothingLeft()
	})
}

// TestThrottledWithoutAnswer: a link pauses also when only its connector has
// heard the complaint, over a part that it repeats by itself.
func TestThrottledWithoutAnswer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Links["op1"] = LinkSettings{Name: "op1", ThrottleWait: time.Minute}
		w := start(t, dir, Options{Snapshot: snap}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		op.core.Throttled(1)
		w.submit(w.submission("46100001", "hello"))
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if n := len(op.take()); n != 0 {
			t.Errorf("%d sent during the pause", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := len(op.take()); n != 1 {
			t.Errorf("%d sent after the pause, want 1", n)
		}
	})
}

// TestFallback lets the first link be down: what waits takes the next after a
// while, what is new at once.
func TestFallback(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{QueueMemory: 10}, nil)
		op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
		var subs []*Submission
		for range 100 { // most of them on disk only
			s := w.submission("46200001", "hello")
			s.Receipts, s.Target = 0, message.Target{}
			subs = append(subs, s)
		}
		ids := w.submit(subs...)
		sent := map[message.ID]int{}
		op2.on = func(session uint32, out []*connector.Outgoing) {
			for _, o := range out {
				sent[o.Message.ID]++
				go op2.answer(session, o, "1")
			}
		}
		time.Sleep(time.Second)
		op2.core.SessionUp(2, 10)
		time.Sleep(5 * time.Second)
		op2.mu.Lock()
		if len(sent) > 0 {
			t.Errorf("%d took the second link after 6 s", len(sent))
		}
		op2.mu.Unlock()
		time.Sleep(60 * time.Second)
		op2.mu.Lock()
		defer op2.mu.Unlock()
		for _, id := range ids {
			if sent[id] != 1 {
				t.Fatalf("%s was sent %d times", id, sent[id])
			}
		}
		if n := len(op1.take()); n > 0 {
			t.Errorf("the link that is down was given %d messages", n)
		}
		w.wantNothingLeft()
	})
}

// One recipient whom the operator always throttles must not stop the others,
// nor a text that makes it cut the connection each time.
func TestPoisonDoesNotStopTheLink(t *testing.T) {
	t.Parallel()
	for name, bite := range map[string]func(op *fakeLink, session uint32, o *connector.Outgoing){
		"throttled": func(op *fakeLink, session uint32, o *connector.Outgoing) {
			op.fail(session, o, message.Throttled)
		},
		"cut": func(op *fakeLink, session uint32, _ *connector.Outgoing) {
			op.core.SessionDown(session, nil, errors.New("cut"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				w := start(t, dir, Options{}, nil)
				op := w.fakeLink("op1")
				var session atomic.Uint32
				session.Store(1)
				const poison = "46100666"
				op.on = func(num uint32, out []*connector.Outgoing) {
					go func() {
						for _, o := range out {
							if num != session.Load() { // it was cut
								return
							}
							if o.To.Number == poison {
								bite(op, num, o)
								if name == "cut" {
									if next := session.Add(1); next < 100 { // else it would go on for ever in no time
										op.core.SessionUp(next, 3)
									}
								}
								continue
							}
							op.core.Answered(num, []connector.Answer{{Out: o, ID: "1"}})
						}
					}()
				}
				op.core.SessionUp(1, 3)
				subs := []*Submission{w.submission(poison, "poison")}
				for range 20 {
					subs = append(subs, w.submission("46100001", "hello"))
				}
				for _, s := range subs {
					s.Receipts, s.Target = 0, message.Target{}
				}
				ids := w.submit(subs...)
				time.Sleep(2 * time.Minute)
				for _, id := range ids[1:] {
					w.wantState(id, message.Sent)
				}
				w.wantState(ids[0], message.Queued)
			})
		})
	}
}
