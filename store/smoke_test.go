package store

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/message"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s, err := Open(ctx, Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	ids := message.NewIDs(0, 0)
	m := &message.Message{ID: ids.Next(time.Now()), Account: "acme", To: message.Address{TON: 1, NPI: 1, Number: "46701234567"}, Content: message.Content{Text: "hej", Class: -1}, Parts: 1, Links: []string{"op1", "op2"},
		Progress: message.Progress{State: message.Queued, Log: []byte{1, 0, 0}}}
	if err := s.Commit(&Batch{Accepted: []*message.Message{m}}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Message(ctx, m.ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(m, got); d != "" {
		t.Error(d)
	}
	list, next, err := s.Messages(ctx, Filter{To: message.Address{Number: "46701234567"}})
	if err != nil || next != 0 || len(list) != 1 {
		t.Fatal(list, next, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
