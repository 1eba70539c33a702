package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// TestHoursOfAccount: messages leave within their account's hours only, also
// those that were accepted within them and waited for a link; over a restart, a
// night, and the night in which clocks are put back.
func TestHoursOfAccount(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inStockholm(t, func(t *testing.T, clock func(day, hour, minute int) time.Time) {
		time.Sleep(time.Until(clock(24, 19, 30)))
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{
			{Name: "acme", Senders: []string{"*"}, Sender: "ACME", Hours: message.Hours{Times: []string{"08:00-20:00"}, Urgent: true}},
			{Name: "beta", Senders: []string{"*"}, Sender: "BETA"},
		}, nil)
		snap.Validity = 24 * time.Hour
		opt := Options{Snapshot: snap, MarkLag: 3 * time.Second}
		w := start(t, dir, opt, nil)
		sent := map[message.ID]time.Time{}
		bind := func() *fakeLink {
			op := w.fakeLink("op1")
			op.on = func(n uint32, out []*connector.Outgoing) {
				for _, o := range out {
					sent[o.Message.ID] = time.Now()
					go op.answer(n, o, "")
				}
			}
			op.core.SessionUp(1, 100)
			return op
		}
		early := w.submit(w.untold("46100001", "waits for the link"))[0]
		time.Sleep(time.Until(clock(24, 21, 0)))
		op := bind()
		late := w.submit(w.untold("46100002", "comes at night"))[0]
		urgent := w.untold("46100003", "at any time")
		urgent.Priority = message.Urgent
		other := w.untold("46100004", "of an account without hours")
		other.Account = snap.Accounts.ByName("beta")
		at := w.submit(urgent, other)
		short := w.untold("46100005", "too late in the morning")
		short.Validity = time.Hour
		results, err := w.Submit(t.Context(), []*Submission{short})
		if err != nil || results[0].Failure == nil || results[0].Failure.Field != "validity" {
			t.Errorf("a validity that ends at night: %+v %v", results, err)
		}
		time.Sleep(time.Minute)
		op.mu.Lock()
		if len(sent) != 2 || sent[at[0]].IsZero() || sent[at[1]].IsZero() {
			t.Errorf("at night there were sent: %v", sent)
		}
		op.mu.Unlock()
		w.wantState(late, message.Scheduled)
		if tr, err := w.Trace(t.Context(), w.onDisk(early)); err != nil || tr.Waits == nil || !tr.Waits.Until.Equal(clock(25, 8, 0)) {
			t.Errorf("waits %+v %v", tr.Waits, err)
		}
		w.end()
		time.Sleep(time.Until(clock(25, 2, 30)))
		w = start(t, dir, opt, nil)
		bind()
		time.Sleep(time.Minute)
		w.end()
		time.Sleep(time.Until(clock(25, 7, 50)))
		w = start(t, dir, opt, nil)
		op = bind()
		time.Sleep(time.Until(clock(25, 8, 0).Add(-time.Second)))
		op.mu.Lock()
		if len(sent) != 2 {
			t.Errorf("before the hours: %v", sent)
		}
		op.mu.Unlock()
		time.Sleep(3 * time.Second)
		op.mu.Lock()
		for _, id := range []message.ID{early, late} {
			if d := sent[id].Sub(clock(25, 8, 0)); d < 0 || d > 2*time.Second {
				t.Errorf("%s left at %v", id, sent[id])
			}
		}
		op.mu.Unlock()
		synctest.Wait()
		w.wantNothingLeft()
	})
}
