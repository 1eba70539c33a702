package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/simulator"
)

// clusterExperiment is three servers on one PostgreSQL under load over SMPP and HTTP and from phones, with faults at random moments. Its
// customers know all servers and go to the next when one does not answer.
type clusterExperiment struct {
	faults int                            // how many
	fault  func(i int, random *rand.Rand) // makes one
	twice  int                            // how many messages may be sent twice at most, each marked
	gap    time.Duration                  // between faults, at least

	binary   string // of the servers; plainBinary if empty
	database *pgtest.Server
	address  string // of the database; made if empty
	nodes    []*server
	sim      *simulator.Simulator
}

const clusterSessions, clusterWindow = 3, 20 // of the link, in the whole cluster

func (x *clusterExperiment) run(t *testing.T) {
	random := faults(t)
	x.sim = startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(2 * time.Millisecond), Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})
	if x.database == nil {
		x.database = pgtest.Start(t)
	}
	if x.address == "" {
		x.address = x.database.Database(t)
	}
	if x.binary == "" {
		x.binary = plainBinary(t)
	}
	h := startHook(t)
	x.nodes = startNodes(t, x.sim, x.address, serverOptions{
		binary: x.binary,
		link:   fmt.Sprintf(", sessions: %d, window: %d, lookahead: %d", clusterSessions, clusterWindow, clusterWindow),
	}, "a", "b", "c")
	linked(t, x.sim)
	l := newLedger()
	l.book(t, h)
	to := someone()

	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	for i := range x.nodes {
		c := &customer{ledger: l, window: 20, to: to}
		hosts := []string{x.nodes[i].smpp, x.nodes[(i+1)%3].smpp, x.nodes[(i+2)%3].smpp}
		bound.Go(func() { c.run(load, stay, hosts...) })
	}
	for range 2 {
		senders.Go(func() { poster(load, x.nodes, l, to, h.URL) })
	}
	written := 0
	senders.Go(func() { written = writeFromPhones(load, t, x.sim) })
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()

	accepting := func(when string) {
		before, _ := l.counts()
		eventually(t, "messages are accepted "+when, func() bool { n, _ := l.counts(); return n > before+50 })
	}
	for i := range x.faults {
		accepting(fmt.Sprintf("before fault %d", i))
		pause := time.NewTimer(x.gap + time.Duration(random.IntN(1000))*time.Millisecond)
		<-pause.C
		x.fault(i, random)
	}
	accepting("after the last fault")
	stopLoad()
	senders.Wait()
	defer func() {
		if t.Failed() {
			l.explain(t, x.nodes[0], x.sim)
		}
	}()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool {
		_, open := l.counts()
		return open == 0
	})
	compareSent(t, x.nodes[0], x.sim, l, x.twice)
	compareInbound(t, x.nodes[0], written)
}

// again starts a server that was ended, and waits until it serves.
func (x *clusterExperiment) again(t *testing.T, s *server) {
	judge(t, s.proc.name, s.proc.out.String())
	s.launch()
	s.proc.out.wait(t, "kurir starts")
}

// TestClusterKill kills a random server with SIGKILL again and again, and starts it again.
func TestClusterKill(t *testing.T) {
	n := max(1, *kills/8)
	x := clusterExperiment{faults: n, twice: n * clusterSessions * 2 * clusterWindow, gap: 2 * time.Second}
	x.fault = func(_ int, random *rand.Rand) {
		s := x.nodes[random.IntN(len(x.nodes))]
		s.proc.kill()
		x.again(t, s)
	}
	x.run(t)
}

// TestClusterRolls stops one server after the other under load, in good order, and starts it again: nothing is sent twice.
func TestClusterRolls(t *testing.T) {
	x := clusterExperiment{faults: 3, gap: time.Second}
	x.fault = func(i int, _ *rand.Rand) {
		s := x.nodes[i]
		s.proc.stop()
		x.again(t, s)
	}
	x.run(t)
}

// TestClusterPauses stops the process of a server for longer than its leases last, and lets it go on: it ends, and is started again.
func TestClusterPauses(t *testing.T) {
	x := clusterExperiment{faults: 1, twice: clusterSessions * 2 * clusterWindow, gap: time.Second}
	x.fault = func(int, *rand.Rand) {
		s := x.nodes[1]
		s.proc.signal(syscall.SIGSTOP)
		rest := time.NewTimer(9 * time.Second)
		<-rest.C
		s.proc.signal(syscall.SIGCONT)
		s.proc.ended()
		s.launch()
		s.proc.out.wait(t, "kurir starts")
	}
	x.run(t)
}

// TestClusterBegins starts servers at the same instant on an empty database: all of them come up, and a message arrives once.
func TestClusterBegins(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	database := pgtest.Shared(t).Database(t)
	var nodes []*server
	for _, name := range []string{"a", "b", "c"} {
		nodes = append(nodes, prepareServer(t, sim, serverOptions{more: fmt.Sprintf("database: %s\nnode: %s", database, name)}))
	}
	for _, s := range nodes {
		s.launch()
	}
	for _, s := range nodes {
		s.proc.out.wait(t, "kurir starts")
	}
	linked(t, sim)
	l := newLedger()
	for i := range 60 {
		ref := l.next("n")
		if status, body := nodes[i%3].post(`{"to":"+46701000001","text":"` + ref + " " + textMark + `"}`); status != http.StatusAccepted {
			t.Fatalf("%d %s", status, body)
		}
		l.accept(ref, ref)
	}
	eventually(t, "all messages arrive once", func() bool {
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
