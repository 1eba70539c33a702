package store

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
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
	Tables                  Counts
}

// Counts are how many rows the spill tables and their like have.
type Counts struct {
	Waiting, Due, Owed, Outstanding, Parts, Held int64
}

// Counts returns how many rows the spill tables and their like have. It costs
// next to nothing: the gateway asks before it looks into one.
func (s *Store) Counts() Counts { return s.counts.get() }

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
	st.DatabaseBytes = fileSize(s.path)
	st.WALBytes = fileSize(s.path + "-wal")
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

// tableCounts follow the spill tables, which are too long to count often.
type tableCounts struct {
	waiting, due, owed, outstanding, parts, held atomic.Int64
}

func (t *tableCounts) add(n *tableDeltas) {
	t.waiting.Add(n.waiting)
	t.due.Add(n.due)
	t.owed.Add(n.owed)
	t.outstanding.Add(n.outstanding)
	t.parts.Add(n.parts)
	t.held.Add(n.held)
}

func (t *tableCounts) get() Counts {
	return Counts{
		Waiting: t.waiting.Load(), Due: t.due.Load(), Owed: t.owed.Load(),
		Outstanding: t.outstanding.Load(), Parts: t.parts.Load(), Held: t.held.Load(),
	}
}

// loadCounts counts the rows once, when the store is opened.
func (s *Store) loadCounts(ctx context.Context) error {
	return s.read(ctx, func(c *conn) error {
		var n tableDeltas
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
		s.counts.add(&n)
		return nil
	})
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
