package gateway

import (
	"time"

	"kurir/account"
	"kurir/message"
)

// Cost is an amount and its currency.
type Cost struct {
	Amount   message.Amount
	Currency string
}

// Costs is what a message would cost: at most, which is what would be reserved,
// and by each of its links, in their order.
type Costs struct {
	Most Cost
	By   []message.Amount
	Rows []PriceRow // by which these are
}

// costs says what a message of so many parts would cost by m.Links; nil, if its
// account has no prices.
func (s *Snapshot) costs(a *account.Account, m *message.Message, parts int, at time.Time) (*Costs, *message.Failure) {
	t := a.Terms()
	if t == nil || t.Prices == "" {
		return nil, nil
	}
	trial := *m // rate notes the price in it
	r, f := s.rate(t, &trial, at)
	if f != nil {
		return nil, f
	}
	c := &Costs{Most: Cost{Currency: r.Currency}, By: r.Units}
	list := s.Prices[t.Prices]
	to := s.destination(m, list)
	for i := range c.By {
		p, _ := list.Find(&to, m.Links[i], at)
		c.Rows = append(c.Rows, PriceRow{list.Name, list.Currency, p})
		c.By[i] *= message.Amount(parts)
		c.Most.Amount = max(c.Most.Amount, c.By[i])
	}
	return c, nil
}
