package store

import (
	"context"
	"fmt"
	"strings"
)

// TopUp is money that came to a balance, or was taken off it. Amounts are
// micro-units.
type TopUp struct {
	Account string
	Key     string // by which a repetition is known; unique to the account
	At      int64  // Unix milliseconds
	Amount  int64  // less than 0 when it was taken off
	Balance int64  // after it
	By      string // account that did it
	Note    string
}

// Balance is an account's balance as last written, in micro-units.
type Balance struct {
	Balance, Charged, Reserved int64
	Currency                   string
}

func (s *Store) writeMoney(list []MoneyEntry, topUps []*TopUp) error {
	for i := range list {
		m, stmt := &list[i], s.cold.balance
		stmt.BindText(1, m.Account)
		stmt.BindInt64(2, m.Balance)
		stmt.BindInt64(3, m.Charged)
		stmt.BindInt64(4, m.Reserved)
		stmt.BindText(5, m.Currency)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write the balance of %s: %w", m.Account, err)
		}
		stmt = s.cold.ledger
		stmt.BindInt64(1, s.now().UnixMilli())
		stmt.BindText(2, m.Account)
		stmt.BindInt64(3, m.Charged)
		stmt.BindInt64(4, m.Reserved)
		stmt.BindInt64(5, m.Balance)
		stmt.BindInt64(6, int64(m.First))
		stmt.BindInt64(7, int64(m.Last))
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write the ledger of %s: %w", m.Account, err)
		}
	}
	stmt := s.cold.topUp
	for _, t := range topUps {
		stmt.BindText(1, t.Account)
		stmt.BindText(2, t.Key)
		stmt.BindInt64(3, t.At)
		stmt.BindInt64(4, t.Amount)
		stmt.BindInt64(5, t.Balance)
		stmt.BindText(6, t.By)
		stmt.BindText(7, t.Note)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write a top-up of %s: %w", t.Account, err)
		}
	}
	return nil
}

// Balances returns the balances of all accounts that have one.
func (s *Store) Balances(ctx context.Context) (map[string]Balance, error) {
	all := make(map[string]Balance)
	err := s.read(ctx, func(c *conn) error {
		return query(c, balanceColumns, nil, func(stmt *statement) (bool, error) {
			all[stmt.ColumnText(0)] = Balance{stmt.ColumnInt64(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3), stmt.ColumnText(4)}
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read balances: %w", err)
	}
	return all, nil
}

const topUpColumns = "SELECT account, key, at, amount, balance, by, note FROM top_up WHERE account = ?"

func readTopUp(stmt *statement) TopUp {
	return TopUp{
		stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnInt64(2), stmt.ColumnInt64(3), stmt.ColumnInt64(4),
		stmt.ColumnText(5), stmt.ColumnText(6),
	}
}

// TopUp returns what came to an account's balance under a key; ErrNotFound if
// nothing did.
func (s *Store) TopUp(ctx context.Context, account, key string) (*TopUp, error) {
	var found *TopUp
	err := s.read(ctx, func(c *conn) error {
		return query(c, topUpColumns+" AND key = ?",
			func(stmt *statement) {
				stmt.BindText(1, account)
				stmt.BindText(2, key)
			},
			func(stmt *statement) (bool, error) {
				t := readTopUp(stmt)
				found = &t
				return false, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for a top-up: %w", err)
	}
	if found == nil {
		return nil, ErrNotFound
	}
	return found, nil
}

// TopUps returns what came to an account's balance, the newest first, at most n
// of them.
func (s *Store) TopUps(ctx context.Context, account string, n int) ([]TopUp, error) {
	var list []TopUp
	err := s.read(ctx, func(c *conn) error {
		return query(c, topUpColumns+" ORDER BY at DESC, key LIMIT ?",
			func(stmt *statement) {
				stmt.BindText(1, account)
				stmt.BindInt64(2, int64(n))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, readTopUp(stmt))
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read top-ups: %w", err)
	}
	return list, nil
}

// Warned is below which amount an account was told that its balance is, in
// micro-units; 0 for none.
type Warned struct {
	Account string
	Below   int64
}

// metaWarned stands in table meta before the names of accounts that were told that
// their balances are low.
const metaWarned = "warned/"

func (s *Store) writeWarned(list []Warned) error {
	for _, w := range list {
		if err := s.setMeta(metaWarned+w.Account, w.Below); err != nil {
			return fmt.Errorf("write what %s was warned of: %w", w.Account, err)
		}
	}
	return nil
}

// Warned returns below which amount accounts were told last that their balances are.
func (s *Store) Warned(ctx context.Context) (map[string]int64, error) {
	all := map[string]int64{}
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT name, value FROM meta WHERE name >= 'warned/' AND name < 'warned0' AND value <> 0", nil, func(stmt *statement) (bool, error) {
			all[strings.TrimPrefix(stmt.ColumnText(0), metaWarned)] = stmt.ColumnInt64(1)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read who was warned: %w", err)
	}
	return all, nil
}
