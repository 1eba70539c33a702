package gateway

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
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
