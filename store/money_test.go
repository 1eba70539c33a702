package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestTopUpsAreKept: with their balance, once a key; the ledger goes with the
// messages of its age, balances and top-ups stay.
func TestTopUpsAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := context.Background()
		dir := t.TempDir()
		s, err := Open(ctx, Options{Path: dir, Retention: Retention{Messages: 24 * time.Hour}})
		if err != nil {
			t.Fatal(err)
		}
		first := &TopUp{Account: "acme", Key: "k", At: 1, Amount: 7, Balance: 7, By: "root", Note: "n"}
		money := []MoneyEntry{{Account: "acme", Currency: "EUR", Balance: 7}}
		if err := s.Commit(&Batch{Money: money, TopUps: []*TopUp{first}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(&Batch{TopUps: []*TopUp{first}}); err == nil {
			t.Error("one key came twice")
		}
		time.Sleep(25 * time.Hour)
		money[0].Balance = 9
		if err := s.Commit(&Batch{Money: money, TopUps: []*TopUp{{Account: "acme", Key: "l", At: 2, Amount: 2, Balance: 9}}}); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := s.Tidy(time.Second); err != nil {
				t.Fatal(err)
			}
		}
		rows := 0
		if err := query(s.conn, "SELECT balance FROM ledger", nil, func(stmt *statement) (bool, error) {
			rows++
			return true, nil
		}); err != nil || rows != 1 {
			t.Errorf("%d rows of the ledger are left, %v", rows, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(ctx, Options{Path: dir}); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if all, err := s.Balances(ctx); err != nil || len(all) != 1 || all["acme"] != (Balance{Balance: 9, Currency: "EUR"}) {
			t.Errorf("balances %v, %v", all, err)
		}
		if got, err := s.TopUp(ctx, "acme", "k"); err != nil || *got != *first {
			t.Errorf("by its key: %v, %v", got, err)
		}
		if _, err := s.TopUp(ctx, "other", "k"); !errors.Is(err, ErrNotFound) {
			t.Errorf("another account's key: %v", err)
		}
		if list, err := s.TopUps(ctx, "acme", 10); err != nil || len(list) != 2 || list[0].Key != "l" {
			t.Errorf("all: %v, %v", list, err)
		}
	})
}

// What accounts were warned of is there after a restart.
func TestWarned(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := Open(context.Background(), Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, below := range []int64{10, 2} {
		if err := s.Commit(&Batch{Warned: []Warned{{"acme", below}, {"beta", below}, {"beta", 0}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(context.Background(), Options{Path: dir}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := s.Warned(context.Background()); err != nil || len(got) != 1 || got["acme"] != 2 {
		t.Errorf("%v, %v", got, err)
	}
}
