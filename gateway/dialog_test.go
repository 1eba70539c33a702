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

const dialogOurs = "+46737494949"

// dialogWorld has one digit for dialogs, for five minutes.
func dialogWorld(t *testing.T, dir string) *world {
	s := testSnapshot()
	s.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, MaxParts: 20}}, nil)
	s.Routes = route.NewTable([]route.Rule{{Via: route.Via{{Link: "op1"}}}})
	s.Replies = []ReplyRule{{Number: dialogOurs, Digits: 1, Within: 5 * time.Minute}}
	return start(t, dir, Options{Snapshot: s}, nil)
}

// dialog submits a message that asks for one, and gives what it is shown as, or
// why it has none.
func (w *world) dialog(to string, at time.Time) (id message.ID, shown, why string) {
	w.t.Helper()
	sub := w.fromAcme(to, dialogOurs, true)
	sub.SendAt = at
	results, err := w.Submit(w.t.Context(), []*Submission{sub})
	if err != nil {
		w.t.Fatal(err)
	}
	if f := results[0].Failure; f != nil {
		return 0, "", f.Error()
	}
	m := w.onDisk(results[0].ID)
	return m.ID, m.ShownFrom().Number, ""
}

// TestDialogsOfLater: the digits of a message that is for later are its own until
// then and for the time after: when others have come and gone, when it is given
// another time, and over a restart.
func TestDialogsOfLater(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		const phone = "+46701234567"
		w := dialogWorld(t, dir)
		later := time.Now().Add(20 * time.Minute)
		_, first, _ := w.dialog(phone, later)
		moved, second, _ := w.dialog(phone, time.Time{})
		if _, err := w.ReplaceMessage(t.Context(), moved, &Replacement{Account: w.acme, SendAt: later, Validity: time.Hour}); err != nil {
			t.Fatal(err)
		}
		others := func(when string) {
			t.Helper()
			for range 8 {
				if _, shown, why := w.dialog(phone, time.Time{}); shown == first || shown == second || why != "" {
					t.Errorf("%s: one is shown as %s %s; %s and %s are in use", when, shown, why, first, second)
				}
			}
			if _, shown, why := w.dialog(phone, time.Time{}); !strings.Contains(why, "all 10 dialogs") {
				t.Errorf("%s: one more is shown as %s %s", when, shown, why)
			}
		}
		others("at first")
		time.Sleep(6 * time.Minute)
		others("six minutes later")
		time.Sleep(6 * time.Minute)
		w.end()
		w = dialogWorld(t, dir)
		others("after a restart")
		time.Sleep(20 * time.Minute)
		seen := map[string]bool{}
		for range 10 {
			_, shown, why := w.dialog(phone, time.Time{})
			if seen[shown] = true; why != "" {
				t.Errorf("when all are over: %s", why)
			}
		}
		if !seen[first] || !seen[second] {
			t.Errorf("when all are over these are used: %v", seen)
		}
	})
}

// TestDialogsAreBounded: of so many phones dialogs are kept in memory; who has had
// none for a while makes room, and his digits are read again when he gets one.
func TestDialogsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		const phone = "+46701234567"
		w := dialogWorld(t, dir)
		_, first, _ := w.dialog(phone, time.Time{})
		fill := func() {
			for i := range dialogPhones {
				if len(w.dialogs.phones) < dialogPhones {
					w.dialogs.phones[fmt.Sprint(i)] = &phoneDialogs{since: map[string]int64{}, used: time.Now()}
				}
			}
		}
		fill()
		if _, shown, why := w.dialog("+46701234568", time.Time{}); !strings.Contains(why, "too many dialogs are begun at once") {
			t.Errorf("with no room it is shown as %s %s", shown, why)
		}
		time.Sleep(dialogKept + time.Second)
		if _, _, why := w.dialog("+46701234568", time.Time{}); why != "" {
			t.Errorf("when others have made room: %s", why)
		}
		if n := len(w.dialogs.phones); n != 1 {
			t.Errorf("dialogs of %d phones are kept", n)
		}
		for range 9 {
			if _, shown, why := w.dialog(phone, time.Time{}); shown == first || why != "" {
				t.Errorf("one is shown as %s %s; %s is in use", shown, why, first)
			}
		}
	})
}

// TestDialogsBehindPhone: on links that carry them there digits stand behind the
// phone's number, and an answer from there is tied to its message, in parts, after a
// restart too. Everything else sees the phone's own number; one that has no dialog is
// another phone.
func TestDialogsBehindPhone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		const phone, ours = "46701234567", "46737494949"
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, MaxParts: 20, OptOut: &account.OptOut{}}, {Name: "beta", Senders: []string{"*"}, MaxParts: 20},
		}, nil)
		s.Routes = route.NewTable([]route.Rule{{Account: route.Patterns{"beta"}, Via: route.Via{{Link: "op1"}, {Link: "op2"}}}, {Via: route.Via{{Link: "op2"}, {Link: "op1"}}}})
		s.Replies = []ReplyRule{{Number: "+" + ours, Digits: 2, PhoneLinks: []string{"op2"}}}
		r := &fakeReceiver{limit: 100}
		set := func(w *world) { w.Receive(message.SMPPTarget, r) }
		w := start(t, dir, Options{Snapshot: s, JoinWait: time.Minute}, set)
		op1, op2 := w.twoLinks()
		sub := w.fromAcme("+"+phone, "+"+ours, true)
		sub.Account = s.Accounts.ByName("beta")
		id := w.submit(sub, w.fromAcme("+"+phone, "+"+ours, true))[1]
		synctest.Wait()
		for op, want := range map[*fakeLink]string{op1: ours + "00 " + phone, op2: ours + " " + phone + "01"} {
			out := op.take()
			if len(out) != 1 || out[0].From.Number+" "+out[0].To.Number != want || out[0].Message.To.Number != phone {
				t.Fatalf("sent %+v, want %s", out, want)
			}
			op.answer(map[*fakeLink]uint32{op1: 1, op2: 2}[op], out[0], want)
		}
		if <-op2.report(ours+" "+phone+"01", message.Delivered, phone+"01"); w.onDisk(id).State != message.Delivered {
			t.Errorf("after its receipt it is %s", w.onDisk(id).State)
		}
		says := func(op *fakeLink, from, text string, header ...byte) {
			t.Helper()
			in := &message.Inbound{
				From: message.Address{TON: message.TONInternational, Number: from}, To: message.Address{Number: ours}, Content: message.Content{Text: text, Header: header, Class: -1},
			}
			if err := <-op.inbound(in); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			synctest.Wait()
		}
		wantAt := func(from, account, rule string, answers message.ID) {
			t.Helper()
			items := r.take()
			in := w.lastInbound()
			if in.From.Number != from || in.Account != account || in.Rule != rule || in.Answers != answers || len(items) != min(1, len(account)) {
				t.Errorf("%+v, delivered %d; want it from %s for %s, by %q, as an answer to %s", in, len(items), from, account, rule, answers)
			}
			for _, it := range items {
				w.Delivered([]Delivered{{Item: it}})
			}
		}
		says(op2, phone+"01", "yes")
		wantAt(phone, "acme", "dialog", id)
		says(op2, phone, "plain")
		wantAt(phone, "acme", "last writer", id)
		says(op2, phone+"07", "another phone")
		wantAt(phone+"07", "", "", 0)
		says(op1, phone+"01", "another phone, by a link that carries none")
		wantAt(phone+"01", "", "", 0)
		e := w.ExplainInbound(&message.Inbound{From: message.Address{TON: message.TONInternational, Number: phone + "01"}, To: message.Address{Number: ours}, Content: message.Content{Text: "yes"}}, time.Now())
		if len(e.Before) != 1 || !strings.Contains(e.Before[0].Why, "behind the phone's number +"+phone+" are of an open dialog") || e.Account != "acme" {
			t.Errorf("explained %+v", e)
		}
		says(op2, phone+"01", "half", 5, 0, 3, 1, 2, 1)
		w.end()
		w = start(t, dir, Options{Snapshot: s, JoinWait: time.Minute}, set)
		_, op2 = w.twoLinks()
		time.Sleep(2 * time.Minute)
		wantAt(phone, "acme", "dialog", id)
		says(op2, phone+"01", "STOP")
		if _, out, err := w.OptedOut("acme", "+"+phone); !out || err != nil {
			t.Errorf("STOP in the dialog opts out: %t %v", out, err)
		}
		if again, shown, why := w.dialog("+46701234568", time.Time{}); shown != ours || why != "" || w.onDisk(again).ShownTo().Number != "4670123456800" {
			t.Errorf("another phone's dialog is shown as %s %s", shown, why)
		}
	})
}
