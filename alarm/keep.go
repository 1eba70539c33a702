package alarm

import (
	"slices"
	"time"

	"kurir/message"
)

// Load takes the events that an earlier run of the program kept, before anything
// is raised; node is the number of this server, which the ids of its events have.
func (b *Book) Load(events []Event, node int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	last := message.ID(0)
	for _, e := range events {
		b.events = append(b.events, &record{Event: e, given: e.Told, endGiven: e.EndTold, saved: e, foreign: e.ID.Node() != node})
		if e.ID.Node() == node {
			last = max(last, e.ID)
		}
	}
	slices.SortFunc(b.events, func(x, y *record) int { return x.Began.Compare(y.Began) })
	b.ids = message.NewIDs(node, last)
}

// Told notes that people have heard of events, as Untold gave them. What nobody
// has heard of when the program ends is given again by the next run.
func (b *Book) Told(events []Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range events {
		told := &events[i]
		at := slices.IndexFunc(b.events, func(e *record) bool { return e.ID == told.ID })
		if at < 0 {
			continue
		}
		e := b.events[at]
		e.Told = true
		e.EndTold = e.endGiven && !told.Ended.IsZero()
	}
}

// Save hands write what has changed since it last succeeded: events as they are
// now, those of other servers that were acknowledged here, and those that are kept no more. Of an event that only goes on, so that
// its text changes, write hears once a minute. One call waits for another.
func (b *Book) Save(now time.Time, write func(changed, acked []Event, gone []message.ID) error) error {
	if b == nil {
		return nil
	}
	b.saving.Lock()
	defer b.saving.Unlock()
	records, changed, acked, gone := b.unsaved(now)
	if len(records)+len(gone) == 0 {
		return nil
	}
	if err := write(changed, acked, gone); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i, e := range records {
		e.saved = slices.Concat(changed, acked)[i]
		if !slices.Contains(b.events, e) { // dropped meanwhile
			b.gone = append(b.gone, e.ID)
		}
	}
	b.gone = b.gone[len(gone):]
	return nil
}

// unsaved returns what Save writes, and the records of changed, then of acked.
func (b *Book) unsaved(now time.Time) (records []*record, changed, acked []Event, gone []message.ID) {
	var foreign []*record
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.events) - 1; i >= 0; i-- {
		e := b.events[i]
		if !e.Ended.IsZero() && now.Sub(e.Ended) > keepOver {
			b.drop(i)
			continue
		}
		same := e.Event
		same.Text, same.Said, same.Raised = e.saved.Text, e.saved.Said, e.saved.Raised
		if same == e.saved && e.Raised.Sub(e.saved.Raised) < saveTexts {
			continue
		}
		if e.foreign {
			foreign, acked = append(foreign, e), append(acked, e.Event)
		} else {
			records, changed = append(records, e), append(changed, e.Event)
		}
	}
	return append(records, foreign...), changed, acked, slices.Clone(b.gone)
}
