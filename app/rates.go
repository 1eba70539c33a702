package app

import (
	"context"
	"math"
	"strings"

	"kurir/cluster"
	"kurir/connector"
	"kurir/gateway"
)

// What servers have together of the rates of links, and of accounts, is divided by
// package cluster in whole units: parts a second of links, millionths of accounts.

const (
	linkRate    = "link/"
	accountRate = "account/"
	accountUnit = 1e6
)

// divideRates has this server use its share of rates, until ctx ends.
func (a *App) divideRates(ctx context.Context) {
	n := a.node
	if n.keeper == nil {
		return
	}
	cluster.NewRates(cluster.RateOptions{Table: n.table, Keeper: n.keeper, Wants: a.rateWants, Use: a.useRates}).Run(ctx)
}

// rateWants is what this server wants of rates.
func (a *App) rateWants() []cluster.Rate {
	wants := a.gateway.RateWants()
	list := make([]cluster.Rate, len(wants))
	for i, w := range wants {
		r := &list[i]
		if w.Link == "" {
			*r = cluster.Rate{Name: accountRate + w.Account, Whole: int64(w.Rate * accountUnit), Want: int64(w.Want * accountUnit), Spent: w.Spent}
			continue
		}
		*r = cluster.Rate{Name: linkRate + w.Link, Whole: int64(w.Rate), Want: int64(math.Ceil(w.Want)), Exact: true}
		if w.Busy {
			r.Keep = 1
		}
	}
	return list
}

// useRates has this server use what it may of rates. What it may not use any more is
// out of use when this returns.
func (a *App) useRates(s cluster.Shares) {
	shares := gateway.RateShares{Alone: s.Alone, Links: map[string]int{}, Accounts: map[string]float64{}, Spent: map[string]int64{}}
	for name, may := range s.May {
		if link, ok := strings.CutPrefix(name, linkRate); ok {
			shares.Links[link] = int(may)
		} else if account, ok := strings.CutPrefix(name, accountRate); ok {
			shares.Accounts[account] = float64(may) / accountUnit
		}
	}
	for name, spent := range s.Spent {
		shares.Spent[strings.TrimPrefix(name, accountRate)] = spent
	}
	a.shared.Share(connector.Shares{Window: cluster.RateWindow, Links: shares.Links, Alone: s.Alone, Accounts: shares.Accounts})
	a.gateway.ShareRates(shares)
}
