package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// Mail is something that one node has written to another.
type Mail struct {
	Number int64 // given by the gateway, unique in the database, growing per node
	Node   int   // to whom
	Data   []byte
}

func (s *Store) writeMail(list []Mail, done []int64) error {
	for i := range list {
		m, stmt := &list[i], s.cold.mail
		stmt.BindInt64(1, m.Number)
		stmt.BindInt64(2, int64(m.Node))
		stmt.BindBytes(3, m.Data)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write to node %d: %w", m.Node, err)
		}
	}
	for _, number := range done {
		s.cold.mailDone.BindInt64(1, number)
		if err := execute(s.cold.mailDone); err != nil {
			return fmt.Errorf("remove mail %d: %w", number, err)
		}
	}
	return nil
}

// MailFor returns up to n pieces of mail for a node, in the order of their
// numbers.
func (s *Store) MailFor(ctx context.Context, node, n int) ([]Mail, error) {
	var list []Mail
	err := s.read(ctx, func(c *conn) error {
		var d rowDecoder
		return query(c, "SELECT number, data FROM mail WHERE node = ? ORDER BY number LIMIT ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(node))
				stmt.BindInt64(2, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Mail{Number: stmt.ColumnInt64(0), Node: node, Data: clone(d.blob(stmt, 1))})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read what other nodes wrote: %w", err)
	}
	return list, nil
}

// Shares returns the numbers of all nodes that have or had a share.
func (s *Store) Shares(ctx context.Context) (nodes []int, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT node FROM share ORDER BY node", nil, func(stmt *statement) (bool, error) {
			nodes = append(nodes, stmt.ColumnInt(0))
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read which nodes there are: %w", err)
	}
	return nodes, nil
}

// GiveDue gives the row of a message that waits for its time to another node.
// term is that of the node that has it.
func (s *Store) GiveDue(id message.ID, from, to int, term int64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if term < s.terms[from] {
		return &FatalError{Err: fmt.Errorf("node %d: %w", from, ErrFenced)}
	}
	err := s.transact(func() error {
		return query(s.conn, "UPDATE due SET node = ?1 WHERE id = ?2 AND node = ?3", func(stmt *statement) {
			stmt.BindInt64(1, int64(to))
			stmt.BindInt64(2, int64(id))
			stmt.BindInt64(3, int64(from))
		}, nil)
	})
	if err != nil {
		return fmt.Errorf("give %s to node %d: %w", id, to, err)
	}
	return nil
}
