package store

import (
	"errors"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// checkpointer moves the write-ahead log into the database, on a connection
// and in a goroutine of its own, so that no commit pays for it (measured: the
// 99th percentile of commits is a third lower).
//
// While commits keep coming a log is never moved whole, and would grow without
// end. So a checkpoint is: move what is there, twice, while commits go on; then
// hold commits up for the few milliseconds that the rest takes. The next commit
// starts the log from its beginning.
//
// A reader, also one outside this process, keeps what came after its beginning
// in the log. While nothing can be moved it is tried at longer and longer
// intervals.
type checkpointer struct {
	store *Store
	conn  *conn
	done  chan struct{}
	last  time.Time     // when the log was moved, or that was tried
	wait  time.Duration // until it is tried again, after last
	rests bool          // at the last look the log stood in the database whole
	long  bool          // it was said that the log is too long

	checkpoint, noop *statement
}

const (
	checkpointLook  = 100 * time.Millisecond // how often the log's length is looked at while anything is written
	checkpointBytes = 32 << 20               // of log, from which it is moved
	checkpointIdle  = 5 * time.Second        // after which a shorter one is moved, too; longest wait when nothing can be moved
	walPageSize     = 4096
)

func startCheckpointer(s *Store) (*checkpointer, error) {
	k, err := newCheckpointer(s)
	if err == nil {
		go k.run()
	}
	return k, err
}

// newCheckpointer makes one that does not run by itself.
func newCheckpointer(s *Store) (*checkpointer, error) {
	conn, err := openConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open database for checkpoints: %w", err)
	}
	k := &checkpointer{store: s, conn: conn, done: make(chan struct{}), last: time.Now()}
	conn.SetBusyTimeout(0)
	err = sqlitex.ExecuteTransient(conn.Conn, "PRAGMA synchronous = FULL", nil)
	if err == nil {
		k.checkpoint, err = conn.prepared("PRAGMA wal_checkpoint(PASSIVE)")
	}
	if err == nil {
		k.noop, err = conn.prepared("PRAGMA wal_checkpoint(NOOP)")
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("prepare checkpoints: %w", err)
	}
	return k, nil
}

// stop waits for a checkpoint under way. s.closing is closed already.
func (k *checkpointer) stop() {
	<-k.done
	k.conn.Close()
}

func (k *checkpointer) run() {
	defer close(k.done)
	ticker := time.NewTicker(checkpointLook)
	defer ticker.Stop()
	for {
		select {
		case <-k.store.closing:
			return
		case <-ticker.C:
		}
		if time.Since(k.last) < k.wait || !k.store.written.Swap(false) && k.rests {
			continue
		}
		if err := k.look(); err != nil && !k.failed(err) {
			return
		}
	}
}

// look moves the log if that is worth it, and sees how far that went.
func (k *checkpointer) look() error {
	log, before, err := k.pragma(k.noop)
	wiped := k.store.wiped.Load()
	k.rests = err == nil && log == before && !wiped
	if err != nil || log == before && !wiped || log*walPageSize < k.store.opts.checkpointBytes && time.Since(k.last) < checkpointIdle {
		return err
	}
	log, moved, err := k.move()
	k.last = time.Now()
	if err != nil {
		return err
	}
	if moved == before {
		k.wait = min(max(2*k.wait, checkpointLook), checkpointIdle)
	} else {
		k.wait = 0
	}
	if long := log*walPageSize > k.store.opts.MaxWAL && moved < log; long != k.long {
		k.long = long
		if long {
			k.store.log.Warn("the write-ahead log of the database is long and cannot be moved: something reads the database for long; it grows until that ends",
				"octets", log*walPageSize)
		}
	}
	return nil
}

// failed notes that a checkpoint ended with an error, and tells whether it is
// worth trying again. After an error of the disk or a damaged database it is
// not known what is on disk: nothing is written any more.
func (k *checkpointer) failed(err error) (again bool) {
	s := k.store
	k.last, k.wait = time.Now(), checkpointIdle // a full disk is not full for an instant
	var fatal *FatalError
	if !errors.As(s.classify(err), &fatal) {
		s.log.Warn("checkpoint of the database failed; it is tried again", "error", err)
		return true
	}
	s.log.Error("checkpoint of the database failed", "error", err)
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.fatal == nil {
		s.fatal = fatal
	}
	return false
}

// move moves the whole log, see checkpointer. It returns the pages in the log
// and how many of them stand in the database.
func (k *checkpointer) move() (log, moved int64, err error) {
	start := time.Now()
	for range 2 {
		if _, _, err := k.pragma(k.checkpoint); err != nil {
			return 0, 0, err
		}
	}
	k.store.writing.Lock()
	held := time.Now()
	log, moved, err = k.pragma(k.checkpoint)
	switch {
	case err != nil:
	case k.store.wiped.Swap(false):
		err = k.truncate(true) // no commit runs: nothing is lost, and what was overwritten is gone from the log too
	case moved < log && log*walPageSize > k.store.opts.MaxWAL:
		err = k.truncate(false) // a reader is in the way, and the log is too long: wait for it
	}
	end := time.Now()
	k.store.writing.Unlock()
	k.store.measured.checkpoint(end.Sub(start), end.Sub(held))
	return log, moved, err
}

// truncate waits a short while for readers and cuts the log. wiped says that it
// has texts that were overwritten, so that it must be cut.
func (k *checkpointer) truncate(wiped bool) error {
	k.conn.SetBusyTimeout(50 * time.Millisecond)
	defer k.conn.SetBusyTimeout(0)
	return sqlitex.ExecuteTransient(k.conn.Conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			if stmt.ColumnBool(0) && wiped { // a reader stayed: again at the next look
				k.store.wiped.Store(true)
			}
			return nil
		},
	})
}

// pragma runs a checkpoint statement and returns the pages in the log and how
// many of them stand in the database.
func (k *checkpointer) pragma(stmt *statement) (log, moved int64, err error) {
	if _, err := stmt.lite.Step(); err != nil {
		return 0, 0, err
	}
	log, moved = stmt.ColumnInt64(1), stmt.ColumnInt64(2)
	return log, moved, stmt.lite.Reset()
}
