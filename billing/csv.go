package billing

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/message"
)

// The columns of a price list; the first two are required.
const (
	columnDestination = "destination"
	columnPrice       = "price"
	columnLink        = "link"
	columnFrom        = "from"
	columnUntil       = "until"
)

var columns = []string{columnDestination, columnPrice, columnLink, columnFrom, columnUntil}

// mostMistakes is how many mistakes of one list are told; a file of another kind
// would have one in every line.
const mostMistakes = 100

// mostPrefix is how many digits a prefix may have (ITU-T E.164 6.2).
const mostPrefix = 15

// Mistake is what is wrong with a line of a price list.
type Mistake struct {
	Line int // from 1
	Text string
}

// Error implements error.
func (m Mistake) Error() string { return fmt.Sprintf("line %d: %s", m.Line, m.Text) }

// ReadPrices reads the lines of a price list:
//
//	destination,price,link,from,until
//	46,0.035,,,
//	4670,0.041,op1,2026-01-01,2027-01-01
//
// The first line names the columns, in any order; link, from and until may be
// left out. A destination is the beginning of numbers in international form,
// with or without +, or * for every other. from and until are dates (the day
// begins at midnight UTC) or times in RFC 3339; until itself does not belong to
// the span. links are those that there are; nil permits any name. With mistakes
// it returns them all, in the order of their lines, at most a hundred, and no
// prices.
func ReadPrices(text []byte, links []string) ([]Price, []Mistake) {
	r := reader{links: links, seen: map[string]int{}}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, []Mistake{{1, "the file is not UTF-8"}}
	}
	lines := csv.NewReader(bytes.NewReader(text))
	lines.FieldsPerRecord = -1
	for len(r.mistakes) < mostMistakes {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			r.wrong(parse.Line, "is no CSV: %v", parse.Err)
			break // where the next line begins is not known
		}
		r.line, _ = lines.FieldPos(0)
		if r.at == nil {
			if !r.header(fields) {
				break
			}
			continue
		}
		r.price(fields)
	}
	if r.at == nil && len(r.mistakes) == 0 {
		r.wrong(1, "the file is empty; its first line names the columns: %s", strings.Join(columns, ","))
	}
	if len(r.mistakes) > 0 {
		return nil, r.mistakes
	}
	return r.prices, nil
}

// reader reads the lines of one list.
type reader struct {
	links    []string
	line     int
	at       map[string]int // columns
	width    int
	seen     map[string]int // lines by what they are for
	prices   []Price
	mistakes []Mistake
}

func (r *reader) wrong(line int, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{line, fmt.Sprintf(format, args...)})
}

// header reads the names of the columns.
func (r *reader) header(fields []string) bool {
	at := map[string]int{}
	good := true
	for i, name := range fields {
		name = strings.TrimSpace(name)
		_, twice := at[name]
		switch {
		case !slices.Contains(columns, name):
			r.wrong(r.line, "there is no column %.40q; there are %s", name, strings.Join(columns, ", "))
			good = false
		case twice:
			r.wrong(r.line, "the column %s is there twice", name)
			good = false
		}
		at[name] = i
	}
	for _, name := range []string{columnDestination, columnPrice} {
		if _, ok := at[name]; !ok && good {
			r.wrong(r.line, "the column %s is missing; the first line names the columns: %s", name, strings.Join(columns, ","))
			good = false
		}
	}
	r.at, r.width = at, len(fields)
	return good
}

// price reads one line.
func (r *reader) price(fields []string) {
	if len(fields) != r.width {
		r.wrong(r.line, "there are %d columns, and the first line names %d", len(fields), r.width)
		return
	}
	field := func(name string) string {
		if i, ok := r.at[name]; ok {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	before := len(r.mistakes)
	p := Price{Link: field(columnLink), From: r.time(columnFrom, field(columnFrom)), Until: r.time(columnUntil, field(columnUntil))}
	p.Prefix = r.destination(field(columnDestination))
	amount, err := message.ParseAmount(field(columnPrice))
	switch {
	case err != nil:
		r.wrong(r.line, "price: %v", err)
	case amount < 0:
		r.wrong(r.line, "price: %s is less than 0", amount)
	case amount > MaxPrice:
		r.wrong(r.line, "price: %s is more than %s", amount, MaxPrice)
	}
	p.Amount = amount
	if p.Link != "" && r.links != nil && !slices.Contains(r.links, p.Link) {
		r.wrong(r.line, "link: no connector is named %.40q", p.Link)
	}
	if !p.From.IsZero() && !p.Until.IsZero() && !p.From.Before(p.Until) {
		r.wrong(r.line, "until: is not later than from")
	}
	if len(r.mistakes) > before {
		return
	}
	what := p.Prefix + " " + p.Link + " " + p.From.Format(time.RFC3339Nano)
	if first, twice := r.seen[what]; twice {
		r.wrong(r.line, "the same destination, link and from as line %d", first)
		return
	}
	r.seen[what] = r.line
	r.prices = append(r.prices, p)
}

func (r *reader) destination(text string) string {
	if text == "*" {
		return ""
	}
	prefix := strings.TrimPrefix(text, "+")
	switch {
	case text == "":
		r.wrong(r.line, "destination: is missing; * is for every number")
	case !message.AllDigits(prefix), prefix[0] == '0':
		r.wrong(r.line, "destination: %.40q is not the beginning of international numbers, such as 46 or +4670", text)
	case len(prefix) > mostPrefix:
		r.wrong(r.line, "destination: has more than %d digits", mostPrefix)
	}
	return prefix
}

func (r *reader) time(name, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC()
		}
	}
	r.wrong(r.line, "%s: %.40q is neither a date such as 2026-12-31 nor a time such as 2026-12-31T22:00:00Z", name, text)
	return time.Time{}
}
