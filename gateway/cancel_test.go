package gateway

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// stationTest brings a message to a station; last is the state that it has on
// disk there, free whether no session has it.
type stationTest struct {
	name  string
	reach func(w *world, op *fakeLink) message.ID
	state message.State
	free  bool
}

func stationTests() []stationTest {
	one := func(w *world, change func(*Submission)) message.ID {
		s := w.submission("46100001", "hello")
		s.Validity = 20 * time.Minute
		if change != nil {
			change(s)
		}
		id := w.submit(s)[0]
		synctest.Wait()
		return id
	}
	return []stationTest{
		{"waiting", func(w *world, _ *fakeLink) message.ID { return one(w, nil) }, message.Queued, true},
		{"waiting behind the mark", func(w *world, _ *fakeLink) message.ID {
			id := one(w, nil)
			time.Sleep(10 * time.Second)
			return id
		}, message.Queued, true},
		{"waiting on disk only", func(w *world, _ *fakeLink) message.ID {
			for range 20 {
				one(w, func(s *Submission) { s.Target, s.Validity = message.Target{}, 2*time.Minute })
			}
			return one(w, nil)
		}, message.Queued, true},
		{"scheduled", func(w *world, _ *fakeLink) message.ID {
			return one(w, func(s *Submission) { s.SendAt = time.Now().Add(10 * time.Minute) })
		}, message.Scheduled, true},
		{"to be retried soon", func(w *world, op *fakeLink) message.ID {
			op.core.SessionUp(1, 10)
			id := one(w, nil)
			op.fail(1, op.take()[0], message.Busy)
			synctest.Wait()
			op.core.SessionDown(1, nil, nil)
			return id
		}, message.Queued, true},
		{"to be retried later", func(w *world, op *fakeLink) message.ID {
			op.core.SessionUp(1, 10)
			id := one(w, nil)
			for range 5 {
				op.fail(1, op.take()[0], message.Busy)
				time.Sleep(100 * time.Second)
			}
			op.core.SessionDown(1, op.take(), nil)
			return id
		}, message.Queued, true},
		{"granted", func(w *world, op *fakeLink) message.ID {
			op.core.SessionUp(1, 10)
			return one(w, nil)
		}, message.Sending, false},
		{"granted and taken back unwritten", func(w *world, op *fakeLink) message.ID {
			op.core.SessionUp(1, 10)
			id := one(w, nil)
			op.core.SessionDown(1, op.take(), nil)
			synctest.Wait()
			return id
		}, message.Queued, true},
		{"enroute", func(w *world, op *fakeLink) message.ID {
			op.core.SessionUp(1, 10)
			id := one(w, nil)
			op.answer(1, op.take()[0], "1")
			synctest.Wait()
			return id
		}, message.Enroute, false},
		{"enroute on disk only", func(w *world, op *fakeLink) message.ID {
			op.core.SessionUp(1, 10)
			id := one(w, nil)
			op.answer(1, op.take()[0], "1")
			time.Sleep(10 * time.Second)
			return id
		}, message.Enroute, false},
	}
}

// inStation runs f with a message at each station, as it was brought there and
// after a restart.
func inStation(t *testing.T, f func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool)) {
	t.Helper()
	for _, s := range stationTests() {
		for _, restarted := range []bool{false, true} {
			if underRace && restarted && t.Name() != "TestCancel" {
				continue
			}
			name := s.name
			if restarted {
				name += ", restarted"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				bubble(t, func(t *testing.T) {
					opt := Options{QueueMemory: 5, MarkLag: 3 * time.Second}
					r := &fakeReceiver{limit: 10}
					set := func(w *world) { w.Receive(message.SMPPTarget, r) }
					w := start(t, dir, opt, set)
					id := s.reach(w, w.fakeLink("op1"))
					w.wantState(id, s.state)
					if restarted {
						w.end()
						w = start(t, dir, opt, set)
						synctest.Wait()
					}
					f(t, w, r, s, id, restarted)
				})
			})
		}
	}
}

// wantTold waits for one state, acknowledges it and wants nothing left.
func wantTold(w *world, r *fakeReceiver, id message.ID, want message.State) {
	w.t.Helper()
	w.wantState(id, want)
	items := r.take()
	if len(items) != 1 || items[0].Message.ID != id || items[0].State != want {
		w.t.Fatalf("told %v, want %s of %s", items, want, id)
	}
	w.Delivered([]Delivered{{Item: items[0]}})
}

func TestCancel(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		if _, err := w.Cancel(context.Background(), "beta", id); err == nil {
			t.Error("another customer cancelled it")
		}
		// A message with a session is uncertain after a restart, and waits again.
		free := s.free || restarted && s.state == message.Sending
		m, err := w.Cancel(context.Background(), "acme", id)
		if !free {
			if err == nil {
				t.Errorf("cancelled: %v", m)
			}
			return
		}
		if err != nil || m.State != message.Deleted {
			t.Fatalf("cancelled: %v %v", m, err)
		}
		synctest.Wait()
		wantTold(w, r, id, message.Deleted)
		if _, err := w.Cancel(context.Background(), "acme", id); err == nil {
			t.Error("cancelled twice")
		}
		op := w.fakeLink("op1")
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.ID == id {
					t.Error("sent after it was cancelled")
				}
				go op.answer(n, o, "")
			}
		}
		op.core.SessionUp(7, 100)
		time.Sleep(15 * time.Minute)
		w.wantNothingLeft()
	})
}

func TestExpire(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		if s.state == message.Sending && !restarted {
			return // the session has it, and answers or ends
		}
		time.Sleep(35 * time.Minute)
		want := message.Expired
		if s.state == message.Enroute {
			want = message.Unknown
		}
		wantTold(w, r, id, want)
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestGoesOn lets each message be sent and delivered after all.
func TestGoesOn(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		op := w.fakeLink("op1")
		sent := 0
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.ID == id {
					sent++
				}
				key := o.Message.ID.String()
				go func() {
					op.answer(n, o, key)
					op.report(key, message.Delivered, "")
				}()
			}
		}
		if s.state == message.Sending && !restarted {
			return
		}
		op.core.SessionUp(7, 100)
		if s.state == message.Enroute {
			<-op.report("1", message.Delivered, "")
		}
		time.Sleep(18 * time.Minute)
		op.mu.Lock()
		defer op.mu.Unlock()
		wantTold(w, r, id, message.Delivered)
		if want := s.state != message.Enroute; want != (sent == 1) {
			t.Errorf("sent %d times", sent)
		}
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}
