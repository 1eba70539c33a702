package connector

import (
	"unicode/utf8"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// sender and recipient return the addresses of a message as the link shows them.
// sender is false for a name beyond ISO-8859-1.
func (c *SMPPConfig) sender(from, to message.Address) (smpp.Address, bool) {
	a, rule := c.rewriting.sender(from, to)
	return smppAddress(a, rule, c.SourceTON, c.SourceNPI)
}

func (c *SMPPConfig) recipient(to message.Address) smpp.Address {
	a, rule := c.rewriting.recipient(to)
	shown, _ := smppAddress(a, rule, c.DestTON, c.DestNPI)
	return shown
}

// smppAddress returns an address that a rule, or none, has written: type and plan
// that the rule leaves open are as ton and npi say. It is false for a name beyond
// ISO-8859-1, in which SMPP writes names.
func smppAddress(a message.Address, rule *message.AddressRule, ton, npi *uint8) (s smpp.Address, ok bool) {
	if rule != nil && rule.TON != nil {
		ton = nil
	}
	if rule != nil && rule.NPI != nil {
		npi = nil
	}
	s = smpp.Address{TON: uint8(a.TON), NPI: uint8(a.NPI), Addr: a.Number}
	for i := range len(a.Number) {
		if a.Number[i] < utf8.RuneSelf {
			continue
		}
		octets, ok := gsm.AppendLatin1(nil, a.Number)
		if !ok {
			return s, false
		}
		s.Addr = string(octets)
		break
	}
	if ton != nil {
		s.TON = *ton
	}
	if npi != nil {
		s.NPI = *npi
	}
	return s, true
}
