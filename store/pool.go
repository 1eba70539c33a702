package store

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

func openConn(path string, flags ...sqlite.OpenFlags) (*conn, error) {
	c, err := sqlite.OpenConn(path, flags...)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, statements: make(map[string]*statement)}, nil
}

// openReaders fills the pool of connections for readers.
func (s *Store) openReaders() error {
	s.readers = make(chan *conn, s.opts.Readers)
	for range s.opts.Readers {
		c, err := s.openReader()
		if err != nil {
			return err
		}
		s.readers <- c
		s.readerCount++
	}
	return nil
}

func (s *Store) openReader() (*conn, error) {
	if s.pg != nil {
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		return s.pg.connect(ctx)
	}
	c, err := openConn(s.path, sqlite.OpenReadWrite) // not read only: that could not recover a write-ahead log
	if err != nil {
		return nil, fmt.Errorf("open database for reading: %w", err)
	}
	c.SetBusyTimeout(busyTimeout)
	for _, p := range []string{"query_only = ON", fmt.Sprintf("cache_size = -%d", readerCacheKiB)} {
		if err := sqlitex.ExecuteTransient(c.Conn, "PRAGMA "+p, nil); err != nil {
			c.Close()
			return nil, fmt.Errorf("set %s: %w", p, err)
		}
	}
	return c, nil
}

// closeReaders waits until every connection is back, and closes them.
func (s *Store) closeReaders() {
	for range s.readerCount {
		if c := <-s.readers; c != nil {
			c.Close()
		}
	}
}

// read calls fn with a connection for reading. It waits for a free one, and
// ends what fn does, when ctx ends. fn must leave no statement open.
func (s *Store) read(ctx context.Context, fn func(c *conn) error) (err error) {
	var c *conn // nil: to be opened
	select {
	case <-s.closing:
		return ErrClosed
	default:
	}
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return fmt.Errorf("wait for a connection: %w", ctx.Err())
	case <-s.closing:
		return ErrClosed
	}
	defer func() { s.readers <- c.reusable() }()
	if c != nil && c.pg != nil && !c.pg.lively(ctx) {
		c = nil
	}
	if c == nil { // the one before it could not be used again
		if c, err = s.openReader(); err != nil {
			return err
		}
	}
	if ctx.Done() != nil {
		c.interrupt(ctx)
		defer c.uninterrupted()
	}
	err = fn(c)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("read the database: %w", ctx.Err())
	}
	return err
}

// reusable returns the connection without a transaction open, or closes it and
// returns nil. A reader whose context ended inside a transaction could not end
// it: every statement is refused then. Kept, the connection would show the next
// reader the past, and the write-ahead log could never begin again.
func (c *conn) reusable() *conn {
	switch {
	case c == nil:
		return nil
	case c.pg != nil && c.pg.idle():
		c.pg.used = time.Now()
		return c
	case c.pg != nil && (c.pg.IsClosed() || c.pg.IsBusy()):
		c.Close()
		return nil
	case c.pg == nil && c.AutocommitEnabled():
		return c
	}
	if err := query(c, "ROLLBACK", nil, nil); err != nil {
		c.Close()
		return nil
	}
	return c
}

// interrupt ends statements when ctx ends, until uninterrupted.
func (c *conn) interrupt(ctx context.Context) {
	if c.pg != nil {
		c.pg.ctx = ctx
		return
	}
	c.SetInterrupt(ctx.Done())
}

func (c *conn) uninterrupted() {
	if c.pg != nil {
		c.pg.ctx = nil
		return
	}
	c.SetInterrupt(nil)
}
