package api

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// BalanceWatch tells an account by webhook, and the log, that what is available
// of its balance has fallen below one of the amounts in its balance's warn. It
// looks every few seconds, tells an amount once until it is exceeded again, and
// tries until the webhook has taken it. What it knows is in memory: after a start
// a balance that is still low is told again. All fields are required.
type BalanceWatch struct {
	Accounts func() *account.Directory
	Balances func(account string) []gateway.BalanceState
	Webhook  *Webhook
	Log      *slog.Logger

	mu    sync.Mutex
	known map[string]*lowBalance // by account
	calls sync.WaitGroup
	post  func(c *call) (int, string, error) // in place of Webhook's, for tests
}

// lowBalance is how far an account's balance has fallen.
type lowBalance struct {
	below  int // amounts of warn
	told   int // and of those told
	id     string
	asking bool // a call is under way
}

const (
	balanceLook  = 5 * time.Second
	balanceCalls = 16 // under way in all
)

// Run looks until ctx ends.
func (w *BalanceWatch) Run(ctx context.Context) {
	tick := time.NewTicker(balanceLook)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			w.look(now)
		}
	}
}

// Close waits for the calls under way, after Run has returned.
func (w *BalanceWatch) Close() { w.calls.Wait() }

// look compares all balances with what their accounts want to be warned of.
func (w *BalanceWatch) look(now time.Time) {
	directory := w.Accounts()
	var balances []gateway.BalanceState
	if slices.ContainsFunc(directory.All(), warned) {
		balances = w.Balances("")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil {
		w.known = map[string]*lowBalance{}
	}
	seen := map[string]bool{}
	under := 0
	for _, low := range w.known {
		if low.asking {
			under++
		}
	}
	for _, b := range balances {
		a := directory.ByName(b.Account)
		if a == nil || !warned(a) {
			continue
		}
		seen[a.Name] = true
		if low := w.fallen(a, &b, now); low.told < low.below && !low.asking && under < balanceCalls {
			under++
			w.tell(directory, a, b, low)
		}
	}
	for name, low := range w.known {
		if !seen[name] && !low.asking {
			delete(w.known, name)
		}
	}
}

// warned tells whether an account wants to know of a low balance.
func warned(a *account.Account) bool { return a.Balance != nil && len(a.Balance.Warn) > 0 }

// fallen books how far a balance has fallen.
func (w *BalanceWatch) fallen(a *account.Account, b *gateway.BalanceState, now time.Time) *lowBalance {
	low := w.known[a.Name]
	if low == nil {
		low = &lowBalance{}
		w.known[a.Name] = low
	}
	n, lowest := belowOf(a, b)
	if n > low.below {
		low.id = "balance-" + strconv.FormatInt(now.UnixMilli(), 36) + "-" + lowest.String()
		w.Log.Warn("a balance is low", "account", a.Name, "available", (b.Balance + b.Credit).String(), "below", lowest.String(), "currency", b.Currency)
	}
	low.below = n
	low.told = min(low.told, n)
	return low
}

// belowOf counts the amounts below which a balance has fallen, and returns the
// lowest of them.
func belowOf(a *account.Account, b *gateway.BalanceState) (n int, lowest message.Amount) {
	for _, amount := range a.Balance.Warn {
		if b.Balance+b.Credit >= amount {
			continue
		}
		if n++; n == 1 || amount < lowest {
			lowest = amount
		}
	}
	return n, lowest
}

// lowView is what a webhook says of a balance that is low.
type lowView struct {
	Account   string         `json:"account"`
	Currency  string         `json:"currency"`
	Below     message.Amount `json:"below"`
	Available message.Amount `json:"available"`
	Balance   message.Amount `json:"balance"`
	Credit    message.Amount `json:"credit"`
	Reserved  message.Amount `json:"reserved"`
}

// tell calls the account's webhook, or that of the nearest above that has one.
// The lock is held.
func (w *BalanceWatch) tell(directory *account.Directory, a *account.Account, b gateway.BalanceState, low *lowBalance) {
	to := a
	for steps := 0; to != nil && to.Webhook == "" && steps < len(directory.All()); steps++ {
		to = directory.ByName(to.Parent)
	}
	n, lowest := belowOf(a, &b)
	if to == nil || to.Webhook == "" {
		low.told = n // the log has it
		return
	}
	e := webhookEvent{Type: "balance.low", ID: low.id, Timestamp: seenTime(time.Now()), Data: lowView{
		a.Name, b.Currency, lowest, b.Balance + b.Credit, b.Balance, b.Credit, b.Reserved,
	}}
	body, err := marshal(&e)
	if err != nil {
		w.Log.Error("a warning of a low balance cannot be written", "account", a.Name, "error", err)
		low.told = n
		return
	}
	c := &call{method: http.MethodPost, address: to.Webhook, trusted: true, body: body, header: webhookHeader(e.ID, time.Now().Unix(), body, to.WebhookSecret.Reveal())}
	low.asking = true
	w.calls.Go(func() {
		post := w.post
		if post == nil {
			post = w.Webhook.caller.do
		}
		status, _, err := post(c)
		w.mu.Lock()
		defer w.mu.Unlock()
		low.asking = false
		if err == nil && (200 <= status && status < 300 || status == http.StatusGone) {
			low.told = min(n, low.below)
		}
	})
}
