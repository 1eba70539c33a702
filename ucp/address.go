package ucp

import (
	"errors"
	"fmt"
	"strings"

	"kurir/gsm"
)

// Why a name cannot be an originator, or an originator is no name.
var (
	ErrName    = errors.New("a name as sender is 1 to 11 characters of the GSM alphabet")
	ErrNotName = errors.New("not a name as sender: a length and packed septets in hexadecimal digits are expected")
)

// maxName is the longest name in septets.
const maxName = 11

// AppendName appends a name as OAdC with OTOA 5039 has it: an octet with the number of useful half octets, then the
// septets packed as on the air, all in hexadecimal digits (EMI/UCP 5.1).
func AppendName(dst []byte, name string) ([]byte, error) {
	var room [maxName]byte
	septets, ok := gsm.AppendGSM7(room[:0], name)
	if !ok || len(septets) == 0 || len(septets) > maxName {
		return dst, fmt.Errorf("%q: %w", name, ErrName)
	}
	var packed [maxName]byte
	dst = appendHex(dst, []byte{byte((7*len(septets) + 3) / 4)})
	return appendHex(dst, gsm.Pack(packed[:0], septets, 0)), nil
}

// ParseName reads the name of an OAdC with OTOA 5039. A length that is larger than what follows is made to fit. Eight
// septets whose last is zero count as seven: peers that count octets send that, and no name ends with an '@'.
func ParseName(oadc string) (string, error) {
	var room [1 + maxOriginator]byte
	octets := room[:0]
	for i := 0; i+1 < len(oadc); i += 2 {
		high, low := hexValues[oadc[i]], hexValues[oadc[i+1]]
		if high == 0 || low == 0 {
			return "", fmt.Errorf("%q: %w", oadc, ErrNotName)
		}
		octets = append(octets, (high-1)<<4|(low-1))
	}
	if len(octets) < 2 || len(oadc)%2 != 0 {
		return "", fmt.Errorf("%q: %w", oadc, ErrNotName)
	}
	packed := octets[1:]
	n := min(int(octets[0]), 2*len(packed)) * 4 / 7
	septets := gsm.Unpack(nil, packed, n, 0)
	if n := len(septets); n > 0 && n%8 == 0 && septets[n-1] == 0 {
		septets = septets[:n-1]
	}
	return gsm.DecodeGSM7(septets), nil
}

// Sender gives the originator as people write it, and whether it is a name. International numbers have no + in front.
// An OAdC that ought to be a name and cannot be read is given as it is.
func (b *Message) Sender() (sender string, name bool) {
	if b.OTOA == OTOAName {
		if name, err := ParseName(b.OAdC); err == nil {
			return name, true
		}
	}
	return b.OAdC, false
}

// SetSender sets OAdC and OTOA: a number with + in front as an international one, other digits as they are, anything
// else as a name.
func (b *Message) SetSender(sender string) error {
	number, international := strings.CutPrefix(sender, "+")
	if number != "" && digits.has(number) {
		b.OAdC, b.OTOA = number, ""
		if international {
			b.OTOA = OTOAInternational
		}
		return nil
	}
	name, err := AppendName(nil, sender)
	if err != nil {
		return err
	}
	b.OAdC, b.OTOA = string(name), OTOAName
	return nil
}
