package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"kurir/gateway"
	"kurir/wire"
)

// wireStamps gives messages the seconds by which, with their recipients, they are named. Each zone has its own: what a clock
// shows is ahead of others east of them. Seconds of many messages to one recipient run ahead of the clock, but only
// wire.MaxAhead of them: so a server that starts finds all that may not be given again among the messages of that time
// (wireServer.remember). Several servers on one database know nothing of each other's while they run: where two have given a
// recipient of an account the same second, that names no message and nothing is done with either (wirePeer.find).
type wireStamps struct {
	mu    sync.Mutex
	zones map[string]*wire.Stamps
	floor time.Time // before which none is given
}

// of gives those of a zone.
func (w *wireStamps) of(zone *time.Location) *wire.Stamps {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.zones[zone.String()]
	if s == nil {
		if w.zones == nil {
			w.zones = map[string]*wire.Stamps{}
		}
		s = &wire.Stamps{}
		w.zones[zone.String()] = s
	}
	return s
}

// next gives the second of a message that comes now, as a time of UTC that shows what the zone's clock shows; ok is
// false if there is none for the recipient now.
func (w *wireStamps) next(to string, now time.Time, zone *time.Location) (at time.Time, ok bool) {
	if now.Before(w.floor) {
		now = w.floor
	}
	return w.of(zone).Near(to, now, zone)
}

// wireRemember is how long a server that starts may look for seconds that were given, wireSlack by how much the clock of
// messages may be ahead of ours.
const (
	wireRemember = 10 * time.Second
	wireSlack    = 10 * time.Second
)

// remember notes the seconds of messages that came just before the server started. If they cannot be read, seconds begin
// behind all that there may be.
func (s *wireServer[P]) remember(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, wireRemember)
	defer cancel()
	now := s.now()
	f := gateway.Filter{Via: s.talk.via(), Since: now.Add(-wire.MaxAhead*time.Second - wireSlack), Limit: 1000}
	for {
		list, after, err := s.core.Messages(ctx, f)
		if err != nil {
			s.log.Warn("the names of the last messages cannot be read; those of new ones are ahead of the clock for a while", "protocol", s.talk.version(), "error", err)
			s.stamps.floor = now.Add(wire.MaxAhead*time.Second + wireSlack)
			return
		}
		for _, m := range list {
			a := s.accounts().ByName(m.Account)
			if a == nil || !strings.HasPrefix(m.Reference, stampPrefix) {
				continue
			}
			zone := a.Login(s.by).Location()
			at, to := stampOf(m, zone)
			s.stamps.of(zone).Note(to, at)
		}
		if f.After = after; after == 0 {
			return
		}
	}
}
