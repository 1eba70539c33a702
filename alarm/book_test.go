package alarm

import (
	"fmt"
	"testing"
	"time"

	"kurir/message"
)

// TestBook follows a link that flaps, traffic that nobody clears, and an event
// that somebody acknowledges.
func TestBook(t *testing.T) {
	t.Parallel()
	b, now := NewBook(), time.Unix(1_800_000_000, 0)
	after := func(d time.Duration) time.Time { now = now.Add(d); return now }
	told := func(want ...Kind) {
		t.Helper()
		var got []Kind
		for _, e := range b.Untold(now) {
			got = append(got, e.Kind)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("told of %v, want %v", got, want)
		}
	}
	for range 5 { // a link that flaps is one event, told once
		b.Raise(after(time.Minute), LinkDown, "op1", "down")
		b.Raise(after(time.Second), LinkDown, "op1", "down")
		b.Clear(after(time.Minute), LinkDown, "op1")
	}
	if e := b.Events(); len(e) != 1 || e[0].Count != 5 || e[0].Ended.IsZero() {
		t.Fatalf("%+v", e)
	}
	told(LinkDown)
	told()
	after(time.Hour)
	b.Raise(now, LinkDown, "op1", "down again")
	told(LinkDown)
	b.Clear(after(time.Minute), LinkDown, "op1")
	told() // it may come back
	after(flapping + time.Second)
	told(LinkDown) // its end
	told()

	b.Note(now, Traffic, "+46", "ten times as much as usual")
	told(Traffic)
	if open, _ := b.Open(); open != 1 {
		t.Errorf("%d are open", open)
	}
	after(momentary + time.Second)
	told()
	if open, _ := b.Open(); open != 0 {
		t.Error("traffic of an hour ago is still open")
	}

	b.Raise(now, Disk, "data", "full")
	id := b.Events()[0].ID
	if _, ok := b.Acknowledge(now, id+1, "admin"); ok {
		t.Error("an event that there is not was acknowledged")
	}
	if e, ok := b.Acknowledge(now, id, "admin"); !ok || e.AckedBy != "admin" {
		t.Errorf("%+v %t", e, ok)
	}
	told()
	b.ClearOthers(after(time.Second), Disk, nil)
	after(time.Hour)
	told()
	var none *Book
	none.Raise(now, Disk, "", "")
	none.Note(now, Disk, "", "")
	if none.Events() != nil || none.Untold(now) != nil {
		t.Error("a nil book gives something")
	}
}

// TestBookIsBounded: a flood takes no memory, and what lasts is kept.
func TestBookIsBounded(t *testing.T) {
	t.Parallel()
	b, now := NewBook(), time.Unix(1_800_000_000, 0)
	b.Raise(now, Disk, "data", "full")
	for i := range 3000 {
		b.Raise(now, LinkDown, fmt.Sprint(i), "down")
		if i%2 == 0 {
			b.Clear(now, LinkDown, fmt.Sprint(i))
		}
	}
	events := b.Events()
	open, lost := b.Open()
	if len(events) > eventsMost || open != openMost || lost == 0 || events[len(events)-1].Kind != Disk {
		t.Errorf("%d kept, %d open, %d lost", len(events), open, lost)
	}
	seen := map[message.ID]bool{}
	for _, e := range events {
		seen[e.ID] = true
	}
	if len(seen) != len(events) {
		t.Error("ids are not unique")
	}
}
