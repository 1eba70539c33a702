package api

import (
	"regexp"
	"strings"

	"kurir/gateway"
)

// smppRange reads the address_range of a bind (SMPP 3.4 5.2.7): a number or
// the beginning of one, with or without a star at its end; a list of these with
// commas; or a regular expression. nil for one that is empty or makes no sense:
// then the session takes everything, lest messages wait for ever because of a
// field that most servers do not read.
func smppRange(text string) func(number string) bool {
	text = strings.TrimSpace(text)
	if text == "" || text == "*" {
		return nil
	}
	var starts []string
	for part := range strings.SplitSeq(text, ",") {
		start := strings.TrimPrefix(strings.TrimSuffix(strings.TrimSpace(part), "*"), "+")
		if !smppDigits(start) {
			return smppExpression(text)
		}
		starts = append(starts, start)
	}
	return func(number string) bool {
		for _, start := range starts {
			if strings.HasPrefix(number, start) {
				return true
			}
		}
		return false
	}
}

// smppExpression reads a regular expression; it matches anywhere unless it is
// anchored, and in a time that grows with the number only.
func smppExpression(text string) func(string) bool {
	e, err := regexp.Compile(text)
	if err != nil {
		return nil
	}
	return func(number string) bool { return e.MatchString(number) || e.MatchString("+"+number) }
}

// ranged tells whether a session of the account takes messages to some numbers
// only.
func (s *SMPPServer) ranged(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[account]
	return c != nil && c.ranged > 0
}

// deliverRanged gives inbound messages to sessions whose range has the number
// that was written to, in turn, and returns the rest: receipts, and messages
// that it could not give because everybody left. What no session takes is for
// later.
func (s *SMPPServer) deliverRanged(account string, items []*gateway.Item) (rest []*gateway.Item) {
	peers := s.receivers(account)
	shares := make([][]*gateway.Item, len(peers))
	var nobody []*gateway.Item
	for _, it := range items {
		if it.Inbound == nil {
			rest = append(rest, it)
			continue
		}
		best := -1
		for i, p := range peers {
			if p.takes != nil && !p.takes(it.Inbound.To.Number) {
				continue
			}
			if best < 0 || p.room()-len(shares[i]) > peers[best].room()-len(shares[best]) {
				best = i
			}
		}
		if best < 0 {
			nobody = append(nobody, it)
			continue
		}
		shares[best] = append(shares[best], it)
	}
	for i, p := range peers {
		if len(shares[i]) > 0 && !p.deliver(shares[i]) {
			nobody = append(nobody, shares[i]...)
		}
	}
	if len(peers) == 0 {
		return items
	}
	s.later(nobody, "no session is bound whose address_range has this number")
	return rest
}

// later gives items back that are to be tried again.
func (s *SMPPServer) later(items []*gateway.Item, why string) {
	if len(items) == 0 {
		return
	}
	list := make([]gateway.Delivered, len(items))
	for i, it := range items {
		list[i] = gateway.Delivered{Item: it, Verdict: gateway.TryLater, Text: why}
	}
	s.core.Delivered(list)
}
