package route

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// Handling is what becomes of the messages of a rule beside their links; few rules have one.
type Handling struct {
	Source, Destination *message.AddressRules
	OwnSender           bool // a link that does not carry the sender of a message gives it its own
	Choose              Order
	Prices              string // by which Choose compares; empty: the account's
	Long                message.LongPolicy
	LongSaid            bool   // Long holds
	Filter              string // that is asked before a message is accepted; empty for none
	MaxParts            int    // 0 for no limit of the rule's own
	Hours               string // when its messages may be sent (message.Hours.String); empty: as their accounts say
}

// Order is how the links of a rule come into the order in which they are tried.
type Order uint8

// The orders.
const (
	ByOrder  Order = iota // that of the list
	ByWeight              // each first for its share
	ByPrice               // the cheapest first
	ByLoad                // the least loaded first
)

var orderNames = []string{"order", "weight", "price", "load"}

// Words of Rule.OtherSender.
const (
	otherSkip = "skip"
	otherOwn  = "own"
)

// newHandling compiles that of a rule that Validate found nothing wrong with; nil if it has none.
func newHandling(r *Rule) *Handling {
	h := Handling{
		Source: message.NewAddressRules(r.Source), Destination: message.NewAddressRules(r.Destination),
		OwnSender: r.OtherSender == otherOwn, Prices: r.Prices, MaxParts: r.MaxParts, Filter: r.Filter, LongSaid: r.Long != "",
	}
	if r.Hours != nil && len(r.Hours.Times) > 0 {
		h.Hours = r.Hours.String()
	}
	h.Long, _ = message.ParseLongPolicy(r.Long)
	if i := slices.Index(orderNames, r.Choose); i > int(ByWeight) { // weights are the table's affair
		h.Choose = Order(i)
	}
	if h == (Handling{}) {
		return nil
	}
	return &h
}

// validateHandling reports what is wrong with it.
func (r *Rule) validateHandling(report func(field, problem string)) {
	weighted := r.Via.weighted()
	switch choose := cmp.Or(r.Choose, orderNames[ByOrder]); {
	case !slices.Contains(orderNames, choose):
		report("choose", fmt.Sprintf("%.40q is not one of %s", r.Choose, strings.Join(orderNames, ", ")))
	case choose == orderNames[ByWeight] && !weighted:
		report("choose", "needs weights in via: [{link: op1, weight: 70}, {link: op2, weight: 30}]")
	case r.Choose != "" && choose != orderNames[ByWeight] && weighted:
		report("choose", fmt.Sprintf("%s and weights in via exclude each other", r.Choose))
	case r.Prices != "" && choose != orderNames[ByPrice]:
		report("prices", "has no effect without choose: price")
	}
	if r.OtherSender != "" && r.OtherSender != otherSkip && r.OtherSender != otherOwn {
		report("other_sender", fmt.Sprintf("%.40q is not skip or own", r.OtherSender))
	}
	if r.Hours != nil {
		r.Hours.Validate(func(field, problem string) { report("hours."+field, problem) })
	}
	message.ValidateAddressRules("source", r.Source, report)
	message.ValidateAddressRules("destination", r.Destination, report)
	ValidateCountries("source", r.Source, report)
	ValidateCountries("destination", r.Destination, report)
	if _, err := message.ParseLongPolicy(r.Long); err != nil {
		report("long", err.Error())
	}
	if r.MaxParts < 0 || r.MaxParts > 255 {
		report("max_parts", "is not within 0 to 255 (3GPP TS 23.040 9.2.3.24.1)")
	}
}

// how says in what order the links are tried, where that is not the one of the list.
func (r *compiled) how() string {
	switch {
	case r.orders.upTo != nil:
		return ", by weight"
	case r.handling == nil:
	case r.handling.Choose == ByPrice:
		return ", the cheapest first"
	case r.handling.Choose == ByLoad:
		return ", the least loaded first"
	}
	return ""
}
