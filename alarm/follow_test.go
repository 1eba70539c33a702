package alarm

import (
	"maps"
	"slices"
	"testing"
	"time"

	"kurir/message"
)

// books are those of several servers, and what they have written.
type books struct {
	t    *testing.T
	now  time.Time
	of   []*Book
	rows map[message.ID]Event
	owns int // the one who tells of links
}

func newBooks(t *testing.T, n int) *books {
	w := &books{t: t, now: time.Unix(1_800_000_000, 0), rows: map[message.ID]Event{}}
	for node := range n {
		b := NewBook()
		b.Load(nil, node)
		w.of = append(w.of, b)
	}
	return w
}

// turn has each book write what is new, and then take in what the others have written.
func (w *books) turn() {
	w.t.Helper()
	for _, b := range w.of {
		err := b.Save(w.now, func(changed, acked []Event, gone []message.ID) error {
			for _, e := range changed {
				if was := w.rows[e.ID]; !was.Acked.IsZero() {
					e.Acked, e.AckedBy = was.Acked, was.AckedBy
				}
				w.rows[e.ID] = e
			}
			for _, e := range acked {
				was := w.rows[e.ID]
				was.Acked, was.AckedBy = e.Acked, e.AckedBy
				w.rows[e.ID] = was
			}
			for _, id := range gone {
				delete(w.rows, id)
			}
			return nil
		})
		if err != nil {
			w.t.Error(err)
		}
	}
	for node, b := range w.of {
		b.Follow(slices.Collect(maps.Values(w.rows)), func(e *Event) bool {
			if e.Kind == LinkDown {
				return node == w.owns
			}
			return e.ID.Node() == node
		})
	}
}

// told is of what a server tells people now.
func (w *books) told(node int, want ...Kind) {
	w.t.Helper()
	var got []Kind
	list := w.of[node].Untold(w.now)
	for _, e := range list {
		got = append(got, e.Kind)
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("server %d tells of %v, want %v", node, got, want)
	}
	w.of[node].Told(list)
}

// open is what is open in the list of a server.
func (w *books) open(node int, want ...Kind) {
	w.t.Helper()
	var got []Kind
	for _, e := range w.of[node].Events() {
		if e.Ended.IsZero() {
			got = append(got, e.Kind)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.t.Errorf("open at server %d are %v, want %v", node, got, want)
	}
}

// TestBooksOfSeveralServers: every server lists what any of them has raised, one tells people of it, and its end; whoever comes
// after it goes on and tells nothing again. An acknowledgement counts wherever it was given.
func TestBooksOfSeveralServers(t *testing.T) {
	t.Parallel()
	w := newBooks(t, 2)
	w.of[0].Raise(w.now, LinkDown, "op1", Plain("down"))
	w.of[0].Raise(w.now, Disk, "data", Plain("full"))
	w.of[1].Raise(w.now, Disk, "data", Plain("full"))
	w.told(0, LinkDown, Disk)
	w.told(1, Disk)
	w.turn()
	for node := range w.of {
		w.open(node, Disk, Disk, LinkDown)
		w.told(node)
	}
	w.of[1].ClearOthers(w.now, Disk, nil)
	w.of[1].ClearOthers(w.now, LinkDown, nil)
	w.turn()
	w.open(0, Disk, LinkDown)

	events := w.of[1].Events()
	at := slices.IndexFunc(events, func(e Event) bool { return e.Kind == Disk && e.Ended.IsZero() })
	w.of[1].Acknowledge(w.now, events[at].ID, "root")
	w.of[0].Raise(w.now.Add(time.Hour), Disk, "data", Plain("fuller")) // written at the same time
	w.turn()
	w.turn()
	for node := range w.of {
		events = w.of[node].Events()
		at = slices.IndexFunc(events, func(e Event) bool { return e.Kind == Disk && e.Ended.IsZero() })
		if events[at].AckedBy != "root" || events[at].Text != "fuller" {
			t.Errorf("server %d: %+v", node, events[at])
		}
	}

	w.owns = 1 // the first is gone
	w.turn()
	w.of[1].Raise(w.now, LinkDown, "op1", Plain("down"))
	w.told(1)
	w.turn()
	w.of[0].ClearOthers(w.now, LinkDown, nil)
	w.open(0, Disk, LinkDown)
	w.of[1].ClearOthers(w.now, LinkDown, nil)
	w.turn()
	w.open(0, Disk)
	w.now = w.now.Add(2 * flapping)
	w.told(0)
	w.told(1, Disk, LinkDown) // both are over
}
