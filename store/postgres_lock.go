package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

const (
	lockHeld  = time.Minute // after which the lock of a node that is no more is anybody's
	lockPause = 30 * time.Millisecond
)

// Lock waits until this node alone, of those that share the database, may change
// what a name stands for, for a minute at most. Within a node, callers see to it
// themselves that they take turns. With one node it does nothing.
func (s *Store) Lock(ctx context.Context, name string) (unlock func(), err error) {
	if s.pg == nil || !s.opts.Shared {
		return func() {}, nil
	}
	mine := rand.Int64N(1 << 20) // tells this holding from earlier ones of ours that have run out
	for {
		held, err := s.tryLock(ctx, name, mine)
		if err != nil {
			return nil, fmt.Errorf("wait for other nodes to change %s: %w", name, err)
		}
		if held {
			return func() { s.unlock(name, mine) }, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for other nodes to change %s: %w", name, ctx.Err())
		case <-time.After(lockPause):
		}
	}
}

// tryLock takes a lock that is free or has run out. Its row is when it runs out,
// by the clock of the database in milliseconds, and who has it.
func (s *Store) tryLock(ctx context.Context, name string, mine int64) (held bool, err error) {
	err = s.read(ctx, func(c *conn) error {
		const now = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
		return query(c, `INSERT INTO held_lock(name, until, holder) VALUES (?1, `+now+` + ?2, ?3)
  ON CONFLICT (name) DO UPDATE SET until = excluded.until, holder = excluded.holder WHERE held_lock.until < `+now+` RETURNING 1`,
			func(stmt *statement) {
				stmt.BindText(1, "lock/"+name)
				stmt.BindInt64(2, lockHeld.Milliseconds())
				stmt.BindInt64(3, mine)
			},
			func(*statement) (bool, error) {
				held = true
				return true, nil
			})
	})
	return held, err
}

func (s *Store) unlock(name string, mine int64) {
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	err := s.read(ctx, func(c *conn) error {
		return query(c, "DELETE FROM held_lock WHERE name = ? AND holder = ?", func(stmt *statement) {
			stmt.BindText(1, "lock/"+name)
			stmt.BindInt64(2, mine)
		}, nil)
	})
	if err != nil {
		s.log.Debug("a lock could not be given back; it runs out", "lock", name, "error", err)
	}
}
