package gsm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// unmarked are letters that Unicode does not take apart into a base letter and
// a mark, and what people write for them.
var unmarked = strings.NewReplacer("ø", "o", "æ", "ae", "œ", "oe", "ß", "ss", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i", "ħ", "h")

// Fold returns a text in lower case and without diacritics, for comparing
// what people write on phones: Éva, eva and ÉVA are one.
func Fold(text string) string {
	lower := strings.ToLower(text)
	if strings.IndexFunc(lower, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 {
		return lower
	}
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(lower))
	return unmarked.Replace(bare)
}
