package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
)

// TestHoursOfRouteAndMessage: the hours of a route come before its account's, and
// those of a message narrow them and loosen nothing; also after a restart, for what
// is accepted within them and waits for its link; preview, explanation and trace
// say whose they are.
func TestHoursOfRouteAndMessage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	inStockholm(t, func(t *testing.T, clock func(day, hour, minute int) time.Time) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}, Sender: "ACME", Hours: message.Hours{Times: []string{"08:00-20:00"}}}}, nil)
		rules := []route.Rule{
			{To: route.Patterns{"461*"}, Via: route.Via{{Link: "op1"}}},
			{To: route.Patterns{"462*"}, Via: route.Via{{Link: "op1"}}, Hours: &message.Hours{Times: []string{"10:00-10:31", "10:50-11:00"}, Zone: "Europe/Helsinki"}},
		}
		snap.Routes = route.NewTable(rules)
		snap.Validity = 24 * time.Hour
		opt := Options{Snapshot: snap, MarkLag: 3 * time.Second}
		time.Sleep(time.Until(clock(23, 9, 30))) // 10:30 in Helsinki
		w := start(t, dir, opt, nil)
		own := func(to string, times ...string) *Submission {
			s := w.untold(to, "hello")
			s.Hours = &message.Hours{Times: times, Zone: "recipient"}
			return s
		}
		byAccount, byRoute := w.submit(w.untold("46100001", "hello"))[0], w.submit(w.untold("46200001", "hello"))[0]
		byItself, early := w.submit(own("46100002", "09:45-09:46", "06:00-07:00"))[0], w.untold("46200003", "hello")
		byBoth := w.submit(own("46200002", "09:40-09:49", "09:51-11:00", "21:00-22:00"))[0]
		w.wantState(byItself, message.Scheduled)
		w.wantState(byBoth, message.Scheduled)
		w.wantState(byRoute, message.Queued)
		time.Sleep(time.Until(clock(23, 9, 32)))
		for id, want := range map[message.ID]string{byRoute: "route's", byItself: "message's own", byBoth: "message's own", byAccount: ""} {
			tr, err := w.Trace(t.Context(), w.onDisk(id))
			if err != nil || tr.Waits == nil || strings.Contains(tr.Waits.Why, "hours") != (want != "") || !strings.Contains(tr.Waits.Why, want) {
				t.Errorf("waits %+v %v, want %q", tr.Waits, err, want)
			}
		}
		if e, f := w.ExplainRoute(early, time.Now()); f != nil || e.Opening == nil || !e.Opening.At.Equal(clock(23, 9, 50)) ||
			e.Opening.Hours != "the route's hours: 10:00-10:31, 10:50-11:00; Europe/Helsinki" {
			t.Errorf("explained %+v %v", e.Opening, f)
		}
		if p, f := w.Preview(own("46100001", "09:45-09:46", "06:00-07:00")); f != nil || p.Opening == nil || !p.Opening.At.Equal(clock(23, 9, 45)) {
			t.Errorf("preview %+v %v", p.Opening, f)
		}
		for to, whose := range map[string]string{"46100001": "account's", "46200001": "route's"} {
			night := own(to, "20:00-08:00")
			if results, err := w.Submit(t.Context(), []*Submission{night}); err != nil || results[0].Failure == nil || results[0].Failure.Field != "hours" ||
				!strings.Contains(results[0].Failure.Error(), whose) {
				t.Errorf("a customer's hours at night, when the %s end at 20:00: %+v %v", whose, results, err)
			}
		}
		early.Validity = 10 * time.Minute
		if _, f := w.Preview(early); f == nil || f.Field != "validity" {
			t.Errorf("a validity that ends before: %v", f)
		}
		if results, err := w.Submit(t.Context(), []*Submission{early}); err != nil || results[0].Failure == nil || results[0].Failure.Field != "validity" {
			t.Errorf("a validity that ends before: %+v %v", results, err)
		}
		w.end()
		rules[1].Hours = nil // what is accepted keeps them
		snap.Routes = route.NewTable(rules)
		w = start(t, dir, opt, nil)
		op := w.fakeLink("op1")
		sent := map[message.ID]time.Time{}
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				sent[o.Message.ID] = time.Now()
				go op.answer(n, o, "")
			}
		}
		op.core.SessionUp(1, 100)
		time.Sleep(time.Until(clock(23, 9, 52)))
		synctest.Wait()
		op.mu.Lock()
		for id, want := range map[message.ID]time.Time{byAccount: clock(23, 9, 32), byItself: clock(23, 9, 45), byBoth: clock(23, 9, 51), byRoute: clock(23, 9, 50)} {
			if d := sent[id].Sub(want); d < 0 || d > 2*time.Second {
				t.Errorf("%s left at %v, want %v", id, sent[id], want)
			}
		}
		op.mu.Unlock()
		w.wantNothingLeft()
	})
}
