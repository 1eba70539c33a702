package gateway

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"kurir/message"
	"kurir/store"
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

// costKind is what sums differ in.
type costKind struct {
	day, account, currency string
	dimensions             message.Dimensions
}

type costSums map[costKind]*CostSum

// add adds to a sum.
func (s costSums) add(k costKind, messages int64, cost message.Amount) {
	sum := s[k]
	if sum == nil {
		sum = &CostSum{Day: k.day, Account: k.account, Dimensions: k.dimensions, Currency: k.currency}
		s[k] = sum
	}
	sum.Messages += messages
	sum.Cost += cost
}

// count adds what a counter says. What is put down to dimensions stands in the
// counters of all messages too. currency is that of counters of no money.
func (s costSums) count(c *store.Counter, day, currency string) {
	what, dimensions, put := strings.Cut(c.What, "{")
	var messages int64
	var cost message.Amount
	switch what {
	case tallyAccepted, tallyCostMessages:
		messages = c.N
	case tallyReserved, tallyCostReserved:
		cost = message.Amount(c.N)
	case tallyReturned, tallyCostReturned:
		cost = -message.Amount(c.N)
	default:
		return
	}
	if messages == 0 && c.Link != "" {
		currency = c.Link
	}
	all := costKind{day: day, account: c.Account, currency: currency}
	if !put {
		s.add(all, messages, cost)
		return
	}
	s.add(all, -messages, -cost)
	all.dimensions = message.Dimensions(dimensions)
	s.add(all, messages, cost)
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
	sums := costSums{}
	for i := range counters {
		c := &counters[i]
		if c.Account == "" || account != "" && c.Account != account {
			continue
		}
		currency := ""
		if a := snap.Accounts.ByName(c.Account); a != nil && a.Terms() != nil && snap.Prices[a.Terms().Prices] != nil {
			currency = snap.Prices[a.Terms().Prices].Currency
		}
		sums.count(c, time.Unix(c.Hour*3600, 0).In(zone).Format(time.DateOnly), currency)
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
