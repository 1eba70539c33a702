package billing

import (
	"cmp"
	"slices"
	"time"

	"kurir/message"
)

// MaxPrice is the highest price of a part, in units of the currency: even the
// 255 parts of a message then stay far from what an Amount can hold.
const MaxPrice message.Amount = 1_000_000 * 1_000_000

// Price is one line of a price list: what a part of a message costs.
type Price struct {
	Prefix string         // beginning of the recipient's number in digits, without +; empty for every number
	Link   string         // name of the link that carries the message; empty for any
	Amount message.Amount // for a part
	From   time.Time      // from when it holds; zero for ever since
	Until  time.Time      // before when it holds; zero for ever
}

// List is a price list. It does not change and is safe for concurrent use.
type List struct {
	Name     string
	Currency string // ISO 4217
	prices   map[key][]Price
	longest  int // octets of the longest prefix
	linked   bool
}

// key is what a price is looked up by.
type key struct{ prefix, link string }

// NewList makes a price list. Where two prices for the same destination and link
// hold at the same time, the one that holds from a later time counts.
func NewList(name, currency string, prices []Price) *List {
	l := &List{Name: name, Currency: currency, prices: make(map[key][]Price, len(prices))}
	for _, p := range prices {
		k := key{p.Prefix, p.Link}
		l.prices[k] = append(l.prices[k], p)
		l.longest = max(l.longest, len(p.Prefix))
		l.linked = l.linked || p.Link != ""
	}
	for _, same := range l.prices {
		slices.SortStableFunc(same, func(a, b Price) int { return b.From.Compare(a.From) })
	}
	return l
}

// Len returns how many prices the list has.
func (l *List) Len() int {
	n := 0
	for _, same := range l.prices {
		n += len(same)
	}
	return n
}

// Prices returns the prices in the order of prefix, link and time.
func (l *List) Prices() []Price {
	all := make([]Price, 0, l.Len())
	for _, same := range l.prices {
		all = append(all, same...)
	}
	slices.SortFunc(all, func(a, b Price) int {
		return cmp.Or(cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Link, b.Link), a.From.Compare(b.From))
	})
	return all
}

// Find returns the price of a part to a number (digits, without +) by a link at
// a time: that with the longest prefix; of the same prefix the link's own before
// the one for any link. False: the list has none.
func (l *List) Find(number, link string, at time.Time) (Price, bool) {
	for n := min(len(number), l.longest); n >= 0; n-- {
		if l.linked && link != "" {
			if p, ok := l.at(key{number[:n], link}, at); ok {
				return p, true
			}
		}
		if p, ok := l.at(key{number[:n], ""}, at); ok {
			return p, true
		}
	}
	return Price{}, false
}

// at returns the price that holds at a time.
func (l *List) at(k key, at time.Time) (Price, bool) {
	for _, p := range l.prices[k] {
		if !p.From.After(at) && (p.Until.IsZero() || at.Before(p.Until)) {
			return p, true
		}
	}
	return Price{}, false
}

// Rate appends to units what a part costs by each of the links that may carry a
// message. If there is no price for one of them, it returns its name and false.
func (l *List) Rate(units []message.Amount, number string, links []string, at time.Time) (_ []message.Amount, missing string, ok bool) {
	for _, link := range links {
		p, found := l.Find(number, link, at)
		if !found {
			return units, link, false
		}
		units = append(units, p.Amount)
	}
	return units, "", true
}
