package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/simulator"
)

// twoNodes starts two servers on one PostgreSQL, each with one of the two sessions of a link.
func twoNodes(t *testing.T) (sim *simulator.Simulator, a, b *server) {
	t.Helper()
	database := pgtest.Start(t, pgtest.NoSync).Database(t)
	sim = startSimulator(t, simulator.Options{})
	node := func(name string) *server {
		return startServer(t, sim, serverOptions{more: fmt.Sprintf("database: %s\nnode: %s", database, name), link: ", sessions: 2"})
	}
	a = node("a")
	eventually(t, "a has both sessions", func() bool { return sim.Stats().Receivers == 2 })
	b = node("b")
	eventually(t, "each has one session", func() bool { return sim.Stats().Receivers == 2 && a.sessions() == 1 && b.sessions() == 1 })
	return sim, a, b
}

// sessions counts the leases that a server says that it holds.
func (s *server) sessions() int {
	_, text := s.get("/metrics")
	for line := range strings.Lines(text) {
		var n int
		if _, err := fmt.Sscanf(line, "kurir_leases_held %d", &n); err == nil {
			return n
		}
	}
	return -1
}

// sendAll has a server send messages, and fails the test unless each arrives once.
func sendAll(t *testing.T, sim *simulator.Simulator, s *server) {
	t.Helper()
	l := newLedger()
	for range 50 {
		ref := l.next("n")
		if status, body := s.post(`{"to":"+46701000001","text":"` + ref + " " + textMark + `"}`); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, body)
		}
		l.accept(ref, ref)
	}
	eventually(t, "all messages arrive", func() bool {
		c, err := sim.Compare(l.references())
		if err != nil {
			t.Fatal(err)
		}
		if c.Repeats > 0 {
			t.Fatalf("%d were sent again: %q", c.Repeats, c.Twice)
		}
		return c.Missing == 0
	})
}

// TestNodeDies kills a server without a word: within ten seconds the other has its session too. It is started again under
// its name, and has a session again.
func TestNodeDies(t *testing.T) {
	t.Parallel()
	sim, a, b := twoNodes(t)
	threeTrials(t, func() error {
		took := goesElsewhere(t, sim, b, a.proc.kill)
		sendAll(t, sim, b)
		comesBack(t, sim, a, b)
		if took > 10*time.Second {
			return fmt.Errorf("the session was bound elsewhere after %v", took)
		}
		return nil
	})
}

// goesElsewhere ends a server, and gives how long it takes until the other has the sessions of both.
func goesElsewhere(t *testing.T, sim *simulator.Simulator, other *server, end func()) time.Duration {
	t.Helper()
	took := stopwatch()
	end()
	eventually(t, "the other has both sessions", func() bool { return other.sessions() == 2 && sim.Stats().Receivers == 2 })
	after := took()
	t.Logf("the session was bound elsewhere after %v", after)
	return after
}

// comesBack starts a server again, and waits until it has a session.
func comesBack(t *testing.T, sim *simulator.Simulator, s, other *server) {
	t.Helper()
	took := stopwatch()
	s.start()
	t.Logf("started again after %v", took())
	eventually(t, "it has a session again", func() bool { return s.sessions() == 1 && other.sessions() == 1 && sim.Stats().Receivers == 2 })
}

// TestNodeStopped stops the process of a server for longer than its leases last, and lets it go on: the other has its session,
// and the server ends when it learns of that.
func TestNodeStopped(t *testing.T) {
	t.Parallel()
	sim, a, b := twoNodes(t)
	a.proc.signal(syscall.SIGSTOP)
	eventually(t, "b has both sessions", func() bool { return b.sessions() == 2 && sim.Stats().Receivers == 3 })
	a.proc.signal(syscall.SIGCONT)
	if code := a.proc.ended(); code == 0 {
		t.Error("a server that was replaced ends as if all were well")
	}
	if text := a.proc.out.String(); !strings.Contains(text, "the others have taken over its work") {
		t.Errorf("it says:\n%s", tail(text, 2000))
	}
	eventually(t, "its session is gone", func() bool { return sim.Stats().Receivers == 2 })
	sendAll(t, sim, b)
}

// TestNodeEnds stops a server in good order: the other has its session within seconds, and it can start again at once.
func TestNodeEnds(t *testing.T) {
	t.Parallel()
	sim, a, b := twoNodes(t)
	threeTrials(t, func() error {
		took := goesElsewhere(t, sim, b, func() { a.proc.signal(syscall.SIGTERM) })
		if code := a.proc.ended(); code != 0 {
			t.Errorf("a ends with %d", code)
		}
		sendAll(t, sim, b)
		comesBack(t, sim, a, b)
		if took > 4*time.Second {
			return fmt.Errorf("the session was bound elsewhere after %v", took)
		}
		return nil
	})
}

// TestNodeLeavesMessages kills a server that has messages which wait, because its operator is away: the other server sends
// them.
func TestNodeLeavesMessages(t *testing.T) {
	t.Parallel()
	database := pgtest.Start(t, pgtest.NoSync).Database(t)
	sim := startSimulator(t, simulator.Options{})
	node := func(name, addr string) *server {
		return startServer(t, nil, serverOptions{more: fmt.Sprintf("database: %s\nnode: %s", database, name), connectors: []string{linkTo("op1", addr, "")}})
	}
	a := node("a", freeAddr(t)) // where nobody listens
	l := newLedger()
	for range 300 {
		ref := l.next("w")
		if status, body := a.post(`{"to":"+46701000001","text":"` + ref + " " + textMark + `"}`); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, body)
		}
		l.accept(ref, ref)
	}
	node("b", sim.Addr())
	a.proc.kill()
	eventually(t, "b sends what a had", func() bool {
		c, err := sim.Compare(l.references())
		if err != nil {
			t.Fatal(err)
		}
		return c.Missing == 0 && c.Repeats == 0
	})
}

// TestNodeWaitsUnseen: a server that is started again after a crash, and has to wait until its name is nobody's, takes no
// connection meanwhile: clients and balancers go to others, and do not wait for it.
func TestNodeWaitsUnseen(t *testing.T) {
	t.Parallel()
	database := pgtest.Shared(t).Database(t)
	s := startServer(t, nil, serverOptions{connectors: []string{}, more: fmt.Sprintf("database: %s\nnode: a", database)})
	term := func() string { return pgtest.Exec(t, database, "SELECT term FROM node WHERE name = 'a'")[0][0] } // another one with its place
	s.proc.kill()
	crashed := term()
	s.launch()
	s.proc.out.wait(t, "the name of this node was in use and not given up")
	for _, addr := range []string{s.http, s.smpp} {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			if term() == crashed {
				t.Errorf("%s takes connections before the server has its place", addr)
			}
		}
	}
	s.proc.out.wait(t, "kurir starts")
	listening(t, s.http)
	listening(t, s.smpp)
}
