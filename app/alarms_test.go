package app

import (
	"context"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"kurir/account"
	"kurir/alarm"
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
	free := uint64(50 << 30)
	directory := account.NewDirectory([]account.Account{{Name: "acme", Balance: &account.Balance{Warn: []message.Amount{5_000_000}}}}, nil)
	settings := alarm.Settings{}
	w := &alarmWatch{
		Book:     alarm.NewBook(),
		Settings: func() alarm.Settings { return settings.WithDefaults() },
		Stats:    func() gateway.Stats { return gateway.Stats{Links: links} },
		Queues:   func(context.Context, string) ([]gateway.WaitingQueue, error) { return queues, nil },
		Accounts: func() *account.Directory { return directory },
		Balances: func(string) []gateway.BalanceState { return []gateway.BalanceState{balance} },
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
			if e.Ended.IsZero() && e.Subject != "offset" { // of the machine that runs the test
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
	balance.Balance = 10_000_000
	want(36*time.Hour, "certificate http")
}
