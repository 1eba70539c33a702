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
	octet [256]uint8 // by octet of UTF-8; those beyond ASCII are notInAlphabet
	latin [256]uint8 // by code point
	greek [greekLast - greekFirst + 1]uint8
}

const (
	greekFirst = 'ΐ' // U+0390
	greekLast  = 'ί' // U+03AF
)

var septetOf = reverse(&defaultAlphabet, &extensionTable)

// reverse makes the reverse of a table and its extension. A character that is
// in both, as every one that fills a hole of the extension, is a plain septet.
func reverse(table, extension *[128]rune) (t reverseTable) {
	for _, part := range [][]uint8{t.octet[:], t.latin[:], t.greek[:]} {
		for i := range part {
			part[i] = notInAlphabet
		}
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
		put(extension[code], extended|uint8(code))
	}
	for code := range 128 {
		if code != Escape {
			put(table[code], uint8(code))
		}
	}
	copy(t.octet[:utf8.RuneSelf], t.latin[:])
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

// beyondASCII returns what the alphabet has for the first character of a text
// that does not begin with ASCII, and the octets it takes up. What is not UTF-8
// is not in the alphabet.
func (t *reverseTable) beyondASCII(text string) (v uint8, size int) {
	if text[0]&^1 == 0xC2 && len(text) > 1 && text[1]&0xC0 == 0x80 { // U+0080 to U+00FF
		return t.latin[text[0]<<6|text[1]&0x3F], 2
	}
	r, size := utf8.DecodeRuneInString(text)
	return t.septet(r), size
}

// lane is how many octets are looked up at once, because nearly all texts are
// runs of plain characters: ASCII, and one septet each.
const lane = 8

// plain says whether each of the first octets of a text is a plain character.
func (t *reverseTable) plain(s string) bool {
	_ = s[lane-1]
	o := &t.octet
	return o[s[0]]|o[s[1]]|o[s[2]]|o[s[3]]|o[s[4]]|o[s[5]]|o[s[6]]|o[s[7]] < extended
}

// AppendGSM7 appends the text in the GSM 7-bit default alphabet, one septet
// per octet, characters of the extension table as an escape pair. If the
// alphabet lacks a character, ok is false and dst keeps its old length.
// 3GPP TS 23.038 6.2.1.
func AppendGSM7(dst []byte, text string) (out []byte, ok bool) {
	old, t := len(dst), &septetOf
	for len(text) > 0 {
		for len(text) >= lane && t.plain(text) {
			s, o := text[:lane], &t.octet
			dst = append(dst, o[s[0]], o[s[1]], o[s[2]], o[s[3]], o[s[4]], o[s[5]], o[s[6]], o[s[7]])
			text = text[lane:]
		}
		for n := 0; n < lane && len(text) > 0; n++ {
			v, size := t.octet[text[0]], 1
			if text[0] >= utf8.RuneSelf {
				v, size = t.beyondASCII(text)
			}
			switch {
			case v < extended:
				dst = append(dst, v)
			case v == notInAlphabet:
				return dst[:old], false
			default:
				dst = append(dst, Escape, v&^extended)
			}
			text = text[size:]
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
		if c >= 0x80 {
			dst = utf8.AppendRune(dst, utf8.RuneError)
			continue
		}
		r := defaultAlphabet[c]
		if c == Escape && i+1 < len(septets) && septets[i+1] < 0x80 {
			i++
			r = extensionTable[septets[i]]
		}
		if r < utf8.RuneSelf {
			dst = append(dst, byte(r))
		} else {
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
