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

// Price is one line of a price list: what a part of a message costs to numbers that
// begin so, in a country, or of a network. With neither it is for every number.
type Price struct {
	Prefix  string         // beginning of the recipient's number in digits, without +
	Country string         // ISO 3166-1, two letters; of a network by name it says which
	Network string         // MCC and MNC in digits, or a name
	Link    string         // name of the link that carries the message; empty for any
	Amount  message.Amount // for a part
	From    time.Time      // from when it holds; zero for ever since
	Until   time.Time      // before when it holds; zero for ever
}

// Destination is a number and whose it is, as far as that is known.
type Destination struct {
	Number        string // with country code, digits without +
	Country       string // ISO 3166-1
	CountryDigits int    // how many of the first digits say so
	Code          string // MCC and MNC of the network
	Network       string // its name
}

// beforeNetwork stands before networks in a place.
const beforeNetwork = "="

// place is what a price is found by: digits, two letters, or a network behind its
// country.
func (p *Price) place() string {
	if p.Network != "" {
		return p.Country + beforeNetwork + p.Network
	}
	return p.Country + p.Prefix
}

// Where says in a word for which numbers a price is: +46, SE, *, or the network.
func (p *Price) Where() string {
	switch {
	case p.Network != "" && p.Country != "":
		return p.Country + " " + p.Network
	case p.Network != "":
		return p.Network
	case p.Country != "":
		return p.Country
	case p.Prefix != "":
		return "+" + p.Prefix
	}
	return "*"
}

// List is a price list. It does not change and is safe for concurrent use.
type List struct {
	Name     string
	Currency string // ISO 4217
	prices   map[key][]Price
	longest  int  // octets of the longest prefix
	linked   bool // a price is for a link
	placed   bool // a price is for a country or network
}

// key is what a price is looked up by.
type key struct{ place, link string }

// NewList makes a price list. Where two prices for the same destination and link
// hold at the same time, the one that holds from a later time counts.
func NewList(name, currency string, prices []Price) *List {
	l := &List{Name: name, Currency: currency, prices: make(map[key][]Price, len(prices))}
	for _, p := range prices {
		k := key{p.place(), p.Link}
		l.prices[k] = append(l.prices[k], p)
		l.longest = max(l.longest, len(p.Prefix))
		l.linked = l.linked || p.Link != ""
		l.placed = l.placed || p.Country != "" || p.Network != ""
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

// ByPlace tells whether the country and network of a number decide what it costs.
func (l *List) ByPlace() bool { return l.placed }

// Prices returns the prices in the order of prefix, country, network, link and time.
func (l *List) Prices() []Price {
	all := make([]Price, 0, l.Len())
	for _, same := range l.prices {
		all = append(all, same...)
	}
	slices.SortFunc(all, func(a, b Price) int {
		return cmp.Or(cmp.Compare(a.Prefix, b.Prefix), cmp.Compare(a.Country, b.Country), cmp.Compare(a.Network, b.Network), cmp.Compare(a.Link, b.Link), a.From.Compare(b.From))
	})
	return all
}

// Find returns the price of a part to a number by a link at a time: that of the
// number's network, by its code before by its name; else that of the longest
// beginning, where the number's country counts as its calling code. Of the same
// destination the link's own comes before the one for any link. False: the list has
// none.
func (l *List) Find(to *Destination, link string, at time.Time) (Price, bool) {
	if l.placed {
		if p, ok := l.ofNetwork(to, link, at); ok {
			return p, true
		}
	}
	country := l.placed && to.Country != ""
	for n := min(len(to.Number), l.longest); n >= 0; n-- {
		if country && n < to.CountryDigits {
			country = false
			if p, ok := l.by(to.Country, link, at); ok {
				return p, true
			}
		}
		if p, ok := l.by(to.Number[:n], link, at); ok {
			return p, true
		}
	}
	return Price{}, false
}

// ofNetwork returns the price of the network of a number.
func (l *List) ofNetwork(to *Destination, link string, at time.Time) (Price, bool) {
	if to.Code != "" {
		if p, ok := l.by(beforeNetwork+to.Code, link, at); ok {
			return p, true
		}
	}
	if to.Network == "" {
		return Price{}, false
	}
	if p, ok := l.by(to.Country+beforeNetwork+to.Network, link, at); ok {
		return p, true
	}
	return l.by(beforeNetwork+to.Network, link, at)
}

// by returns the price of a place by a link.
func (l *List) by(place, link string, at time.Time) (Price, bool) {
	if l.linked && link != "" {
		if p, ok := l.at(key{place, link}, at); ok {
			return p, true
		}
	}
	return l.at(key{place, ""}, at)
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
func (l *List) Rate(units []message.Amount, to *Destination, links []string, at time.Time) (_ []message.Amount, missing string, ok bool) {
	for _, link := range links {
		p, found := l.Find(to, link, at)
		if !found {
			return units, link, false
		}
		units = append(units, p.Amount)
	}
	return units, "", true
}
