package gsm

import (
	"errors"
	"slices"
)

// Identifiers of information elements. 3GPP TS 23.040 9.2.3.24.
const (
	ElementConcat8  = 0x00 // part of a long message, 8-bit reference
	ElementPorts8   = 0x04 // application ports of 8 bits
	ElementPorts16  = 0x05 // application ports of 16 bits
	ElementConcat16 = 0x08 // part of a long message, 16-bit reference

	ElementSingleShift  = 0x24 // national language instead of the extension table
	ElementLockingShift = 0x25 // national language instead of the default alphabet
)

// Why a user data header cannot be read.
var (
	ErrHeaderTruncated = errors.New("the user data header is longer than the user data")
	ErrHeaderMalformed = errors.New("the elements of the user data header do not fill it exactly")
)

// Element is one information element of a user data header.
type Element struct {
	ID   uint8
	Data []byte // at most 255 octets
}

// Header is a user data header: its elements in their order, also those that
// nobody here understands. 3GPP TS 23.040 9.2.3.24.
type Header struct {
	Elements []Element
}

// Concat says that a message is one part of a longer one.
// 3GPP TS 23.040 9.2.3.24.1 and 9.2.3.24.8.
type Concat struct {
	Reference uint16 // the same in all parts; 0 is legal
	Wide      bool   // the reference has 16 bits instead of 8
	Total     uint8  // number of parts, 1 to 255
	Number    uint8  // this part, from 1
}

// ParseHeader takes the user data header off user data that begins with one
// (the UDHI bit of the message says so). The elements point into ud.
//
// A header that is longer than the user data gives ErrHeaderTruncated and all
// of ud as rest: better shown than lost. If the last element is too long or too
// short, the whole header is to be ignored: ErrHeaderMalformed, no element, and
// what follows the header as rest. 3GPP TS 23.040 9.2.3.24.
func ParseHeader(ud []byte) (h Header, rest []byte, err error) {
	if len(ud) == 0 || int(ud[0]) > len(ud)-1 {
		return Header{}, ud, ErrHeaderTruncated
	}
	body, rest := ud[1:1+int(ud[0])], ud[1+int(ud[0]):]
	count := 0
	for b := body; len(b) > 0; count++ {
		if len(b) < 2 || len(b) < 2+int(b[1]) {
			return Header{}, rest, ErrHeaderMalformed
		}
		b = b[2+int(b[1]):]
	}
	if count == 0 {
		return Header{}, rest, nil
	}
	h.Elements = make([]Element, 0, count)
	for b := body; len(b) > 0; {
		n := 2 + int(b[1])
		h.Elements = append(h.Elements, Element{ID: b[0], Data: b[2:n:n]})
		b = b[n:]
	}
	return h, rest, nil
}

// Len returns the octets of the header with its length octet, 0 if it has no
// element.
func (h Header) Len() int {
	if len(h.Elements) == 0 {
		return 0
	}
	n := 1
	for _, e := range h.Elements {
		n += 2 + len(e.Data)
	}
	return n
}

// Append appends the header with its length octet. A header without elements,
// or one longer than a short message (140 octets), appends nothing.
func (h Header) Append(dst []byte) []byte {
	n := h.Len()
	if n == 0 || n > userDataOctets {
		return dst
	}
	return h.appendElements(append(dst, byte(n-1)))
}

// appendElements appends the elements without the length octet.
func (h Header) appendElements(dst []byte) []byte {
	for _, e := range h.Elements {
		dst = append(dst, e.ID, byte(len(e.Data)))
		dst = append(dst, e.Data...)
	}
	return dst
}

// Without returns the header without the elements of these identifiers. The
// receiver stays as it is.
func (h Header) Without(ids ...uint8) Header {
	var out Header
	for _, e := range h.Elements {
		if !slices.Contains(ids, e.ID) {
			out.Elements = append(out.Elements, e)
		}
	}
	return out
}

// Concat returns what the header says about the parts of a long message. Of
// several elements the last counts; one with an impossible part number or of
// the wrong length is ignored. 3GPP TS 23.040 9.2.3.24.1 and 9.2.3.24.8.
func (h Header) Concat() (Concat, bool) {
	var found Concat
	ok := false
	for _, e := range h.Elements {
		if c, valid := e.concat(); valid {
			found, ok = c, true
		}
	}
	return found, ok
}

// concat reads an element that says which part a message is.
func (e Element) concat() (c Concat, ok bool) {
	switch {
	case e.ID == ElementConcat8 && len(e.Data) == 3:
		c = Concat{Reference: uint16(e.Data[0]), Total: e.Data[1], Number: e.Data[2]}
	case e.ID == ElementConcat16 && len(e.Data) == 4:
		c = Concat{Reference: uint16(e.Data[0])<<8 | uint16(e.Data[1]), Wide: true, Total: e.Data[2], Number: e.Data[3]}
	default:
		return Concat{}, false
	}
	return c, c.Number >= 1 && c.Number <= c.Total
}

// Element returns the information element that says so.
func (c Concat) Element() Element {
	e := Element{ID: ElementConcat8}
	if c.Wide {
		e.ID = ElementConcat16
	}
	e.Data = c.appendData(make([]byte, 0, 4))
	return e
}

// appendElement appends the element with its identifier and length.
func (c Concat) appendElement(dst []byte) []byte {
	if c.Wide {
		return c.appendData(append(dst, ElementConcat16, 4))
	}
	return c.appendData(append(dst, ElementConcat8, 3))
}

func (c Concat) appendData(dst []byte) []byte {
	if c.Wide {
		dst = append(dst, byte(c.Reference>>8))
	}
	return append(dst, byte(c.Reference), c.Total, c.Number)
}

// Ports returns the application ports of the message and whether they have 8
// or 16 bits. Of several elements the last counts; one of the wrong length is
// ignored. 3GPP TS 23.040 9.2.3.24.3 and 9.2.3.24.4.
func (h Header) Ports() (dst, src uint16, bits int, ok bool) {
	for _, e := range h.Elements {
		d := e.Data
		switch {
		case e.ID == ElementPorts8 && len(d) == 2:
			dst, src, bits, ok = uint16(d[0]), uint16(d[1]), 8, true
		case e.ID == ElementPorts16 && len(d) == 4:
			dst, src, bits, ok = uint16(d[0])<<8|uint16(d[1]), uint16(d[2])<<8|uint16(d[3]), 16, true
		}
	}
	return dst, src, bits, ok
}

// PortsElement returns the information element for ports of 16 bits.
// 3GPP TS 23.040 9.2.3.24.4.
func PortsElement(dst, src uint16) Element {
	return Element{ID: ElementPorts16, Data: []byte{byte(dst >> 8), byte(dst), byte(src >> 8), byte(src)}}
}
