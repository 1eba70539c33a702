package gsm

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DefaultAlphabet is what data_coding 0 means between two sides of SMPP: the
// specification leaves it to them (SMPP 3.4 5.2.19).
type DefaultAlphabet uint8

// The default alphabets in use.
const (
	DefaultGSM    DefaultAlphabet = iota // GSM 7-bit, a septet an octet
	DefaultPacked                        // GSM 7-bit, packed as on the air
	DefaultLatin1                        // ISO-8859-1
	DefaultASCII
	DefaultUTF8
	DefaultUCS2
)

var defaultAlphabets = [...]string{"gsm", "gsm-packed", "latin1", "ascii", "utf8", "ucs2"}

// DefaultAlphabets returns the words for them.
func DefaultAlphabets() []string { return append([]string(nil), defaultAlphabets[:]...) }

// String returns the word for it.
func (a DefaultAlphabet) String() string {
	if int(a) < len(defaultAlphabets) {
		return defaultAlphabets[a]
	}
	return fmt.Sprintf("alphabet(%d)", uint8(a))
}

// ParseDefaultAlphabet is the reverse of [DefaultAlphabet.String]; the empty
// word means GSM.
func ParseDefaultAlphabet(word string) (DefaultAlphabet, error) {
	if word == "" {
		return DefaultGSM, nil
	}
	for a, name := range defaultAlphabets {
		if word == name {
			return DefaultAlphabet(a), nil
		}
	}
	return DefaultGSM, fmt.Errorf("%.20q is not known; %s are", word, strings.Join(defaultAlphabets[:], ", "))
}

// Encoding returns the encoding whose octets it has, as far as one does: Latin1
// for ASCII, and for UTF-8, which [DefaultAlphabet.Decode] reads.
func (a DefaultAlphabet) Encoding() Encoding {
	switch a {
	case DefaultGSM, DefaultPacked:
		return GSM7
	case DefaultUCS2:
		return UCS2
	}
	return Latin1
}

// Decode returns the text of octets that stand behind a user data header of so
// many octets (length octet included, 0 for none). What is not UTF-8 where it
// ought to be is read as ISO-8859-1.
func (a DefaultAlphabet) Decode(data []byte, header int) string {
	switch a {
	case DefaultPacked:
		return DecodeGSM7(UnpackAll(data, header))
	case DefaultUTF8:
		if utf8.Valid(data) {
			return string(data)
		}
	}
	return Decode(a.Encoding(), data)
}

// Append appends a text as it stands behind a user data header of so many
// octets. If the alphabet lacks a character, ok is false and dst keeps its old
// length.
func (a DefaultAlphabet) Append(dst []byte, text string, header int) (out []byte, ok bool) {
	switch a {
	case DefaultGSM:
		return AppendGSM7(dst, text)
	case DefaultPacked:
		septets, ok := AppendGSM7(nil, text)
		if !ok {
			return dst, false
		}
		return Pack(dst, septets, FillBits(header)), true
	case DefaultUTF8:
		return append(dst, text...), utf8.ValidString(text)
	case DefaultUCS2:
		return AppendUCS2(dst, text), utf8.ValidString(text)
	case DefaultASCII:
		for i := range len(text) {
			if text[i] >= utf8.RuneSelf {
				return dst, false
			}
		}
		return append(dst, text...), true
	}
	return AppendLatin1(dst, text)
}

// UnpackAll returns the septets, one an octet, of packed text behind a user data
// header of so many octets, where nothing says how many there are. Seven bits
// left over at the end are padding if they are zero, as a sender leaves them, or
// CR, as 3GPP TS 23.038 6.1.2.3.1 wants it: an '@' there is lost.
func UnpackAll(packed []byte, header int) []byte {
	fill := FillBits(header)
	n := (len(packed)*8 - fill) / 7
	septets := Unpack(make([]byte, 0, max(n, 0)), packed, n, fill)
	if last := len(septets) - 1; last >= 0 && (len(packed)*8-fill)%7 == 0 && (septets[last] == 0 || septets[last] == '\r') {
		septets = septets[:last]
	}
	return septets
}
