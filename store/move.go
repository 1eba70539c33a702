package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// Move takes everything that stands in the SQLite database of a data folder to a
// PostgreSQL database:
//
//  1. It takes the lock of the folder, notes there where the data are going
//     (moved.go), and in the target whose they are. From now on neither can be
//     opened by anybody else.
//  2. It finds out which tables and columns both have (move_plan.go): a column
//     that a migration adds to both goes over by itself.
//  3. Each table is read in the order of its key, and a slice of it written by one
//     transaction that also notes how far it has come (move_read.go,
//     move_target.go): whenever it is killed, it goes on behind the last one.
//  4. It reads back all tables of the target and compares counts and checksums with
//     what it took from the source (move_check.go).
//  5. It notes in the folder that the data have left it, and then lets the target
//     be opened.
//
// Nobody writes to either side meanwhile, so the source is read as it stands.

// MoveOptions says what is moved where. Path and Database are required.
type MoveOptions struct {
	Path     string // data folder with the SQLite database
	Database string // postgres://user:password@host:5432/database
	Log      *slog.Logger
	Progress func(MoveProgress) // called now and then; nil for nobody

	slice int                // octets of a slice, for tests; 0 means moveSlice
	fault func(string) error // for tests: called before each step that can be lost
}

// MoveProgress says how far a Move has come.
type MoveProgress struct {
	Doing       string // "count", "copy" or "compare"
	Table       string
	Rows, Total int64 // of all tables
	New         int64 // of Rows, those of this run
	Took        time.Duration
}

// MoveResult says what has been moved.
type MoveResult struct {
	Target  string // without password
	Tables  []MovedTable
	Rows    int64
	Resumed bool // an earlier run had begun
	Before  bool // all of it was moved before; nothing was done
}

// MovedTable is a table that was moved, and compared.
type MovedTable struct {
	Name string
	Rows int64
}

// mover is a Move under way.
type mover struct {
	opt    MoveOptions
	source *Store
	target *moveTarget
	began  time.Time
	total  int64 // rows of all tables
	rows   int64 // that are over
	before int64 // of these, those of earlier runs
}

// Move moves a database. When it returns an error, or was killed, calling it again
// goes on where it was.
func Move(ctx context.Context, opt MoveOptions) (_ *MoveResult, err error) {
	if opt.slice <= 0 {
		opt.slice = moveSlice
	}
	if opt.fault == nil {
		opt.fault = func(string) error { return nil }
	}
	if opt.Progress == nil {
		opt.Progress = func(MoveProgress) {}
	}
	if err := wantDatabase(opt.Path); err != nil {
		return nil, err
	}
	m := &mover{opt: opt, began: time.Now()}
	if m.source, err = Open(ctx, Options{Path: opt.Path, Log: opt.Log, Readers: 1, moving: true}); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.source.Close()) }()
	if m.target, err = connectTarget(ctx, opt); err != nil {
		return nil, err
	}
	defer m.target.close()
	return m.run(ctx)
}

// wantDatabase returns an error when a folder has no SQLite database.
func wantDatabase(folder string) error {
	path := filepath.Join(folder, databaseName)
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no database in data folder %s: %s is missing or empty", folder, path)
		}
		return err
	}
	return nil
}

func (m *mover) run(ctx context.Context) (*MoveResult, error) {
	stop := m.source.conn.SetInterrupt(ctx.Done())
	defer m.source.conn.SetInterrupt(stop)
	mark, err := m.beginSource()
	if err != nil {
		return nil, err
	}
	result := &MoveResult{Target: m.target.pg.shown}
	if result.Resumed, err = m.target.begin(ctx, mark, m.opt.Path); err != nil {
		return nil, err
	}
	if m.target.state == movedDone && mark.Ended != 0 {
		result.Before = true
		return result, nil
	}
	plan, err := m.plan()
	if err == nil {
		err = m.count(ctx, plan)
	}
	if err == nil {
		err = m.makeDays(ctx)
	}
	for i := 0; i < len(plan) && err == nil; i++ {
		err = m.copyTable(ctx, plan[i])
	}
	if err == nil {
		err = m.finish(ctx, mark, plan)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, fmt.Errorf("%d of %d rows are over: %w", m.rows, m.total, err)
	}
	for _, t := range plan {
		result.Tables = append(result.Tables, MovedTable{t.name, t.state.rows})
		result.Rows += t.state.rows
	}
	return result, nil
}

// finish makes what was copied a database that can be opened.
func (m *mover) finish(ctx context.Context, mark *movedMark, plan []*movePlan) error {
	if err := m.compare(ctx, plan); err != nil {
		return err
	}
	if err := m.target.settle(ctx, plan); err != nil {
		return err
	}
	if err := m.opt.fault("end source"); err != nil {
		return err
	}
	if mark.Ended == 0 {
		mark.Ended = time.Now().UnixMilli()
		if err := m.source.writeMoved(mark); err != nil {
			return err
		}
	}
	if err := m.opt.fault("end target"); err != nil {
		return err
	}
	return m.target.end(ctx)
}

// tell reports progress.
func (m *mover) tell(doing, table string) {
	m.opt.Progress(MoveProgress{Doing: doing, Table: table, Rows: m.rows, Total: m.total, New: m.rows - m.before, Took: time.Since(m.began)})
}
