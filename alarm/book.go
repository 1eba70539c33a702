package alarm

import (
	"slices"
	"sync"
	"time"

	"kurir/message"
)

// Kind is what an event is about.
type Kind string

// The kinds.
const (
	QueueAge    Kind = "queue_age"   // messages wait long for a link
	LinkDown    Kind = "link_down"   // a link has no session
	ErrorRate   Kind = "error_rate"  // an operator takes too few messages
	Balance     Kind = "balance"     // a balance is low
	Disk        Kind = "disk"        // the disk is nearly full
	Certificate Kind = "certificate" // a certificate ends soon
	Clock       Kind = "clock"       // the clock jumped
	Traffic     Kind = "traffic"     // unusual traffic
	Modem       Kind = "modem"       // a GSM modem is gone, or has no network
	Escalation  Kind = "escalation"  // nobody on duty has taken a message
)

// Kinds lists them.
func Kinds() []Kind {
	return []Kind{QueueAge, LinkDown, ErrorRate, Balance, Disk, Certificate, Clock, Traffic, Modem, Escalation}
}

// Event is one condition from its beginning to its end.
type Event struct {
	ID      message.ID
	Kind    Kind
	Subject string // the link, account, file or country that it is about
	Text    string // a sentence for people in English, without texts of messages
	Said    Said   // the same for other languages; zero of events that an earlier version kept
	Began   time.Time
	Raised  time.Time // last
	Ended   time.Time // zero while it lasts
	Count   int       // how often it began
	Acked   time.Time // zero while nobody has acknowledged it
	AckedBy string

	Steady  bool // Clear ends it, not time
	Told    bool // people have heard that it began
	EndTold bool // and that it is over
}

// record is an event of a book.
type record struct {
	Event
	given, endGiven bool  // to whoever tells people
	foreign         bool  // another server tells of it, and ends it (follow.go)
	saved           Event // as last written; zero if never
}

const (
	eventsMost = 1000             // kept; the oldest that are over go first
	openMost   = 500              // at a time; more are dropped
	flapping   = 10 * time.Minute // within which a condition that returns is the same event
	momentary  = time.Hour        // after which an event ends that nobody clears

	keepOver  = 90 * 24 * time.Hour // what is over is kept
	saveTexts = time.Minute         // between writes of an event of which only the text changes
)

// Book keeps events. Make it with NewBook; a nil Book takes and gives nothing. It
// is safe for concurrent use.
type Book struct {
	saving sync.Mutex // held while Save writes; taken before mu

	mu     sync.Mutex
	ids    *message.IDs
	events []*record    // by beginning
	gone   []message.ID // that were written and are kept no more
	lost   int
}

// NewBook makes an empty book.
func NewBook() *Book { return &Book{ids: message.NewIDs(0, 0)} }

// Raise says that a condition is there until Clear says that it is over. The same
// kind and subject are one condition. What is said replaces what was said before.
func (b *Book) Raise(now time.Time, kind Kind, subject string, said Said) {
	b.raise(now, kind, subject, said, true)
}

// Note says that something happened that nobody will call over: it ends when it
// has not been noted for an hour.
func (b *Book) Note(now time.Time, kind Kind, subject string, said Said) {
	b.raise(now, kind, subject, said, false)
}

func (b *Book) raise(now time.Time, kind Kind, subject string, said Said, steady bool) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	e := b.find(kind, subject)
	switch {
	case e == nil || !e.Ended.IsZero() && now.Sub(e.Ended) > flapping:
		if e = b.open(now); e == nil {
			return
		}
		e.Kind, e.Subject, e.Count = kind, subject, 1
	case !e.Ended.IsZero():
		e.Ended, e.endGiven, e.EndTold = time.Time{}, false, false
		e.Count++
	}
	e.Text, e.Said, e.Raised, e.Steady = said.String(), said, now, steady
}

// Clear says that a condition is over.
func (b *Book) Clear(now time.Time, kind Kind, subject string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.find(kind, subject); e != nil && e.Ended.IsZero() {
		e.Ended = now
	}
}

// ClearOthers says that of a kind only these subjects are still there, and ends
// the rest.
func (b *Book) ClearOthers(now time.Time, kind Kind, still []string) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Kind == kind && e.Steady && !e.foreign && e.Ended.IsZero() && !slices.Contains(still, e.Subject) {
			e.Ended = now
		}
	}
}

// Lasting returns the event of a condition that is not over; false if there is
// none.
func (b *Book) Lasting(kind Kind, subject string) (Event, bool) {
	if b == nil {
		return Event{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.find(kind, subject); e != nil && e.Ended.IsZero() {
		return e.Event, true
	}
	return Event{}, false
}

// find returns the newest event of a condition that is this server's.
func (b *Book) find(kind Kind, subject string) *record {
	for i := len(b.events) - 1; i >= 0; i-- {
		if e := b.events[i]; e.Kind == kind && e.Subject == subject && !e.foreign {
			return e
		}
	}
	return nil
}

// open begins an event, nil if there are too many.
func (b *Book) open(now time.Time) *record {
	open := 0
	for _, e := range b.events {
		if e.Ended.IsZero() {
			open++
		}
	}
	if open >= openMost {
		b.lost++
		return nil
	}
	if len(b.events) >= eventsMost { // more of them are over than last
		b.drop(slices.IndexFunc(b.events, func(e *record) bool { return !e.Ended.IsZero() }))
	}
	e := &record{Event: Event{ID: b.ids.Next(now), Began: now}}
	b.events = append(b.events, e)
	return e
}

// drop forgets an event.
func (b *Book) drop(at int) {
	if e := b.events[at]; e.saved.ID != 0 {
		b.gone = append(b.gone, e.ID)
	}
	b.events = slices.Delete(b.events, at, at+1)
}

// Events lists all that are kept, newest first.
func (b *Book) Events() []Event {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Event, 0, len(b.events))
	for _, e := range slices.Backward(b.events) {
		list = append(list, e.Event)
	}
	return list
}

// Acknowledge says that somebody has seen an event: nothing more is told of it.
// It returns the event; false if there is none of this id.
func (b *Book) Acknowledge(now time.Time, id message.ID, by string) (Event, bool) {
	if b == nil {
		return Event{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	at := slices.IndexFunc(b.events, func(e *record) bool { return e.ID == id })
	if at < 0 {
		return Event{}, false
	}
	e := b.events[at]
	if e.Acked.IsZero() {
		e.Acked, e.AckedBy = now, by
	}
	return e.Event, true
}

// Untold gives what is to be told now: events that began, and those that ended
// after they were told, unless somebody has acknowledged them. A link that comes
// and goes is told of as ended only when it stays. Each is given once.
func (b *Book) Untold(now time.Time) []Event {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Event
	for _, e := range b.events {
		if e.foreign {
			continue
		}
		if !e.Steady && e.Ended.IsZero() && now.Sub(e.Raised) > momentary {
			e.Ended, e.endGiven = now, true // its end is no news
		}
		switch {
		case !e.Acked.IsZero():
		case !e.given:
			e.given = true
			e.endGiven = !e.Ended.IsZero()
			list = append(list, e.Event)
		case !e.Ended.IsZero() && !e.endGiven && now.Sub(e.Ended) > flapping:
			e.endGiven = true
			list = append(list, e.Event)
		}
	}
	return list
}

// Open counts the events that last and nobody has acknowledged, and those that
// could not be kept because there were too many.
func (b *Book) Open() (open, lost int) {
	if b == nil {
		return 0, 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if e.Ended.IsZero() && e.Acked.IsZero() {
			open++
		}
	}
	return open, b.lost
}
