package route

import (
	"errors"
	"fmt"
	"slices"

	"kurir/message"
)

// Via is the links of a rule in the order in which they are tried.
type Via []Hop

// Hop is one link of a rule.
type Hop struct {
	Link   string // name of the connector
	Weight int    `json:",omitempty"` // its share of the messages, 1 to 1000; 0 when none of the rule has one
}

// maxWeight bounds a weight.
const maxWeight = 1000

// UnmarshalYAML reads the name of one connector or a list of names, or of names with weights.
func (v *Via) UnmarshalYAML(read func(any) error) error {
	if list, err := message.OneOrMany(read); err == nil {
		*v = make(Via, 0, len(list))
		for _, name := range list {
			*v = append(*v, Hop{Link: name})
		}
		return nil
	}
	var items []any
	if read(&items) != nil {
		return errors.New("one value or a list of values is expected")
	}
	*v = make(Via, 0, len(items))
	for _, item := range items {
		hop, err := readHop(item)
		if err != nil {
			return err
		}
		*v = append(*v, hop)
	}
	return nil
}

// readHop reads the name of a link, or link and weight.
func readHop(item any) (Hop, error) {
	fields, ok := item.(map[string]any)
	if !ok {
		if name, ok := item.(string); ok {
			return Hop{Link: name}, nil
		}
		return Hop{}, errors.New("the name of a connector is expected, or {link: NAME, weight: NUMBER}")
	}
	var hop Hop
	for name, value := range fields {
		var ok bool
		switch name {
		case "link":
			hop.Link, ok = value.(string)
		case "weight":
			hop.Weight, ok = value.(int)
			ok = ok && hop.Weight > 0
		default:
			return Hop{}, fmt.Errorf("there is no field %q; there are link, weight", name)
		}
		if !ok {
			return Hop{}, errors.New("link is the name of a connector, weight a whole number from 1")
		}
	}
	return hop, nil
}

// Links gives the names of the links in order.
func (v Via) Links() []string {
	names := make([]string, len(v))
	for i, hop := range v {
		names[i] = hop.Link
	}
	return names
}

// weighted tells whether the links have weights.
func (v Via) weighted() bool {
	return slices.ContainsFunc(v, func(h Hop) bool { return h.Weight != 0 })
}

func (v Via) validate(report func(field, problem string)) {
	if len(v) == 0 {
		report("via", "is missing: name the connectors that carry the messages")
	}
	weighted := v.weighted()
	for i, hop := range v {
		field := Item("via", i, len(v))
		switch {
		case hop.Link == "":
			report(field, "is empty")
		case weighted && hop.Weight == 0:
			report(field, "has no weight although another has: give all one, or none")
		case hop.Weight < 0 || hop.Weight > maxWeight:
			report(field, fmt.Sprintf("the weight %d is not within 1 to %d", hop.Weight, maxWeight))
		}
	}
}

// orders is the links of a rule in every order in which they may be tried. Without weights there is one.
type orders struct {
	links [][]string // the i-th begins with the i-th link
	upTo  []uint64   // sums of the weights up to and with each; nil without weights
}

func newOrders(v Via) orders {
	all := v.Links()
	if !v.weighted() {
		return orders{links: [][]string{all}}
	}
	var o orders
	sum := uint64(0)
	for i, hop := range v {
		sum += uint64(max(0, hop.Weight))
		others := slices.Delete(slices.Clone(all), i, i+1)
		o.links, o.upTo = append(o.links, append([]string{hop.Link}, others...)), append(o.upTo, sum)
	}
	return o
}

// of gives the order for a message with that key.
func (o *orders) of(key uint64) []string {
	n := key % o.upTo[len(o.upTo)-1]
	for i, end := range o.upTo {
		if n < end {
			return o.links[i]
		}
	}
	return o.links[0]
}
