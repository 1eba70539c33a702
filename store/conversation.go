package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Conversation is what an account and a phone write to each other.
type Conversation struct {
	Account string // empty: of nobody
	Number  string // of the phone, as Address.String writes it
	Last    message.ID
	Inbound message.ID // the last message from the phone; 0 for none
	Unread  int64
}

// Talk says that a user has written to a phone: its conversation is the newest.
type Talk struct {
	Account, Number string
	ID              message.ID
}

// ConversationSeen says that what a phone has written is read, or is to be read again.
type ConversationSeen struct {
	Account, Number string
	Until           message.ID // the last message from the phone that was seen; later ones stay unread
	Unread          bool       // it is marked as unread in place of that
}

// putConversation adds to a conversation what is new of it; both engines know it.
const putConversation = `INSERT INTO conversation(account, number, last, inbound, unread) VALUES (?1,?2,?3,?4,?5)
  ON CONFLICT(account, number) DO UPDATE SET last = CASE WHEN conversation.last > excluded.last THEN conversation.last ELSE excluded.last END,
  inbound = CASE WHEN conversation.inbound > excluded.inbound THEN conversation.inbound ELSE excluded.inbound END,
  unread = conversation.unread + excluded.unread`

// The changes of what is unread.
const (
	seeConversation   = "UPDATE conversation SET unread = 0 WHERE account = ?1 AND number = ?2 AND inbound <= ?3 AND unread > 0"
	unseeConversation = "UPDATE conversation SET unread = 1 WHERE account = ?1 AND number = ?2 AND unread = 0 AND inbound > 0"
)

// writeConversations writes what a batch has of conversations, a row for each.
func (s *Store) writeConversations(b *Batch) error {
	var list []Conversation
	for _, in := range b.Inbound {
		if in.Talk {
			list = append(list, Conversation{in.Account, in.From.String(), in.ID, in.ID, 1})
		}
	}
	for _, t := range b.Talks {
		list = append(list, Conversation{Account: t.Account, Number: t.Number, Last: t.ID})
	}
	for _, c := range summed(list) {
		stmt := s.cold.conversation
		stmt.BindText(1, c.Account)
		stmt.BindText(2, c.Number)
		stmt.BindInt64(3, int64(c.Last))
		stmt.BindInt64(4, int64(c.Inbound))
		stmt.BindInt64(5, c.Unread)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write a conversation: %w", err)
		}
	}
	for i := range b.Seen {
		if err := s.writeSeen(&b.Seen[i]); err != nil {
			return fmt.Errorf("write that a conversation is read: %w", err)
		}
	}
	return nil
}

func (s *Store) writeSeen(c *ConversationSeen) error {
	stmt := s.cold.seen
	if c.Unread {
		stmt = s.cold.unseen
	} else {
		stmt.BindInt64(3, int64(c.Until))
	}
	stmt.BindText(1, c.Account)
	stmt.BindText(2, c.Number)
	return execute(stmt)
}

// summed makes one row of those of each conversation, in the order of their keys: all servers write them in one order.
func summed(list []Conversation) []Conversation {
	slices.SortStableFunc(list, func(a, b Conversation) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Number, b.Number))
	})
	kept := list[:0]
	for _, c := range list {
		if n := len(kept); n > 0 && kept[n-1].Account == c.Account && kept[n-1].Number == c.Number {
			k := &kept[n-1]
			k.Last, k.Inbound, k.Unread = max(k.Last, c.Last), max(k.Inbound, c.Inbound), k.Unread+c.Unread
			continue
		}
		kept = append(kept, c)
	}
	return kept
}

// ConversationFilter says which conversations of an account a list holds, the newest first. Empty fields do not narrow it.
type ConversationFilter struct {
	Account string   // empty: of nobody
	Begins  string   // how the number begins, with its plus
	Numbers []string // one of these, at most 200
	Unread  bool
	Before  message.ID // go on behind that whose Last this is; 0 for the newest
	Limit   int
}

// numbersStep is by how many arguments statements differ that look for numbers: few of them stay prepared.
const numbersStep = 25

// Conversations returns conversations, the newest first.
func (s *Store) Conversations(ctx context.Context, f ConversationFilter) (list []Conversation, err error) {
	w := new(condition)
	w.add("account = ?", f.Account)
	if f.Begins != "" {
		w.add("number >= ? AND number < ?", f.Begins, f.Begins+"\U0010ffff")
	}
	if len(f.Numbers) > 0 {
		args := make([]any, (len(f.Numbers)+numbersStep-1)/numbersStep*numbersStep)
		for i := range args {
			args[i] = f.Numbers[min(i, len(f.Numbers)-1)]
		}
		w.add("number IN (?"+strings.Repeat(",?", len(args)-1)+")", args...)
	}
	if f.Unread {
		w.add("unread > 0")
	}
	if f.Before != 0 {
		w.add("last < ?", int64(f.Before))
	}
	order := "last"
	if f.Begins != "" || len(f.Numbers) > 0 {
		order = "+last" // few rows: by the key, not through all of the account's
	}
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT account, number, last, inbound, unread FROM conversation WHERE "+w.text()+" ORDER BY "+order+" DESC LIMIT ?",
			func(stmt *statement) {
				w.bind(stmt, 1)
				stmt.BindInt64(len(w.args)+1, int64(f.Limit))
			},
			func(stmt *statement) (bool, error) {
				list = append(list, Conversation{
					stmt.ColumnText(0), stmt.ColumnText(1), message.ID(stmt.ColumnInt64(2)), message.ID(stmt.ColumnInt64(3)), stmt.ColumnInt64(4),
				})
				return true, nil
			})
	})
	if err != nil {
		return nil, fmt.Errorf("list conversations: %w", err)
	}
	return list, nil
}

// UnreadConversations counts those of an account with unread messages, up to most.
func (s *Store) UnreadConversations(ctx context.Context, account string, most int) (n int, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT count(*) FROM (SELECT 1 FROM conversation WHERE account = ? AND unread > 0 LIMIT ?) AS few", func(stmt *statement) {
			stmt.BindText(1, account)
			stmt.BindInt64(2, int64(most))
		}, func(stmt *statement) (bool, error) {
			n = stmt.ColumnInt(0)
			return false, nil
		})
	})
	if err != nil {
		return 0, fmt.Errorf("count unread conversations: %w", err)
	}
	return n, nil
}

// TalkInbound returns messages from a phone that stand in a conversation, the newest first, those before an id; 0 for the newest.
func (s *Store) TalkInbound(ctx context.Context, account, number string, before message.ID, n int) ([]*message.Inbound, error) {
	if before == 0 {
		before = 1<<63 - 1
	}
	var ids []message.ID
	err := s.read(ctx, func(c *conn) error {
		return query(c, "SELECT id FROM inbound WHERE talk = 1 AND account = ? AND sender = ? AND id < ? ORDER BY id DESC LIMIT ?", func(stmt *statement) {
			stmt.BindText(1, account)
			stmt.BindText(2, number)
			stmt.BindInt64(3, int64(before))
			stmt.BindInt64(4, int64(n))
		}, func(stmt *statement) (bool, error) {
			ids = append(ids, message.ID(stmt.ColumnInt64(0)))
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read what a phone has written: %w", err)
	}
	return s.InboundByID(ctx, ids)
}

// retainConversations removes some in which nothing is left: nothing was written since messages of that age are kept.
func (s *Store) retainConversations(now time.Time) (more bool, err error) {
	keep := max(s.opts.Retention.Messages, s.opts.Retention.Inbound)
	if s.opts.Retention.Messages <= 0 || s.opts.Retention.Inbound <= 0 {
		return false, nil
	}
	gone, err := s.removeSome(`DELETE FROM conversation WHERE (account, number) IN (SELECT account, number FROM conversation WHERE last < ? LIMIT ?)`,
		int64(message.FirstIDAt(now.Add(-keep))))
	if err != nil {
		return false, fmt.Errorf("remove old conversations: %w", err)
	}
	return gone == forgetRows, nil
}
