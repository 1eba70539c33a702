package ucp

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"kurir/gsm"
)

// Alphabet is what the octets of a text (AMsg) mean. The specification says IRA; most SMSCs take the codes of the GSM
// default alphabet, an octet for each septet.
type Alphabet uint8

// The alphabets. All from AlphabetIRA are ISO 646: ASCII, where the variant of a country has other characters in up to
// twelve places.
const (
	AlphabetGSM Alphabet = iota
	AlphabetLatin1
	AlphabetIRA
	AlphabetBritish
	AlphabetDanish // and Norwegian
	AlphabetFrench
	AlphabetGerman
	AlphabetItalian
	AlphabetSpanish
	AlphabetSwedish // and Finnish: SEN 850200 annex B
	AlphabetSwedishNames
)

var alphabetNames = [...]string{
	"gsm", "latin1", "ira", "british", "danish", "french", "german", "italian", "spanish", "swedish", "swedish-names",
}

// places are the twelve of ISO 646 that a country may fill otherwise.
const places = "#$@[\\]^`{|}~"

// variants gives what stands in those places.
var variants = [...]string{
	AlphabetIRA:          places,
	AlphabetBritish:      "£$@[\\]^`{|}~",
	AlphabetDanish:       "#$@ÆØÅ^`æøå~",
	AlphabetFrench:       "£$à°ç§^µéùè¨",
	AlphabetGerman:       "#$§ÄÖÜ^`äöüß",
	AlphabetItalian:      "£$§°çé^ùàòèì",
	AlphabetSpanish:      "£$§¡Ñ¿^`°ñç~",
	AlphabetSwedish:      "#¤@ÄÖÅ^`äöå¯",
	AlphabetSwedishNames: "#¤ÉÄÖÅÜéäöåü",
}

// ParseAlphabet is the reverse of Alphabet.String; the empty word means gsm.
func ParseAlphabet(word string) (Alphabet, error) {
	for i, name := range alphabetNames {
		if word == name || word == "" {
			return Alphabet(i), nil
		}
	}
	return 0, fmt.Errorf("%q is no alphabet of UCP: use %s", word, strings.Join(alphabetNames[:], ", "))
}

// String returns the word for it.
func (a Alphabet) String() string {
	if int(a) < len(alphabetNames) {
		return alphabetNames[a]
	}
	return "unknown"
}

// AlphabetNames returns the words for all of them.
func AlphabetNames() []string { return append([]string(nil), alphabetNames[:]...) }

// Append appends the octets of a text. If the alphabet lacks a character, ok is false and dst keeps its old length.
func (a Alphabet) Append(dst []byte, text string) (out []byte, ok bool) {
	switch a {
	case AlphabetGSM:
		return gsm.AppendGSM7(dst, text)
	case AlphabetLatin1:
		return gsm.AppendLatin1(dst, text)
	}
	if int(a) >= len(variants) {
		return dst, false
	}
	out = dst
	for _, r := range text {
		x, ok := a.octet(r)
		if !ok {
			return dst, false
		}
		out = append(out, x)
	}
	return out, true
}

// octet gives the octet of a character of ISO 646.
func (a Alphabet) octet(r rune) (byte, bool) {
	i := 0
	for _, v := range variants[a] {
		if v == r {
			return places[i], true
		}
		i++
	}
	return byte(r), r < utf8.RuneSelf && !strings.ContainsRune(places, r)
}

// Decode returns the text of octets. What the alphabet does not define becomes U+FFFD.
func (a Alphabet) Decode(octets []byte) string {
	switch {
	case a == AlphabetGSM:
		return gsm.DecodeGSM7(octets)
	case a == AlphabetLatin1:
		return gsm.DecodeLatin1(octets)
	case int(a) >= len(variants):
		return ""
	}
	filled := []rune(variants[a])
	var out []byte
	for _, x := range octets {
		r := rune(x)
		if i := strings.IndexByte(places, x); i >= 0 {
			r = filled[i]
		} else if x >= utf8.RuneSelf {
			r = utf8.RuneError
		}
		out = utf8.AppendRune(out, r)
	}
	return string(out)
}
