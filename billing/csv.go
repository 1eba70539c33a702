package billing

import (
	"io"
	"slices"
	"strings"
	"time"

	"kurir/message"
	"kurir/sheet"
)

// The columns of a price list.
const (
	columnDestination = "destination"
	columnNetwork     = "network"
	columnPrice       = "price"
	columnLink        = "link"
	columnFrom        = "from"
	columnUntil       = "until"
)

// mostPrefix is how many digits a prefix may have (ITU-T E.164 6.2).
const mostPrefix = 15

// Known is what the lines of a price list may name.
type Known struct {
	Links   []string               // nil permits any name
	Country func(code string) bool // tells whether there is such a country; nil permits any two letters
}

// ReadPrices reads the lines of a price list:
//
//	destination,network,price,link,from,until
//	46,,0.035,,,
//	SE,Tele2,0.031,,,
//	,24001,0.030,op1,2026-01-01,2027-01-01
//
// The first line names the columns, in any order; all but price and one of
// destination and network may be left out. A destination is the beginning of
// numbers in international form, with or without +, a country of two capital letters
// (ISO 3166-1), or * for every other. A network is its MCC and MNC in digits
// (ITU-T E.212), or its name, beside which the destination may be a country. from and
// until are dates (the day begins at midnight UTC) or times in RFC 3339; until itself
// does not belong to the span. With mistakes it returns them, as sheet.Read does, and
// no prices.
func ReadPrices(in io.Reader, known Known) ([]Price, []sheet.Mistake) {
	r := reader{known: known, seen: map[string]int{}}
	columns := []string{columnDestination, columnNetwork, columnPrice, columnLink, columnFrom, columnUntil}
	mistakes := sheet.Read(in, columns, []string{columnPrice}, r.row)
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	return r.prices, nil
}

// reader reads the lines of one list.
type reader struct {
	known  Known
	seen   map[string]int // lines by what they are for
	prices []Price
}

// row reads one line.
func (r *reader) row(row *sheet.Row) {
	p := Price{Link: strings.Clone(row.Get(columnLink)), From: date(row, columnFrom), Until: date(row, columnUntil)}
	r.destination(row, &p)
	amount, err := message.ParseAmount(row.Get(columnPrice))
	switch {
	case err != nil:
		row.Wrong("price: %v", err)
	case amount < 0:
		row.Wrong("price: %s is less than 0", amount)
	case amount > MaxPrice:
		row.Wrong("price: %s is more than %s", amount, MaxPrice)
	}
	p.Amount = amount
	if p.Link != "" && r.known.Links != nil && !slices.Contains(r.known.Links, p.Link) {
		row.Wrong("link: no connector is named %.40q", p.Link)
	}
	if !p.From.IsZero() && !p.Until.IsZero() && !p.From.Before(p.Until) {
		row.Wrong("until: is not later than from")
	}
	if !row.Good() {
		return
	}
	what := p.place() + " " + p.Link + " " + p.From.Format(time.RFC3339Nano)
	if first, twice := r.seen[what]; twice {
		row.Wrong("the same destination, link and from as line %d", first)
		return
	}
	r.seen[what] = row.Line
	r.prices = append(r.prices, p)
}

// destination reads where the numbers are for which a price is.
func (r *reader) destination(row *sheet.Row, p *Price) {
	text := row.Get(columnDestination)
	p.Network = strings.Clone(row.Get(columnNetwork))
	if problem := message.NameProblem(p.Network); problem != "" {
		row.Wrong("network: %s", problem)
	}
	prefix := strings.TrimPrefix(text, "+")
	switch {
	case len(text) == 2 && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "":
		if p.Country = strings.Clone(text); r.known.Country != nil && !r.known.Country(text) {
			row.Wrong("destination: %s is no country (ISO 3166-1) that is known here", text)
		}
		if message.AllDigits(p.Network) {
			row.Wrong("destination: %s stands beside the network %s, whose digits say its country", text, p.Network)
		}
	case p.Network != "":
		if text != "" {
			row.Wrong("destination: beside a network it is empty, or a country of two capital letters such as SE")
		}
		if message.AllDigits(p.Network) && (len(p.Network) < 5 || len(p.Network) > 6) {
			row.Wrong("network: %.40q is no MCC and MNC of five or six digits (ITU-T E.212), such as 24001", p.Network)
		}
	case text == "":
		row.Wrong("destination: is missing; * is for every number")
	case text == "*":
	case !message.AllDigits(prefix), prefix[0] == '0':
		row.Wrong("destination: %.40q is neither the beginning of international numbers, such as 46 or +4670, nor a country such as SE", text)
	case len(prefix) > mostPrefix:
		row.Wrong("destination: has more than %d digits", mostPrefix)
	default:
		p.Prefix = strings.Clone(prefix)
	}
}

func date(row *sheet.Row, column string) time.Time {
	text := row.Get(column)
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	row.Wrong("%s: %.40q is neither a date such as 2026-12-31 nor a time such as 2026-12-31T22:00:00Z", column, text)
	return time.Time{}
}
