package connector

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"kurir/wire"
)

// keeper keeps the sessions of a link open, whatever protocol they speak. The procedure, for each slot:
//
//  1. Where several servers share the link, wait for the lease of the slot.
//  2. Open a session, as the link does; the gate lets the slots of a link try one at a time until a log-in was accepted.
//  3. When it has ended, or could not be opened, say so, wait, and begin again. The pauses grow until a session has
//     lasted longer than the pause before it.
type keeper struct {
	// Acquire waits for the lease of a session, counted from 0 to the link's Leases; nil where one server has all. The
	// error is that of ctx.
	Acquire func(ctx context.Context, session int) (*Lease, error)

	log      *slog.Logger
	shared   *Shared
	gate     *gate
	plan     MaintenancePlan
	quietCut time.Duration
	longest  time.Duration // the longest pause

	// opener makes what opens the sessions of a slot one after the other, each until it ends: it tells how long there was
	// one, and why it ended.
	opener func(s *slot) func(ctx context.Context) (lasted time.Duration, err error)
	// why tells what became of a log-in.
	why func(error) refusal

	mu    sync.Mutex
	slots []*slot
}

// slot is a place for a session, occupied or not.
type slot struct {
	mode      string
	session   liveSession // nil while there is none
	number    uint32      // of the session, while there is none of the next
	since     time.Time   // of the state
	down      bool        // the last attempt failed, or the session ended
	err       error       // the last
	errAt     time.Time
	place     int    // number of its lease
	lease     *Lease // of keep alone; nil where none is needed
	elsewhere bool   // it waits for one

	turn    int           // index of the host to begin with, when they are taken in turn
	lost    time.Time     // when the last session ended; of keep alone
	restart chan struct{} // told when people want it opened anew
}

// liveSession is a session that is open.
type liveSession interface {
	stats(st *SessionStats)
}

// firstPause is that before the second attempt to connect.
const firstPause = time.Second

var errRestart = errors.New("the session is opened anew")

// addSlot adds a place for a session.
func (k *keeper) addSlot(mode string, turn int) {
	k.slots = append(k.slots, &slot{
		mode: mode, turn: turn, place: len(k.slots), number: k.shared.sessions.Add(1), since: time.Now(), restart: make(chan struct{}, 1),
	})
}

// keep holds the session of one slot until ctx ends: where several servers share
// the link, whenever this one has its lease.
func (k *keeper) keep(ctx context.Context, s *slot) {
	if k.Acquire == nil {
		k.hold(ctx, s)
		return
	}
	for {
		k.stand(s, true)
		lease, err := k.Acquire(ctx, s.place)
		if err != nil {
			return // ctx has ended
		}
		k.stand(s, false)
		held, end := context.WithCancel(ctx)
		go func() {
			select {
			case <-lease.Over:
				end()
			case <-held.Done():
			}
		}()
		s.lease = lease
		k.hold(held, s)
		end()
		lease.Release()
	}
}

// stand notes whether a slot is left to other servers.
func (k *keeper) stand(s *slot, elsewhere bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.elsewhere, s.down, s.err, s.since = elsewhere, false, nil, time.Now()
}

// hold keeps the session of one slot open until ctx ends. The pauses grow until a
// session has lasted longer than the pause before it.
func (k *keeper) hold(ctx context.Context, s *slot) {
	open := k.opener(s)
	var pause time.Duration
	for attempt := 0; ctx.Err() == nil; attempt++ {
		lasted, err := open(ctx)
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errRestart) {
			attempt, pause = -1, 0
			continue
		}
		if lasted > pause {
			attempt = 0
		}
		pause = k.pause(attempt, err)
		now := time.Now()
		k.mu.Lock()
		s.since, s.down, s.err, s.errAt = now, true, err, now
		k.mu.Unlock()
		ahead := k.gate.ahead()
		if ahead > 0 && k.why(err) == badCredentials { // for these the link waits, each slot in its turn
			pause = 0
		}
		k.complain(ctx, s, err, max(pause, ahead), now)
		waitOr(ctx, pause, s.restart)
	}
}

// complain writes that there is no session: as a warning, unless the operator
// works on his side, or the cut may yet be repaired in the time that is tolerated.
func (k *keeper) complain(ctx context.Context, s *slot, err error, pause time.Duration, now time.Time) {
	level, text := slog.LevelWarn, "no session"
	switch {
	case k.plan.Active(now):
		level, text = slog.LevelInfo, "no session, in a time of maintenance"
	case k.quietCut > 0 && !s.lost.IsZero() && now.Sub(s.lost) < k.quietCut:
		level, text = slog.LevelInfo, "no session for the moment"
	case k.why(err) == stillBound:
		text = "no session: the operator still has our old ones, or permits no more of them (sessions), or not from here"
	}
	k.log.Log(ctx, level, text, "session", s.number, "mode", s.mode, "error", err, "again_in", pause.Round(time.Millisecond))
}

// pause returns how long to wait before the next attempt. A session that the
// operator still believes to exist needs some time to be noticed. Wrong
// credentials have the link wait (see gate), not the slot.
func (k *keeper) pause(attempt int, err error) time.Duration {
	if k.why(err) == stillBound {
		return wire.Backoff(attempt, boundPause, max(boundPause, k.longest), rand.Float64())
	}
	return wire.Backoff(attempt, min(firstPause, k.longest), k.longest, rand.Float64())
}

// opened notes a session of a slot, and closed that it has ended.
func (k *keeper) opened(s *slot, session liveSession) {
	k.mu.Lock()
	defer k.mu.Unlock()
	s.session, s.down = session, false
}

func (k *keeper) closed(s *slot) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	s.session, s.since, s.lost, s.number = nil, now, now, k.shared.sessions.Add(1)
}

// slotStats shows the sessions that the link opens, of a version while there is none.
func (k *keeper) slotStats(version string) []SessionStats {
	k.mu.Lock()
	defer k.mu.Unlock()
	stats := make([]SessionStats, 0, len(k.slots))
	for _, s := range k.slots {
		st := SessionStats{Session: s.number, State: "connecting", Since: s.since, Mode: s.mode, Version: version}
		switch {
		case s.session != nil:
			s.session.stats(&st)
		case s.elsewhere:
			st.State = "elsewhere"
		case s.down:
			st.State = "down"
		}
		if s.err != nil && s.errAt.After(st.ErrorAt) {
			st.Error, st.ErrorAt = s.err.Error(), s.errAt
		}
		stats = append(stats, st)
	}
	return stats
}

// restartSlot is RestartSession for those sessions that the link opens.
func (k *keeper) restartSlot(session uint32) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.slots {
		if session == 0 || s.number != session {
			continue
		}
		select {
		case s.restart <- struct{}{}:
		default: // it is to be opened anew already
		}
		return true
	}
	return false
}

// waitOr waits, or until ctx ends or somebody says that it is enough.
func waitOr(ctx context.Context, d time.Duration, enough <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-enough:
	case <-ctx.Done():
	}
}
