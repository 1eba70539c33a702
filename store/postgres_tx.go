package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresTx is a transaction under way: what has been noted for it and not
// sent. Mostly all of it is sent at once, in one round trip.
type postgresTx struct {
	conn   *postgresConn
	begin  []*rowGroup // what comes before everything else
	groups []*rowGroup
	last   map[string]*rowGroup // the newest of each table
	begun  bool                 // BEGIN has been sent
}

// flush sends what has been noted; with end and COMMIT when end is set.
func (tx *postgresTx) flush(end bool) error {
	if len(tx.groups) == 0 && tx.begun && !end {
		return nil
	}
	var b pgconn.Batch
	var sent []*rowGroup // nil for what is no group
	plain := func(text string) {
		b.ExecParams(text, nil, nil, nil, nil)
		sent = append(sent, nil)
	}
	if !tx.begun && !end {
		plain("BEGIN")
		tx.begun = true
	}
	for _, list := range [][]*rowGroup{tx.begin, tx.groups} {
		for _, s := range list {
			values, types, formats := s.arguments()
			b.ExecParams(s.stmt.text, values, types, formats, s.stmt.ints[:])
			sent = append(sent, s)
		}
	}
	if tx.begun && end {
		plain("COMMIT")
	}
	tx.begin, tx.groups = nil, nil
	clear(tx.last)
	tx.conn.statements += uint64(len(sent))
	tx.conn.trips++
	ctx, cancel := context.WithTimeout(context.Background(), tx.conn.most)
	defer cancel()
	results := tx.conn.ExecBatch(ctx, &b) // without BEGIN it is a transaction by itself
	for i := 0; results.NextResult(); i++ {
		sent[i].read(results.ResultReader())
	}
	return results.Close()
}

// read takes the answer to a group: how many rows it has touched, or, where the
// answer has rows, how many of them say yes.
func (g *rowGroup) read(answer *pgconn.ResultReader) {
	if g != nil && g.row != nil {
		stmt := &statement{pg: &postgresStatement{}}
		for answer.NextRow() {
			stmt.pg.row = answer.Values()
			g.row(stmt)
		}
	}
	n := int64(0)
	told := false
	for answer.NextRow() {
		if v := answer.Values(); len(v) == 1 && len(v[0]) == 1 {
			told = true
			n += int64(v[0][0])
		}
	}
	tag, err := answer.Close()
	if err != nil || g == nil || g.count == nil {
		return // the batch says so
	}
	if !told {
		n = tag.RowsAffected()
	}
	*g.count += g.sign * n
}

// errNotOurs is the SQLSTATE by which function kurir_begin says that the share
// is another node's, or not as we left it.
const errNotOurs = "KU001"

// transactPostgres runs write in a transaction. The error is classified. What
// is not known to be on disk is looked up before it returns, for as long as that
// takes; what turns out not to be there is sent once more, since the database is
// back then.
func (s *Store) transactPostgres(write func() error) error {
	for again, tries := false, 0; ; {
		err := s.reconnect()
		if err == nil {
			err = s.tryTransaction(write)
		}
		var unknown *unknownError
		switch {
		case notOurs(err):
			return s.whyNotOurs()
		case gaveWay(err) && tries < giveWayTries:
			tries++
			if err := s.pg.rest(rand.N(giveWayPause << tries)); err != nil {
				return err
			}
			continue
		case !errors.As(err, &unknown):
			return s.classifyPostgres(err)
		}
		committed, err := s.resolve(unknown)
		switch {
		case committed || err != nil:
			return err
		case again:
			return fmt.Errorf("%w: %w", ErrAway, unknown.err)
		}
		again = true
	}
}

const (
	giveWayTries = 5                    // more of a transaction that PostgreSQL has broken off in favour of another
	giveWayPause = 5 * time.Millisecond // before the first at most twice as long; that doubles
)

// gaveWay tells whether PostgreSQL has broken off a transaction because it and another one were in each other's way: a deadlock, or what they
// read and wrote did not fit together. Nothing of it is there, and sent again it goes through as soon as the other is over.
func gaveWay(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40P01" || pg.Code == "40001")
}

// rest waits, unless the store gives up meanwhile.
func (p *postgres) rest(d time.Duration) error {
	select {
	case <-p.abandoned:
		return fmt.Errorf("%w: %w", ErrAway, errGivenUp)
	case <-time.After(d):
		return nil
	}
}

// unknownError says that a transaction was sent whole and its answer was lost.
type unknownError struct{ err error }

func (e *unknownError) Error() string { return e.err.Error() }

// tryTransaction sends one transaction. The batch's number counts as used when
// it may be on disk.
func (s *Store) tryTransaction(write func() error) error {
	c, p := s.conn.pg, s.pg
	tx := &postgresTx{conn: c, last: map[string]*rowGroup{}}
	tx.begin = []*rowGroup{s.beginShare(p.batch + 1)}
	c.tx = tx
	err := write()
	whole := err == nil
	if whole {
		err = tx.flush(true)
	}
	c.tx = nil
	s.measured.sent(c.statements, c.trips)
	c.statements, c.trips = 0, 0
	switch {
	case err == nil:
		p.batch++
		return nil
	case whole && isLost(err):
		return &unknownError{err}
	case !c.IsClosed() && c.TxStatus() != 'I':
		ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
		defer cancel()
		if _, end := c.Exec(ctx, "ROLLBACK").ReadAll(); end != nil {
			return errors.Join(err, end)
		}
	}
	return err
}

// beginShare is the statement by which a transaction says whose it is and which.
func (s *Store) beginShare(batch int64) *rowGroup {
	stmt := newPostgresStatement(s.conn, "SELECT kurir_begin(?, ?, ?, ?)")
	for i, v := range [...]int64{s.pg.node, s.pg.term, s.pg.session, batch} {
		stmt.bindInt64(i+1, v)
	}
	return &rowGroup{stmt: stmt, single: stmt.values, types: stmt.types}
}

// reconnect makes sure that there is a connection to write by.
func (s *Store) reconnect() error {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if s.conn != nil && s.conn.pg.lively(ctx) {
		s.conn.pg.used = time.Now()
		return nil
	}
	c, err := s.pg.connect(ctx)
	if err != nil {
		return err
	}
	if err := s.preparePostgres(c); err != nil {
		c.Close()
		return err
	}
	s.conn = c
	return nil
}

// resolve looks until it knows whether the batch behind the last one is on disk.
func (s *Store) resolve(lost *unknownError) (committed bool, err error) {
	for told := false; ; {
		batch, ours, err := s.readShare()
		switch {
		case err == nil && !ours:
			return false, &FatalError{Err: errTakenOver}
		case err == nil && batch == s.pg.batch+1:
			s.pg.batch++
			s.pg.resolved = true
			return true, nil
		case err == nil && batch == s.pg.batch:
			return false, nil
		case err == nil:
			return false, s.lostBatches(batch)
		}
		if err = s.classifyPostgres(err); !errors.Is(err, ErrAway) {
			return false, err
		}
		if !told {
			told = true
			s.log.Warn("the connection to the database broke during a commit, and it does not answer: whether that is on disk is looked up as soon as it does",
				"error", lost.err, "now", err)
			if s.away != nil {
				s.away(err)
			}
		}
		select {
		case <-s.pg.abandoned:
			return false, &FatalError{Err: fmt.Errorf("it is not known whether the last commit is on disk, and the database does not answer: %w", err)}
		case <-time.After(awayPause):
		}
	}
}

// readShare waits for a transaction of ours that may still be under way, and
// returns the number of the last batch that is on disk. From then on nothing
// counts that was sent before: what still wanders about in the network, should
// it ever come, is refused by function kurir_begin.
func (s *Store) readShare() (batch int64, ours bool, err error) {
	if err := s.reconnect(); err != nil {
		return 0, false, err
	}
	session := rand.Int64()
	err = query(s.conn, "UPDATE share SET session = ? WHERE node = ? AND term = ? RETURNING batch",
		func(stmt *statement) {
			stmt.BindInt64(1, session)
			stmt.BindInt64(2, s.pg.node)
			stmt.BindInt64(3, s.pg.term)
		},
		func(stmt *statement) (bool, error) {
			batch, ours = stmt.ColumnInt64(0), true
			return true, nil
		})
	if err == nil {
		s.pg.session = session
	}
	return batch, ours, err
}

// notOurs tells whether function kurir_begin has refused.
func notOurs(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == errNotOurs
}

// whyNotOurs says why it has.
func (s *Store) whyNotOurs() error {
	batch, ours, err := s.readShare()
	if err == nil && ours && batch < s.pg.batch {
		return s.lostBatches(batch)
	}
	return &FatalError{Err: errTakenOver}
}

// lostBatches says that the database is older than what it has confirmed.
func (s *Store) lostBatches(batch int64) error {
	return &FatalError{Err: fmt.Errorf("the database is at batch %d and was at %d: it has lost %d commits, as a standby has that is promoted and was not synchronous",
		batch, s.pg.batch, s.pg.batch-batch)}
}

// Likewise with PostgreSQL, where no file is locked: both are an ErrBusy to errors.Is.
var (
	errInTheWay error = waitError("transactions of several servers were in each other's way in the database again and again; nothing is lost, and it is tried again")
	errHeldUp   error = waitError("another session of the database holds what this server needs, or a statement took longer than the database allows; it is tried again: see pg_stat_activity and pg_locks")
)

// waitError is an ErrBusy in other words.
type waitError string

func (e waitError) Error() string { return string(e) }

func (waitError) Is(target error) bool { return target == ErrFull || target == ErrBusy }

var errGivenUp = errors.New("the server ends")

var errTakenOver = errors.New("another node has taken over what this one was responsible for")

// isLost tells whether an error leaves open what the server did: the connection
// broke, or the server was told to end it.
func isLost(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return true
	}
	switch pg.Code {
	case "57P01", "57P02", "57P03", "08006", "08003", "08007", "40003":
		return true
	}
	return false
}

// classifyPostgres turns an error of PostgreSQL into ErrAway, ErrFull, ErrBusy,
// a FatalError, or what it was.
func (s *Store) classifyPostgres(err error) error {
	var fatal *FatalError
	if err == nil || errors.As(err, &fatal) || errors.Is(err, ErrClosed) {
		return err
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		var connect *pgconn.ConnectError
		var timeout interface{ Timeout() bool }
		if errors.As(err, &connect) || errors.As(err, &timeout) || s.conn == nil || s.conn.pg.IsClosed() {
			return fmt.Errorf("%w: %w", ErrAway, err)
		}
		return err
	}
	switch {
	case pg.Code[:2] == "53" && pg.Code != "53300":
		return fmt.Errorf("%w: %w", ErrFull, err)
	case gaveWay(err):
		return fmt.Errorf("%w: %w", errInTheWay, err)
	case pg.Code == "55P03", pg.Code == "57014":
		return fmt.Errorf("%w: %w", errHeldUp, err)
	case pg.Code[:2] == "57", pg.Code[:2] == "08", pg.Code == "53300", pg.Code == "25006":
		return fmt.Errorf("%w: %w", ErrAway, err)
	case pg.Code[:2] == "XX", pg.Code[:2] == "58":
		return &FatalError{Err: err}
	}
	return err
}
