package route

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"kurir/gsm"
	"kurir/message"
)

// maxAlphanumeric is how many septets an alphanumeric sender may have (3GPP TS 23.040 9.1.2.5); characters of the
// extension table count as two.
const maxAlphanumeric = 11

// Sender makes an address of a sender as the customer wrote it; country is as for Normalise:
//
//	+46701234567, 0046701234567, 701234567 ... 15 digits   a number: TON 1, NPI 1
//	2025550123                                             likewise, where country has no leading zero
//	72456, 0701234567                                      a short code or national number, kept: TON 0, NPI 1
//	ACME, Taxi 020, 24/7                                   at most 11 characters of the GSM alphabet, one of
//	                                                       them no digit: TON 5, NPI 0
//
// A sender that is too long is refused with a proposal.
func Sender(sender, country string) (message.Address, error) {
	sender = strings.TrimSpace(sender)
	if sender == "" {
		return message.Address{}, errors.New("the sender is empty")
	}
	digits, plus := strings.CutPrefix(sender, "+")
	if !message.AllDigits(digits) {
		if !looksNumeric(sender) {
			return Name(sender)
		}
		var err error
		if digits, plus, _, err = clean(sender); err != nil {
			return message.Address{}, err
		}
		if !plus && len(digits) <= maxShort && strings.ContainsAny(sender, "/.") {
			return Name(sender) // nobody writes a short code so
		}
	}
	if !plus && strings.HasPrefix(digits, "0") && !strings.HasPrefix(digits, "00") {
		if len(digits) < minDigits || len(digits) > maxDigits {
			return message.Address{}, fmt.Errorf("the sender %q has %d digits; numbers have %d to %d", shown(sender), len(digits), minDigits, maxDigits)
		}
		return message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: digits}, nil
	}
	return classify(sender, digits, country, plus, false)
}

// SenderPattern brings a pattern of senders (account.Account.Senders) into the form that message.Address.Matches compares,
// however numbers in it are written: +46 70-123 45 67, 0046*.
func SenderPattern(pattern, country string) string {
	text, open := strings.CutSuffix(pattern, "*")
	if !open {
		if a, err := Sender(pattern, country); err == nil {
			return a.String()
		}
		return pattern // no sender is written so; SenderPatternProblem says why
	}
	if !looksNumeric(text) {
		return pattern
	}
	digits, plus, _, err := clean(text)
	if err != nil {
		return pattern
	}
	if rest, ok := strings.CutPrefix(digits, "00"); ok && !plus {
		digits, plus = rest, true
	}
	if plus {
		digits = "+" + digits
	}
	return digits + "*"
}

// SenderPatternProblem says why no sender can match a pattern; empty: one can. Digits that are no number may still be a
// name (TON 5), unless they are too many for a number, and so for a name.
func SenderPatternProblem(pattern, country string) string {
	text, open := strings.CutSuffix(pattern, "*")
	if text == "" || strings.Contains(text, "*") {
		return "" // any, or a mistake of account.Account.Validate
	}
	if looksNumeric(text) {
		return manyDigits(text)
	}
	var err error
	if open {
		_, err = Name(text)
	} else {
		_, err = Sender(text, country)
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// manyDigits says that what looks like a number has more digits than numbers have (ITU-T E.164 6.1); empty: it has not.
func manyDigits(text string) string {
	n := 0
	for _, r := range text {
		if '0' <= r && r <= '9' {
			n++
		}
	}
	if strings.HasPrefix(text, "00") {
		n -= 2
	}
	if n <= maxDigits {
		return ""
	}
	return fmt.Sprintf("the sender %q has %d digits; a number has at most %d", shown(text), n, maxDigits)
}

// looksNumeric tells whether there are digits and nothing but what may stand between them.
func looksNumeric(s string) bool {
	digits := false
	for i, r := range s {
		switch {
		case '0' <= r && r <= '9':
			digits = true
		case r == '+' && i == 0, isSeparator(r):
		default:
			return false
		}
	}
	return digits
}

// Name makes an alphanumeric address of a name, digits included. The error says in plain words what is wrong with it: a
// name has at most 11 septets of the GSM alphabet (3GPP TS 23.040 9.1.2.5) and no control characters.
func Name(sender string) (message.Address, error) {
	var room [maxAlphanumeric + 2]byte
	septets := 0
	for i, size := 0, 0; i < len(sender); i += size {
		var r rune
		if r, size = utf8.DecodeRuneInString(sender[i:]); r < ' ' || r == 0x7f {
			return message.Address{}, fmt.Errorf("the sender %q has a control character", shown(sender))
		}
		encoded, ok := gsm.AppendGSM7(room[:0], sender[i:i+size])
		if !ok {
			return message.Address{}, fmt.Errorf("the sender %q has a character that phones cannot show in a sender: %q", shown(sender), r)
		}
		if septets += len(encoded); septets > maxAlphanumeric {
			return message.Address{}, tooLong(sender, i)
		}
	}
	return message.Address{TON: message.TONAlphanumeric, NPI: message.NPIUnknown, Number: sender}, nil
}

// tooLong is the error for a sender of which only the first fits octets fit. The proposal ends with a whole word
// where one ends in the second half, and never leaves digits alone.
func tooLong(sender string, fits int) error {
	return &LongSenderError{sender, shorter(sender, fits)}
}

func shorter(sender string, fits int) string {
	proposal := sender[:fits]
	if at := strings.LastIndexByte(proposal, ' '); at >= fits/2 && sender[fits] != ' ' && !looksNumeric(proposal[:at]) {
		proposal = proposal[:at]
	}
	proposal = strings.TrimRight(proposal, " -.,")
	if looksNumeric(proposal) {
		return ""
	}
	return proposal
}

// LongSenderError is a sender's name that is too long.
type LongSenderError struct {
	Sender   string
	Proposal string // a shorter one that would do; empty if there is none
}

// Error says how long it may be, and what would do.
func (e *LongSenderError) Error() string {
	text := fmt.Sprintf("the sender %q is too long: at most %d characters", shown(e.Sender), maxAlphanumeric)
	if e.Proposal != "" {
		text += fmt.Sprintf("; %q would do", e.Proposal)
	}
	return text
}

// Shorter gives the sender that an error of Sender or Name proposes in place of a name that is too long.
func Shorter(err error) (message.Address, bool) {
	var long *LongSenderError
	if !errors.As(err, &long) || long.Proposal == "" {
		return message.Address{}, false
	}
	a, err := Name(long.Proposal)
	return a, err == nil
}
