package store

import "time"

// tidyState is where housekeeping stands.
type tidyState struct {
	next      int       // the job that is the next one's turn
	forgetAt  time.Time // when expired rows are looked for again
	retainAt  time.Time // when a pass of retention begins again
	retaining bool
	ledger    bool // its old rows are gone in this pass
	messages  removePass
	inbound   removePass

	partitionAt time.Time // when partitions are looked at again
}

// Tidy does housekeeping for about budget: a slice at a time, each in a
// transaction of about a millisecond or two. It writes and merges the sorted
// runs of the index, removes what is older than Options.Retention, and forgets
// expired duplicates, requests, held receipts and parts. more tells whether
// there is more to do at once. Errors are those of Commit.
//
// Tidy belongs to the goroutine that commits: between commits with a small
// budget, when there is nothing to commit with a larger one. When it is never
// called, commits themselves write what memory must not hold for ever.
func (s *Store) Tidy(budget time.Duration) (more bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	deadline := time.Now().Add(budget)
	jobs := []func() (bool, error){s.settleTidy, s.flushSlice, s.mergeSlice, s.keySlice, s.removeDeadSlice, s.retainSlice, s.forgetSlice}
	if s.pg != nil {
		jobs = []func() (bool, error){s.partitionSlice, s.retainSlice, s.forgetSlice}
	}
	for idle := 0; idle < len(jobs); {
		again, err := jobs[s.tidy.next]()
		if err != nil {
			return false, err
		}
		if again {
			idle = 0
		} else {
			idle++
			s.tidy.next = (s.tidy.next + 1) % len(jobs)
		}
		if time.Now().After(deadline) {
			if again {
				s.tidy.next = (s.tidy.next + 1) % len(jobs)
			}
			return again || idle < len(jobs), nil
		}
	}
	return false, nil
}

// keySlice writes tables of requests that memory has no room for.
func (s *Store) keySlice() (more bool, err error) { return s.spillKeys(s.keys.held) }

// flushSlice writes of the index what waits in memory.
func (s *Store) flushSlice() (more bool, err error) {
	if err := s.indexSlice(); err != nil {
		return false, err
	}
	_, more = s.index.oldestSealed()
	return more, nil
}
