package message

// TON is a type of number (SMPP 3.4 5.2.5).
type TON uint8

// NPI is a numbering plan indicator (SMPP 3.4 5.2.6).
type NPI uint8

// Types of number and numbering plans in use for short messages.
const (
	TONUnknown       TON = 0
	TONInternational TON = 1
	TONNational      TON = 2
	TONNetwork       TON = 3
	TONSubscriber    TON = 4
	TONAlphanumeric  TON = 5
	TONAbbreviated   TON = 6

	NPIUnknown NPI = 0
	NPIISDN    NPI = 1 // E.163 and E.164
)

// Address is who sends or receives: a telephone number in digits without plus,
// a short code, or an alphanumeric sender of at most 11 characters.
type Address struct {
	TON    TON
	NPI    NPI
	Number string
}

// IsZero tells whether there is no address.
func (a Address) IsZero() bool { return a.Number == "" }

// String shows the address as people write it: a plus before an international
// number, else as it is.
func (a Address) String() string {
	if a.TON == TONInternational {
		return "+" + a.Number
	}
	return a.Number
}
