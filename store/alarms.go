package store

import (
	"context"
	"fmt"
	"time"

	"kurir/alarm"
	"kurir/message"
)

// The flags of an alarm's row.
const (
	alarmSteady = 1 << iota
	alarmTold
	alarmEndTold
)

// putAlarm is put, but whoever acknowledged an event first stays the one who did; both engines know it.
const putAlarm = `INSERT INTO alarm(id, kind, subject, text, began, raised, ended, count, acked, acked_by, flags, said)
  VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12) ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject,
  text = excluded.text, said = excluded.said, began = excluded.began, raised = excluded.raised, ended = excluded.ended, count = excluded.count,
  acked = CASE WHEN alarm.acked > 0 THEN alarm.acked ELSE excluded.acked END,
  acked_by = CASE WHEN alarm.acked > 0 THEN alarm.acked_by ELSE excluded.acked_by END, flags = excluded.flags`

// ackAlarm acknowledges an event of another server.
const ackAlarm = "UPDATE alarm SET acked = ?2, acked_by = ?3 WHERE id = ?1 AND acked = 0"

func (s *Store) writeAlarms(list, acked []alarm.Event, gone []message.ID) error {
	for i := range list {
		e, stmt := &list[i], s.cold.alarm
		flags := int64(0)
		for flag, set := range map[int64]bool{alarmSteady: e.Steady, alarmTold: e.Told, alarmEndTold: e.EndTold} {
			if set {
				flags |= flag
			}
		}
		stmt.BindInt64(1, int64(e.ID))
		stmt.BindText(2, string(e.Kind))
		stmt.BindText(3, e.Subject)
		stmt.BindText(4, e.Text)
		stmt.BindInt64(5, millis(e.Began))
		stmt.BindInt64(6, millis(e.Raised))
		stmt.BindInt64(7, millis(e.Ended))
		stmt.BindInt64(8, int64(e.Count))
		stmt.BindInt64(9, millis(e.Acked))
		stmt.BindText(10, e.AckedBy)
		stmt.BindInt64(11, flags)
		stmt.BindText(12, e.Said.Encode())
		if err := execute(stmt); err != nil {
			return fmt.Errorf("write alarm %s: %w", e.ID, err)
		}
	}
	for i := range acked {
		e, stmt := &acked[i], s.cold.alarmAck
		stmt.BindInt64(1, int64(e.ID))
		stmt.BindInt64(2, millis(e.Acked))
		stmt.BindText(3, e.AckedBy)
		if err := execute(stmt); err != nil {
			return fmt.Errorf("acknowledge alarm %s: %w", e.ID, err)
		}
	}
	for _, id := range gone {
		s.cold.alarmGone.BindInt64(1, int64(id))
		if err := execute(s.cold.alarmGone); err != nil {
			return fmt.Errorf("remove alarm %s: %w", id, err)
		}
	}
	return nil
}

// Alarms returns the events that are kept, by id.
func (s *Store) Alarms(ctx context.Context) ([]alarm.Event, error) {
	var list []alarm.Event
	err := s.read(ctx, func(c *conn) error {
		const text = "SELECT id, kind, subject, text, began, raised, ended, count, acked, acked_by, flags, said FROM alarm ORDER BY id"
		return query(c, text, nil, func(stmt *statement) (bool, error) {
			flags := stmt.ColumnInt64(10)
			list = append(list, alarm.Event{
				ID: message.ID(stmt.ColumnInt64(0)), Kind: alarm.Kind(stmt.ColumnText(1)), Subject: stmt.ColumnText(2), Text: stmt.ColumnText(3),
				Began: atMillis(stmt.ColumnInt64(4)), Raised: atMillis(stmt.ColumnInt64(5)), Ended: atMillis(stmt.ColumnInt64(6)),
				Count: stmt.ColumnInt(7), Acked: atMillis(stmt.ColumnInt64(8)), AckedBy: stmt.ColumnText(9),
				Steady: flags&alarmSteady != 0, Told: flags&alarmTold != 0, EndTold: flags&alarmEndTold != 0,
				Said: alarm.DecodeSaid(stmt.ColumnText(11)),
			})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read alarms: %w", err)
	}
	return list, nil
}

// millis is a time as a column has it, atMillis the way back.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func atMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
