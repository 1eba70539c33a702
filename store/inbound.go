package store

import (
	"context"
	"fmt"

	"kurir/message"
)

const inboundColumns = "id, account, link, sender, recipient, text, data, received, parts, missing, rule, fixed, owed, log"

// Inbound returns an inbound message, or ErrNotFound.
func (s *Store) Inbound(ctx context.Context, id message.ID) (*message.Inbound, error) {
	list, err := s.InboundByID(ctx, []message.ID{id})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, ErrNotFound
	}
	return list[0], nil
}

// InboundByID returns inbound messages in the order of ids; those that are not
// there are left out.
func (s *Store) InboundByID(ctx context.Context, ids []message.ID) ([]*message.Inbound, error) {
	list := make([]*message.Inbound, 0, len(ids))
	err := s.read(ctx, func(c *conn) error {
		var d rowDecoder
		for _, id := range ids {
			err := query(c, "SELECT "+inboundColumns+" FROM inbound WHERE id = ?",
				func(stmt *statement) { stmt.BindInt64(1, int64(id)) },
				func(stmt *statement) (bool, error) {
					in, err := d.inbound(stmt)
					list = append(list, in)
					return false, err
				})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read inbound messages: %w", err)
	}
	return list, nil
}

func (d *rowDecoder) inbound(stmt *statement) (*message.Inbound, error) {
	in := &message.Inbound{
		ID:       message.ID(stmt.ColumnInt64(0)),
		Account:  d.share(0, stmt.ColumnText(1)),
		Link:     d.share(1, stmt.ColumnText(2)),
		From:     message.Address{Number: stmt.ColumnText(3)},
		To:       message.Address{Number: stmt.ColumnText(4)},
		Received: stmt.ColumnInt64(7),
		Parts:    uint8(stmt.ColumnInt64(8)),
		Missing:  uint8(stmt.ColumnInt64(9)),
		Rule:     stmt.ColumnText(10),
		Owed:     uint32(stmt.ColumnInt64(12)),
	}
	in.Content.Text = stmt.ColumnText(5)
	if err := readData(d.blob(stmt, 6), &in.Content); err != nil {
		return nil, fmt.Errorf("inbound message %s: %w", in.ID, err)
	}
	if err := readInboundFixed(d.blob(stmt, 11), in); err != nil {
		return nil, fmt.Errorf("inbound message %s: %w", in.ID, err)
	}
	withoutPlus(&in.From)
	withoutPlus(&in.To)
	in.Log = clone(d.blob(stmt, 13))
	return in, nil
}

// OpenInbound calls fn for every inbound message with an id of a node's that is owed to a target and
// not in table owed. missing has a bit per such target, like Inbound.Owed.
func (s *Store) OpenInbound(ctx context.Context, node int, fn func(in *message.Inbound, missing uint32) error) error {
	after := message.ID(0)
	for {
		var list []*message.Inbound
		var spilled []uint32
		err := s.read(ctx, func(c *conn) error {
			var d rowDecoder
			return query(c, "SELECT "+inboundColumns+`, (SELECT CAST(sum(DISTINCT CAST(1 AS BIGINT) << CAST(idx AS INTEGER)) AS BIGINT) FROM owed WHERE owed.id = inbound.id AND owed.inbound = 1)
  FROM inbound INDEXED BY inbound_owed WHERE owed <> 0 AND id > ? AND (id >> 16) & 63 = ? ORDER BY id LIMIT ?`,
				func(stmt *statement) {
					stmt.BindInt64(1, int64(after))
					stmt.BindInt64(2, int64(node))
					stmt.BindInt64(3, page)
				},
				func(stmt *statement) (bool, error) {
					in, err := d.inbound(stmt)
					list = append(list, in)
					spilled = append(spilled, uint32(stmt.ColumnInt64(14)))
					return true, err
				})
		})
		if err != nil {
			return fmt.Errorf("read open inbound messages: %w", err)
		}
		for i, in := range list {
			after = in.ID
			if missing := in.Owed &^ spilled[i]; missing != 0 {
				if err := fn(in, missing); err != nil {
					return err
				}
			}
		}
		if len(list) < page {
			return nil
		}
	}
}

// InboundParts calls fn for every part behind an id whose others have not come, in
// the order of ids, whosever.
func (s *Store) InboundParts(ctx context.Context, after message.ID, fn func(*InboundPart) error) error {
	for {
		var list []InboundPart
		err := s.read(ctx, func(c *conn) error {
			var d rowDecoder
			return query(c, "SELECT id, key, number, total, received, part, node FROM inbound_part WHERE id > ? ORDER BY id LIMIT ?",
				func(stmt *statement) {
					stmt.BindInt64(1, int64(after))
					stmt.BindInt64(2, page)
				},
				func(stmt *statement) (bool, error) {
					p := InboundPart{
						ID: message.ID(stmt.ColumnInt64(0)), Key: stmt.ColumnText(1), Number: uint8(stmt.ColumnInt64(2)),
						Total: uint8(stmt.ColumnInt64(3)), Received: stmt.ColumnInt64(4), Part: new(message.Inbound), Node: stmt.ColumnInt(6),
					}
					p.Part.ID = p.ID
					err := readPart(d.blob(stmt, 5), p.Part)
					list = append(list, p)
					return true, err
				})
		})
		if err != nil {
			return fmt.Errorf("read parts of inbound messages: %w", err)
		}
		for i := range list {
			after = list[i].ID
			if err := fn(&list[i]); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
	}
}
