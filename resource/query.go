package resource

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type says what the values of a field are.
type Type uint8

// The types.
const (
	Text   Type = iota // any text
	Number             // a telephone number, written as people do (route.Normalise)
	Sender             // a telephone number or name (route.Sender)
	Word               // one of Field.Words
	Time               // RFC 3339, a date, or Unix seconds
)

// Ops is what a field can be filtered by; the values may be added.
type Ops uint8

// The operators.
const (
	Equal Ops = 1 << iota // name=value
	Any                   // name=value,value
	From                  // Field.Since=value: that or later
	Until                 // Field.Until=value: earlier than that
)

// Field is a field by which a list can be filtered or sorted.
type Field struct {
	Name  string
	Type  Type
	Ops   Ops
	Words []string // of a Word; of what has Of those that are no names
	Of    string   // what the values are names of: account or link; empty for nothing that has to be there
	Since string   // name of the parameter for From
	Until string   // name of the parameter for Until
	Sort  bool     // the list can be sorted by it
}

// Noun is what a list holds.
type Noun struct {
	Name   string // in the singular
	Fields []Field
	Order  Order // when a request names none
	Limit  int   // rows of a page when a request does not say; 0 is DefaultLimit
}

// Order is what a list is sorted by.
type Order struct {
	Field      string
	Descending bool
}

// String gives the order as it stands in a request: -id.
func (o Order) String() string {
	if o.Descending {
		return "-" + o.Field
	}
	return o.Field
}

// Value is one value of a filter: Time of a Time, else Text.
type Value struct {
	Text string
	Time time.Time
}

// Filter is one condition. Of several values (Any) one must agree.
type Filter struct {
	Field  string
	Op     Ops // exactly one
	Values []Value
}

// Limits of pages.
const (
	DefaultLimit = 50
	MaxLimit     = 1000

	MaxValues = 100 // of one parameter
	maxValue  = 256 // octets
)

// Query is a request for a page of a list.
type Query struct {
	Filters []Filter // all must agree
	Order   Order
	Limit   int   // rows, 1 to MaxLimit
	After   int64 // position of the last row of the page before; 0 for the first page

	params url.Values
}

// Error is what is wrong with one parameter.
type Error struct {
	Param string
	Text  string
}

// Error gives the parameter and what is wrong with it.
func (e Error) Error() string { return e.Param + ": " + e.Text }

// Parse makes a Query of the parameters of a request. country is the calling code for numbers written nationally, empty
// for none; also names parameters that were taken out before. It returns every mistake, in the order of parameters' names; with one
// the Query is not to be used.
func (n *Noun) Parse(params url.Values, country string, also ...string) (Query, []Error) {
	p := parser{noun: n, also: also, country: country, query: Query{Order: n.Order, Limit: cmp.Or(n.Limit, DefaultLimit), params: params}}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p.param(name, params[name])
	}
	if token := params.Get("cursor"); token != "" {
		after, err := decodeCursor(token, n.Name, p.query.Order)
		if err != nil {
			p.wrong("cursor", "%v", err)
		}
		p.query.After = after
	}
	return p.query, p.errors
}

// Filter gives the condition on a field with that operator; false when there is none.
func (q *Query) Filter(field string, op Ops) (Filter, bool) {
	for _, f := range q.Filters {
		if f.Field == field && f.Op == op {
			return f, true
		}
	}
	return Filter{}, false
}

// parser makes a Query and gathers mistakes.
type parser struct {
	noun    *Noun
	country string
	also    []string // parameters that the list has besides
	query   Query
	errors  []Error
}

func (p *parser) wrong(param, format string, args ...any) {
	p.errors = append(p.errors, Error{param, fmt.Sprintf(format, args...)})
}

// param takes one parameter.
func (p *parser) param(name string, values []string) {
	if len(values) > 1 {
		p.wrong(name, "is given more than once; several values are separated by commas")
		return
	}
	value := values[0]
	if name != "cursor" && len(value) > maxValue*MaxValues {
		p.wrong(name, "is too long")
		return
	}
	switch name {
	case "cursor": // when the order is known
	case "limit":
		p.limit(value)
	case "sort":
		p.sort(value)
	default:
		p.filter(name, value)
	}
}

func (p *parser) limit(value string) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > MaxLimit {
		p.wrong("limit", "is not a number from 1 to %d", MaxLimit)
		return
	}
	p.query.Limit = n
}

func (p *parser) sort(value string) {
	name, descending := strings.CutPrefix(value, "-")
	var known []string
	for _, f := range p.noun.Fields {
		if f.Sort && f.Name == name {
			p.query.Order = Order{name, descending}
			return
		}
		if f.Sort {
			known = append(known, f.Name)
		}
	}
	p.wrong("sort", "%.40q is nothing to sort by; there are %s, each with a minus for the largest first", name, strings.Join(known, ", "))
}

// filter takes a parameter that is none of those that every list has.
func (p *parser) filter(name, value string) {
	for i := range p.noun.Fields {
		f := &p.noun.Fields[i]
		switch {
		case name == f.Since && f.Ops&From != 0:
			p.add(name, f, From, value)
		case name == f.Until && f.Ops&Until != 0:
			p.add(name, f, Until, value)
		case name == f.Name && f.Ops&Any != 0:
			p.add(name, f, Any, strings.Split(value, ",")...)
		case name == f.Name && f.Ops&Equal != 0:
			p.add(name, f, Equal, value)
		default:
			continue
		}
		return
	}
	p.wrong(name, "is no parameter of this list; there are %s", strings.Join(append(p.noun.params(), p.also...), ", "))
}

// add adds a condition whose values are of the field's type.
func (p *parser) add(param string, f *Field, op Ops, texts ...string) {
	if len(texts) > MaxValues {
		p.wrong(param, "has more than %d values", MaxValues)
		return
	}
	filter := Filter{Field: f.Name, Op: op}
	for _, text := range texts {
		v, err := f.value(strings.TrimSpace(text), p.country)
		if err != nil {
			p.wrong(param, "%v", err)
			return
		}
		filter.Values = append(filter.Values, v)
	}
	p.query.Filters = append(p.query.Filters, filter)
}

// params names the parameters that the list has.
func (n *Noun) params() []string {
	var names []string
	for _, f := range n.Fields {
		if f.Ops&(Equal|Any) != 0 {
			names = append(names, f.Name)
		}
		if f.Ops&From != 0 {
			names = append(names, f.Since)
		}
		if f.Ops&Until != 0 {
			names = append(names, f.Until)
		}
	}
	return append(names, "sort", "limit", "cursor")
}
