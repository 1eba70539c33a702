package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/route"
)

// watched starts a world in which acme has these limits.
func watched(t *testing.T, set account.Traffic) (*world, *alarm.Book) {
	t.Helper()
	s := testSnapshot()
	s.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Traffic: &set}}, nil)
	s.Routes = route.NewTable([]route.Rule{{Via: route.Via{{Link: "op1"}}}})
	s.Networks = route.NewNetworks(nil)
	book := alarm.NewBook()
	return start(t, t.TempDir(), Options{Snapshot: s, Alarms: book}, nil), book
}

// Countries are closed unless they are opened, and so are numbers of none; short codes
// stay open.
func TestCountriesClosed(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, _ := watched(t, account.Traffic{Countries: []string{"SE", "NO"}})
		w.wants(w.untold("46701234567", "x"), "", "", "")
		w.wants(w.untold("4791234567", "x"), "", "", "")
		w.wants(w.untold("4512345678", "x"), "country_not_opened", "to", "is in DK; the account may write to SE, NO")
		w.wants(w.untold("881612345678", "x"), "country_not_opened", "to", "in no country")
		short := w.untold("1", "x")
		short.To = "72456"
		w.wants(short, "", "", "")
	})
}

// So many messages an hour go to a recipient and to a country; the next hour begins anew.
func TestTrafficLimits(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, _ := watched(t, account.Traffic{RecipientHour: 2, CountryHour: map[string]int{"SE": 3, "*": 1}})
		for hour := range 2 {
			time.Sleep(time.Duration(hour) * time.Hour) // into the next one
			w.wants(w.untold("46701234567", "x"), "", "", "")
			w.wants(w.untold("46701234567", "x"), "", "", "")
			w.wants(w.untold("46701234567", "x"), "limit_reached", "to", "+46701234567 has had 2 messages in this hour")
			w.wants(w.untold("46701234568", "x"), "", "", "")
			w.wants(w.untold("46701234569", "x"), "limit_reached", "to", "has sent 3 messages to SE")
			w.wants(w.untold("4791234567", "x"), "", "", "")
			w.wants(w.untold("4791234568", "x"), "limit_reached", "to", "NO")
			w.wants(w.untold("4512345678", "x"), "", "", "")
		}
	})
}

// TestComplaint23Repeats: the same text to the same recipient is refused within the time, but for a
// message that was not accepted in the end.
func TestComplaint23Repeats(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, _ := watched(t, account.Traffic{Repeats: time.Minute})
		w.wants(w.untold("46701234567", "hello"), "", "", "")
		w.wants(w.untold("46701234567", "hello"), "repeated", "text", "went to +46701234567 0s ago")
		w.wants(w.untold("46701234568", "hello"), "", "", "")
		w.wants(w.untold("46701234567", "hello!"), "", "", "")
		time.Sleep(59 * time.Second)
		w.wants(w.untold("46701234567", "hello"), "repeated", "text", "59s ago")
		time.Sleep(time.Second)
		w.wants(w.untold("46701234567", "hello"), "", "", "")

		var both []*Submission // refused together: not sent, so no repeat
		for _, to := range []string{"46701234560", "x"} {
			s := w.untold(to, "together")
			s.Atomic = true
			both = append(both, s)
		}
		if results, err := w.Submit(context.Background(), both); err != nil || results[0].Failure == nil {
			t.Fatalf("%+v %v", results, err)
		}
		w.wants(w.untold("46701234560", "together"), "", "", "")
		twice := []*Submission{w.untold("46701234561", "twice"), w.untold("46701234561", "twice")}
		results, err := w.Submit(context.Background(), twice)
		if err != nil || results[0].Failure != nil || results[1].Failure == nil {
			t.Errorf("twice in one request: %+v %v", results, err)
		}

		synctest.Wait() // a commit that is under way would end it
		w.mu.Lock()
		w.full = errors.New("no space")
		w.mu.Unlock()
		w.wants(w.untold("46701234562", "later"), "store_full", "", "")
		w.mu.Lock()
		w.full = nil
		w.mu.Unlock()
		w.wants(w.untold("46701234562", "later"), "", "", "")
	})
}

// One text to numbers in a row, and a country that suddenly gets many, raise an alarm each, once.
func TestTrafficAlarms(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, book := watched(t, account.Traffic{Series: 20, Growth: 5})
		send := func(n int, to func(i int) string) {
			t.Helper()
			var subs []*Submission
			for i := range n {
				subs = append(subs, w.untold(to(i), fmt.Sprintf("Your code is %d", i*7919)))
			}
			w.submit(subs...)
			synctest.Wait()
		}
		events := func() (all []string) {
			for _, e := range book.Events() {
				if e.Kind != alarm.Traffic {
					t.Errorf("an event of kind %s", e.Kind)
				}
				all = append(all, e.Subject+": "+e.Text)
			}
			return all
		}
		scattered := func(i int) string { return fmt.Sprintf("4670%07d", i*997) }
		for range 3 {
			send(30, scattered)
			time.Sleep(time.Hour)
		}
		if e := events(); len(e) > 0 {
			t.Errorf("of usual traffic: %v", e)
		}
		send(25, func(i int) string { return fmt.Sprintf("44770090%04d", 1024+i) })
		want := "acme to numbers in a row: acme has sent one text to 20 of 64 numbers that follow one another, the last +4477009"
		if e := events(); len(e) != 1 || !strings.HasPrefix(e[0], want) {
			t.Errorf("of a series: %v", e)
		}
		send(400, scattered)
		want = "acme to SE: acme has sent 151 messages to SE in this hour; 30 in an hour are usual"
		if e := events(); len(e) != 2 || e[1] != want && e[0] != want {
			t.Errorf("of growth: %v", e)
		}
		send(120, func(i int) string { return fmt.Sprintf("2519%08d", i*997) }) // never before
		want = "acme to ET: acme has sent 100 messages to ET in this hour; 0 in an hour are usual"
		if e := events(); len(e) != 3 || !slices.Contains(e, want) {
			t.Errorf("of a country that is new: %v", e)
		}
	})
}

// What is watched stays bounded whatever comes.
func TestTrafficBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, _ := watched(t, account.Traffic{RecipientHour: 5, Repeats: time.Minute, Series: 20})
		w.traffic.kept = trafficMost - 4
		for i := range 20 {
			w.wants(w.untold(fmt.Sprintf("4670%07d", i*997), "x"), "", "", "")
		}
		if w.traffic.kept > trafficMost || w.traffic.dropped.Load() == 0 {
			t.Errorf("%d kept, %d dropped", w.traffic.kept, w.traffic.dropped.Load())
		}
		time.Sleep(2 * time.Hour)
		w.wants(w.untold("46700000001", "x"), "", "", "")
		w.wants(w.untold("46700000001", "x"), "repeated", "text", "")
	})
}

// What is over is forgotten, and no longer counted as kept; hours without messages count as such.
func TestTrafficForgets(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, _ := watched(t, account.Traffic{RecipientHour: 5, Repeats: time.Minute, Series: 20})
		for range 3 {
			for i := range 5 {
				w.wants(w.untold(fmt.Sprintf("4670%07d", i*997), "x"), "", "", "")
			}
			if have := w.traffic.accounts["acme"].entries(); w.traffic.kept != have || have > 20 {
				t.Errorf("%d kept, %d there", w.traffic.kept, have)
			}
			time.Sleep(2 * time.Hour)
		}
		s := testSnapshot()
		s.Number = 2
		w.Replace(s)
		if w.traffic.kept != 0 {
			t.Errorf("%d kept of nobody", w.traffic.kept)
		}
	})
	c := countryCount{now: 240, told: true}
	c.hourOver(24)
	if c.usual < 9.9 || c.usual > 10.1 || c.hours != 24 || c.told {
		t.Errorf("after a day with one hour of traffic: %+v", c)
	}
}
