package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// crash goes on with a copy of the database as it is now, and forgets the rest.
func crash(t *testing.T, w *world, opt Options) *world {
	t.Helper()
	synctest.Wait()
	dir := t.TempDir()
	copyStore(t, w.dir, dir)
	w.end()
	return start(t, dir, opt, nil)
}

// marks counts the events of a kind in a message's log.
func marks(w *world, id message.ID, kind message.EventKind) (n int) {
	m := w.onDisk(id)
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, e := range events {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

// TestCrashWithGrants kills the gateway while an operator has messages, granted
// in their own rows, in a grant row before and one behind the mark: they are
// uncertain, marked once, and sent again unless the policy is once.
func TestCrashWithGrants(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"op1", "once"} {
		for _, way := range []string{"own row", "grant row", "behind the mark", "own row, long ago"} {
			t.Run(link+" "+way, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T) {
					opt := Options{MarkLag: 5 * time.Second}
					w := start(t, t.TempDir(), opt, nil)
					op := w.fakeLink(link)
					to := map[string]string{"op1": "46100001", "once": "46300001"}[link]
					s := w.untold(to, "hello")
					if way == "own row" || way == "own row, long ago" {
						op.core.SessionUp(1, 10)
					}
					id := w.submit(s)[0]
					if way == "behind the mark" {
						time.Sleep(time.Minute)
					}
					if way == "grant row" || way == "behind the mark" {
						op.core.SessionUp(1, 10)
					}
					synctest.Wait()
					if way == "own row, long ago" {
						time.Sleep(time.Minute)
					}
					if n := len(op.take()); n != 1 {
						t.Fatalf("sent %d times", n)
					}
					for range 2 { // a second crash marks nothing more
						w = crash(t, w, opt)
						time.Sleep(time.Second)
						if n := marks(w, id, message.EventUncertain); n != 1 {
							t.Errorf("marked as uncertain %d times", n)
						}
					}
					op = w.fakeLink(link)
					op.core.SessionUp(2, 10)
					synctest.Wait()
					out := op.take()
					if link == "once" {
						w.wantState(id, message.Unknown)
						if len(out) > 0 {
							t.Error("sent again")
						}
					} else {
						if len(out) != 1 {
							t.Fatalf("sent again %d times", len(out))
						}
						op.answer(2, out[0], "1")
						<-op.report("1", message.Delivered, "")
						w.wantState(id, message.Delivered)
					}
					time.Sleep(time.Second)
					w.wantNothingLeft()
				})
			})
		}
	}
}

// TestCrashInTheMillisecondOfAnAnswer grants a message again in the very
// millisecond in which its first attempt failed: the crash that follows must
// not take that answer for the one to the second grant.
func TestCrashInTheMillisecondOfAnAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opt := Options{MarkLag: 5 * time.Second}
		w := start(t, t.TempDir(), opt, nil)
		op := w.fakeLink("op1")
		id := w.submit(w.submission("46100001", "hello"))[0]
		time.Sleep(time.Minute)
		op.core.SessionUp(1, 10)
		synctest.Wait()
		op.fail(1, op.take()[0], message.NoAnswer)
		synctest.Wait()
		if n := len(op.take()); n != 1 {
			t.Fatalf("sent again %d times", n)
		}
		w = crash(t, w, opt)
		op = w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		time.Sleep(time.Minute) // twice uncertain, it steps aside for a while
		if n := len(op.take()); n != 1 {
			t.Fatalf("sent %d times after the crash", n)
		}
		if n := marks(w, id, message.EventUncertain); n != 2 {
			t.Errorf("marked as uncertain %d times, want 2", n)
		}
	})
}

// TestCrashWhileAside kills the gateway again and again while an operator has
// a message. From the second doubt on it waits for a while after the start, and
// the mark passes it in that time: it must be found after one more crash.
func TestCrashWhileAside(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opt := Options{MarkLag: time.Second}
		w := start(t, t.TempDir(), opt, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		id := w.submit(w.untold("46100001", "hello"))[0]
		for session := uint32(2); session < 4; session++ {
			synctest.Wait()
			if n := len(op.take()); n != 1 {
				t.Fatalf("sent %d times before session %d", n, session)
			}
			w = crash(t, w, opt)
			op = w.fakeLink("op1")
			op.core.SessionUp(session, 10)
		}
		time.Sleep(3 * time.Second) // behind the mark, and not yet sent again
		if n := len(op.take()); n != 0 {
			t.Fatalf("sent %d times at once after two crashes", n)
		}
		w = crash(t, w, opt)
		op = w.fakeLink("op1")
		op.core.SessionUp(9, 10)
		time.Sleep(time.Minute)
		out := op.take()
		if len(out) != 1 {
			t.Fatalf("sent %d times after the last crash", len(out))
		}
		op.answer(9, out[0], "1")
		<-op.report("1", message.Delivered, "")
		w.wantState(id, message.Delivered)
		time.Sleep(time.Second)
		w.wantNothingLeft()
	})
}

// TestSessionEnds takes a session's messages back: those never written without
// a mark, the others marked.
func TestSessionEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		ids := w.submit(w.submission("46100001", "a"), w.submission("46100001", "b"), w.submission("46100001", "c"))
		synctest.Wait()
		out := op.take()
		op.core.SessionUp(2, 10)
		op.core.SessionDown(1, out[2:], nil)
		synctest.Wait()
		again := op.take()
		if len(again) != 3 {
			t.Fatalf("%d messages went to the other session", len(again))
		}
		for i, want := range []int{1, 1, 0} {
			if again[i].Message.ID != ids[i] {
				t.Errorf("message %d is not at its place", i)
			}
			op.answer(2, again[i], again[i].Message.ID.String())
			op.answer(1, out[i], "late") // of a session that is gone
			synctest.Wait()
			if n := marks(w, ids[i], message.EventUncertain); n != want {
				t.Errorf("message %d is marked %d times, want %d", i, n, want)
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if s := w.links["op1"].sessions; len(s) != 1 || s[0].used != 0 {
			t.Errorf("sessions %v, credit used %d", s, s[0].used)
		}
	})
}

// TestReload changes a link's rate and takes another away: what waits for it
// takes its second link.
func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
		op1.core.SessionUp(1, 1)
		var subs []*Submission
		for range 3 {
			subs = append(subs, w.submission("46200001", "hello"))
		}
		w.submit(subs...)
		synctest.Wait()
		first := op1.take()
		snap := testSnapshot()
		snap.Number = 2
		delete(snap.Links, "op1")
		snap.Links["op2"] = LinkSettings{Name: "op2", Rate: 1}
		w.Replace(snap)
		op1.answer(1, first[0], "1")
		synctest.Wait()
		op1.core.SessionDown(1, op1.take(), nil)
		w.Attach("op1", nil)
		op2.core.SessionUp(2, 10)
		time.Sleep(12500 * time.Millisecond)
		if n := len(op2.take()); n < 1 || n > 2 {
			t.Errorf("%d messages went by the other link at one a second", n)
		}
		time.Sleep(2 * time.Second)
		if n := len(op2.take()); n > 1 {
			t.Errorf("%d messages more", n)
		}
		for _, l := range w.Stats().Links {
			if l.Name == "op1" {
				t.Errorf("a link that was taken away is shown with %d messages waiting", l.Queued)
			}
		}
	})
}
