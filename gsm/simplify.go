package gsm

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Replaced says what was put in the place of a character that an alphabet
// lacks.
type Replaced struct {
	Rune  rune
	By    string // of the alphabet; empty for what cannot be seen, such as a zero-width space
	Count int
	Kept  bool // nothing can take its place: it stays, and the text needs Unicode
}

// simpler is what stands for characters that Unicode does not take apart.
var simpler = map[rune]string{
	'‘': "'", '’': "'", '‚': "'", '‛': "'", '′': "'", '‵': "'", 'ʹ': "'", 'ʼ': "'", 'ʻ': "'", 'ʽ': "'", 'ˈ': "'", '`': "'", '´': "'", '‹': "<", '›': ">",
	'“': "\"", '”': "\"", '„': "\"", '‟': "\"", '″': "\"", '‶': "\"", '«': "\"", '»': "\"", '〝': "\"", '〞': "\"",
	'‐': "-", '‑': "-", '‒': "-", '–': "-", '—': "-", '―': "-", '−': "-", '⁃': "-", '﹘': "-", '－': "-",
	'•': "-", '‣': "-", '◦': "-", '∙': "-", '·': "-",
	'⁄': "/", '∕': "/", '×': "x", '÷': "/", '∶': ":", '∗': "*", '∼': "~", '‖': "||", '¦': "|", '¨': "\"", '¸': ",",
	'‰': "o/oo", '±': "+/-", '©': "(C)", '®': "(R)", '℗': "(P)", '←': "<-", '→': "->", '⇒': "=>", '⇐': "<=", '≤': "<=", '≥': ">=", '≠': "!=",
	'Œ': "OE", 'œ': "oe", 'Ð': "D", 'ð': "d", 'Đ': "D", 'đ': "d", 'Þ': "Th", 'þ': "th", 'Ł': "L", 'ł': "l", 'Ħ': "H", 'ħ': "h",
	'ı': "i", 'ȷ': "j", 'ĸ': "q", 'Ŋ': "N", 'ŋ': "n", 'Ŧ': "T", 'ŧ': "t", 'ẞ': "SS", 'Ə': "A", 'ə': "a", 'Ɓ': "B", 'ɓ': "b", 'Ɖ': "D", 'ɖ': "d",
	'Ɗ': "D", 'ɗ': "d", 'Ɛ': "E", 'ɛ': "e", 'Ɔ': "O", 'ɔ': "o", 'Ƙ': "K", 'ƙ': "k", 'Ɠ': "G", 'ɠ': "g", 'Ɲ': "N", 'ɲ': "n", 'Ƴ': "Y", 'ƴ': "y",
	'Ɨ': "I", 'ɨ': "i", 'Ʉ': "U", 'ʉ': "u", 'Ƀ': "B", 'ƀ': "b", 'Ǥ': "G", 'ǥ': "g", 'Ʒ': "Z", 'ʒ': "z", 'Ƶ': "Z", 'ƶ': "z", 'Ʋ': "V", 'ʋ': "v",
	'Ɵ': "O", 'ɵ': "o", 'Ƒ': "F", 'ƒ': "f", 'Ɫ': "L", 'ɫ': "l", 'Ƚ': "L", 'ƚ': "l", 'Ɍ': "R", 'ɍ': "r", 'Ɏ': "Y", 'ɏ': "y", 'Ⱥ': "A", 'ⱥ': "a",
	'Ȼ': "C", 'ȼ': "c", 'Ɇ': "E", 'ɇ': "e", 'Ɉ': "J", 'ɉ': "j", 'Ⱦ': "T", 'ⱦ': "t", 'Ƭ': "T", 'ƭ': "t", 'Ʈ': "T", 'ʈ': "t", 'Ƥ': "P", 'ƥ': "p",
	'\u2028': "\n", '\u2029': "\n", '\u0085': "\n", '\t': " ", '\v': "\n",
}

// unseen are characters that show nothing by themselves. Those that join others,
// in the scripts that need them, stand beside letters that stay Unicode anyway.
func unseen(r rune) bool {
	switch r {
	case '\u00AD', '\u034F', '\u061C', '\u180E', '\uFEFF', '\u2060':
		return true
	}
	return r >= '\u200B' && r <= '\u200F' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' ||
		r >= '\uFE00' && r <= '\uFE0F'
}

// Simplify returns the text with the plain form of every character that the
// default alphabet lacks: the base letter of one with marks, as many marks as
// the alphabet knows (ǻ becomes å), straight quotes and dashes, the letters of a
// ligature, ASCII for full-width forms. Letters that are in the alphabet stay,
// written as one character or as a letter and its mark.
//
// Every replacement is told. If some character has no plain form, whole is false
// and the text, which needs Unicode in any case, is returned as it was; the
// characters that could be replaced are told all the same.
func Simplify(text string) (out string, told []Replaced, whole bool) {
	if IsGSM7(text) {
		return text, nil, true
	}
	if !utf8.ValidString(text) {
		return text, nil, false
	}
	var b strings.Builder
	at := map[rune]int{}
	whole = true
	for _, r := range norm.NFC.String(text) {
		if septetOf.septet(r) != notInAlphabet {
			b.WriteRune(r)
			continue
		}
		i, known := at[r]
		if !known {
			i = len(told)
			at[r] = i
			by, ok := plain(r)
			told = append(told, Replaced{Rune: r, By: by, Kept: !ok})
		}
		told[i].Count++
		whole = whole && !told[i].Kept
		b.WriteString(told[i].By)
	}
	if !whole {
		return text, told, false
	}
	return b.String(), told, true
}

// plain returns what stands for a character in the default alphabet.
func plain(r rune) (by string, ok bool) {
	if by, ok = simpler[r]; ok {
		return by, true
	}
	if unseen(r) || unicode.In(r, unicode.Mn) && r <= '\u036F' { // a mark that no letter carries
		return "", true
	}
	if unicode.Is(unicode.Zs, r) {
		return " ", true
	}
	var out strings.Builder
	apart := []rune(norm.NFKD.String(string(r)))
	if len(apart) == 1 && apart[0] == r {
		return "", false
	}
	for i := 0; i < len(apart); {
		end := i + 1
		for end < len(apart) && unicode.Is(unicode.Mn, apart[end]) {
			end++
		}
		letter, ok := marked(apart[i], apart[i+1:end])
		if !ok {
			return "", false
		}
		out.WriteString(letter)
		i = end
	}
	return out.String(), true
}

// marked returns a letter with as many of its marks as the alphabet knows.
func marked(letter rune, marks []rune) (string, bool) {
	for _, m := range marks {
		one := []rune(norm.NFC.String(string([]rune{letter, m})))
		if len(one) == 1 && septetOf.septet(one[0]) != notInAlphabet {
			return string(one), true
		}
	}
	if septetOf.septet(letter) != notInAlphabet {
		return string(letter), true
	}
	if by, ok := simpler[letter]; ok {
		return by, true
	}
	return "", false
}
