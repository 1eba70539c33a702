package e2e

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kurir/e2e/netns"
	"kurir/pgtest"
	"kurir/simulator"
)

var lasting = flag.Duration("lasting", 0, "the long form of the fault experiments with three servers: how long the longest makes faults, and the others by it; 0: the short form")

// clusterExperiment is three servers on one PostgreSQL under load over SMPP and HTTP and from phones, one account of which pays
// beforehand, with faults at random moments. Its customers know all servers and go to the next when one does not serve them.
type clusterExperiment struct {
	name   string // in the table of results
	faults int    // how many in the short form
	fault  func(i int, random *rand.Rand)
	share  float64       // of -lasting, for the long form; 0: as many faults as in the short form
	every  time.Duration // a fault in the long form
	gap    time.Duration // between faults in the short form, at least
	twice  int           // how many messages may be sent twice by each fault at most, each marked
	lossy  bool          // the database may lose what it has confirmed; the test says how much
	limit  time.Duration // after which customers go to the next server
	waits  time.Duration // how much longer than before the first fault a message may take; 0: any time
	link   string        // further settings of the link

	database *pgtest.Server  // started if nil
	address  string          // of the database; made if empty
	network  *netns.Network  // nil: all on this machine
	binary   string          // of the servers; plainBinary if empty
	binaries []string        // of the servers, if they are not all the same
	polite   map[string]bool // how messages may be refused; nil: anyhow

	nodes      []*server
	operator   *netns.Host // nil: this machine
	sim        *simulator.Simulator
	ledger     *ledger
	payer      *payer
	written    int // texts from phones
	made       int // faults
	firstFault time.Time
	logs       []string // of processes that have ended
	results    results
	gone       int // accepted, and not in the database
}

const clusterSessions, clusterWindow = 3, 20 // of the link, in the whole cluster

// run makes the faults under load, and judges what came of it.
func (x *clusterExperiment) run(t *testing.T) {
	random := faults(t)
	h := x.start(t)
	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	to := someone()
	for i := range x.nodes {
		c := &customer{ledger: x.ledger, window: 20, to: to, pace: 10 * time.Millisecond, limit: x.limit, dial: x.dial}
		bound.Go(func() { c.run(load, stay, x.nodes[i].smpp, x.nodes[(i+1)%3].smpp, x.nodes[(i+2)%3].smpp) })
	}
	p := poster{servers: x.nodes, ledger: x.ledger, to: to, dlr: h.URL, pace: 5 * time.Millisecond, limit: cmp.Or(x.limit, time.Minute)}
	for range 2 {
		senders.Go(func() { p.run(load) })
	}
	paid := p
	paid.key, paid.pace = wardKey, 20*time.Millisecond
	senders.Go(func() { paid.run(load) })
	senders.Go(func() { x.payer.watch(load) })
	senders.Go(func() { x.written = writeFromPhones(load, t, x.sim) })
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()

	began := time.Now()
	for x.made = 0; x.goesOn(began); x.made++ {
		x.accepting(t, fmt.Sprintf("before fault %d", x.made))
		pause := x.gap
		if *lasting > 0 {
			pause = time.Until(began.Add(time.Duration(x.made) * x.every))
		}
		timer := time.NewTimer(pause + time.Duration(random.IntN(1000))*time.Millisecond)
		<-timer.C
		if x.made == 0 {
			x.firstFault = time.Now()
		}
		x.fault(x.made, random)
	}
	x.accepting(t, "after the last fault")
	x.ledger.endPauses()
	stopLoad()
	senders.Wait()
	x.judge(t)
}

// start starts operator, database, customers' server and nodes.
func (x *clusterExperiment) start(t *testing.T) *hook {
	where := func(string) *netns.Host { return nil }
	if x.network != nil {
		where = func(name string) *netns.Host { return x.network.Host(t, name) }
	}
	x.operator = where("operator")
	x.sim = startSimulatorOn(t, x.operator, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(2 * time.Millisecond), Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})
	if x.database == nil {
		x.database = pgtest.Start(t)
	}
	if x.address == "" {
		x.address = x.database.Database(t)
	}
	h := startHookOn(t, where("customers"))
	prices := filepath.Join(t.TempDir(), "prices.csv")
	if err := os.WriteFile(prices, []byte("destination,price\n46,0.35\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "b", "c"} {
		opt := serverOptions{
			binary: cmp.Or(x.binary, plainBinary(t)), on: where(name),
			link: fmt.Sprintf(", sessions: %d, window: %d, lookahead: %d%s", clusterSessions, clusterWindow, clusterWindow, x.link),
			more: fmt.Sprintf("database: %s\nnode: %s\nwebhooks: {allow: [127.0.0.0/8, 10.66.0.0/24]}\nprices: [{name: standard, currency: EUR, file: %q}]", x.address, name, prices),
			accounts: []string{
				fmt.Sprintf("{name: root, api_keys: [%s], admin: true}", adminKey),
				fmt.Sprintf("{name: ward, api_keys: [%s], senders: ['*'], sender: WARD, prices: standard, balance: {charge: delivered}, webhook_secret: %s}", wardKey, hookSecret),
			},
		}
		if x.binaries != nil {
			opt.binary = x.binaries[i]
		}
		x.nodes = append(x.nodes, prepareServer(t, x.sim, opt))
	}
	for _, s := range x.nodes {
		s.launch()
	}
	for _, s := range x.nodes {
		x.serves(t, s)
	}
	linked(t, x.sim)
	x.payer = newPayer(t, x.nodes)
	x.ledger = newLedger()
	x.ledger.book(t, h)
	return h
}

// goesOn tells whether another fault is to be made.
func (x *clusterExperiment) goesOn(began time.Time) bool {
	if *lasting > 0 && x.share > 0 {
		return time.Since(began) < time.Duration(float64(*lasting)*x.share)
	}
	return x.made < x.faults
}

// accepting waits until messages are accepted.
func (x *clusterExperiment) accepting(t *testing.T, when string) {
	t.Helper()
	before, _ := x.ledger.counts()
	within(t, 3*patience, "messages are accepted "+when, func() bool { n, _ := x.ledger.counts(); return n > before+50 })
}

// dial connects a customer with a server on whatever network that is.
func (x *clusterExperiment) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	for _, s := range x.nodes {
		if s.smpp == addr && s.on != nil {
			return s.on.DialContext(ctx, network, addr)
		}
	}
	return new(net.Dialer).DialContext(ctx, network, addr)
}

// again starts a server that was ended, and waits until it serves.
func (x *clusterExperiment) again(t *testing.T, s *server) {
	judge(t, s.proc.name, s.proc.out.String())
	x.logs = append(x.logs, s.proc.out.String())
	s.launch()
	x.serves(t, s)
}

// serves waits until a server has started, which on a machine that is busy with other experiments takes a while.
func (x *clusterExperiment) serves(t *testing.T, s *server) {
	t.Helper()
	within(t, 3*patience, "the server starts", func() bool {
		if !s.proc.running() {
			t.Fatalf("the server ended:\n%s", tail(s.proc.out.String(), 4000))
		}
		return strings.Contains(s.proc.out.String(), `msg="kurir starts"`)
	})
}

// againIfEnded waits until a server is ready, or has ended by itself, when it is started again as systemd does it.
func (x *clusterExperiment) againIfEnded(t *testing.T, s *server) (ended bool) {
	within(t, 3*patience, "the server is ready, or ends", func() bool {
		if !s.proc.running() {
			ended = true
			return true
		}
		status, _ := s.get("/readyz")
		return status == http.StatusOK
	})
	if ended {
		x.again(t, s)
	}
	return ended
}

// onlyLong leaves out what neither -lasting nor KURIR_LONG=1 asks for: all together take longer than a build may.
func onlyLong(t *testing.T) {
	t.Helper()
	if *lasting == 0 && !long() {
		t.Skip("all together take longer than a build may; KURIR_LONG=1 runs it")
	}
}

// TestClusterKill kills a random server with SIGKILL again and again, and starts it again.
func TestClusterKill(t *testing.T) {
	t.Parallel()
	x := clusterExperiment{
		name: "1 a random server is killed", faults: max(1, *kills/8), gap: 2 * time.Second, limit: 3 * time.Second,
		share: 1, every: 10 * time.Second, twice: clusterSessions * 2 * clusterWindow,
	}
	x.fault = func(_ int, random *rand.Rand) {
		s := x.nodes[random.IntN(len(x.nodes))]
		s.proc.kill()
		x.again(t, s)
	}
	x.run(t)
}

// TestClusterRolls stops one server after the other under load, in good order, and starts it again: nothing is sent twice.
func TestClusterRolls(t *testing.T) {
	t.Parallel()
	x := clusterExperiment{name: "6 all are restarted in turn", faults: 3, gap: time.Second, limit: 3 * time.Second, waits: 2 * time.Second, share: .2, every: 10 * time.Second}
	x.fault = func(i int, _ *rand.Rand) {
		s := x.nodes[i%3]
		s.proc.stop()
		x.again(t, s)
	}
	x.run(t)
}

// TestClusterPauses stops the process of a server for longer than its leases last, and lets it go on: it ends, and is started again.
func TestClusterPauses(t *testing.T) {
	t.Parallel()
	x := clusterExperiment{
		name: "2 a server is stopped for 9 s", faults: 1, gap: time.Second, limit: 3 * time.Second,
		share: .3, every: 20 * time.Second, twice: clusterSessions * 2 * clusterWindow,
	}
	x.fault = func(int, *rand.Rand) {
		s := x.nodes[1]
		s.proc.signal(syscall.SIGSTOP)
		keep(9 * time.Second)
		s.proc.signal(syscall.SIGCONT)
		s.proc.ended()
		x.again(t, s)
	}
	x.run(t)
}

// keep lets time pass in which the experiment stays as it is.
func keep(d time.Duration) { <-time.After(d) }

// TestClusterBegins starts servers at the same instant on an empty database: all of them come up, and a message arrives once.
func TestClusterBegins(t *testing.T) {
	t.Parallel()
	times := 1
	if *lasting > 0 {
		times = 10
	}
	for range times {
		t.Run("", beginTogether)
	}
}

func beginTogether(t *testing.T) {
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
	states := map[string]string{}
	eventually(t, "all messages are final", func() bool {
		clear(states)
		nodes[0].pages(url.Values{"limit": {"1000"}}, func(v viewed) {
			if final[v.State] {
				states[v.ID] = v.State
			}
		})
		return len(states) == 60
	})
	r := results{name: "8 all begin at once", faults: 1, accepted: 60, pause: l.longest()}
	r.log(t)
}
