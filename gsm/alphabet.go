package gsm

import "unicode/utf8"

// Escape is the septet that takes the next one from the extension table.
const Escape = 0x1B

// The reverse table holds a septet, or a code of the extension table with the
// high bit set, or notInAlphabet (the extension table has no code 7F).
const (
	extended      = 0x80
	notInAlphabet = 0xFF
	euroSeptet    = extended | 0x65
)

// defaultAlphabet is the GSM 7-bit default alphabet by septet, a row of 16
// codes per line. The escape has no character of its own; when it stands
// alone, it is shown as a space. 3GPP TS 23.038 6.2.1.
var defaultAlphabet = [128]rune{
	'@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
	'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É',
	' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
	'0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
	'¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
	'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
	'¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
	'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
}

// extensionTable holds what follows an escape. Codes that it lacks show the
// character of the default alphabet, a second escape (kept for another table,
// never defined) a space. 3GPP TS 23.038 6.2.1.1.
var extensionTable = extend(defaultAlphabet, map[byte]rune{
	0x0A: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2F: '\\',
	0x3C: '[', 0x3D: '~', 0x3E: ']', 0x40: '|', 0x65: '€',
})

// extend returns a copy of a table with some codes replaced.
func extend(table [128]rune, codes map[byte]rune) [128]rune {
	for code, r := range codes {
		table[code] = r
	}
	return table
}

// reverseTable finds the septet of a character. Apart from the euro sign, the
// alphabet lies within Latin-1 and 32 code points of Greek.
type reverseTable struct {
	latin [256]uint8
	greek [greekLast - greekFirst + 1]uint8
}

const (
	greekFirst = 'ΐ' // U+0390
	greekLast  = 'ί' // U+03AF
)

var septetOf = reverse(&defaultAlphabet, &extensionTable)

func reverse(table, extension *[128]rune) *reverseTable {
	t := new(reverseTable)
	for i := range t.latin {
		t.latin[i] = notInAlphabet
	}
	for i := range t.greek {
		t.greek[i] = notInAlphabet
	}
	put := func(r rune, v uint8) {
		switch {
		case r <= 0xFF:
			t.latin[r] = v
		case r >= greekFirst && r <= greekLast:
			t.greek[r-greekFirst] = v
		}
	}
	for code := range 128 {
		if r := extension[code]; r != table[code] {
			put(r, extended|uint8(code))
		}
	}
	for code := range 128 {
		if code != Escape {
			put(table[code], uint8(code))
		}
	}
	return t
}

// septet returns what the alphabet has for a character: a septet, a code of
// the extension table with the bit extended, or notInAlphabet.
func (t *reverseTable) septet(r rune) uint8 {
	switch {
	case r <= 0xFF:
		return t.latin[r]
	case r >= greekFirst && r <= greekLast:
		return t.greek[r-greekFirst]
	case r == '€':
		return euroSeptet
	}
	return notInAlphabet
}

// AppendGSM7 appends the text in the GSM 7-bit default alphabet, one septet
// per octet, characters of the extension table as an escape pair. If the
// alphabet lacks a character, ok is false and dst keeps its old length.
// 3GPP TS 23.038 6.2.1.
func AppendGSM7(dst []byte, text string) (out []byte, ok bool) {
	old := len(dst)
	for i := 0; i < len(text); {
		var v uint8
		if c := text[i]; c < utf8.RuneSelf {
			v = septetOf.latin[c]
			i++
		} else {
			// Invalid UTF-8 decodes to U+FFFD, which is not in the alphabet.
			r, size := utf8.DecodeRuneInString(text[i:])
			v = septetOf.septet(r)
			i += size
		}
		switch {
		case v < extended:
			dst = append(dst, v)
		case v == notInAlphabet:
			return dst[:old], false
		default:
			dst = append(dst, Escape, v&^extended)
		}
	}
	return dst, true
}

// IsGSM7 says whether every character of the text is in the GSM 7-bit default
// alphabet or its extension table.
func IsGSM7(text string) bool {
	_, _, end := countGSM7(text)
	return end == len(text)
}

// DecodeGSM7 returns the text of unpacked septets. What the alphabet does not
// define is shown as the specification wants it: an unknown code after an
// escape as the character of the default alphabet, a second or a lone escape
// as a space. Octets above 7F are no septets and become U+FFFD.
// 3GPP TS 23.038 6.2.1 and 6.2.1.1.
func DecodeGSM7(septets []byte) string {
	var scratch [320]byte
	return string(AppendDecodedGSM7(scratch[:0], septets))
}

// AppendDecodedGSM7 appends the text of unpacked septets as UTF-8; see
// [DecodeGSM7].
func AppendDecodedGSM7(dst, septets []byte) []byte {
	for i := 0; i < len(septets); i++ {
		c := septets[i]
		r := utf8.RuneError
		switch {
		case c == Escape && i+1 < len(septets) && septets[i+1] < 0x80:
			i++
			r = extensionTable[septets[i]]
		case c < 0x80:
			r = defaultAlphabet[c]
		}
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
