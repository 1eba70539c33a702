package app

import (
	"context"

	"kurir/account"
	"kurir/billing"
	"kurir/config"
	"kurir/gateway"
	"kurir/resource"
)

// pricing gives a snapshot the price lists of a file. A balance that is in the
// database in another currency than the file says is an error: nobody knows at
// which rate it would have to be changed.
func (a *App) pricing(ctx context.Context, f *config.File, s *gateway.Snapshot) error {
	if len(f.Prices) == 0 {
		return nil
	}
	s.Prices = map[string]*billing.List{}
	for i := range f.Prices {
		s.Prices[f.Prices[i].Name] = f.Prices[i].List()
	}
	balances, err := a.store.Balances(ctx)
	if err != nil {
		return err
	}
	for _, acc := range account.NewDirectory(f.Accounts, nil).All() {
		t := acc.Terms()
		if t == nil || s.Prices[t.Prices] == nil {
			continue
		}
		for _, level := range t.Levels { // those above the payer must suffice too
			have, now := balances[level.Name], s.Prices[t.Prices].Currency
			if level.Balance != nil && have.Currency != "" && have.Currency != now && (have.Balance != 0 || have.Reserved != 0) {
				return resource.Refuse(resource.Needed, "", "the balance of %s is in %s and the price list %s of %s in %s: take it down to 0 first, or give the account another name",
					level.Name, have.Currency, t.Prices, acc.Name, now)
			}
		}
	}
	return nil
}
