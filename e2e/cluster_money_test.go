package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// payer is who pays for account ward beforehand, by so little that the balance is spent again and again, and looks at it all the
// time at each server in turn.
type payer struct {
	t     *testing.T
	nodes []*server

	mu    sync.Mutex
	came  int64 // how often money came
	looks int
	below int // looks at which the balance was below zero
}

const topUpUnits = 5 // a message costs 0.35

func newPayer(t *testing.T, nodes []*server) *payer { return &payer{t: t, nodes: nodes} }

// do asks one server as an administrator.
func (p *payer) do(s *server, method, path, body string) (int, []byte) {
	one := *s.rest
	one.key = adminKey
	one.client = &http.Client{Timeout: 3 * time.Second, Transport: one.client.Transport}
	status, answer, _, _ := one.do(method, path, "application/json", strings.NewReader(body))
	return status, answer
}

// topUp has money come at a server. It comes once, also when the answer is lost and it is asked for again elsewhere.
func (p *payer) topUp(s *server) (came bool) {
	body := fmt.Sprintf(`{"amount":"%d","key":"round-%d"}`, topUpUnits, p.came)
	status, _ := p.do(s, http.MethodPost, "/v1/balances/ward/topups", body)
	if came = status == http.StatusCreated || status == http.StatusOK; came {
		p.came++
	}
	return came
}

// balance asks one server; ok is false if it does not say.
func (p *payer) balance(s *server) (b money, ok bool) {
	status, answer := p.do(s, http.MethodGet, "/v1/balances/ward", "")
	var v struct{ Balance money }
	ok = status == http.StatusOK && json.Unmarshal(answer, &v) == nil && v.Balance.Balance.Rat != nil
	if !ok {
		return b, false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.looks++
	if b = v.Balance; b.Balance.Sign() < 0 || b.Reserved.Sign() < 0 {
		p.below++
		p.t.Logf("%s says of ward's balance: %s", s.http, answer)
	}
	return b, true
}

// watch looks at the balance, and has money come now and then, until ctx ends.
func (p *payer) watch(ctx context.Context) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			s := p.nodes[i%len(p.nodes)]
			if p.balance(s); i%8 == 0 {
				p.topUp(s)
			}
		}
	}
}

// settle waits until nothing is reserved, compares the balance with what the messages say that they cost, and returns how often it
// was below zero. A lossy database has lost receipts, so that messages of which nobody will hear any more stay open: their money stays
// reserved, as they say themselves, and what came may be lost, but for all servers alike.
func (p *payer) settle(lossy bool) int {
	t := p.t
	t.Helper()
	eventually(t, "the last money comes", func() bool { return p.topUp(p.nodes[0]) })
	came := big.NewRat(p.came*topUpUnits, 1)
	if lossy {
		b, _ := p.balance(p.nodes[0])
		came = b.ToppedUp.Rat
	}
	for _, s := range p.nodes {
		key := *s.rest
		key.key = wardKey
		asked := &server{t: t, rest: &key}
		var b money
		charged, reserved, n := new(big.Rat), new(big.Rat), 0
		defer func() {
			if t.Failed() {
				t.Logf("%s: balance %+v; %d messages, charged %s, reserved %s", s.http, b, n, charged.FloatString(2), reserved.FloatString(2))
			}
		}()
		eventually(t, "nothing is reserved but for messages that stay open, and all that came is shown, at "+s.http, func() bool {
			var ok bool
			if b, ok = p.balance(s); !ok || !lossy && b.Reserved.Sign() != 0 || b.ToppedUp.Cmp(came) != 0 {
				return false
			}
			charged, reserved, n = asked.chargedInAll()
			return reserved.Cmp(b.Reserved.Rat) == 0
		})
		t.Logf("ward: %d messages for %s of %s, %s reserved, looked at %d times, %d of them below zero",
			n, b.Charged.FloatString(2), b.ToppedUp.FloatString(2), reserved.FloatString(2), p.looks, p.below)
		if charged.Cmp(b.Charged.Rat) != 0 {
			t.Errorf("%s: the messages cost %s, and %s is charged", s.http, charged.FloatString(2), b.Charged.FloatString(2))
		}
		left := new(big.Rat).Sub(b.ToppedUp.Rat, b.Charged.Rat)
		if left.Sub(left, b.Reserved.Rat).Cmp(b.Balance.Rat) != 0 {
			t.Errorf("%s: %s came, %s is charged, %s reserved, and the balance is %s",
				s.http, b.ToppedUp.FloatString(2), b.Charged.FloatString(2), b.Reserved.FloatString(2), b.Balance.FloatString(2))
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.below
}
