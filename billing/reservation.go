package billing

import (
	"errors"
	"strings"

	"kurir/message"
)

// Rule says when what is reserved for a message is charged.
type Rule uint8

// The rules.
const (
	ChargeSent      Rule = iota // when an operator has taken the message
	ChargeAccepted              // when we have: nothing is given back
	ChargeDelivered             // when it is delivered, or sent where no receipt is asked for
)

var ruleNames = [...]string{"sent", "accepted", "delivered"}

// String returns the rule's name in the configuration.
func (r Rule) String() string { return ruleNames[r] }

// RuleNames returns the names of the rules.
func RuleNames() []string { return ruleNames[:] }

// ParseRule reads the name of a rule; empty is sent.
func ParseRule(name string) (Rule, bool) {
	if name == "" {
		return ChargeSent, true
	}
	for r, n := range ruleNames {
		if n == name {
			return Rule(r), true
		}
	}
	return 0, false
}

// Reservation is what was reserved for a message when it was accepted, and under
// which terms. It is kept with the message: prices and rules that change later
// do not change it.
type Reservation struct {
	Payer    string // account whose balance it is; empty if none pays
	Currency string
	Rule     Rule
	Units    []message.Amount // price of a part by each link that may carry the message
}

// Dearest returns what a message costs at most, which is what is reserved.
func (r *Reservation) Dearest(parts uint8) message.Amount {
	var most message.Amount
	for _, u := range r.Units {
		most = max(most, u)
	}
	return most * message.Amount(parts)
}

// By returns what a message costs that the link with that index carries.
func (r *Reservation) By(link, parts uint8) message.Amount {
	if int(link) >= len(r.Units) {
		return r.Dearest(parts)
	}
	return r.Units[link] * message.Amount(parts)
}

// Taken tells whether the message is charged when an operator takes it.
func (r *Reservation) Taken() bool { return r.Rule == ChargeSent }

// Final tells whether a message is charged that ends in a state before it was
// charged; else what is reserved is given back. Under the rule sent such a
// message was delivered although nobody answered for it.
func (r *Reservation) Final(s message.State) bool {
	return s == message.Delivered || s == message.Sent
}

// none stands for an empty payer in a text.
const none = "-"

// String writes a Reservation as it is kept in a message's log: payer, currency,
// rule, and the price of a part by each link, with a space between.
func (r *Reservation) String() string {
	var b strings.Builder
	b.WriteString(r.Payer)
	if r.Payer == "" {
		b.WriteString(none)
	}
	b.WriteByte(' ')
	b.WriteString(r.Currency)
	b.WriteByte(' ')
	b.WriteString(r.Rule.String())
	for _, u := range r.Units {
		b.WriteByte(' ')
		b.WriteString(u.String())
	}
	return b.String()
}

// ErrBadReservation is returned for a text that String did not write.
var ErrBadReservation = errors.New("the reservation is damaged")

// ParseReservation reads what String wrote.
func ParseReservation(text string) (*Reservation, error) {
	fields := strings.Split(text, " ")
	if len(fields) < 4 {
		return nil, ErrBadReservation
	}
	rule, ok := ParseRule(fields[2])
	if !ok || fields[2] == "" {
		return nil, ErrBadReservation
	}
	r := &Reservation{Payer: fields[0], Currency: fields[1], Rule: rule, Units: make([]message.Amount, 0, len(fields)-3)}
	if r.Payer == none {
		r.Payer = ""
	}
	for _, f := range fields[3:] {
		u, err := message.ParseAmount(f)
		if err != nil || u < 0 || u > MaxPrice {
			return nil, ErrBadReservation
		}
		r.Units = append(r.Units, u)
	}
	return r, nil
}

// Sentence says in plain words what is reserved, for people.
func (r *Reservation) Sentence() string {
	var b strings.Builder
	for i, u := range r.Units {
		if i > 0 {
			b.WriteString(" or ")
		}
		b.WriteString(u.String())
	}
	b.WriteString(" " + r.Currency + " a part, ")
	switch {
	case r.Payer == "":
		b.WriteString("paid by no balance")
	default:
		b.WriteString("paid by " + r.Payer + " when it is " + r.Rule.String())
	}
	return b.String()
}

// Ended returns what a message's log says of its money: the last reservation,
// nil if there is none, what was charged of it and whether that is settled.
func Ended(m *message.Message) (r *Reservation, charged message.Amount, settled bool) {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for i := range events {
		switch e := &events[i]; e.Kind {
		case message.EventReserved:
			if parsed, err := ParseReservation(e.Text); err == nil {
				r, charged, settled = parsed, 0, false
			}
		case message.EventCharged:
			text, _, _ := strings.Cut(e.Text, " ")
			charged, _ = message.ParseAmount(text)
			settled = true
		case message.EventRefunded:
			settled = true
		}
	}
	return r, charged, settled
}
