package store

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"kurir/message"
)

// TestOneOpenRowKeepsNothingElse: while one old message and one old inbound
// message are owed, the index over those that are gone goes too, and no pass
// looks twice at rows whose texts are erased.
func TestOneOpenRowKeepsNothingElse(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)))
		s, err := Open(context.Background(), Options{
			Path: dir, runEntries: 300,
			Retention: Retention{Texts: time.Minute, Messages: 30 * time.Minute},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ids := message.NewIDs(0, 0)
		b := &Batch{}
		for i := range 900 {
			m := testMessage(ids, "acme", "46701234567")
			m.Progress = message.Progress{State: message.Delivered, Final: 1, Owed: i == 0}
			b.Accepted = append(b.Accepted, m)
			b.Inbound = append(b.Inbound, &message.Inbound{ID: ids.Next(time.Now()), Owed: uint32(1 - min(i, 1)), Content: message.Content{Text: "hej"}, Series: "s", Case: "1"})
		}
		if err := s.Commit(b); err != nil {
			t.Fatal(err)
		}
		time.Sleep(11 * time.Minute)
		tidyAll(t, s)
		if s.messageTexts.mark != b.Accepted[899].ID || s.inboundTexts.mark != b.Inbound[899].ID {
			t.Errorf("texts erased up to %v and %v, want all", s.messageTexts.mark, s.inboundTexts.mark)
		}
		if n := s.index.levels[0]; n != 3 {
			t.Errorf("%d runs, want 3", n)
		}
		time.Sleep(31 * time.Minute)
		tidyAll(t, s)
		for table, want := range map[string]int64{"message": 1, "progress": 1, "inbound": 1, "inbound_case": 1, "run": 1} {
			if n, err := s.number(context.Background(), "SELECT count(*) FROM "+table); err != nil || n != want {
				t.Errorf("%d rows in %s, %v; want %d", n, table, err, want)
			}
		}
	})
}

// TestOldConfigurations: those stay that a message may name, and the last.
func TestOldConfigurations(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{})
	ctx, day := context.Background(), time.Date(2027, 5, 1, 0, 0, 0, 0, time.UTC)
	at := func(hour int) time.Time { return day.Add(time.Duration(hour) * time.Hour) }
	for i, hour := range []int{0, 10, 20} { // came into force
		n := uint32(i + 1)
		if err := s.Commit(&Batch{Config: n, ConfigText: []byte("routes")}); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("UPDATE configuration SET at = %d WHERE number = %d", at(hour).UnixMilli(), n)
		if err := sqlitex.ExecuteTransient(s.conn.Conn, text, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		oldest int // hour at which the oldest message was accepted; 0: there is none
		left   []uint32
	}{
		{5, []uint32{1, 2, 3}},
		{10, []uint32{1, 2, 3}}, // it may have been accepted just before the second
		{15, []uint32{2, 3}},
		{0, []uint32{3}},
	} {
		if err := sqlitex.ExecuteTransient(s.conn.Conn, "DELETE FROM message", nil); err != nil {
			t.Fatal(err)
		}
		if c.oldest != 0 {
			m := testMessage(message.NewIDs(0, 0), "acme", "46701")
			m.ID = message.NewIDs(0, 0).Next(at(c.oldest))
			if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
				t.Fatal(err)
			}
			if err := s.Settle(); err != nil {
				t.Fatal(err)
			}
			if err := sqlitex.ExecuteTransient(s.conn.Conn, "DELETE FROM progress", nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.retainConfigurations(at(1000)); err != nil {
			t.Fatal(err)
		}
		var left []uint32
		for n := range uint32(4) {
			if _, err := s.ConfigurationText(ctx, n); err == nil {
				left = append(left, n)
			}
		}
		if !slices.Equal(left, c.left) {
			t.Errorf("oldest message at %d h: configurations %v left, want %v", c.oldest, left, c.left)
		}
	}
}
