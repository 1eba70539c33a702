package gsm

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
)

// The character sets that data_coding names beside those of a phone
// (SMPP 3.4 5.2.19).
const (
	codingJIS      = 0x05 // JIS X 0208
	codingCyrillic = 0x06 // ISO-8859-5
	codingHebrew   = 0x07 // ISO-8859-8
	codingMusic    = 0x0A // ISO-2022-JP
	codingKanji    = 0x0D // JIS X 0212
	codingKorean   = 0x0E // KS C 5601
)

// DecodeCharset returns the text of octets in a character set that data_coding
// names and no phone has: Japanese, Cyrillic, Hebrew, Korean. ok is false for
// every other data_coding. What the set does not define becomes U+FFFD.
//
// Of Japanese the specification names only the tables. Seen are their bare
// codes, two octets of 7 bits a character; ISO-2022-JP, which escapes into them;
// EUC-JP and Shift JIS. They are told apart by their octets.
// SMPP 3.4 5.2.19.
func DecodeCharset(coding uint8, data []byte) (text string, ok bool) {
	switch coding {
	case codingJIS, codingMusic, codingKanji:
		return decodeJapanese(data, coding == codingKanji), true
	case codingCyrillic:
		return decodeWith(charmap.ISO8859_5, data), true
	case codingHebrew:
		return decodeWith(charmap.ISO8859_8, data), true
	case codingKorean:
		return decodeWith(korean.EUCKR, data), true
	}
	return "", false
}

func decodeWith(e encoding.Encoding, data []byte) string {
	text, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return DecodeLatin1(data) // these decoders replace what they do not know and do not fail
	}
	return string(text)
}

func decodeJapanese(data []byte, supplementary bool) string {
	high, escape, pairs := false, false, len(data)%2 == 0 && len(data) > 0
	for _, b := range data {
		high = high || b >= 0x80
		escape = escape || b == Escape
		pairs = pairs && b > 0x20 && b < 0x7F
	}
	switch {
	case escape:
		return decodeWith(japanese.ISO2022JP, data)
	case high:
		if text := decodeWith(japanese.EUCJP, data); whole(text) {
			return text
		}
		return decodeWith(japanese.ShiftJIS, data)
	case pairs:
		if text := decodeWith(japanese.EUCJP, codePairs(data, supplementary)); whole(text) {
			return text
		}
	}
	return string(data) // ASCII
}

// codePairs makes EUC-JP of bare codes of JIS X 0208, or of JIS X 0212, the
// supplementary table.
func codePairs(data []byte, supplementary bool) []byte {
	out := make([]byte, 0, len(data)*3/2)
	for i := 0; i+1 < len(data); i += 2 {
		if supplementary {
			out = append(out, 0x8F)
		}
		out = append(out, data[i]|0x80, data[i+1]|0x80)
	}
	return out
}

func whole(text string) bool { return !strings.ContainsRune(text, utf8.RuneError) }
