package gateway

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestDrain lets a link drain: nothing more is granted to it, its receipts are
// still taken, what waits stays or takes the next link, and goes on when it may
// send again.
func TestDrain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		first, second := w.twoLinks()
		before := w.submit(w.submission("46100001", "before"))[0]
		synctest.Wait()
		out := first.take()
		first.answer(1, out[0], "1")
		w.SetLinkWish("op1", LinkDrains)

		waits := w.submit(w.submission("46100002", "waits"))[0]
		w.submit(w.submission("46200001", "has another way"))
		synctest.Wait()
		if n := len(first.take()); n != 0 {
			t.Errorf("%d messages were granted to a link that drains", n)
		}
		if n := len(second.take()); n != 1 {
			t.Errorf("%d messages took the next link, want 1", n)
		}
		if err := <-first.report("1", message.Delivered, ""); err != nil {
			t.Errorf("a receipt while it drains: %v", err)
		}
		w.wantState(before, message.Delivered)
		if s := w.LinkStats(); s[1].Name != "op1" || s[1].State != "draining" || s[2].State != "up" || s[1].Queued != 1 {
			t.Errorf("links are shown as %+v", s)
		}

		// A new configuration, and another session, change nothing of it.
		w.Replace(testSnapshot())
		first.core.SessionUp(3, 10)
		synctest.Wait()
		if n := len(first.take()); n != 0 {
			t.Errorf("after a reload %d messages were granted to a link that drains", n)
		}
		w.SetLinkWish("op1", LinkRuns)
		synctest.Wait()
		if out = first.take(); len(out) != 1 || out[0].Message.ID != waits {
			t.Fatalf("%d messages were granted when it might send again", len(out))
		}
	})
}

// TestDrainMoves lets a link drain for longer than fallback_wait: what waits for
// it and has another way takes that.
func TestDrainMoves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		first, second := w.fakeLink("op1"), w.fakeLink("op2")
		first.core.SessionUp(1, 1)
		w.submit(w.submission("46200001", "on its way"), w.submission("46200002", "waits"))
		time.Sleep(time.Minute)
		second.core.SessionUp(2, 10)
		w.SetLinkWish("op1", LinkDrains)
		time.Sleep(5 * time.Second)
		if n := len(second.take()); n != 0 {
			t.Errorf("%d messages moved before fallback_wait", n)
		}
		time.Sleep(7 * time.Second)
		if n := len(second.take()); n != 1 {
			t.Errorf("%d messages moved after fallback_wait, want 1", n)
		}
	})
}

// TestRestartSession names what is not there.
func TestRestartSession(t *testing.T) {
	t.Parallel()
	w := start(t, t.TempDir(), Options{}, nil)
	var wrong *LinkError
	if err := w.RestartSession("none", 1); !errors.As(err, &wrong) || !wrong.Missing {
		t.Errorf("a link that is not there: %v", err)
	}
	if err := w.RestartSession("op1", 1); !errors.As(err, &wrong) || wrong.Missing {
		t.Errorf("a link that is stopped: %v", err)
	}
	w.fakeLink("op1")
	if err := w.RestartSession("op1", 1); !errors.As(err, &wrong) || !wrong.Missing {
		t.Errorf("a session that is not there: %v", err)
	}
	w.Attach("op1", &tapped{})
	if err := w.RestartSession("op1", 7); !errors.As(err, &wrong) || wrong.Missing {
		t.Errorf("a session of a link that cannot: %v", err)
	}
}

// TestReceiveOnly: a link by which nothing is sent is up while it has a session
// that receives, and takes no message.
func TestReceiveOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 0)
		if s := linkStats(w, "op1"); s.Up || s.State != "down" {
			t.Errorf("without a session that sends, of a link that should: %+v", s)
		}
		snap := testSnapshot()
		set := snap.Links["op1"]
		set.ReceiveOnly = true
		snap.Links["op1"] = set
		w.Replace(snap)
		if s := linkStats(w, "op1"); !s.Up || s.State != "up" || s.Alarm() {
			t.Errorf("with a session: %+v", s)
		}
		w.submit(w.submission("46100001", "waits"))
		synctest.Wait()
		if n := len(op.take()); n != 0 {
			t.Errorf("%d messages were granted", n)
		}
		sub := w.submission("46100001", "hello")
		sub.Link = "op1"
		if r, err := w.Submit(t.Context(), []*Submission{sub}); err != nil || r[0].Failure == nil || r[0].Failure.Kind != message.NoRoute {
			t.Errorf("by this link: %+v, %v", r, err)
		}
		time.Sleep(time.Minute)
		op.core.SessionDown(1, nil, errors.New("cut"))
		if s := linkStats(w, "op1"); s.Up || !s.Alarm() || time.Since(s.Since) > 0 {
			t.Errorf("without a session: %+v", s)
		}
	})
}

// TestElsewhere: a link whose sessions only another gateway has is neither up nor down; it is down when nobody has one, from
// then on.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		nodes := nodesOn(t, dir, 2)
		a, b := nodes[0], nodes[1]
		there := a.fakeLink("op1")
		b.fakeLink("op1")
		want := func(state string, since time.Duration) {
			t.Helper()
			if s := linkStats(b, "op1"); s.State != state || s.Up || s.Alarm() != (state == "down") || time.Since(s.Since) != since {
				t.Errorf("%s for %v, alarm %v; want %s for %v", s.State, time.Since(s.Since), s.Alarm(), state, since)
			}
		}
		told := make(chan int, 2)
		a.opt.Sessions = func() { told <- a.OpenSessions()["op1"] }
		time.Sleep(time.Minute)
		there.core.SessionUp(1, 10)
		if n := <-told; n != 1 {
			t.Errorf("%d sessions are open at the other", n)
		}
		want("down", time.Minute)
		b.HeldElsewhere([]string{"op1"})
		want("elsewhere", 0)
		time.Sleep(time.Hour)
		b.HeldElsewhere([]string{"op1"})
		want("elsewhere", time.Hour)
		there.core.SessionDown(1, nil, errors.New("cut"))
		if n := <-told; n != 0 {
			t.Errorf("%d sessions are open at the other", n)
		}
		b.HeldElsewhere(nil)
		want("down", 0)
		b.SetLinkWish("op1", LinkStops)
		want("stopped", 0)
	})
}
