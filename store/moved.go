package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Where data have been moved from one engine to the other, both databases say so
// in a table of their own, so that there are never two that go on side by side:
// SQLite's says where they are going or went, PostgreSQL's (move_target.go) whether
// all have come. Whoever opens one that is not to be used gets a *MovedError.

// movedTable is its name with both engines.
const movedTable = "moved"

// movedMark is the row of that table in SQLite.
type movedMark struct {
	ID     int64  // of the move; the target has the same
	Target string // without password
	Began  int64  // Unix milliseconds
	Ended  int64  // 0 while it is under way
}

// MovedError says that a database is not, or not yet, to be used, since its data
// have been moved.
type MovedError struct {
	Path string // the data folder, or the PostgreSQL database
	Mark movedMark
	// With PostgreSQL, one of these:
	Under bool // data are being moved to it
	Back  bool // its data were taken back
}

// Error says what to do.
func (e *MovedError) Error() string {
	day := func(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04 UTC") }
	switch {
	case e.Under:
		return fmt.Sprintf("database %s has only a part of what is being moved to it: start kurir migrate again, which goes on where it was", e.Path)
	case e.Back:
		return fmt.Sprintf("the data of database %s were taken back to SQLite (kurir migrate --undo): it is not used any more", e.Path)
	case e.Mark.Ended == 0:
		return fmt.Sprintf("a move of data folder %s to PostgreSQL (%s) was begun on %s and has not ended: start kurir migrate again, which goes on where it was, or take it back with kurir migrate --undo",
			e.Path, e.Mark.Target, day(e.Mark.Began))
	}
	return fmt.Sprintf("the data of folder %s were moved to PostgreSQL (%s) on %s: write its address behind database: in the configuration file; or go on with the folder as it was then, by kurir migrate --undo",
		e.Path, e.Mark.Target, day(e.Mark.Ended))
}

// readMoved reads the mark of an SQLite database; nil if there is none.
func (s *Store) readMoved() (mark *movedMark, err error) {
	there := false
	err = query(s.conn, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", func(stmt *statement) { stmt.BindText(1, movedTable) },
		func(*statement) (bool, error) {
			there = true
			return false, nil
		})
	if err != nil || !there {
		return nil, err
	}
	err = query(s.conn, "SELECT id, target, began, ended FROM moved", nil, func(stmt *statement) (bool, error) {
		mark = &movedMark{stmt.ColumnInt64(0), stmt.ColumnText(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3)}
		return false, nil
	})
	return mark, err
}

// writeMoved writes the mark of an SQLite database, in place of any before.
func (s *Store) writeMoved(mark *movedMark) error {
	err := query(s.conn, "CREATE TABLE IF NOT EXISTS moved (only INTEGER PRIMARY KEY, id INTEGER NOT NULL, target TEXT NOT NULL, began INTEGER NOT NULL, ended INTEGER NOT NULL)", nil, nil)
	if err == nil {
		err = query(s.conn, "INSERT OR REPLACE INTO moved(only, id, target, began, ended) VALUES (1, ?, ?, ?, ?)", func(stmt *statement) {
			stmt.BindInt64(1, mark.ID)
			stmt.BindText(2, mark.Target)
			stmt.BindInt64(3, mark.Began)
			stmt.BindInt64(4, mark.Ended)
		}, nil)
	}
	if err != nil {
		return fmt.Errorf("note in the data folder where its data are: %w", err)
	}
	return nil
}

// beginSource notes in the data folder where its data are going, unless it says
// so already. A target that is refused leaves no note.
func (m *mover) beginSource() (*movedMark, error) {
	mark, err := m.source.readMoved()
	if err != nil {
		return nil, err
	}
	if mark != nil && (mark.Ended != 0 || mark.Target == m.target.pg.shown) {
		return mark, nil
	}
	if err := m.target.mayBegin(); err != nil {
		return nil, err
	}
	mark = &movedMark{ID: rand.Int64(), Target: m.target.pg.shown, Began: time.Now().UnixMilli()}
	return mark, m.source.writeMoved(mark)
}

// refuseMoved returns a *MovedError when this database is not to be used.
func (s *Store) refuseMoved() error {
	if s.pg == nil {
		mark, err := s.readMoved()
		if mark != nil {
			err = &MovedError{Path: s.dir, Mark: *mark}
		}
		return err
	}
	there := false
	err := query(s.conn, "SELECT to_regclass('moved') IS NOT NULL", nil, func(stmt *statement) (bool, error) {
		there = stmt.ColumnBool(0)
		return false, nil
	})
	if err != nil || !there {
		return err
	}
	return query(s.conn, "SELECT state FROM moved", nil, func(stmt *statement) (bool, error) {
		if state := stmt.ColumnInt64(0); state != movedDone {
			return false, &MovedError{Path: s.pg.shown, Under: state == movedUnder, Back: state == movedBack}
		}
		return false, nil
	})
}

// ErrNotMoved is returned by TakeBack when the data of a folder were never moved.
var ErrNotMoved = errors.New("its data have not been moved")

// TakenBack says what TakeBack did.
type TakenBack struct {
	Target string
	Ended  bool  // all had been moved
	Barred bool  // the target refuses to be opened now
	Newer  int64 // messages that came to the target since
}

// TakeBack lets a data folder be used again whose data have been moved, as it was
// then. If the target is given, it is barred; if that has newer messages, nothing
// is done unless they are to be left.
func TakeBack(ctx context.Context, folder, database string, leave bool, log *slog.Logger) (_ *TakenBack, err error) {
	if err := wantDatabase(folder); err != nil {
		return nil, err
	}
	s, err := Open(ctx, Options{Path: folder, Log: log, Readers: 1, moving: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	mark, err := s.readMoved()
	if err != nil {
		return nil, err
	}
	if mark == nil {
		return nil, ErrNotMoved
	}
	taken := &TakenBack{Target: mark.Target, Ended: mark.Ended != 0}
	if IsPostgres(database) {
		if err := taken.bar(ctx, s, MoveOptions{Database: database, Log: log}, mark, leave); err != nil {
			return taken, err
		}
	}
	return taken, query(s.conn, "DROP TABLE moved", nil, nil)
}

// bar has the target refuse to be opened.
func (b *TakenBack) bar(ctx context.Context, source *Store, opt MoveOptions, mark *movedMark, leave bool) error {
	t, err := connectTarget(ctx, opt)
	if err != nil {
		return err
	}
	defer t.close()
	if err := t.exec(ctx, createMoved); err != nil {
		return err
	}
	ours := false
	err = query(t.conn, "SELECT 1 FROM moved WHERE id = ?", func(stmt *statement) { stmt.BindInt64(1, mark.ID) }, func(*statement) (bool, error) {
		ours = true
		return false, nil
	})
	if err != nil || !ours {
		return err
	}
	last, err := source.LastID(ctx)
	if err != nil {
		return err
	}
	err = query(t.conn, "SELECT (SELECT count(*) FROM message WHERE id > ?1) + (SELECT count(*) FROM inbound WHERE id > ?1)", func(stmt *statement) { stmt.BindInt64(1, int64(last)) },
		func(stmt *statement) (bool, error) {
			b.Newer = stmt.ColumnInt64(0)
			return false, nil
		})
	if err != nil {
		return err
	}
	if b.Newer > 0 && !leave {
		return fmt.Errorf("%d messages have come to database %s since, which the data folder has not: they would be left behind", b.Newer, t.pg.shown)
	}
	b.Barred = true
	return t.exec(ctx, fmt.Sprintf("UPDATE moved SET state = %d; UPDATE share SET term = term + 1", movedBack))
}
