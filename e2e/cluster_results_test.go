package e2e

import (
	"bufio"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
)

// results are what an experiment has counted: one row of the table that `make experiments` prints.
type results struct {
	name      string
	faults    int
	accepted  int
	lost      int // accepted, and the operator never had it
	open      int // without a final state
	twice     int // arrivals beyond the first
	uncertain int // of them, marked so
	atOnce    int // pairs of sessions of one lease that sent at the same time
	receipts  int // accepted, and the customer never had a final receipt
	below     int // looks at a prepaid balance below zero
	pause     time.Duration
	wait      time.Duration // the longest from a message's acceptance to its final state
}

// log writes the row; tools/experiments looks for it.
func (r *results) log(t *testing.T) {
	t.Helper()
	t.Logf("result: | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %.1f s | %.1f s |",
		r.name, r.faults, r.accepted, r.lost, r.open, r.twice, r.uncertain, r.atOnce, r.receipts, r.below, r.pause.Seconds(), r.wait.Seconds())
}

// judge waits until all is over, counts, and fails the test where anything is that may not be.
func (x *clusterExperiment) judge(t *testing.T) {
	t.Helper()
	r := results{name: x.name, faults: x.made, pause: x.ledger.longest()}
	deadline := time.Now().Add(3 * patience)
	for _, open := x.ledger.counts(); open > 0 && time.Now().Before(deadline) && !x.lossy; _, open = x.ledger.counts() {
		keep(50 * time.Millisecond)
	}
	r.below = x.payer.settle(x.lossy)
	r.accepted, r.receipts = x.ledger.counts()
	listed := x.listed(t)
	usual, slowest := time.Duration(0), listedMessage{}
	for ref, m := range listed {
		if took, over := m.took(t); x.firstFault.After(over) {
			usual = max(usual, took)
		} else if took > r.wait {
			r.wait, slowest = took, m
		}
		if !final[m.State] {
			if r.open++; r.open <= 5 && !x.lossy {
				t.Errorf("%s, message %s, is %s", ref, m.ID, m.State)
			}
		}
	}
	for _, ref := range x.ledger.acceptedOnes() {
		if _, ok := listed[ref]; !ok {
			x.gone++
		}
	}
	c, err := x.sim.Compare(x.ledger.references())
	if err != nil {
		t.Fatal(err)
	}
	r.lost, r.twice = int(c.Missing), int(c.Repeats)
	r.uncertain = r.twice - x.unmarked(t, listed)
	r.atOnce = x.atOnce(t)
	r.log(t)
	x.results = r
	x.ledger.mu.Lock()
	t.Logf("%d offered, %d unanswered to the customer, receipts twice %d, refused %v, seen at the operator %d", x.ledger.sent, c.Unannounced, x.ledger.repeatedLocked(), x.ledger.refused, c.Distinct)
	for cause := range x.ledger.refused {
		if x.polite == nil || x.polite[cause] || cause == "402" {
			continue
		}
		// What was on its way to the disk when the database went has no answer until it is back, which may be too long for a customer.
		if n := x.ledger.refused[cause]; cause != "no answer" || int64(n) > c.Unannounced {
			t.Errorf("%d messages were answered %q", n, cause)
		}
	}
	x.ledger.mu.Unlock()
	t.Logf("before the first fault a message took %v at most, and %v afterwards", usual, r.wait)
	if *lasting > 0 && x.waits > 0 && r.wait > usual+x.waits { // a build has other things to do at the same time
		text, _ := slowest.by.trace(slowest.ID)
		t.Errorf("an accepted message waited for %v, at most %v and the usual %v are allowed: %s", r.wait, x.waits, usual, text)
	}
	if r.below > 0 || r.atOnce > 0 {
		t.Errorf("%d looks at the balance below zero, %d pairs of sessions at once", r.below, r.atOnce)
	}
	if x.lossy {
		return
	}
	compareInbound(t, x.nodes[0], x.written)
	if r.open > 0 || x.gone > 0 {
		t.Errorf("%d messages are not final, %d are not in the list", r.open, x.gone)
	}
	if r.lost > 0 || r.receipts > 0 || r.uncertain < r.twice || r.twice > x.twice*x.made {
		t.Errorf("%d lost %q, %d receipts lost, %d sent twice (at most %d), and %d of them are marked", r.lost, c.Examples, r.receipts, r.twice, x.twice*x.made, r.uncertain)
		x.ledger.explain(t, x.nodes[0], x.sim)
	}
}

// listedMessage is a message in the list, and who may see it.
type listedMessage struct {
	viewed
	by *rest
}

// took is how long the message was on its way, and when that was over; 0 if it has no final state.
func (m *listedMessage) took(t *testing.T) (took time.Duration, over time.Time) {
	t.Helper()
	if m.Final == "" {
		return 0, over
	}
	from, err := time.Parse(time.RFC3339Nano, m.Created)
	if err == nil {
		over, err = time.Parse(time.RFC3339Nano, m.Final)
	}
	if err != nil {
		t.Errorf("message %s: %v", m.ID, err)
	}
	return over.Sub(from), over
}

// listed reads what both accounts have sent, by reference, when all of it is final, or some time has gone.
func (x *clusterExperiment) listed(t *testing.T) (list map[string]listedMessage) {
	t.Helper()
	ward := *x.nodes[0].rest
	ward.key = wardKey
	for deadline := time.Now().Add(patience); ; keep(200 * time.Millisecond) {
		list = map[string]listedMessage{}
		open := 0
		for _, by := range []*rest{x.nodes[0].rest, &ward} {
			by.pages(url.Values{"limit": {"1000"}}, func(v viewed) {
				ref, _, _ := strings.Cut(v.Text, " ")
				list[ref] = listedMessage{v, by}
				if !final[v.State] {
					open++
				}
			})
		}
		if open == 0 || time.Now().After(deadline) {
			return list
		}
	}
}

// unmarked counts messages that were sent twice and whose trace does not say that they may have been.
func (x *clusterExperiment) unmarked(t *testing.T, listed map[string]listedMessage) (n int) {
	t.Helper()
	x.ledger.mu.Lock()
	var offered []string
	for ref := range x.ledger.offered {
		offered = append(offered, ref)
	}
	x.ledger.mu.Unlock()
	for part := range slices.Chunk(offered, 100) { // no more than Compare names
		c, err := x.sim.Compare(strings.NewReader(strings.Join(part, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range c.Twice {
			m, ok := listed[ref]
			if !ok {
				t.Errorf("%s was sent twice and is not in the list", ref)
				n++
				continue
			}
			text, _ := m.by.trace(m.ID)
			if strings.Contains(text, `"uncertain"`) {
				continue
			}
			if n++; !x.lossy {
				t.Errorf("%s was sent twice and its trace does not say uncertain: %s", ref, text)
			}
		}
	}
	return n
}

// boundAs is the line by which a server says under which lease it has opened a session, and from which address.
var boundAs = regexp.MustCompile(`msg="session bound" .* from=(\S+) lease=(\S+) term=(\d+)`)

// tenancyOf is the lease and its term under which a session was opened.
type tenancyOf struct {
	lease string
	term  int
}

// atOnce counts, of the sessions of each lease, those pairs that sent during one another's time: no two may, of different servers
// because one of them had no right to, of one server because it would hold the lease for two.
func (x *clusterExperiment) atOnce(t *testing.T) (n int) {
	t.Helper()
	if x.binary != "" {
		return 0 // an older program, which does not say under which lease it has opened a session
	}
	under, again := map[string]tenancyOf{}, map[string]bool{}
	logs := slices.Clone(x.logs)
	for _, s := range x.nodes {
		logs = append(logs, s.proc.out.String())
	}
	for _, text := range logs {
		for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
			if m := boundAs.FindStringSubmatch(lines.Text()); m != nil {
				term, _ := strconv.Atoi(m[3])
				_, again[m[1]] = under[m[1]]
				under[m[1]] = tenancyOf{m[2], term}
			}
		}
	}
	type used struct {
		tenancyOf
		simulator.Submitter
	}
	byLease := map[string][]used{}
	for _, s := range x.sim.Submitters() {
		at, ok := under[s.Peer]
		if !ok {
			t.Errorf("the operator had %d messages on a session from %s, which no server says that it has opened under a lease", s.Messages, s.Peer)
		}
		if !again[s.Peer] { // else a port was used anew, and it is not known which of the two this is
			byLease[at.lease] = append(byLease[at.lease], used{at, s})
		}
	}
	sessions := 0
	for lease, list := range byLease {
		slices.SortFunc(list, func(a, b used) int { return a.First.Compare(b.First) })
		sessions += len(list)
		for i := 1; i < len(list); i++ {
			if a, b := list[i-1], list[i]; !a.Last.Before(b.First) {
				n++
				t.Errorf("%s: the session from %s of term %d sent until %v, that from %s of term %d from %v on", lease, a.Peer, a.term, a.Last, b.Peer, b.term, b.First)
			}
		}
	}
	t.Logf("%d sessions of %d leases sent", sessions, len(byLease))
	if len(byLease) != clusterSessions {
		t.Errorf("%d leases were used, want %d", len(byLease), clusterSessions)
	}
	return n
}
