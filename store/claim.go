package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"zombiezen.com/go/sqlite"

	"kurir/message"
)

// Claim gives a node free rows of a link: of each lane up to most, in all up to
// n, the highest lane first, in each the accounts in turn. A claimed row is the
// node's from then on, like one that it has written itself: Refill brings it.
// more tells whether others are left. Whether there are any at all is looked up first,
// without a transaction: gateways ask every second, mostly for nothing.
func (s *Store) Claim(ctx context.Context, node int, term int64, link string, most [message.Priorities]int, n int) (claimed []Waiting, more bool, err error) {
	if some, err := s.anyFree(ctx, link); err != nil || !some {
		return nil, false, err
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if term < s.terms[node] {
		return nil, false, &FatalError{Err: fmt.Errorf("node %d: %w", node, ErrFenced)}
	}
	var last [message.Priorities]string
	room := n
	err = s.transact(func() (err error) {
		claimed, more, n, last = nil, false, room, [message.Priorities]string{} // it may be sent twice
		for turn := range message.Priorities {
			p := message.Priority(message.Priorities - 1 - turn)
			if n <= 0 {
				break
			}
			lane := laneOf{Free, Lane{link, p}}
			accounts, unread, err := waitingAccounts(s.conn, lane, s.turns.at(lane), nil)
			if err != nil {
				return err
			}
			if len(accounts) == 0 {
				continue
			}
			if most[p] <= 0 {
				more = true
				continue
			}
			last[p] = accounts[min(n, most[p], len(accounts))-1].account
			rows, rest, err := takeTurns(s.conn, lane, accounts, min(n, most[p]))
			if err != nil {
				return err
			}
			more = more || unread || len(rest) > 0
			for i := range accounts {
				for _, id := range accounts[i].ids[:accounts[i].taken] {
					claimed = append(claimed, Waiting{Node: node, Link: link, Priority: p, Account: accounts[i].account, ID: id})
				}
			}
			n -= len(rows)
		}
		claimed, err = s.claimRows(node, claimed)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("claim what waits for %s: %w", link, err)
	}
	for p := range last {
		s.turns.ended(laneOf{Free, Lane{link, message.Priority(p)}}, last[p])
	}
	return claimed, more || n <= 0, nil
}

// anyFree tells whether something free waits for a link.
func (s *Store) anyFree(ctx context.Context, link string) (some bool, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT 1 FROM waiting WHERE node = -1 AND link = ? LIMIT 1",
			func(stmt *statement) { stmt.BindText(1, link) },
			func(*statement) (bool, error) {
				some = true
				return false, nil
			})
	})
	if err != nil {
		return false, fmt.Errorf("look whether something waits for %s: %w", link, err)
	}
	return some, nil
}

// ClaimRows gives a node free rows that are named. It returns those that it has
// got: others were claimed meanwhile.
func (s *Store) ClaimRows(_ context.Context, node int, term int64, rows []Waiting) (claimed []Waiting, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if term < s.terms[node] {
		return nil, &FatalError{Err: fmt.Errorf("node %d: %w", node, ErrFenced)}
	}
	err = s.transact(func() (err error) {
		claimed, err = s.claimRows(node, rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim messages that wait: %w", err)
	}
	return claimed, nil
}

// claimRows changes free rows to a node's and returns those that were there.
func (s *Store) claimRows(node int, rows []Waiting) (claimed []Waiting, err error) {
	if s.pg != nil {
		return claimPostgres(s.conn, node, rows)
	}
	for i := range rows {
		w := rows[i]
		w.Node = node
		err := query(s.conn, "UPDATE waiting SET node = ?1 WHERE node = -1 AND link = ?2 AND priority = ?3 AND account = ?4 AND id = ?5 RETURNING expires",
			func(stmt *statement) { bindWaiting(stmt, &w) },
			func(stmt *statement) (bool, error) {
				w.Expires = stmt.ColumnInt64(0)
				claimed = append(claimed, w)
				return true, nil
			})
		if err != nil {
			return nil, err
		}
	}
	return claimed, nil
}

// claimOwed does what ClaimOwed says, in a transaction.
func (s *Store) claimOwed(node int, queue string, dueBefore int64, n int) (claimed int, err error) {
	text := `UPDATE owed SET node = ?1 WHERE node = -1 AND queue = ?2 AND (due, id, inbound, idx) IN
  (SELECT due, id, inbound, idx FROM owed WHERE node = -1 AND queue = ?2 AND due <= ?3 ORDER BY due, id, inbound, idx LIMIT ?4)`
	if s.pg != nil {
		text = claimOwedPostgres
	}
	err = query(s.conn, text, func(stmt *statement) {
		stmt.BindInt64(1, int64(node))
		stmt.BindText(2, queue)
		stmt.BindInt64(3, dueBefore)
		stmt.BindInt64(4, int64(n))
	}, nil)
	return s.conn.rowsChanged(), err
}

// dropTwofold removes free rows of a queue that a node has as its own too: a state of a message was owed once more, by another attempt for
// instance, while the row of the one before was free. What a row says stands in the message.
func (s *Store) dropTwofold(node int, queue string) error {
	dropped := 0
	err := s.transact(func() error {
		err := query(s.conn, `DELETE FROM owed WHERE node = -1 AND queue = ?2 AND EXISTS (SELECT 1 FROM owed AS own
  WHERE own.node = ?1 AND own.queue = ?2 AND own.due = owed.due AND own.id = owed.id AND own.inbound = owed.inbound AND own.idx = owed.idx)`,
			func(stmt *statement) {
				stmt.BindInt64(1, int64(node))
				stmt.BindText(2, queue)
			}, nil)
		dropped = s.conn.rowsChanged()
		return err
	})
	if err == nil {
		s.counts.add(&tableDeltas{owed: -int64(dropped)})
	}
	return err
}

// isDuplicate tells of an error that a key is there already.
func isDuplicate(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	code := sqlite.ErrCode(err)
	return err != nil && (code == sqlite.ResultConstraintUnique || code == sqlite.ResultConstraintPrimaryKey)
}

// ClaimOwed gives a node up to n free rows of a queue that are due at dueBefore
// (Unix milliseconds), the first first, and returns how many.
func (s *Store) ClaimOwed(_ context.Context, node int, term int64, queue string, dueBefore int64, n int) (claimed int, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if term < s.terms[node] {
		return 0, &FatalError{Err: fmt.Errorf("node %d: %w", node, ErrFenced)}
	}
	claim := func() error {
		claimed, err = s.claimOwed(node, queue, dueBefore, n)
		return err
	}
	if err = s.transact(claim); isDuplicate(err) {
		if err = s.dropTwofold(node, queue); err == nil {
			err = s.transact(claim)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("claim what is owed to %s: %w", queue, err)
	}
	return claimed, nil
}
