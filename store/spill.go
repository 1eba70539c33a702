package store

import (
	"context"
	"fmt"
	"strings"

	"kurir/message"
)

// Lane is one priority of one link.
type Lane struct {
	Link     string
	Priority message.Priority
}

// WaitingCounts returns how many rows of a share each lane has in table waiting,
// by account. It reads all of them: for restarts.
func (s *Store) WaitingCounts(ctx context.Context, node int) (map[Lane]map[string]int64, error) {
	counts := make(map[Lane]map[string]int64)
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT link, priority, account, count(*) FROM waiting WHERE node = ? GROUP BY link, priority, account", ofNode(node), func(stmt *statement) (bool, error) {
			lane := Lane{stmt.ColumnText(0), message.Priority(stmt.ColumnInt64(1))}
			if counts[lane] == nil {
				counts[lane] = make(map[string]int64)
			}
			counts[lane][stmt.ColumnText(2)] = stmt.ColumnInt64(3)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	return counts, nil
}

// WaitingHas tells which of the rows are in table waiting.
func (s *Store) WaitingHas(ctx context.Context, rows []Waiting) ([]bool, error) {
	return s.has(ctx, len(rows), &keyOf{"waiting", []string{"node", "link", "priority", "account", "id"}},
		func(stmt *statement, i int) { bindWaiting(stmt, &rows[i]) })
}

// DueHas tells which of the messages are in table due, whosever.
func (s *Store) DueHas(ctx context.Context, ids []message.ID) ([]bool, error) {
	return s.has(ctx, len(ids), &keyOf{"due", []string{"id"}},
		func(stmt *statement, i int) { stmt.BindInt64(1, int64(ids[i])) })
}

// OwedHas tells which of the rows are in table owed, their Due included.
func (s *Store) OwedHas(ctx context.Context, rows []Owed) ([]bool, error) {
	return s.has(ctx, len(rows), &keyOf{"owed", []string{"node", "queue", "due", "id", "inbound", "idx"}},
		func(stmt *statement, i int) { bindOwed(stmt, &rows[i]) })
}

// keyOf is columns of a table by which a row is found.
type keyOf struct {
	table   string
	columns []string
}

// has tells for n rows whether they are there, by what bind sets for each of the columns.
func (s *Store) has(ctx context.Context, n int, t *keyOf, bind func(*statement, int)) ([]bool, error) {
	found := make([]bool, n)
	text := "SELECT 1 FROM " + t.table + " WHERE " + strings.Join(t.columns, " = ? AND ") + " = ?"
	err := s.read(ctx, func(c *conn) error {
		if c.pg != nil {
			return hasPostgres(c, t, found, bind)
		}
		for i := range found {
			err := query(c, text, func(stmt *statement) { bind(stmt, i) }, func(*statement) (bool, error) {
				found[i] = true
				return false, nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look into a spill table: %w", err)
	}
	return found, nil
}

// WaitingExpired returns up to n waiting rows of a share whose validity ended before now
// (Unix milliseconds), longest ago first.
func (s *Store) WaitingExpired(ctx context.Context, node int, now int64, n int) ([]Waiting, error) {
	var list []Waiting
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT node, link, priority, account, id, expires FROM waiting WHERE node = ? AND expires < ? ORDER BY expires LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(node))
				stmt.BindInt64(2, now)
				stmt.BindInt64(3, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, waitingOf(stmt))
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for what waited too long: %w", err)
	}
	return list, nil
}

// DueBefore returns up to n messages of a share due before at (Unix milliseconds), the
// longest due first.
func (s *Store) DueBefore(ctx context.Context, node int, at int64, n int) ([]Due, error) {
	var list []Due
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT id, at FROM due WHERE node = ? AND at < ? ORDER BY at, id LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(node))
				stmt.BindInt64(2, at)
				stmt.BindInt64(3, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Due{ID: message.ID(stmt.ColumnInt64(0)), At: stmt.ColumnInt64(1)})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for what is due: %w", err)
	}
	return list, nil
}

// OutstandingByKey returns which messages of a share await a receipt under each
// of the keys, from table outstanding.
func (s *Store) OutstandingByKey(ctx context.Context, node int, keys []uint64) (map[uint64][]message.ID, error) {
	found := make(map[uint64][]message.ID)
	err := s.read(ctx, func(c *conn) error {
		if c.pg != nil {
			return outstandingPostgres(c, node, keys, found)
		}
		for _, k := range keys {
			err := query(c, "SELECT id FROM outstanding WHERE key = ? AND node = ? ORDER BY id",
				func(stmt *statement) {
					stmt.BindInt64(1, int64(k))
					stmt.BindInt64(2, int64(node))
				},
				func(stmt *statement) (bool, error) {
					found[k] = append(found[k], message.ID(stmt.ColumnInt64(0)))
					return true, nil
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up operator ids: %w", err)
	}
	return found, nil
}

// OutstandingDeadline returns up to n rows of a share in table outstanding whose deadline
// is before the given time (Unix milliseconds), the earliest first.
func (s *Store) OutstandingDeadline(ctx context.Context, node int, before int64, n int) ([]Outstanding, error) {
	var list []Outstanding
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT key, id, deadline FROM outstanding WHERE node = ? AND deadline < ? ORDER BY deadline LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(node))
				stmt.BindInt64(2, before)
				stmt.BindInt64(3, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Outstanding{Key: uint64(stmt.ColumnInt64(0)), ID: message.ID(stmt.ColumnInt64(1)), Deadline: stmt.ColumnInt64(2)})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for receipts that never came: %w", err)
	}
	return list, nil
}

// OwedQueue says what table owed has for one queue.
type OwedQueue struct {
	Queue string
	Rows  int64
	Due   int64 // the earliest, Unix milliseconds
}

// OwedQueues returns the queues that a share has in table owed, by name. It reads
// all of its rows: for restarts, and of free rows now and then.
func (s *Store) OwedQueues(ctx context.Context, node int) ([]OwedQueue, error) {
	var list []OwedQueue
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT queue, count(*), min(due) FROM owed WHERE node = ? GROUP BY queue ORDER BY queue", ofNode(node), func(stmt *statement) (bool, error) {
			list = append(list, OwedQueue{stmt.ColumnText(0), stmt.ColumnInt64(1), stmt.ColumnInt64(2)})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count what is owed: %w", err)
	}
	return list, nil
}

// OwedNext returns up to n rows of a share's in a queue that are due at dueBefore (Unix
// milliseconds) or earlier and stand behind after, in the order of Due and ID.
// The zero Owed is before all.
func (s *Store) OwedNext(ctx context.Context, node int, queue string, dueBefore int64, after Owed, n int) ([]Owed, error) {
	var list []Owed
	err := s.read(ctx, func(c *conn) error {
		return query(c, `SELECT due, id, inbound, idx FROM owed WHERE node = ?1 AND queue = ?2 AND (due, id, inbound, idx) > (?3, ?4, ?5, ?6) AND due <= ?7
  ORDER BY due, id, inbound, idx LIMIT ?8`,
			func(stmt *statement) {
				after.Node, after.Queue = node, queue
				bindOwed(stmt, &after)
				stmt.BindInt64(7, dueBefore)
				stmt.BindInt64(8, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Owed{
					Node: node, Queue: queue, Due: stmt.ColumnInt64(0), ID: message.ID(stmt.ColumnInt64(1)),
					Inbound: stmt.ColumnBool(2), Index: uint8(stmt.ColumnInt64(3)),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read what is owed: %w", err)
	}
	return list, nil
}

// OwedMidway tells of messages whether an intermediate state of theirs is owed, due
// at dueBefore (Unix milliseconds) or earlier, in whosever share.
func (s *Store) OwedMidway(ctx context.Context, ids []message.ID, dueBefore int64) (map[message.ID]bool, error) {
	owed := map[message.ID]bool{}
	err := s.read(ctx, func(c *conn) error {
		add := func(stmt *statement) (bool, error) {
			owed[message.ID(stmt.ColumnInt64(0))] = true
			return true, nil
		}
		const text = "SELECT id FROM owed WHERE inbound = 0 AND idx = 0 AND due <= ?1 AND id = "
		if s.pg != nil {
			list := make([]int64, len(ids))
			for i, id := range ids {
				list[i] = int64(id)
			}
			return query(c, text+"ANY(?2)", func(stmt *statement) {
				stmt.BindInt64(1, dueBefore)
				stmt.bindArray(2, numbersArray(list))
			}, add)
		}
		for _, id := range ids {
			err := query(c, text+"?2", func(stmt *statement) {
				stmt.BindInt64(1, dueBefore)
				stmt.BindInt64(2, int64(id))
			}, add)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look which intermediate states are owed: %w", err)
	}
	return owed, nil
}
