package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"time"
)

// TallyKind says what a sum of table tally is of.
type TallyKind uint8

// The kinds. The numbers are stored: never renumber.
const (
	TallyAccepted TallyKind = 1 // messages accepted; the detail is the recipient's network
	TallyParts    TallyKind = 2 // their parts, likewise
	TallyFinal    TallyKind = 3 // messages that have ended: state:failure:network, the first two as numbers
	TallyArrival  TallyKind = 4 // delivered ones by how long that took: a class of package tally
	TallyAnswer   TallyKind = 5 // operators' answers, likewise; of a link, and of no account
	TallyInbound  TallyKind = 6 // messages from phones; the detail is the sender's network
)

// What is the Counter.What of such a sum. In a batch and in the journal it is a counter whose name begins with its kind.
func (k TallyKind) What(detail string) string { return string(rune(k)) + detail }

// tallyKind gives the kind of a counter that is one; false if it is not.
func tallyKind(what string) (TallyKind, bool) {
	if what == "" || what[0] == 0 || what[0] >= ' ' {
		return 0, false
	}
	return TallyKind(what[0]), true
}

// Tally is a sum of some hours.
type Tally struct {
	Period  int // from 0 on
	Kind    TallyKind
	Account string
	Link    string
	Detail  string
	N       int64
}

// writeTally adds to a sum.
func (s *Store) writeTally(kind TallyKind, c *Counter) error {
	stmt := s.hot.tally
	stmt.BindInt64(1, int64(kind))
	stmt.BindInt64(2, c.Hour)
	stmt.BindText(3, c.Account)
	stmt.BindText(4, c.Link)
	stmt.BindText(5, c.What[1:])
	stmt.BindInt64(6, c.N)
	if err := execute(stmt); err != nil {
		return fmt.Errorf("add to a sum of kind %d: %w", kind, err)
	}
	return nil
}

// Tallies sums up what was counted of some kinds in periods: of each the Unix hours from one of hours on and before the
// next. They are in the order of period, kind, account, link and detail.
func (s *Store) Tallies(ctx context.Context, kinds []TallyKind, hours []int64) ([]Tally, error) {
	if len(hours) < 2 {
		return nil, nil
	}
	for {
		pending, before := s.side.sums(hours[0], hours[len(hours)-1])
		list, err := s.readTallies(ctx, kinds, hours)
		if err != nil {
			return nil, fmt.Errorf("read sums for a report: %w", err)
		}
		if _, after := s.side.sums(0, 0); after == before {
			return withPending(list, pending, kinds, hours), nil
		} // else some have come to the table meanwhile
	}
}

func (s *Store) readTallies(ctx context.Context, kinds []TallyKind, hours []int64) (list []Tally, err error) {
	err = s.read(ctx, func(c *conn) error {
		return inSnapshot(c, func() error {
			for i := range hours[1:] {
				for _, kind := range kinds {
					key, known := pastKey{kind, hours[i], hours[i+1]}, false
					if list, known = s.past.get(list, key, i); known {
						continue
					}
					from := len(list)
					err := query(c, "SELECT account, link, detail, CAST(sum(n) AS BIGINT) FROM tally WHERE kind = ? AND hour >= ? AND hour < ? GROUP BY account, link, detail",
						func(stmt *statement) {
							stmt.BindInt64(1, int64(kind))
							stmt.BindInt64(2, hours[i])
							stmt.BindInt64(3, hours[i+1])
						},
						func(stmt *statement) (bool, error) {
							list = append(list, Tally{i, kind, stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnText(2), stmt.ColumnInt64(3)})
							return true, nil
						})
					if err != nil {
						return err
					}
					s.past.put(key, list[from:], s.now().Unix()/3600)
				}
			}
			return nil
		})
	})
	return list, err
}

// withPending adds what the journal has and the table has not.
func withPending(list []Tally, pending map[counterKey]int64, kinds []TallyKind, hours []int64) []Tally {
	for k, n := range pending {
		kind, is := tallyKind(k.what)
		if !is || !slices.Contains(kinds, kind) {
			continue
		}
		period := sort.Search(len(hours), func(i int) bool { return hours[i] > k.hour }) - 1
		list = append(list, Tally{period, kind, k.account, k.link, k.what[1:], n})
	}
	slices.SortFunc(list, func(a, b Tally) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Link, b.Link), cmp.Compare(a.Detail, b.Detail))
	})
	sums := list[:0]
	for _, t := range list {
		if n := len(sums); n > 0 {
			same := t
			if last := &sums[n-1]; func() bool { same.N = last.N; return same == *last }() {
				last.N += t.N
				continue
			}
		}
		sums = append(sums, t)
	}
	return sums
}

// retainTallies removes sums and spans that are old.
func (s *Store) retainTallies(now time.Time) (more bool, err error) {
	limit := now.Add(-s.opts.Retention.Counters)
	gone, err := s.removeSome(`DELETE FROM tally WHERE (kind, hour, account, link, detail) IN (SELECT kind, hour, account, link, detail FROM tally
  WHERE kind IN (1, 2, 3, 4, 5, 6) AND hour < ? LIMIT ?)`, limit.Unix()/3600)
	if err != nil {
		return false, fmt.Errorf("remove old sums: %w", err)
	}
	if gone == forgetRows {
		return true, nil
	}
	gone, err = s.removeSome("DELETE FROM span WHERE (kind, name, node, since) IN (SELECT kind, name, node, since FROM span WHERE until < ? LIMIT ?)", limit.UnixMilli())
	if err != nil {
		return false, fmt.Errorf("remove old times of links: %w", err)
	}
	return gone == forgetRows, nil
}
