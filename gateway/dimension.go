package gateway

import (
	"strings"
	"time"

	"kurir/message"
	"kurir/store"
)

// The cost of a message can be put down to dimensions, such as a cost centre: what
// it says itself, else what its account does. Who is the user that sends will come
// between the two, in putDown. What comes of it is summed up with the other counters,
// by the hour of acceptance: messages, what they cost, and what of that was given
// back. Messages without dimensions come past none of this.

// What is summed up by dimensions, which follow behind a brace. Counters of money
// have their currency in place of a link.
const (
	tallyCostMessages = "cost_messages"
	tallyCostReserved = "cost_reserved" // micro-units, at acceptance
	tallyCostReturned = "cost_returned" // of that, later
)

// atAcceptance tells whether a counter is of new messages, and not of what became
// of earlier ones.
func atAcceptance(what string) bool {
	return what == tallyAccepted || what == tallyReserved || strings.HasPrefix(what, tallyCostMessages) || strings.HasPrefix(what, tallyCostReserved) ||
		strings.HasPrefix(what, store.TallyAccepted.What("")) || strings.HasPrefix(what, store.TallyParts.What(""))
}

// othersDimensions stand for dimensions beyond dimensionsMost.
const othersDimensions message.Dimensions = "*"

// dimensionsMost bounds how many different dimensions of accounts are summed up one
// by one in an hour: where values are free, customers choose them.
const dimensionsMost = 10_000

// putDown finds out what the cost of a message is put down to, or why it is refused.
func (s *Snapshot) putDown(m *message.Message, sub *Submission) *message.Failure {
	if s.Dimensions == nil && sub.Dimensions == nil {
		return nil
	}
	had := m.Dimensions()
	d, f := s.Dimensions.Of(had, sub.Dimensions, m.Content.Extra)
	switch {
	case f != nil && sub.Answer && len(sub.Dimensions) == 0:
		return nil // nobody is there who could add it
	case f != nil:
		return f
	case d != had:
		m.Special = m.Special.With(func(x *message.Special) { x.Dimensions = d })
	}
	return nil
}

// costKey is whose dimensions were met in an hour.
type costKey struct {
	account    string
	dimensions message.Dimensions
}

// costsMet is the dimensions that were met in an hour.
type costsMet struct {
	hour int64
	met  map[costKey]struct{}
}

// lump tells whether there are too many dimensions for these to be summed up by
// themselves.
func (c *costsMet) lump(m *message.Message, now time.Time) bool {
	if hour := now.Unix() / 3600; hour != c.hour || c.met == nil {
		c.hour, c.met = hour, map[costKey]struct{}{}
	}
	k := costKey{m.Account, m.Dimensions()}
	if _, met := c.met[k]; met {
		return false
	}
	if len(c.met) >= dimensionsMost {
		return true
	}
	c.met[k] = struct{}{}
	return false
}

// costKeyOf returns the counter of a message's dimensions. m.Special is not nil.
func costKeyOf(hour int64, what, currency string, m *message.Message) counterKey {
	d := m.Special.Dimensions
	if m.Special.Lumped {
		d = othersDimensions
	}
	return counterKey{hour, m.Account, currency, what + "{" + string(d)}
}

// tallyCosts sums up a new message by its dimensions. m.Special is not nil.
func (g *Gateway) tallyCosts(m *message.Message, b *bill, i int, now time.Time) {
	if m.Special.Dimensions == "" {
		return
	}
	if g.costs.lump(m, now) {
		m.Special = m.Special.With(func(x *message.Special) { x.Lumped = true })
	}
	hour := now.Unix() / 3600 // as all that is counted at acceptance
	g.cur.counters[costKeyOf(hour, tallyCostMessages, "", m)]++
	if m.Price != 0 {
		g.cur.counters[costKeyOf(hour, tallyCostReserved, b.rates[i].Currency, m)] += m.Price
	}
}

// tallyReturn sums up what of the price of a message was given back, or, if it is
// less than 0, what came to it.
func (g *Gateway) tallyReturn(m *message.Message, currency string, back message.Amount) {
	hour := m.ID.Millis() / 3600_000
	g.cur.counters[counterKey{hour, m.Account, currency, tallyReturned}] += int64(back)
	if m.Dimensions() != "" {
		g.cur.counters[costKeyOf(hour, tallyCostReturned, currency, m)] += int64(back)
	}
}
