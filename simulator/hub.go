package simulator

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// Limits of the event stream.
const (
	maxWatchers = 100
	maxChanged  = 500 // phones changed since a watcher last looked; more of them are as if all had
)

// hub tells watchers of the page which phones have changed. A watcher looks when it likes; what happens meanwhile is
// kept as a set of numbers, so that neither speed nor watchers make it grow.
type hub struct {
	mu       sync.Mutex
	watchers map[*watcher]struct{}
	count    atomic.Int32
}

// watcher is one who looks.
type watcher struct {
	wake     chan struct{}
	changed  map[string]struct{}
	all      bool
	sessions bool
}

// watched reports whether anybody looks.
func (h *hub) watched() bool { return h.count.Load() > 0 }

// watch adds a watcher; nil when there are too many.
func (h *hub) watch() *watcher {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) >= maxWatchers {
		return nil
	}
	w := &watcher{wake: make(chan struct{}, 1), changed: map[string]struct{}{}, all: true, sessions: true}
	w.wake <- struct{}{}
	if h.watchers == nil {
		h.watchers = map[*watcher]struct{}{}
	}
	h.watchers[w] = struct{}{}
	h.count.Add(1)
	return w
}

// leave takes a watcher away.
func (h *hub) leave(w *watcher) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.watchers, w)
	h.count.Add(-1)
}

// look gives and forgets what has changed: all phones if all is true, else those with the numbers.
func (h *hub) look(w *watcher) (numbers []string, all, sessions bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	numbers, all, sessions = slices.Sorted(maps.Keys(w.changed)), w.all, w.sessions
	clear(w.changed)
	w.all, w.sessions = false, false
	return numbers, all, sessions
}

// each wakes all watchers after a change.
func (h *hub) each(change func(w *watcher)) {
	if !h.watched() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for w := range h.watchers {
		change(w)
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// changed notes that something has happened on a phone.
func (h *hub) changed(number string) {
	h.each(func(w *watcher) {
		if len(w.changed) < maxChanged {
			w.changed[number] = struct{}{}
		} else {
			w.all = true
		}
	})
}

func (h *hub) changedAll()      { h.each(func(w *watcher) { w.all = true }) }
func (h *hub) changedSessions() { h.each(func(w *watcher) { w.sessions = true }) }
