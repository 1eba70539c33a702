package app

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/store"
)

// A price list in another currency than the database has for any balance that is asked, also one above the payer's,
// does not come into force.
func TestBalancesKeepTheirCurrency(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	prices := filepath.Join(dir, "prices.csv")
	if err := os.WriteFile(prices, []byte("destination,price\n*,1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(context.Background(), store.Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Commit(&store.Batch{Money: []store.MoneyEntry{{Account: "root", Currency: "EUR", Balance: 5_000_000}}}); err != nil {
		t.Fatal(err)
	}
	a := &App{store: s}
	for currency, want := range map[string]string{"EUR": "", "SEK": "the balance of root is in EUR and the price list list of acme in SEK"} {
		f := parsed(t, "prices: [{name: list, currency: "+currency+", file: "+prices+"}]\n"+
			"accounts: [{name: root, balance: {}}, {name: acme, password: x, parent: root, prices: list, balance: {}}]\n")
		err := a.pricing(context.Background(), f, &gateway.Snapshot{})
		if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %q", currency, err, want)
		}
	}
}
