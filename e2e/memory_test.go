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

// queueUp has messages accepted until so many wait for op1, of which some do already.
func (s *server) queueUp(already, all int) {
	s.t.Helper()
	const perRequest = 1000
	for n := already; n < all; n += perRequest {
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
			s.t.Fatalf("after %d messages: %d %.300s", n, status, body)
		}
	}
	if got := s.metric(`kurir_link_queued{link="op1"}`); got != float64(all) {
		s.t.Errorf("%v messages wait, want %d", got, all)
	}
}

// held is the memory in MiB that a server has taken while so many messages came to wait, and after a restart.
type held struct {
	waiting            int
	coming, afterwards float64
}

// holds measures what the server has taken now, and restarts it three times.
func (s *server) holds(waiting int) held {
	s.t.Helper()
	mib := func(n int64) float64 { return float64(n) / (1 << 20) }
	h := held{waiting: waiting, coming: mib(s.lowestMemory()), afterwards: mib(s.afterRestarts())}
	s.t.Logf("with %d waiting %.1f MiB, after a restart %.1f", waiting, h.coming, h.afterwards)
	return h
}

// atMostATenthMore says what is wrong where memory has grown by more than a tenth; nothing is empty.
func (h held) atMostATenthMore(than held) (wrong string) {
	if h.coming > than.coming*1.1 {
		wrong = fmt.Sprintf("while they came: %.1f MiB with %d waiting, %.1f MiB with %d: more than a tenth more. ", than.coming, than.waiting, h.coming, h.waiting)
	}
	if h.afterwards > than.afterwards*1.1 {
		wrong += fmt.Sprintf("after a restart: %.1f MiB with %d waiting, %.1f MiB with %d: more than a tenth more", than.afterwards, than.waiting, h.afterwards, h.waiting)
	}
	return wrong
}

// TestMemoryFollowsConfiguration queues messages for a link that is down, few and many. The memory that the server
// takes after a restart, and while it takes more, must not depend on how many wait. What the server keeps at hand is full sooner or later:
// if there is more of it, as many messages come again, up to three times. What grows with each message does so each time.
func TestMemoryFollowsConfiguration(t *testing.T) {
	t.Parallel()
	few, more := 200_000, 600_000
	if long() {
		few, more = 1_000_000, 4_000_000
	}
	s := startServer(t, nil, serverOptions{
		binary:     plainBinary(t),
		profiled:   true,
		connectors: []string{linkTo("op1", freeAddr(t), "")}, // nobody listens
	})
	s.queueUp(0, few)
	last := s.holds(few)
	for trial := 1; ; trial++ {
		s.queueUp(last.waiting, last.waiting+more)
		now := s.holds(last.waiting + more)
		wrong := now.atMostATenthMore(last)
		last = now
		if wrong == "" {
			break
		}
		if trial == 3 {
			t.Error(wrong)
			break
		}
		t.Log(wrong)
	}
	// They are all there, and go when the link comes up: the first of them at least.
	if got := s.metric(`kurir_link_queued{link="op1"}`); got != float64(last.waiting) {
		t.Errorf("%v messages wait after the restart, want %d", got, last.waiting)
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
