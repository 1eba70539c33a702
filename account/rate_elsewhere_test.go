package account

import (
	"testing"
	"time"
)

// TestSpendElsewhere: what other servers have accepted of an account counts, also beyond what there was; each server tells what it has
// accepted itself once.
func TestSpendElsewhere(t *testing.T) {
	t.Parallel()
	d := NewDirectory([]Account{{Name: "slow", Rate: 10}, {Name: "quick"}}, nil)
	slow, now := d.ByName("slow"), time.Now()
	if !slow.Take(4, now) || !d.ByName("quick").Take(4, now) {
		t.Fatal("refused at first")
	}
	if spent := d.Spent(); len(spent) != 1 || spent["slow"] != 4 {
		t.Errorf("spent %v", spent)
	}
	if spent := d.Spent(); len(spent) != 0 {
		t.Errorf("spent again %v", spent)
	}
	d.SpendElsewhere("slow", 16, now)
	d.SpendElsewhere("gone", 16, now)
	if slow.Take(1, now.Add(1050*time.Millisecond)) {
		t.Error("accepted, although ten more than there were had been accepted elsewhere a second ago")
	}
	if !slow.Take(1, now.Add(1150*time.Millisecond)) {
		t.Error("refused, although all that was accepted is made up for")
	}
	if spent := d.Spent(); spent["slow"] != 1 {
		t.Errorf("spent %v", spent)
	}
}
