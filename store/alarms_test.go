package store_test

import (
	"context"
	"testing"
	"time"

	"kurir/alarm"
	"kurir/message"
	"kurir/store"
)

func testAlarms(t *testing.T, open opener) {
	ctx := context.Background()
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	at := time.UnixMilli(1763768387001)
	a := alarm.Event{ID: 7, Kind: alarm.LinkDown, Subject: "op1", Text: "down", Said: alarm.Say("link_down", "op1", at, 3), Began: at, Raised: at.Add(time.Second), Count: 2, Steady: true, Told: true}
	b := alarm.Event{
		ID: 8, Kind: alarm.Traffic, Subject: "acme", Text: "much", Began: at, Raised: at, Ended: at.Add(time.Hour), Count: 1,
		Acked: at.Add(time.Minute), AckedBy: "root", EndTold: true,
	}
	commit(t, s, &store.Batch{Alarms: []alarm.Event{a, b, {ID: 9}}})
	a.Count = 3
	commit(t, s, &store.Batch{AlarmsAcked: []alarm.Event{{ID: 7, Acked: at, AckedBy: "first"}, {ID: 8, Acked: at, AckedBy: "second"}, {ID: 11, Acked: at}}})
	commit(t, s, &store.Batch{AlarmsAcked: []alarm.Event{{ID: 7, Acked: at.Add(1), AckedBy: "second"}}})
	commit(t, s, &store.Batch{Alarms: []alarm.Event{a}, AlarmsGone: []message.ID{9, 10}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	a.Acked, a.AckedBy = at, "first"
	got, err := open(t, place, store.Retention{}).Alarms(ctx)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "alarms", []alarm.Event{a, b}, got)
}
