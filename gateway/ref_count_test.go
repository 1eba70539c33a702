package gateway

import (
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// The messages with a reference are counted by state, new ones and those that have moved on included, of the account alone.
func TestTally(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{}, nil)
		op := w.fakeLink("op1")
		send := func(n int, account string) {
			subs := make([]*Submission, n)
			for i := range subs {
				subs[i] = w.untold("46100000001", "x")
				subs[i].Account, subs[i].Reference = w.Snapshot().Accounts.ByName(account), "summer"
			}
			w.submit(subs...)
		}
		want := func(want map[message.State]int64) {
			t.Helper()
			time.Sleep(2 * time.Second)
			synctest.Wait()
			got, err := w.Tally(t.Context(), "acme", "summer")
			if err != nil || !got.Whole || !maps.Equal(got.States, want) {
				t.Errorf("%v, whole %t, %v; not %v", got.States, got.Whole, err, want)
			}
		}
		want(map[message.State]int64{})
		send(1500, "acme")
		send(5, "beta")
		want(map[message.State]int64{message.Queued: 1500})
		time.Sleep(time.Minute)
		want(map[message.State]int64{message.Queued: 1500})
		op.core.SessionUp(1, 10)
		time.Sleep(time.Second)
		taken := op.take()
		for i, p := range taken {
			op.answer(1, p, string(rune('a'+i)))
		}
		n := int64(len(taken))
		op.core.SessionDown(1, nil, nil)
		synctest.Wait()
		send(2, "acme")
		time.Sleep(time.Minute)
		got, err := w.Tally(t.Context(), "acme", "summer")
		if err != nil || got.States[message.Sent]+got.States[message.Enroute] == 0 || sum(got.States) != 1502 {
			t.Errorf("%d were taken: %v %v", n, got.States, err)
		}
		if len(w.tallies.list) != 1 {
			t.Errorf("%d are kept", len(w.tallies.list))
		}
	})
}

func sum(states map[message.State]int64) (n int64) {
	for _, k := range states {
		n += k
	}
	return n
}
