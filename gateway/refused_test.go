package gateway

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// What is refused in the end takes nothing from anybody: no digits of a dialog, nothing of what a recipient or country may
// be sent in an hour.
func TestRefusedTakesNothing(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Networks = route.NewNetworks(nil)
		s.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, Sender: "ACME", Traffic: &account.Traffic{RecipientHour: 1}},
			{Name: "beta", Senders: []string{"*"}, Sender: "BETA", Traffic: &account.Traffic{CountryHour: map[string]int{"SE": 1}}},
		}, nil)
		s.Replies = []ReplyRule{{Number: "+46737494949", Digits: 1}}
		w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
		dialog := func(name string) *Submission {
			sub := w.untold("46170000002", "x")
			sub.Account, sub.From, sub.Dialog = w.Snapshot().Accounts.ByName(name), "+46737494949", true
			return sub
		}
		full := func(f error) {
			synctest.Wait() // a commit that is under way would end it
			w.mu.Lock()
			w.full = f
			w.mu.Unlock()
		}
		full(errors.New("no space"))
		for _, name := range []string{"acme", "beta"} {
			for range 10 {
				w.wants(dialog(name), "store_full", "", "")
			}
		}
		full(nil)
		w.wants(dialog("acme"), "", "", "")
		for range 10 {
			w.wants(dialog("acme"), "limit_reached", "to", "")
		}
		w.wants(dialog("beta"), "", "", "")
		synctest.Wait()
		list, _, err := w.store.Messages(t.Context(), Filter{Oldest: true})
		if err != nil || len(list) != 2 {
			t.Fatalf("%d messages, %v", len(list), err)
		}
		if a, b := list[0].ShownFrom(), list[1].ShownFrom(); a == b || len(a.Number) != len("46737494949")+1 {
			t.Errorf("shown as %s and %s", a, b)
		}
		part := dialog("beta")
		part.Content.Header = []byte{5, 0, 3, 7, 2, 1}
		w.wants(part, "bad_content", "dialog", "")
		both := []*Submission{dialog("beta"), dialog("beta")}
		both[1].To = "x"
		for _, sub := range both {
			sub.Account = &account.Account{Name: "gamma", Senders: []string{"*"}}
			sub.Atomic = true
		}
		for range 10 {
			if r, err := w.Submit(t.Context(), both); err != nil || r[0].Failure == nil || r[0].Failure.Kind != message.Withheld {
				t.Fatalf("%+v, %v", r, err)
			}
		}
		time.Sleep(time.Second)
		both[0].Atomic = false
		w.wants(both[0], "", "", "")
	})
}
