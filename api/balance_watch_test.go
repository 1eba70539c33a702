package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// TestBalanceIsLow: each amount is told once, until it is exceeded again; a
// webhook that does not answer is tried again under the same id; an account
// without one is told by that above.
func TestBalanceIsLow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		directory := account.NewDirectory([]account.Account{
			{Name: "group", Webhook: "http://127.0.0.1/group", WebhookSecret: "s"},
			{Name: "acme", Parent: "group", Balance: &account.Balance{Warn: []message.Amount{10_000_000, 2_000_000}}},
			{Name: "calm", Balance: &account.Balance{}},
		}, nil)
		var mu sync.Mutex
		available, fails := message.Amount(11_000_000), 0
		var got []string
		w := &BalanceWatch{
			Accounts: func() *account.Directory { return directory },
			Balances: func(string) []gateway.BalanceState {
				mu.Lock()
				defer mu.Unlock()
				return []gateway.BalanceState{{Account: "acme", Currency: "EUR", Has: true, Balance: available - 1_000_000, Credit: 1_000_000}}
			},
			Log: slog.New(slog.DiscardHandler),
			post: func(c *call) (int, string, error) {
				mu.Lock()
				defer mu.Unlock()
				var e struct {
					Type, ID string
					Data     struct{ Account, Below, Available string }
				}
				if err := json.Unmarshal(c.body, &e); err != nil || !strings.Contains(string(c.header), "webhook-signature: v1,") || !strings.Contains(string(c.header), "webhook-id: "+e.ID) {
					t.Errorf("%s %s: %v", c.header, c.body, err)
				}
				got = append(got, strings.Join([]string{c.address, e.Type, e.Data.Account, e.Data.Available, "below", e.Data.Below}, " "))
				if fails > 0 {
					fails--
					return 0, "", errors.New("nobody there")
				}
				return 204, "", nil
			},
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Run(ctx) }()
		for _, step := range []struct {
			available message.Amount
			fails     int
			want      string
		}{
			{10_000_000, 0, ""},
			{9_999_999, 0, "http://127.0.0.1/group balance.low acme 9.999999 below 10.00"},
			{5_000_000, 0, ""},
			{1_000_000, 2, strings.Repeat("http://127.0.0.1/group balance.low acme 1.00 below 2.00, ", 2) + "http://127.0.0.1/group balance.low acme 1.00 below 2.00"},
			{3_000_000, 0, ""},
			{1_500_000, 0, "http://127.0.0.1/group balance.low acme 1.50 below 2.00"},
			{50_000_000, 0, ""},
			{0, 0, "http://127.0.0.1/group balance.low acme 0.00 below 2.00"},
		} {
			mu.Lock()
			available, fails, got = step.available, step.fails, nil
			mu.Unlock()
			time.Sleep(time.Minute)
			mu.Lock()
			if all := strings.Join(got, ", "); all != step.want {
				t.Errorf("with %s it is told %q, want %q", step.available, all, step.want)
			}
			mu.Unlock()
		}
		cancel()
		<-done
		w.Close()
	})
}
