package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// BalanceWatch tells an account by webhook and mail, and the log, that what is
// available of its balance has fallen below one of the amounts in its balance's warn.
// It looks every few seconds, tells an amount once until it is exceeded again, also
// over restarts, and tries until both have taken it. All fields in upper case are
// required.
type BalanceWatch struct {
	Accounts  func() *account.Directory
	Balances  func(account string) []gateway.BalanceState
	Warned    func(ctx context.Context) (map[string]message.Amount, error) // Gateway.Warned
	SetWarned func(account string, below message.Amount)                   // Gateway.SetWarned
	Settings  func() alarm.Settings                                        // whose mail server is used
	Webhook   *Webhook
	Log       *slog.Logger

	mu    sync.Mutex
	known map[string]*lowBalance // by account
	calls sync.WaitGroup
	post  func(c *call) (int, string, error)                       // in place of Webhook's, for tests
	mail  func(context.Context, *mail.Server, *mail.Message) error // likewise of Server.Send
}

// lowBalance is how far an account's balance has fallen: below which amount of warn,
// the lowest of them, 0 for none.
type lowBalance struct {
	below  message.Amount // now
	told   message.Amount // and of those told
	id     string         // of what is to be told
	called bool           // the webhook has taken it
	mailed bool           // and the mail server
	asking bool           // they are being told
	tries  int
	again  time.Time // when it is tried
}

const (
	balanceLook  = 5 * time.Second
	balanceCalls = 16 // under way in all
	balanceMost  = 10 * time.Minute
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
			w.look(ctx, now)
		}
	}
}

// Close waits for the calls under way, after Run has returned.
func (w *BalanceWatch) Close() { w.calls.Wait() }

// look compares all balances with what their accounts want to be warned of.
func (w *BalanceWatch) look(ctx context.Context, now time.Time) {
	directory := w.Accounts()
	var balances []gateway.BalanceState
	if slices.ContainsFunc(directory.All(), warned) {
		balances = w.Balances("")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil && !w.remember(ctx) {
		return
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
		if low := w.fallen(a, &b, now); low.below != low.told && !low.asking && !now.Before(low.again) && under < balanceCalls {
			under++
			w.tell(ctx, directory, a, b, low)
		}
	}
	for name, low := range w.known {
		if !seen[name] && !low.asking {
			delete(w.known, name)
			w.note(name, low, 0)
		}
	}
}

// remember reads what was told before the program was started.
func (w *BalanceWatch) remember(ctx context.Context) bool {
	told, err := w.Warned(ctx)
	if err != nil {
		w.Log.Warn("who was told of a low balance cannot be read", "error", err)
		return false
	}
	w.known = map[string]*lowBalance{}
	for name, below := range told {
		w.known[name] = &lowBalance{below: below, told: below}
	}
	return true
}

// note keeps what was told.
func (w *BalanceWatch) note(name string, low *lowBalance, told message.Amount) {
	if low.told != told {
		low.told = told
		w.SetWarned(name, told)
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
	below := lowest(a, b)
	if below != 0 && (low.below == 0 || below < low.below) {
		low.id = "balance-" + strconv.FormatInt(now.UnixMilli(), 36) + "-" + below.String()
		low.called, low.mailed, low.tries, low.again = false, false, 0, time.Time{}
		w.Log.Warn("a balance is low", "account", a.Name, "available", (b.Balance + b.Credit).String(), "below", below.String(), "currency", b.Currency)
	}
	low.below = below
	if low.told != 0 && (below == 0 || below > low.told) {
		w.note(a.Name, low, below) // what it is still below was told on the way
	}
	return low
}

// lowest returns the lowest amount of warn below which a balance has fallen; 0 for
// none.
func lowest(a *account.Account, b *gateway.BalanceState) (least message.Amount) {
	for _, amount := range a.Balance.Warn {
		if b.Balance+b.Credit < amount && (least == 0 || amount < least) {
			least = amount
		}
	}
	return least
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

// tell tells the account by webhook, its own or that of the nearest above that has
// one, and by mail, as far as they do not have it. The lock is held.
func (w *BalanceWatch) tell(ctx context.Context, directory *account.Directory, a *account.Account, b gateway.BalanceState, low *lowBalance) {
	to := a
	for steps := 0; to != nil && to.Webhook == "" && steps < len(directory.All()); steps++ {
		to = directory.ByName(to.Parent)
	}
	v := &lowView{a.Name, b.Currency, low.below, b.Balance + b.Credit, b.Balance, b.Credit, b.Reserved}
	id, called, mailed := low.id, low.called || to == nil || to.Webhook == "", low.mailed || len(a.Balance.Mail) == 0
	low.asking = true
	w.calls.Go(func() {
		if !called {
			called = w.call(to, id, v)
		}
		if !mailed {
			mailed = w.write(ctx, a.Balance.Mail, id, v)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		low.asking = false
		switch {
		case low.id != id: // it has fallen further
		case called && mailed:
			if low.below == 0 || low.below > v.Below { // it has risen meanwhile
				v.Below = low.below
			}
			w.note(v.Account, low, v.Below)
		default:
			low.called, low.mailed = called, mailed
			low.again = time.Now().Add(min(balanceMost, balanceLook<<min(low.tries, 10)))
			low.tries++
		}
	})
}

// call calls a webhook, and tells whether that has taken it.
func (w *BalanceWatch) call(to *account.Account, id string, v *lowView) bool {
	body, err := marshal(&webhookEvent{Type: typeLow, ID: id, Timestamp: seenTime(time.Now()), Data: v})
	if err != nil {
		w.Log.Error("a warning of a low balance cannot be written", "account", v.Account, "error", err)
		return true
	}
	post := w.post
	if post == nil {
		post = w.Webhook.caller.do
	}
	now := time.Now()
	secret, previous := to.HookSecrets(now)
	c := &call{method: http.MethodPost, address: to.Webhook, trusted: true, body: body, header: webhookHeader(id, now.Unix(), body, secret, previous)}
	status, _, err := post(c)
	return err == nil && (200 <= status && status < 300 || status == http.StatusGone)
}

// balanceMail is how long a mail may take.
const balanceMail = 30 * time.Second

// write writes a mail, and tells whether the server has taken it.
func (w *BalanceWatch) write(ctx context.Context, to []string, id string, v *lowView) bool {
	set := w.Settings().Mail
	if set.Server == "" {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, balanceMail)
	defer cancel()
	send := w.mail
	if send == nil {
		send = func(ctx context.Context, s *mail.Server, m *mail.Message) error { return s.Send(ctx, m) }
	}
	err := send(ctx, mailServer(&set.MailServer), &mail.Message{
		From: set.From, To: to, Subject: fmt.Sprintf("Kurir: the balance of %s is below %s %s", v.Account, v.Below, v.Currency),
		Text: fmt.Sprintf("Of the balance of the account %s %s %s are available: a balance of %s and a credit of %s. %s are reserved for messages under way.\n"+
			"When it does not suffice any more, messages are refused.\n", v.Account, v.Available, v.Currency, v.Balance, v.Credit, v.Reserved),
		ID: id + "@" + set.From[strings.LastIndexByte(set.From, '@')+1:], Date: time.Now(),
	})
	if err != nil {
		w.Log.Warn("a mail about a low balance was not taken", "account", v.Account, "error", err)
	}
	return err == nil
}
