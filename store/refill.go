package store

import (
	"context"
	"fmt"
	"sync"

	"kurir/message"
)

// refillTurns remembers per lane at which account the last refill ended, so
// that every account's turn comes also when there are more than fit.
type refillTurns struct {
	mu   sync.Mutex
	last map[laneOf]string
}

// laneOf is a lane as far as it is a share's, or free.
type laneOf struct {
	node int
	Lane
}

// refillAccounts bounds how many accounts one refill serves.
const refillAccounts = 256

// Refilled is a helping of what waits.
type Refilled struct {
	Messages []*message.Message
	More     bool                // an account may have further rows
	Behind   map[string]struct{} // which ones may; nil: not known, as there are too many
}

// Refill returns up to n waiting messages of a share's in a lane, taking the accounts that
// have any in turn, each in the order of ids. after says for each account
// behind which id to go on; accounts that are not in it begin at their first. A
// message that comes to wait again later has its old id: begin anew to see it.
func (s *Store) Refill(ctx context.Context, node int, link string, p message.Priority, after map[string]message.ID, n int) (Refilled, error) {
	lane := laneOf{node, Lane{link, p}}
	from := s.turns.at(lane)
	var last string
	var r Refilled
	err := s.read(ctx, func(c *conn) error {
		accounts, unread, err := waitingAccounts(c, lane, from, after)
		if err != nil {
			return err
		}
		if !unread {
			r.Behind = make(map[string]struct{})
		}
		if len(accounts) == 0 {
			return nil
		}
		last = accounts[min(n, len(accounts))-1].account
		ids, rest, err := takeTurns(c, lane, accounts, n)
		if err != nil {
			return err
		}
		r.More = unread || len(rest) > 0
		for _, name := range rest {
			if !unread {
				r.Behind[name] = struct{}{}
			}
		}
		r.Messages, err = s.messagesByID(c, ids, make([]*message.Message, 0, len(ids)))
		return err
	})
	if err != nil {
		return Refilled{}, fmt.Errorf("refill %s from the database: %w", link, err)
	}
	s.turns.ended(lane, last)
	r.More = r.More && len(r.Messages) > 0
	return r, nil
}

// at returns behind which account the next look begins.
func (t *refillTurns) at(lane laneOf) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last[lane]
}

// ended notes the last account of a look; empty if there was none.
func (t *refillTurns) ended(lane laneOf, account string) {
	if account == "" {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = make(map[laneOf]string)
	}
	t.last[lane] = account
}

// waitingAccount is where a refill stands with one account.
type waitingAccount struct {
	account string
	after   message.ID
	ids     []message.ID
	taken   int // of ids
	empty   bool
}

// waitingAccounts lists the accounts that have rows of a lane behind their
// cursor, beginning behind account from and going round.
func waitingAccounts(c *conn, lane laneOf, from string, after map[string]message.ID) (list []waitingAccount, unread bool, err error) {
	const behind = "SELECT account FROM waiting WHERE node = ? AND link = ? AND priority = ? AND account > ? ORDER BY account LIMIT 1"
	const first = "SELECT account FROM waiting WHERE node = ? AND link = ? AND priority = ? AND account >= ? ORDER BY account LIMIT 1"
	text, at, wrapped := behind, from, false
	if from == "" {
		text, wrapped = first, true
	}
	for {
		next, found := "", false
		err := query(c, text,
			func(stmt *statement) {
				stmt.BindInt64(1, int64(lane.node))
				stmt.BindText(2, lane.Link)
				stmt.BindInt64(3, int64(lane.Priority))
				stmt.BindText(4, at)
			},
			func(stmt *statement) (bool, error) {
				next, found = stmt.ColumnText(0), true
				return false, nil
			})
		if err != nil {
			return nil, false, err
		}
		if !found || wrapped && from != "" && next > from {
			if wrapped {
				return list, false, nil
			}
			text, at, wrapped = first, "", true
			continue
		}
		text = behind
		at = next
		w := waitingAccount{account: next, after: after[next]}
		if err := w.read(c, lane, 1); err != nil {
			return nil, false, err
		}
		if len(w.ids) == 0 {
			continue
		}
		if len(list) == refillAccounts {
			return list, true, nil
		}
		list = append(list, w)
	}
}

// read fetches ids until the account has n of them or no more.
func (w *waitingAccount) read(c *conn, lane laneOf, n int) error {
	want := n - len(w.ids)
	if want <= 0 || w.empty {
		return nil
	}
	got := 0
	err := query(c, "SELECT id FROM waiting WHERE node = ? AND link = ? AND priority = ? AND account = ? AND id > ? ORDER BY id LIMIT ?",
		func(stmt *statement) {
			bindWaiting(stmt, &Waiting{Node: lane.node, Link: lane.Link, Priority: lane.Priority, Account: w.account, ID: w.after})
			stmt.BindInt64(6, int64(want))
		},
		func(stmt *statement) (bool, error) {
			w.after = message.ID(stmt.ColumnInt64(0))
			w.ids = append(w.ids, w.after)
			got++
			return true, nil
		})
	w.empty = got < want
	return err
}

// takeTurns returns up to n ids, one of each account in turn, and the accounts
// that may have more.
func takeTurns(c *conn, lane laneOf, accounts []waitingAccount, n int) (ids []message.ID, rest []string, err error) {
	for share, open := (n+len(accounts)-1)/len(accounts), true; open && total(accounts) < n; {
		open = false
		for i := range accounts {
			if err := accounts[i].read(c, lane, share); err != nil {
				return nil, nil, err
			}
			open = open || !accounts[i].empty
		}
		share *= 2
	}
	for turn := 0; len(ids) < n; turn++ {
		taken := false
		for i := range accounts {
			w := &accounts[i]
			if turn < len(w.ids) && len(ids) < n {
				ids = append(ids, w.ids[turn])
				w.taken++
				taken = true
			}
		}
		if !taken {
			break
		}
	}
	for i := range accounts {
		if w := &accounts[i]; !w.empty || w.taken < len(w.ids) {
			rest = append(rest, w.account)
		}
	}
	return ids, rest, nil
}

func total(accounts []waitingAccount) (n int) {
	for i := range accounts {
		n += len(accounts[i].ids)
	}
	return n
}
