package e2e

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// lowestMemory is the least resident memory within some seconds of a server that is profiled, garbage collected, and without
// what the runtime keeps free: how much garbage there is at one moment, and how much of it has been given back, is chance. In the first second after a
// start it still grows, from 31 to 37 MiB whatever waits, and settles within a hundredth then: readings begin after it.
func (s *server) lowestMemory() int64 {
	s.t.Helper()
	least := int64(math.MaxInt64)
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for i := range 8 {
		<-tick.C
		idle := s.collectGarbage()
		if i >= 4 {
			least = min(least, s.memory()-idle)
		}
	}
	return least
}

// collectGarbage has the server collect garbage, and gives how much memory its runtime keeps after that for what comes.
func (s *server) collectGarbage() (idle int64) {
	s.t.Helper()
	resp, err := s.client.Get("http://" + s.pprof + "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		s.t.Fatalf("collect garbage: %v", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatalf("collect garbage: %v", err)
	}
	number := func(name string) (n int64) {
		_, after, found := strings.Cut(string(text), "# "+name+" = ")
		if _, err := fmt.Sscan(after, &n); err != nil || !found {
			s.t.Fatalf("the profile of the heap has no %s: %v", name, err)
		}
		return n
	}
	return number("HeapIdle") - number("HeapReleased")
}

// afterRestarts is the least resident memory after three restarts.
func (s *server) afterRestarts() int64 {
	s.t.Helper()
	least := int64(math.MaxInt64)
	for range 3 {
		s.restart()
		least = min(least, s.lowestMemory())
	}
	return least
}

// TestMemoryFollowsConfiguration queues messages for a link that is down, few and many. The memory that the server
// takes after a restart, and while it takes more, must not depend on how many wait.
func TestMemoryFollowsConfiguration(t *testing.T) {
	t.Parallel()
	few, many := 200_000, 800_000
	if long() {
		few, many = 1_000_000, 5_000_000
	}
	s := startServer(t, nil, serverOptions{
		binary:     plainBinary(t),
		profiled:   true,
		connectors: []string{linkTo("op1", freeAddr(t), "")}, // nobody listens
	})
	queue := func(from, to int) {
		t.Helper()
		const perRequest = 1000
		for n := from; n < to; n += perRequest {
			var b strings.Builder
			b.WriteString(`{"to":[`)
			for i := range perRequest {
				if i > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, `"+4670%07d"`, n+i)
			}
			fmt.Fprintf(&b, `],"text":"ref %s %0100d"}`, textMark, n)
			if status, body := s.post(b.String()); status != http.StatusAccepted {
				t.Fatalf("after %d messages: %d %.300s", n, status, body)
			}
		}
		if got := s.metric(`kurir_link_queued{link="op1"}`); got != float64(to) {
			t.Errorf("%v messages wait, want %d", got, to)
		}
	}
	queue(0, few)
	small := s.lowestMemory()
	smallAgain := s.afterRestarts()
	queue(few, many)
	large := s.lowestMemory()
	largeAgain := s.afterRestarts()
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	t.Logf("with %d waiting %.1f MiB, after a restart %.1f; with %d %.1f MiB, after a restart %.1f",
		few, mib(small), mib(smallAgain), many, mib(large), mib(largeAgain))
	for _, c := range []struct {
		what      string
		few, many int64
	}{{"while they came", small, large}, {"after a restart", smallAgain, largeAgain}} {
		if c.many > c.few+c.few/10 {
			t.Errorf("%s: %.1f MiB with %d waiting, %.1f MiB with %d: more than a tenth more", c.what, mib(c.few), few, mib(c.many), many)
		}
	}
	// They are all there, and go when the link comes up: the first of them at least.
	if got := s.metric(`kurir_link_queued{link="op1"}`); got != float64(many) {
		t.Errorf("%v messages wait after the restart, want %d", got, many)
	}
	sim := startSimulator(t, simulator.Options{Phones: -1, Keep: -1})
	s.write(s.file(serverOptions{connectors: []string{linkTo("op1", sim.Addr(), ", window: 500, sessions: 2")}}))
	s.reload()
	took := stopwatch()
	const some = 100_000
	within(t, 3*patience, "the backlog goes out", func() bool { return sim.Stats().Accepted >= some })
	t.Logf("%d of the backlog went out in %v", some, took())
	if c := sim.References(); c.Distinct > 1 {
		t.Errorf("%d different first words", c.Distinct)
	}
}
