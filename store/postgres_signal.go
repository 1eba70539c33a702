package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Signals of PostgreSQL's nodes are notifications: at most one a batch, sent
// with its transaction, so that who is told finds what it is about, and one after
// what NodeTable has freed. Behind a
// pooler that gives each transaction another connection nobody hears them, unless
// there is another address to listen at (Options.Listen); then everybody finds
// what there is when he looks for himself.

// signalChannel is their channel.
const signalChannel = "kurir"

var errNoCancel = errors.New("nothing is cancelled")

const (
	signalMost  = 7900 // octets that a notification may have, less than 8,000
	signalPause = time.Second
)

// notify adds the signal of a batch to its transaction.
func (s *Store) notify(b *Batch) error {
	if !s.opts.Shared {
		return nil
	}
	sig := signalOf(b)
	if sig.empty() {
		return nil
	}
	text, err := sig.text()
	if err != nil || len(text) > signalMost {
		return err // very many queues: they are looked at anyway
	}
	stmt := newPostgresStatement(s.conn, "SELECT pg_notify(?, ?)")
	stmt.bindText(1, signalChannel)
	stmt.bindText(2, text)
	return stmt.addRow()
}

func (g *Signal) text() (string, error) {
	text, err := json.Marshal(g)
	if err != nil {
		return "", fmt.Errorf("write a signal: %w", err)
	}
	return string(text), nil
}

// freed tells the others that they may take what a node held. They see it
// anyway when they look next, so that a failure is not one.
func (t *NodeTable) freed(ctx context.Context, number int) {
	sig := Signal{Node: number, Nodes: true}
	if t.pg == nil {
		t.store.ears.tell(sig)
		return
	}
	text, err := sig.text()
	if err != nil {
		return
	}
	_ = t.do(ctx, func(c *conn) error {
		return t.query(c, "SELECT pg_notify(?1, ?2)", func(stmt *statement) {
			stmt.BindText(1, signalChannel)
			stmt.BindText(2, text)
		}, func(*statement) (bool, error) { return true, nil })
	})
}

// hear passes on the signals of other nodes until the store is closed.
func (s *Store) hear() {
	defer close(s.pg.heard)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-s.closing
		cancel()
	}()
	for deaf := false; ctx.Err() == nil; {
		heard, err := s.hearConnection(ctx)
		deaf = deaf && !heard
		if err != nil && ctx.Err() == nil && !deaf {
			deaf = true
			s.log.Warn("other servers cannot be heard now: what they leave is found within a second", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(signalPause):
		}
	}
}

// hearConnection does so as long as a connection lasts, and tells whether there was one. Its end is not told by a cancel request, as
// pgconn does it with a new connection: pgbouncer 1.18 may die of one.
func (s *Store) hearConnection(ctx context.Context) (heard bool, err error) {
	config := s.pg.listen.Copy()
	var connected atomic.Bool
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if connected.Load() {
			return nil, errNoCancel
		}
		return dial(ctx, network, addr)
	}
	config.OnNotification = func(_ *pgconn.PgConn, n *pgconn.Notification) {
		var sig Signal
		if n.Channel == signalChannel && json.Unmarshal([]byte(n.Payload), &sig) == nil && sig.Node != s.opts.Node {
			s.ears.tell(sig)
		}
	}
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return false, err
	}
	connected.Store(true)
	defer func() {
		end, over := context.WithTimeout(context.Background(), time.Second)
		defer over()
		_ = conn.Close(end) // nothing is lost with it
	}()
	if err := s.sameDatabase(ctx, conn); err != nil {
		return false, err
	}
	if _, err := conn.Exec(ctx, "LISTEN "+signalChannel).ReadAll(); err != nil {
		return false, err
	}
	for {
		if err := conn.WaitForNotification(ctx); err != nil {
			return true, err
		}
	}
}

// sameDatabase refuses to listen at a database that is not the one that is
// written: there nobody would ever say anything.
func (s *Store) sameDatabase(ctx context.Context, conn *pgconn.PgConn) error {
	if s.opts.Listen == "" {
		return nil
	}
	text := fmt.Sprintf("SELECT session FROM share WHERE node = %d", s.pg.node)
	results, err := conn.Exec(ctx, text).ReadAll()
	if err == nil && len(results) == 1 && len(results[0].Rows) == 1 && string(results[0].Rows[0][0]) == strconv.FormatInt(s.pg.session, 10) {
		return nil
	}
	return errors.Join(errors.New("database_listen is not the database that database is: this server does not stand there"), err)
}
