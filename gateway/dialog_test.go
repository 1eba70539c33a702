package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

const dialogOurs = "+46737494949"

// dialogWorld has one digit for dialogs, for 20 minutes.
func dialogWorld(t *testing.T, dir string) *world {
	s := testSnapshot()
	s.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, MaxParts: 20}}, nil)
	s.Routes = route.NewTable([]route.Rule{{Via: route.Via{{Link: "op1"}}}})
	s.Replies = []ReplyRule{{Number: dialogOurs, Digits: 1, Within: 20 * time.Minute}}
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
		later := time.Now().Add(10 * time.Hour)
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
		time.Sleep(time.Hour)
		others("an hour later")
		time.Sleep(time.Hour)
		w.end()
		w = dialogWorld(t, dir)
		others("after a restart")
		time.Sleep(10 * time.Hour)
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
