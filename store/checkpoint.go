package store

import (
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
type checkpointer struct {
	store *Store
	conn  *conn
	done  chan struct{}

	checkpoint, noop *sqlite.Stmt
}

const (
	checkpointLook  = 100 * time.Millisecond // how often the log's length is looked at
	checkpointBytes = 32 << 20               // of log, from which it is moved
	checkpointIdle  = 5 * time.Second        // after which a shorter one is moved, too
	walPageSize     = 4096
)

func startCheckpointer(s *Store) (*checkpointer, error) {
	conn, err := openConn(s.path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, fmt.Errorf("open database for checkpoints: %w", err)
	}
	k := &checkpointer{store: s, conn: conn, done: make(chan struct{})}
	conn.SetBusyTimeout(0)
	err = sqlitex.ExecuteTransient(conn.Conn, "PRAGMA synchronous = FULL", nil)
	if err == nil {
		err = prepareAll(conn, []preparation{
			{&k.checkpoint, "PRAGMA wal_checkpoint(PASSIVE)"},
			{&k.noop, "PRAGMA wal_checkpoint(NOOP)"},
		})
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("prepare checkpoints: %w", err)
	}
	go k.run()
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
	last := time.Now()
	var failed time.Time
	for {
		select {
		case <-k.store.closing:
			return
		case <-ticker.C:
		}
		if time.Since(failed) < checkpointIdle {
			continue // a full disk is not full for an instant
		}
		log, moved, err := k.pragma(k.noop)
		if err == nil && log > moved && (log*walPageSize >= k.store.opts.checkpointBytes || time.Since(last) >= checkpointIdle) {
			err = k.move()
			last = time.Now()
		}
		if err != nil {
			failed = time.Now()
			k.store.log.Warn("checkpoint of the database failed; it is tried again", "error", err)
		}
	}
}

// move moves the whole log, see checkpointer.
func (k *checkpointer) move() error {
	start := time.Now()
	for range 2 {
		if _, _, err := k.pragma(k.checkpoint); err != nil {
			return err
		}
	}
	k.store.writing.Lock()
	held := time.Now()
	log, moved, err := k.pragma(k.checkpoint)
	if err == nil && moved < log && log*walPageSize > k.store.opts.MaxWAL {
		err = k.truncate() // a reader is in the way, and the log is too long: wait for it
	}
	end := time.Now()
	k.store.writing.Unlock()
	k.store.measured.checkpoint(end.Sub(start), end.Sub(held))
	return err
}

// truncate waits a short while for readers and cuts the log.
func (k *checkpointer) truncate() error {
	k.conn.SetBusyTimeout(50 * time.Millisecond)
	defer k.conn.SetBusyTimeout(0)
	return sqlitex.ExecuteTransient(k.conn.Conn, "PRAGMA wal_checkpoint(TRUNCATE)", nil)
}

// pragma runs a checkpoint statement and returns the pages in the log and how
// many of them stand in the database.
func (k *checkpointer) pragma(stmt *sqlite.Stmt) (log, moved int64, err error) {
	if _, err := stmt.Step(); err != nil {
		return 0, 0, err
	}
	log, moved = stmt.ColumnInt64(1), stmt.ColumnInt64(2)
	return log, moved, stmt.Reset()
}
