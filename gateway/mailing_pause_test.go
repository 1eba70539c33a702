package gateway

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// mailingNow is how an account's only mailing stands.
func (w *world) mailingNow() MailingJob {
	w.t.Helper()
	list := w.Mailings("acme")
	if len(list) != 1 {
		w.t.Fatalf("there are %d mailings", len(list))
	}
	return list[0]
}

// ends waits second by second until a mailing has ended, and demands that nobody was written to twice.
func (w *world) ends(many int, second func()) {
	w.t.Helper()
	for range 600 {
		if second(); !w.mailingNow().State.Open() {
			break
		}
	}
	if v := w.mailingNow(); v.State != JobDone || v.Accepted != int64(many) || v.Looked != int64(many) {
		w.t.Errorf("it ended as %+v", v)
	}
	sent := w.mailed()
	for number, n := range sent {
		if n != 1 {
			w.t.Errorf("%s got %d", number, n)
		}
	}
	if len(sent) != many {
		w.t.Errorf("%d phones", len(sent))
	}
}

// A mailing that is paused accepts no more, also over a crash, until it goes on; then all get one each. One that is stopped while
// it is paused stays so over a crash.
func TestMailingPause(t *testing.T) {
	t.Parallel()
	const many = 120
	bubble(t, func(t *testing.T) {
		opt := Options{Snapshot: withRate(20), page: 7}
		w := start(t, t.TempDir(), opt, nil)
		w.people(many)
		sub := w.untold("", "x")
		sub.Reference = "summer"
		job, err := w.Mail(t.Context(), "acme", &Mailing{Account: "acme", Common: *sub, To: []MailTo{{To: "group:all"}}}, nil)
		if err != nil || job.Expected < many/2 {
			t.Fatalf("%+v %v", job, err)
		}
		time.Sleep(2 * time.Second)
		if v, err := w.PauseMailing(t.Context(), "acme", job.ID); err != nil || v.State != JobPaused {
			t.Fatalf("%+v %v", v, err)
		}
		if _, err := w.PauseMailing(t.Context(), "other", job.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else pauses it: %v", err)
		}
		time.Sleep(2 * time.Second)
		n := len(w.mailed())
		if n == 0 || n >= many {
			t.Fatalf("%d are sent before it is paused", n)
		}
		time.Sleep(2 * time.Hour)
		if v := w.mailingNow(); v.State != JobPaused || len(w.mailed()) != n {
			t.Errorf("paused: %d are sent, %d before; %+v", len(w.mailed()), n, v)
		}
		w = crash(t, w, opt)
		time.Sleep(time.Minute)
		if v := w.mailingNow(); v.State != JobPaused || len(w.mailed()) != n || v.Reference != "summer" {
			t.Errorf("after a crash: %d are sent, %d before; %+v", len(w.mailed()), n, v)
		}
		if v, err := w.ResumeMailing(t.Context(), "acme", job.ID); err != nil || v.State != JobRunning {
			t.Fatalf("%+v %v", v, err)
		}
		w.ends(many, func() { time.Sleep(time.Second) })
		if v, err := w.PauseMailing(t.Context(), "acme", job.ID); err != nil || v.State != JobDone {
			t.Errorf("one that has ended: %+v %v", v, err)
		}
		w = crash(t, w, opt)
		time.Sleep(time.Second)
		if v := w.mailingNow(); v.Reference != "summer" || v.Looked != many {
			t.Errorf("it is shown as %+v", v)
		}
	})
}

// Of several gateways one asks another that it pauses, goes on with and stops a mailing; whoever takes over what a dead one had
// goes on with it where it was, and nobody begins one that another has.
func TestMailingNodes(t *testing.T) {
	t.Parallel()
	const many = 120
	bubble(t, func(t *testing.T) {
		snap := withRate(20)
		nodes := nodesWith(t, t.TempDir(), 3, func(w *world) {
			w.Replace(snap)
			w.acme = snap.Accounts.ByName("acme")
		})
		first, second, third := nodes[0], nodes[1], nodes[2]
		first.people(many)
		job, err := first.Mail(t.Context(), "acme", &Mailing{Account: "acme", Common: *first.untold("", "x"), To: []MailTo{{To: "group:all"}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(4 * time.Second)
		synctest.Wait()
		if v := second.mailingNow(); v.State != JobRunning || v.Accepted == 0 {
			t.Errorf("another gateway sees %+v", v)
		}
		if v, err := second.PauseMailing(t.Context(), "acme", job.ID); err != nil || v.State != JobPaused {
			t.Fatalf("%+v %v", v, err)
		}
		time.Sleep(3 * time.Second)
		n := len(first.mailed())
		time.Sleep(time.Minute)
		if v := first.mailingNow(); v.State != JobPaused || n == 0 || len(first.mailed()) != n {
			t.Errorf("paused from elsewhere: %d are sent, %d before; %+v", len(first.mailed()), n, v)
		}
		first.halt()
		second.takesOver(0)
		time.Sleep(time.Minute)
		if v := second.mailingNow(); v.State != JobPaused || len(second.mailed()) != n {
			t.Errorf("taken over: %d are sent, %d before; %+v", len(second.mailed()), n, v)
		}
		if v, err := third.ResumeMailing(t.Context(), "acme", job.ID); err != nil || v.State != JobRunning {
			t.Fatalf("%+v %v", v, err)
		}
		second.ends(many, func() { time.Sleep(time.Second) })

		job, err = second.Mail(t.Context(), "acme", &Mailing{Account: "acme", Common: *second.untold("", "y"), To: []MailTo{{To: "group:all"}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		if _, err := third.StopMailing(t.Context(), "acme", job.ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		for _, w := range nodes[1:] {
			if v := w.Mailings("acme"); len(v) != 2 || v[0].ID != job.ID || v[0].State != JobStopped {
				t.Errorf("stopped from elsewhere: %+v", v)
			}
		}
	})
}
