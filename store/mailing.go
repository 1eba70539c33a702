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
	Counts  []byte // likewise, as of when State was written
	Node    int    // whose it is
	Wish    string // the state that another server asks for; empty for none
}

// setMailingState writes how far one has come, for whose it is. A wish that it fulfils is one no more.
const setMailingState = "UPDATE mailing SET state = ?2, counts = ?3, wish = CASE WHEN wish = ?2 THEN '' ELSE wish END WHERE id = ?1 AND (node = ?4 OR node < 0) AND ended = 0"

// wishMailing asks of whose it is that one is paused, goes on or is stopped.
const wishMailing = "UPDATE mailing SET wish = ?2 WHERE id = ?1 AND ended = 0"

func (s *Store) writeMailing(m *Mailing) error {
	stmt := s.cold.mailing
	stmt.BindInt64(1, int64(m.ID))
	stmt.BindText(2, m.Account)
	stmt.BindText(3, m.By)
	stmt.BindInt64(4, m.Ended)
	stmt.BindText(5, m.State)
	bindBlob(stmt, 6, m.Request)
	bindBlob(stmt, 7, m.Counts)
	stmt.BindInt64(8, int64(m.Node))
	return execute(stmt)
}

func (s *Store) writeMailingState(m *Mailing) error {
	stmt := s.cold.mailingState
	stmt.BindInt64(1, int64(m.ID))
	stmt.BindText(2, m.State)
	bindBlob(stmt, 3, m.Counts)
	stmt.BindInt64(4, int64(m.Node))
	return execute(stmt)
}

func (s *Store) writeMailingWish(m *Mailing) error {
	stmt := s.cold.mailingWish
	stmt.BindInt64(1, int64(m.ID))
	stmt.BindText(2, m.Wish)
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

// MailingFilter says which mailings are read. Empty fields do not narrow it.
type MailingFilter struct {
	ID       message.ID
	Open     bool // those that have not ended
	Requests bool // with their Request
}

// Mailings returns those that are kept, in the order in which they began.
func (s *Store) Mailings(ctx context.Context, f MailingFilter) (list []Mailing, err error) {
	request := "NULL"
	if f.Requests {
		request = "request"
	}
	open := int64(0)
	if f.Open {
		open = 1
	}
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT id, account, by, ended, state, "+request+", counts, node, wish FROM mailing WHERE (?1 = 0 OR id = ?1) AND (?2 = 0 OR ended = 0) ORDER BY id",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(f.ID))
				stmt.BindInt64(2, open)
			},
			func(stmt *statement) (bool, error) {
				m := Mailing{ID: message.ID(stmt.ColumnInt64(0)), Account: stmt.ColumnText(1), By: stmt.ColumnText(2), Ended: stmt.ColumnInt64(3), State: stmt.ColumnText(4)}
				m.Request, m.Counts = make([]byte, stmt.ColumnLen(5)), make([]byte, stmt.ColumnLen(6))
				stmt.ColumnBytes(5, m.Request)
				stmt.ColumnBytes(6, m.Counts)
				if m.Node, m.Wish = stmt.ColumnInt(7), stmt.ColumnText(8); m.Node < 0 { // a server of an older program wrote it
					m.Node = m.ID.Node()
				}
				list = append(list, m)
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read large requests: %w", err)
	}
	return list, nil
}
