package store

import (
	"context"
	"fmt"
	"strings"

	"kurir/message"
)

const messageColumns = `m.id, m.account, m.sender, m.recipient, m.reference, m.text, m.data, m.link, m.via, m.parts, m.price, m.expires, m.fixed,
  p.state, p.owed, p.final, p.log`

const messageByID = "SELECT " + messageColumns + " FROM message m JOIN progress p ON p.id = m.id WHERE m.id = ?"

// Message returns a message as it stands on disk. The error is ErrNotFound if
// there is none, or none any more.
func (s *Store) Message(ctx context.Context, id message.ID) (*message.Message, error) {
	list, err := s.MessagesByID(ctx, []message.ID{id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrNotFound
	}
	return list[0], nil
}

// MessagesByID returns messages in the order of ids; those that are not there
// are left out.
func (s *Store) MessagesByID(ctx context.Context, ids []message.ID) ([]*message.Message, error) {
	list := make([]*message.Message, 0, len(ids))
	err := s.read(ctx, func(c *conn) error {
		var err error
		list, err = s.messagesByID(c, ids, list)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read messages: %w", err)
	}
	return list, nil
}

// messagesByID appends messages to list in the order of ids: as the journal has
// them, else as the tables do. It is looked at first, so that a message on its
// way from there to the tables is seen; c must not have a transaction open.
func (s *Store) messagesByID(c *conn, ids []message.ID, list []*message.Message) ([]*message.Message, error) {
	if c.pg != nil {
		return messagesByIDPostgres(c, ids, list)
	}
	stmt, err := c.prepared(messageByID)
	if err != nil {
		return nil, err
	}
	defer stmt.lite.Reset()
	var d rowDecoder
	for _, id := range ids {
		newest, pending := s.pending.look(id)
		if newest.body != nil {
			m, err := newest.message()
			if err != nil {
				return nil, err
			}
			list = append(list, m)
			continue
		}
		stmt.BindInt64(1, int64(id))
		has, err := stmt.lite.Step()
		if err != nil {
			return nil, err
		}
		if has {
			m, err := d.message(stmt)
			if err != nil {
				return nil, err
			}
			if pending {
				m.Progress = newest.progress()
			}
			list = append(list, m)
		}
		if err := stmt.lite.Reset(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// rowDecoder turns rows into messages. It keeps strings that repeat and a
// buffer, so that a message costs few allocations.
type rowDecoder struct {
	buf      []byte
	repeated [4]string // account, link, target's account, target's address
}

// blob returns a column's octets until the next call.
func (d *rowDecoder) blob(stmt *statement, col int) []byte {
	n := stmt.ColumnLen(col)
	if cap(d.buf) < n {
		d.buf = make([]byte, n+256)
	}
	return d.buf[:stmt.ColumnBytes(col, d.buf[:n])]
}

// share returns s, or an equal string that is kept already.
func (d *rowDecoder) share(place int, s string) string {
	if d.repeated[place] != s {
		d.repeated[place] = s
	}
	return d.repeated[place]
}

func (d *rowDecoder) message(stmt *statement) (*message.Message, error) {
	m := &message.Message{
		ID:        message.ID(stmt.ColumnInt64(0)),
		Account:   d.share(0, stmt.ColumnText(1)),
		From:      message.Address{Number: stmt.ColumnText(2)},
		To:        message.Address{Number: stmt.ColumnText(3)},
		Reference: stmt.ColumnText(4),
		Via:       message.Interface(stmt.ColumnInt64(8)),
		Parts:     uint8(stmt.ColumnInt64(9)),
		Price:     stmt.ColumnInt64(10),
		Expires:   stmt.ColumnInt64(11),
	}
	m.Content.Text = stmt.ColumnText(5)
	if link := stmt.ColumnText(7); link != "" {
		m.Links = append(m.Links, d.share(1, link))
	}
	if err := readData(d.blob(stmt, 6), &m.Content); err != nil {
		return nil, fmt.Errorf("message %s: %w", m.ID, err)
	}
	if err := readFixed(d.blob(stmt, 12), m); err != nil {
		return nil, fmt.Errorf("message %s: %w", m.ID, err)
	}
	m.Target.Account = d.share(2, m.Target.Account)
	m.Target.Address = d.share(3, m.Target.Address)
	withoutPlus(&m.From)
	withoutPlus(&m.To)
	m.State = message.State(stmt.ColumnInt64(13))
	m.Owed = stmt.ColumnBool(14)
	m.Final = stmt.ColumnInt64(15)
	var err error
	if m.Log, err = readLog(d.blob(stmt, 16)); err != nil {
		return nil, fmt.Errorf("message %s: %w", m.ID, err)
	}
	return m, nil
}

// withoutPlus undoes bindAddress.
func withoutPlus(a *message.Address) {
	if a.TON == message.TONInternational {
		a.Number = strings.TrimPrefix(a.Number, "+")
	}
}
