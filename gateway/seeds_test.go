package gateway

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/store"
)

var (
	seedsRuns  = flag.Int("seeds.runs", 0, "how many seeds TestSeeds runs; 0 for a few")
	seedsBase  = flag.Uint64("seeds.base", 0, "half of TestSeeds' seeds follow this number, the other half begin at 1; 0: all begin at 1")
	seedsSeed  = flag.Uint64("seeds.seed", 0, "the only seed that TestSeeds runs, which prints its events; 0 for many")
	seedsAgain = flag.Int("seeds.again", 200, "how often TestSeeds runs a seed again that has failed")
)

const (
	seedsFew       = 24
	seedsFewRace   = 6
	seedsAgainTime = 2 * time.Minute  // for all runs again of one seed
	seedsEnough    = 10 * time.Second // in which a seed that has been begun surely ends
	seedsMostBad   = 3                // failing seeds after which no further one is begun
)

// TestSeeds is the seeded fault simulation in its short form: two gateways on one
// store, links over SMPP through pipes, and a minute or two in which the seed
// says what fails and what comes late. What a seed decides depends on the
// seed alone and not on the order in which goroutines run, so a run again is nearly
// the same; how near, is what the runs again of a failing seed show.
func TestSeeds(t *testing.T) {
	t.Parallel()
	runs := *seedsRuns
	if runs == 0 {
		runs = seedsFew
		if underRace {
			runs = seedsFewRace
		}
	}
	if *seedsSeed != 0 {
		s := runSeed(t, *seedsSeed)
		s.print()
		if s.failed() {
			t.Errorf("seed %d fails", *seedsSeed)
		}
		return
	}
	var next, bad atomic.Int64
	end, ends := t.Deadline()
	for range runtime.GOMAXPROCS(0) {
		t.Run("worker", func(t *testing.T) {
			t.Parallel()
			for bad.Load() < seedsMostBad {
				i := next.Add(1)
				if i > int64(runs) {
					return
				}
				if ends && time.Until(end) < seedsEnough {
					t.Errorf("the time was enough for %d of %d seeds", i-1, runs)
					return
				}
				seed := uint64(i)
				if *seedsBase != 0 && i > int64(runs)/2 {
					seed += *seedsBase
				}
				if s := runSeed(t, seed); s.failed() {
					bad.Add(1)
					failing(t, s)
				}
			}
		})
	}
}

var seedsPrinting sync.Mutex

// failing prints the events of a seed that has failed, and runs it again.
func failing(t *testing.T, s *sim) {
	seedsPrinting.Lock()
	defer seedsPrinting.Unlock()
	s.print()
	began, runs, failed := time.Now(), 0, 0
	for runs < *seedsAgain && time.Since(began) < seedsAgainTime {
		runs++
		if runSeed(t, s.seed).failed() {
			failed++
		}
	}
	t.Errorf("seed %d fails; of %d runs again %d failed. Run it with: go test ./gateway -run '^TestSeeds$' -seeds.seed=%d\n%s",
		s.seed, runs, failed, s.seed, strings.Join(s.wrong, "\n"))
}

// runSeed runs one seed in a bubble.
func runSeed(t *testing.T, seed uint64) *sim {
	t.Helper()
	dir := memoryDir(t)
	defer os.RemoveAll(dir)
	layEmpty(t, dir)
	var s *sim
	bubble(t, func(t *testing.T) {
		s = newSim(t, dir, seed)
		s.simulate()
	})
	return s
}

// emptyStore returns a database in which there is nothing, which is made once: to make one takes longer than a seed.
var emptyStore = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kurir-empty-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	st, err := store.Open(context.Background(), store.Options{Path: dir})
	if err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(dir, "kurir.db"))
})

// layEmpty puts an empty database into a folder that has none.
func layEmpty(t testing.TB, dir string) {
	t.Helper()
	path := filepath.Join(dir, "kurir.db")
	if _, err := os.Stat(path); err == nil {
		return
	}
	empty, err := emptyStore()
	if err == nil {
		err = os.MkdirAll(dir, 0o750)
	}
	if err == nil {
		err = os.WriteFile(path, empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// memoryDir makes a folder, in memory if the system has such a file system:
// nothing of the disk is tested here, and to wait for it takes most of the time.
func memoryDir(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "kurir-seeds-")
	if err != nil {
		dir, err = os.MkdirTemp("", "kurir-seeds-")
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// print prints what has happened.
func (s *sim) print() {
	fmt.Printf("--- seed %d\n", s.seed)
	for _, line := range s.events {
		fmt.Println(line)
	}
	for _, line := range s.wrong {
		fmt.Println("WRONG:", line)
	}
}
