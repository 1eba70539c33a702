package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/store"
)

// TestNodesSQLite and TestNodesPostgres are the conformance of the tables of
// nodes and leases.
func TestNodesSQLite(t *testing.T) {
	t.Parallel()
	testNodes(t, func(t *testing.T) *store.NodeTable {
		t.Helper()
		s, err := store.Open(context.Background(), store.Options{Path: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s.NodeTable()
	})
}

func TestNodesPostgres(t *testing.T) {
	t.Parallel()
	pgtest.Shared(t)
	testNodes(t, func(t *testing.T) *store.NodeTable { return postgresNodes(t, pgtest.Shared(t).Database(t)) })
}

// TestBuryWaitsForRenewal has a renewal under way that the database takes long to
// commit: who would bury the node waits for it and sees that the node lives. With
// SQLite there is one connection that writes.
func TestBuryWaitsForRenewal(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	table := postgresNodes(t, url)
	a := register(t, table, "a")
	pgtest.Exec(t, url, "UPDATE node SET renewed = 0") // long ago
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		pgtest.Exec(t, url, `BEGIN; UPDATE node SET beat = beat + 1, renewed = renewed + 1;
DO $$ BEGIN FOR i IN 1..3000 LOOP
  PERFORM pg_sleep(0.01), pg_stat_clear_snapshot();
  EXIT WHEN EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database());
END LOOP; END $$; COMMIT`) // until somebody waits for it
	}()
	for under := false; !under; {
		under = len(pgtest.Exec(t, url, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")) > 0
	}
	dead, err := table.BuryNode(t.Context(), store.Burial{Number: a.Number, Term: a.Term, Beat: a.Beat, Length: 5 * time.Second})
	if dead || err != nil {
		t.Errorf("buried: %v, %v", dead, err)
	}
	<-renewed
	dead, err = table.BuryNode(t.Context(), store.Burial{Number: a.Number, Term: a.Term, Beat: a.Beat + 1, Length: 5 * time.Second})
	if !dead || err != nil { // but for that renewal it is dead: the test tests something
		t.Errorf("not buried: %v, %v", dead, err)
	}
}

// TestNodesWithoutDatabase says of a server that is down that it is down, and of
// one that does not answer that it is not known.
func TestNodesWithoutDatabase(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	table := postgresNodes(t, server.Database(t))
	a := register(t, table, "a")
	server.Stop(t, pgtest.Immediate)
	var err error
	for range 4 { // connections that there were say nothing
		_, err = table.RenewNode(t.Context(), a.Number, a.Term, "")
	}
	if err == nil || !store.DatabaseDown(err) {
		t.Errorf("a server that is down: %v", err)
	}
	server.Start(t)
	if ok, err := table.RenewNode(t.Context(), a.Number, a.Term, ""); !ok || err != nil {
		t.Errorf("it is back: %v, %v", ok, err)
	}
	server.Pause(t)
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err = table.RenewNode(short, a.Number, a.Term, ""); err == nil || store.DatabaseDown(err) {
		t.Errorf("a server that does not answer: %v", err)
	}
	server.Continue(t)
}

func postgresNodes(t *testing.T, url string) *store.NodeTable {
	t.Helper()
	table, err := store.OpenNodeTable(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

func testNodes(t *testing.T, open func(*testing.T) *store.NodeTable) {
	for name, test := range map[string]func(*testing.T, *store.NodeTable){
		"register":     testRegisterNode,
		"at once":      testRegisterAtOnce,
		"full":         testNodesFull,
		"renew":        testRenewNode,
		"bury":         testBuryNode,
		"leases":       testLeases,
		"lease anew":   testLeaseAnew,
		"take at once": testTakeAtOnce,
		"rates":        testRates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// register begins a term of a name, which must be free.
func register(t *testing.T, table *store.NodeTable, name string) store.Node {
	t.Helper()
	n, ok, err := table.RegisterNode(t.Context(), name, "of "+name)
	if err != nil || !ok {
		t.Fatalf("register %s: %v, %v", name, ok, err)
	}
	return n
}

func nodesOf(t *testing.T, table *store.NodeTable) store.Nodes {
	t.Helper()
	list, err := table.Nodes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// testRegisterNode gives each name a number for good, and a term to each process.
func testRegisterNode(t *testing.T, table *store.NodeTable) {
	a, b := register(t, table, "a"), register(t, table, "b")
	if a.Number != 0 || b.Number != 1 || a.Term != 1 {
		t.Errorf("registered %+v, %+v", a, b)
	}
	if _, ok, err := table.RegisterNode(t.Context(), "a", ""); ok || err != nil {
		t.Errorf("a name that is live: %v, %v", ok, err)
	}
	if err := table.ResignNode(t.Context(), a.Number, a.Term); err != nil {
		t.Fatal(err)
	}
	again := register(t, table, "a")
	if again.Number != 0 || again.Term != a.Term+2 {
		t.Errorf("registered again %+v", again)
	}
	list := nodesOf(t, table)
	if len(list.Nodes) != 2 || list.Nodes[0].Name != "a" || list.Nodes[0].About != "of a" || !list.Nodes[0].Live || list.Nodes[0].Term != again.Term {
		t.Errorf("nodes are %+v", list.Nodes)
	}
	if since := list.Now.Sub(list.Nodes[1].Renewed); since < 0 || since > time.Minute {
		t.Errorf("the database's clock says %v after %v", list.Now, list.Nodes[1].Renewed)
	}
}

// testRegisterAtOnce registers many names at the same instant: numbers differ.
func testRegisterAtOnce(t *testing.T, table *store.NodeTable) {
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for {
				_, ok, err := table.RegisterNode(t.Context(), fmt.Sprint("n", i), "")
				if err != nil {
					t.Error(err)
				}
				if ok || err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	list := nodesOf(t, table)
	if len(list.Nodes) != 8 || list.Nodes[7].Number != 7 {
		t.Errorf("nodes are %+v", list.Nodes)
	}
}

// testNodesFull has 64 names, and no number for the next.
func testNodesFull(t *testing.T, table *store.NodeTable) {
	for i := range store.MaxNodes {
		if n := register(t, table, fmt.Sprint("n", i)); n.Number != i {
			t.Fatalf("name %d has number %d", i, n.Number)
		}
	}
	if _, _, err := table.RegisterNode(t.Context(), "more", ""); !errors.Is(err, store.ErrNodesFull) {
		t.Errorf("the next name: %v", err)
	}
	if _, ok, err := table.RegisterNode(t.Context(), "n5", ""); ok || err != nil {
		t.Errorf("one that is live: %v, %v", ok, err)
	}
}

// testRenewNode renews in a term that goes on, and not in one that is over.
func testRenewNode(t *testing.T, table *store.NodeTable) {
	a := register(t, table, "a")
	for range 2 {
		if ok, err := table.RenewNode(t.Context(), a.Number, a.Term, "new"); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if n := nodesOf(t, table).Nodes[0]; n.Beat != 2 || n.About != "new" {
		t.Errorf("renewed twice: %+v", n)
	}
	if err := table.ResignNode(t.Context(), a.Number, a.Term); err != nil {
		t.Fatal(err)
	}
	for _, term := range []uint64{a.Term, a.Term + 1, a.Term + 2} {
		if ok, err := table.RenewNode(t.Context(), a.Number, term, ""); ok || err != nil {
			t.Errorf("renewed in term %d: %v, %v", term, ok, err)
		}
	}
}

// testBuryNode declares a node dead that has not renewed, by the database's clock
// and since a certain renewal, and nobody else.
func testBuryNode(t *testing.T, table *store.NodeTable) {
	a := register(t, table, "a")
	bury := func(beat uint64, length time.Duration) bool {
		t.Helper()
		dead, err := table.BuryNode(t.Context(), store.Burial{Number: a.Number, Term: a.Term, Beat: beat, Length: length})
		if err != nil {
			t.Fatal(err)
		}
		return dead
	}
	if bury(0, time.Hour) {
		t.Error("it has renewed within the hour")
	}
	for first := nodesOf(t, table); ; { // until the clock of the database has gone on
		if now := nodesOf(t, table); now.Now.Sub(first.Now) >= 2*time.Millisecond {
			break
		}
	}
	if ok, err := table.RenewNode(t.Context(), a.Number, a.Term, ""); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if bury(0, 0) {
		t.Error("it has renewed since")
	}
	for !bury(1, 0) { // until a millisecond has passed
		if t.Context().Err() != nil {
			t.Fatal("it is not buried")
		}
	}
	if n := nodesOf(t, table).Nodes[0]; n.Live || n.Term != a.Term+1 {
		t.Errorf("buried: %+v", n)
	}
	if bury(1, 0) {
		t.Error("buried twice")
	}
	if ok, err := table.RenewNode(t.Context(), a.Number, a.Term, ""); ok || err != nil {
		t.Errorf("the dead renews: %v, %v", ok, err)
	}
	if again := register(t, table, "a"); again.Term != a.Term+2 {
		t.Errorf("registered again %+v", again)
	}
}

// take takes a lease and returns its term, 0 if it was not to be had.
func take(t *testing.T, table *store.NodeTable, name string, last uint64, n store.Node) uint64 {
	t.Helper()
	term, err := table.TakeLease(t.Context(), name, last, n.Number, n.Term)
	if err != nil {
		t.Error(err)
	}
	return term
}

// testLeases passes a lease on: when it is given back and when its holder is dead.
func testLeases(t *testing.T, table *store.NodeTable) {
	a, b := register(t, table, "a"), register(t, table, "b")
	if term := take(t, table, "op1/1", 0, a); term != 1 {
		t.Fatalf("taken as term %d", term)
	}
	for _, last := range []uint64{0, 1, 2} {
		if term := take(t, table, "op1/1", last, b); term != 0 {
			t.Errorf("taken from a, who lives, as term %d", term)
		}
	}
	list := nodesOf(t, table)
	diff(t, "leases", []store.Lease{{Name: "op1/1", Term: 1, Node: a.Number, NodeTerm: a.Term}}, list.Leases)
	if n := list.Holder(&list.Leases[0]); n == nil || n.Name != "a" {
		t.Errorf("held by %+v", n)
	}
	for _, term := range []uint64{0, 2} {
		if err := table.ReleaseLease(t.Context(), "op1/1", term, a.Number); err != nil {
			t.Fatal(err)
		}
	}
	if term := take(t, table, "op1/1", 1, b); term != 0 {
		t.Error("given back as another term, it is free")
	}
	if err := table.ReleaseLease(t.Context(), "op1/1", 1, a.Number); err != nil {
		t.Fatal(err)
	}
	if term := take(t, table, "op1/1", 1, b); term != 2 {
		t.Errorf("given back, and taken as term %d", term)
	}
	if err := table.ResignNode(t.Context(), b.Number, b.Term); err != nil {
		t.Fatal(err)
	}
	if list := nodesOf(t, table); list.Holder(&list.Leases[0]) != nil {
		t.Error("held by who has ended")
	}
	if term := take(t, table, "op1/1", 2, b); term != 0 {
		t.Error("taken by who has ended")
	}
	if term := take(t, table, "op1/1", 2, a); term != 3 {
		t.Errorf("b has ended, and it is taken as term %d", term)
	}
	register(t, table, "b")
	if term := take(t, table, "op1/1", 2, a); term != 0 {
		t.Error("taken as if its term were still 2")
	}
}

// testLeaseAnew has the holder take its own lease as a new term, so that what
// it sent about the old one is of no effect.
func testLeaseAnew(t *testing.T, table *store.NodeTable) {
	a := register(t, table, "a")
	take(t, table, "op1/1", 0, a)
	if term := take(t, table, "op1/1", 1, a); term != 2 {
		t.Errorf("taken anew as term %d", term)
	}
	if err := table.ReleaseLease(t.Context(), "op1/1", 1, a.Number); err != nil {
		t.Fatal(err)
	}
	if l := nodesOf(t, table).Leases[0]; l.Node != a.Number || l.Term != 2 {
		t.Errorf("the lease is %+v", l)
	}
}

// testTakeAtOnce has many nodes take one lease at the same instant: one gets it.
func testTakeAtOnce(t *testing.T, table *store.NodeTable) {
	var nodes []store.Node
	for i := range 8 {
		nodes = append(nodes, register(t, table, fmt.Sprint("n", i)))
	}
	var mu sync.Mutex
	got := 0
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(func() {
			if term := take(t, table, "op1/1", 0, n); term > 0 {
				mu.Lock()
				got++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if got != 1 {
		t.Errorf("%d took it", got)
	}
}
