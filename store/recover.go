package store

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"kurir/message"
)

// LastID returns the highest id that is on disk, of a message, an inbound
// message or a part of one; 0 if there is none.
func (s *Store) LastID(ctx context.Context) (message.ID, error) {
	last := int64(0)
	for _, table := range [...]string{"message", "inbound", "inbound_part"} {
		n, err := s.number(ctx, "SELECT coalesce(max(id), 0) FROM "+table)
		if err != nil {
			return 0, err
		}
		last = max(last, n)
	}
	return message.ID(last), nil
}

// LastGrant returns the highest number of a grant on disk, 0 if there is none.
func (s *Store) LastGrant(ctx context.Context) (int64, error) {
	last, err := s.number(ctx, "SELECT coalesce(max(number), 0) FROM granted")
	for _, g := range s.pendingGrants() {
		last = max(last, g.Number)
	}
	return last, err
}

// LastHeld returns the highest number of a held receipt, 0 if there is none.
func (s *Store) LastHeld(ctx context.Context) (int64, error) {
	return s.number(ctx, "SELECT coalesce(max(number), 0) FROM held")
}

// number runs a query for one number.
func (s *Store) number(ctx context.Context, text string) (int64, error) {
	var n int64
	err := s.read(ctx, func(c *conn) error {
		return query(c, text, nil, func(stmt *statement) (bool, error) {
			n = stmt.ColumnInt64(0)
			return false, nil
		})
	})
	if err != nil {
		return 0, fmt.Errorf("read the database: %w", err)
	}
	return n, nil
}

// page is how many rows a walk over a table reads at a time. The function it
// feeds runs between two pages, when no connection is taken.
const page = 1000

// OpenAfterMark calls fn for every message of a node's behind its mark that is open: not
// final, or final and owed to its target. They come in the order of their ids.
// An error of fn ends the walk and is returned.
func (s *Store) OpenAfterMark(ctx context.Context, node int, fn func(*message.Message) error) error {
	after, err := s.Mark(ctx, node)
	if err != nil {
		return err
	}
	for {
		var list []*message.Message
		err := s.read(ctx, func(c *conn) error {
			var d rowDecoder
			return query(c, "SELECT "+messageColumns+` FROM progress p JOIN message m ON m.id = p.id
  WHERE p.id > ? AND (p.final = 0 OR p.owed <> 0) AND (p.id >> 16) & 63 = ? ORDER BY p.id LIMIT ?`,
				func(stmt *statement) {
					stmt.BindInt64(1, int64(after))
					stmt.BindInt64(2, int64(node))
					stmt.BindInt64(3, page)
				},
				func(stmt *statement) (bool, error) {
					m, err := d.message(stmt)
					list = append(list, m)
					return true, err
				})
		})
		if err != nil {
			return fmt.Errorf("read open messages: %w", err)
		}
		for _, m := range list {
			if err := fn(m); err != nil {
				return err
			}
			after = m.ID
		}
		if len(list) < page {
			return nil
		}
	}
}

// Grants returns the grants of a share of which not every message was answered,
// in the order of their numbers.
func (s *Store) Grants(ctx context.Context, node int) ([]Grant, error) {
	var list []Grant
	err := s.read(ctx, func(c *conn) (err error) {
		list, err = grantsOf(c, node)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	for _, g := range s.pendingGrants() { // which are younger
		if g.Node == node {
			list = append(list, g)
		}
	}
	return list, nil
}

// grantsOf reads the rows of a share in table granted.
func grantsOf(c *conn, node int) (list []Grant, err error) {
	var d rowDecoder
	err = query(c, "SELECT number, link, session, at, ids, node FROM granted WHERE node = ? ORDER BY number", ofNode(node), func(stmt *statement) (bool, error) {
		g := Grant{Number: stmt.ColumnInt64(0), Link: stmt.ColumnText(1), Session: uint32(stmt.ColumnInt64(2)), At: stmt.ColumnInt64(3), Node: stmt.ColumnInt(5)}
		var err error
		g.IDs, err = readIDs(d.blob(stmt, 4))
		list = append(list, g)
		return true, err
	})
	return list, err
}

// Held calls fn for every held receipt behind a number, oldest first.
func (s *Store) Held(ctx context.Context, after int64, fn func(*HeldReport) error) error {
	for {
		var list []HeldReport
		err := s.read(ctx, func(c *conn) error {
			var d rowDecoder
			return query(c, "SELECT number, received, report, node FROM held WHERE number > ? ORDER BY number LIMIT ?",
				func(stmt *statement) {
					stmt.BindInt64(1, after)
					stmt.BindInt64(2, page)
				},
				func(stmt *statement) (bool, error) {
					h := HeldReport{Number: stmt.ColumnInt64(0), Received: stmt.ColumnInt64(1), Node: stmt.ColumnInt(3)}
					var err error
					h.Report, err = readReport(d.blob(stmt, 2))
					list = append(list, h)
					return true, err
				})
		})
		if err != nil {
			return fmt.Errorf("read held receipts: %w", err)
		}
		for i := range list {
			if err := fn(&list[i]); err != nil {
				return err
			}
			after = list[i].Number
		}
		if len(list) < page {
			return nil
		}
	}
}

// Configuration returns the configuration that came into force last: its
// number (0 if there was none) and its text.
func (s *Store) Configuration(ctx context.Context) (uint32, []byte, error) {
	var number uint32
	var text []byte
	err := s.read(ctx, func(c *conn) error {
		var d rowDecoder
		return query(c, "SELECT number, text FROM configuration ORDER BY number DESC LIMIT 1", nil, func(stmt *statement) (bool, error) {
			number, text = uint32(stmt.ColumnInt64(0)), clone(d.blob(stmt, 1))
			return false, nil
		})
	})
	if err != nil {
		return 0, nil, fmt.Errorf("read the configuration: %w", err)
	}
	return number, text, nil
}

// ConfigurationText returns the text of a configuration that was in force;
// ErrNotFound if it is not there.
func (s *Store) ConfigurationText(ctx context.Context, number uint32) ([]byte, error) {
	var text []byte
	found := false
	err := s.read(ctx, func(c *conn) error {
		var d rowDecoder
		return query(c, "SELECT text FROM configuration WHERE number = ?",
			func(stmt *statement) { stmt.BindInt64(1, int64(number)) },
			func(stmt *statement) (bool, error) {
				text, found = clone(d.blob(stmt, 0)), true
				return false, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read configuration %d: %w", number, err)
	}
	if !found {
		return nil, ErrNotFound
	}
	return text, nil
}

// DuplicatesByKey returns which of the keys are remembered at now (Unix
// milliseconds), and the message each stands for.
func (s *Store) DuplicatesByKey(ctx context.Context, keys []uint64, now int64) (map[uint64]message.ID, error) {
	found := make(map[uint64]message.ID)
	err := s.read(ctx, func(c *conn) error {
		for _, k := range keys {
			err := query(c, "SELECT id FROM duplicate WHERE key = ? AND expires > ?",
				func(stmt *statement) {
					stmt.BindInt64(1, int64(k))
					stmt.BindInt64(2, now)
				},
				func(stmt *statement) (bool, error) {
					found[k] = message.ID(stmt.ColumnInt64(0))
					return false, nil
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for repeats: %w", err)
	}
	return found, nil
}

// addCounters adds the counters of hours to sums.
func addCounters(c *conn, since, until int64, sums map[counterKey]int64) error {
	return query(c, "SELECT hour, account, link, what, n FROM counter WHERE hour >= ? AND hour < ?",
		func(stmt *statement) {
			stmt.BindInt64(1, since)
			stmt.BindInt64(2, until)
		},
		func(stmt *statement) (bool, error) {
			k := counterKey{stmt.ColumnInt64(0), stmt.ColumnText(1), stmt.ColumnText(2), stmt.ColumnText(3)}
			sums[k] += stmt.ColumnInt64(4)
			return true, nil
		})
}

// Counters returns the counters of the hours (Unix hours) from since on and
// before until.
func (s *Store) Counters(ctx context.Context, since, until int64) ([]Counter, error) {
	for {
		sums, before := s.side.sums(since, until)
		err := s.read(ctx, func(c *conn) error {
			return addCounters(c, since, until, sums)
		})
		if err != nil {
			return nil, fmt.Errorf("read counters: %w", err)
		}
		if _, after := s.side.sums(0, 0); after != before {
			continue // some have come to the table meanwhile
		}
		maps.DeleteFunc(sums, func(k counterKey, _ int64) bool { _, is := tallyKind(k.what); return is })
		return countersOf(sums), nil
	}
}

func countersOf(sums map[counterKey]int64) []Counter {
	list := make([]Counter, 0, len(sums))
	for k, n := range sums {
		list = append(list, Counter{Hour: k.hour, Account: k.account, Link: k.link, What: k.what, N: n})
	}
	sortCounters(list)
	return list
}

func sortCounters(list []Counter) {
	slices.SortFunc(list, func(a, b Counter) int {
		return cmp.Or(cmp.Compare(a.Hour, b.Hour), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Link, b.Link), cmp.Compare(a.What, b.What))
	})
}
