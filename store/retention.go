package store

import (
	"context"
	"fmt"
	"time"

	"kurir/message"
)

const (
	retainEvery = 10 * time.Minute // between two passes
	retainRows  = 500              // looked at in one transaction
	forgetRows  = 500
)

// retainSlice removes some rows and texts that are older than they may be. A
// pass goes over the ids from the oldest; an open message stays, and is found
// by a later pass when it is final. Rows go one by one by id, which is their
// order in the file.
func (s *Store) retainSlice() (more bool, err error) {
	t, keep, now := &s.tidy, s.opts.Retention, s.now()
	if !t.retaining {
		if now.Before(t.retainAt) {
			return false, nil
		}
		t.retaining, t.ledger = true, false
		t.messages, t.inbound = removePass{of: &messageRows}, removePass{of: &inboundRows}
		s.messageTexts.ended, s.inboundTexts.ended = false, false
	}
	switch {
	case keep.Messages > 0 && !t.messages.ended:
		err = s.removeRows(&t.messages, message.FirstIDAt(now.Add(-keep.Messages)))
		if err == nil && t.messages.ended {
			err = s.dropRuns()
		}
		return true, err
	case keep.Inbound > 0 && !t.inbound.ended:
		return true, s.removeRows(&t.inbound, message.FirstIDAt(now.Add(-keep.Inbound)))
	case keep.Texts > 0 && !s.messageTexts.ended:
		return true, s.eraseTexts(&s.messageTexts, message.FirstIDAt(now.Add(-keep.Texts)))
	case keep.Texts > 0 && !s.inboundTexts.ended:
		return true, s.eraseTexts(&s.inboundTexts, message.FirstIDAt(now.Add(-keep.Texts)))
	case keep.Messages > 0 && !t.ledger:
		return true, s.retainLedger(now)
	case keep.Counters > 0:
		if more, err := s.retainCounters(now); more || err != nil {
			return more, err
		}
		if more, err := s.retainTallies(now); more || err != nil {
			return more, err
		}
	}
	if more, err := s.retainZones(); more || err != nil {
		return more, err
	}
	if more, err := s.retainDead(now); more || err != nil {
		return more, err
	}
	if more, err := s.retainEscalations(now); more || err != nil {
		return more, err
	}
	if more, err := s.retainConversations(now); more || err != nil {
		return more, err
	}
	if more, err := s.retainEvents(now); more || err != nil {
		return more, err
	}
	if err := s.retainConfigurations(now); err != nil {
		return false, err
	}
	t.retaining, t.retainAt = false, now.Add(retainEvery)
	return false, nil
}

// oldRow is a message as retention sees it.
type oldRow struct {
	id   message.ID
	open bool
}

// oldRows reads the rows of a table behind after and before limit.
func (s *Store) oldRows(text string, after, limit message.ID) ([]oldRow, error) {
	var rows []oldRow
	err := query(s.conn, text,
		func(stmt *statement) {
			stmt.BindInt64(1, int64(after))
			stmt.BindInt64(2, int64(limit))
			stmt.BindInt64(3, retainRows)
		},
		func(stmt *statement) (bool, error) {
			rows = append(rows, oldRow{message.ID(stmt.ColumnInt64(0)), stmt.ColumnBool(1)})
			return true, nil
		})
	return rows, err
}

// rowsOf are the statements that remove the rows of a table.
type rowsOf struct {
	rows   string // id and whether the row is open, behind an id and before another
	remove []write
}

var (
	messageRows = rowsOf{
		rows:   "SELECT id, final = 0 OR owed <> 0 FROM progress WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
		remove: []write{{verb: remove, table: "progress", keys: 1, columns: "id"}, {verb: remove, table: "message", keys: 1, columns: "id"}},
	}
	inboundRows = rowsOf{
		rows:   "SELECT id, owed <> 0 FROM inbound WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
		remove: []write{{verb: remove, table: "inbound_case", keys: 1, columns: "id"}, {verb: remove, table: "inbound", keys: 1, columns: "id"}},
	}
)

// removePass is one walk over the rows of a table.
type removePass struct {
	of    *rowsOf
	at    message.ID
	ended bool
}

// removeRows removes some whole rows.
func (s *Store) removeRows(p *removePass, limit message.ID) error {
	rows, err := s.oldRows(p.of.rows, p.at, limit)
	if err == nil && len(rows) > 0 {
		err = s.transact(func() error {
			for _, r := range rows {
				if r.open {
					continue
				}
				for i := range p.of.remove {
					if err := s.writeID(&p.of.remove[i], r.id); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("remove what is old: %w", err)
	}
	if len(rows) > 0 {
		p.at = rows[len(rows)-1].id
	}
	p.ended = len(rows) < retainRows
	return nil
}

// writeID runs a write whose only argument is an id.
func (s *Store) writeID(w *write, id message.ID) error {
	stmt, err := s.conn.preparedWrite(w)
	if err != nil {
		return err
	}
	stmt.BindInt64(1, int64(id))
	return execute(stmt)
}

// dropRuns takes the runs out of use whose messages are all gone.
func (s *Store) dropRuns() error {
	if s.pg != nil || s.index.merge != nil {
		return nil // while runs are merged none goes: the next pass does it
	}
	oldest := s.pending.oldest()
	err := s.transact(func() error {
		return query(s.conn, `UPDATE run SET state = ? WHERE state = ? AND last < ?
  AND NOT EXISTS (SELECT 1 FROM message WHERE id BETWEEN run.first AND run.last)`, func(stmt *statement) {
			stmt.BindInt64(1, runDead)
			stmt.BindInt64(2, runInUse)
			stmt.BindInt64(3, int64(oldest))
		}, nil)
	})
	if err != nil {
		return fmt.Errorf("drop old runs of the index: %w", err)
	}
	var levels [len(s.index.levels)]int
	err = query(s.conn, "SELECT level, count(*) FROM run WHERE state = ? GROUP BY level",
		func(stmt *statement) { stmt.BindInt64(1, runInUse) },
		func(stmt *statement) (bool, error) {
			levels[stmt.ColumnInt64(0)] = int(stmt.ColumnInt64(1))
			return true, nil
		})
	if err == nil {
		s.index.levels, s.index.dead = levels, true
	}
	return err
}

// textsOf are the statements that erase the texts of a table. What is open
// needs its text still: a message until it is final (a state that is owed is
// told without it), an inbound message until every target has it.
type textsOf struct {
	mark  string // name in table meta of how far texts are erased
	rows  string // id and whether the row is open, behind an id and before another
	erase write
}

var (
	messageTexts = textsOf{
		mark:  "texts",
		rows:  "SELECT id, final = 0 FROM progress WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
		erase: write{verb: other, table: "message", keys: 1, columns: "id", text: "UPDATE message SET text = NULL, data = NULL WHERE id = ?1 AND (text IS NOT NULL OR data IS NOT NULL)"},
	}
	inboundTexts = textsOf{
		mark:  "inbound_texts",
		rows:  inboundRows.rows,
		erase: write{verb: other, table: "inbound", keys: 1, columns: "id", text: "UPDATE inbound SET text = NULL, data = NULL WHERE id = ?1 AND (text IS NOT NULL OR data IS NOT NULL)"},
	}
)

// eraser is how far the texts of a table are erased: a walk never looks at a
// row twice. A row that is open when the walk comes by is passed over; the
// batch that closes it erases its text (writeChanged, writeInbound).
type eraser struct {
	of    *textsOf
	mark  message.ID // on disk too, in table meta
	ended bool       // the walk of this pass
}

// due tells whether the text of a row that is closed now must go.
func (e *eraser) due(id message.ID) bool { return id <= e.mark }

// loadErasers reads how far texts are erased.
func (s *Store) loadErasers(ctx context.Context) error {
	s.messageTexts.of, s.inboundTexts.of = &messageTexts, &inboundTexts
	return s.read(ctx, func(c *conn) error {
		for _, e := range []*eraser{&s.messageTexts, &s.inboundTexts} {
			err := query(c, "SELECT value FROM meta WHERE name = ?",
				func(stmt *statement) { stmt.BindText(1, e.of.mark) },
				func(stmt *statement) (bool, error) {
					e.mark = message.ID(stmt.ColumnInt64(0))
					return false, nil
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// eraseTexts removes some texts.
func (s *Store) eraseTexts(e *eraser, limit message.ID) error {
	rows, err := s.oldRows(e.of.rows, e.mark, limit)
	if err == nil && len(rows) > 0 {
		err = s.transact(func() error { return s.eraseRows(e.of, rows) })
	}
	if err != nil {
		return fmt.Errorf("erase old texts: %w", err)
	}
	if len(rows) > 0 {
		e.mark = rows[len(rows)-1].id
	}
	e.ended = len(rows) < retainRows
	return nil
}

// eraseRows erases the texts of rows that are not open, and writes down how far
// it came.
func (s *Store) eraseRows(of *textsOf, rows []oldRow) error {
	for _, r := range rows {
		if r.open {
			continue
		}
		if err := s.writeID(&of.erase, r.id); err != nil {
			return err
		}
	}
	return s.setMeta(of.mark, int64(rows[len(rows)-1].id))
}

// retainLedger removes rows of the ledger that are older than messages may be.
// They are in the order of time, so that a look at the first few tells.
func (s *Store) retainLedger(now time.Time) error {
	gone, err := s.removeSome("DELETE FROM ledger WHERE number < (SELECT min(number) FROM ledger) + ?2 AND at < ?1",
		now.Add(-s.opts.Retention.Messages).UnixMilli())
	if err != nil {
		return fmt.Errorf("remove old rows of the ledger: %w", err)
	}
	s.tidy.ledger = gone == 0
	return nil
}

// retainCounters removes counters that are old.
func (s *Store) retainCounters(now time.Time) (more bool, err error) {
	gone, err := s.removeSome("DELETE FROM counter WHERE (hour, account, link, what) IN (SELECT hour, account, link, what FROM counter WHERE hour < ? ORDER BY hour LIMIT ?)",
		now.Add(-s.opts.Retention.Counters).Unix()/3600)
	if err != nil {
		return false, fmt.Errorf("remove old counters: %w", err)
	}
	return gone == forgetRows, nil
}

// configurationMargin is by how much a message may be younger than the
// configuration that came into force after it was accepted, and more.
const configurationMargin = time.Hour

// retainConfigurations removes the configurations that no message can name any
// more: those before the one in force when the oldest message was accepted.
func (s *Store) retainConfigurations(now time.Time) error {
	oldest := now
	err := query(s.conn, "SELECT min(id) FROM message", nil, func(stmt *statement) (bool, error) {
		if !stmt.ColumnIsNull(0) {
			oldest = message.ID(stmt.ColumnInt64(0)).Time()
		}
		return false, nil
	})
	if err == nil {
		_, err = s.removeSome(`DELETE FROM configuration WHERE number IN (SELECT number FROM configuration
  WHERE number < (SELECT max(number) FROM configuration WHERE at < ?) ORDER BY number LIMIT ?)`, oldest.Add(-configurationMargin).UnixMilli())
	}
	if err != nil {
		return fmt.Errorf("remove old configurations: %w", err)
	}
	return nil
}

// forgetSlice removes rows that have expired by themselves.
func (s *Store) forgetSlice() (more bool, err error) {
	now := s.now()
	if now.Before(s.tidy.forgetAt) {
		return false, nil
	}
	old := now.Add(-s.opts.Retention.Held).UnixMilli()
	for _, f := range []struct {
		limit int64
		text  string
		count func(int64)
	}{
		{now.UnixMilli(), "DELETE FROM duplicate WHERE key IN (SELECT key FROM duplicate WHERE expires < ? LIMIT ?)", nil},
		{
			now.Add(-time.Hour).UnixMilli(),
			"DELETE FROM allowance WHERE (account, kind, period) IN (SELECT account, kind, period FROM allowance WHERE kind >= 2 AND since < ? LIMIT ?)", nil,
		},
		// Numbers and ids grow with time: the oldest rows are the first ones.
		{
			old, "DELETE FROM held WHERE received < ? AND number IN (SELECT number FROM held ORDER BY number LIMIT ?)",
			func(n int64) { s.counts.add(&tableDeltas{held: -n}) },
		},
	} {
		gone, err := s.removeSome(f.text, f.limit)
		if err != nil {
			return false, fmt.Errorf("forget what has expired: %w", err)
		}
		if f.count != nil {
			f.count(int64(gone))
		}
		if gone == forgetRows {
			return true, nil
		}
	}
	if more, err := s.forgetKeys(now.UnixMilli()); more || err != nil {
		return more, err
	}
	s.tidy.forgetAt = now.Add(time.Minute)
	return false, s.measurePostgres()
}

// removeSome runs a statement with a limit and forgetRows as its arguments, in
// a transaction, and returns how many rows it touched.
func (s *Store) removeSome(text string, limit int64) (gone int, err error) {
	err = s.transact(func() error {
		err := query(s.conn, text, func(stmt *statement) {
			stmt.BindInt64(1, limit)
			stmt.BindInt64(2, forgetRows)
		}, nil)
		gone = s.conn.rowsChanged()
		return err
	})
	return gone, err
}
