package gateway

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// alertReceiver remembers whom it was to tell of phones.
type alertReceiver struct {
	fakeReceiver
	alertMu sync.Mutex
	told    []string
	away    bool
}

func (r *alertReceiver) Alert(account string, a *message.Alert, sender message.Address) bool {
	r.alertMu.Lock()
	defer r.alertMu.Unlock()
	r.told = append(r.told, fmt.Sprintf("%s %d/%s from %s %t/%d", account, a.Phone.TON, a.Phone.Number, sender.Number, a.Stated, a.Status))
	return !r.away
}

func (r *alertReceiver) all() []string {
	r.alertMu.Lock()
	defer r.alertMu.Unlock()
	told := r.told
	r.told = nil
	slices.Sort(told)
	return told
}

// alertWorld has accounts that ask for alerts, acme and beta, and gamma, which
// does not.
func alertWorld(t *testing.T, dir string) (*world, *alertReceiver) {
	snap := testSnapshot()
	snap.Validity = 72 * time.Hour
	var accounts []account.Account
	for _, name := range []string{"acme", "beta", "gamma"} {
		a := account.Account{Name: name, Senders: []string{"*"}, Sender: "S-" + name, MaxParts: 20}
		a.SMPP.Alerts = name != "gamma"
		accounts = append(accounts, a)
	}
	snap.Accounts = account.NewDirectory(accounts, nil)
	r := &alertReceiver{fakeReceiver: fakeReceiver{on: func(string, []*Item) {}}}
	return start(t, dir, Options{Snapshot: snap}, func(w *world) { w.Receive(message.SMPPTarget, r) }), r
}

// alert has the operator say something of a phone, and waits until customers
// have been told.
func (w *world) alert(op *fakeLink, number string, status int) {
	a := message.Alert{Phone: message.Address{TON: 1, Number: number}}
	if status >= 0 {
		a.Stated, a.Status = true, uint8(status)
	}
	op.core.(connector.Alerted).Alert(a)
	time.Sleep(3 * time.Second)
	synctest.Wait()
}

// TestAlert: an operator's alert is handed on to the accounts that ask for it
// and wrote to the phone, with the phone and the sender as they know them, and
// to nobody else.
func TestAlert(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, r := alertWorld(t, dir)
		op := w.fakeLink("op1")
		sub := func(name, to string) *Submission {
			s := w.submission(to, "hello")
			s.Account = w.Snapshot().Accounts.ByName(name)
			return s
		}
		want := func(what string, told ...string) {
			t.Helper()
			if got := r.all(); !slices.Equal(got, told) {
				t.Errorf("%s: told %q, want %q", what, got, told)
			}
		}
		// The link is down: all of it waits.
		w.submit(sub("acme", "46100001"), sub("acme", "46100001"), sub("beta", "46100002"), sub("gamma", "46100001"))
		w.alert(op, "46100001", -1)
		want("one waits", "acme 1/46100001 from S-acme false/0")
		w.alert(op, "46100002", 0)
		want("the operator states it", "beta 1/46100002 from S-beta true/0")
		w.alert(op, "46100002", 2)
		want("it cannot be reached", "beta 1/46100002 from S-beta true/2")
		w.alert(op, "46100003", 0)
		want("nobody wrote to it")
		if s := w.Stats(); s.AlertsPassed != 3 || s.AlertsDropped != 0 {
			t.Errorf("%d alerts are passed on, %d dropped", s.AlertsPassed, s.AlertsDropped)
		}
		if n := linkStats(w, "op1").Alerts; n != 3 {
			t.Errorf("%d notifications of phones that can be reached are counted", n)
		}

		nextDay := func() {
			t.Helper()
			a := message.Alert{Phone: message.Address{TON: 1, Number: "46100001"}, Stated: true}
			if err := w.passAlert(t.Context(), &a, time.Now().Add(25*time.Hour)); err != nil {
				t.Error(err)
			}
		}
		nextDay()
		want("it waits for more than a day", "acme 1/46100001 from S-acme true/0")

		op.core.SessionUp(1, 10)
		time.Sleep(2 * time.Second)
		for i, o := range op.take() {
			id := fmt.Sprint(i)
			op.answer(1, o, id)
			<-op.report(id, message.Delivered, o.Message.To.Number)
		}
		synctest.Wait()
		nextDay()
		want("it was delivered, and is more than a day old")
		r.alertMu.Lock()
		r.away = true
		r.alertMu.Unlock()
		w.alert(op, "46100001", 0)
		want("it was delivered lately", "acme 1/46100001 from S-acme true/0")
		if s := w.Stats(); s.AlertsPassed != 4 {
			t.Errorf("%d alerts are passed on, with the one for which nobody was there", s.AlertsPassed)
		}
	})
}

// TestAlertBehindMany: who wrote to a phone is told also when another account has
// written to it far more often since.
func TestAlertBehindMany(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, r := alertWorld(t, dir)
		op := w.fakeLink("op1")
		for i := range 2*alertsPage + 10 {
			s := w.submission("46100001", "hello")
			if i == 0 {
				s.Account = w.Snapshot().Accounts.ByName("beta")
			} else {
				s.Account = w.Snapshot().Accounts.ByName("acme")
			}
			w.submit(s)
		}
		w.alert(op, "46100001", 0)
		if got, want := r.all(), []string{"acme 1/46100001 from S-acme true/0", "beta 1/46100001 from S-beta true/0"}; !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	})
}

// TestAlertThatPhoneIsAway: one that says that a phone cannot be reached has
// nothing tried.
func TestAlertThatPhoneIsAway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, _ := alertWorld(t, dir)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		w.submit(w.submission("46100001", "hello"))
		for range 4 {
			op.sentMore(1)
			op.fail(1, op.take()[0], message.Busy)
			synctest.Wait()
		}
		w.alert(op, "46100001", 1)
		if n := len(op.take()); n != 0 {
			t.Errorf("%d messages went out", n)
		}
		w.alert(op, "46100001", 0)
		if n := len(op.take()); n != 1 {
			t.Errorf("%d messages went out once the phone was there", n)
		}
	})
}

// TestAlertsAreBounded: a storm takes no memory, what is too much is counted,
// and customers who ask for nothing cost nothing.
func TestAlertsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, _ := alertWorld(t, dir)
		core := w.fakeLink("op1").core.(connector.Alerted)
		storm := func() (kept int) {
			for i := range 2 * alertsMost {
				core.Alert(message.Alert{Phone: message.Address{TON: 1, Number: fmt.Sprint(46100000 + i)}})
				core.Alert(message.Alert{Phone: message.Address{TON: 1, Number: "46100000"}}) // known: no place more
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			return len(w.alerts)
		}
		if n, s := storm(), w.Stats(); n != alertsMost || s.AlertsDropped != alertsMost {
			t.Errorf("%d phones are kept, %d dropped", n, s.AlertsDropped)
		}
		time.Sleep((alertsMost/alertsTold + 5) * time.Second)
		w.mu.Lock()
		left := len(w.alerts)
		w.mu.Unlock()
		if left != 0 {
			t.Errorf("%d phones are still kept", left)
		}
		quiet := testSnapshot()
		quiet.Number = 2
		w.Replace(quiet)
		if n, s := storm(), w.Stats(); n != 0 || s.AlertsDropped != alertsMost {
			t.Errorf("with nobody who asks %d phones are kept, %d dropped", n, s.AlertsDropped)
		}
	})
}
