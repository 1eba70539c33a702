package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

func TestSortEntries(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	list := make([]entry, 5000)
	for i := range list {
		list[i] = entry{random.Uint64N(1 << keyBits), message.ID(i)}
		if i%3 == 0 {
			list[i].key = 7
		}
	}
	before := slices.Clone(list)
	got := sortEntries(list)
	if !slices.Equal(list, before) {
		t.Error("the segment itself was changed")
	}
	slices.SortStableFunc(list, func(a, b entry) int { return int(int64(a.key) - int64(b.key)) })
	if !slices.Equal(got, list) {
		t.Error("not sorted by key and id")
	}
}

func FuzzSliceReader(f *testing.F) {
	f.Add([]byte{0, 5, 3, 9, 0, 1}, uint64(7))
	f.Fuzz(func(t *testing.T, data []byte, key uint64) {
		r := newSliceReader(data, key, 1)
		for {
			if _, ok, err := r.next(); !ok || err != nil {
				return
			}
		}
	})
}

// fill commits messages to a few numbers until the index has n entries, and
// returns their ids by number and by reference.
func fill(t *testing.T, s *Store, ids *message.IDs, n int, want map[string][]message.ID) {
	t.Helper()
	random := rand.New(rand.NewPCG(uint64(n), 1))
	for n > 0 {
		b := &Batch{}
		for range 100 {
			number := fmt.Sprintf("4670%d", random.IntN(500))
			if random.IntN(20) == 0 {
				number = "46000" // one number gets very many
			}
			m := testMessage(ids, "acme", number)
			m.Final, m.State = 1, message.Delivered
			if random.IntN(5) == 0 {
				m.Reference = fmt.Sprintf("ref%d", random.IntN(100))
				want[m.Reference] = append(want[m.Reference], m.ID)
				n--
			}
			want[number] = append(want[number], m.ID)
			b.Accepted = append(b.Accepted, m)
			n--
		}
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
	}
}

func tidyAll(t *testing.T, s *Store) {
	t.Helper()
	for {
		more, err := s.Tidy(5 * time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func checkIndex(t *testing.T, s *Store, want map[string][]message.ID) {
	t.Helper()
	for i, value := range slices.Sorted(maps.Keys(want)) {
		if i%13 != 0 && value != "46000" {
			continue
		}
		ids := want[value]
		for _, oldest := range []bool{false, true} {
			f := Filter{Oldest: oldest, Limit: 500}
			if value[0] == 'r' {
				f.Reference = value
			} else {
				f.To.Number = value
			}
			var got []message.ID
			for {
				list, next, err := s.Messages(context.Background(), f)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range list {
					got = append(got, m.ID)
				}
				if f.After = next; next == 0 {
					break
				}
			}
			if !oldest {
				slices.Reverse(got)
			}
			if !slices.Equal(got, ids) {
				t.Errorf("%s (oldest first %v): %d messages found, want %d", value, oldest, len(got), len(ids))
			}
		}
	}
}

func TestIndex(t *testing.T) {
	t.Parallel()
	opts := Options{Path: t.TempDir(), runEntries: 300}
	s, err := Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	ids := message.NewIDs(0, 0)
	want := map[string][]message.ID{}
	fill(t, s, ids, 300, want) // in memory
	checkIndex(t, s, want)
	fill(t, s, ids, 1000, want) // sealed, in part on disk
	checkIndex(t, s, want)
	tidyAll(t, s)
	checkIndex(t, s, want)
	fill(t, s, ids, 5000, want) // nobody tidies: commits write it
	if n := len(s.index.sealed); n > sealedEnough {
		t.Errorf("%d segments in memory", n)
	}
	checkIndex(t, s, want)
	tidyAll(t, s)
	if s.index.levels[1] == 0 || s.index.levels[0] >= mergeFan {
		t.Errorf("runs by level: %v", s.index.levels)
	}
	if n, err := s.number(context.Background(), "SELECT count(*) FROM run WHERE state <> 1"); err != nil || n != 0 {
		t.Errorf("%d runs left that are of no use, %v", n, err)
	}
	checkIndex(t, s, want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openTest(t, opts)
	checkIndex(t, s, want)
	fill(t, s, ids, 20000, want)
	tidyAll(t, s)
	if s.index.levels[2] == 0 {
		t.Errorf("runs by level: %v", s.index.levels)
	}
	checkIndex(t, s, want)
}

func TestIndexAfterCrashInTheMiddle(t *testing.T) {
	t.Parallel()
	opts := Options{Path: t.TempDir(), runEntries: 30000}
	s, err := Open(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	ids := message.NewIDs(0, 0)
	want := map[string][]message.ID{}
	fill(t, s, ids, opts.runEntries+100, want)
	if err := s.indexSlice(); err != nil { // some slices of the run, not all
		t.Fatal(err)
	}
	if s.index.flush == nil {
		t.Fatal("the run is complete already")
	}
	if err := s.Close(); err != nil { // nothing of the run's progress was kept: like a crash
		t.Fatal(err)
	}
	s = openTest(t, opts)
	tidyAll(t, s)
	for _, q := range []string{"SELECT count(*) FROM run WHERE state <> 1", "SELECT count(*) FROM run_slice WHERE run NOT IN (SELECT number FROM run)"} {
		if n, err := s.number(context.Background(), q); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", q, n, err)
		}
	}
	if s.index.levels[0] != 1 {
		t.Errorf("runs by level: %v", s.index.levels)
	}
	checkIndex(t, s, want)
}

func TestIndexOnFullDisk(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{runEntries: 2000})
	ids := message.NewIDs(0, 0)
	want := map[string][]message.ID{}
	fill(t, s, ids, 4000, want)
	limitPages(t, s, 1)
	occupy(t, s)
	if err := s.indexSlice(); err == nil {
		t.Error("a run was written on a full disk")
	}
	checkIndex(t, s, want)
	limitPages(t, s, 0)
	tidyAll(t, s)
	checkIndex(t, s, want)
}

// occupy writes into the pages that are free: how many are depends on how long the machine took until here.
func occupy(t *testing.T, s *Store) {
	t.Helper()
	err := sqlitex.ExecuteTransient(s.conn.Conn, "CREATE TABLE occupied(octets BLOB)", nil)
	for n := 0; err == nil; n++ {
		if n > 10_000 {
			t.Fatal("the disk does not become full")
		}
		err = sqlitex.ExecuteTransient(s.conn.Conn, "INSERT INTO occupied VALUES (zeroblob(3000))", nil)
	}
	if sqlite.ErrCode(err) != sqlite.ResultFull {
		t.Fatal(err)
	}
}

// TestIndexWhileItChanges looks messages up all the time while their entries
// move from memory to runs and from run to run.
func TestIndexWhileItChanges(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{runEntries: 300})
	ids := message.NewIDs(0, 0)
	want := map[string][]message.ID{}
	fill(t, s, ids, 1000, want)
	tidyAll(t, s)
	known := want["46000"]
	done := make(chan struct{})
	var wg sync.WaitGroup
	for _, oldest := range []bool{false, true} {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				f := Filter{To: message.Address{Number: "46000"}, Oldest: oldest, Limit: listMost}
				list, next, err := s.Messages(context.Background(), f)
				if err != nil {
					t.Error(err)
					return
				}
				var got []message.ID
				for _, m := range list {
					got = append(got, m.ID)
				}
				if !oldest {
					slices.Reverse(got)
				}
				if next != 0 || len(got) < len(known) || !slices.Equal(got[:len(known)], known) || !slices.IsSorted(got) {
					t.Errorf("oldest first %v: %d messages found, the first %d are not those known", oldest, len(got), len(known))
					return
				}
			}
		})
	}
	more := map[string][]message.ID{}
	for range 12 {
		fill(t, s, ids, 600, more)
		if _, err := s.Tidy(3 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	tidyAll(t, s)
	close(done)
	wg.Wait()
}
