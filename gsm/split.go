package gsm

import (
	"errors"
	"unicode"
	"unicode/utf16"
)

// Segment is one short message: a whole text or data, or a part of it.
type Segment struct {
	Header   []byte   // user data header with its length octet, nil for none
	Payload  []byte   // unpacked septets (GSM7), UTF-16 octets (UCS2) or octets
	Encoding Encoding // of the payload: GSM7, UCS2, Latin1 or Binary
	Number   int      // this part, from 1
	Total    int      // number of parts, at most 255
}

// SplitOptions say how a message is encoded and cut.
type SplitOptions struct {
	Encoding  Encoding // Auto chooses between GSM7 and UCS2; for data, Auto means Binary
	Reference uint16   // the same in all parts; of 8 bits unless Wide
	Wide      bool     // references of 16 bits, which leave a little less room

	// Languages are those whose tables may be used where that saves a message;
	// every header then names them.
	Languages Languages

	// Header is the message's own user data header (application ports, for
	// example), repeated in every part. If it says that the message is a part
	// already, the message is not cut any further. If it names tables of national
	// languages, GSM7 is written in those.
	Header Header

	// Bare leaves the numbering of the parts to the SMSC, which is told in
	// another way (SAR parameters of SMPP). The cuts are the same.
	Bare bool

	// Buffer, if it is large enough, takes the octets of all segments, which
	// are then good until it is used again. Otherwise one is allocated.
	Buffer []byte
}

// room returns what the options' headers take away.
func (o *SplitOptions) room() room {
	_, part := o.Header.Concat()
	return room{own: o.Header.Len(), part: part, wide: o.Wide}
}

// AppendSegments encodes a text and appends the short messages it takes. A
// character that takes two units (an escape pair of GSM7, a surrogate pair of
// UCS2) is never cut, so that a part may be one unit short. All octets stand in
// one allocation, or in the options' buffer. Errors as for [MeasureWith]; dst
// is then returned as it was.
func AppendSegments(dst []Segment, text string, o SplitOptions) ([]Segment, error) {
	size, err := MeasureWith(text, o)
	if err != nil {
		return dst, err
	}
	if !size.Shift.IsZero() && size.Shift != o.Header.Shift() {
		o.Header = o.Header.WithShift(size.Shift)
	}
	octets := size.Units
	if size.Encoding == UCS2 {
		octets *= 2
	}
	buf := o.buffer(octets, size.Parts)
	switch size.Encoding {
	case GSM7:
		buf, _ = AppendShifted(buf, text, size.Shift)
	case UCS2:
		buf = AppendUCS2(buf, text)
	case Latin1:
		buf, _ = AppendLatin1(buf, text)
	}
	return o.cut(dst, buf, octets, size), nil
}

// SplitBinary cuts data that is encoded already: octets, or, if the options say
// so, unpacked septets (GSM7) or UTF-16 octets (UCS2), whose pairs are not cut.
// The data is copied. Errors: ErrTooManyParts, ErrTooLong, ErrHeaderTooLong.
func SplitBinary(data []byte, o SplitOptions) ([]Segment, error) {
	enc, units := o.Encoding, len(data)
	switch enc {
	case Auto:
		enc = Binary
	case UCS2:
		units = (len(data) + 1) / 2
	}
	var pairs func(limit int) (parts, used int)
	if enc == GSM7 || enc == UCS2 {
		pairs = func(limit int) (int, int) { return countCuts(data, enc, limit) }
	}
	size, err := sizeOf(enc, units, pairs, o.room())
	if err != nil {
		return nil, err
	}
	buf := append(o.buffer(len(data), size.Parts), data...)
	return o.cut(make([]Segment, 0, size.Parts), buf, len(data), size), nil
}

// buffer returns an empty slice with room for the payload and all headers.
func (o *SplitOptions) buffer(octets, parts int) []byte {
	need := octets
	switch {
	case parts > 1 && !o.Bare:
		r := o.room()
		need += parts * r.header()
	default:
		need += parts * o.Header.Len()
	}
	if cap(o.Buffer) >= need {
		return o.Buffer[:0]
	}
	return make([]byte, 0, need)
}

// cut appends the segments of a payload that fills buf up to n; the headers are
// put behind it, where there is room for them.
func (o *SplitOptions) cut(dst []Segment, buf []byte, n int, size Size) []Segment {
	payload := buf[:n:n]
	if size.Parts == 1 {
		header, _ := o.header(buf, Concat{})
		return append(dst, Segment{Header: header, Payload: payload, Encoding: size.Encoding, Number: 1, Total: 1})
	}
	r := o.room()
	limit := Capacity(size.Encoding, r.header())
	for number := 1; number <= size.Parts; number++ {
		end := cutAt(payload, size.Encoding, limit)
		var header []byte
		header, buf = o.header(buf, Concat{
			Reference: o.Reference, Wide: o.Wide, Total: uint8(size.Parts), Number: uint8(number),
		})
		dst = append(dst, Segment{
			Header: header, Payload: payload[:end:end], Encoding: size.Encoding, Number: number, Total: size.Parts,
		})
		payload = payload[end:]
	}
	return dst
}

// header appends the header of one part to buf and returns it and the longer
// buf. Of a single segment c.Total is 0.
func (o *SplitOptions) header(buf []byte, c Concat) (header, longer []byte) {
	at := len(buf)
	if c.Total == 0 || o.Bare {
		buf = o.Header.Append(buf)
	} else {
		buf = append(buf, 0)
		buf = o.Header.appendElements(buf)
		buf = c.appendElement(buf)
		buf[at] = byte(len(buf) - at - 1)
	}
	if len(buf) == at {
		return nil, buf
	}
	return buf[at:len(buf):len(buf)], buf
}

// countCuts counts the parts of encoded data and the units of the last one.
func countCuts(data []byte, enc Encoding, limit int) (parts, used int) {
	for {
		end := cutAt(data, enc, limit)
		parts++
		if end == len(data) {
			if enc == UCS2 {
				return parts, (end + 1) / 2
			}
			return parts, end
		}
		data = data[end:]
	}
}

// cutAt returns how many octets of encoded data go into a part of limit units.
func cutAt(data []byte, enc Encoding, limit int) int {
	end := limit
	if enc == UCS2 {
		end *= 2
	}
	if end >= len(data) {
		return len(data)
	}
	switch enc {
	case GSM7:
		// An escape at the end belongs to the next septet, unless it is the
		// second one of a pair of escapes.
		run := 0
		for run < end && data[end-1-run] == Escape {
			run++
		}
		return end - run%2
	case UCS2:
		if end+2 <= len(data) && utf16.DecodeRune(unit(data[end-2:]), unit(data[end:])) != 0xFFFD {
			return end - 2
		}
	}
	return end
}

// First returns the beginning of a text that fits into one short message with
// these options; no letter is parted from its marks. Errors as for
// [MeasureWith], but for ErrTooManyParts.
func First(text string, o SplitOptions) (string, error) {
	size, err := MeasureWith(text, o)
	if err != nil && !tooMany(err) || err == nil && size.Parts == 1 {
		return text, err
	}
	s := size.Shift
	limit, used, end := Capacity(size.Encoding, o.Header.Len()), 0, 0
	if s != o.Header.Shift() {
		limit = Capacity(size.Encoding, s.own(o.Header.Len()))
	}
	for i, r := range text {
		if !unicode.Is(unicode.Mn, r) && r != zeroWidthJoiner {
			end = i
		}
		cost := 1
		switch {
		case size.Encoding == UCS2 && r > 0xFFFF:
			cost = 2
		case size.Encoding == GSM7 && !s.IsZero():
			cost = codesOf().septets(s, r)
		case size.Encoding == GSM7 && septetOf.septet(r) >= extended:
			cost = 2
		}
		if used += cost; used > limit {
			// Without what needed the tables of a language it may be in the default alphabet, and longer there.
			return First(text[:end], o)
		}
	}
	return text, nil
}

func tooMany(err error) bool { return errors.Is(err, ErrTooManyParts) }

const zeroWidthJoiner = '\u200D'
