package alarm

import (
	"slices"

	"kurir/message"
)

// Where several servers share a database each has a book, which lists the events
// of all of them. An event has one owner, who tells people of it and ends it: the
// server that raised it, or, of what is the case for all servers, the one that is
// to tell of that. What others own is as they have written it, but for an
// acknowledgement, which anybody may give: the first one stands.

// Follow takes in what servers have written of their events, and says which are
// this one's from now on.
func (b *Book) Follow(written []Event, mine func(*Event) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	there := make(map[message.ID]bool, len(written))
	known := make(map[message.ID]*record, len(b.events))
	for _, e := range b.events {
		known[e.ID] = e
	}
	for i := range written {
		w := &written[i]
		there[w.ID] = true
		e := known[w.ID]
		if e == nil {
			e = &record{foreign: true}
			b.events = append(b.events, e)
		}
		e.follow(w)
		e.foreign = !mine(w)
	}
	b.events = slices.DeleteFunc(b.events, func(e *record) bool { return e.foreign && !there[e.ID] })
	slices.SortStableFunc(b.events, func(x, y *record) int { return x.Began.Compare(y.Began) })
}

// follow takes in what is written of an event.
func (e *record) follow(w *Event) {
	acked, by := e.Acked, e.AckedBy
	if e.foreign {
		e.Event, e.saved, e.given, e.endGiven = *w, *w, w.Told, w.EndTold
	}
	if !w.Acked.IsZero() {
		acked, by = w.Acked, w.AckedBy
		e.saved.Acked, e.saved.AckedBy = acked, by
	}
	e.Acked, e.AckedBy = acked, by
}
