package store

import (
	"context"
	"fmt"
	"time"

	"kurir/message"
)

// Escalation is a message that asks one person after the other until somebody says that he has taken it.
type Escalation struct {
	ID      message.ID // of its first message
	Account string
	Rota    string
	Node    int    // whose it is
	Ended   int64  // Unix milliseconds; 0 while it is open
	Changed int64  // likewise, when the row was written
	Acked   int64  // likewise, when it was acknowledged; what stands on disk stays
	AckedBy string // by whom
	Request []byte // what is sent, the gateway's; nil when it has ended
	Body    []byte // how far it has come, likewise
}

// escalationKept is how long it is shown how one has ended.
const escalationKept = 90 * 24 * time.Hour

const escalationColumns = "id, account, rota, node, ended, changed, acked, acked_by, request, body"

// putEscalation is put, but who acknowledged one first stays the one who did; both engines know it.
const putEscalation = `INSERT INTO escalation(` + escalationColumns + `) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
  ON CONFLICT(id) DO UPDATE SET node = excluded.node, ended = excluded.ended, changed = excluded.changed,
  acked = CASE WHEN escalation.acked > 0 THEN escalation.acked ELSE excluded.acked END,
  acked_by = CASE WHEN escalation.acked > 0 THEN escalation.acked_by ELSE excluded.acked_by END,
  request = excluded.request, body = excluded.body`

// ackEscalation acknowledges one of another server.
const ackEscalation = "UPDATE escalation SET acked = ?2, acked_by = ?3, changed = ?4 WHERE id = ?1 AND acked = 0 AND ended = 0"

func (s *Store) writeEscalations(list, acked []Escalation) error {
	for i := range list {
		e, stmt := &list[i], s.cold.escalation
		stmt.BindInt64(1, int64(e.ID))
		stmt.BindText(2, e.Account)
		stmt.BindText(3, e.Rota)
		stmt.BindInt64(4, int64(e.Node))
		stmt.BindInt64(5, e.Ended)
		stmt.BindInt64(6, e.Changed)
		stmt.BindInt64(7, e.Acked)
		stmt.BindText(8, e.AckedBy)
		bindBlob(stmt, 9, e.Request)
		stmt.BindBytes(10, e.Body)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write escalation %s: %w", e.ID, err)
		}
	}
	for i := range acked {
		e, stmt := &acked[i], s.cold.escalationAck
		stmt.BindInt64(1, int64(e.ID))
		stmt.BindInt64(2, e.Acked)
		stmt.BindText(3, e.AckedBy)
		stmt.BindInt64(4, e.Changed)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("acknowledge escalation %s: %w", e.ID, err)
		}
	}
	return nil
}

// EscalationFilter says which escalations are read. Empty fields do not narrow it.
type EscalationFilter struct {
	ID      message.ID
	Account string
	Open    bool  // those that have not ended
	Changed int64 // those written since, Unix milliseconds
	Limit   int   // at most so many, the newest; 0 for all
}

// Escalations returns escalations, newest first.
func (s *Store) Escalations(ctx context.Context, f EscalationFilter) (list []Escalation, err error) {
	limit, open := int64(f.Limit), int64(0)
	if limit == 0 {
		limit = 1 << 40
	}
	if f.Open {
		open = 1
	}
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT "+escalationColumns+` FROM escalation WHERE (?1 = 0 OR id = ?1) AND (?2 = '' OR account = ?2)
			AND (?3 = 0 OR ended = 0) AND changed >= ?4 ORDER BY id DESC LIMIT ?5`,
			func(stmt *statement) {
				stmt.BindInt64(1, int64(f.ID))
				stmt.BindText(2, f.Account)
				stmt.BindInt64(3, open)
				stmt.BindInt64(4, f.Changed)
				stmt.BindInt64(5, limit)
			},
			func(stmt *statement) (bool, error) {
				e := Escalation{
					ID: message.ID(stmt.ColumnInt64(0)), Account: stmt.ColumnText(1), Rota: stmt.ColumnText(2), Node: stmt.ColumnInt(3),
					Ended: stmt.ColumnInt64(4), Changed: stmt.ColumnInt64(5), Acked: stmt.ColumnInt64(6), AckedBy: stmt.ColumnText(7),
				}
				if n := stmt.ColumnLen(8); n > 0 {
					e.Request = make([]byte, n)
					stmt.ColumnBytes(8, e.Request)
				}
				e.Body = make([]byte, stmt.ColumnLen(9))
				stmt.ColumnBytes(9, e.Body)
				list = append(list, e)
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read escalations: %w", err)
	}
	return list, nil
}

// retainEscalations removes some of those that ended long ago.
func (s *Store) retainEscalations(now time.Time) (more bool, err error) {
	gone, err := s.removeSome("DELETE FROM escalation WHERE id IN (SELECT id FROM escalation WHERE ended <> 0 AND ended < ? LIMIT ?)", now.Add(-escalationKept).UnixMilli())
	if err != nil {
		return false, fmt.Errorf("remove old escalations: %w", err)
	}
	return gone == forgetRows, nil
}
