package gsm

import (
	"unicode/utf16"
	"unicode/utf8"
)

// AppendUCS2 appends the text as UTF-16, big endian. The specification says
// UCS-2, phones read UTF-16: characters beyond U+FFFF become surrogate pairs.
// Invalid UTF-8 becomes U+FFFD. 3GPP TS 23.038 6.2.3.
func AppendUCS2(dst []byte, text string) []byte {
	for _, r := range text {
		if r > 0xFFFF {
			high, low := utf16.EncodeRune(r)
			dst = append(dst, byte(high>>8), byte(high), byte(low>>8), byte(low))
			continue
		}
		dst = append(dst, byte(r>>8), byte(r))
	}
	return dst
}

// DecodeUCS2 returns the text of UTF-16 octets, big endian. Half of a
// surrogate pair becomes U+FFFD, half of a unit at the end is left out.
func DecodeUCS2(b []byte) string {
	var scratch [280]byte
	return string(AppendDecodedUCS2(scratch[:0], b))
}

// AppendDecodedUCS2 appends the text of UTF-16 octets as UTF-8; see [DecodeUCS2].
func AppendDecodedUCS2(dst, b []byte) []byte {
	for ; len(b) >= 2; b = b[2:] {
		r := unit(b)
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if len(b) >= 4 {
				pair = utf16.DecodeRune(r, unit(b[2:]))
			}
			if r = pair; r != utf8.RuneError {
				b = b[2:]
			}
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// unit reads one UTF-16 code unit.
func unit(b []byte) rune {
	return rune(b[0])<<8 | rune(b[1])
}

// AppendLatin1 appends the text in ISO-8859-1. If a character is beyond U+00FF
// or the text is not UTF-8, ok is false and dst keeps its old length.
func AppendLatin1(dst []byte, text string) (out []byte, ok bool) {
	old := len(dst)
	for _, r := range text {
		if r > 0xFF {
			return dst[:old], false
		}
		dst = append(dst, byte(r))
	}
	return dst, true
}

// DecodeLatin1 returns the text of ISO-8859-1 octets.
func DecodeLatin1(b []byte) string {
	var scratch [280]byte
	return string(AppendDecodedLatin1(scratch[:0], b))
}

// AppendDecodedLatin1 appends the text of ISO-8859-1 octets as UTF-8.
func AppendDecodedLatin1(dst, b []byte) []byte {
	for _, c := range b {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}
