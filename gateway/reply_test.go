package gateway

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// TestReplies: answers from a phone go to the account whose message they answer: by the digits of a dialog, also several at a
// time, in parts and after a restart; else to the one that wrote last from the number, within the time.
func TestReplies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		const phone, ours, short = "46100000001", "46737494949", "72456"
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, MaxParts: 20},
			{Name: "beta", Senders: []string{"*"}, MaxParts: 20},
			{Name: "owner", Numbers: []string{"+" + ours, short}},
		}, nil)
		s.Replies = []ReplyRule{{Number: "+" + ours, Digits: 1, Within: 20 * time.Minute, Links: []string{"op1"}}, {Number: short, Within: 10 * time.Minute}}
		s.Inbound = NewInboundTable([]InboundRule{{Keyword: route.Patterns{"info"}, Account: "owner"}})
		r := &fakeReceiver{limit: 100}
		set := func(w *world) { w.Receive(message.SMPPTarget, r) }
		w := start(t, dir, Options{Snapshot: s, JoinWait: time.Minute}, set)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		send := func(account, from string, dialog bool) (message.ID, string) {
			t.Helper()
			sub := w.untold(phone, "Yes or no?")
			sub.Account, sub.From, sub.Dialog = s.Accounts.ByName(account), from, dialog
			id := w.submit(sub)[0]
			synctest.Wait()
			out := op.take()
			if len(out) != 1 || out[0].Message.From.Number != strings.TrimPrefix(from, "+") {
				t.Fatalf("the link got %+v", out)
			}
			op.answer(1, out[0], id.String())
			time.Sleep(time.Second)
			return id, out[0].From.Number
		}
		phoneSays := func(to, text string, header ...byte) {
			t.Helper()
			in := &message.Inbound{
				From: message.Address{TON: message.TONInternational, Number: phone}, To: message.Address{Number: to},
				Content: message.Content{Text: text, Header: header, Class: -1},
			}
			if err := <-op.inbound(in); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		wantAt := func(to, account, rule string, answers message.ID) {
			t.Helper()
			items := r.take()
			if len(items) != 1 {
				t.Fatalf("%d messages were delivered", len(items))
			}
			w.Delivered([]Delivered{{Item: items[0]}})
			in, err := w.store.Inbound(t.Context(), items[0].Inbound.ID)
			if err != nil || in.Account != account || items[0].Target.Account != account || in.Rule != rule || in.Answers != answers || in.To.Number != to {
				t.Errorf("%+v goes to %+v, %v; want %s's, by %q, as an answer to %s", in, items[0].Target, err, account, rule, answers)
			}
		}
		first, shown := send("acme", "+"+ours, true)
		second, other := send("beta", "+"+ours, true)
		if shown != ours+"0" || other != ours+"1" {
			t.Fatalf("dialogs are shown as %s and %s", shown, other)
		}
		phoneSays(shown, "yes")
		wantAt(ours, "acme", "dialog", first)
		phoneSays(other, "info: no")
		wantAt(ours, "beta", "dialog", second)
		phoneSays(ours, "and more")
		wantAt(ours, "beta", "last writer", second)
		phoneSays(ours, "Info")
		wantAt(ours, "owner", "info", 0)
		phoneSays(ours+"7", "no such dialog")
		wantAt(ours, "owner", "", 0)

		// Explain says the same, and why.
		for _, tt := range []struct{ to, text, steps, account string }{
			{shown, "info: yes", "[*dialog: the digits behind +46737494949 are of an open dialog: it answers the message " + first.String() + " of acme] 0 rules []", "acme " + first.String()},
			{ours, "and more", "[] 1 rules [*last writer: beta wrote to the phone last from +46737494949: it answers the message " + second.String() + "]", "beta " + second.String()},
			{ours, "Info", "[] 1 rules [last writer: a rule comes first; else: beta wrote to the phone last from +46737494949: it answers the message " + second.String() + "]", "owner "},
			{ours + "7", "x", "[dialog: the digits behind +46737494949 are of no dialog with the phone within 20m0s; they are left out] 1 rules []", "owner "},
			{short, "x", "[] 1 rules [last writer: nobody wrote to the phone from 72456 within 10m0s]", "owner "},
			{"4699", "x", "[] 1 rules []", " "},
		} {
			e := w.ExplainInbound(&message.Inbound{
				From: message.Address{TON: message.TONInternational, Number: phone}, To: message.Address{Number: tt.to}, Content: message.Content{Text: tt.text},
			}, time.Now())
			show := func(steps []Step) (list []string) {
				for _, s := range steps {
					text := s.Name + ": " + s.Why
					if s.Matched {
						text = "*" + text
					}
					list = append(list, text)
				}
				return list
			}
			account := e.Account + " "
			if e.Answers != 0 {
				account += e.Answers.String()
			}
			if steps := fmt.Sprintf("%v %d rules %v", show(e.Before), len(e.Rules), show(e.Behind)); steps != tt.steps || account != tt.account {
				t.Errorf("%q to %s is explained with\n%s, %s; want\n%s, %s", tt.text, tt.to, steps, account, tt.steps, tt.account)
			}
		}

		phoneSays(shown, "half", 5, 0, 3, 1, 2, 1)
		w.end()
		w = start(t, dir, Options{Snapshot: s, JoinWait: time.Minute}, set)
		op = w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		time.Sleep(2 * time.Minute)
		wantAt(ours, "acme", "dialog", first)
		if _, shown := send("acme", "+"+ours, true); shown != ours+"2" {
			t.Errorf("after the restart a dialog is shown as %s", shown)
		}
		for range 7 {
			send("acme", "+"+ours, true)
		}
		refused := func(from, to, why string) {
			t.Helper()
			sub := w.untold(to, "x")
			sub.From, sub.Dialog = from, true
			res, err := w.Submit(t.Context(), []*Submission{sub})
			if err != nil || res[0].Failure == nil || !strings.Contains(res[0].Failure.Error(), why) {
				t.Errorf("%+v, %v; want %q", res, err, why)
			}
		}
		refused("+"+ours, phone, "all 10 dialogs between")
		refused(short, phone, "has no dialogs")
		refused("+"+ours, "46300000001", "no link of the message's route")
		time.Sleep(20 * time.Minute)
		if _, again := send("acme", "+"+ours, true); again != shown {
			t.Errorf("after its time a dialog is shown as %s", again)
		}

		// Dialogs take the links that carry them, also where the route has others that are up; what is scheduled is answered when
		// it has been sent, however long ago it was accepted and whatever else the phone has had since.
		op2 := w.fakeLink("op2")
		op2.core.SessionUp(2, 100)
		const other2 = "46200000001"
		later := w.untold(other2, "Well?")
		later.From, later.Dialog, later.SendAt = "+"+ours, true, time.Now().Add(25*time.Minute)
		scheduled := w.submit(later)[0]
		op.core.SessionDown(1, nil, nil)
		now := w.untold(other2, "Now?")
		now.From, now.Dialog = "+"+ours, true
		w.submit(now)
		time.Sleep(time.Second)
		if out := op2.take(); len(out) > 0 {
			t.Errorf("op2, which carries no dialogs, got %s", out[0].From)
		}
		op.core.SessionUp(1, 100)
		synctest.Wait()
		for _, out := range op.take() {
			op.answer(1, out, "now")
		}
		for i := range answerLook + 10 {
			sub := w.untold(other2, "x")
			sub.SendAt = time.Now().Add(24 * time.Minute)
			if i%2 == 0 {
				sub.Account, sub.From = s.Accounts.ByName("beta"), "BETA"
			} else {
				sub.From = "ACME"
			}
			w.submit(sub)
		}
		time.Sleep(26 * time.Minute)
		shownLater := ""
		for _, out := range append(op.take(), op2.take()...) {
			if out.Message.ID == scheduled {
				shownLater = out.From.Number
				op.answer(1, out, "scheduled")
			}
		}
		synctest.Wait()
		in := &message.Inbound{From: message.Address{TON: message.TONInternational, Number: other2}, To: message.Address{Number: shownLater}, Content: message.Content{Text: "well", Class: -1}}
		if err := <-op.inbound(in); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		wantAt(ours, "acme", "dialog", scheduled)

		phoneSays(short, "hello")
		wantAt(short, "owner", "", 0)
		third, _ := send("beta", short, false)
		send("acme", "+"+ours, false)
		phoneSays(short, "hello")
		wantAt(short, "beta", "last writer", third)
		time.Sleep(10 * time.Minute)
		phoneSays(short, "hello")
		wantAt(short, "owner", "", 0)
	})
}

// TestRepliesToSIM: what a phone writes to the SIM of a modem answers the last message that went to it by that link,
// whatever sender it had, also after a fallback; others' and those by other links do not count.
func TestRepliesToSIM(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		const phone, sim = "46100000001", "46737000001"
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, MaxParts: 20}, {Name: "beta", Senders: []string{"*"}, MaxParts: 20},
		}, nil)
		set := s.Links["op2"]
		set.SIM = true
		s.Links["op2"] = set
		r := &fakeReceiver{limit: 100}
		w := start(t, t.TempDir(), Options{Snapshot: s}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		gsm := w.fakeLink("op2")
		gsm.core.SessionUp(2, 100)
		send := func(account, from string) message.ID {
			t.Helper()
			sub := w.untold(phone, "Fire in the west wing")
			sub.Account, sub.From, sub.Link = s.Accounts.ByName(account), from, "op2"
			id := w.submit(sub)[0]
			synctest.Wait()
			for _, out := range gsm.take() {
				gsm.answer(2, out, out.Message.ID.String())
			}
			time.Sleep(time.Second)
			return id
		}
		send("acme", "HOSPITAL")
		last := send("beta", "ALARM")
		in := &message.Inbound{
			From: message.Address{TON: message.TONInternational, Number: phone}, To: message.Address{TON: message.TONInternational, Number: sim},
			Content: message.Content{Text: "on my way", Class: -1},
		}
		if err := <-gsm.inbound(in); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		items := r.take()
		if len(items) != 1 || items[0].Inbound.Account != "beta" || items[0].Inbound.Answers != last {
			t.Fatalf("%d items: %+v; want an answer to %s", len(items), items, last)
		}
	})
}
