package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"

	"kurir/message"
)

// Restore puts a copy in place as the database of an empty data folder. Whatever
// waited to be sent in the copy may have been sent between the copy and the end of
// the server that it is of. So it is made what a grant without an answer is, in
// doubt, and the gateway, when it starts, does with it what it was told: end it as
// unknown, send it again, or do as each link's policy says.

// Restored says what Restore did.
type Restored struct {
	From     string
	At       time.Time // the instant that the copy shows
	Doubtful int64     // messages that waited or were being sent
	Later    int64     // messages that are scheduled for later, and go then
	Enroute  int64     // messages whose receipts are awaited
	Mailings int64     // requests for many messages that were under way, and have ended
}

// RestoreOptions says what is restored where. Path and From are required.
type RestoreOptions struct {
	Path    string // data folder
	From    string // file
	Session uint32 // what becomes of what was open: SessionRestored, SessionRestoredOnce or SessionRestoredAgain
	Full    bool   // check the indexes, too
	Log     *slog.Logger
}

// restoreIDs is how many messages a grant names that Restore makes.
const restoreIDs = 1000

// Restore puts a copy in place. If it was interrupted it can be called again.
func Restore(ctx context.Context, opt RestoreOptions) (_ *Restored, err error) {
	if err := makeFolder(opt.Path); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := lockFolder(opt.Path)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(opt.Path, databaseName)
	err = wantNone(path)
	if err == nil {
		err = placeCopy(opt, path)
	}
	if err = errors.Join(err, unlockFolder(lock)); err != nil {
		return nil, err
	}
	s, err := Open(ctx, Options{Path: opt.Path, Log: opt.Log, Readers: 1, moving: true})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r := &Restored{From: opt.From}
	at, err := s.meta(metaCopied)
	if err != nil {
		return nil, err
	}
	r.At = time.UnixMilli(at)
	ids, err := r.doubtful(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("read what was open: %w", err)
	}
	last, err := s.LastGrant(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.transact(func() error { return r.write(s, ids, last, opt.Session) }); err != nil {
		return nil, fmt.Errorf("mark what was open: %w", err)
	}
	return r, nil
}

// wantNone returns an error when there is a database, other than one that a
// Restore before this one left unfinished.
func wantNone(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	there := fmt.Errorf("data folder %s has a database already, which would be overwritten: move %s away, with %[2]s-wal if that is there, or choose another data folder", filepath.Dir(path), path)
	if info.Size() == 0 {
		return there
	}
	c, err := openConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return there
	}
	defer c.Close()
	if at, err := (&Store{conn: c}).meta(metaCopied); err != nil || at == 0 {
		return there
	}
	return nil
}

// placeCopy copies, checks and marks the file.
func placeCopy(opt RestoreOptions, path string) error {
	from, err := os.Open(opt.From)
	if err != nil {
		return fmt.Errorf("open the copy: %w", err)
	}
	defer from.Close()
	info, err := from.Stat()
	if err != nil {
		return err
	}
	part := path + ".part"
	for _, of := range []string{"", "-wal", "-shm"} {
		defer os.Remove(part + of)
	}
	if err := copyFile(from, part); err != nil {
		return fmt.Errorf("copy %s to %s: %w", opt.From, part, err)
	}
	if err := copyLog(opt.From+"-wal", part+"-wal"); err != nil {
		return err
	}
	if err := finishCopy(part, info.ModTime(), opt.Full); err != nil {
		var damaged *DamagedError
		if errors.As(err, &damaged) || sqlite.ErrCode(err).ToPrimary() == sqlite.ResultCorrupt {
			return fmt.Errorf("%s is not a whole copy of Kurir's database: take an older one (%w)", opt.From, err)
		}
		return fmt.Errorf("%s is not a copy of Kurir's database: %w", opt.From, err)
	}
	for _, old := range []string{"-wal", "-shm"} { // of a copy that was put in place before
		if err := os.Remove(path + old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return placeFile(part, path)
}

// copyLog copies the log of a database that was copied without kurir backup and has
// one: what was written last is in there.
func copyLog(path, to string) error {
	from, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		defer from.Close()
		err = copyFile(from, to)
	}
	if err != nil {
		return fmt.Errorf("copy the log of the database: %w", err)
	}
	return nil
}

func copyFile(from io.Reader, path string) error {
	to, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// doubtful lists what may have been sent since.
func (r *Restored) doubtful(ctx context.Context, s *Store) (ids []message.ID, err error) {
	var scheduled []message.ID
	err = query(s.conn, "SELECT id, state FROM progress WHERE final = 0 ORDER BY id", nil, func(stmt *statement) (bool, error) {
		id := message.ID(stmt.ColumnInt64(0))
		switch message.State(stmt.ColumnInt64(1)) {
		case message.Queued, message.Sending:
			ids = append(ids, id)
		case message.Scheduled:
			scheduled = append(scheduled, id)
		default:
			r.Enroute++
		}
		return true, nil
	})
	now := time.Now().UnixMilli()
	for len(scheduled) > 0 && err == nil {
		n := min(len(scheduled), restoreIDs)
		var list []*message.Message
		list, err = s.MessagesByID(ctx, scheduled[:n])
		for _, m := range list {
			if m.SendAt > now {
				r.Later++
				continue
			}
			ids = append(ids, m.ID)
		}
		scheduled = scheduled[n:]
	}
	r.Doubtful = int64(len(ids))
	return ids, err
}

// write makes grants of what is in doubt, and takes it out of the queues. It
// writes all of it in one transaction, with the mark of the copy gone.
func (r *Restored) write(s *Store, ids []message.ID, last int64, session uint32) error {
	for _, text := range []string{"DELETE FROM waiting", "DELETE FROM granted"} {
		if err := query(s.conn, text, nil, nil); err != nil {
			return err
		}
	}
	for len(ids) > 0 {
		n := min(len(ids), restoreIDs)
		for _, id := range ids[:n] {
			if err := query(s.conn, "DELETE FROM due WHERE id = ?", func(stmt *statement) { stmt.BindInt64(1, int64(id)) }, nil); err != nil {
				return err
			}
		}
		last++
		if err := s.writeGrant(&Grant{Number: last, Session: session, At: r.At.UnixMilli(), IDs: ids[:n]}); err != nil {
			return err
		}
		ids = ids[n:]
	}
	err := query(s.conn, "UPDATE mailing SET ended = ?, state = 'stopped', request = NULL WHERE ended = 0", func(stmt *statement) { stmt.BindInt64(1, time.Now().UnixMilli()) }, nil)
	if err != nil {
		return err
	}
	r.Mailings = int64(s.conn.rowsChanged())
	// Who was asked since, and who has answered, the copy does not know.
	err = query(s.conn, "UPDATE escalation SET ended = ?, request = NULL WHERE ended = 0", func(stmt *statement) { stmt.BindInt64(1, time.Now().UnixMilli()) }, nil)
	if err != nil {
		return err
	}
	// Nor which sessions have ended since, and which links were used.
	for _, table := range []string{"web_session", "signin_link"} {
		if err := query(s.conn, "DELETE FROM "+table, nil, nil); err != nil {
			return err
		}
	}
	return query(s.conn, "DELETE FROM meta WHERE name = ?", func(stmt *statement) { stmt.BindText(1, metaCopied) }, nil)
}
