package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// TestBalanceIsLow: each amount is told once, until it is exceeded again; a
// webhook that does not answer is tried again under the same id, while the mail is
// not; an account without a webhook is told by that above; a restart tells nothing
// again.
func TestBalanceIsLow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		directory := account.NewDirectory([]account.Account{
			{Name: "group", Webhook: "http://127.0.0.1/group", WebhookSecret: "s"},
			{Name: "acme", Parent: "group", Balance: &account.Balance{Warn: []message.Amount{10_000_000, 2_000_000}, Mail: []string{"billing@example.com"}}},
			{Name: "calm", Balance: &account.Balance{}},
		}, nil)
		var mu sync.Mutex
		available, fails := message.Amount(11_000_000), 0
		var got []string
		told := map[string]message.Amount{}
		w := &BalanceWatch{
			Warned: func(context.Context) (map[string]message.Amount, error) { return maps.Clone(told), nil },
			SetWarned: func(name string, below message.Amount) {
				if told[name] = below; below == 0 {
					delete(told, name)
				}
			},
			Settings: func() alarm.Settings {
				return alarm.Settings{Mail: alarm.Mail{MailServer: message.MailServer{Server: "127.0.0.1:25", From: "kurir@example.com"}}}
			},
			mail: func(_ context.Context, s *mail.Server, m *mail.Message) error {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, s.Addr+" "+m.To[0]+" "+m.Subject)
				return nil
			},
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
		run := func() { defer close(done); w.Run(ctx) }
		go run()
		const call, letter = "http://127.0.0.1/group balance.low acme ", "127.0.0.1:25 billing@example.com Kurir: the balance of acme is "
		for _, step := range []struct {
			available message.Amount
			fails     int
			restart   bool
			want      string
		}{
			{10_000_000, 0, false, ""},
			{9_999_999, 0, false, call + "9.999999 below 10.00, " + letter + "below 10.00 EUR"},
			{5_000_000, 0, false, ""},
			{5_000_000, 0, true, ""},
			{1_000_000, 2, false, call + "1.00 below 2.00, " + letter + "below 2.00 EUR" + strings.Repeat(", "+call+"1.00 below 2.00", 2)},
			{3_000_000, 0, true, ""},
			{1_500_000, 0, false, call + "1.50 below 2.00, " + letter + "below 2.00 EUR"},
			{50_000_000, 0, false, ""},
			{0, 0, false, call + "0.00 below 2.00, " + letter + "below 2.00 EUR"},
			{50_000_000, 0, true, ""},
			{5_000_000, 0, true, call + "5.00 below 10.00, " + letter + "below 10.00 EUR"},
		} {
			mu.Lock()
			available, fails, got = step.available, step.fails, nil
			mu.Unlock()
			if step.restart {
				cancel()
				<-done
				w.Close()
				ctx, cancel = context.WithCancel(t.Context())
				done, w.known = make(chan struct{}), nil
				go run()
			}
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
