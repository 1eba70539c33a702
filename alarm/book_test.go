package alarm

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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
		b.Raise(after(time.Minute), LinkDown, "op1", Plain("down"))
		b.Raise(after(time.Second), LinkDown, "op1", Plain("down"))
		b.Clear(after(time.Minute), LinkDown, "op1")
	}
	if e := b.Events(); len(e) != 1 || e[0].Count != 5 || e[0].Ended.IsZero() {
		t.Fatalf("%+v", e)
	}
	told(LinkDown)
	told()
	after(time.Hour)
	b.Raise(now, LinkDown, "op1", Plain("down again"))
	told(LinkDown)
	b.Clear(after(time.Minute), LinkDown, "op1")
	told() // it may come back
	after(flapping + time.Second)
	told(LinkDown) // its end
	told()

	b.Note(now, Traffic, "+46", Plain("ten times as much as usual"))
	told(Traffic)
	if open, _ := b.Open(); open != 1 {
		t.Errorf("%d are open", open)
	}
	after(momentary + time.Second)
	told()
	if open, _ := b.Open(); open != 0 {
		t.Error("traffic of an hour ago is still open")
	}

	b.Raise(now, Disk, "data", Plain("full"))
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
	b.Note(now, Traffic, "+47", Plain("many"))
	b.Raise(now, Disk, "log", Plain("full"))
	told(Traffic, Disk)
	b.ClearOthers(after(time.Second), Traffic, nil)
	if open, _ := b.Open(); open != 2 {
		t.Errorf("what is only noted was called over: %d are open", open)
	}
	after(24 * time.Hour)
	told()
	if e := b.Events()[0]; e.Subject != "log" || !e.Ended.IsZero() {
		t.Errorf("what nobody called over has ended: %+v", e)
	}
	b.Raise(now, Clock, "clock", Plain("one that is over when it is told, and comes again"))
	b.Clear(after(time.Second), Clock, "clock")
	told(Clock)
	b.Raise(after(time.Minute), Clock, "clock", Plain("again"))
	told()
	b.Clear(after(time.Minute), Clock, "clock")
	after(flapping + time.Second)
	told(Clock) // its end
	var none *Book
	none.Raise(now, Disk, "", Plain(""))
	none.Note(now, Disk, "", Plain(""))
	if none.Events() != nil || none.Untold(now) != nil {
		t.Error("a nil book gives something")
	}
}

// TestBookIsBounded: a flood takes no memory, and what lasts is kept.
func TestBookIsBounded(t *testing.T) {
	t.Parallel()
	b, now := NewBook(), time.Unix(1_800_000_000, 0)
	b.Raise(now, Disk, "data", Plain("full"))
	for i := range 3000 {
		b.Raise(now, LinkDown, fmt.Sprint(i), Plain("down"))
		if i%2 == 0 {
			b.Clear(now, LinkDown, fmt.Sprint(i))
		}
	}
	events := b.Events()
	open, lost := b.Open()
	if len(events) > eventsMost || open != openMost || lost == 0 || events[len(events)-1].Kind != Disk {
		t.Errorf("%d kept, %d open, %d lost", len(events), open, lost)
	}
	b = NewBook()
	b.Raise(now, Disk, "data", Plain("full"))
	for i := range 3000 { // all of which are over
		b.Raise(now, LinkDown, fmt.Sprint(i), Plain("down"))
		b.Clear(now, LinkDown, fmt.Sprint(i))
	}
	if events := b.Events(); len(events) != eventsMost || events[len(events)-1].Kind != Disk || events[0].Subject != "2999" {
		t.Errorf("%d kept, the oldest %+v", len(events), events[len(events)-1])
	}
	seen := map[message.ID]bool{}
	for _, e := range events {
		seen[e.ID] = true
	}
	if len(seen) != len(events) {
		t.Error("ids are not unique")
	}
}

// TestBookIsKept: a book that is loaded with what another saved goes on where that
// was: nothing is told twice, an acknowledgement holds, and what nobody has heard
// of is told.
func TestBookIsKept(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	rows, writes := map[message.ID]Event{}, 0
	write := func(changed, _ []Event, gone []message.ID) error {
		writes++
		for _, e := range changed {
			rows[e.ID] = e
		}
		for _, id := range gone {
			delete(rows, id)
		}
		return nil
	}
	save := func(b *Book) {
		t.Helper()
		if err := b.Save(now, write); err != nil {
			t.Fatal(err)
		}
	}
	restart := func() *Book {
		b := NewBook()
		b.Load(slices.Collect(maps.Values(rows)), 0)
		return b
	}
	b := NewBook()
	b.Raise(now, LinkDown, "op1", Plain("down"))
	b.Raise(now, Disk, "data", Plain("full"))
	b.Raise(now, Balance, "acme", Plain("low"))
	told := b.Untold(now)
	b.Told(told[:2])
	b.Acknowledge(now, told[0].ID, "admin")
	save(b)

	b = restart()
	b.Raise(now, LinkDown, "op1", Plain("down"))
	b.Raise(now, Disk, "data", Plain("full"))
	b.Note(now, Traffic, "acme to SE", Plain("much"))
	untold := b.Untold(now)
	if len(untold) != 2 || untold[0].Kind != Balance || untold[1].Kind != Traffic {
		t.Errorf("told again: %+v", untold)
	}
	seen := map[message.ID]bool{}
	for _, e := range b.Events() {
		if seen[e.ID] {
			t.Errorf("id %s is there twice", e.ID)
		}
		if seen[e.ID] = true; e.Kind == LinkDown && e.AckedBy != "admin" || e.Count != 1 {
			t.Errorf("%+v", e)
		}
	}

	b.Told(untold)
	save(b)
	writes = 0
	save(b)
	b.Raise(now.Add(5*time.Second), Disk, "data", Plain("fuller"))
	save(b)
	if writes > 0 {
		t.Error("what only goes on is written every time")
	}
	b.Raise(now.Add(2*time.Minute), Disk, "data", Plain("fuller"))
	full := errors.New("full")
	if err := b.Save(now, func(_, _ []Event, _ []message.ID) error { return full }); !errors.Is(err, full) {
		t.Error(err)
	}
	if save(b); writes != 1 {
		t.Errorf("%d writes", writes)
	}

	for _, k := range []Kind{Disk, LinkDown, Balance} {
		b.ClearOthers(now, k, nil)
	}
	now = now.Add(2 * time.Hour)
	if b.Told(b.Untold(now)); len(b.Untold(now)) > 0 {
		t.Error("an end is told twice")
	}
	save(b)
	if b = restart(); len(b.Untold(now)) > 0 {
		t.Error("an end is told again after a restart")
	}
	now = now.Add(keepOver + time.Second)
	save(b)
	if len(rows) != 0 || len(b.Events()) != 0 {
		t.Errorf("%d old ones are kept", len(rows))
	}
}
