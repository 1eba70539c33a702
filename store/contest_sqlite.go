package store

import (
	"kurir/message"
)

// lookSQLite reads what the database has of a contest, within the transaction.
func (s *Store) lookSQLite(c *Contest, f *Found) error {
	for _, l := range [...]struct {
		names []string
		text  string
		row   func(*statement)
	}{
		{c.Balances, balanceColumns + " WHERE account = ?", f.balance},
		{c.Limits, allowanceColumns + " WHERE account = ? AND kind < 2", f.allowance},
		{c.Series, seriesColumns + " WHERE name = ?", f.series},
	} {
		for _, name := range l.names {
			err := query(s.conn, l.text,
				func(stmt *statement) { stmt.BindText(1, name) },
				func(stmt *statement) (bool, error) { l.row(stmt); return true, nil })
			if err != nil {
				return err
			}
		}
	}
	for _, k := range c.Hours {
		err := query(s.conn, allowanceColumns+" WHERE account = ? AND kind = ? AND period = ?",
			func(stmt *statement) {
				stmt.BindText(1, k.Account)
				stmt.BindInt64(2, int64(k.Kind))
				stmt.BindInt64(3, int64(k.Period))
			},
			func(stmt *statement) (bool, error) { f.allowance(stmt); return false, nil })
		if err != nil {
			return err
		}
	}
	for _, t := range c.TopUps {
		err := query(s.conn, topUpColumns+" AND key = ?",
			func(stmt *statement) {
				stmt.BindText(1, t.Account)
				stmt.BindText(2, t.Key)
			},
			func(stmt *statement) (bool, error) { f.topUp(stmt); return false, nil })
		if err != nil {
			return err
		}
	}
	for i := range c.Requests {
		k := &c.Requests[i]
		found, err := s.idempotentIn(s.conn, k.Account, k.Key, c.At)
		if err != nil {
			return err
		}
		if found != nil {
			f.Requests[RequestKey{k.Account, k.Key}] = *found
		}
	}
	for _, k := range c.Repeats {
		err := query(s.conn, "SELECT id FROM duplicate WHERE key = ? AND expires > ?",
			func(stmt *statement) {
				stmt.BindInt64(1, int64(k))
				stmt.BindInt64(2, c.At)
			},
			func(stmt *statement) (bool, error) {
				f.Repeats[k] = message.ID(stmt.ColumnInt64(0))
				return false, nil
			})
		if err != nil {
			return err
		}
	}
	return nil
}
