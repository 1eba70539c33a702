package connector

import (
	"fmt"
	"os"
	"time"
)

// daySent counts what a SIM has sent on one day, and keeps that in a file, so
// that a restart does not begin anew.
type daySent struct {
	file  string // empty: none
	day   string // 2026-12-01
	count int
}

// loadDay reads the file; what cannot be read counts as nothing.
func loadDay(file string) daySent {
	d := daySent{file: file}
	if file == "" {
		return d
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return d
	}
	if n, err := fmt.Sscan(string(b), &d.day, &d.count); n != 2 || err != nil || d.count < 0 {
		d.day, d.count = "", 0
	}
	return d
}

// on is how much was sent on the day of a time.
func (d *daySent) on(now time.Time) int {
	if d.day != now.Format(time.DateOnly) {
		return 0
	}
	return d.count
}

// add counts one part. When the file cannot be written, a restart begins with what it has.
func (d *daySent) add(now time.Time) {
	d.day, d.count = now.Format(time.DateOnly), d.on(now)+1
	if d.file != "" {
		_ = os.WriteFile(d.file, fmt.Appendf(nil, "%s %d\n", d.day, d.count), 0o600)
	}
}

// spent says that the SIM has sent all that it may today.
func (s *modemSlot) spent(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.pool.cfg.DailyLimit
	return limit > 0 && s.used.on(now) >= limit
}

// untilTomorrow is how long the day lasts.
func untilTomorrow(now time.Time) time.Duration {
	y, m, d := now.Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, now.Location()).Sub(now)
}
