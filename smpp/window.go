package smpp

import (
	"cmp"
	"slices"
	"time"
)

// entry is one of our requests that waits for its response.
type entry struct {
	sequence uint32 // 0: free
	body     Body
	ref      any
	sent     time.Time
}

// enquireRef marks the session's own enquire_link among the requests.
type enquireRef struct{}

func (e *entry) enquire() bool {
	_, ok := e.ref.(enquireRef)
	return ok
}

// own reports whether the request is one of Do or of the session itself: those are not counted against the window.
func (e *entry) own() bool {
	switch e.ref.(type) {
	case enquireRef, *call:
		return true
	}
	return false
}

// window holds our outstanding requests: ours only, because both sides number their requests independently
// (SMPP 3.4 2.4). The place of an entry is given by its sequence number; a number whose place is still taken
// by an old request is skipped, which the specification permits. There are at least twice as many places
// as requests, so a free one is always near. The table grows with the requests, because most sessions with a
// large window never use it.
type window struct {
	size   int     // most entries for requests of the caller
	places []entry // a power of two of them
	live   int     // entries in use
	own    int     // those of Do and of the session itself
	last   uint32  // last sequence number given
}

// reservedEntries is how many requests the session itself and Do can have outstanding beyond the window.
const reservedEntries = 16

// room is how many more requests of the caller fit.
func (w *window) room() int { return max(0, w.size-(w.live-w.own)) }

// full reports whether Do has to be refused; one place stays for enquire_link.
func (w *window) full() bool { return w.own >= reservedEntries-1 }

// grow doubles the table. Requests with different places in the old one have different places in the new one.
func (w *window) grow() {
	old := w.places
	w.places = make([]entry, max(16, 2*len(old)))
	for _, e := range old {
		if e.sequence != 0 {
			w.places[e.sequence&uint32(len(w.places)-1)] = e
		}
	}
}

// add stores a request and gives its sequence number. The caller has looked whether there is room.
func (w *window) add(body Body, ref any, now time.Time) uint32 {
	if 2*(w.live+1) > len(w.places) {
		w.grow()
	}
	mask := uint32(len(w.places) - 1)
	for {
		n := w.next()
		if e := &w.places[n&mask]; e.sequence == 0 {
			*e = entry{n, body, ref, now}
			w.live++
			if e.own() {
				w.own++
			}
			return n
		}
	}
}

// next gives the next sequence number.
func (w *window) next() uint32 {
	w.last = w.last%MaxSequence + 1
	return w.last
}

// take removes the request with the sequence number. It stays if it is not of the kind that the response answers.
func (w *window) take(sequence uint32, response CommandID) (entry, bool) {
	if sequence == 0 || w.places == nil {
		return entry{}, false
	}
	e := &w.places[sequence&uint32(len(w.places)-1)]
	if e.sequence != sequence || response != CommandGenericNack && e.body.Command().Response() != response {
		return entry{}, false
	}
	return w.free(e), true
}

// free empties a place and gives what was in it.
func (w *window) free(e *entry) entry {
	out := *e
	*e = entry{}
	w.live--
	if out.own() {
		w.own--
	}
	return out
}

// oldest gives the time of the oldest request, the zero time if there is none; enquire_link has a timer of its own.
func (w *window) oldest() (t time.Time) {
	if w.live == 0 {
		return t
	}
	for i := range w.places {
		e := &w.places[i]
		if e.sequence != 0 && !e.enquire() && (t.IsZero() || e.sent.Before(t)) {
			t = e.sent
		}
	}
	return t
}

// expire removes the requests sent at or before a moment and appends them to list in the order of their numbers.
func (w *window) expire(before time.Time, list []entry) []entry {
	start := len(list)
	for i := range w.places {
		if e := &w.places[i]; e.sequence != 0 && !e.enquire() && !e.sent.After(before) {
			list = append(list, w.free(e))
		}
	}
	sortEntries(list[start:])
	return list
}

// drain removes everything.
func (w *window) drain() []entry {
	var list []entry
	for i := range w.places {
		if e := &w.places[i]; e.sequence != 0 {
			list = append(list, w.free(e))
		}
	}
	sortEntries(list)
	return list
}

// sortEntries puts entries into the order in which they were sent.
func sortEntries(list []entry) {
	slices.SortFunc(list, func(a, b entry) int {
		if c := a.sent.Compare(b.sent); c != 0 {
			return c
		}
		return cmp.Compare(a.sequence, b.sequence)
	})
}
