package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/simulator"
	"kurir/smpp"
)

// TestPostgresKillUnderLoad is TestKillUnderLoad on PostgreSQL: what was accepted stands there, and is gone on with.
func TestPostgresKillUnderLoad(t *testing.T) {
	onlyLong(t) // TestClusterKill does it with three
	server := pgtest.Start(t)
	n := max(1, *kills/4)
	x := loadExperiment{more: "database: " + server.Database(t), faults: n, twice: n * loadSessions * 2 * loadWindow}
	x.fault = func(i int) { x.killAndStart(t, i) }
	x.run(t)
}

// TestPostgresFaults: the database restarts, is killed, and is out of reach for a moment, again and again under load. Nobody is
// told anything that is not so: nothing is lost, and nothing is sent twice, for the program lives on and knows what it has sent.
func TestPostgresFaults(t *testing.T) {
	server := pgtest.Start(t)
	proxy := pgtest.StartProxy(t, server.Address())
	x := loadExperiment{more: "database: " + proxy.URL(t, server.Database(t)), faults: 4}
	if long() {
		x.faults = 20
	}
	x.fault = func(i int) {
		switch i % 4 {
		case 0:
			server.Restart(t, pgtest.Fast)
		case 1:
			server.Kill(t)
			server.Start(t)
		case 2:
			proxy.Close()
			proxy.Heal(t)
		case 3:
			server.Restart(t, pgtest.Immediate)
		}
	}
	x.run(t)
}

// TestPostgresFailover: the primary is killed under load and its synchronous standby takes over: nothing that was accepted is lost.
func TestPostgresFailover(t *testing.T) {
	onlyLong(t) // TestClusterFailover does it with three
	primary := pgtest.Start(t)
	database := primary.Database(t)
	standby := primary.Standby(t, pgtest.Synchronous)
	x := loadExperiment{more: "database: " + primary.URL(pgtest.DatabaseOf(database), standby), faults: 1}
	x.fault = func(int) {
		primary.Kill(t)
		standby.Promote(t)
	}
	x.run(t)
}

// TestPostgresAway: while the database is away every interface refuses politely, the sessions of links stay, and when it is
// back everything goes on by itself.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t, pgtest.NoSync)
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{more: "database: " + server.Database(t)})
	linked(t, sim)
	l := newLedger()
	e := bindTo(t, s.smpp, smpp.Transceiver)
	submit := func(to string) smpp.Status {
		ref := l.next("s")
		status, id := e.submit(shortText(to, ref+" "+textMark))
		if status == smpp.ESME_ROK {
			l.accept(id, ref)
		}
		return status
	}
	for _, number := range append(phones(20, "1"), phones(10, "99504")...) { // the latter's receipts come after 10 s
		if status := submit(number); status != smpp.ESME_ROK {
			t.Fatalf("a message was answered %v", status)
		}
	}
	if status, text := s.get("/readyz"); status != http.StatusOK || !strings.Contains(text, "lost when") {
		t.Errorf("/readyz: %d %q does not say what can be lost", status, text)
	}
	server.Stop(t, pgtest.Immediate)
	quiet := time.NewTimer(2 * time.Second) // what is under way in this very moment has no answer before it is known whether it is on disk
	defer quiet.Stop()
	<-quiet.C
	if status := submit("46701000002"); status != smpp.ESME_RMSGQFUL {
		t.Errorf("SMPP answers %v while the database is away", status)
	}
	if status, body := s.post(`{"to":"+46701000003","text":"away ` + textMark + `"}`); status != http.StatusServiceUnavailable {
		t.Errorf("REST: %d %s, want 503", status, body)
	}
	if status, text := s.sendsms(url.Values{"to": {"+46701000004"}, "text": {"away " + textMark}}); status != http.StatusServiceUnavailable || text != "Temporal failure, try again later." {
		t.Errorf("Kannel: %d %q, want 503", status, text)
	}
	if status, text := s.get("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "does not answer") {
		t.Errorf("/readyz: %d %q", status, text)
	}
	if status, text := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d %q: the process lives", status, text)
	}
	binds := sim.Stats().Binds
	gone := time.NewTimer(5 * time.Second)
	defer gone.Stop()
	<-gone.C
	if now := sim.Stats().Binds; now != binds {
		t.Errorf("the link bound %d times while the database was away", now-binds)
	}
	server.Start(t)
	eventually(t, "messages are accepted again", func() bool { return submit("46701000006") == smpp.ESME_ROK })
	for _, open := l.counts(); open > 0; _, open = l.counts() {
		d := receive(t, "receipts of all that were accepted", e.delivered)
		if r, ok := smpp.ReceiptFrom(&d); ok && smpp.IsReceipt(d.ESMClass) {
			l.receipt(r.ID)
		}
	}
	c, err := sim.Compare(l.references())
	if err != nil {
		t.Fatal(err)
	}
	if c.Missing+c.Repeats+c.Unannounced > 0 {
		t.Errorf("%d lost %q, %d sent again %q, %d refused ones sent", c.Missing, c.Examples, c.Repeats, c.Twice, c.Unannounced)
	}
	if now := sim.Stats().Binds; now != binds {
		t.Errorf("the link bound %d times when the database was back", now-binds)
	}
}
