package gateway

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
)

// TestSchedules: recurring messages are accepted at their times by the clock on
// the wall, also on the days on which it is put back and forward, once each over
// a restart; what passed long ago is not made up for.
func TestSchedules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inStockholm(t, func(t *testing.T, clock func(day, hour, minute int) time.Time) {
		zone := clock(1, 0, 0).Location()
		snap := testSnapshot()
		s := Schedule{Name: "test", Account: "acme", At: []string{"fri-sun 08:00", "mon 08:00"}, Zone: "Europe/Stockholm", To: []string{"+46100001", "+46100002"}, Text: "hello"}
		s.Validate(func(field, problem string) { t.Errorf("%s %s", field, problem) })
		snap.Schedules = []Schedule{s}
		snap.Validity = time.Minute
		opt := Options{Snapshot: snap}
		time.Sleep(time.Until(clock(24, 7, 50)))
		w := start(t, dir, opt, nil)
		accepted := func() (at []string) {
			list, _, err := w.store.Messages(t.Context(), Filter{Account: "acme", Oldest: true})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				at = append(at, m.ID.Time().In(zone).Format("Mon 15:04")+" "+m.Reference)
			}
			return at
		}
		restart := func() {
			w.end()
			w = start(t, dir, opt, nil)
		}
		time.Sleep(time.Until(clock(24, 8, 0).Add(2 * time.Second)))
		restart() // it has been sent
		time.Sleep(time.Minute)
		w.end()
		time.Sleep(time.Until(clock(25, 1, 59)))
		w = start(t, dir, opt, nil)
		time.Sleep(time.Until(clock(25, 3, 1))) // two hours: the clock was put back
		w.end()
		time.Sleep(time.Until(clock(25, 7, 58)))
		w = start(t, dir, opt, nil)
		time.Sleep(time.Minute)
		w.end()                                 // it stops just before
		time.Sleep(time.Until(clock(25, 8, 2))) // and starts after
		w = start(t, dir, opt, nil)
		time.Sleep(time.Minute)
		w.end()
		time.Sleep(time.Until(clock(26, 8, 10))) // too late
		w = start(t, dir, opt, nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"Sat 08:00 test 2026-10-24T06:00:00Z", "Sat 08:00 test 2026-10-24T06:00:00Z", "Sun 08:02 test 2026-10-25T07:00:00Z", "Sun 08:02 test 2026-10-25T07:00:00Z"}
		if got := accepted(); !slices.Equal(got, want) {
			t.Errorf("accepted %q, want %q", got, want)
		}
		next := s.Next(time.Date(2026, 3, 28, 8, 0, 0, 0, zone)) // in the night the clock is put forward
		if want := time.Date(2026, 3, 29, 6, 0, 0, 0, time.UTC); !next.Equal(want) {
			t.Errorf("next %v, want %v", next, want)
		}
	})
}

// Recipients who are refused for now get the scheduled message later, each once: when the database cannot be written, when
// the account's rate is too low for all at once, and over a restart in between.
func TestScheduleRefusedForNow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := func() *Snapshot {
			snap := testSnapshot()
			snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Sender: "ACME", Rate: 2}}, nil)
			s := Schedule{Name: "test", Account: "acme", At: []string{"13:00"}, To: []string{"nobody"}, Text: "hello"}
			for i := range 10 {
				s.To = append(s.To, fmt.Sprintf("+461%05d", i))
			}
			snap.Schedules, snap.Validity = []Schedule{s}, time.Minute
			return snap
		}
		w := start(t, dir, Options{Snapshot: snap()}, nil)
		full := func(f error) {
			synctest.Wait() // a commit that is under way would end it
			w.mu.Lock()
			w.full = f
			w.mu.Unlock()
		}
		time.Sleep(59 * time.Minute)
		full(errors.New("no space"))
		time.Sleep(2 * time.Minute)
		full(nil)
		time.Sleep(2500 * time.Millisecond)
		w.end()
		w = start(t, dir, Options{Snapshot: snap()}, nil)
		time.Sleep(time.Minute)
		list, _, err := w.store.Messages(t.Context(), Filter{Account: "acme", Oldest: true})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, m := range list {
			got[m.To.Number]++
		}
		for i := range 10 {
			if n := got[fmt.Sprintf("461%05d", i)]; n != 1 {
				t.Errorf("recipient %d got it %d times", i, n)
			}
		}
	})
}

// What a clock that leaps has passed over is missed at once, not moment by moment, and one that is put back begins there.
func TestScheduleClockLeaps(t *testing.T) {
	t.Parallel()
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	r := recurrence{Schedule: &Schedule{At: []string{"08:00"}}}
	r.dealtWith(at(1, 7, 0))
	for _, step := range []struct {
		now    time.Time
		send   bool
		missed time.Time
		next   time.Time
	}{
		{now: at(1, 7, 59), next: at(1, 8, 0)},
		{now: at(1, 8, 4), send: true, next: at(1, 8, 0)},
		{now: at(300, 9, 0), missed: at(1, 8, 0), next: at(301, 8, 0)},
		{now: at(2, 7, 0), next: at(2, 8, 0)},
		{now: at(2, 8, 5), send: true, next: at(2, 8, 0)},
		{now: at(2, 8, 6), missed: at(2, 8, 0), next: at(3, 8, 0)},
	} {
		send, missed := r.due(step.now)
		if send != step.send || !missed.Equal(step.missed) || !r.next.Equal(step.next) {
			t.Errorf("at %v: due %t, missed %v, next %v; want %+v", step.now, send, missed, r.next, step)
		}
	}
	r.left = []Addressed{{To: "+46100001"}}
	r.last, r.next = at(3, 7, 0), at(3, 8, 0)
	if send, _ := r.due(at(3, 8, 59)); !send {
		t.Error("one that has begun is given up within the hour")
	}
	again := recurrences([]Schedule{{Name: "b", At: []string{"09:00"}}, {Name: "a", At: []string{"08:00"}}}, map[string]*recurrence{"a": &r}, at(3, 8, 30))
	if a, b := again["a"], again["b"]; len(a.left) != 1 || !a.next.Equal(r.next) || !b.next.Equal(at(3, 9, 0)) || b.left != nil {
		t.Errorf("after a reload: %+v, %+v", a, b)
	}
}

func TestScheduleMistakes(t *testing.T) {
	t.Parallel()
	good := Schedule{Name: "a", At: []string{"08:00"}, To: []string{"+46100001"}, Text: "x"}
	for field, change := range map[string]func(*Schedule){
		"name": func(s *Schedule) { s.Name = "" }, "at": func(s *Schedule) { s.At = nil }, "at[0]": func(s *Schedule) { s.At = []string{"mon"} },
		"zone": func(s *Schedule) { s.Zone = "Mars" }, "to": func(s *Schedule) { s.To = nil }, "text": func(s *Schedule) { s.Text = "" },
		"priority": func(s *Schedule) { s.Priority = "first" }, "validity": func(s *Schedule) { s.Validity = -1 },
	} {
		s := good
		change(&s)
		var found []string
		s.Validate(func(f, _ string) { found = append(found, f) })
		if len(found) != 1 || found[0] != field {
			t.Errorf("%s: %q", field, found)
		}
	}
}
