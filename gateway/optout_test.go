package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// On a number that several share, STOP is for the account that the rules give the message to; in a dialog for who wrote, whoever has
// the number. The phone's number is read by the account's country, and the answer counts for no limit.
func TestOptOutWhose(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Country = "47"
		s.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, MaxParts: 20, Country: "46", OptOut: &account.OptOut{}, Traffic: &account.Traffic{RecipientHour: 1}},
			{Name: "beta", Senders: []string{"*"}, MaxParts: 20, Numbers: []string{"+46737494949"}, OptOut: &account.OptOut{}},
		}, nil)
		s.Routes = route.NewTable([]route.Rule{{Via: route.Via{{Link: "op1"}}}})
		s.Inbound = NewInboundTable([]InboundRule{{To: route.Patterns{"72456"}, Account: "acme"}})
		s.Replies = []ReplyRule{{Number: "+46737494949", Digits: 1}, {Number: "72456"}}
		w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		says := func(from message.Address, to, text string) {
			t.Helper()
			in := &message.Inbound{From: from, To: message.Address{Number: to}, Content: message.Content{Text: text, Class: -1}}
			if err := <-op.inbound(in); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			time.Sleep(time.Second)
		}
		out := func(name, phone string, want bool) {
			t.Helper()
			if _, is, err := w.OptedOut(name, phone); is != want || err != nil {
				t.Errorf("%s has opted out of %s: %t, %v", phone, name, is, err)
			}
		}
		w.submit(w.fromAcme("+46701234567", "+46737494949", true))
		synctest.Wait()
		sent := op.take()
		if len(sent) != 1 {
			t.Fatalf("the link got %d messages", len(sent))
		}
		op.answer(1, sent[0], "1")
		time.Sleep(time.Second)
		phone := message.Address{TON: message.TONInternational, Number: "46701234567"}
		says(phone, sent[0].From.Number, "Stop")
		out("acme", "+46701234567", true)
		out("beta", "+46701234567", false)
		if sent := op.take(); len(sent) != 1 || sent[0].Message.Account != "acme" || sent[0].Message.From.Number != "46737494949" {
			t.Errorf("the answer within the dialog: %+v", sent)
		}
		says(message.Address{Number: "0701234568"}, "72456", "STOP")
		out("acme", "+46701234568", true)
		op.take()

		w.submit(w.fromAcme("+46701234569", "72456", false)) // refused by the operator: it wrote nothing
		synctest.Wait()
		op.fail(1, op.take()[0], message.Refused)
		time.Sleep(time.Second)
		in := message.Inbound{From: message.Address{TON: 1, Number: "46701234569"}, To: message.Address{Number: "72456"}}
		if a, err := w.answerOf(s, "", in.From, in.To, time.Now()); err != nil || a.to != 0 {
			t.Errorf("what the operator refused is answered: %+v, %v", a, err)
		}
	})
}

// fromAcme is a submission of acme's from a sender, as a dialog or not.
func (w *world) fromAcme(to, from string, dialog bool) *Submission {
	sub := w.untold("1", "hello?")
	sub.To, sub.From, sub.Dialog = to, from, dialog
	return sub
}

// Of several allow lists that apply, one has to have the recipient.
func TestAllowLists(t *testing.T) {
	t.Parallel()
	one, two := directory.NewNumbers(), directory.NewNumbers()
	for n, digits := range map[*directory.Numbers]string{one: "46701234561", two: "46701234562"} {
		e, _ := directory.Number(digits)
		n.Add(e)
	}
	lists := []guarded{
		{&directory.List{Name: "one", Kind: directory.AllowList}, one},
		{&directory.List{Name: "two", Kind: directory.AllowList}, two},
		{&directory.List{Name: "other", Kind: directory.AllowList, Accounts: []string{"beta"}}, nil},
	}
	for digits, allowed := range map[string]bool{"46701234561": true, "46701234562": true, "46701234563": false} {
		if f := refusedBy(lists, "acme", "to", message.Address{TON: message.TONInternational, Number: digits}); (f == nil) != allowed {
			t.Errorf("%s: %v", digits, f)
		}
	}
}
