package gsm

import (
	"fmt"
	"math/bits"
	"strings"
	"sync"
	"unicode/utf8"
)

// Language is a national language identifier. 3GPP TS 23.038 6.2.1.2.4.
type Language uint8

// The languages that have tables of their own. All have one for single shift,
// all but Spanish one for locking shift.
const (
	NoLanguage Language = iota
	Turkish
	Spanish
	Portuguese
	Bengali
	Gujarati
	Hindi
	Kannada
	Malayalam
	Oriya
	Punjabi
	Tamil
	Telugu
	Urdu

	languages = 14
)

var languageNames = [languages]string{
	"none", "turkish", "spanish", "portuguese", "bengali", "gujarati", "hindi", "kannada", "malayalam", "oriya", "punjabi", "tamil", "telugu", "urdu",
}

// LanguageNames returns the words for the languages.
func LanguageNames() []string { return append([]string(nil), languageNames[1:]...) }

// String returns the word for a language, "none" for [NoLanguage].
func (l Language) String() string {
	if int(l) < len(languageNames) {
		return languageNames[l]
	}
	return fmt.Sprintf("language(%d)", uint8(l))
}

// Languages is a set of languages.
type Languages uint16

// ParseLanguages reads words; "all" stands for every language.
func ParseLanguages(words []string) (Languages, error) {
	var set Languages
next:
	for _, word := range words {
		if word == "all" {
			set |= 1<<languages - 2
			continue
		}
		for l, name := range languageNames[1:] {
			if word == name {
				set |= 2 << l
				continue next
			}
		}
		return 0, fmt.Errorf("%.20q is no language with a table of its own; %s and all are", word, strings.Join(languageNames[1:], ", "))
	}
	return set, nil
}

// Has tells whether a language is in the set.
func (s Languages) Has(l Language) bool { return l < languages && s>>l&1 != 0 }

// Shift says by which tables septets are read: that of a language instead of
// the default alphabet (locking), that of a language instead of its extension
// table (single). The zero value is the default alphabet.
// 3GPP TS 23.038 6.2.1.2.
type Shift struct {
	Locking, Single Language
}

// IsZero tells whether it is the default alphabet.
func (s Shift) IsZero() bool { return s == Shift{} }

// elements returns how many information elements say so.
func (s Shift) elements() int {
	n := 0
	if s.Locking != NoLanguage {
		n++
	}
	if s.Single != NoLanguage {
		n++
	}
	return n
}

// shiftElement is how many octets an element takes that names a table.
const shiftElement = 3

// own returns the octets of a header of so many octets when the elements of the
// shift are in it.
func (s Shift) own(header int) int {
	if n := s.elements(); n > 0 {
		return max(header, 1) + n*shiftElement
	}
	return header
}

// Shift returns the tables that the header asks for; of several elements the
// last counts. A language that is not known is as good as none.
// 3GPP TS 23.040 9.2.3.24.15 and 9.2.3.24.16.
func (h Header) Shift() Shift {
	var s Shift
	for _, e := range h.Elements {
		if len(e.Data) != 1 {
			continue
		}
		language := Language(e.Data[0])
		if language >= languages {
			language = NoLanguage
		}
		switch e.ID {
		case ElementSingleShift:
			s.Single = language
		case ElementLockingShift:
			if s.Locking = language; language == Spanish { // has none
				s.Locking = NoLanguage
			}
		}
	}
	return s
}

// WithShift returns the header with elements that ask for these tables, and for
// no others. The receiver stays as it is.
func (h Header) WithShift(s Shift) Header {
	out := h.Without(ElementSingleShift, ElementLockingShift)
	if s.Single != NoLanguage {
		out.Elements = append(out.Elements, Element{ID: ElementSingleShift, Data: []byte{uint8(s.Single)}})
	}
	if s.Locking != NoLanguage {
		out.Elements = append(out.Elements, Element{ID: ElementLockingShift, Data: []byte{uint8(s.Locking)}})
	}
	return out
}

// nationalCodes finds the septets of characters in the tables of languages; the
// default alphabet is that of NoLanguage.
type nationalCodes struct {
	locking, single [languages]map[rune]byte
	in              map[rune]tables
}

// tables says in which tables a character is.
type tables struct{ locking, single Languages }

// codesOf is made when it is first needed, which on most servers is never.
var codesOf = sync.OnceValue(func() *nationalCodes {
	n := &nationalCodes{in: map[rune]tables{}}
	for l := range Language(languages) {
		n.locking[l], n.single[l] = map[rune]byte{}, map[rune]byte{}
		for code := byte(127); code < 128; code-- { // of several codes the lowest counts
			if r := lockingRune(l, code); r != 0 && code != Escape && l != Spanish {
				n.locking[l][r] = code
				in := n.in[r]
				in.locking |= 1 << l
				n.in[r] = in
			}
			if r := singleRune(l, code); r != 0 {
				n.single[l][r] = code
				in := n.in[r]
				in.single |= 1 << l
				n.in[r] = in
			}
		}
	}
	return n
})

// lockingRune returns what a locking table has at a code, 0 for nothing.
func lockingRune(l Language, code byte) rune {
	if t := lockingTables[l]; t != nil {
		return t[code]
	}
	return defaultAlphabet[code]
}

// singleRune returns what a single shift table has at a code, 0 for nothing.
func singleRune(l Language, code byte) rune {
	if l != NoLanguage {
		return singleTables[l][code]
	}
	if r := extensionTable[code]; r != defaultAlphabet[code] {
		return r
	}
	return 0
}

// septets returns how many septets a character takes in these tables, 0 if it
// is in neither.
func (n *nationalCodes) septets(s Shift, r rune) int {
	in := n.in[r]
	switch {
	case in.locking.Has(s.Locking):
		return 1
	case in.single.Has(s.Single):
		return 2
	}
	return 0
}

// AppendShifted appends the text in the tables of a shift, one septet per
// octet. If they lack a character, ok is false and dst keeps its old length.
// 3GPP TS 23.038 6.2.1.2.
func AppendShifted(dst []byte, text string, s Shift) (out []byte, ok bool) {
	if s.IsZero() {
		return AppendGSM7(dst, text)
	}
	if s.Locking >= languages || s.Single >= languages {
		return dst, false
	}
	old, n := len(dst), codesOf()
	locking, single := n.locking[s.Locking], n.single[s.Single]
	for _, r := range text {
		if code, found := locking[r]; found {
			dst = append(dst, code)
		} else if code, found = single[r]; found {
			dst = append(dst, Escape, code)
		} else {
			return dst[:old], false
		}
	}
	return dst, true
}

// DecodeShifted returns the text of unpacked septets by the tables of a shift;
// see [AppendDecodedShifted].
func DecodeShifted(septets []byte, s Shift) string {
	var scratch [320]byte
	return string(AppendDecodedShifted(scratch[:0], septets, s))
}

// AppendDecodedShifted appends the text of unpacked septets as UTF-8. A code that
// the single shift table lacks shows what the other table has there, one that
// this lacks too U+FFFD, a second or a lone escape a space.
// 3GPP TS 23.038 6.2.1.2, A.2 and A.3.
func AppendDecodedShifted(dst, septets []byte, s Shift) []byte {
	if s.IsZero() || s.Locking >= languages || s.Single >= languages {
		return AppendDecodedGSM7(dst, septets)
	}
	for i := 0; i < len(septets); i++ {
		c, r := septets[i], rune(0)
		switch {
		case c >= 0x80:
		case c != Escape:
			r = lockingRune(s.Locking, c)
		case i+1 == len(septets) || septets[i+1] >= 0x80:
			r = ' '
		default:
			i++
			if r = singleRune(s.Single, septets[i]); r == 0 {
				r = lockingRune(s.Locking, septets[i])
			}
			if septets[i] == Escape {
				r = ' '
			}
		}
		if r == 0 {
			r = utf8.RuneError
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}

// shifted returns the size of a text in the tables that its header asks for.
func shifted(text string, s Shift, want Encoding, r room) (Size, error) {
	units, runes, n := 0, 0, codesOf()
	for i, c := range text {
		cost := n.septets(s, c)
		if cost == 0 {
			if c == utf8.RuneError {
				if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
					return Size{}, invalidUTF8(i)
				}
			}
			if want == GSM7 {
				return Size{}, &UnencodableError{Rune: c, Offset: i, Encoding: GSM7}
			}
			size, err := measure(text, UCS2, r)
			size.Forcing = c
			return size, err
		}
		units += cost
		runes++
	}
	return n.size(text, s, units, runes, r)
}

// size returns the size of so many septets of a text in the tables of a shift.
func (n *nationalCodes) size(text string, s Shift, units, runes int, r room) (Size, error) {
	var pairs func(limit int) (parts, used int)
	if units != runes && units > Capacity(GSM7, r.own) {
		pairs = func(limit int) (parts, used int) {
			parts = 1
			for _, c := range text {
				cost := n.septets(s, c)
				if used += cost; used > limit {
					parts++
					used = cost
				}
			}
			return parts, used
		}
	}
	size, err := sizeOf(GSM7, units, pairs, r)
	size.Shift = s
	return size, err
}

// cheapest returns the size of a text in those tables of some languages that
// take the fewest parts, if it can be written in any.
func cheapest(text string, allowed Languages, r room) (best Size, ok bool) {
	n := codesOf()
	allowed = allowed&(1<<languages-1) | 1 // the default alphabet too
	locking := allowed &^ (1 << Spanish)
	var units [languages]int // by locking table
	var alive [languages]Languages
	for l := range alive {
		alive[l] = allowed
	}
	runes := 0
	for _, c := range text {
		in := n.in[c]
		if (in.locking|in.single)&allowed == 0 {
			return Size{}, false
		}
		for set := locking; set != 0; set &= set - 1 {
			l := bits.TrailingZeros16(uint16(set))
			units[l]++
			if in.locking>>l&1 == 0 {
				units[l]++
				if alive[l] &= in.single; alive[l] == 0 {
					locking &^= 1 << l
				}
			}
		}
		runes++
	}
	for set := locking; set != 0; set &= set - 1 {
		l := Language(bits.TrailingZeros16(uint16(set)))
		s := Shift{Locking: l, Single: Language(bits.TrailingZeros16(uint16(alive[l])))}
		with := r
		with.own = s.own(r.own)
		size, err := n.size(text, s, units[l], runes, with)
		if err == nil && (!ok || size.less(best)) {
			best, ok = size, true
		}
	}
	return best, ok
}

// less tells whether a size is to be preferred. Of a single shift a phone that
// does not know it shows letters all the same, S for Ş.
func (s Size) less(other Size) bool {
	if s.Parts != other.Parts {
		return s.Parts < other.Parts
	}
	if a, b := s.Shift.elements(), other.Shift.elements(); a != b {
		return a < b
	}
	if a, b := s.Shift.Locking != NoLanguage, other.Shift.Locking != NoLanguage; a != b {
		return b
	}
	return s.Units < other.Units
}

// measureNational returns the size of a text whose header asks for tables of
// languages, or that may be written in those of some.
func measureNational(text string, o *SplitOptions, s Shift) (Size, error) {
	r, want := o.room(), o.Encoding
	if want != Auto && want != GSM7 {
		return measure(text, want, r)
	}
	if !s.IsZero() {
		return shifted(text, s, want, r)
	}
	size, err := measure(text, want, r)
	if err == nil && (size.Encoding == GSM7 || size.Parts == 1) || !utf8.ValidString(text) {
		return size, err
	}
	if national, ok := cheapest(text, o.Languages, r); ok && (err != nil || national.Parts < size.Parts) {
		national.Forcing = size.Forcing
		return national, nil
	}
	return size, err
}
