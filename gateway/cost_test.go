package gateway

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/billing"
	"kurir/message"
	"kurir/route"
)

// TestPriceIsToldBefore: route explain and preview say what each candidate costs
// for all parts, and the answer to an account that asks what is reserved.
func TestPriceIsToldBefore(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 2*euro, func(_, acme *account.Account) { acme.TellPrice = true })
		acme := w.snap.Load().Accounts.ByName("acme")
		sub := func(to, text string) *Submission {
			s := w.untold(to, text)
			s.Account = acme
			return s
		}
		long := strings.Repeat("word ", 40) // two parts
		none := moneySnapshot(t, nil)
		none.Prices["standard"] = billing.NewList("standard", "EUR", nil)
		if _, f := none.Preview(&Submission{Account: none.Accounts.ByName("acme"), To: "462", Content: message.Content{Text: "hi", Class: -1}}); f == nil || f.Kind != message.NoPrice {
			t.Errorf("preview without a price: %v", f)
		}
		e, f := w.ExplainRoute(sub("462", long), time.Now())
		if f != nil || e.Refusal != nil || e.Cost == nil || *e.Cost != (Cost{400_000, "EUR"}) || len(e.Candidates) != 2 {
			t.Fatalf("explain: %+v, %v", e, f)
		}
		for i, want := range []message.Amount{400_000, 300_000} {
			if c := e.Candidates[i]; c.Cost == nil || *c.Cost != want {
				t.Errorf("by %s: %v, want %s", c.Link, c.Cost, want)
			}
		}
		p, f := w.Preview(sub("462", long))
		if f != nil || p.Costs == nil || p.Costs.Most != (Cost{400_000, "EUR"}) || len(p.Costs.By) != 2 || p.Costs.By[1] != 300_000 {
			t.Errorf("preview: %+v, %v", p, f)
		}
		two := sub("462", long)
		two.Text = &message.TextRules{Long: message.LongSeparate}
		results, err := w.Submit(context.Background(), []*Submission{sub("462", long), two, sub("463", "free")})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []message.Amount{400_000, 400_000, 0} {
			if r := results[i]; r.Failure != nil || r.Cost == nil || *r.Cost != (Cost{want, "EUR"}) {
				t.Errorf("answer %d: %+v, want %s", i, r.Cost, want)
			}
		}
		w.wantBalance("group", 2*euro-800_000, 800_000, 0)
		other := w.submission("462", "hi") // of an account that does not ask
		silent := *acme
		silent.TellPrice = false
		other.Account = &silent
		if results, err := w.Submit(context.Background(), []*Submission{other}); err != nil || results[0].Failure != nil || results[0].Cost != nil {
			t.Errorf("nobody asked: %+v, %v", results, err)
		}
	})
}

// TestPriceByNetwork: a message costs what its recipient's network does, and
// explain and preview say by which line of the list.
func TestPriceByNetwork(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := moneySnapshot(t, nil)
		prices, mistakes := billing.ReadPrices(strings.NewReader("destination,network,price,link\n46,,0.10,\n,Telia,0.07,\n,Telia,0.08,op2\nEE,,0.30,\n"), billing.Known{})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		s.Prices["standard"] = billing.NewList("standard", "EUR", prices)
		s.Networks = route.NewNetworks([]route.NetworkPrefix{{Prefix: "46220", Network: route.Network{Code: "24001", Name: "Telia"}}})
		w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
		w.topUp("group", "1", 10*euro)
		w.acme = s.Accounts.ByName("acme")
		to := func(number string) *Submission {
			sub := w.untold(number, "hi")
			sub.Link = ""
			return sub
		}
		e, f := w.ExplainRoute(to("46220123456"), time.Now())
		if f != nil || e.Refusal != nil || len(e.Candidates) != 2 {
			t.Fatalf("explain: %+v, %v", e, f)
		}
		for i, want := range []string{"op1 0.07 Telia", "op2 0.08 Telia op2"} {
			c := e.Candidates[i]
			if got := strings.TrimSpace(c.Link + " " + c.Cost.String() + " " + c.Row.Where() + " " + c.Row.Link); got != want {
				t.Errorf("candidate %d: %s, want %s", i, got, want)
			}
		}
		if p, f := w.Preview(to("46221123456")); f != nil || len(p.Costs.Rows) != 2 || p.Costs.Rows[0].Where() != "+46" || p.Costs.Most.Amount != 100_000 {
			t.Errorf("preview of another network: %+v, %v", p, f)
		}
		w.submit(to("46220123456"))
		w.wantBalance("group", 10*euro-80_000, 80_000, 0)
	})
}

// TestLimitsOverRestart: what was given back, refused with others, and taken more
// by a longer replacement counts on limits of money alike before and after a
// restart.
func TestLimitsOverRestart(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		set := func(group, _ *account.Account) { group.Limits.Money.Day = euro }
		w := topped(t, 10*euro, set)
		had := func(when string, want message.Amount) {
			t.Helper()
			if err := w.settledAll(); err != nil {
				t.Fatal(err)
			}
			if got := w.Balances("group")[0].Limits[0].Had; got != int64(want) {
				t.Errorf("%s: %s of the limit are had, want %s", when, message.Amount(got), want)
			}
			w.end()
			w = start(t, w.dir, Options{Snapshot: moneySnapshot(t, set)}, nil)
			if got := w.Balances("group")[0].Limits[0].Had; got != int64(want) {
				t.Errorf("%s, after a restart: %s of the limit are had, want %s", when, message.Amount(got), want)
			}
		}
		ids := w.submit(w.untold("461", "1"), w.untold("461", "2"))
		if _, err := w.Cancel(context.Background(), "acme", ids[0]); err != nil {
			t.Fatal(err)
		}
		had("one of two cancelled", 100_000)

		var subs []*Submission
		for range 11 {
			s := w.untold("461", "x")
			s.Atomic = true
			subs = append(subs, s)
		}
		if results, err := w.Submit(context.Background(), subs); err != nil || results[9].Failure == nil {
			t.Fatalf("more than the limit together: %v, %v", results, err)
		}
		had("others were refused together", 100_000)

		if _, err := w.ReplaceMessage(context.Background(), ids[1], &Replacement{
			Account: w.acme, Content: &message.Content{Text: strings.Repeat("x", 450), Class: -1},
		}); err != nil {
			t.Fatal(err)
		}
		had("replaced by three parts", 300_000)
		if _, err := w.Cancel(context.Background(), "acme", ids[1]); err != nil {
			t.Fatal(err)
		}
		had("and cancelled", 0)
	})
}

// TestReplacedStaysAboveZero: a customer whose messages are all had can make one
// longer only as far as the balance above permits.
func TestReplacedStaysAboveZero(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 150_000, func(_, acme *account.Account) { acme.Limits.Messages.Hour = 1 })
		id := w.submit(w.untold("461", "hi"))[0]
		if _, err := w.ReplaceMessage(context.Background(), id, &Replacement{
			Account: w.acme, Content: &message.Content{Text: strings.Repeat("x", 300), Class: -1},
		}); err == nil {
			t.Error("0.10 more of 0.05 were taken")
		}
		w.wantBalance("group", 50_000, 100_000, 0)
	})
}

// TestLimitsOverReload: a limit that a reload brings counts what was had of its span
// before, also by an account that came under it; what is given back comes off there.
func TestLimitsOverReload(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 10*euro, nil)
		ids := w.submit(w.untold("461", "1"), w.untold("462", "2"))
		time.Sleep(61 * time.Minute) // the first two expire, which gives them back
		ids = append(ids, w.submit(w.untold("461", "3"), w.untold("462", "4"))...)
		had := func(account, when string, want ...int64) {
			t.Helper()
			synctest.Wait()
			for i, l := range w.Balances(account)[0].Limits {
				if l.Had != want[i] {
					t.Errorf("%s: %s of %s of %s (money %v) are had, want %d", when, l.Per, account, message.Amount(l.Had), l.Money, want[i])
				}
			}
		}
		limited := func(parent string) *Snapshot {
			s := moneySnapshot(t, nil)
			s.Accounts = account.NewDirectory([]account.Account{
				{Name: "group", Prices: "standard", Balance: &account.Balance{}},
				{Name: "other", Prices: "standard", Balance: &account.Balance{}, Limits: account.Limits{Money: account.MoneyLimits{Day: 5 * euro}}},
				{Name: "acme", Parent: parent, Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Limits: account.Limits{Messages: account.MessageLimits{Hour: 3, Day: 10}}},
			}, nil)
			return s
		}
		w.Replace(limited("group"))
		had("acme", "a limit of messages comes", 2, 4)
		had("other", "and one of money", 0)
		w.Replace(limited("other"))
		had("other", "acme comes under it", 300_000)
		w.acme = w.snap.Load().Accounts.ByName("acme")
		if _, err := w.Cancel(context.Background(), "acme", ids[3]); err != nil {
			t.Fatal(err)
		}
		had("other", "one is cancelled", 100_000)
		w.wantBalance("group", 10*euro-100_000, 100_000, 0) // who paid gets it back
	})
}

// TestRepeatedIsPaid: a message that is repeated by a dearer link costs what that
// does when it arrives so, and what the link that delivered it does; one that no
// operator brings there what the last did that took it.
func TestRepeatedIsPaid(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		rule    string
		second  message.State // what the second operator says; Enroute: the first says after all that it arrived
		charged message.Amount
	}{
		"the second delivers it":        {"sent", message.Delivered, 350_000},
		"neither does":                  {"sent", message.Undeliverable, 350_000},
		"the first after all":           {"sent", message.Enroute, 200_000},
		"the second, paid if delivered": {"delivered", message.Delivered, 350_000},
		"the first, paid if delivered":  {"delivered", message.Enroute, 200_000},
		"neither, paid if delivered":    {"delivered", message.Undeliverable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				s := moneySnapshot(t, func(group, _ *account.Account) { group.Balance.Charge = test.rule })
				s.Prices["standard"] = dearerSecond(t)
				s.Routes = route.NewTable([]route.Rule{{Via: route.Via{{Link: "op1"}, {Link: "op2"}}, Fallback: &route.Fallback{MayRepeat: true, Missing: time.Minute}}})
				w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
				w.topUp("group", "1", euro)
				w.acme = s.Accounts.ByName("acme")
				op1, op2 := w.twoLinks()
				id := w.submit(w.untold("462", "hi"))[0]
				op1.sentMore(1)
				op1.answer(1, op1.take()[0], "a")
				w.wantBalance("group", 650_000, 350_000, 0)
				if test.second == message.Enroute {
					time.Sleep(2 * time.Minute) // nothing comes: the next link
				} else if err := <-op1.report("a", message.Undeliverable, "462"); err != nil {
					t.Fatal(err)
				}
				op2.sentMore(1)
				op2.answer(2, op2.take()[0], "b")
				w.wantBalance("group", 650_000, 350_000, 0)
				var err error
				if test.second == message.Enroute {
					err = <-op1.report("a", message.Delivered, "462")
				} else {
					err = <-op2.report("b", test.second, "462")
				}
				if err != nil {
					t.Fatal(err)
				}
				w.wantBalance("group", euro-test.charged, 0, test.charged)
				if m := w.onDisk(id); !m.State.Final() {
					t.Errorf("the message is %s", m.State)
				}
			})
		})
	}
}

// dearerSecond is a list by which op1 costs 0.20 and op2 0.35.
func dearerSecond(t testing.TB) *billing.List {
	t.Helper()
	prices, mistakes := billing.ReadPrices(strings.NewReader("destination,price,link\n*,0.20,\n*,0.35,op2\n463,0,\n"), billing.Known{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return billing.NewList("standard", "EUR", prices)
}
