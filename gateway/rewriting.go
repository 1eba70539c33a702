package gateway

import (
	"fmt"

	"kurir/message"
	"kurir/route"
)

// rewriting tells which rules about sender and recipient are looked at for a
// message, at its account, its route and its links, and what they make of them.
func (s *Snapshot) rewriting(m *message.Message, sub *Submission, rule string, h *route.Handling) (told []route.Considered) {
	explain := func(at, field string, rules *message.AddressRules, a, to message.Address) message.Address {
		return rules.Explain(a, to, s.Networks.Of, func(i int, matched bool, why string) {
			told = append(told, route.Considered{Rule: i, Name: fmt.Sprintf("%s: %s[%d]", at, field, i), Matched: matched, Why: why})
		})
	}
	var plain message.Message
	if r := sub.Account.Rewriting(); r != nil && sub.Resent == 0 && s.readAddresses(&plain, sub) == nil {
		at := "account " + sub.Account.Name
		to := explain(at, "destination", r.Destination, plain.To, plain.To)
		explain(at, "source", r.Source, plain.From, to)
	}
	if h != nil {
		explain("route "+rule, "destination", h.Destination, m.To, m.To)
		explain("route "+rule, "source", h.Source, m.From, m.To)
	}
	for _, name := range m.Links {
		l := s.Links[name]
		explain("connector "+name, "destination", l.Destination, m.ShownTo(), m.ShownTo())
		explain("connector "+name, "source", l.Source, l.Senders.Shown(m.ShownFrom()), m.ShownTo())
	}
	return told
}
