package gateway

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// TestComplaint24CampaignAndPasswords: while a campaign of one account waits for
// a link of 100 parts a second, a password of another goes out within 250 ms of
// its acceptance: 99 of a hundred do. KURIR_LONG=1 makes it the whole million.
func TestComplaint24CampaignAndPasswords(t *testing.T) {
	t.Parallel()
	campaign, seconds := 5000, 30
	if underRace {
		campaign, seconds = 2500, 10
	}
	if os.Getenv("KURIR_LONG") != "" {
		campaign, seconds = 1_000_000, 600
	}
	for _, lane := range []message.Priority{message.Normal, message.Urgent} {
		t.Run(fmt.Sprintf("passwords %v", lane), func(t *testing.T) {
			t.Parallel()
			testCampaign(t, campaign, seconds, lane)
		})
	}
}

func testCampaign(t *testing.T, campaign, seconds int, lane message.Priority) {
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "shop", Sender: "SHOP"}, {Name: "bank", Sender: "BANK"}}, nil)
		snap.Links["op1"] = LinkSettings{Name: "op1", Rate: 100}
		snap.Validity = 24 * time.Hour
		w := start(t, dir, Options{Snapshot: snap, QueueMemory: 400}, nil)
		submit := func(name string, n int, p message.Priority) {
			subs := make([]*Submission, n)
			for i := range subs {
				subs[i] = w.untold("46100001", "hello")
				subs[i].Account, subs[i].Priority = snap.Accounts.ByName(name), p
			}
			w.submit(subs...)
		}
		op := w.fakeLink("op1")
		shop, sent := 0, make(chan time.Time, 1)
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.Account == "bank" {
					sent <- time.Now()
				} else {
					shop++
				}
				go func() {
					time.Sleep(30 * time.Millisecond) // the operator's answer
					op.answer(n, o, "")
				}()
			}
		}
		op.core.SessionUp(1, 20)
		for n := campaign; n > 0; n -= 500 {
			submit("shop", 500, message.Normal)
		}
		var took []time.Duration
		op.mu.Lock()
		before := shop
		op.mu.Unlock()
		began := time.Now()
		for range seconds {
			time.Sleep(time.Second)
			submit("bank", 1, lane)
			accepted := time.Now()
			took = append(took, (<-sent).Sub(accepted))
		}
		slices.Sort(took)
		if p99 := took[len(took)*99/100]; p99 >= 250*time.Millisecond {
			t.Errorf("99 of a hundred of %d passwords left after %v, the median one after %v", len(took), p99, took[len(took)/2])
		}
		all := time.Since(began).Seconds() * 100
		op.core.SessionDown(1, nil, nil)
		time.Sleep(time.Second) // for the last answers
		synctest.Wait()
		op.mu.Lock()
		defer op.mu.Unlock()
		if float64(shop-before+seconds) < 0.95*all {
			t.Errorf("%d messages of the campaign were sent in %d seconds: the link was not full", shop-before, seconds)
		}
		t.Logf("passwords: median %v, slowest %v; campaign: %d", took[len(took)/2], took[len(took)-1], shop)
	})
}
