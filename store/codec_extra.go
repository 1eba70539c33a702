package store

import (
	"encoding/binary"
	"math"

	"kurir/message"
)

// extraVersion is the version of a data blob that ends with a message.Extra.
const extraVersion = 2

// Bits that tell which fields of a message.Extra follow.
const (
	extraService = 1 << iota
	extraESMClass
	extraProtocolID
	extraAcks
	extraDefaultMsgID
	extraCoding
	extraTLVs
)

// octetFields are the fields of one octet, each with its bit, in their order.
func octetFields(x *message.Extra) [5]struct {
	bit   byte
	field *uint8
} {
	return [...]struct {
		bit   byte
		field *uint8
	}{
		{extraESMClass, &x.ESMClass},
		{extraProtocolID, &x.ProtocolID},
		{extraAcks, &x.Acks},
		{extraDefaultMsgID, &x.DefaultMsgID},
		{extraCoding, &x.Coding},
	}
}

// appendExtra appends what SMPP says of a message beyond its content: the bits
// of the fields that follow; service_type as text; octets; uvarint number of
// optional parameters, each a uvarint tag and its value as text.
func appendExtra(dst []byte, x *message.Extra) []byte {
	at := len(dst)
	dst = append(dst, 0)
	if x.ServiceType != "" {
		dst[at] |= extraService
		dst = appendText(dst, x.ServiceType)
	}
	for _, f := range octetFields(x) {
		if *f.field != 0 {
			dst[at] |= f.bit
			dst = append(dst, *f.field)
		}
	}
	if len(x.TLVs) == 0 {
		return dst
	}
	dst[at] |= extraTLVs
	dst = binary.AppendUvarint(dst, uint64(len(x.TLVs)))
	for i := range x.TLVs {
		dst = binary.AppendUvarint(dst, uint64(x.TLVs[i].Tag))
		dst = appendText(dst, x.TLVs[i].Value)
	}
	return dst
}

// extra reads what appendExtra wrote.
func (r *blobReader) extra() *message.Extra {
	x := &message.Extra{}
	bits := r.octet()
	if bits&extraService != 0 {
		x.ServiceType = r.text()
	}
	for _, f := range octetFields(x) {
		if bits&f.bit != 0 {
			*f.field = r.octet()
		}
	}
	if bits&extraTLVs == 0 {
		return x
	}
	n := r.uvarint()
	if n > uint64(len(r.rest)) { // each takes two octets at least
		r.bad = true
		return x
	}
	if n > 0 {
		x.TLVs = make([]message.TLV, n)
	}
	for i := range x.TLVs {
		tag := r.uvarint()
		r.bad = r.bad || tag > math.MaxUint16
		value := r.octets()
		x.TLVs[i] = message.TLV{Tag: uint16(tag), Value: append(make([]byte, 0, len(value)), value...)}
	}
	return x
}
