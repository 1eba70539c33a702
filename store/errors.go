package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"zombiezen.com/go/sqlite"
)

// ErrNotFound is returned when there is no such row (any more).
var ErrNotFound = errors.New("not found")

// ErrFull is returned by Commit and Tidy when the disk, or the quota, is full.
// Nothing was written; the same batch may be tried again later.
var ErrFull = errors.New("no space left for the database")

// ErrBusy is returned by Commit and Tidy when another program, such as a tool
// that an operator has opened the database with, holds its lock for longer than
// two seconds. Nothing was written; the same batch may be tried again. Since it
// is as temporary, it is an ErrFull to errors.Is.
//
// With PostgreSQL it is what others in the database hold up for too long.
var ErrBusy error = busyError{}

type busyError struct{}

func (busyError) Error() string {
	return "the database is locked by another program: close what has it open for writing"
}

func (busyError) Is(target error) bool { return target == ErrFull }

// ErrAway is returned by Commit and Tidy when the PostgreSQL server cannot be
// reached, is starting, or is a standby now. Nothing was written; the same batch
// may be tried again. Since it is as temporary, it is an ErrFull to errors.Is.
var ErrAway error = awayError{}

type awayError struct{}

func (awayError) Error() string { return "the database does not answer" }

func (awayError) Is(target error) bool { return target == ErrFull }

// ErrClosed is returned by everything after Close.
var ErrClosed = errors.New("the database is closed")

// HeldError says that another process uses the data folder.
type HeldError struct {
	Path string
	PID  int // 0 if it is not known
}

// Error says who holds the folder and what to do.
func (e *HeldError) Error() string {
	holder := "another Kurir"
	if e.PID != 0 {
		holder = fmt.Sprintf("another Kurir (process %d)", e.PID)
	}
	return fmt.Sprintf("data folder %s is held by %s: stop it or choose another data folder", e.Path, holder)
}

// NewerError says that a later Kurir wrote the database.
type NewerError struct {
	Path     string
	Has, Can int // numbers of migrations
}

// Error says what to do.
func (e *NewerError) Error() string {
	return fmt.Sprintf("database %s was written by a newer Kurir (it has form %d, this program knows up to %d): use that version or a newer one, or choose another data folder",
		e.Path, e.Has, e.Can)
}

// DamagedError says that the file is not, or not wholly, a database.
type DamagedError struct {
	Path string
	Err  error
}

// Error says what to do.
func (e *DamagedError) Error() string {
	return fmt.Sprintf("database %s is damaged: put back the last good copy of its folder, or move the folder away to begin with an empty one (%v)", e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *DamagedError) Unwrap() error { return e.Err }

// FatalError is returned by Commit when it is not known what is on disk. The
// process must stop and recover by starting again; the store refuses all
// further writes.
type FatalError struct{ Err error }

// Error says what failed.
func (e *FatalError) Error() string {
	return fmt.Sprintf("the database cannot be trusted to have written: %v; stop, look at the disk, and start again", e.Err)
}

// Unwrap returns the cause.
func (e *FatalError) Unwrap() error { return e.Err }

// classify turns an error of the engine while it wrote into ErrFull, ErrBusy, a
// FatalError, or what it was.
func (s *Store) classify(err error) error {
	if err == nil {
		return nil
	}
	code := sqlite.ErrCode(err)
	switch {
	case code == sqlite.ResultFull, code == sqlite.ResultIOErrSHMSize:
		// The second is the index of the write-ahead log, a file that grows too.
		return fmt.Errorf("%w: %w", ErrFull, err)
	case code == sqlite.ResultIOErrWrite && s.diskFull():
		return fmt.Errorf("%w: %w", ErrFull, err) // a quota: SQLite knows ENOSPC only
	case code.ToPrimary() == sqlite.ResultBusy:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case code.ToPrimary() == sqlite.ResultIOErr, code.ToPrimary() == sqlite.ResultCorrupt, code == sqlite.ResultNotADB:
		return &FatalError{Err: err}
	}
	return err
}

// diskFull tries whether the data folder takes another 64 KiB.
func (s *Store) diskFull() bool {
	name := filepath.Join(s.dir, "probe")
	defer os.Remove(name)
	err := os.WriteFile(name, make([]byte, 64<<10), 0o600)
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
