package gateway

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// CostSum is what the messages cost that an account had accepted in a day, by what
// their cost is put down to: what is charged and what is still reserved.
type CostSum struct {
	Day        string // 2026-11-28, in the zone that was asked for
	Account    string
	Dimensions message.Dimensions // "*" for those beyond what is summed up one by one
	Messages   int64
	Cost       message.Amount
	Currency   string // empty if they cost nothing
}

// CostSums sums up what was accepted from a time on and before another, in whole
// hours. account restricts it to one; empty is all. They are in the order of day,
// account and dimensions.
func (g *Gateway) CostSums(ctx context.Context, account string, since, until time.Time, zone *time.Location) ([]CostSum, error) {
	counters, err := g.store.Counters(ctx, since.Unix()/3600, (until.Unix()+3599)/3600)
	if err != nil {
		return nil, err
	}
	snap := g.snap.Load()
	currencies := func(account string) string { // of the messages that are counted
		if a := snap.Accounts.ByName(account); a != nil && a.Terms() != nil && snap.Prices[a.Terms().Prices] != nil {
			return snap.Prices[a.Terms().Prices].Currency
		}
		return ""
	}
	sums := map[CostSum]*CostSum{}
	at := func(day, account, currency string, d message.Dimensions) *CostSum {
		k := CostSum{Day: day, Account: account, Dimensions: d, Currency: currency}
		s := sums[k]
		if s == nil {
			s = &CostSum{Day: day, Account: account, Dimensions: d, Currency: currency}
			sums[k] = s
		}
		return s
	}
	for i := range counters {
		c := &counters[i]
		if account != "" && c.Account != account || c.Account == "" {
			continue
		}
		day := time.Unix(c.Hour*3600, 0).In(zone).Format(time.DateOnly)
		what, dimensions, put := strings.Cut(c.What, "{")
		var money message.Amount
		switch what {
		case tallyAccepted, tallyCostMessages:
			c.Link = currencies(c.Account)
		case tallyReserved, tallyCostReserved:
			money = message.Amount(c.N)
		case tallyReturned, tallyCostReturned:
			money = -message.Amount(c.N)
		default:
			continue
		}
		n := c.N
		if money != 0 {
			n = 0
		}
		rest := at(day, c.Account, c.Link, "")
		if !put {
			rest.Messages, rest.Cost = rest.Messages+n, rest.Cost+money
			continue
		}
		rest.Messages, rest.Cost = rest.Messages-n, rest.Cost-money // they are in the sums of all too
		of := at(day, c.Account, c.Link, message.Dimensions(dimensions))
		of.Messages, of.Cost = of.Messages+n, of.Cost+money
	}
	var list []CostSum
	for _, s := range sums {
		if s.Messages != 0 || s.Cost != 0 {
			list = append(list, *s)
		}
	}
	slices.SortFunc(list, func(a, b CostSum) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Dimensions, b.Dimensions), cmp.Compare(a.Currency, b.Currency))
	})
	return list, nil
}
