package gateway

import (
	"strings"

	"kurir/message"
	"kurir/route"
)

// InboundNumbers says how an operator writes the numbers of messages from
// phones, both the phone's and ours.
type InboundNumbers uint8

// The ways.
const (
	NumbersAsIs          InboundNumbers = iota // nothing is changed
	NumbersInternational                       // digits with the country code, whatever the type of number says
	NumbersNational                            // without it, but for those that are said to be international
)

// leastNational is the shortest number that is taken for a phone's; what is
// shorter is a short code.
const leastNational = 7

// inboundNumber makes an international number of what the link's operator
// writes. Names, short codes and what is international already stay.
func (s *LinkSettings) inboundNumber(a message.Address) message.Address {
	if s.InboundNumbers == NumbersAsIs || a.TON == message.TONAlphanumeric || !message.AllDigits(a.Number) {
		return a
	}
	digits := a.Number
	if a.TON == message.TONInternational && digits[0] != '0' {
		return a
	}
	if rest, abroad := strings.CutPrefix(digits, "00"); abroad {
		return international(a, rest)
	}
	if s.InboundNumbers == NumbersInternational {
		return international(a, digits)
	}
	if digits[0] != '0' && len(digits) < leastNational && a.TON != message.TONNational {
		return a
	}
	if n := s.planned(digits); n != "" && n != digits {
		return international(a, n)
	}
	if rest, ok := strings.CutPrefix(digits, s.Country); ok && s.planned(rest) == digits {
		return international(a, digits) // said to be national, and is not
	}
	return international(a, s.Country+strings.TrimPrefix(digits, "0"))
}

// planned returns what the number plan of the link's country makes of digits,
// empty if that is no international number.
func (s *LinkSettings) planned(digits string) string {
	n, err := route.Normalise(digits, s.Country)
	if err != nil || n.TON != message.TONInternational {
		return ""
	}
	return n.Number
}

// leastInternational and mostInternational bound the digits of an international
// number (ITU-T E.164 6.1); fewer are a short code.
const (
	leastInternational = 7
	mostInternational  = 15
)

// international returns digits as an international number, a if they are none.
func international(a message.Address, digits string) message.Address {
	if len(digits) < leastInternational || len(digits) > mostInternational || digits[0] == '0' {
		return a
	}
	return message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: digits}
}
