package store

import (
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"

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
	t, keep, now := &s.tidy, s.opts.Retention, time.Now()
	if !t.retaining {
		if now.Before(t.retainAt) {
			return false, nil
		}
		t.retaining, t.rows = true, 0
		t.messages, t.inbound = erasePass{of: &messageTexts}, erasePass{of: &inboundTexts}
	}
	if keep.Messages > 0 && t.rows >= 0 {
		return true, s.retainMessages(message.FirstIDAt(now.Add(-keep.Messages)))
	}
	for _, p := range []*erasePass{&t.messages, &t.inbound} {
		if keep.Texts > 0 && !p.ended {
			return true, s.eraseTexts(p, message.FirstIDAt(now.Add(-keep.Texts)))
		}
	}
	if more, err := s.retainOthers(now); more || err != nil {
		return more, err
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
		func(stmt *sqlite.Stmt) {
			stmt.BindInt64(1, int64(after))
			stmt.BindInt64(2, int64(limit))
			stmt.BindInt64(3, retainRows)
		},
		func(stmt *sqlite.Stmt) (bool, error) {
			rows = append(rows, oldRow{message.ID(stmt.ColumnInt64(0)), stmt.ColumnBool(1)})
			return true, nil
		})
	return rows, err
}

// retainMessages removes whole rows. t.rows becomes -1 at the end of the pass.
func (s *Store) retainMessages(limit message.ID) error {
	rows, err := s.oldRows(messageTexts.rows, s.tidy.rows, limit)
	if err == nil && len(rows) == 0 {
		s.tidy.rows = -1
		return s.dropRuns()
	}
	if err == nil {
		err = s.transact(func() error {
			for _, r := range rows {
				if r.open {
					continue
				}
				bind := func(stmt *sqlite.Stmt) { stmt.BindInt64(1, int64(r.id)) }
				if err := query(s.conn, "DELETE FROM progress WHERE id = ?", bind, nil); err != nil {
					return err
				}
				if err := query(s.conn, "DELETE FROM message WHERE id = ?", bind, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("remove old messages: %w", err)
	}
	s.tidy.rows = rows[len(rows)-1].id
	return nil
}

// dropRuns takes the runs out of use whose messages are all gone.
func (s *Store) dropRuns() error {
	oldest := int64(0)
	err := query(s.conn, "SELECT coalesce(min(id), 9223372036854775807) FROM message", nil, func(stmt *sqlite.Stmt) (bool, error) {
		oldest = stmt.ColumnInt64(0)
		return false, nil
	})
	if err != nil || s.index.merge != nil {
		return err // while runs are merged none goes: the next pass does it
	}
	err = s.transact(func() error {
		return query(s.conn, "UPDATE run SET state = ? WHERE state = ? AND last < ?", func(stmt *sqlite.Stmt) {
			stmt.BindInt64(1, runDead)
			stmt.BindInt64(2, runInUse)
			stmt.BindInt64(3, oldest)
		}, nil)
	})
	if err != nil {
		return fmt.Errorf("drop old runs of the index: %w", err)
	}
	var levels [len(s.index.levels)]int
	err = query(s.conn, "SELECT level, count(*) FROM run WHERE state = ? GROUP BY level",
		func(stmt *sqlite.Stmt) { stmt.BindInt64(1, runInUse) },
		func(stmt *sqlite.Stmt) (bool, error) {
			levels[stmt.ColumnInt64(0)] = int(stmt.ColumnInt64(1))
			return true, nil
		})
	if err == nil {
		s.index.levels, s.index.dead = levels, true
	}
	return err
}

// textsOf are the statements that erase the texts of a table.
type textsOf struct {
	mark  string // name in table meta of how far all texts are erased
	rows  string // id and whether the row is open, behind an id and before another
	erase string
}

var (
	messageTexts = textsOf{
		mark:  "texts",
		rows:  "SELECT id, final = 0 OR owed <> 0 FROM progress WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
		erase: "UPDATE message SET text = NULL, data = NULL WHERE id = ? AND (text IS NOT NULL OR data IS NOT NULL)",
	}
	inboundTexts = textsOf{
		mark:  "inbound_texts",
		rows:  "SELECT id, owed <> 0 FROM inbound WHERE id > ? AND id < ? ORDER BY id LIMIT ?",
		erase: "UPDATE inbound SET text = NULL, data = NULL WHERE id = ? AND (text IS NOT NULL OR data IS NOT NULL)",
	}
)

// erasePass is one walk over the texts of a table. It begins where the walks
// before have left no text behind, which is written down, so that a walk does
// not read the whole history.
type erasePass struct {
	of    *textsOf
	begun bool
	at    message.ID
	kept  bool // an open row was met, whose text a later pass must find
	ended bool
}

// eraseTexts removes some texts.
func (s *Store) eraseTexts(p *erasePass, limit message.ID) error {
	if !p.begun {
		mark, err := s.erasedUpTo(p.of.mark)
		if err != nil {
			return fmt.Errorf("erase old texts: %w", err)
		}
		p.begun, p.at = true, mark
	}
	rows, err := s.oldRows(p.of.rows, p.at, limit)
	if err == nil {
		err = s.transact(func() error { return s.eraseRows(p, rows) })
	}
	if err != nil {
		return fmt.Errorf("erase old texts: %w", err)
	}
	for _, r := range rows {
		p.at, p.kept = r.id, p.kept || r.open
	}
	p.ended = len(rows) < retainRows
	return nil
}

func (s *Store) erasedUpTo(mark string) (id message.ID, err error) {
	err = query(s.conn, "SELECT value FROM meta WHERE name = ?",
		func(stmt *sqlite.Stmt) { stmt.BindText(1, mark) },
		func(stmt *sqlite.Stmt) (bool, error) {
			id = message.ID(stmt.ColumnInt64(0))
			return false, nil
		})
	return id, err
}

// eraseRows erases the texts of rows that are not open, and writes down up to
// where no text is left.
func (s *Store) eraseRows(p *erasePass, rows []oldRow) error {
	kept, done := p.kept, p.at
	for _, r := range rows {
		if r.open {
			kept = true
			continue
		}
		if err := query(s.conn, p.of.erase, func(stmt *sqlite.Stmt) { stmt.BindInt64(1, int64(r.id)) }, nil); err != nil {
			return err
		}
		if !kept {
			done = r.id
		}
	}
	if done == p.at {
		return nil
	}
	return query(s.conn, "INSERT OR REPLACE INTO meta(name, value) VALUES (?, ?)", func(stmt *sqlite.Stmt) {
		stmt.BindText(1, p.of.mark)
		stmt.BindInt64(2, int64(done))
	}, nil)
}

// retainOthers removes inbound messages and counters that are old.
func (s *Store) retainOthers(now time.Time) (more bool, err error) {
	keep := s.opts.Retention
	for _, r := range []struct {
		keep  time.Duration
		limit int64
		text  string
	}{
		{keep.Inbound, int64(message.FirstIDAt(now.Add(-keep.Inbound))), "DELETE FROM inbound WHERE id IN (SELECT id FROM inbound WHERE id < ? AND owed = 0 ORDER BY id LIMIT ?)"},
		{
			keep.Counters, now.Add(-keep.Counters).Unix() / 3600,
			"DELETE FROM counter WHERE (hour, account, link, what) IN (SELECT hour, account, link, what FROM counter WHERE hour < ? ORDER BY hour LIMIT ?)",
		},
	} {
		if r.keep <= 0 {
			continue
		}
		gone, err := s.removeSome(r.text, r.limit)
		if err != nil {
			return false, fmt.Errorf("remove what is old: %w", err)
		}
		if gone == forgetRows {
			return true, nil
		}
	}
	return false, nil
}

// forgetSlice removes rows that have expired by themselves.
func (s *Store) forgetSlice() (more bool, err error) {
	now := time.Now()
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
		{now.UnixMilli(), "DELETE FROM idempotency WHERE (account, key) IN (SELECT account, key FROM idempotency WHERE expires < ? LIMIT ?)", nil},
		// Numbers and ids grow with time: the oldest rows are the first ones.
		{
			old, "DELETE FROM held WHERE received < ? AND number IN (SELECT number FROM held ORDER BY number LIMIT ?)",
			func(n int64) { s.counts.held.Add(-n) },
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
	s.tidy.forgetAt = now.Add(time.Minute)
	return false, nil
}

// removeSome runs a statement with a limit and forgetRows as its arguments, in
// a transaction, and returns how many rows it touched.
func (s *Store) removeSome(text string, limit int64) (gone int, err error) {
	err = s.transact(func() error {
		err := query(s.conn, text, func(stmt *sqlite.Stmt) {
			stmt.BindInt64(1, limit)
			stmt.BindInt64(2, forgetRows)
		}, nil)
		gone = s.conn.Changes()
		return err
	})
	return gone, err
}
