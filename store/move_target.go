package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// moveTarget is the PostgreSQL database that something is moved to. It is no
// open Store: it has no share, and cannot be opened as one before the end.
type moveTarget struct {
	*Store
	id    int64
	state int64
}

// moveState is how far a table has come, as the target notes it.
type moveState struct {
	total  int64 // rows of the source; -1: not counted yet
	rows   int64
	sum    uint64
	cursor []byte
	done   bool
}

// States of table moved in PostgreSQL: docs/store.md.
const (
	movedUnder = 1 // under way
	movedDone  = 2
	movedBack  = 3 // taken back: the data are in the data folder again
)

// createMoved makes the tables in which the target notes what comes into it. They
// are no part of the migrations, since few databases need them.
const createMoved = `CREATE TABLE IF NOT EXISTS moved (id BIGINT NOT NULL, state BIGINT NOT NULL, folder TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS moved_table (name TEXT PRIMARY KEY, total BIGINT NOT NULL, rows BIGINT NOT NULL, sum BIGINT NOT NULL, cursor BYTEA NOT NULL, done BIGINT NOT NULL)`

func connectTarget(ctx context.Context, opt MoveOptions) (*moveTarget, error) {
	config, err := postgresConfig(opt.Database)
	if err != nil {
		return nil, fmt.Errorf("the address of the database %w", err)
	}
	s := &Store{opts: Options{Database: opt.Database, Log: opt.Log}, log: opt.Log}
	s.pg = &postgres{config: config, shown: shownAddress(config)}
	if s.conn, err = s.pg.connect(ctx); err != nil {
		return nil, err
	}
	s.conn.pg.ctx = ctx
	if err := migratePostgres(ctx, s.conn, s.pg.shown, -1); err != nil {
		return nil, errors.Join(err, s.conn.Close())
	}
	return &moveTarget{Store: s}, nil
}

func (t *moveTarget) close() { _ = t.conn.Close() }

// exec runs statements without arguments, for as long as they take.
func (t *moveTarget) exec(ctx context.Context, texts string) error {
	_, err := t.conn.pg.Exec(ctx, texts).ReadAll()
	return err
}

// begin notes whose data come into the target. It refuses a database that has
// anything of somebody else.
func (t *moveTarget) begin(ctx context.Context, mark *movedMark, folder string) (resumed bool, err error) {
	if err := t.exec(ctx, fmt.Sprintf("BEGIN; SELECT pg_advisory_xact_lock(%d); %s", migrationLock, createMoved)); err != nil {
		return false, fmt.Errorf("make the table that says what is moved: %w", err)
	}
	defer func() {
		if err != nil && t.conn.pg.TxStatus() != 'I' {
			err = errors.Join(err, t.exec(ctx, "ROLLBACK"))
		}
	}()
	t.id = mark.ID
	err = query(t.conn, "SELECT id, state FROM moved", nil, func(stmt *statement) (bool, error) {
		resumed, t.state = true, stmt.ColumnInt64(1)
		if id := stmt.ColumnInt64(0); id != mark.ID {
			return false, t.refusal(0)
		}
		return false, nil
	})
	switch {
	case err != nil:
		return false, err
	case resumed && t.state == movedBack:
		return false, t.refusal(movedBack)
	case !resumed && mark.Ended != 0:
		return false, &MovedError{Path: folder, Mark: *mark}
	case !resumed:
		if err = t.wantEmpty(); err == nil {
			t.state = movedUnder
			err = query(t.conn, "INSERT INTO moved(id, state, folder) VALUES (?, ?, ?)", func(stmt *statement) {
				stmt.BindInt64(1, mark.ID)
				stmt.BindInt64(2, movedUnder)
				stmt.BindText(3, folder)
			}, nil)
		}
	}
	if err != nil {
		return false, err
	}
	if err = t.exec(ctx, "COMMIT"); err != nil || resumed {
		return resumed, err
	}
	// A server that looked just before at whether it may open the database has taken its share now, or will be refused.
	if err := t.wantEmpty(); err != nil {
		return false, errors.Join(err, t.exec(ctx, "DROP TABLE moved, moved_table"))
	}
	return false, nil
}

// mayBegin refuses a database that a move cannot begin in, before anything is written on either side.
func (t *moveTarget) mayBegin() error {
	there := false
	err := query(t.conn, "SELECT to_regclass('"+movedTable+"') IS NOT NULL", nil, func(stmt *statement) (bool, error) {
		there = stmt.ColumnBool(0)
		return false, nil
	})
	if err == nil && there {
		err = query(t.conn, "SELECT state FROM moved", nil, func(stmt *statement) (bool, error) { return false, t.refusal(stmt.ColumnInt64(0)) })
	}
	if err != nil {
		return err
	}
	return t.wantEmpty()
}

// refusal says why a database that a move has been to is not to be used, by its state.
func (t *moveTarget) refusal(state int64) error {
	if state == movedBack {
		return fmt.Errorf("database %s has what was moved to it and taken back: choose an empty database", t.pg.shown)
	}
	return fmt.Errorf("database %s has what was moved to it from another data folder, or a part of that: choose an empty database", t.pg.shown)
}

// wantEmpty returns an error when the database has rows that no migration made.
func (t *moveTarget) wantEmpty() error {
	tables, err := t.tables()
	if err != nil {
		return err
	}
	for name := range tables {
		text := fmt.Sprintf("SELECT 1 FROM %s LIMIT 1", quoted(0, name))
		switch {
		case name == movedTable, name == movedTable+"_table":
			continue
		case name == "meta":
			text = "SELECT 1 FROM meta WHERE name NOT IN ('" + metaForm + "', '" + metaLeast + "') LIMIT 1"
		}
		err := query(t.conn, text, nil, func(*statement) (bool, error) {
			return false, fmt.Errorf("database %s is used already (there are rows in table %s): choose an empty one, which no Kurir has been started with", t.pg.shown, name)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// states reads how far the tables have come.
func (t *moveTarget) states(plan []*movePlan) error {
	for _, p := range plan {
		p.state = moveState{total: -1}
	}
	return query(t.conn, "SELECT name, total, rows, sum, cursor, done FROM moved_table", nil, func(stmt *statement) (bool, error) {
		var d rowDecoder
		for _, p := range plan {
			if p.name == stmt.ColumnText(0) {
				p.state = moveState{stmt.ColumnInt64(1), stmt.ColumnInt64(2), uint64(stmt.ColumnInt64(3)), bytes.Clone(d.blob(stmt, 4)), stmt.ColumnBool(5)}
			}
		}
		return true, nil
	})
}

// noteTotal notes how many rows a table has.
func (t *moveTarget) noteTotal(p *movePlan, total int64) error {
	p.state.total = total
	return query(t.conn, "INSERT INTO moved_table(name, total, rows, sum, cursor, done) VALUES (?, ?, 0, 0, '', 0)", func(stmt *statement) {
		stmt.BindText(1, p.name)
		stmt.BindInt64(2, total)
	}, nil)
}

// copyHeader and copyEnd stand around rows in COPY's binary form.
func copyHeader() []byte { return []byte("PGCOPY\n\377\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00") }

func copyEnd() []byte { return []byte{0xff, 0xff} }

// write writes a slice of a table, and how far that comes, in one transaction. It
// need not be on disk when it returns: if it is lost, so is the note of it.
func (t *moveTarget) write(ctx context.Context, p *movePlan, r *rows) error {
	begin, into := "BEGIN; SET LOCAL synchronous_commit = off", p.name
	if p.special.newest {
		into = "pg_temp.moving"
		begin += fmt.Sprintf("; CREATE TEMP TABLE moving ON COMMIT DROP AS SELECT %s FROM %s WHERE false", p.names(), p.name)
	}
	if err := t.exec(ctx, begin); err != nil {
		return err
	}
	if r.count > 0 {
		from := &partsReader{parts: [][]byte{copyHeader(), r.octets, copyEnd()}}
		if _, err := t.conn.pg.CopyFrom(ctx, from, fmt.Sprintf("COPY %s(%s) FROM STDIN (FORMAT binary)", into, p.names())); err != nil {
			return err
		}
	}
	next := p.state
	next.rows, next.sum, next.cursor, next.done = next.rows+r.count, next.sum+r.sum, r.cursor, r.done
	if p.special.newest {
		text := fmt.Sprintf("INSERT INTO %s(%s) SELECT %[2]s FROM pg_temp.moving ON CONFLICT DO NOTHING", p.name, p.names())
		if err := query(t.conn, text, nil, nil); err != nil {
			return err
		}
		next.rows += int64(t.conn.rowsChanged()) - r.count
	}
	err := query(t.conn, "UPDATE moved_table SET rows = ?, sum = ?, cursor = ?, done = ? WHERE name = ? AND rows = ? AND done = 0", func(stmt *statement) {
		stmt.BindInt64(1, next.rows)
		stmt.BindInt64(2, int64(next.sum))
		stmt.BindBytes(3, next.cursor)
		stmt.BindBool(4, next.done)
		stmt.BindText(5, p.name)
		stmt.BindInt64(6, p.state.rows)
	}, nil)
	if err == nil && t.conn.rowsChanged() != 1 {
		err = errors.New("another kurir migrate writes to this database, too")
	}
	if err == nil {
		err = t.exec(ctx, "COMMIT")
	}
	if err == nil {
		p.state = next
	}
	return err
}

// settle has identities go on behind what was copied, and the planner know what
// there is.
func (t *moveTarget) settle(ctx context.Context, plan []*movePlan) error {
	for _, p := range plan {
		if p.identity == "" {
			continue
		}
		err := t.exec(ctx, fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', '%[2]s'), greatest(1, (SELECT max(%[2]s) FROM %[1]s)), EXISTS (SELECT 1 FROM %[1]s))",
			p.name, p.identity))
		if err != nil {
			return fmt.Errorf("number table %s on: %w", p.name, err)
		}
	}
	if err := t.exec(ctx, "ANALYZE"); err != nil {
		return fmt.Errorf("have the database look at its tables: %w", err)
	}
	return nil
}

// end lets the target be opened; with it all that was written is on disk.
func (t *moveTarget) end(ctx context.Context) error {
	return t.exec(ctx, fmt.Sprintf("BEGIN; UPDATE moved SET state = %d; DROP TABLE moved_table; COMMIT", movedDone))
}
