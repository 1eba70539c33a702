package mail

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// Kind is what a recipient's address names.
type Kind string

// Kinds.
const (
	Number  Kind = "number"  // a phone
	Group   Kind = "group"   // a group of contacts
	Rota    Kind = "rota"    // whoever is on duty
	Contact Kind = "contact" // a person of the address book
)

// Recipient is what the local part of a mail address asks for.
type Recipient struct {
	Kind    Kind
	Name    string // digits, with + in front if it was written so; otherwise the name as written
	Domain  string // in small letters, without the at sign; empty if only a local part was given
	Options Options
}

// ParseRecipient reads a mail address, or its local part, as a recipient of an
// SMS:
//
//	070123456  +4670123456  0046-70-12 34 56  +46 (0)70 123456  "070-12 34 56"
//	group.NAME  rota.NAME  contact.NAME
//	SMS:070123456  IMCEASMS-070123456  IMCEASMS-+2B4670123456  (Exchange, Notes)
//
// A name may hold dots; a colon instead of the first one is the same. Spaces,
// hyphens, brackets, dots and slashes within a number are dropped, and "(0)" behind a
// country code with them.
//
// Options stand behind, each with a plus sign before it, in any order:
//
//	070123456+flash  +4670123456+high+at=0730  group.duty+tag=ops
//
// They cannot be mistaken for a number's own sign, because an option begins with
// a letter, and because a number's plus stands before all digits. They are those of
// Options: flash, high, at=HHMM (at=HH:MM in quotes; a day before it as at=YYYYMMDDTHHMM),
// tag=WORD. The error is a sentence for whoever wrote the address.
func ParseRecipient(address string) (Recipient, error) {
	r, err := SplitRecipient(address)
	if err != nil {
		return Recipient{}, err
	}
	r.Kind, r.Name, err = readRecipient(r.Name)
	return r, err
}

// SplitRecipient is ParseRecipient for addresses that have a meaning of their own: Name is what stands before the @ and the options, and
// there is no Kind.
func SplitRecipient(address string) (Recipient, error) {
	local, domain, err := splitAddress(address)
	if err != nil {
		return Recipient{}, err
	}
	local, err = unwrap(local)
	if err != nil {
		return Recipient{}, err
	}
	local, options, err := cutOptions(local)
	if err != nil {
		return Recipient{}, err
	}
	return Recipient{Name: local, Domain: domain, Options: options}, nil
}

// splitAddress parts the address at its last at sign, and takes quotes off the
// local part (RFC 5321 4.1.2).
func splitAddress(address string) (local, domain string, err error) {
	local = strings.TrimSpace(address)
	local = strings.TrimSuffix(strings.TrimPrefix(local, "<"), ">")
	if len(local) > mostAddress {
		return "", "", fmt.Errorf("the address is longer than %d characters", mostAddress)
	}
	if at := strings.LastIndexByte(local, '@'); at >= 0 && !strings.HasSuffix(local, `"`) {
		local, domain = local[:at], strings.ToLower(local[at+1:])
	}
	local = strings.TrimSpace(local)
	if len(local) > 1 && local[0] == '"' && local[len(local)-1] == '"' {
		var b strings.Builder
		for i := 1; i < len(local)-1; i++ {
			if local[i] == '\\' && i+1 < len(local)-1 {
				i++
			}
			b.WriteByte(local[i])
		}
		local = strings.TrimSpace(b.String())
	}
	for _, r := range local {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return "", "", errors.New("the address has characters that cannot be written")
		}
	}
	if local == "" {
		return "", "", errors.New("the address has nothing before the @")
	}
	return local, domain, nil
}

// mostAddress bounds what is read as an address: those that Exchange wraps are
// longer than RFC 5321's 64 and 255 octets.
const mostAddress = 1024

// unwrap takes off what Exchange and Notes put around an address of type SMS:
// IMCEASMS- with what is no letter, digit, hyphen or equals sign written as + and two
// hexadecimal digits, and a slash as an underscore; or SMS: before it.
func unwrap(local string) (string, error) {
	if rest, is := cutPrefixFold(local, "IMCEA"); is {
		kind, wrapped, found := strings.Cut(rest, "-")
		if !found || !strings.EqualFold(kind, "SMS") && !strings.EqualFold(kind, "MOBILE") {
			return "", fmt.Errorf("the address is one of Exchange's of the type %s, and only SMS is taken here", strings.ToUpper(shorten(kind)))
		}
		local = unescapeIMCEA(wrapped)
	}
	for _, prefix := range []string{"SMS:", "SMS=", "MOBILE:", "TEL:"} {
		if rest, is := cutPrefixFold(local, prefix); is {
			local = strings.TrimSpace(rest)
			break
		}
	}
	if at := strings.LastIndexByte(local, '@'); at > 0 { // IMCEASMS-070123456+40sms.example.se
		local = local[:at]
	}
	return local, nil
}

// unescapeIMCEA decodes +XX. A plus sign with anything else behind it is one:
// options may follow an address that is wrapped.
func unescapeIMCEA(wrapped string) string {
	var b strings.Builder
	for i := 0; i < len(wrapped); i++ {
		c := wrapped[i]
		if c == '+' && i+2 < len(wrapped) {
			// It escapes no letter or digit: +46 is the sign of a number that nobody wrapped.
			if octet, ok := hexOctet(wrapped[i+1], wrapped[i+2]); ok && (octet >= 0x80 || octet >= ' ' && !alphanumeric(octet)) {
				b.WriteByte(octet)
				i += 2
				continue
			}
		}
		if c == '_' {
			c = '/'
		}
		b.WriteByte(c)
	}
	return strings.ToValidUTF8(b.String(), "\ufffd")
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// cutOptions takes options off the end.
func cutOptions(local string) (rest string, o Options, err error) {
	for {
		at := strings.LastIndexByte(local, '+')
		if at < 1 || at+1 == len(local) || !letter(local[at+1]) {
			return local, o, nil
		}
		more, err := readOption(local[at+1:])
		if err != nil {
			return "", Options{}, err
		}
		local, o = local[:at], more.With(o)
	}
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// readRecipient tells what the rest names.
func readRecipient(local string) (Kind, string, error) {
	local = strings.TrimSpace(local)
	for _, kind := range []Kind{Group, Rota, Contact} {
		rest, is := cutPrefixFold(local, string(kind))
		if !is || rest == "" || rest[0] != '.' && rest[0] != ':' {
			continue
		}
		name := strings.TrimSpace(rest[1:])
		if name == "" {
			return "", "", fmt.Errorf("the address names no %s: it is written %s.NAME", kind, kind)
		}
		return kind, name, nil
	}
	number, err := readNumber(local)
	return Number, number, err
}

// Bounds of a number: from short codes to an international one of fifteen digits
// (ITU-T E.164 6) with a prefix before it.
const (
	fewestDigits = 3
	mostDigits   = 20
)

// readNumber drops what people put between digits.
func readNumber(text string) (string, error) {
	digits, plus := make([]byte, 0, mostDigits), false
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r == '+' && len(digits) == 0 && !plus:
			plus = true
		case r == '(' && len(digits) > 0 && plus && strings.HasPrefix(text[i:], "(0)"):
			text = text[:i] + "( )" + text[i+3:]
			return readNumber(text)
		case strings.ContainsRune("-.()/[] ", r), unicode.IsSpace(r), r >= 0x2010 && r <= 0x2015:
		default:
			return "", fmt.Errorf("%q is no phone number, and nothing like group.NAME, rota.NAME or contact.NAME", shorten(text))
		}
		if len(digits) > mostDigits {
			return "", fmt.Errorf("the phone number has more than %d digits", mostDigits)
		}
	}
	if len(digits) < fewestDigits {
		return "", fmt.Errorf("%q is no phone number: it has fewer than %d digits", shorten(text), fewestDigits)
	}
	if plus {
		return "+" + string(digits), nil
	}
	return string(digits), nil
}

// shorten cuts what an error quotes.
func shorten(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "..."
	}
	return text
}

func cutPrefixFold(text, prefix string) (rest string, is bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return text, false
	}
	return text[len(prefix):], true
}
