package gateway

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/route"
	"kurir/tally"
)

// reportSnapshot is testSnapshot with networks: 4610 is one of them, other numbers have their country alone.
func reportSnapshot() *Snapshot {
	s := testSnapshot()
	s.Networks = route.NewNetworks([]route.NetworkPrefix{{Prefix: "4610", Network: route.Network{Country: "SE", Code: "24001", Name: "Telia"}}})
	return s
}

// counted gives what was counted in lines, sorted.
func (w *world) counted(kinds ...CountKind) []string {
	w.t.Helper()
	cut, err := tally.Periods(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), tally.Day, time.UTC)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := w.Counts(context.Background(), cut, true, kinds, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, c := range list {
		lines = append(lines, fmt.Sprintf("%d %s %s [%s] %s %s %d: %d", c.Kind, c.Account, c.Link, c.Network, c.State, c.Failure.Code(), c.Class, c.N))
	}
	slices.Sort(lines)
	return lines
}

// What was accepted, how it ended and how long that took is counted with the messages, also over a crash.
func TestReportCounts(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opt := Options{Snapshot: reportSnapshot()}
		w := start(t, t.TempDir(), opt, nil)
		op1, _ := w.twoLinks()
		w.submit(w.untold("46100001", "a"), w.untold("46100002", "b"), w.untold("46190003", "c"))
		synctest.Wait() // the answer to the customer comes before
		sent := op1.take()
		time.Sleep(150 * time.Millisecond)
		op1.answer(1, sent[0], "a1")
		op1.fail(1, sent[1], message.BadRecipient)
		op1.answer(1, sent[2], "c1")
		time.Sleep(3 * time.Second)
		<-op1.report("a1", message.Delivered, "46100001")
		<-op1.inbound(&message.Inbound{Link: "op1", From: message.Address{TON: message.TONInternational, Number: "46100001"}, To: message.Address{Number: "4611111"}, Received: time.Now().UnixMilli(), Parts: 1})
		answered, arrived := tally.Class(150*time.Millisecond), tally.Class(3150*time.Millisecond)
		want := []string{
			"1 acme op1 [24001] scheduled none 0: 2", "1 acme op1 [SE] scheduled none 0: 1",
			"2 acme op1 [24001] scheduled none 0: 2", "2 acme op1 [SE] scheduled none 0: 1",
			"3 acme op1 [24001] delivered none 0: 1", "3 acme op1 [24001] rejected bad_recipient 0: 1",
			fmt.Sprintf("4 acme op1 [] scheduled none %d: 1", arrived),
			fmt.Sprintf("5  op1 [] scheduled none %d: 3", answered),
			"6 acme op1 [24001] scheduled none 0: 1",
		}
		all := []CountKind{CountAccepted, CountParts, CountFinal, CountArrival, CountAnswer, CountInbound}
		for range 2 {
			got := w.counted(all...)
			for i := range got {
				if i < len(want) && got[i] != want[i] {
					t.Errorf("counted %q, want %q", got[i], want[i])
				}
			}
			if len(got) != len(want) {
				t.Errorf("counted %q", got)
			}
			w = crash(t, w, opt)
		}
	})
}

// What is refused because the database cannot be written is counted nowhere.
func TestReportCountsOfRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: reportSnapshot()}, nil)
		w.submit(w.untold("46100001", "a"))
		w.mu.Lock()
		w.countAccepted(&message.Message{Account: "acme", Links: []string{"op1"}, Parts: 1, To: message.Address{TON: message.TONInternational, Number: "46100001"}}, w.now())
		w.uncountAccepted(w.cur, &message.Message{Account: "acme", Links: []string{"op1"}, Parts: 1, To: message.Address{TON: message.TONInternational, Number: "46100001"}}, w.now().Unix()/3600)
		w.mu.Unlock()
		if got := w.counted(CountAccepted); !slices.Equal(got, []string{"1 acme op1 [24001] scheduled none 0: 1"}) {
			t.Errorf("counted %q", got)
		}
	})
}

// available gives how everything was since noon, in seconds: up, down, planned, stopped, outages.
func (w *world) available() map[string]string {
	w.t.Helper()
	within := tally.Span{From: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).UnixMilli(), Until: time.Now().UnixMilli()}
	list, err := w.Presence(context.Background(), within)
	if err != nil {
		w.t.Fatal(err)
	}
	lines := map[string]string{}
	for i := range list {
		a := tally.Availability(within, &list[i].Seen)
		lines[list[i].Name] = fmt.Sprintf("%.0f %.0f %.0f %.0f %d", a.Up.Seconds(), a.Down.Seconds(), a.Planned.Seconds(), a.Stopped.Seconds(), a.Outages)
	}
	return lines
}

// Links and interfaces are up as long as they are, over a restart and, to within a minute, over a crash; planned maintenance
// stands apart.
func TestPresence(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		snap := reportSnapshot()
		snap.Maintenance = []Maintenance{{Name: "m", From: "2026-11-01T12:20:00Z", Until: "2026-11-01T12:30:00Z", Links: []string{"op2"}}}
		opt := Options{Snapshot: snap}
		w := start(t, t.TempDir(), opt, nil)
		w.Serves([]string{"http"})
		op1, _ := w.twoLinks()
		time.Sleep(10 * time.Minute)
		op1.core.SessionDown(1, nil, nil)
		time.Sleep(90 * time.Second)
		op1.core.SessionUp(3, 10)
		time.Sleep(28*time.Minute + 30*time.Second) // 12:40
		for name, want := range map[string]string{"op1": "2310 90 0 0 1", "op2": "1800 0 600 0 0", "http": "2400 0 0 0 0", "once": "0 2400 0 0 1"} {
			if got := w.available()[name]; got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		w.end()
		time.Sleep(5 * time.Minute)
		w = start(t, w.dir, opt, nil)
		w.Serves([]string{"http"})
		w.twoLinks()
		time.Sleep(10*time.Minute + 45*time.Second)
		if got := w.available()["http"]; got != "3045 300 0 0 1" {
			t.Errorf("after a restart http is %q", got)
		}
		w = crash(t, w, opt)
		w.Serves([]string{"http"})
		w.twoLinks()
		time.Sleep(5 * time.Minute)
		var up, down, planned, stopped, outages int
		if _, err := fmt.Sscan(w.available()["http"], &up, &down, &planned, &stopped, &outages); err != nil || up < 3045+300-60 || up > 3345 || up+down != 3645 {
			t.Errorf("after a crash http is %q, %v", w.available()["http"], err)
		}
	})
}
