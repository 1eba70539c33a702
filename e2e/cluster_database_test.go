package e2e

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/smpp"
)

// temporary are the refusals by which a customer knows that he may try again, in each interface's own words.
var temporary = map[string]bool{"503": true, smpp.ESME_RMSGQFUL.String(): true, smpp.ESME_RTHROTTLED.String(): true}

// TestClusterDatabase: the database of three servers restarts, and is away for longer than leases last. All refuse politely, keep
// their customers and their sessions with the operator, and go on by themselves; nothing is sent twice.
func TestClusterDatabase(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	away := 8 * time.Second
	polite := maps.Clone(temporary)
	if *lasting > 0 {
		away = *lasting      // as it is in the issue: for ten minutes
		polite["504"] = true // what was being written when the database went: nobody can say what became of it
	}
	x := clusterExperiment{name: "4 the database restarts, and is away", faults: 3, gap: 500 * time.Millisecond, polite: polite, database: pgtest.Start(t)}
	binds := int64(0)
	x.fault = func(i int, _ *rand.Rand) {
		switch i {
		case 0:
			binds = x.sim.Stats().Binds
			x.database.Restart(t, pgtest.Immediate)
		case 1:
			x.database.Restart(t, pgtest.Fast)
		case 2:
			x.database.Stop(t, pgtest.Immediate)
			keep(away)
			x.database.Start(t)
		}
	}
	x.run(t)
	// A server that gets no answer at all, as from one that starts on a machine that has no time for it, cannot know that others do
	// not either, and gives its sessions up. It says so.
	unsure := 0
	for _, s := range x.nodes {
		for _, says := range []string{"sessions_stay=false", "or the database has not answered for too long"} {
			unsure += strings.Count(s.proc.out.String(), says)
		}
	}
	if now := x.sim.Stats().Binds; now != binds && unsure == 0 {
		t.Errorf("the operator saw %d binds while the database was away", now-binds)
	}
}

// TestClusterFailover: the primary is killed under load and its synchronous standby takes over: nothing that was accepted is lost,
// and nothing is sent twice, for all servers live on and know what they have sent.
func TestClusterFailover(t *testing.T) {
	t.Parallel()
	primary := pgtest.Start(t)
	url := primary.Database(t)
	standby := primary.Standby(t, pgtest.Synchronous)
	x := clusterExperiment{
		name: "4 synchronous standby is promoted", faults: 1, gap: time.Second, polite: temporary,
		database: primary, address: primary.URL(pgtest.DatabaseOf(url), standby),
	}
	x.fault = func(int, *rand.Rand) {
		primary.Kill(t)
		standby.Promote(t)
	}
	x.run(t)
}

// lostCommits is the line with which a server ends when the database is older than what it has confirmed.
var lostCommits = regexp.MustCompile(`the database is at batch (\d+) and was at (\d+): it has lost`)

// TestClusterFailoverLoses: a standby that is not synchronous, and a moment behind, takes over. What was accepted in that moment is
// lost, and nothing else: servers whose commits are gone say so, end, and go on with what is there when they are started again.
func TestClusterFailoverLoses(t *testing.T) {
	onlyLong(t)
	t.Parallel()
	primary := pgtest.Start(t)
	url := primary.Database(t)
	standby := primary.Standby(t, pgtest.Asynchronous)
	x := clusterExperiment{
		name: "4 asynchronous standby is promoted", faults: 1, gap: time.Second, lossy: true, limit: 3 * time.Second,
		database: primary, address: primary.URL(pgtest.DatabaseOf(url), standby),
	}
	var before, after, seen int // accepted and at the operator, around the moment
	ended, commits := 0, 0
	x.fault = func(int, *rand.Rand) {
		x.ledger.mu.Lock()
		before, seen = len(x.ledger.accepted), int(x.sim.Stats().Accepted)
		x.ledger.mu.Unlock()
		standby.Stop(t, pgtest.Immediate)
		x.accepting(t, "that the standby does not have")
		primary.Kill(t)
		after, _ = x.ledger.counts()
		seen = int(x.sim.Stats().Accepted) - seen
		standby.Start(t)
		standby.Promote(t)
		for _, s := range x.nodes {
			if old := s.proc; x.againIfEnded(t, s) {
				ended++
				m := lostCommits.FindStringSubmatch(old.out.String())
				if m == nil {
					t.Errorf("a server ended and does not say that commits are lost:\n%s", tail(old.out.String(), 2000))
					continue
				}
				is, _ := strconv.Atoi(m[1])
				was, _ := strconv.Atoi(m[2])
				commits += was - is
			}
		}
	}
	x.run(t)
	t.Logf("%d servers ended and said that %d commits were lost; of %d messages that were accepted meanwhile %d are gone; %d were sent meanwhile", ended, commits, after-before, x.gone, seen)
	if ended == 0 || commits == 0 {
		t.Error("no server says that the database has lost anything")
	}
	// Lost are what was accepted in the moment, and, of what was accepted before, receipts that came in it.
	under := clusterSessions*2*clusterWindow + 2*seen
	if r := x.results; x.gone > after-before || r.lost > x.gone || r.receipts > x.gone+under || r.open > under || r.twice > under {
		t.Errorf("%d are not in the database, %d were not sent, %d without a receipt, %d not final, %d sent twice, while %d were accepted and %d sent in that moment",
			x.gone, r.lost, r.receipts, r.open, r.twice, after-before, seen)
	}
}
