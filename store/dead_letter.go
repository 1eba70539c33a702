package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kurir/message"
)

// DeadKey names what is owed to a target: a message's final state (Index 1), or
// a message from a phone and its target.
type DeadKey struct {
	ID      message.ID
	Inbound bool
	Index   uint8
}

// DeadLetter is something that a customer's server did not take and is told no
// more. One whose key is there is put in the place of that.
type DeadLetter struct {
	Number int64 // given by the store, growing
	DeadKey
	State   message.State // of a message
	Account string
	Kind    message.TargetKind
	Address string // as it is shown
	Since   int64  // it was owed, Unix milliseconds
	At      int64  // it was given up, Unix milliseconds
	Tries   int
	Code    uint32 // last answer
	Text    string // likewise
}

// DeadFilter says which dead letters a list holds. Zero fields do not narrow it.
type DeadFilter struct {
	Accounts     []string
	Kinds        []message.TargetKind
	Address      string
	Number       int64
	ID           message.ID
	Since, Until time.Time // when it was given up: from Since on, before Until
	From, To     time.Time // when the message was accepted or came, likewise
	NoStates     bool      // no states of messages
	NoInbound    bool      // no messages from phones

	Oldest bool  // in the order of giving up, else the newest first
	After  int64 // go on behind this number
	Limit  int   // at most this many
}

func (f *DeadFilter) condition() *condition {
	w := new(condition)
	if len(f.Accounts) > 0 {
		w.among("account", len(f.Accounts), func(i int) any { return f.Accounts[i] })
	}
	if len(f.Kinds) > 0 {
		w.among("kind", len(f.Kinds), func(i int) any { return int64(f.Kinds[i]) })
	}
	for _, c := range []struct {
		on   bool
		term string
		arg  any
	}{
		{f.Address != "", "address = ?", f.Address},
		{f.Number != 0, "number = ?", f.Number},
		{f.ID != 0, "id = ?", int64(f.ID)},
		{!f.Since.IsZero(), "at >= ?", f.Since.UnixMilli()},
		{!f.Until.IsZero(), "at < ?", f.Until.UnixMilli()},
		{!f.From.IsZero(), "id >= ?", int64(message.FirstIDAt(f.From))},
		{!f.To.IsZero(), "id < ?", int64(message.FirstIDAt(f.To))},
		{f.NoStates, "inbound <> ?", int64(0)},
		{f.NoInbound, "inbound = ?", int64(0)},
		{f.After != 0 && f.Oldest, "number > ?", f.After},
		{f.After != 0 && !f.Oldest, "number < ?", f.After},
	} {
		if c.on {
			w.add(c.term, c.arg)
		}
	}
	return w
}

// among narrows a column to n values.
func (w *condition) among(column string, n int, value func(int) any) {
	args := make([]any, n)
	for i := range args {
		args[i] = value(i)
	}
	w.add(column+" IN (?"+strings.Repeat(", ?", n-1)+")", args...)
}

// DeadLetters returns a page of dead letters. It reads those of the accounts
// only, of all accounts without one.
func (s *Store) DeadLetters(ctx context.Context, f DeadFilter) ([]DeadLetter, error) {
	w, order := f.condition(), " DESC"
	if f.Oldest {
		order = ""
	}
	var list []DeadLetter
	err := s.read(ctx, func(c *conn) error {
		text := "SELECT number, id, inbound, idx, state, account, kind, address, since, at, tries, code, text FROM dead_letter WHERE " + w.text() +
			" ORDER BY number" + order + " LIMIT ?"
		return query(c, text,
			func(stmt *statement) {
				w.bind(stmt, 1)
				stmt.BindInt64(len(w.args)+1, int64(f.Limit))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, DeadLetter{
					Number: stmt.ColumnInt64(0), DeadKey: DeadKey{message.ID(stmt.ColumnInt64(1)), stmt.ColumnBool(2), uint8(stmt.ColumnInt64(3))},
					State: message.State(stmt.ColumnInt64(4)), Account: stmt.ColumnText(5), Kind: message.TargetKind(stmt.ColumnInt64(6)),
					Address: stmt.ColumnText(7), Since: stmt.ColumnInt64(8), At: stmt.ColumnInt64(9), Tries: stmt.ColumnInt(10),
					Code: uint32(stmt.ColumnInt64(11)), Text: stmt.ColumnText(12),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	return list, nil
}

func (s *Store) writeDead(add []DeadLetter, gone []DeadKey) error {
	for i := range add {
		d, stmt := &add[i], s.cold.dead
		bindDead(s.cold.deadGone, &d.DeadKey) // given up again, it is the newest
		if err := execute(s.cold.deadGone); err != nil {
			return fmt.Errorf("note the dead letter of %s anew: %w", d.ID, err)
		}
		bindDead(stmt, &d.DeadKey)
		stmt.BindInt64(4, int64(d.State))
		stmt.BindText(5, d.Account)
		stmt.BindInt64(6, int64(d.Kind))
		stmt.BindText(7, d.Address)
		stmt.BindInt64(8, d.Since)
		stmt.BindInt64(9, d.At)
		stmt.BindInt64(10, int64(d.Tries))
		stmt.BindInt64(11, int64(d.Code))
		stmt.BindText(12, d.Text)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("note the dead letter of %s: %w", d.ID, err)
		}
	}
	for i := range gone {
		bindDead(s.cold.deadGone, &gone[i])
		if err := execute(s.cold.deadGone); err != nil {
			return fmt.Errorf("remove the dead letter of %s: %w", gone[i].ID, err)
		}
	}
	return nil
}

func bindDead(stmt *statement, k *DeadKey) {
	stmt.BindInt64(1, int64(k.ID))
	stmt.BindBool(2, k.Inbound)
	stmt.BindInt64(3, int64(k.Index))
}

// retainDead removes dead letters of messages that are older than messages of
// their kind may be.
func (s *Store) retainDead(now time.Time) (more bool, err error) {
	keep := s.opts.Retention
	for _, of := range []struct {
		keep time.Duration
		text string
	}{
		{keep.Messages, "DELETE FROM dead_letter WHERE number IN (SELECT number FROM dead_letter WHERE id < ? AND inbound = 0 LIMIT ?)"},
		{keep.Inbound, "DELETE FROM dead_letter WHERE number IN (SELECT number FROM dead_letter WHERE id < ? AND inbound <> 0 LIMIT ?)"},
	} {
		if of.keep <= 0 {
			continue
		}
		gone, err := s.removeSome(of.text, int64(message.FirstIDAt(now.Add(-of.keep))))
		if err != nil {
			return false, fmt.Errorf("remove old dead letters: %w", err)
		}
		more = more || gone == forgetRows
	}
	return more, nil
}
