package store

import (
	"context"
	"fmt"

	"kurir/message"
)

// ListEntry is an entry of a number list that came over REST, or goes.
type ListEntry struct {
	List  string
	Entry string // as package directory writes it
	Gone  bool   // it is taken out; only in a Batch
	At    int64  // Unix milliseconds
	By    string // account that did it
	Note  string
}

// OptOut says that a phone opted out of an account's messages, or in again. It
// is kept as proof.
type OptOut struct {
	Account string
	Phone   string // digits with country code
	In      bool   // in again
	At      int64  // Unix milliseconds
	Wrote   string // number of ours that the phone wrote to; empty when somebody else said so
	Text    string // what it wrote, or the note of whoever said so
	Inbound message.ID
	By      string // account that said so over REST; empty for the phone
}

func (s *Store) writeNumbers(entries []ListEntry, optOuts []*OptOut) error {
	for i := range entries {
		e := &entries[i]
		stmt := s.cold.listEntry
		if e.Gone {
			stmt = s.cold.listEntryGone
		}
		stmt.BindText(1, e.List)
		stmt.BindText(2, e.Entry)
		if !e.Gone {
			stmt.BindInt64(3, e.At)
			stmt.BindText(4, e.By)
			stmt.BindText(5, e.Note)
		}
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write an entry of list %s: %w", e.List, err)
		}
	}
	stmt := s.cold.optOut
	for _, o := range optOuts {
		stmt.BindText(1, o.Account)
		stmt.BindText(2, o.Phone)
		stmt.BindBool(3, o.In)
		stmt.BindInt64(4, o.At)
		stmt.BindText(5, o.Wrote)
		stmt.BindText(6, o.Text)
		stmt.BindInt64(7, int64(o.Inbound))
		stmt.BindText(8, o.By)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write an opt-out of %s: %w", o.Account, err)
		}
	}
	return nil
}

// EachListEntry calls each with the list and text of every entry.
func (s *Store) EachListEntry(ctx context.Context, each func(list, entry string)) error {
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT list, entry FROM list_entry", nil, func(stmt *statement) (bool, error) {
			each(stmt.ColumnText(0), stmt.ColumnText(1))
			return true, nil
		})
	})
	if err != nil {
		return fmt.Errorf("read the entries of lists: %w", err)
	}
	return nil
}

// ListEntries returns entries of a list in their order, those behind the first
// skip, at most n.
func (s *Store) ListEntries(ctx context.Context, list string, skip int64, n int) ([]ListEntry, error) {
	var found []ListEntry
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT list, entry, at, by, note FROM list_entry WHERE list = ? ORDER BY entry LIMIT ? OFFSET ?",
			func(stmt *statement) {
				stmt.BindText(1, list)
				stmt.BindInt64(2, int64(n))
				stmt.BindInt64(3, skip)
			},
			func(stmt *statement) (bool, error) {
				found = append(found, ListEntry{
					List: stmt.ColumnText(0), Entry: stmt.ColumnText(1), At: stmt.ColumnInt64(2), By: stmt.ColumnText(3), Note: stmt.ColumnText(4),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read the entries of list %s: %w", list, err)
	}
	return found, nil
}

// EachOptOut calls each with account, phone and direction of every opt-out, in
// the order in which they came.
func (s *Store) EachOptOut(ctx context.Context, each func(account, phone string, in bool)) error {
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT account, phone, opt_in FROM opt_out ORDER BY number", nil, func(stmt *statement) (bool, error) {
			each(stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnInt64(2) != 0)
			return true, nil
		})
	})
	if err != nil {
		return fmt.Errorf("read opt-outs: %w", err)
	}
	return nil
}

// OptOuts returns what is on record of an account, the newest first: of one
// phone, or of all if phone is empty. before is the number of a row, 0 for none:
// older ones are returned, at most n, and the number of the last of them.
func (s *Store) OptOuts(ctx context.Context, account, phone string, before int64, n int) ([]OptOut, int64, error) {
	var found []OptOut
	last := int64(0)
	whose := "(?1 = '' OR account = ?1) AND (?2 = '' OR phone = ?2)"
	if account != "" && phone != "" {
		whose = "account = ?1 AND phone = ?2" // by the index
	}
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT account, phone, opt_in, at, wrote, text, inbound, by, number FROM opt_out WHERE "+whose+
			" AND (?3 = 0 OR number < ?3) ORDER BY number DESC LIMIT ?4",
			func(stmt *statement) {
				stmt.BindText(1, account)
				stmt.BindText(2, phone)
				stmt.BindInt64(3, before)
				stmt.BindInt64(4, int64(n))
			},
			func(stmt *statement) (bool, error) {
				found = append(found, OptOut{
					stmt.ColumnText(0), stmt.ColumnText(1), stmt.ColumnInt64(2) != 0, stmt.ColumnInt64(3), stmt.ColumnText(4),
					stmt.ColumnText(5), message.ID(stmt.ColumnInt64(6)), stmt.ColumnText(7),
				})
				last = stmt.ColumnInt64(8)
				return true, nil
			})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read opt-outs of %s: %w", account, err)
	}
	return found, last, nil
}
