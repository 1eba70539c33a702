package store

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgres is what the store knows of a PostgreSQL database.
type postgres struct {
	config    *pgconn.Config
	listen    *pgconn.Config // for signals
	shown     string         // its address, without password
	node      int64          // whose share this is
	term      int64          // under which it is held
	session   int64          // tells what we send from what was sent by a connection before
	batch     int64          // number of the last batch that is on disk
	safety    atomic.Pointer[Safety]
	size      atomic.Int64 // octets of the database, as last looked at
	resolved  bool         // the last batch is on disk, and its answer was lost
	abandoned chan struct{}
	giveUp    sync.Once
	counted   chan struct{} // closed when countPostgres has ended
	heard     chan struct{} // likewise hear
}

const (
	connectTimeout = 5 * time.Second
	// commitTimeout is how long a transaction may take before its connection is
	// given up and it is looked up whether it is on disk.
	commitTimeout = 15 * time.Second
	readTimeout   = 30 * time.Second // of a statement of a reader that has no deadline of its own
	awayPause     = 200 * time.Millisecond
	restedConn    = 50 * time.Millisecond // after which a connection is asked whether it lives
)

// IsPostgres tells whether a database is one of PostgreSQL's.
func IsPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// CheckDatabase says what is wrong with the address of a database; nil for an
// empty one, which is SQLite in the data folder.
func CheckDatabase(database string) error {
	if database == "" || database == "sqlite" {
		return nil
	}
	if !IsPostgres(database) {
		return errors.New("is neither sqlite nor postgres://user:password@host:5432/database")
	}
	_, err := postgresConfig(database)
	return err
}

func postgresConfig(database string) (*pgconn.Config, error) {
	config, err := pgconn.ParseConfig(database)
	if err != nil {
		// Its own words may have the password.
		return nil, errors.New("is not of the form postgres://user:password@host:5432/database (signs like / and @ in a password are written %2F and %40)")
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	dialer := &net.Dialer{Timeout: config.ConnectTimeout, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}}
	config.DialFunc = dialer.DialContext
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "kurir"
	}
	if config.ValidateConnect == nil {
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite // a standby is no place to write to
	}
	return config, nil
}

// shownAddress is the address of a database without its password.
func shownAddress(config *pgconn.Config) string {
	return net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))) + "/" + config.Database
}

// postgresConn is the part of a conn that is PostgreSQL's.
type postgresConn struct {
	*pgconn.PgConn
	ctx context.Context // of the reader that has it; nil: none
	tx  *postgresTx     // under way

	most time.Duration // that a transaction may take: commitTimeout, but for tests

	statements, trips uint64 // sent so far

	used time.Time // when it was last given back
}

// lively asks a connection that has rested whether it still is one: the server
// may have been restarted. It tells by closing it.
func (p *postgresConn) lively(ctx context.Context) bool {
	if p.IsClosed() {
		return false
	}
	if time.Since(p.used) < restedConn {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if p.Ping(ctx) == nil {
		return true
	}
	end, over := context.WithTimeout(context.Background(), time.Second)
	defer over()
	_ = p.Close(end) // which it is in any case
	return false
}

// noticeDeath has the server notice within some six seconds that our machine is gone: until then it keeps the transaction
// that was under way, and with its locks all other nodes wait. Not parameters of the start, which poolers refuse.
const noticeDeath = "SET tcp_keepalives_idle = 3; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3; SET tcp_user_timeout = 6000"

func (p *postgres) connect(ctx context.Context) (*conn, error) {
	pc, err := pgconn.ConnectConfig(ctx, p.config)
	if err != nil {
		return nil, fmt.Errorf("connect to the database %s: %w", p.shown, err)
	}
	if e := pc.ParameterStatus("server_encoding"); e != "" && e != "UTF8" {
		return nil, errors.Join(fmt.Errorf("the database %s holds texts in %s, in which not every message can be written: create one with ENCODING 'UTF8' (docs/postgres.md)", p.shown, e), pc.Close(ctx))
	}
	if _, err := pc.Exec(ctx, noticeDeath).ReadAll(); err != nil {
		return nil, errors.Join(fmt.Errorf("set up a connection to the database %s: %w", p.shown, err), pc.Close(ctx))
	}
	return &conn{statements: make(map[string]*statement), pg: &postgresConn{PgConn: pc, most: commitTimeout}}, nil
}

// Close closes the connection.
func (c *conn) Close() error {
	if c.pg == nil {
		return c.Conn.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return c.pg.Close(ctx)
}

// context bounds a statement.
func (p *postgresConn) context() (context.Context, context.CancelFunc) {
	if p.ctx == nil {
		return context.WithTimeout(context.Background(), readTimeout)
	}
	return context.WithTimeout(p.ctx, readTimeout)
}

// queryPostgres runs one statement; within a transaction behind what has been
// noted for it.
func (c *conn) queryPostgres(stmt *statement, bind func(*statement), row func(*statement) (bool, error)) error {
	p := stmt.pg
	defer p.reset()
	if bind != nil {
		bind(stmt)
	}
	if c.pg.tx != nil {
		if err := c.pg.tx.flush(false); err != nil {
			return err
		}
	}
	ctx, cancel := c.pg.context()
	defer cancel()
	formats := make([]int16, len(p.values))
	for i := range formats {
		formats[i] = binaryFormat
	}
	c.pg.statements++
	c.pg.trips++
	rows := c.pg.ExecParams(ctx, p.text, p.values, p.types, formats, p.ints[:])
	var stopped error
	for more := true; more && rows.NextRow(); {
		if row == nil {
			continue
		}
		p.row = rows.Values()
		more, stopped = row(stmt)
	}
	p.row = nil
	tag, err := rows.Close()
	c.changes = int(tag.RowsAffected())
	if err == nil {
		err = stopped
	}
	return err
}

// idle tells whether the connection can be used again: it is open and no
// transaction is.
func (p *postgresConn) idle() bool { return !p.IsClosed() && !p.IsBusy() && p.TxStatus() == 'I' }
