package gateway

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"kurir/account"
	"kurir/message"
)

// costSnapshot is moneySnapshot with dimensions; those of acme come from group.
func costSnapshot(t testing.TB) *Snapshot {
	s := moneySnapshot(t, func(group, _ *account.Account) {
		group.Dimensions = map[string]string{"department": "it"}
		group.Balance.Charge = "delivered"
	})
	s.Dimensions = message.NewCostDimensions([]message.CostDimension{{Name: "department"}, {Name: "project", Required: true}}, nil)
	return s
}

// costs returns the report in lines.
func (w *world) costs() []string {
	w.t.Helper()
	if err := w.settledAll(); err != nil {
		w.t.Fatal(err)
	}
	sums, err := w.CostSums(context.Background(), "", time.Now().Add(-time.Hour), time.Now().Add(time.Hour), time.UTC)
	if err != nil {
		w.t.Fatal(err)
	}
	var lines []string
	for _, s := range sums {
		lines = append(lines, fmt.Sprintf("%s %s [%s] %d %s %s", s.Day, s.Account, s.Dimensions, s.Messages, s.Cost, s.Currency))
	}
	return lines
}

// What messages cost is summed up by their own dimensions and their account's, and
// what is given back comes off, also over a restart. A message that lacks one is
// refused and names it; an answer to a phone is not.
func TestCostsAreSummedUp(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{Snapshot: costSnapshot(t)}, nil)
		w.topUp("group", "1", 10*euro)
		acme := w.snap.Load().Accounts.ByName("acme")
		sub := func(to, project string) *Submission {
			s := w.untold(to, "hi")
			s.Account = acme
			if project != "" {
				s.Dimensions = map[string]string{"project": project}
			}
			return s
		}
		results, err := w.Submit(context.Background(), []*Submission{sub("461", "")})
		if err != nil || results[0].Failure == nil || results[0].Failure.Field != "dimensions.project" || results[0].Failure.Kind != message.BadDimension {
			t.Errorf("without a project: %+v, %v", results, err)
		}
		answer := sub("461", "")
		answer.Answer = true
		ids := w.submit(sub("461", "a"), sub("462", "a"), sub("461", "b"), sub("463", "b"), answer)
		if got := w.onDisk(ids[0]).Dimensions(); got != "department=it;project=a" {
			t.Errorf("on disk: %q", got)
		}
		want := []string{
			"2026-11-01 acme [department=it] 1 0.10 EUR",
			"2026-11-01 acme [department=it;project=a] 2 0.30 EUR",
			"2026-11-01 acme [department=it;project=b] 2 0.10 EUR",
		}
		if got := w.costs(); !slices.Equal(got, want) {
			t.Errorf("accepted: %q", got)
		}
		w.end()
		w = start(t, w.dir, Options{Snapshot: costSnapshot(t)}, nil)
		if _, err := w.Cancel(context.Background(), "acme", ids[1]); err != nil {
			t.Fatal(err)
		}
		want[1] = "2026-11-01 acme [department=it;project=a] 2 0.10 EUR"
		if got := w.costs(); !slices.Equal(got, want) {
			t.Errorf("one is cancelled: %q", got)
		}
	})
}

// Customers who choose values freely cannot have more counters made than are
// bounded; what is beyond counts together, also what is given back of it.
func TestManyDimensionsAreLumped(t *testing.T) {
	t.Parallel()
	var met costsMet
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	m := func(i int) *message.Message {
		return &message.Message{Account: "acme", Special: &message.Special{Dimensions: message.Dimensions(fmt.Sprint("project=", i))}}
	}
	for i := range dimensionsMost {
		if met.lump(m(i), now) {
			t.Fatalf("lumped after %d", i)
		}
	}
	if !met.lump(m(dimensionsMost), now) || met.lump(m(7), now) || met.lump(m(dimensionsMost), now.Add(time.Hour)) {
		t.Error("what is new is not lumped, or what is known is, or in the next hour still")
	}
	lumped := m(dimensionsMost)
	lumped.Special = lumped.Special.With(func(x *message.Special) { x.Lumped = true })
	if k := costKeyOf(7, tallyCostReturned, "EUR", lumped); k.what != "cost_returned{*" || k.link != "EUR" {
		t.Errorf("given back of %q by %q", k.what, k.link)
	}
}
