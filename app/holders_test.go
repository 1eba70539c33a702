package app

import (
	"testing"

	"kurir/cluster"
	"kurir/store"
)

// TestWhoTells: of the live servers that have a link the one with the lowest number tells of it; if none has it, of all.
func TestWhoTells(t *testing.T) {
	t.Parallel()
	at := func(number int, live bool, open map[string]int) cluster.NodeStatus {
		return cluster.NodeStatus{Node: store.Node{Number: number, Live: live}, About: cluster.About{Open: open}}
	}
	older := at(3, true, nil)
	older.About.Links = []string{"old"}
	older.Leases = []store.Lease{{Name: "old/1"}}
	s := &cluster.Status{Nodes: []cluster.NodeStatus{
		at(2, true, map[string]int{"op1": 0, "op2": 1}), at(0, false, map[string]int{"op1": 0}), at(1, true, map[string]int{"op2": 0}), older,
	}}
	for link, want := range map[string]int{"op1": 2, "op2": 1, "old": 3, "none": 1} {
		if got := teller(s, link); got != want {
			t.Errorf("of %s server %d tells, want %d", link, got, want)
		}
	}
	if open := openAt(&older); open["old"] != 1 {
		t.Errorf("open at one that does not say: %v", open)
	}
}
