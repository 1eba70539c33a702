package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// SearchTexts looks for words, in any case, in messages of an account and in those of its conversations from phones, before an id (0:
// from the newest). It looks at listExamine rows of each a call, and stops at n finds of each. next is before which id it is to go on;
// 0 when there is nothing more. What only the journal has is not looked at: it is a second old at most.
func (s *Store) SearchTexts(ctx context.Context, account, words string, before message.ID, n int) (out []*message.Message, in []*message.Inbound, next message.ID, err error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	t := textSearch{account: account, words: strings.ToLower(words), before: before, n: n}
	var outIDs, inIDs []message.ID
	var outNext, inNext message.ID
	err = s.read(ctx, func(c *conn) (err error) {
		if account != "" {
			if outIDs, outNext, err = t.walk(c, "message", "1"); err != nil {
				return err
			}
		}
		inIDs, inNext, err = t.walk(c, "inbound", "talk")
		return err
	})
	if err != nil {
		return nil, nil, 0, fmt.Errorf("search texts: %w", err)
	}
	next = max(outNext, inNext)
	cut := func(id message.ID) bool { return id < next }
	if out, err = s.MessagesByID(ctx, slices.DeleteFunc(outIDs, cut)); err != nil {
		return nil, nil, 0, err
	}
	in, err = s.InboundByID(ctx, slices.DeleteFunc(inIDs, cut))
	return out, in, next, err
}

// textSearch is what is looked for.
type textSearch struct {
	account, words string // in lower case
	before         message.ID
	n              int
}

// walk goes through a table from the newest row on. wanted is an expression that is 1 for rows that are looked at.
func (t *textSearch) walk(c *conn, table, wanted string) (ids []message.ID, next message.ID, err error) {
	looked := 0
	text := fmt.Sprintf("SELECT id, CASE WHEN account = ? AND %s = 1 THEN text END FROM %s WHERE id < ? ORDER BY id DESC LIMIT ?", wanted, table)
	err = query(c, text, func(stmt *statement) {
		stmt.BindText(1, t.account)
		stmt.BindInt64(2, int64(t.before))
		stmt.BindInt64(3, listExamine)
	}, func(stmt *statement) (bool, error) {
		looked++
		id := message.ID(stmt.ColumnInt64(0))
		if words := stmt.ColumnText(1); words != "" && strings.Contains(strings.ToLower(words), t.words) {
			ids = append(ids, id)
		}
		if next = id; len(ids) == t.n {
			return false, nil
		}
		return true, nil
	})
	if looked < listExamine && len(ids) < t.n {
		next = 0
	}
	return ids, next, err
}
