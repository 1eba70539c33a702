package gsm

import (
	"errors"
	"fmt"
	"strings"
)

// Types of number of an [Address]. 3GPP TS 23.040 9.1.2.5.
const (
	TONUnknown       uint8 = 0
	TONInternational uint8 = 1
	TONNational      uint8 = 2
	TONNetwork       uint8 = 3
	TONSubscriber    uint8 = 4
	TONAlphanumeric  uint8 = 5
	TONAbbreviated   uint8 = 6
)

// Numbering plans of an [Address]. 3GPP TS 23.040 9.1.2.5.
const (
	NPIUnknown uint8 = 0
	NPIISDN    uint8 = 1 // E.164
)

// The longest addresses: 20 digits (10 octets) in a TPDU and for a service
// centre. 3GPP TS 23.040 9.1.2.5, 3GPP TS 24.011 8.2.5.1.
const maxDigits = 20

// Address is a number or a name as TPDUs have it.
type Address struct {
	TON uint8 // type of number, 0 to 7
	NPI uint8 // numbering plan, 0 to 15
	// Number has digits and * # a b c, without a plus; of TONAlphanumeric it is
	// a text of at most 11 septets.
	Number string
}

// ParseAddress makes an address of what people write: +46701234567 is
// international, 0701234567 of unknown type. It accepts digits, * and #.
func ParseAddress(s string) (Address, error) {
	a := Address{TON: TONUnknown, NPI: NPIISDN, Number: s}
	if n, ok := strings.CutPrefix(s, "+"); ok {
		a.TON, a.Number = TONInternational, n
	}
	if a.Number == "" || len(a.Number) > maxDigits || strings.Trim(a.Number, "0123456789*#") != "" {
		return Address{}, fmt.Errorf("%q is no number of a phone: 1 to %d digits, perhaps with + in front", s, maxDigits)
	}
	return a, nil
}

// IsZero says that there is no address.
func (a Address) IsZero() bool { return a.Number == "" }

// String writes an international number with a plus, everything else as it is.
func (a Address) String() string {
	if a.TON == TONInternational && a.Number != "" {
		return "+" + a.Number
	}
	return a.Number
}

// Why an address cannot be written or read.
var (
	errAddressDigits = errors.New("an address has something else than 0-9 * # a b c, or more than 20 of them")
	errAddressName   = errors.New("a name as sender has characters outside the GSM alphabet, or more than 11 of them")
	errAddressLength = errors.New("an address is longer than 20 digits")
)

// toa gives the octet that says of what type the address is.
func (a Address) toa() byte { return 0x80 | a.TON&7<<4 | a.NPI&15 }

// semiOctets is what the nibbles stand for; F fills. 3GPP TS 23.040 9.1.2.3.
const semiOctets = "0123456789*#abc"

// appendDigits appends digits as semi-octets, the first in the low nibble.
func appendDigits(dst []byte, digits string) ([]byte, error) {
	if len(digits) > maxDigits {
		return dst, errAddressDigits
	}
	for i := range len(digits) {
		n := strings.IndexByte(semiOctets, digits[i])
		switch {
		case n < 0:
			return dst, errAddressDigits
		case i%2 == 0:
			dst = append(dst, 0xF0|byte(n))
		default:
			dst[len(dst)-1] = dst[len(dst)-1]&0x0F | byte(n)<<4
		}
	}
	return dst, nil
}

// digitsOf reads at most n semi-octets and stops at a fill.
func digitsOf(b []byte, n int) string {
	var out []byte
	for i := range min(n, 2*len(b)) {
		nibble := b[i/2] >> (i % 2 * 4) & 0x0F
		if nibble == 0x0F {
			break
		}
		out = append(out, semiOctets[nibble])
	}
	return string(out)
}

// appendAddress appends an address as TPDUs have it, with its length in
// semi-octets. 3GPP TS 23.040 9.1.2.5.
func appendAddress(dst []byte, a Address) ([]byte, error) {
	if a.TON != TONAlphanumeric {
		return appendDigits(append(dst, byte(len(a.Number)), a.toa()), a.Number)
	}
	septets, ok := AppendGSM7(nil, a.Number)
	if !ok || len(septets) > 11 {
		return dst, errAddressName
	}
	return Pack(append(dst, byte((len(septets)*7+3)/4), a.toa()), septets, 0), nil
}

// cutAddress reads an address as TPDUs have it.
func cutAddress(b []byte) (a Address, rest []byte, err error) {
	if len(b) < 2 {
		return a, nil, ErrTPDUTruncated
	}
	n := int(b[0])
	if n > maxDigits {
		return a, nil, errAddressLength
	}
	a.TON, a.NPI = b[1]>>4&7, b[1]&15
	b = b[2:]
	octets := (n + 1) / 2
	if len(b) < octets {
		return a, nil, ErrTPDUTruncated
	}
	if a.TON == TONAlphanumeric {
		a.Number = DecodeGSM7(Unpack(nil, b[:octets], n*4/7, 0))
	} else {
		a.Number = digitsOf(b[:octets], n)
	}
	return a, b[octets:], nil
}

// AppendPDU appends a TPDU as modems take it: behind the address of the service
// centre, which a zero one leaves to the modem. 3GPP TS 27.005 3.1, 4.3.
func AppendPDU(dst []byte, centre Address, tpdu []byte) ([]byte, error) {
	if centre.IsZero() {
		return append(append(dst, 0), tpdu...), nil
	}
	at := len(dst)
	dst, err := appendDigits(append(dst, 0, centre.toa()), centre.Number)
	if err != nil {
		return dst[:at], fmt.Errorf("the address of the service centre: %w", err)
	}
	dst[at] = byte(len(dst) - at - 1) // octets here, not digits
	return append(dst, tpdu...), nil
}

// CutPDU takes the address of the service centre off what a modem gives. The
// TPDU points into pdu.
func CutPDU(pdu []byte) (centre Address, tpdu []byte, err error) {
	if len(pdu) == 0 || len(pdu) < 1+int(pdu[0]) {
		return Address{}, nil, fmt.Errorf("the address of the service centre: %w", ErrTPDUTruncated)
	}
	sca, tpdu := pdu[1:1+int(pdu[0])], pdu[1+int(pdu[0]):]
	if len(sca) < 2 {
		return Address{}, tpdu, nil
	}
	if len(sca) > 1+maxDigits/2 {
		return Address{}, nil, fmt.Errorf("the address of the service centre: %w", errAddressLength)
	}
	return Address{TON: sca[0] >> 4 & 7, NPI: sca[0] & 15, Number: digitsOf(sca[1:], maxDigits)}, tpdu, nil
}
