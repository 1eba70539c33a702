package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/simulator"
)

const (
	adminKey = secretMark + "-admin-key-0123456789"
	wardKey  = secretMark + "-ward-key-0123456789"
)

// amount is an amount in an answer, exactly.
type amount struct{ *big.Rat }

func (a *amount) UnmarshalJSON(text []byte) error {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return fmt.Errorf("%q is no amount", s)
	}
	a.Rat = r
	return nil
}

// money is a balance in an answer.
type money struct {
	Available, Balance, Reserved, Charged amount
	ToppedUp                              amount `json:"topped_up"`
}

// payments are what an administrator does with an account's balance.
type payments struct {
	t    *testing.T
	rest rest
}

// levels are the accounts with a balance: holding pays for ward, and group, which lies below it, for the customer.
var levels = []string{"holding", "group"}

// balance reads the payer's, and checks what holds of the balance of each level.
func (p *payments) balance() (b money) {
	p.t.Helper()
	for _, name := range levels {
		b = p.balanceOf(name)
	}
	return b
}

func (p *payments) balanceOf(name string) money {
	p.t.Helper()
	var v struct{ Balance money }
	p.rest.fetch("/v1/balances/"+name, &v)
	b := v.Balance
	left := new(big.Rat).Sub(b.ToppedUp.Rat, b.Charged.Rat)
	if left.Sub(left, b.Reserved.Rat); left.Cmp(b.Balance.Rat) != 0 || b.Balance.Sign() < 0 || b.Reserved.Sign() < 0 {
		p.t.Errorf("%s: %s came, %s are charged and %s reserved: the balance is %s", name, b.ToppedUp.FloatString(2), b.Charged.FloatString(2), b.Reserved.FloatString(2), b.Balance.FloatString(2))
	}
	return b
}

// topUp has money come to an account under a key, and says whether it had before.
func (p *payments) topUp(name string, units int, key string) (repeated bool) {
	p.t.Helper()
	body := fmt.Sprintf(`{"amount":"%d","key":%q}`, units, key)
	status, answer, _, err := p.rest.do(http.MethodPost, "/v1/balances/"+name+"/topups", "application/json", strings.NewReader(body))
	if err != nil || status != http.StatusCreated && status != http.StatusOK {
		p.t.Fatalf("top up: %d %s %v", status, answer, err)
	}
	return status == http.StatusOK
}

// chargedInAll sums up what the messages say of themselves, and counts those that cost something.
func (s *server) chargedInAll() (charged, reserved *big.Rat, n int) {
	charged, reserved = new(big.Rat), new(big.Rat)
	for path := "/v1/messages?limit=1000"; path != ""; {
		var page struct {
			Messages []struct {
				Price *struct{ Charged, Reserved amount }
			}
			Next string
		}
		s.fetch(path, &page)
		for _, m := range page.Messages {
			if m.Price == nil {
				s.t.Error("a message costs nothing")
				continue
			}
			charged.Add(charged, m.Price.Charged.Rat)
			reserved.Add(reserved, m.Price.Reserved.Rat)
			n++
		}
		path = page.Next
	}
	return charged, reserved, n
}

// answered is how many messages were accepted or refused.
func (l *ledger) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.accepted)
	for _, refused := range l.refused {
		n += refused
	}
	return n
}

// putDown sums up what the report of costs says that was put down to the customer's project.
func (s *server) putDown() *big.Rat {
	var page struct {
		Costs []struct{ Cost amount }
	}
	s.fetch("/v1/reports/costs?by=project&project=x", &page)
	sum := new(big.Rat)
	for _, c := range page.Costs {
		sum.Add(sum, c.Cost.Rat)
	}
	return sum
}

// TestKillUnderPaidLoad kills the program again and again while customers send over SMPP, REST and Kannel's interface more than
// the balances of two levels above them permit, of which each pays for some and must suffice for all below it. After each start, and at the end: no
// balance is below zero, and each is what came less what was charged and is reserved; at the end what was charged is what all
// messages say and the report of costs does, and no top-up counts twice.
func TestKillUnderPaidLoad(t *testing.T) {
	const units = 200
	random := faults(t)
	sim := startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(2 * time.Millisecond), Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond},
	}})
	h := startHook(t)
	dir := t.TempDir()
	prices := filepath.Join(dir, "prices.csv")
	if err := os.WriteFile(prices, []byte("destination,price\n46,0.35\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := startServer(t, sim, serverOptions{
		binary: plainBinary(t), dir: dir, link: ", window: 20", more: fmt.Sprintf("prices: [{name: standard, currency: EUR, file: %q}]\ndimensions: [{name: project, required: true}]", prices),
		account: ", parent: group", accounts: []string{
			fmt.Sprintf("{name: root, api_keys: [%s], admin: true}", adminKey), "{name: holding, prices: standard, balance: {}}",
			"{name: group, parent: holding, balance: {charge: delivered}, dimensions: {project: x}}",
			fmt.Sprintf("{name: ward, parent: holding, api_keys: [%s], senders: ['*'], sender: WARD, dimensions: {project: y}}", wardKey),
		},
	})
	linked(t, sim)
	p := &payments{t: t, rest: *s.rest}
	p.rest.key = adminKey
	l := newLedger()
	l.book(t, h)
	to := func() string { return fmt.Sprintf("4670%07d", rand.N(90000)) }
	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	c := &customer{ledger: l, window: 20, to: to}
	bound.Go(func() { c.run(load, stay, s.smpp) })
	for range 4 {
		senders.Go(func() { (&poster{servers: []*server{s}, ledger: l, to: to, dlr: h.URL}).run(load) })
	}
	key := *s.rest
	key.key = wardKey
	ward := &server{t: t, rest: &key}
	senders.Go(func() { (&poster{servers: []*server{ward}, ledger: newLedger(), to: to, dlr: h.URL}).run(load) })
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()

	rounds := max(3, *kills/3)
	for i := range rounds {
		before, _ := l.counts()
		key := fmt.Sprint("round-", i)
		for _, name := range levels {
			if p.topUp(name, units, key) {
				t.Errorf("%s came to %s before", key, name)
			}
		}
		eventually(t, "messages are accepted", func() bool { n, _ := l.counts(); return n > before+50 })
		until := l.answered() + random.IntN(400)
		eventually(t, "some more are answered", func() bool { return l.answered() >= until })
		s.proc.kill()
		judge(t, s.proc.name, s.proc.out.String())
		s.start()
		if p.balance(); !p.topUp("group", units, key) {
			t.Errorf("%s counts twice", key)
		}
	}
	eventually(t, "the money is spent", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.refused["402"] > 0 && l.refused["403"] > 0 && l.refused["ESME_RX_P_APPN"] > 0
	})
	stopLoad()
	senders.Wait()
	within(t, 2*patience, "nothing is reserved any more", func() bool {
		if p.balance().Reserved.Sign() != 0 || p.balanceOf("holding").Reserved.Sign() != 0 {
			return false
		}
		_, mine, _ := s.chargedInAll() // what messages say is what is on disk, a moment behind the balances
		_, wards, _ := ward.chargedInAll()
		return mine.Sign() == 0 && wards.Sign() == 0
	})
	b := p.balance()
	charged, reserved, n := s.chargedInAll()
	accepted, _ := l.counts()
	l.mu.Lock()
	t.Logf("%d messages for %s of %s; %d were answered as accepted; refused %v", n, b.Charged.FloatString(2), b.ToppedUp.FloatString(2), accepted, l.refused)
	l.mu.Unlock()
	if charged.Cmp(b.Charged.Rat) != 0 || reserved.Sign() != 0 {
		t.Errorf("the messages say that %s are charged and %s reserved, the balance says %s", charged.FloatString(2), reserved.FloatString(2), b.Charged.FloatString(2))
	}
	spent, _, _ := ward.chargedInAll()
	if top := p.balanceOf("holding"); top.Charged.Cmp(spent) != 0 {
		t.Errorf("the messages of ward say that %s are charged, and holding's balance %s", spent.FloatString(2), top.Charged.FloatString(2))
	}
	if put := s.putDown(); put.Cmp(b.Charged.Rat) != 0 {
		t.Errorf("%s are put down to the project, and %s charged", put.FloatString(2), b.Charged.FloatString(2))
	}
	if b.ToppedUp.Cmp(big.NewRat(units*int64(rounds), 1)) != 0 {
		t.Errorf("%s came, and not %d", b.ToppedUp.FloatString(2), units*rounds)
	}
	if n < accepted {
		t.Errorf("%d messages were accepted, and %d are there", accepted, n)
	}
}
