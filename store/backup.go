package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// A backup is a copy of the SQLite database as it was at one instant, made while
// a server runs:
//
//  1. A reader's transaction is begun, which sees that instant until its end, whatever
//     is committed meanwhile.
//  2. SQLite's backup copies page after page to a file that ends in .part.
//  3. The copy is marked as one, lest it be served from as it is (restore.go), and
//     checked as a whole.
//  4. When it is on disk it gets its name.

// BackupOptions says what is copied where. Path and To are required.
type BackupOptions struct {
	Path     string // data folder
	To       string // file
	Full     bool   // check the indexes, too (PRAGMA integrity_check)
	Progress func(done, total int)
	pages    int // copied at a time, for tests
	step     func()
}

// Copy is a backup that was made.
type Copy struct {
	Path   string
	At     time.Time // of the instant that it shows
	Octets int64
}

const (
	backupPages = 2048 // copied between two looks at whether to stop
	metaCopied  = "copied"
)

// CopyError says that a database is a copy that was not put in place by Restore.
type CopyError struct {
	Path string
	At   time.Time
}

// Error says what to do.
func (e *CopyError) Error() string {
	return fmt.Sprintf("the database in %s is a copy that kurir backup made, as it was on %s: what was open then may have been sent since. Put it in place with kurir restore, which decides what becomes of that",
		e.Path, e.At.UTC().Format("2006-01-02 15:04:05 UTC"))
}

// Backup makes a copy of the database of a data folder, which a server may use.
func Backup(ctx context.Context, opt BackupOptions) (_ *Copy, err error) {
	if err := wantDatabase(opt.Path); err != nil {
		return nil, err
	}
	source, err := openConn(filepath.Join(opt.Path, databaseName), sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	source.SetBusyTimeout(busyTimeout)
	if mark, err := (&Store{conn: source}).readMoved(); err != nil || mark != nil {
		if err == nil {
			err = &MovedError{Path: opt.Path, Mark: *mark}
		}
		return nil, err
	}
	part := opt.To + ".part"
	defer os.Remove(part)
	defer os.Remove(part + "-journal") // left when the disk is full
	c := &Copy{Path: opt.To}
	if c.At, err = opt.copyPages(ctx, source, part); err != nil {
		return nil, fmt.Errorf("copy the database to %s: %w", part, err)
	}
	if err := finishCopy(part, c.At, opt.Full); err != nil {
		return nil, err
	}
	info, err := os.Stat(part)
	if err != nil {
		return nil, err
	}
	c.Octets = info.Size()
	return c, placeFile(part, opt.To)
}

// copyPages copies the database as it is at one instant.
func (opt *BackupOptions) copyPages(ctx context.Context, source *conn, part string) (at time.Time, err error) {
	f, err := os.OpenFile(part, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return at, err
	}
	f.Close()
	target, err := openConn(part, sqlite.OpenReadWrite)
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if err := sqlitex.ExecuteTransient(target.Conn, "PRAGMA synchronous = OFF", nil); err != nil {
		return at, err
	}
	// Without a transaction of its own each step would see another instant, and begin anew after every commit.
	end := sqlitex.Transaction(source.Conn)
	defer func() {
		var none error
		end(&none)
	}()
	if err := query(source, "SELECT count(*) FROM sqlite_master", nil, nil); err != nil {
		return at, err
	}
	at = time.Now()
	b, err := sqlite.NewBackup(target.Conn, "main", source.Conn, "main")
	if err != nil {
		return at, err
	}
	defer b.Close()
	pages := opt.pages
	if pages <= 0 {
		pages = backupPages
	}
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return at, err
		}
		if more, err = b.Step(pages); err != nil {
			return at, err
		}
		if opt.Progress != nil {
			opt.Progress(b.PageCount()-b.Remaining(), b.PageCount())
		}
		if opt.step != nil {
			opt.step()
		}
	}
	return at, nil
}

// finishCopy marks and checks a copy.
func finishCopy(path string, at time.Time, full bool) (err error) {
	c, err := openConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	// One file, without a log of its own.
	if err := sqlitex.ExecuteTransient(c.Conn, "PRAGMA journal_mode = DELETE", nil); err != nil {
		return fmt.Errorf("make the copy one file: %w", err)
	}
	err = query(c, "INSERT INTO meta(name, value) VALUES (?, ?) ON CONFLICT(name) DO NOTHING", func(stmt *statement) {
		stmt.BindText(1, metaCopied)
		stmt.BindInt64(2, at.UnixMilli())
	}, nil)
	if err != nil {
		return fmt.Errorf("mark the copy: %w", err)
	}
	return checkWhole(c, path, full)
}

// checkWhole has SQLite look at each page.
func checkWhole(c *conn, path string, full bool) error {
	pragma := "quick_check"
	if full {
		pragma = "integrity_check"
	}
	var wrong []error
	err := sqlitex.ExecuteTransient(c.Conn, "PRAGMA "+pragma+"(3)", &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
		if text := stmt.ColumnText(0); text != "ok" {
			wrong = append(wrong, errors.New(text))
		}
		return nil
	}})
	if err == nil {
		err = errors.Join(wrong...)
	}
	if err != nil {
		return &DamagedError{Path: path, Err: err}
	}
	return nil
}

// placeFile gives a file its name when it is on disk.
func placeFile(part, path string) error {
	f, err := os.Open(part)
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(part, path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// refuseCopy returns a *CopyError when the database is a copy.
func (s *Store) refuseCopy() error {
	at, err := s.meta(metaCopied)
	if err == nil && at != 0 {
		err = &CopyError{Path: s.dir, At: time.UnixMilli(at)}
	}
	return err
}
