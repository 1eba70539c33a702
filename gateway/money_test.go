package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/message"
	"kurir/store"
)

// moneySnapshot is testSnapshot with prices: 461 costs 0.10 a part, 462 0.20 by
// op1 and 0.15 by op2, 463 is free, the rest of the world has none. acme lies
// under group, which pays; set changes the two accounts.
func moneySnapshot(t testing.TB, set func(group, acme *account.Account)) *Snapshot {
	t.Helper()
	prices, mistakes := billing.ReadPrices(strings.NewReader("destination,price,link\n461,0.10,\n462,0.20,op1\n462,0.15,op2\n463,0,\n"), billing.Known{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	s := testSnapshot()
	s.Prices = map[string]*billing.List{"standard": billing.NewList("standard", "EUR", prices)}
	group := account.Account{Name: "group", Prices: "standard", Balance: &account.Balance{}}
	acme := account.Account{Name: "acme", Parent: "group", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20}
	if set != nil {
		set(&group, &acme)
	}
	s.Accounts = account.NewDirectory([]account.Account{group, acme}, nil)
	return s
}

// topped starts a world in which the balance of group is what is given.
func topped(t testing.TB, amount message.Amount, set func(group, acme *account.Account)) *world {
	t.Helper()
	w := start(t, t.TempDir(), Options{Snapshot: moneySnapshot(t, set)}, nil)
	if amount != 0 {
		w.topUp("group", fmt.Sprint(amount), amount)
	}
	return w
}

func (w *world) topUp(name, key string, amount message.Amount) {
	w.t.Helper()
	if _, _, err := w.TopUpBalance(context.Background(), TopUp{Account: name, Key: key, Amount: amount}); err != nil {
		w.t.Fatalf("top up %s with %s: %v", name, amount, err)
	}
}

// try submits one and returns why it is refused, nil if it is not.
func (w *world) try(to, text string) *message.Failure {
	w.t.Helper()
	results, err := w.Submit(context.Background(), []*Submission{w.untold(to, text)})
	if err != nil {
		w.t.Fatal(err)
	}
	return results[0].Failure
}

// wantBalance checks an account's balance on disk.
func (w *world) wantBalance(name string, balance, reserved, charged message.Amount) {
	w.t.Helper()
	if err := w.settledAll(); err != nil {
		w.t.Fatal(err)
	}
	all, err := w.store.Balances(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	b := all[name]
	if b.Balance != int64(balance) || b.Reserved != int64(reserved) || b.Charged != int64(charged) {
		w.t.Errorf("%s has %s, reserved %s, charged %s; want %s, %s, %s", name, message.Amount(b.Balance), message.Amount(b.Reserved), message.Amount(b.Charged), balance, reserved, charged)
	}
	if s := w.Balances(name); len(s) != 1 || s[0].Balance != balance || s[0].Reserved != reserved || s[0].Charged != charged {
		w.t.Errorf("%s in memory: %+v", name, s)
	}
}

// settledAll waits until all that has gathered is on disk.
func (w *world) settledAll() error {
	w.mu.Lock()
	done := w.Gateway.onDisk()
	w.mu.Unlock()
	w.signal()
	return <-done
}

const euro message.Amount = 1_000_000

// TestMessageIsPaid: what the dearest candidate costs is reserved at acceptance,
// and what the link that carried it costs is charged by the payer's rule.
func TestMessageIsPaid(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rule    string
		end     string // what the operator says: taken, refused, delivered, undeliverable
		charged message.Amount
	}{
		{"", "taken", 200_000},
		{"sent", "refused", 0},
		{"sent", "undeliverable", 200_000},
		{"accepted", "refused", 200_000},
		{"accepted", "delivered", 200_000},
		{"delivered", "delivered", 200_000},
		{"delivered", "undeliverable", 0},
		{"delivered", "refused", 0},
		{"sent", "other link", 150_000},
	} {
		t.Run(test.rule+" "+test.end, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				w := topped(t, euro, func(group, _ *account.Account) { group.Balance.Charge = test.rule })
				op1, op2 := w.twoLinks()
				id := w.submit(w.untold("462", "hi"))[0]
				if test.rule == "accepted" {
					w.wantBalance("group", 800_000, 0, 200_000)
				} else {
					w.wantBalance("group", 800_000, 200_000, 0)
				}
				op1.sentMore(1)
				out := op1.take()[0]
				switch test.end {
				case "refused":
					op1.fail(1, out, message.Refused)
				case "other link":
					op1.fail(1, out, message.Busy)
					op2.sentMore(1)
					op2.answer(2, op2.take()[0], "x")
				default:
					op1.answer(1, out, "x")
				}
				if test.end == "delivered" {
					<-op1.report("x", message.Delivered, "462")
				}
				if test.end == "undeliverable" {
					<-op1.report("x", message.Undeliverable, "462")
				}
				w.wantBalance("group", euro-test.charged, 0, test.charged)
				if n := strings.Count(describe(w.onDisk(id)), "charged"); n != min(1, int(test.charged)) {
					t.Errorf("it was charged %d times: %s", n, describe(w.onDisk(id)))
				}
			})
		})
	}
}

// TestExpiredIsGivenBack: nobody pays for a message that never left.
func TestExpiredIsGivenBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, euro, nil)
		w.submit(w.untold("461", "hi"))
		time.Sleep(2 * time.Hour)
		w.wantBalance("group", euro, 0, 0)
		id := w.submit(w.untold("461", "hi"))[0]
		if _, err := w.Cancel(context.Background(), "acme", id); err != nil {
			t.Fatal(err)
		}
		w.wantBalance("group", euro, 0, 0)
	})
}

// TestRefusedForMoney: what the balance does not pay for is refused, and says
// what is missing.
func TestRefusedForMoney(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 250_000, nil)
		if f := w.try("462", "hi"); f != nil {
			t.Fatal(f)
		}
		f := w.try("461", "hi")
		if f == nil || f.Kind != message.NoMoney || f.Error() != "the balance of group does not suffice for 0.10 EUR" {
			t.Errorf("0.05 are left for 0.10: %v", f)
		}
		if f := w.try("463", "hi"); f != nil {
			t.Errorf("a free one: %v", f)
		}
		f = w.try("464", "hi")
		if f == nil || f.Kind != message.NoRoute {
			t.Errorf("no route: %v", f)
		}
		w.topUp("group", "more", 50_000)
		if f := w.try("461", "hi"); f != nil {
			t.Errorf("0.10 are left for 0.10: %v", f)
		}
		w.wantBalance("group", 0, 300_000, 0)
		if n := w.Stats().Unpaid; n != 1 {
			t.Errorf("%d were refused for money", n)
		}
	})
}

// TestEveryLevelIsAsked: the nearest balance pays, and one above that is empty
// stops the accounts below.
func TestEveryLevelIsAsked(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 150_000, func(_, acme *account.Account) { acme.Balance = &account.Balance{Credit: 100_000} })
		if f := w.try("461", "hi"); f != nil {
			t.Fatalf("within the credit: %v", f)
		}
		w.wantBalance("acme", -100_000, 100_000, 0)
		w.wantBalance("group", 150_000, 0, 0)
		f := w.try("461", "hi")
		if f == nil || f.Error() != "the message costs 0.10 EUR, and the balance is -0.10 with a credit of 0.10; it has to be topped up" {
			t.Errorf("beyond the credit: %v", f)
		}
		w.topUp("acme", "a", euro)
		if f := w.try("462", "hi"); f == nil || f.Kind != message.NoMoney {
			t.Errorf("group has not enough: %v", f)
		}
	})
}

// TestAtomicIsPaidWhole: an atomic request that cannot be paid whole costs
// nothing.
func TestAtomicIsPaidWhole(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 250_000, nil)
		subs := []*Submission{w.untold("461", "1"), w.untold("4611", "2"), w.untold("4612", "3")}
		for _, s := range subs {
			s.Atomic = true
		}
		results, err := w.Submit(context.Background(), subs)
		if err != nil {
			t.Fatal(err)
		}
		for i, kind := range []message.FailureKind{message.Withheld, message.Withheld, message.NoMoney} {
			if results[i].Failure == nil || results[i].Failure.Kind != kind {
				t.Errorf("%d: %v, want %s", i, results[i].Failure, kind.Code())
			}
		}
		w.topUp("group", "more", 50_000)
		w.wantBalance("group", 300_000, 0, 0)
		w.submit(subs...)
		w.wantBalance("group", 0, 300_000, 0)
	})
}

// TestNothingIsChargedWithoutItsMessage: what is refused because the database
// cannot be written is not paid for.
func TestNothingIsChargedWithoutItsMessage(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, euro, nil)
		var mu sync.Mutex
		full := false
		w.settledAll()
		w.commit = func(b *store.Batch) error {
			mu.Lock()
			defer mu.Unlock()
			if full {
				return store.ErrFull
			}
			return w.store.Commit(b)
		}
		mu.Lock()
		full = true
		mu.Unlock()
		if f := w.try("461", "hi"); f == nil || f.Kind != message.StoreFull {
			t.Fatalf("the database is full: %v", f)
		}
		mu.Lock()
		full = false
		mu.Unlock()
		time.Sleep(time.Second)
		synctest.Wait()
		w.wantBalance("group", euro, 0, 0)
		w.submit(w.untold("461", "hi"))
		w.wantBalance("group", 900_000, 100_000, 0)
	})
}

// TestLimits: messages and money by the day, of an account and those below it,
// in its time zone, also after a restart.
func TestLimits(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		set := func(group, acme *account.Account) {
			group.Zone, group.Limits.Money.Day = "Europe/Stockholm", 500_000
			acme.Limits.Messages.Hour = 3
		}
		time.Sleep(9 * time.Hour) // it is 21:00, two hours before the day ends in Stockholm
		w := topped(t, euro, set)
		for range 3 {
			if f := w.try("461", "hi"); f != nil {
				t.Fatal(f)
			}
		}
		f := w.try("463", "hi")
		if f == nil || f.Kind != message.LimitReached || f.Error() != "acme may send 3 messages an hour and has; more from 2026-11-01T22:00:00Z on" {
			t.Errorf("the fourth in an hour: %v", f)
		}
		time.Sleep(time.Hour)
		if f := w.try("462", "hi"); f != nil {
			t.Errorf("0.20 of 0.20 that are left: %v", f)
		}
		f = w.try("461", "hi")
		if f == nil || f.Error() != "group may spend 0.50 EUR a day, and the message costs 0.10 more than is left; more from 2026-11-01T23:00:00Z on" {
			t.Errorf("0.60 in a day: %v", f)
		}
		w.end()
		w = start(t, w.dir, Options{Snapshot: moneySnapshot(t, set)}, nil)
		if f := w.try("461", "hi"); f == nil || f.Kind != message.LimitReached {
			t.Errorf("after a restart: %v", f)
		}
		time.Sleep(time.Hour + time.Minute) // the first three expired: what they were counted for is given back to their day only
		if f := w.try("461", "hi"); f != nil {
			t.Errorf("the next day in Stockholm: %v", f)
		}
	})
}

// TestReplacedIsRepriced: a longer text in a message's place costs more.
func TestReplacedIsRepriced(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 250_000, nil)
		id := w.submit(w.untold("461", "hi"))[0]
		longer := func(parts int) error {
			_, err := w.ReplaceMessage(context.Background(), id, &Replacement{
				Account: w.acme, Content: &message.Content{Text: strings.Repeat("x", 150*parts), Class: -1},
			})
			return err
		}
		var f *message.Failure
		if err := longer(3); !errors.As(err, &f) || f.Kind != message.NoMoney {
			t.Errorf("three parts: %v", err)
		}
		if err := longer(2); err != nil {
			t.Errorf("two parts: %v", err)
		}
		w.wantBalance("group", 50_000, 200_000, 0)
		op1 := w.fakeLink("op1")
		op1.core.SessionUp(1, 10)
		op1.sentMore(1)
		op1.answer(1, op1.take()[0], "x", "y")
		w.wantBalance("group", 50_000, 0, 200_000)
	})
}

// TestTopUpOnce: a top-up that comes twice under one key counts once.
func TestTopUpOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 0, nil)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() { w.topUp("group", "k", euro) })
		}
		all.Wait()
		w.wantBalance("group", euro, 0, 0)
		if _, repeated, err := w.TopUpBalance(context.Background(), TopUp{Account: "group", Key: "k", Amount: euro}); err != nil || !repeated {
			t.Errorf("again: %v %v", repeated, err)
		}
		for want, top := range map[error]TopUp{
			ErrKeyTaken:   {Account: "group", Key: "k", Amount: 2},
			ErrNoBalance:  {Account: "acme", Key: "k", Amount: 2},
			ErrBelowLimit: {Account: "group", Key: "l", Amount: -euro - 1},
			ErrTooLarge:   {Account: "group", Key: "m", Amount: message.MaxAmount + 1},
		} {
			if _, _, err := w.TopUpBalance(context.Background(), top); !errors.Is(err, want) {
				t.Errorf("%+v: %v, want %v", top, err, want)
			}
		}
		if _, _, err := w.TopUpBalance(context.Background(), TopUp{Account: "group", Key: "k", Amount: 2}); err == nil ||
			err.Error() != "another amount came under this key, 1.00; use another key for a top-up of its own" {
			t.Errorf("another amount: %v", err)
		}
		w.topUp("group", "n", -euro)
		w.wantBalance("group", 0, 0, 0)
	})
}
