package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// NodeTable is the tables of nodes and leases. With PostgreSQL it has
// connections of its own: a node must have its number before its share can be
// opened, and renews although commits and readers may have to wait.
type NodeTable struct {
	store *Store     // SQLite's, which passes them in the process; else nil
	pg    *postgres  // else nil
	conns chan *conn // nil: to be opened
}

// nodeConns is how many connections there are: a renewal need not wait for
// whoever looks at the table or divides rates.
const nodeConns = 3

// NodeTable returns the table of a SQLite database, for gateways that share it
// in one process. Each statement is a transaction by itself.
func (s *Store) NodeTable() *NodeTable { return &NodeTable{store: s} }

// OpenNodeTable connects to a PostgreSQL database and brings its tables up to
// date. Close closes the connections.
func OpenNodeTable(ctx context.Context, database string) (*NodeTable, error) {
	config, err := postgresConfig(database)
	if err != nil {
		return nil, err
	}
	p := &postgres{config: config, shown: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database}
	c, err := p.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, c, p.shown, -1); err != nil {
		c.Close()
		return nil, err
	}
	t := &NodeTable{pg: p, conns: make(chan *conn, nodeConns)}
	t.conns <- c
	for range nodeConns - 1 {
		t.conns <- nil
	}
	return t, nil
}

// Close waits for statements that are under way and closes the connections. No
// other method may be called at the same time or later.
func (t *NodeTable) Close() error {
	if t.pg == nil {
		return nil
	}
	var errs []error
	for range nodeConns {
		if c := <-t.conns; c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// do calls fn with a connection.
func (t *NodeTable) do(ctx context.Context, fn func(c *conn) error) (err error) {
	if t.pg == nil {
		return t.doSQLite(fn)
	}
	var c *conn
	select {
	case c = <-t.conns:
	case <-ctx.Done():
		return fmt.Errorf("wait for a connection: %w", context.Cause(ctx))
	}
	defer func() { t.conns <- c.reusable() }()
	if c == nil {
		if c, err = t.pg.connect(ctx); err != nil {
			return err
		}
	}
	c.interrupt(ctx)
	defer c.uninterrupted()
	return fn(c)
}

// doSQLite uses the connection of the writer.
func (t *NodeTable) doSQLite(fn func(c *conn) error) error {
	s := t.store
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.transact(func() error { return fn(s.conn) })
}

// nowParam is the argument that is the time, with SQLite: one process has the
// database, and its clock is the database's.
const nowParam = 9

// query runs a statement in which {now} is the time of the database at that
// instant, in Unix milliseconds.
func (t *NodeTable) query(c *conn, text string, bind func(*statement), row func(*statement) (bool, error)) error {
	now := "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
	if t.pg == nil {
		now = "?" + strconv.Itoa(nowParam)
	}
	timed := strings.Contains(text, "{now}")
	text = strings.ReplaceAll(text, "{now}", now)
	return query(c, text, func(stmt *statement) {
		if bind != nil {
			bind(stmt)
		}
		if timed && t.pg == nil {
			stmt.BindInt64(nowParam, time.Now().UnixMilli())
		}
	}, row)
}

// change runs a statement that changes one row or none, and tells which.
func (t *NodeTable) change(ctx context.Context, text string, bind func(*statement)) (changed bool, err error) {
	err = t.do(ctx, func(c *conn) error {
		err := t.query(c, text, bind, nil)
		changed = err == nil && c.rowsChanged() > 0
		return err
	})
	return changed, err
}

// DatabaseDown tells of an error of a NodeTable that the PostgreSQL server
// itself says that it serves nobody: it refuses connections, or is starting or
// stopping. A server that does not answer may answer others.
func DatabaseDown(err error) bool {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "57P0")
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
