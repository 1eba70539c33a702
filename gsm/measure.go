package gsm

import (
	"fmt"
	"unicode/utf8"
)

const (
	userDataOctets  = 140 // room of one short message. 3GPP TS 23.040 9.2.3.24
	userDataSeptets = 160
	maxParts        = 255 // the part number has one octet. 3GPP TS 23.040 9.2.3.24.1
	concat8Octets   = 5   // information element with identifier and length
	concat16Octets  = 6
)

// Size says how much room a message takes up.
type Size struct {
	Encoding Encoding // the one chosen: GSM7, UCS2, Latin1 or Binary, never Auto
	Shift    Shift    // of GSM7: tables of national languages, which the header has to name
	Units    int      // septets (GSM7), UTF-16 units (UCS2) or octets, without headers
	Parts    int      // short messages needed, at least 1
	Left     int      // units that would still fit into the last part
	Forcing  rune     // the first character that GSM7 on Auto did not have, 0 if it has all
}

// Capacity returns the units of an encoding (see [Size]) that fit beside a user
// data header of so many octets, its length octet included: 160, 140 and 70
// without a header, 153, 134 and 67 with an 8-bit reference.
// 3GPP TS 23.040 9.2.3.24.1.
func Capacity(enc Encoding, header int) int {
	switch enc {
	case GSM7:
		return max(0, userDataSeptets-headerSeptets(header))
	case UCS2:
		return max(0, (userDataOctets-header)/2)
	}
	return max(0, userDataOctets-header)
}

// Measure returns the room that a text takes up, with 8-bit references and no
// header of its own; see [MeasureWith]. want says which encoding to use, Auto
// to choose. It makes one pass and allocates nothing unless it fails.
//
// Errors: ErrInvalidUTF8, *UnencodableError, ErrNotText, and ErrTooManyParts,
// for which the size is filled in all the same.
func Measure(text string, want Encoding) (Size, error) {
	return measure(text, want, room{})
}

// MeasureWith returns the room that a text takes up if [AppendSegments] cuts it
// with these options. Errors as for [Measure], ErrHeaderTooLong if the options'
// own header leaves no room, and ErrTooLong if that header says that the text
// is already a part and it does not fit into one short message.
func MeasureWith(text string, o SplitOptions) (Size, error) {
	if s := o.Header.Shift(); o.Languages != 0 || !s.IsZero() {
		return measureNational(text, &o, s)
	}
	return measure(text, o.Encoding, o.room())
}

// MeasureBinary returns the room that n octets take up beside a user data
// header of their own of udhLen octets (length octet included, 0 for none),
// which every part repeats, with 8-bit references.
func MeasureBinary(n, udhLen int) (Size, error) {
	return sizeOf(Binary, n, nil, room{own: udhLen})
}

// room is what user data headers take away from the parts of a message.
type room struct {
	own  int  // octets of the message's own header, with its length octet
	part bool // that header says that the message is a part: it must not be cut
	wide bool // references of 16 bits
}

// header returns the octets of the header of each part of a cut message.
func (r room) header() int {
	n := max(r.own, 1) + concat8Octets
	if r.wide {
		n++
	}
	return n
}

func measure(text string, want Encoding, r room) (Size, error) {
	var units, runes int
	var forcing rune
	enc := want
	switch want {
	case Auto, GSM7:
		enc = GSM7
		septets, n, end := countGSM7(text)
		units, runes = septets, n
		if end == len(text) {
			break
		}
		first, size := utf8.DecodeRuneInString(text[end:])
		switch {
		case first == utf8.RuneError && size == 1:
			return Size{}, invalidUTF8(end)
		case want == GSM7:
			return Size{}, &UnencodableError{Rune: first, Offset: end, Encoding: GSM7}
		}
		more, moreRunes, bad := countUCS2(text[end:])
		if bad >= 0 {
			return Size{}, invalidUTF8(end + bad)
		}
		// What came before is one UTF-16 unit per character.
		enc, forcing = UCS2, first
		units, runes = n+more, n+moreRunes
	case UCS2:
		var bad int
		if units, runes, bad = countUCS2(text); bad >= 0 {
			return Size{}, invalidUTF8(bad)
		}
	case Latin1:
		n, err := countLatin1(text)
		if err != nil {
			return Size{}, err
		}
		units, runes = n, n
	default:
		return Size{}, ErrNotText
	}
	var pairs func(limit int) (parts, used int)
	if units != runes && units > Capacity(enc, r.own) {
		pairs = func(limit int) (int, int) { return countParts(text, enc, limit) }
	}
	s, err := sizeOf(enc, units, pairs, r)
	s.Forcing = forcing
	return s, err
}

// sizeOf returns the size of so many units. pairs, needed if two units may
// belong together, counts parts of a limit by walking through the message; it
// returns their number and the units in the last one.
func sizeOf(enc Encoding, units int, pairs func(limit int) (parts, used int), r room) (Size, error) {
	s := Size{Encoding: enc, Units: units, Parts: 1}
	single := Capacity(enc, r.own)
	if units <= single {
		if r.own > userDataOctets {
			return s, ErrHeaderTooLong
		}
		s.Left = single - units
		return s, nil
	}
	if r.part {
		return s, ErrTooLong
	}
	limit := Capacity(enc, r.header())
	if limit < 2 { // a pair needs two
		return s, ErrHeaderTooLong
	}
	if pairs != nil {
		parts, used := pairs(limit)
		s.Parts, s.Left = parts, limit-used
	} else {
		s.Parts = (units + limit - 1) / limit
		s.Left = s.Parts*limit - units
	}
	if s.Parts > maxParts {
		return s, ErrTooManyParts
	}
	return s, nil
}

func invalidUTF8(offset int) error {
	return fmt.Errorf("octet %d: %w", offset, ErrInvalidUTF8)
}

// countGSM7 counts septets and characters up to the first character that is not
// in the alphabet or not UTF-8; end is its place, or the length of the text.
func countGSM7(text string) (units, runes, end int) {
	t, pairs := &septetOf, 0
	for end < len(text) {
		for len(text)-end >= lane && t.plain(text[end:]) {
			runes += lane
			end += lane
		}
		for n := 0; n < lane && end < len(text); n++ {
			v, size := t.octet[text[end]], 1
			if text[end] >= utf8.RuneSelf {
				v, size = t.beyondASCII(text[end:])
			}
			if v == notInAlphabet {
				return runes + pairs, runes, end
			}
			pairs += int(v >> 7) // an escape pair has the high bit set
			runes++
			end += size
		}
	}
	return runes + pairs, runes, end
}

// countUCS2 counts UTF-16 units and characters; bad is the place of the first
// octet that is not UTF-8, or -1.
func countUCS2(text string) (units, runes, bad int) {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); size == 1 {
				return units, runes, i
			}
		}
		units++
		runes++
		if r > 0xFFFF {
			units++
		}
	}
	return units, runes, -1
}

// countLatin1 counts the characters of a text that has none beyond U+00FF.
func countLatin1(text string) (n int, err error) {
	for i, r := range text {
		if r > 0xFF {
			if _, size := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 {
				return n, invalidUTF8(i)
			}
			return n, &UnencodableError{Rune: r, Offset: i, Encoding: Latin1}
		}
		n++
	}
	return n, nil
}

// countParts walks through a text that is known to be encodable and counts the
// parts of at most limit units, no pair cut, and the units of the last one.
func countParts(text string, enc Encoding, limit int) (parts, used int) {
	parts = 1
	for _, r := range text {
		cost := 1
		if enc == UCS2 && r > 0xFFFF || enc == GSM7 && septetOf.septet(r) >= extended {
			cost = 2
		}
		if used += cost; used > limit {
			parts++
			used = cost
		}
	}
	return parts, used
}
