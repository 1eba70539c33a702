package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Options says where the store is and how it behaves. The zero value of every
// field but Path is usable.
type Options struct {
	Path      string       // directory; it is made if it is not there. With PostgreSQL it is not used
	Database  string       // postgres://user:password@host:5432/database; empty or sqlite for SQLite in Path
	Listen    string       // another address of Database, to hear signals by where that is a pooler's; empty: Database
	Node      int          // number of the node whose share is opened, 0 to 63
	Shared    bool         // other nodes use the database, too
	Log       *slog.Logger // nil: slog.Default
	Retention Retention
	Now       func() time.Time // the wall clock; nil: time.Now
	Readers   int              // connections for readers, default 4
	MaxWAL    int64            // octets of write-ahead log from which a commit may be held up to shorten it, default 256 MiB

	runEntries      int   // for tests: entries of a run of the index
	keyTables       int   // for tests: of requests, in memory
	checkpointBytes int64 // for tests
	moving          bool  // whether its data have been moved, or are a copy, does not matter: of Move, TakeBack and Restore
}

// Retention says how long things are kept after they came; 0 means for ever.
// Open messages stay until they are final.
type Retention struct {
	Texts    time.Duration // texts and octets of messages and inbound messages
	Messages time.Duration // whole rows
	Inbound  time.Duration // whole rows; 0 means like Messages
	Counters time.Duration
	Held     time.Duration // receipts that match nothing; default 72 h
	Events   time.Duration // of accounts that follow them; default 24 h
}

// now is the time by the wall clock.
func (s *Store) now() time.Time {
	if s.opts.Now != nil {
		return s.opts.Now()
	}
	return time.Now()
}

// Store is the database. Commit and Tidy belong to one goroutine; everything
// else may be called from any.
type Store struct {
	dir  string
	path string // of the database file
	opts Options
	log  *slog.Logger
	lock *os.File
	pg   *postgres // nil with SQLite
	away func(error)

	writing sync.Mutex  // held by whoever writes: Commit, Tidy, the end of a checkpoint
	written atomic.Bool // a transaction has ended since the log's length was looked at
	wiped   atomic.Bool // a text has been overwritten that the write-ahead log still has
	conn    *conn
	hot     hotStatements
	cold    coldStatements
	scratch []byte
	pending pending
	side    side
	past    pastTallies
	secrets secrets
	zones   zones

	// Of the commit under way: its row of the journal, where the bodies of new
	// messages stand in it, how many rows it settles, to which row it shortens
	// the journal.
	journalBuf  []byte
	bodies      []span
	bodyBuf     []byte
	journalRoom int
	settled     int
	journalTo   int64

	pad     logPadding
	present presence
	terms   map[int]int64 // of shares, by node; only those that were taken over
	ears    ears
	fatal   error
	closed  bool

	readers     chan *conn
	readerCount int
	closing     chan struct{}

	index index
	keys  keyTables
	tidy  tidyState
	turns refillTurns

	messageTexts, inboundTexts eraser

	counts   tableCounts
	measured measurements
	check    *checkpointer
}

const (
	databaseName   = "kurir.db"
	defaultReaders = 4
	defaultMaxWAL  = 256 << 20
	writerCacheKiB = 12 << 10 // walked at every commit: more makes commits slower, see docs/store.md
	readerCacheKiB = 2 << 10
	defaultHeld    = 72 * time.Hour
	defaultEvents  = 24 * time.Hour
	busyTimeout    = 2 * time.Second // for which another program's lock is waited for
)

func (opts *Options) setDefaults() {
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Readers <= 0 {
		opts.Readers = defaultReaders
	}
	if opts.MaxWAL <= 0 {
		opts.MaxWAL = defaultMaxWAL
	}
	if opts.checkpointBytes <= 0 {
		opts.checkpointBytes = checkpointBytes
	}
	if opts.runEntries <= 0 {
		opts.runEntries = runEntries
	}
	if opts.keyTables <= 0 {
		opts.keyTables = keyTablesHeld
	}
	if opts.Retention.Held <= 0 {
		opts.Retention.Held = defaultHeld
	}
	if opts.Retention.Events <= 0 {
		opts.Retention.Events = defaultEvents
	}
	if opts.Retention.Inbound <= 0 {
		opts.Retention.Inbound = opts.Retention.Messages
	}
}

// Open opens the database in opts.Path, making both if need be, brings its
// tables up to date and reads back what only memory had, or does so with
// opts.Database. Errors a user can act on are *HeldError, *NewerError and
// *DamagedError.
func Open(ctx context.Context, opts Options) (_ *Store, err error) {
	opts.setDefaults()
	if IsPostgres(opts.Database) {
		return openPostgres(ctx, opts)
	}
	if err := makeFolder(opts.Path); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	s := &Store{dir: opts.Path, path: filepath.Join(opts.Path, databaseName), opts: opts, log: opts.Log, closing: make(chan struct{})}
	s.index.size, s.keys.held = opts.runEntries, opts.keyTables
	if s.lock, err = lockFolder(opts.Path); err != nil {
		return nil, err
	}
	defer func() {
		if err == nil {
			return
		}
		s.Close()
		switch sqlite.ErrCode(err).ToPrimary() {
		case sqlite.ResultFull:
			err = fmt.Errorf("%w: %w", ErrFull, err)
		case sqlite.ResultBusy:
			err = fmt.Errorf("%w: %w", ErrBusy, err)
		case sqlite.ResultCorrupt, sqlite.ResultNotADB:
			err = &DamagedError{Path: s.path, Err: err}
		}
	}()
	if err := s.openWriter(); err != nil {
		return nil, err
	}
	if !opts.moving {
		if err := errors.Join(s.refuseMoved(), s.refuseCopy()); err != nil {
			return nil, err
		}
	}
	if err := s.openReaders(); err != nil {
		return nil, err
	}
	if err := s.recoverMemory(ctx); err != nil {
		return nil, err
	}
	if err := s.present.check(s.path, time.Now()); err != nil { // the first look, which remembers
		return nil, err
	}
	s.check, err = startCheckpointer(s)
	return s, err
}

// makeFolder makes a folder that is still there after a power cut.
func makeFolder(path string) error {
	if err := os.MkdirAll(path, 0o750); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(filepath.Clean(path)))
	if err != nil {
		return nil // we may not read it, and need not
	}
	defer parent.Close()
	return parent.Sync()
}

// openWriter opens the one connection that writes.
func (s *Store) openWriter() (err error) {
	// SQLite would make it readable to all, and gives its log the mode of the database.
	f, err := os.OpenFile(s.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make database: %w", err)
	}
	f.Close()
	s.conn, err = openConn(s.path, sqlite.OpenReadWrite|sqlite.OpenCreate|sqlite.OpenWAL)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	s.conn.SetBusyTimeout(busyTimeout) // the driver would wait for ever
	settings := []string{
		"synchronous = FULL",
		"wal_autocheckpoint = 0",
		fmt.Sprintf("journal_size_limit = %d", 2*checkpointBytes), // a log that had to grow longer is cut again
		fmt.Sprintf("cache_size = -%d", writerCacheKiB),
		"temp_store = MEMORY",
	}
	for _, p := range settings {
		if err := sqlitex.ExecuteTransient(s.conn.Conn, "PRAGMA "+p, nil); err != nil {
			return fmt.Errorf("set %s: %w", p, err)
		}
	}
	if err := migrate(s.conn, s.path); err != nil {
		return err
	}
	if err := s.hot.prepare(s.conn); err != nil {
		return err
	}
	return s.cold.prepare(s.conn)
}

// recoverMemory reads back what is kept in memory only: the newest entries of
// the index, and how many rows the spill tables have.
func (s *Store) recoverMemory(ctx context.Context) error {
	if err := s.loadCounts(ctx); err != nil {
		return fmt.Errorf("count open rows: %w", err)
	}
	if err := s.loadTerms(ctx); err != nil {
		return err
	}
	if err := s.loadErasers(ctx); err != nil {
		return fmt.Errorf("read how far texts are erased: %w", err)
	}
	if err := s.loadSecrets(); err != nil {
		return err
	}
	if err := s.recoverJournal(); err != nil {
		return err
	}
	if err := s.recoverIndex(); err != nil {
		return fmt.Errorf("rebuild the index of recipients: %w", err)
	}
	if err := s.beginZones(ctx); err != nil {
		return fmt.Errorf("look from when on it is known where messages are: %w", err)
	}
	if err := s.recoverKeys(); err != nil {
		return fmt.Errorf("read which requests are remembered: %w", err)
	}
	return nil
}

// Close ends the checkpoints, waits for readers and closes the database. No
// other method may be called at the same time.
func (s *Store) Close() error {
	s.writing.Lock()
	if s.closed {
		s.writing.Unlock()
		return nil
	}
	var errs []error
	if s.conn != nil && s.fatal == nil && s.pg == nil && s.pending.rows != nil && !s.settledAll() {
		if err := s.settleAll(); err != nil { // the journal keeps it
			s.log.Warn("what only the journal has could not be written to the tables; the next start does it", "error", err)
		}
	}
	s.closed = true
	s.writing.Unlock()
	close(s.closing)
	if s.check != nil {
		s.check.stop()
	}
	if s.pg != nil && s.pg.counted != nil {
		<-s.pg.counted
		<-s.pg.heard
	}
	s.closeReaders()
	if s.conn != nil {
		errs = append(errs, s.conn.Close()) // the last connection moves the write-ahead log into the database
	}
	if s.lock != nil {
		errs = append(errs, unlockFolder(s.lock))
	}
	return errors.Join(errs...)
}
