package wire

import (
	"cmp"
	"slices"
	"time"
)

// entry is one of our requests that waits for its response.
type entry[P PDU] struct {
	pdu  P // the zero P: free
	ref  any
	sent time.Time
}

// aliveRef marks the session's own question for life among the requests.
type aliveRef struct{}

// window holds our outstanding requests: ours only, because both sides number their requests independently. The place of
// an entry is given by its number; one that is still in use is skipped.
type window[P PDU] struct {
	numbers Numbers
	size    int        // most entries
	places  []entry[P] // one a number; made with the first request, for most sessions of a server have none
	live    int        // entries in use
	next    int        // the place to try next
}

// room is how many more requests fit.
func (w *window[P]) room() int { return max(0, w.size-w.live) }

// add stores a request and numbers it. The caller has looked whether there is room.
func (w *window[P]) add(pdu P, ref any, now time.Time) {
	if w.places == nil {
		w.places = make([]entry[P], w.numbers.Count)
	}
	var free P
	for w.places[w.next].pdu != free {
		w.next = (w.next + 1) % len(w.places)
	}
	pdu.SetNumber(w.numbers.at(w.next))
	w.places[w.next] = entry[P]{pdu, ref, now}
	w.next = (w.next + 1) % len(w.places)
	w.live++
}

// find gives the request of a number, nil if there is none.
func (w *window[P]) find(number uint8) *entry[P] {
	place, ok := w.numbers.place(number)
	if !ok || w.places == nil {
		return nil
	}
	var free P
	if e := &w.places[place]; e.pdu != free {
		return e
	}
	return nil
}

// take removes the request that a response answers. It stays if it is not of the kind that the response answers.
func (w *window[P]) take(response P) (entry[P], bool) {
	e := w.find(response.Number())
	if e == nil || e.pdu.Operation() != response.Operation() {
		return entry[P]{}, false
	}
	return w.free(e), true
}

// free empties a place and gives what was in it.
func (w *window[P]) free(e *entry[P]) entry[P] {
	out := *e
	*e = entry[P]{}
	w.live--
	return out
}

// oldest gives the time of the oldest request, the zero time if there is none.
func (w *window[P]) oldest() (t time.Time) {
	if w.live == 0 {
		return t
	}
	var free P
	for i := range w.places {
		if e := &w.places[i]; e.pdu != free && (t.IsZero() || e.sent.Before(t)) {
			t = e.sent
		}
	}
	return t
}

// drain removes all that were sent at or before a moment, in the order in which they were sent.
func (w *window[P]) drain(until time.Time) []entry[P] {
	var list []entry[P]
	var free P
	for i := range w.places {
		e := &w.places[(w.next+i)%len(w.places)] // among those of one moment the order of their numbers
		if e.pdu != free && !e.sent.After(until) {
			list = append(list, w.free(e))
		}
	}
	slices.SortStableFunc(list, func(a, b entry[P]) int { return cmp.Compare(a.sent.UnixNano(), b.sent.UnixNano()) })
	return list
}
