package app

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/config"
	"kurir/gateway"
	"kurir/message"
)

// TestAlarmWatch: each kind is raised when its threshold is crossed, not before,
// ends when that is over, and is no alarm when it is switched off.
func TestAlarmWatch(t *testing.T) {
	t.Parallel()
	now := time.Now()
	links := []gateway.LinkStats{{Name: "op1", State: "down", Since: now}, {Name: "op2", State: "up"}, {Name: "op3", State: "maintenance", Since: now}}
	balance := gateway.BalanceState{Account: "acme", Currency: "EUR", Balance: 10_000_000}
	queues := []gateway.WaitingQueue{{Link: "op2", Waiting: 3, Oldest: now}, {Link: "op2", Waiting: 1, Oldest: now.Add(time.Minute)}}
	free, offset := uint64(50<<30), time.Second
	directory := account.NewDirectory([]account.Account{{Name: "acme", Balance: &account.Balance{Warn: []message.Amount{5_000_000}}}}, nil)
	settings := alarm.Settings{}
	w := &alarmWatch{
		Book:     alarm.NewBook(),
		Settings: func() alarm.Settings { return settings.WithDefaults() },
		Stats:    func() gateway.Stats { return gateway.Stats{Links: links} },
		Queues:   func(context.Context, string) ([]gateway.WaitingQueue, error) { return queues, nil },
		Accounts: func() *account.Directory { return directory },
		Balances: func(string) []gateway.BalanceState { return []gateway.BalanceState{balance} },
		Offset:   func() (time.Duration, bool) { return offset, true },
		Tells:    func(string) (bool, bool) { return true, true },
		Free:     func() (uint64, uint64, error) { return free, 100 << 30, nil },
		Certificates: func() map[string]*x509.Certificate {
			return map[string]*x509.Certificate{"http": {NotAfter: now.Add(15 * 24 * time.Hour)}}
		},
	}
	want := func(after time.Duration, kinds ...string) {
		t.Helper()
		w.look(t.Context(), now.Add(after))
		var got []string
		for _, e := range w.Book.Events() {
			if e.Ended.IsZero() {
				got = append(got, string(e.Kind)+" "+e.Subject)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, kinds) {
			t.Errorf("after %v: %q, want %q", after, got, kinds)
		}
	}
	want(0)
	want(time.Minute)
	balance.Balance, free = 4_999_999, 9<<30
	links[1].Taken, links[1].Failed = 30, 29
	want(2*time.Minute, "balance acme", "disk data", "link_down op1")
	links[1].Failed = 30
	want(5*time.Minute, "balance acme", "disk data", "error_rate op2", "link_down op1", "queue_age op2")
	links[0].State, queues = "up", nil
	links[1].Taken = 1000
	want(6*time.Minute, "balance acme", "disk data")
	settings.Off = []string{"disk"}
	want(7*time.Minute, "balance acme")
	balance.Balance, offset = 10_000_000, -2*time.Second
	want(8*time.Minute, "clock offset")
	offset, w.wall = 0, w.wall.Add(-time.Minute)
	want(9*time.Minute, "clock jump")
	w.Book.Untold(now.Add(36 * time.Hour)) // nobody calls a jump over
	want(36*time.Hour, "certificate http")
}

// TestAlarmsGoOnAfterRestart: what was the case before a restart, and takes time
// to be seen again, is not called over meanwhile; what is over is.
func TestAlarmsGoOnAfterRestart(t *testing.T) {
	t.Parallel()
	now := time.Now()
	settings := alarm.Settings{LinkDown: time.Hour}
	links := []gateway.LinkStats{{Name: "op1", State: "down", Since: now}, {Name: "op2", State: "up", Since: now}, {Name: "op3", State: "up"}}
	book := alarm.NewBook()
	for _, e := range []struct {
		kind  alarm.Kind
		about string
	}{{alarm.LinkDown, "op1"}, {alarm.LinkDown, "op2"}, {alarm.LinkDown, "gone"}, {alarm.ErrorRate, "op2"}, {alarm.ErrorRate, "op3"}} {
		book.Raise(now, e.kind, e.about, alarm.Plain("as it was"))
	}
	w := &alarmWatch{
		Book: book, Settings: func() alarm.Settings { return settings.WithDefaults() },
		Stats:        func() gateway.Stats { return gateway.Stats{Links: links} },
		Queues:       func(context.Context, string) ([]gateway.WaitingQueue, error) { return nil, nil },
		Accounts:     func() *account.Directory { return account.NewDirectory(nil, nil) },
		Balances:     func(string) []gateway.BalanceState { return nil },
		Tells:        func(string) (bool, bool) { return true, true },
		Free:         func() (uint64, uint64, error) { return 1, 1, nil },
		Offset:       func() (time.Duration, bool) { return 0, false },
		Certificates: func() map[string]*x509.Certificate { return nil },
	}
	want := func(after time.Duration, open ...string) {
		t.Helper()
		w.look(t.Context(), now.Add(after))
		var got []string
		for _, e := range book.Events() {
			if e.Ended.IsZero() {
				got = append(got, string(e.Kind)+" "+e.Subject)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, open) {
			t.Errorf("after %v %q are open, want %q", after, got, open)
		}
	}
	want(0, "error_rate op2", "error_rate op3", "link_down op1")
	down := func(after time.Duration, since time.Time) {
		t.Helper()
		links[0].State, links[0].Since = "down", now.Add(after-2*time.Hour) // when the server started, or the link went
		w.look(t.Context(), now.Add(after))
		e, ok := book.Lasting(alarm.LinkDown, "op1")
		if text := "the link op1 has been down since " + since.UTC().Format(time.RFC3339) + "; messages that wait for it: 0"; !ok || e.Text != text {
			t.Errorf("after %v %q, want %q", after, e.Text, text)
		}
	}
	links[2].Taken = 50
	want(time.Minute, "error_rate op2", "link_down op1")
	want(6*time.Minute, "link_down op1")
	links[0].State = "up"
	want(7 * time.Minute)
	down(8*time.Minute, now.Add(8*time.Minute-2*time.Hour)) // it came and went: that it goes on would be wrong
	links[0].State = "up"
	want(time.Hour)
	down(2*time.Hour, now)
	down(5*time.Hour, now.Add(2*time.Hour)) // when it was raised
}

// TestAlarmsOverRestart: a server that starts again knows what there was, who
// acknowledged it, and what people have heard of.
func TestAlarmsOverRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kurir.yaml")
	text := "data: " + t.TempDir() + "\nhttp: {listen: \"127.0.0.1:0\"}\nalarms: {off: [clock, disk]}\naccounts: [{name: root, admin: true, api_keys: [key]}]\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, mistakes := config.Load(path)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	during := func(do func(a *App)) {
		t.Helper()
		a, err := New(t.Context(), Options{File: file, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.Run(ctx) }()
		do(a)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	during(func(a *App) {
		for _, about := range []string{"op1", "op2"} {
			a.alarms.Raise(time.Now(), alarm.Traffic, about, alarm.Plain("much")) // of a kind that no look calls over
		}
		a.alarms.Told(a.alarms.Untold(time.Now()))
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/v1/alarms/events/"+a.alarms.Events()[0].ID.String()+"/acknowledge", nil)
		r.Header.Set("Authorization", "Bearer key")
		w := httptest.NewRecorder()
		if a.http.Handler.ServeHTTP(w, r); w.Code != 200 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		kept, err := a.store.Alarms(t.Context())
		if err != nil || len(kept) != 2 || kept[1].AckedBy != "root" {
			t.Errorf("on disk when it is answered: %+v %v", kept, err)
		}
		a.alarms.Raise(time.Now(), alarm.Escalation, "acme", alarm.Plain("nobody")) // right before the end
	})
	during(func(a *App) {
		events := a.alarms.Events()
		if len(events) != 3 || events[1].AckedBy != "root" || !events[2].Acked.IsZero() {
			t.Errorf("%+v", events)
		}
		if untold := a.alarms.Untold(time.Now()); len(untold) != 1 || untold[0].Kind != alarm.Escalation {
			t.Errorf("to be told: %+v", untold)
		}
	})
}

// TestAlarmsOfSeveralServers: of a link that is down for all servers one tells. Who does not reach the database raises
// nothing and ends nothing, for the others know.
func TestAlarmsOfSeveralServers(t *testing.T) {
	t.Parallel()
	now := time.Now()
	links := []gateway.LinkStats{{Name: "op1", State: "down", Since: now.Add(-time.Hour)}}
	book := alarm.NewBook()
	var mine, known bool
	w := &alarmWatch{
		Book: book, Settings: func() alarm.Settings { return (&alarm.Settings{}).WithDefaults() },
		Stats:        func() gateway.Stats { return gateway.Stats{Links: links} },
		Queues:       func(context.Context, string) ([]gateway.WaitingQueue, error) { return nil, nil },
		Accounts:     func() *account.Directory { return account.NewDirectory(nil, nil) },
		Balances:     func(string) []gateway.BalanceState { return nil },
		Free:         func() (uint64, uint64, error) { return 1, 1, nil },
		Offset:       func() (time.Duration, bool) { return 0, false },
		Certificates: func() map[string]*x509.Certificate { return nil },
		Tells:        func(string) (bool, bool) { return mine, known },
	}
	want := func(open bool) {
		t.Helper()
		now = now.Add(watchEvery)
		w.look(t.Context(), now)
		if _, ok := book.Lasting(alarm.LinkDown, "op1"); ok != open {
			t.Errorf("it is open: %v", ok)
		}
	}
	want(false)
	known = true
	want(false)
	mine = true
	want(true)
	mine, known, links[0].State = false, false, "up"
	want(true)
	mine, known, links[0].State = true, true, "elsewhere"
	want(false)
}
