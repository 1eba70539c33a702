package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kurir/billing"
	"kurir/message"
	"kurir/store"
)

// BalanceState is what an account has and may.
type BalanceState struct {
	Account  string
	Parent   string
	Payer    string // account whose balance pays for its messages; empty if none does
	Prices   string // price list; empty if messages cost nothing
	Currency string
	Has      bool // a balance of its own, by the configuration
	Charge   string
	Credit   message.Amount
	Balance  message.Amount
	Reserved message.Amount // for messages under way
	Charged  message.Amount // since ever
	ToppedUp message.Amount // since ever
	Limits   []LimitState
}

// LimitState is one limit of an account.
type LimitState struct {
	Money     bool   // of money, in micro-units; else of messages
	Per       string // hour, day or month
	Most, Had int64
	Until     time.Time // when the next span begins
}

// Balances returns the state of the accounts of whose money and limits something
// is said or known, by name; account restricts it to one, empty is all.
func (g *Gateway) Balances(account string) []BalanceState {
	snap := g.snap.Load()
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	var list []BalanceState
	for _, a := range snap.Accounts.All() {
		t := a.Terms()
		if t == nil || account != "" && a.Name != account {
			continue
		}
		s := BalanceState{Account: a.Name, Parent: a.Parent, Prices: t.Prices}
		if l := snap.Prices[t.Prices]; l != nil {
			s.Currency = l.Currency
		}
		if t.Payer != nil {
			s.Payer, s.Charge = t.Payer.Name, t.Payer.Balance.Charge
			if s.Charge == "" {
				s.Charge = "sent"
			}
		}
		if p := g.purses[a.Name]; p != nil {
			p.roll(now)
			p.show(&s, g.opt.Shared)
		}
		list = append(list, s)
	}
	for name, p := range g.purses { // taken out of the configuration, and not empty
		known := snap.Accounts.ByName(name)
		if p.live != (funds{}) && (known == nil || known.Terms() == nil) && (account == "" || account == name) {
			s := BalanceState{Account: name}
			p.show(&s, g.opt.Shared)
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b BalanceState) int { return cmp.Compare(a.Account, b.Account) })
	return list
}

// show fills in what a purse says: where gateways share a database what is on disk, for what waits for a commit here was let in
// without a look at the money.
func (p *purse) show(s *BalanceState, shared bool) {
	f := p.live
	if shared {
		f = p.disk
	}
	if p.currency != "" {
		s.Currency = p.currency
	}
	s.Has, s.Credit = p.has, p.credit
	s.Balance, s.Reserved, s.Charged = f.balance, f.reserved, f.charged
	s.ToppedUp = f.balance + f.reserved + f.charged
	s.limits(false, &p.messages)
	s.limits(true, &p.money)
}

// limits adds the limits of messages or money.
func (s *BalanceState) limits(money bool, l *allowances) {
	for i := range l {
		if l[i].most != 0 {
			s.Limits = append(s.Limits, LimitState{money, periodNames[i], l[i].most, l[i].used, time.UnixMilli(l[i].until)})
		}
	}
}

// PriceRow is one price of a list.
type PriceRow struct {
	List, Currency string
	billing.Price
}

// PriceRows returns the prices by which an account's messages cost; of all lists
// if account is empty.
func (g *Gateway) PriceRows(account string) []PriceRow {
	snap := g.snap.Load()
	lists := snap.Prices
	if account != "" {
		lists = nil
		if a := snap.Accounts.ByName(account); a != nil && a.Terms() != nil && snap.Prices[a.Terms().Prices] != nil {
			lists = map[string]*billing.List{a.Terms().Prices: snap.Prices[a.Terms().Prices]}
		}
	}
	var rows []PriceRow
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		for _, p := range lists[name].Prices() {
			rows = append(rows, PriceRow{name, lists[name].Currency, p})
		}
	}
	return rows
}

// TopUp is money for a balance.
type TopUp struct {
	Account string
	Key     string         // by which a repetition is known, 1 to 255 octets
	Amount  message.Amount // less than 0 takes it off
	By      string         // account that does it
	Note    string
}

// The reasons for which a balance is not topped up.
var (
	ErrNoBalance  = errors.New("the account has no balance of its own")
	ErrKeyTaken   = errors.New("another amount came under this key")
	ErrTooLarge   = errors.New("the amount is too large")
	ErrBelowLimit = errors.New("the balance would fall below what the credit permits")
)

// TopUpState is a top-up as it is on disk.
type TopUpState = store.TopUp

// mostToppedUp bounds what may ever come to a balance, so that no sum can
// overflow.
const mostToppedUp = 2 * message.MaxAmount

type topUpKey struct{ account, key string }

// TopUpBalance adds to an account's balance, and returns the top-up when it is on
// disk. One with the key of an earlier one of the account changes nothing:
// it returns that one, and true. A *message.Failure says that it cannot be
// written now; others are those above.
func (g *Gateway) TopUpBalance(ctx context.Context, t TopUp) (_ TopUpState, repeated bool, err error) {
	select { // one at a time, so that a key is looked up before it comes a second time
	case g.topping <- struct{}{}:
	case <-ctx.Done():
		return TopUpState{}, false, ctx.Err()
	}
	top, done, err := g.topUp(ctx, t)
	<-g.topping
	if err == nil && done != nil {
		if err = settledBy(ctx, done); err == nil {
			err = top.err
		}
	}
	if err != nil {
		return TopUpState{}, false, err
	}
	if top.made.Amount != int64(t.Amount) {
		return TopUpState{}, true, fmt.Errorf("%w, %s; use another key for a top-up of its own", ErrKeyTaken, message.Amount(top.made.Amount))
	}
	return *top.made, top.repeated, nil
}

// toppingUp is a top-up on its way to the disk.
type toppingUp struct {
	purse    *purse
	asked    store.TopUp
	made     *store.TopUp // as it is on disk
	repeated bool         // it was there before
	err      error        // why it is not made after all, with Options.Shared
	booked   bool         // it is in the gather's money
}

// topUp gathers a top-up, or returns that with its key, with no done if that is
// on disk.
func (g *Gateway) topUp(ctx context.Context, t TopUp) (*toppingUp, <-chan error, error) {
	key := topUpKey{t.Account, t.Key}
	g.mu.Lock()
	if top := g.toppedUp[key]; top != nil {
		defer g.mu.Unlock()
		return top, g.onDisk(), nil // behind it
	}
	g.mu.Unlock()
	made, err := g.store.TopUp(ctx, t.Account, t.Key)
	if !errors.Is(err, store.ErrNotFound) {
		return &toppingUp{made: made, repeated: true}, nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.full != nil {
		return nil, nil, g.refusal()
	}
	p := g.purses[t.Account]
	if p == nil || !p.has {
		return nil, nil, ErrNoBalance
	}
	switch total := p.live.balance + p.live.charged + p.live.reserved; {
	case t.Amount > message.MaxAmount || t.Amount < -message.MaxAmount || total+t.Amount > mostToppedUp:
		return nil, nil, ErrTooLarge
	case t.Amount < 0 && p.live.balance+t.Amount < -p.credit && !g.opt.Shared:
		return nil, nil, fmt.Errorf("%w: it is %s %s", ErrBelowLimit, p.live.balance, p.currency)
	}
	g.moveMoney(p, funds{balance: t.Amount}, 0)
	made = &store.TopUp{
		Account: t.Account, Key: t.Key, At: g.now().UnixMilli(), Amount: int64(t.Amount), Balance: int64(p.live.balance),
		By: t.By, Note: t.Note,
	}
	g.cur.TopUps = append(g.cur.TopUps, made)
	top := &toppingUp{purse: p, asked: *made, made: made, booked: true}
	if g.opt.Shared {
		g.cur.topUps = append(g.cur.topUps, top)
	}
	g.toppedUp[key] = top
	done := make(chan error, 1)
	g.cur.after = append(g.cur.after, func(err error) {
		g.mu.Lock()
		delete(g.toppedUp, key)
		g.mu.Unlock()
		done <- err
	})
	g.signal()
	return top, done, nil
}

// TopUps returns what came to an account's balance, the newest first, at most n.
func (g *Gateway) TopUps(ctx context.Context, account string, n int) ([]TopUpState, error) {
	return g.store.TopUps(ctx, account, n)
}

// Warned returns below which amount accounts were told last that their balances are.
func (g *Gateway) Warned(ctx context.Context) (map[string]message.Amount, error) {
	rows, err := g.store.Warned(ctx)
	all := make(map[string]message.Amount, len(rows))
	for name, below := range rows {
		all[name] = message.Amount(below)
	}
	return all, err
}

// SetWarned notes, with the next commit, that an account was told that its balance is
// below an amount, or, with 0, that it is not any more.
func (g *Gateway) SetWarned(account string, below message.Amount) {
	g.mu.Lock()
	g.cur.Warned = append(g.cur.Warned, store.Warned{Account: account, Below: int64(below)})
	g.mu.Unlock()
	g.signal()
}
