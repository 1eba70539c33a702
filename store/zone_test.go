package store

import (
	"context"
	"testing"
	"time"

	"kurir/message"
	"kurir/pgtest"
)

// ZonesOf is how many rows of table zone an account has.
func ZonesOf(ctx context.Context, s *Store, account string) (n int, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT 1 FROM zone WHERE account = ?", func(stmt *statement) { stmt.BindText(1, account) }, func(*statement) (bool, error) {
			n++
			return true, nil
		})
	})
	return n, err
}

// What was there before table zone is looked through as a whole.
func TestZonesOfOldDatabase(t *testing.T) {
	t.Parallel()
	for engine, database := range map[string]string{"sqlite": "", "postgres": pgtest.Shared(t).Database(t)} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			opts := Options{Path: t.TempDir(), Database: database}
			s := openTest(t, opts)
			ids := message.NewIDs(0, 0)
			commitOne := func() message.ID {
				m := &message.Message{ID: ids.Next(time.Now()), Account: "acme", Links: []string{"op1"}, Content: message.Content{Class: -1}}
				m.State = message.Queued
				if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
					t.Fatal(err)
				}
				return m.ID
			}
			old := commitOne()
			if err := s.Settle(); err != nil {
				t.Fatal(err)
			}
			for _, text := range []string{"DELETE FROM zone", "DELETE FROM meta WHERE name = '" + metaZones + "'"} {
				if err := query(s.conn, text, nil, nil); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			s = openTest(t, opts)
			young := commitOne()
			if err := s.Settle(); err != nil {
				t.Fatal(err)
			}
			for _, f := range []Filter{{Account: "acme"}, {Link: "op1"}, {States: []message.State{message.Queued}}} {
				list, next, err := s.Messages(t.Context(), f)
				if err != nil || len(list) != 2 || list[0].ID != young || list[1].ID != old || next != 0 {
					t.Errorf("%+v: %d messages, next %v, %v", f, len(list), next, err)
				}
			}
		})
	}
}

// A transaction that failed has marked nothing; one of which memory knows too much is written again.
func TestZonesMark(t *testing.T) {
	t.Parallel()
	var z zones
	id := message.FirstIDAt(time.Date(2026, 3, 1, 5, 7, 0, 0, time.UTC))
	z.mark(zoneMessages, id, "acme", "op1", message.Queued, message.ViaWeb)
	if len(z.fresh) != 2 {
		t.Errorf("a message marks %d rows, want its hour and its day", len(z.fresh))
	}
	z.unmark()
	z.mark(zoneMessages, id, "acme", "op1", message.Queued, message.ViaWeb)
	z.booked()
	z.mark(zoneMessages, id+1, "acme", "op1", message.Queued, message.ViaWeb)
	if len(z.fresh) != 0 || len(z.known) != 2 {
		t.Errorf("the second of a minute: %v of %v", z.fresh, z.known)
	}
}

// BenchmarkZonesMark is what a message costs whose minute is marked.
func BenchmarkZonesMark(b *testing.B) {
	var z zones
	id := message.FirstIDAt(time.Date(2026, 3, 1, 5, 7, 0, 0, time.UTC))
	z.mark(zoneMessages, id, "acme", "op1", message.Delivered, message.ViaWeb)
	z.booked()
	b.ReportAllocs()
	for b.Loop() {
		z.mark(zoneMessages, id, "acme", "op1", message.Delivered, message.ViaWeb)
	}
}
