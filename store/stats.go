package store

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
)

// CommitBounds are the upper bounds of the buckets of Stats.CommitBuckets; a
// last bucket holds what took longer.
var CommitBounds = [...]time.Duration{
	500 * time.Microsecond, time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	20 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, time.Second,
}

// Stats are figures about the store since it was opened.
type Stats struct {
	DatabaseBytes, WALBytes int64
	Commits, Rows           uint64
	CommitTime              time.Duration // of all commits
	CommitLongest           time.Duration
	CommitBuckets           [len(CommitBounds) + 1]uint64 // not cumulated
	Checkpoints             uint64
	CheckpointTime          time.Duration // of all checkpoints
	CheckpointHeld          time.Duration // of it while commits had to wait
	Statements, RoundTrips  uint64        // of commits and housekeeping, with PostgreSQL
	Safety                  Safety
	Tables                  Counts
}

// Counts are how many rows the spill tables and their like have.
type Counts struct {
	Waiting, Due, Owed, Outstanding, Parts, Held int64
}

// Counts returns how many rows the spill tables and their like have. It costs
// next to nothing: the gateway asks before it looks into one. Where other nodes
// change them, too, none is said to be empty.
func (s *Store) Counts() Counts {
	n := s.counts.get()
	if s.pg != nil && s.opts.Shared { // what others do is counted later: somebody who goes by this must look
		for _, rows := range []*int64{&n.Waiting, &n.Due, &n.Owed, &n.Outstanding, &n.Parts, &n.Held} {
			*rows = max(*rows, 1)
		}
	}
	return n
}

// measurements are what Stats is made of.
type measurements struct {
	mu sync.Mutex
	s  Stats
}

func (m *measurements) commit(d time.Duration, rows int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.Commits++
	m.s.Rows += uint64(rows)
	m.s.CommitTime += d
	m.s.CommitLongest = max(m.s.CommitLongest, d)
	i := 0
	for i < len(CommitBounds) && d > CommitBounds[i] {
		i++
	}
	m.s.CommitBuckets[i]++
}

func (m *measurements) sent(statements, trips uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.Statements += statements
	m.s.RoundTrips += trips
}

func (m *measurements) checkpoint(whole, held time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.s.Checkpoints++
	m.s.CheckpointTime += whole
	m.s.CheckpointHeld += held
}

// Stats returns the figures as they are now.
func (s *Store) Stats() Stats {
	s.measured.mu.Lock()
	st := s.measured.s
	s.measured.mu.Unlock()
	if s.pg != nil {
		st.DatabaseBytes = s.pg.size.Load()
	} else {
		st.DatabaseBytes = fileSize(s.path)
		st.WALBytes = fileSize(s.path + "-wal")
	}
	st.Safety = s.Safety()
	st.Tables = s.counts.get()
	return st
}

func fileSize(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}

// tableDeltas are by how much a transaction changes the counts.
type tableDeltas struct {
	waiting, due, owed, outstanding, parts, held int64
}

// tableCounts follow the spill tables, which are too long to count often. While
// they are counted anew, what comes meanwhile is noted: the new count may have
// it or not, and too much does no harm, where too little would keep somebody from
// looking.
type tableCounts struct {
	mu    sync.Mutex
	now   tableDeltas
	since tableDeltas // what has come since recount
}

func (n *tableDeltas) each(other *tableDeltas, do func(mine *int64, others int64)) {
	do(&n.waiting, other.waiting)
	do(&n.due, other.due)
	do(&n.owed, other.owed)
	do(&n.outstanding, other.outstanding)
	do(&n.parts, other.parts)
	do(&n.held, other.held)
}

func (t *tableCounts) add(n *tableDeltas) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now.each(n, func(mine *int64, others int64) { *mine += others })
	t.since.each(n, func(mine *int64, others int64) { *mine += max(others, 0) })
}

// recount begins a new count.
func (t *tableCounts) recount() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since = tableDeltas{}
}

// recounted takes it.
func (t *tableCounts) recounted(n *tableDeltas) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.now = *n
	t.now.each(&t.since, func(mine *int64, others int64) { *mine += others })
}

func (t *tableCounts) get() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := &t.now
	return Counts{Waiting: n.waiting, Due: n.due, Owed: n.owed, Outstanding: n.outstanding, Parts: n.parts, Held: n.held}
}

// loadCounts counts the rows once, when the store is opened.
func (s *Store) loadCounts(ctx context.Context) error {
	return s.read(ctx, func(c *conn) error {
		var n tableDeltas
		if err := countTables(c, &n); err != nil {
			return err
		}
		s.counts.recounted(&n)
		return nil
	})
}

func countTables(c *conn, n *tableDeltas) error {
	for _, t := range []struct {
		table string
		to    *int64
	}{
		{"waiting", &n.waiting},
		{"due", &n.due},
		{"owed", &n.owed},
		{"outstanding", &n.outstanding},
		{"inbound_part", &n.parts},
		{"held", &n.held},
	} {
		err := query(c, "SELECT count(*) FROM "+t.table, nil, func(stmt *statement) (bool, error) {
			*t.to = stmt.ColumnInt64(0)
			return false, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ProbeDisk measures the disk under dir: the median time of n times writing
// 4 KiB over and over with fdatasync. It stands beside every benchmark figure.
func ProbeDisk(dir string, n int) (time.Duration, error) {
	f, err := os.CreateTemp(dir, "probe")
	if err != nil {
		return 0, fmt.Errorf("probe the disk: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	times := make([]time.Duration, 0, n)
	for range n {
		start := time.Now()
		if _, err := f.WriteAt(block, 0); err != nil {
			return 0, fmt.Errorf("probe the disk: %w", err)
		}
		if err := fdatasync(f); err != nil {
			return 0, fmt.Errorf("probe the disk: %w", err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
