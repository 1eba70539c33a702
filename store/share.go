package store

import (
	"context"
	"errors"
	"fmt"

	"kurir/message"
)

// Several nodes may use one database. What each of them holds in memory is its
// share: the rows of the spill tables that name it, and its open messages (those
// with its number in their ids) behind its mark that stand in no row. Rows of
// tables waiting and owed may be free: they are nobody's until a node claims
// them (claim.go). A share is taken over by raising its term, upon which nothing
// is written for it any more but by whoever knows the new one.

// Free is in place of a node's number where a row is nobody's.
const Free = -1

// ErrFenced is the error of a batch whose share another node has taken over.
var ErrFenced = errors.New("another node has taken this one's messages over")

// ShareMark is the mark of a node's share.
type ShareMark struct {
	Node int
	Mark message.ID
}

// putShareMark makes the share of a node that has none; both engines know it.
const putShareMark = `INSERT INTO share(node, mark) VALUES (?1,?2) ON CONFLICT(node) DO UPDATE SET mark = excluded.mark`

// ofNode binds a node as the only argument.
func ofNode(node int) func(*statement) {
	return func(stmt *statement) { stmt.BindInt64(1, int64(node)) }
}

// Mark returns the mark of a node's share: every open message of the node up to it
// stands in a spill table or a grant. 0 if there was none.
func (s *Store) Mark(ctx context.Context, node int) (message.ID, error) {
	var mark message.ID
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT mark FROM share WHERE node = ?", ofNode(node), func(stmt *statement) (bool, error) {
			mark = message.ID(stmt.ColumnInt64(0))
			return false, nil
		})
	})
	if err != nil {
		return 0, fmt.Errorf("read the mark of node %d: %w", node, err)
	}
	return mark, nil
}

func (s *Store) writeMarks(b *Batch) error {
	if b.Mark != 0 {
		if err := s.writeMark(b.Node, b.Mark); err != nil {
			return err
		}
	}
	for _, m := range b.Marks {
		if err := s.writeMark(m.Node, m.Mark); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeMark(node int, mark message.ID) error {
	stmt := s.cold.shareMark
	stmt.BindInt64(1, int64(node))
	stmt.BindInt64(2, int64(mark))
	if err := execute(stmt); err != nil {
		return fmt.Errorf("write the mark of node %d: %w", node, err)
	}
	return nil
}

// loadTerms reads the terms of the shares.
func (s *Store) loadTerms(ctx context.Context) error {
	s.terms = map[int]int64{}
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT node, term FROM share WHERE term <> 0", nil, func(stmt *statement) (bool, error) {
			s.terms[stmt.ColumnInt(0)] = stmt.ColumnInt64(1)
			return true, nil
		})
	})
	if err != nil {
		return fmt.Errorf("read the terms of nodes: %w", err)
	}
	return nil
}

// Fence raises the term of a node's share and returns it: nothing is committed
// any more for an earlier one.
func (s *Store) Fence(node int) (term int64, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	err = s.transact(func() error {
		return query(s.conn, `INSERT INTO share(node, term) VALUES (?,1) ON CONFLICT(node) DO UPDATE SET term = share.term + 1 RETURNING term`,
			ofNode(node), func(stmt *statement) (bool, error) {
				term = stmt.ColumnInt64(0)
				return true, nil
			})
	})
	if err != nil {
		return 0, fmt.Errorf("take over the share of node %d: %w", node, err)
	}
	if s.terms == nil {
		s.terms = map[int]int64{}
	}
	s.terms[node] = term
	return term, nil
}

// Elsewhere returns the open messages of a node's behind its mark that are not in
// its share: they stand in a row of another node, or in a free one.
func (s *Store) Elsewhere(ctx context.Context, node int) (map[message.ID]struct{}, error) {
	mark, err := s.Mark(ctx, node)
	if err != nil {
		return nil, err
	}
	s.writing.Lock() // so that nothing moves from the journal to the tables meanwhile
	defer s.writing.Unlock()
	ids := map[message.ID]struct{}{}
	add := func(list ...message.ID) {
		for _, id := range list {
			if id > mark && id.Node() == node {
				ids[id] = struct{}{}
			}
		}
	}
	var d rowDecoder
	err = query(s.conn, elsewhere,
		func(stmt *statement) {
			stmt.BindInt64(1, int64(node))
			stmt.BindInt64(2, int64(mark))
		},
		func(stmt *statement) (bool, error) {
			add(message.ID(stmt.ColumnInt64(0)))
			if stmt.ColumnIsNull(1) {
				return true, nil
			}
			list, err := readIDs(d.blob(stmt, 1))
			add(list...)
			return true, err
		})
	if err != nil {
		return nil, fmt.Errorf("look for what other nodes have of node %d: %w", node, err)
	}
	for _, g := range s.side.order[s.side.head:] {
		if !g.done && g.Node != node {
			add(g.IDs...)
		}
	}
	return ids, nil
}

// elsewhere is one statement, so that no message moves from one table to another
// while it is answered.
const elsewhere = `SELECT 0 AS id, ids FROM granted WHERE node <> ?1
  UNION ALL SELECT id, NULL FROM waiting WHERE node <> ?1 AND id > ?2 AND (id >> 16) & 63 = ?1
  UNION ALL SELECT id, NULL FROM due WHERE node <> ?1 AND id > ?2 AND (id >> 16) & 63 = ?1
  UNION ALL SELECT id, NULL FROM outstanding WHERE node <> ?1 AND id > ?2 AND (id >> 16) & 63 = ?1
  UNION ALL SELECT id, NULL FROM owed WHERE node <> ?1 AND id > ?2 AND (id >> 16) & 63 = ?1 AND inbound = 0 AND idx <> 0`

// inherited says what becomes of the rows of a share that is taken over: which
// belong to the heir and which become free.
var inherited = [...]struct {
	table, key string
	free       bool
}{
	{"waiting", "link, priority, account, id", true},
	{"due", "id", false},
	{"owed", "queue, due, id, inbound, idx", false},
	{"outstanding", "key, id", false},
	{"missing", "at, id", false},
	{"held", "number", false},
	{"inbound_part", "id", false},
	{"mail", "number", false},
	{"escalation", "id", false},
	{"mailing", "id", false},
}

// Inherit gives rows of a share that is taken over to an heir, what waits for
// links to whoever claims it, up to n rows of a table. more tells whether there
// are others. term is that of the heir's own share.
func (s *Store) Inherit(from, heir int, term int64, n int) (more bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if term < s.terms[heir] {
		return false, &FatalError{Err: fmt.Errorf("node %d: %w", heir, ErrFenced)}
	}
	err = s.transact(func() error {
		for _, t := range inherited {
			to := heir
			if t.free {
				to = Free
			}
			text := fmt.Sprintf("UPDATE %s SET node = ?1 WHERE node = ?2 AND (%s) IN (SELECT %s FROM %s WHERE node = ?2 LIMIT ?3)", t.table, t.key, t.key, t.table)
			if s.pg != nil {
				text = inheritPostgres(t.table)
			}
			err := query(s.conn, text, func(stmt *statement) {
				stmt.BindInt64(1, int64(to))
				stmt.BindInt64(2, int64(from))
				stmt.BindInt64(3, int64(n))
			}, nil)
			if err != nil {
				return fmt.Errorf("take over rows of table %s: %w", t.table, err)
			}
			more = more || s.conn.rowsChanged() == n
		}
		return nil
	})
	return more, err
}

// HeldNumbers returns the numbers of all receipts that are held.
func (s *Store) HeldNumbers(ctx context.Context) (map[int64]struct{}, error) {
	numbers := map[int64]struct{}{}
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT number FROM held", nil, func(stmt *statement) (bool, error) {
			numbers[stmt.ColumnInt64(0)] = struct{}{}
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("look which receipts are held: %w", err)
	}
	return numbers, nil
}

// DueNode returns in whose share a message waits for its time; false if it does in none.
func (s *Store) DueNode(ctx context.Context, id message.ID) (node int, waits bool, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT node FROM due WHERE id = ?",
			func(stmt *statement) { stmt.BindInt64(1, int64(id)) },
			func(stmt *statement) (bool, error) {
				node, waits = stmt.ColumnInt(0), true
				return false, nil
			})
	})
	if err != nil {
		return 0, false, fmt.Errorf("look where %s waits: %w", id, err)
	}
	return node, waits, nil
}
