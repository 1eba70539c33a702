package store

import (
	"encoding/binary"

	"kurir/message"
)

// Versions of message.fixed that end with a message.Special. The view of
// messages tells by the version alone whose text it must not show.
const (
	specialVersion = 2
	secretVersion  = 3
)

// fixedVersion is the version of a message's fixed blob.
func fixedVersion(m *message.Message) byte {
	switch {
	case m.Special == nil:
		return blobVersion
	case m.Special.Secret:
		return secretVersion
	}
	return specialVersion
}

// The fields of a message.Special, by number. What a later program adds is
// passed over.
const (
	specialByLoad = 1
	specialTag    = 2
	specialFrom   = 3
	specialTo     = 4
	specialCost   = 5
	specialLumped = 6
	specialHours  = 7
	specialRouteH = 8
	specialDialog = 9
	specialMail   = 10
)

// appendSpecial appends what few messages have: of each field that is not empty
// its number and its value as text.
func appendSpecial(dst []byte, s *message.Special) []byte {
	if s.ByLoad {
		dst = append(dst, specialByLoad, 0)
	}
	if s.Tag != "" {
		dst = appendText(append(dst, specialTag), s.Tag)
	}
	if s.Dialog != "" {
		dst = appendText(append(dst, specialDialog), s.Dialog)
	}
	if s.Dimensions != "" {
		dst = appendText(append(dst, specialCost), string(s.Dimensions))
	}
	if s.Mailing != 0 {
		id := binary.AppendUvarint(nil, uint64(s.Mailing))
		dst = append(binary.AppendUvarint(append(dst, specialMail), uint64(len(id))), id...)
	}
	if s.Lumped {
		dst = append(dst, specialLumped, 0)
	}
	for _, f := range [...]struct {
		number byte
		value  *message.Address
	}{{specialFrom, &s.From}, {specialTo, &s.To}} {
		if !f.value.IsZero() {
			dst = binary.AppendUvarint(append(dst, f.number), uint64(addressSize(f.value)))
			dst = appendAddress(dst, *f.value)
		}
	}
	if s.Hours != "" {
		dst = appendText(append(dst, specialHours), s.Hours)
	}
	if s.RouteHours != "" {
		dst = appendText(append(dst, specialRouteH), s.RouteHours)
	}
	return dst
}

func addressSize(a *message.Address) int {
	n := len(a.Number)
	return 2 + len(binary.AppendUvarint(nil, uint64(n))) + n
}

// shown reads an address that links show. Without a number it is none,
// whatever its type and plan.
func (r *blobReader) shown() message.Address {
	a := r.address()
	if a.IsZero() {
		return message.Address{}
	}
	return a
}

// special reads what appendSpecial wrote, up to the end.
func (r *blobReader) special(secret bool) *message.Special {
	s := &message.Special{Secret: secret}
	for len(r.rest) > 0 {
		number, value := r.octet(), blobReader{rest: r.octets()}
		switch number {
		case specialByLoad:
			s.ByLoad = true
		case specialTag:
			s.Tag = string(value.rest)
		case specialDialog:
			s.Dialog = string(value.rest)
		case specialCost:
			s.Dimensions = message.Dimensions(value.rest)
		case specialLumped:
			s.Lumped = true
		case specialFrom:
			s.From = value.shown()
		case specialTo:
			s.To = value.shown()
		case specialMail:
			s.Mailing = message.ID(value.uvarint())
		case specialHours:
			s.Hours = string(value.rest)
		case specialRouteH:
			s.RouteHours = string(value.rest)
		}
		r.bad = r.bad || value.bad
	}
	if *s == (message.Special{}) {
		return nil
	}
	return s
}
