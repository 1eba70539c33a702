package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// openPostgres connects, brings the tables up to date, takes the share of the
// node and makes partitions for the days to come.
func openPostgres(ctx context.Context, opts Options) (_ *Store, err error) {
	config, err := postgresConfig(opts.Database)
	if err != nil {
		return nil, err
	}
	listen := config
	if opts.Listen != "" {
		if listen, err = postgresConfig(opts.Listen); err != nil {
			return nil, fmt.Errorf("the address to listen at %w", err)
		}
	}
	s := &Store{opts: opts, log: opts.Log, closing: make(chan struct{})}
	s.pg = &postgres{
		config: config, listen: listen, shown: shownAddress(config),
		node: int64(opts.Node), abandoned: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.conn, err = s.pg.connect(ctx); err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, s.conn, s.pg.shown, opts.Node); err != nil {
		return nil, err
	}
	if err := s.preparePostgres(s.conn); err != nil {
		return nil, err
	}
	if err := s.refuseMoved(); err != nil {
		return nil, err
	}
	if err := s.pushZones(s.pg.node); err != nil {
		return nil, fmt.Errorf("look whether servers run an older program: %w", err)
	}
	if err := s.takeShare(); err != nil {
		return nil, fmt.Errorf("take the share of node %d: %w", opts.Node, err)
	}
	if err := s.refuseMoved(); err != nil { // once more: see moveTarget.begin
		return nil, err
	}
	if err := s.makePartitions(s.now()); err != nil {
		return nil, err
	}
	if err := s.measurePostgres(); err != nil {
		return nil, err
	}
	if err := s.openReaders(); err != nil {
		return nil, err
	}
	if err := s.beginZones(ctx); err != nil {
		return nil, fmt.Errorf("look from when on it is known where messages are: %w", err)
	}
	s.side.init()
	if err := s.loadErasers(ctx); err != nil {
		return nil, fmt.Errorf("read how far texts are erased: %w", err)
	}
	if err := s.loadCounts(ctx); err != nil {
		return nil, fmt.Errorf("count open rows: %w", err)
	}
	if opts.Shared {
		s.pg.counted = make(chan struct{})
		go s.countPostgres()
		s.pg.heard = make(chan struct{})
		go s.hear()
	}
	return s, nil
}

// preparePostgres makes the statements of the writer.
func (s *Store) preparePostgres(c *conn) error {
	if err := s.hot.preparePostgres(c); err != nil {
		return err
	}
	return s.cold.preparePostgres(c)
}

// takeShare begins a new term: what a process before us still sends is refused.
func (s *Store) takeShare() error {
	s.pg.session = rand.Int64()
	list, err := readPostgresMigrations(postgresMigrations)
	if err != nil {
		return err
	}
	return query(s.conn, `INSERT INTO share(node, term, session, batch, form) VALUES (?1, 1, ?2, 0, ?3)
  ON CONFLICT (node) DO UPDATE SET term = share.term + 1, session = excluded.session, form = excluded.form RETURNING term, batch`,
		func(stmt *statement) {
			stmt.BindInt64(1, s.pg.node)
			stmt.BindInt64(2, s.pg.session)
			stmt.BindInt64(3, int64(len(list)))
		},
		func(stmt *statement) (bool, error) {
			s.pg.term, s.pg.batch = stmt.ColumnInt64(0), stmt.ColumnInt64(1)
			return true, nil
		})
}

// OnAway registers who is told when a Commit has to wait, for as long as the
// database does not answer, to learn whether it is on disk. It is called from
// Commit; without PostgreSQL never.
func (s *Store) OnAway(tell func(error)) { s.away = tell }

// GiveUp ends a Commit that waits to learn from a database that does not answer
// whether something is on disk. It then returns a *FatalError.
func (s *Store) GiveUp() {
	if s.pg != nil {
		s.pg.giveUp.Do(func() { close(s.pg.abandoned) })
	}
}

// commitPostgres is Commit on PostgreSQL.
func (s *Store) commitPostgres(b *Batch, start time.Time) error {
	var n tableDeltas
	s.pg.resolved = false
	err := s.transact(func() error {
		n = tableDeltas{} // it may be sent twice
		if err := s.settle(b); err != nil {
			return err
		}
		if err := s.writeBatch(b, &n); err != nil {
			return err
		}
		return s.notify(b)
	})
	if err != nil {
		s.zones.unmark()
		return err
	}
	s.zones.booked()
	if s.pg.resolved { // its answer, which counts, was lost
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		if err := s.loadCounts(ctx); err != nil {
			s.log.Warn("the rows that are open could not be counted", "error", err)
		}
	} else {
		s.counts.add(&n)
	}
	s.measured.commit(time.Since(start), b.Rows())
	return nil
}
