package store_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"kurir/store"
)

func ratesOf(t *testing.T, table *store.NodeTable, after uint64) store.Rates {
	t.Helper()
	r, err := table.Rates(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// testRates: a node writes what it takes of rates only if it has seen the last change, and says nothing any more when its
// term is over; of several at once one writes.
func testRates(t *testing.T, table *store.NodeTable) {
	a, b := register(t, table, "a"), register(t, table, "b")
	write := func(n store.Node, last uint64, body string) uint64 {
		t.Helper()
		version, err := table.WriteRates(t.Context(), n.Number, n.Term, last, body)
		if err != nil {
			t.Fatal(err)
		}
		return version
	}
	if r := ratesOf(t, table, 0); r.Version != 0 || len(r.Rows) > 0 {
		t.Errorf("at first: %+v", r)
	}
	if v := write(a, 0, "of a"); v != 1 {
		t.Fatalf("the first change is %d", v)
	}
	if v := write(b, 0, "of b"); v != 0 {
		t.Errorf("b, which had not seen it, writes change %d", v)
	}
	if v := write(b, 1, "of b"); v != 2 {
		t.Errorf("the second change is %d", v)
	}
	if v := write(a, 2, "of a, again"); v != 3 {
		t.Errorf("the third change is %d", v)
	}
	diff(t, "what was written since the second", store.Rates{Version: 3, Rows: []store.RateRow{
		{Node: a.Number, Term: a.Term, Version: 3, Body: "of a, again"}, {Node: b.Number, Term: b.Term, Version: 2},
	}}, ratesOf(t, table, 2))
	if err := table.ResignNode(t.Context(), a.Number, a.Term); err != nil {
		t.Fatal(err)
	}
	if v := write(a, 3, "of the dead"); v != 0 {
		t.Errorf("who has ended writes change %d", v)
	}
	diff(t, "when a has ended", store.Rates{Version: 3, Rows: []store.RateRow{
		{Node: b.Number, Term: b.Term, Version: 2, Body: "of b"},
	}}, ratesOf(t, table, 0))
	var all sync.WaitGroup
	var written atomic.Int32
	for range 8 {
		all.Go(func() {
			version, err := table.WriteRates(t.Context(), b.Number, b.Term, 3, "at once")
			if err != nil {
				t.Error(err)
			}
			if version != 0 {
				written.Add(1)
			}
		})
	}
	all.Wait()
	if written.Load() != 1 {
		t.Errorf("%d of those who wrote at once believe that they have", written.Load())
	}
}
