package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// Mailing is a request for messages to so many that they are accepted one after the other, also over a restart.
type Mailing struct {
	ID      message.ID
	Account string
	By      string // account that asked for it
	Ended   int64  // Unix milliseconds; 0 while it runs
	State   string
	Request []byte // the gateway's; nil when it has ended
	Counts  []byte // likewise, of one that has ended
}

func (s *Store) writeMailing(m *Mailing) error {
	stmt := s.cold.mailing
	stmt.BindInt64(1, int64(m.ID))
	stmt.BindText(2, m.Account)
	stmt.BindText(3, m.By)
	stmt.BindInt64(4, m.Ended)
	stmt.BindText(5, m.State)
	bindBlob(stmt, 6, m.Request)
	bindBlob(stmt, 7, m.Counts)
	return execute(stmt)
}

// bindBlob binds octets that may be none.
func bindBlob(stmt *statement, param int, octets []byte) {
	if len(octets) == 0 {
		stmt.BindNull(param)
		return
	}
	stmt.BindBytes(param, octets)
}

// forgetMailings removes those that ended before a time.
func (s *Store) forgetMailings(before int64) error {
	return query(s.conn, "DELETE FROM mailing WHERE ended <> 0 AND ended < ?", func(stmt *statement) { stmt.BindInt64(1, before) }, nil)
}

// Mailings returns all that are kept, in the order in which they began.
func (s *Store) Mailings(ctx context.Context) (list []Mailing, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT id, account, by, ended, state, request, counts FROM mailing ORDER BY id", nil, func(stmt *statement) (bool, error) {
			m := Mailing{ID: message.ID(stmt.ColumnInt64(0)), Account: stmt.ColumnText(1), By: stmt.ColumnText(2), Ended: stmt.ColumnInt64(3), State: stmt.ColumnText(4)}
			m.Request, m.Counts = make([]byte, stmt.ColumnLen(5)), make([]byte, stmt.ColumnLen(6))
			stmt.ColumnBytes(5, m.Request)
			stmt.ColumnBytes(6, m.Counts)
			list = append(list, m)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read large requests: %w", err)
	}
	return list, nil
}
