package cimd2

import "kurir/gsm"

// escapeMark begins an escape of two more characters.
const escapeMark = '_'

// underscore is the septet of the underscore, which stands for itself where no escape follows.
const underscore = 0x11

// unknownChar takes the place of a character of Latin-1 that the GSM alphabet lacks.
const unknownChar = '?'

// escapes gives the two characters behind the mark for each septet that cannot be, or need not be, sent as it is.
var escapes = map[byte]string{
	0x00: "Oa", 0x01: "L-", 0x03: "Y-", 0x04: "e`", 0x05: "e'", 0x06: "u`", 0x07: "i`", 0x08: "o`", 0x09: "C,",
	0x0B: "O/", 0x0C: "o/", 0x0E: "A*", 0x0F: "a*", 0x10: "gd", 0x11: "--", 0x12: "gf", 0x13: "gg", 0x14: "gl", 0x15: "go",
	0x16: "gp", 0x17: "gi", 0x18: "gs", 0x19: "gt", 0x1A: "gx", 0x1B: "XX", 0x1C: "AE", 0x1D: "ae", 0x1E: "ss", 0x1F: "E'",
	0x22: "qq", 0x24: "ox", 0x40: "!!", 0x5B: `A"`, 0x5C: `O"`, 0x5D: "N~", 0x5E: `U"`, 0x5F: "so", 0x60: "??",
	0x7B: `a"`, 0x7C: `o"`, 0x7D: "n~", 0x7E: `u"`, 0x7F: "a`",
}

// written gives what is written for each septet: one character, or the mark and two.
var written = func() (t [128]string) {
	for septet := range t {
		t[septet] = string(rune(septet))
		if e, ok := escapes[byte(septet)]; ok {
			t[septet] = string(escapeMark) + e
		}
	}
	t[0x00], t[0x02], t['"'] = "@", "$", `"` // these three are understood as they are
	return t
}()

// readChar gives the septet of a character that stands for itself: ASCII is the septet of the same value, with the
// exceptions of the default character set of CIMD2, which has the Nordic letters of ISO 646 in the place of brackets
// ([ \ { | ^ and ~ have the values of Ä Ö ä ö Ü and ü in the GSM alphabet too). Beyond ASCII it is Latin-1.
var readChar = func() (t [256]byte) {
	for c := range t {
		if c < 0x80 {
			t[c] = byte(c)
			continue
		}
		t[c] = unknownChar
		if s, ok := gsm.AppendGSM7(nil, string(rune(c))); ok && len(s) == 1 {
			t[c] = s[0]
		} else if plain, _, whole := gsm.Simplify(string(rune(c))); whole && len(plain) == 1 {
			t[c] = readPlain(plain)
		}
	}
	t['@'], t['$'], t[']'], t['}'], t[escapeMark] = 0x00, 0x02, 0x0E, 0x0F, underscore
	return t
}()

// readPlain gives the septet of a character of the alphabet, or that of a question mark.
func readPlain(s string) byte {
	if septets, ok := gsm.AppendGSM7(nil, s); ok && len(septets) == 1 {
		return septets[0]
	}
	return unknownChar
}

// readEscape finds the septet of the two characters behind the mark.
var readEscape = func() map[[2]byte]byte {
	m := make(map[[2]byte]byte, len(escapes))
	for septet, e := range escapes {
		m[[2]byte{e[0], e[1]}] = septet
	}
	return m
}()

// AppendText appends septets of the GSM alphabet (one per octet, characters of its extension table behind an escape) in
// the form of parameter 033: characters of ASCII, and _xy for all others. An escape is written _XX, and behind it what its
// second septet is as a character of the plain alphabet: € is _XXe. What is no septet becomes a question mark.
func AppendText(dst, septets []byte) []byte {
	for _, s := range septets {
		if s >= 0x80 {
			s = unknownChar
		}
		if w := written[s]; len(w) == 1 {
			dst = append(dst, w[0])
		} else {
			dst = append(dst, w...)
		}
	}
	return dst
}

// ParseText appends the septets that a value of parameter 033 stands for, one per octet. It never fails: an escape that is
// unknown or cut off stays as its characters, and what the GSM alphabet lacks becomes the plain form of the letter or a
// question mark.
func ParseText(dst, value []byte) []byte {
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == escapeMark && i+2 < len(value) {
			if s, ok := readEscape[[2]byte{value[i+1], value[i+2]}]; ok {
				dst = append(dst, s)
				i += 2
				continue
			}
		}
		dst = append(dst, readChar[c])
	}
	return dst
}
