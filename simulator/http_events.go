package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// serveEvents streams what the page shows: an event per phone that has changed, and every second the figures.
func (s *Simulator) serveEvents(w http.ResponseWriter, r *http.Request) {
	watcher := s.hub.watch()
	if watcher == nil {
		refuse(w, http.StatusServiceUnavailable, fmt.Errorf("%d pages are open already", maxWatchers))
		return
	}
	defer s.hub.leave(watcher)
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	stats := time.NewTicker(time.Second)
	defer stats.Stop()
	send := func(event string, v any) error {
		data, err := json.Marshal(v)
		if err != nil {
			return err
		}
		out.SetWriteDeadline(time.Now().Add(10 * time.Second))
		_, err = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event, data)
		return err
	}
	for {
		var err error
		select {
		case <-r.Context().Done():
			return
		case <-s.done():
			return
		case <-stats.C:
			err = send("stats", s.Stats())
		case <-watcher.wake:
			err = s.sendChanges(watcher, send)
		}
		if err != nil || out.Flush() != nil {
			return
		}
		select { // at most ten looks a second, however fast texts come
		case <-time.After(100 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
}

// sendChanges sends what has changed since the watcher looked last.
func (s *Simulator) sendChanges(watcher *watcher, send func(event string, v any) error) error {
	numbers, all, sessions := s.hub.look(watcher)
	if sessions {
		if err := send("stats", s.Stats()); err != nil {
			return err
		}
	}
	if all || len(numbers) > 50 {
		return send("phones", s.Phones(pageTexts))
	}
	for _, n := range numbers {
		if ph, ok := s.Phone(n, pageTexts); ok {
			if err := send("phone", ph); err != nil {
				return err
			}
		}
	}
	return nil
}

// done is closed when the simulator is stopped; nil, which never is, before it was started.
func (s *Simulator) done() <-chan struct{} {
	if s.running == nil {
		return nil
	}
	return s.running.Done()
}
