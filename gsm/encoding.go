package gsm

import (
	"errors"
	"fmt"
)

// Encoding says how the characters of a text become octets.
type Encoding uint8

// The encodings of a short message.
const (
	Auto   Encoding = iota // GSM7 if the whole text is in its alphabet, else UCS2
	GSM7                   // the default alphabet with its extension table, one septet per octet
	UCS2                   // UTF-16, big endian, with surrogate pairs
	Binary                 // octets that are no text
	Latin1                 // ISO-8859-1, one octet per character: SMPP data coding 3
)

// encodingNames are the words of the API and the configuration file, by Encoding.
var encodingNames = [...]string{Auto: "auto", GSM7: "gsm7", UCS2: "ucs2", Binary: "binary", Latin1: "latin1"}

// String returns "auto", "gsm7", "ucs2", "binary" or "latin1".
func (e Encoding) String() string {
	if int(e) < len(encodingNames) {
		return encodingNames[e]
	}
	return fmt.Sprintf("encoding(%d)", uint8(e))
}

// ParseEncoding is the reverse of [Encoding.String]. The empty string means Auto.
func ParseEncoding(s string) (Encoding, error) {
	if s == "" {
		return Auto, nil
	}
	for e, name := range encodingNames {
		if s == name {
			return Encoding(e), nil
		}
	}
	return Auto, fmt.Errorf("unknown encoding %q: use auto, gsm7, ucs2, binary or latin1", s)
}

// MarshalText writes the encoding as its word.
func (e Encoding) MarshalText() ([]byte, error) {
	if int(e) >= len(encodingNames) {
		return nil, fmt.Errorf("%v has no name", e)
	}
	return []byte(e.String()), nil
}

// UnmarshalText reads a word as [ParseEncoding] does.
func (e *Encoding) UnmarshalText(b []byte) error {
	v, err := ParseEncoding(string(b))
	if err == nil {
		*e = v
	}
	return err
}

// What a text or its header can be refused for.
var (
	ErrInvalidUTF8   = errors.New("the text is not valid UTF-8")
	ErrTooManyParts  = errors.New("the message needs more than 255 parts")
	ErrTooLong       = errors.New("the message is itself a part of a longer one and does not fit into one short message")
	ErrHeaderTooLong = errors.New("the user data header leaves no room for the message")
	ErrNotText       = errors.New("binary is not an encoding of text: use auto, gsm7, ucs2 or latin1")
)

// UnencodableError says which character the wanted encoding does not have.
type UnencodableError struct {
	Rune     rune     // the first such character
	Offset   int      // its place in the text, in octets of UTF-8
	Encoding Encoding // the encoding that was asked for
}

// Error names the character by its code point alone, so that no part of the
// text itself gets into a log.
func (e *UnencodableError) Error() string {
	return fmt.Sprintf("character %U at octet %d cannot be written in %v: use encoding auto or ucs2, or leave it out",
		e.Rune, e.Offset, e.Encoding)
}

// Decode returns the text of encoded octets. Unpacked septets are expected for
// GSM7. Binary and Auto are no encodings of text: the result is empty.
func Decode(enc Encoding, data []byte) string {
	switch enc {
	case GSM7:
		return DecodeGSM7(data)
	case UCS2:
		return DecodeUCS2(data)
	case Latin1:
		return DecodeLatin1(data)
	}
	return ""
}

// DecodeIn returns the text of encoded octets, septets by the tables of a shift;
// see [Decode].
func DecodeIn(enc Encoding, s Shift, data []byte) string {
	if enc == GSM7 {
		return DecodeShifted(data, s)
	}
	return Decode(enc, data)
}

// AppendDecodedIn appends the text of encoded octets as UTF-8; see [DecodeIn].
func AppendDecodedIn(dst []byte, enc Encoding, s Shift, data []byte) []byte {
	if enc == GSM7 {
		return AppendDecodedShifted(dst, data, s)
	}
	return AppendDecoded(dst, enc, data)
}

// AppendDecoded appends the text of encoded octets as UTF-8; see [Decode].
func AppendDecoded(dst []byte, enc Encoding, data []byte) []byte {
	switch enc {
	case GSM7:
		return AppendDecodedGSM7(dst, data)
	case UCS2:
		return AppendDecodedUCS2(dst, data)
	case Latin1:
		return AppendDecodedLatin1(dst, data)
	}
	return dst
}
