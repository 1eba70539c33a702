package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Event is what an account that follows its events is told: a state that a
// message came to, or an inbound message. What it says of it is in the rows of
// the message: Log is how much of its log there was.
type Event struct {
	Position message.ID // grows from commit to commit, unique
	Account  string
	Inbound  bool
	ID       message.ID // of the message
	State    message.State
	At       int64 // Unix milliseconds
	Log      int   // octets
}

// EventAccount is an account whose events are written. Gone ends that.
type EventAccount struct {
	Account string
	Floor   message.ID // all events behind it are kept
	Used    int64      // when somebody last followed them, Unix milliseconds
	Gone    bool

	Head message.ID // in answers: the position of the last
}

// EventsGoneError says that events behind a position are not kept any more, or
// never were.
type EventsGoneError struct {
	Floor message.ID // those behind it are; 0 for none at all
}

// Error implements error.
func (e *EventsGoneError) Error() string {
	if e.Floor == 0 {
		return "no events are kept"
	}
	return "events are kept from " + e.Floor.String() + " on"
}

// eventInbound is set in the octet of an event's state when it is an inbound message.
const eventInbound = 0x80

// appendEvents appends events of one account: version; uvarint number; of each
// an octet of its state; varint difference of its position to the one before;
// varint difference of its message's id, likewise; varint difference of its time
// to that in its position; uvarint octets of the log.
func appendEvents(dst []byte, list []Event) []byte {
	dst = append(dst, blobVersion)
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	var position, id message.ID
	for i := range list {
		e := &list[i]
		kind := byte(e.State)
		if e.Inbound {
			kind = eventInbound
		}
		dst = append(dst, kind)
		dst = binary.AppendVarint(dst, int64(e.Position-position))
		dst = binary.AppendVarint(dst, int64(e.ID-id))
		dst = binary.AppendVarint(dst, e.At-e.Position.Millis())
		dst = binary.AppendUvarint(dst, uint64(e.Log))
		position, id = e.Position, e.ID
	}
	return dst
}

// readEvents appends to list what appendEvents wrote, as far as it lies behind
// a position.
func readEvents(list []Event, data []byte, account string, after message.ID) ([]Event, error) {
	r := blobReader{rest: data}
	r.version()
	e := Event{Account: account}
	for n := r.uvarint(); n > 0 && !r.bad; n-- {
		kind := r.octet()
		e.Inbound, e.State = kind&eventInbound != 0, message.State(kind&^eventInbound)
		e.Position += message.ID(r.varint())
		e.ID += message.ID(r.varint())
		e.At = e.Position.Millis() + r.varint()
		e.Log = int(r.uvarint())
		if e.Position > after && !r.bad {
			list = append(list, e)
		}
	}
	return list, r.err()
}

// writeEvents writes a row for each account, and which accounts there are.
func (s *Store) writeEvents(list []Event, accounts []EventAccount) error {
	if byAccount := func(a, b Event) int { return strings.Compare(a.Account, b.Account) }; !slices.IsSortedFunc(list, byAccount) {
		slices.SortStableFunc(list, byAccount) // each in the order of its positions
	}
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].Account == list[0].Account {
			n++
		}
		s.scratch = appendEvents(s.scratch[:0], list[:n])
		stmt := s.cold.event
		stmt.BindInt64(1, int64(list[n-1].Position))
		stmt.BindText(2, list[0].Account)
		stmt.BindBytes(3, s.scratch)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write events: %w", err)
		}
		list = list[n:]
	}
	for i := range accounts {
		a := &accounts[i]
		stmt := s.cold.eventAccount
		if a.Gone {
			stmt = s.cold.eventAccountGone
		} else {
			stmt.BindInt64(2, int64(a.Floor))
			stmt.BindInt64(3, a.Used)
		}
		stmt.BindText(1, a.Account)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write whose events are kept: %w", err)
		}
	}
	return nil
}

// EventsAfter returns events of an account behind a position, in their order, at
// most n. The error is *EventsGoneError if not all behind it are kept.
func (s *Store) EventsAfter(ctx context.Context, account string, after message.ID, n int) ([]Event, error) {
	var list []Event
	var floor message.ID
	err := s.read(ctx, func(c *conn) error {
		return inSnapshot(c, func() error {
			err := query(c, "SELECT floor FROM event_account WHERE account = ?",
				func(stmt *statement) { stmt.BindText(1, account) },
				func(stmt *statement) (bool, error) {
					floor = message.ID(stmt.ColumnInt64(0))
					return false, nil
				})
			if err != nil || floor == 0 || after < floor {
				return err
			}
			var d rowDecoder
			return query(c, "SELECT data FROM event WHERE account = ? AND position > ? ORDER BY position",
				func(stmt *statement) {
					stmt.BindText(1, account)
					stmt.BindInt64(2, int64(after))
				},
				func(stmt *statement) (_ bool, err error) {
					list, err = readEvents(list, d.blob(stmt, 0), account, after)
					return len(list) < n, err
				})
		})
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("read events: %w", err)
	case floor == 0 || after < floor:
		return nil, &EventsGoneError{floor}
	}
	return list[:min(n, len(list))], nil // one commit may have had thousands
}

// EventAccounts returns the accounts whose events are written.
func (s *Store) EventAccounts(ctx context.Context) ([]EventAccount, error) {
	var list []EventAccount
	err := s.read(ctx, func(c *conn) error {
		const text = `SELECT account, floor, used, (SELECT max(position) FROM event WHERE event.account = event_account.account) FROM event_account ORDER BY account`
		return query(c, text, nil, func(stmt *statement) (bool, error) {
			a := EventAccount{Account: stmt.ColumnText(0), Floor: message.ID(stmt.ColumnInt64(1)), Used: stmt.ColumnInt64(2)}
			a.Head = max(a.Floor, message.ID(stmt.ColumnInt64(3)))
			list = append(list, a)
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read whose events are kept: %w", err)
	}
	return list, nil
}

// retainEvents removes some events that are older than they may be, and writes
// down from where on they are kept now.
func (s *Store) retainEvents(now time.Time) (more bool, err error) {
	floors := map[string]message.ID{}
	last, n := message.ID(0), 0
	err = query(s.conn, "SELECT position, account FROM event WHERE position < ? ORDER BY position LIMIT ?",
		func(stmt *statement) {
			stmt.BindInt64(1, int64(message.FirstIDAt(now.Add(-s.opts.Retention.Events))))
			stmt.BindInt64(2, forgetRows)
		},
		func(stmt *statement) (bool, error) {
			last = message.ID(stmt.ColumnInt64(0))
			floors[stmt.ColumnText(1)] = last
			n++
			return true, nil
		})
	if err == nil && n > 0 {
		err = s.transact(func() error {
			for account, floor := range floors {
				err := query(s.conn, "UPDATE event_account SET floor = ?2 WHERE account = ?1 AND floor < ?2", func(stmt *statement) {
					stmt.BindText(1, account)
					stmt.BindInt64(2, int64(floor))
				}, nil)
				if err != nil {
					return err
				}
			}
			return query(s.conn, "DELETE FROM event WHERE position <= ?", func(stmt *statement) { stmt.BindInt64(1, int64(last)) }, nil)
		})
	}
	if err != nil {
		return false, fmt.Errorf("remove old events: %w", err)
	}
	return n == forgetRows, nil
}
