package store

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

// TestGrantsAndCountersInJournal: what stands in the journal only is read, also
// after a crash, counters are added to their rows once, and grants that are
// answered soon never have a row.
func TestGrantsAndCountersInJournal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // grants come to rows and counters to theirs after a second, which must not pass here
		ctx := context.Background()
		s := openTest(t, Options{})
		count := Counter{Hour: 7, Account: "acme", Link: "op1", What: "accepted", N: 2}
		old := Grant{Number: 1, Link: "op1", Session: 3, At: 5, IDs: []message.ID{8, 9}}
		mustCommit(t, s, &Batch{Granted: []Grant{old}, Counters: []Counter{count}})
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
		open := Grant{Number: 2, Link: "op1", Session: 3, At: 6, IDs: []message.ID{10}}
		soon := Grant{Number: 3, Link: "op2", Session: 4, At: 6, IDs: []message.ID{11}}
		mustCommit(t, s, &Batch{Granted: []Grant{open, soon}, Counters: []Counter{count}})
		mustCommit(t, s, &Batch{GrantDone: []int64{1, 3}, Counters: []Counter{count}})
		count.N = 6
		check := func(name string, s *Store, rows int64) {
			t.Helper()
			grants, err := s.Grants(ctx, 0)
			if d := cmp.Diff([]Grant{open}, grants); err != nil || d != "" {
				t.Errorf("%s: grants %v (-want +got):\n%s", name, err, d)
			}
			if last, err := s.LastGrant(ctx); err != nil || last != 2 {
				t.Errorf("%s: last grant %d, %v", name, last, err)
			}
			counters, err := s.Counters(ctx, 0, 100)
			if d := cmp.Diff([]Counter{count}, counters); err != nil || d != "" {
				t.Errorf("%s: counters %v (-want +got):\n%s", name, err, d)
			}
			if n := rowCount(t, s, "granted"); n != rows {
				t.Errorf("%s: %d rows in table granted, want %d", name, n, rows)
			}
		}
		check("journal", s, 0)
		after := crashed(t, s)
		check("after a crash", after, 1)
		check("after another", crashed(t, after), 1)
		if err := s.Settle(); err != nil {
			t.Fatal(err)
		}
		check("tables", s, 1)
		late := Grant{Number: 4, Link: "op1", IDs: []message.ID{12}}
		mustCommit(t, s, &Batch{Granted: []Grant{late}})
		s.side.order[s.side.head].since -= settleAge.Milliseconds() // it comes to a row in the batch that says that it is done
		mustCommit(t, s, &Batch{GrantDone: []int64{4}})
		check("done with its row", s, 1)
		mustCommit(t, s, &Batch{Counters: []Counter{{Hour: 8, Account: "acme", Link: "op1", What: "accepted", N: 1}}})
		if counters, err := crashed(t, s).Counters(ctx, 8, 9); err != nil || len(counters) != 1 || counters[0].N != 1 {
			t.Errorf("counters after all was settled and a crash: %v, %v", counters, err)
		}
	})
}
