package smpp

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"sync"
	"unsafe"
)

// coder walks through the fields of a body in wire order. Each body has one layout method that names its fields to the
// coder, and the coder encodes, decodes or lists them: no PDU is described twice. The first failure sticks; later
// calls do nothing, so that a layout reads like the table of the specification.
type coder struct {
	mode     coderMode
	buf      []byte  // encoding, listing: the output; decoding: the coder's own copy of the body
	off      int     // decoding: next octet
	response bool    // decoding: a response, whose last string may lack its NUL
	version  Version // encoding: what the peer understands; 0: everything
	congest  uint8   // encoding: congestion_state for responses, with one added; 0: none
	space    []TLV   // decoding: room for TLVs that was allocated together with the body
	arena    []byte  // decoding: rest of the block from which copies of bodies are cut
	block    int     // decoding: size of such a block; 0: every body is a block of its own

	field  string // first failure
	status Status
	reason string
}

type coderMode uint8

const (
	modeEncode coderMode = iota
	modeDecode
	modeList
)

// maxString is the longest C-octet string accepted, whatever the field: peers send sixteen characters of password where
// eight fit.
const maxString = 255

// maxShared is the longest body of which decoded strings are parts: who keeps such a string keeps the whole body.
const maxShared = 1 << 10

// coders are kept because a layout is called through an interface, which forces a coder onto the heap.
var coders = sync.Pool{New: func() any { return new(coder) }}

// fail records the first failure.
func (c *coder) fail(field string, status Status, reason string) {
	if c.reason == "" {
		c.field, c.status, c.reason = field, status, reason
	}
}

// take cuts n octets from the body being decoded.
func (c *coder) take(field string, n int) []byte {
	if c.reason != "" {
		return nil
	}
	if len(c.buf)-c.off < n {
		c.fail(field, ESME_RINVCMDLEN, "the PDU ends too early")
		return nil
	}
	b := c.buf[c.off : c.off+n : c.off+n]
	c.off += n
	return b
}

// u8 is an integer of one octet.
func (c *coder) u8(field string, v *uint8) {
	switch c.mode {
	case modeEncode:
		c.buf = append(c.buf, *v)
	case modeDecode:
		if c.reason == "" && c.off < len(c.buf) {
			*v = c.buf[c.off]
			c.off++
			return
		}
		c.fail(field, ESME_RINVCMDLEN, "the PDU ends too early")
	case modeList:
		c.list(field, strconv.Itoa(int(*v)))
	}
}

// u32 is an integer of four octets.
func (c *coder) u32(field string, v *uint32) {
	switch c.mode {
	case modeEncode:
		c.buf = binary.BigEndian.AppendUint32(c.buf, *v)
	case modeDecode:
		if b := c.take(field, 4); b != nil {
			*v = binary.BigEndian.Uint32(b)
		}
	case modeList:
		c.list(field, strconv.Itoa(int(*v)))
	}
}

// cstring is a C-octet string of at most size octets with its NUL (SMPP 3.4 3.1). Encoding holds to the size;
// decoding accepts up to maxString characters.
func (c *coder) cstring(field string, v *string, size int, status Status) {
	switch c.mode {
	case modeEncode:
		if len(*v) >= size {
			c.fail(field, status, "longer than "+strconv.Itoa(size-1)+" characters")
			return
		}
		if strings.IndexByte(*v, 0) >= 0 {
			c.fail(field, status, "contains a NUL")
			return
		}
		c.buf = append(append(c.buf, *v...), 0)
	case modeDecode:
		c.cutString(field, v, status)
	case modeList:
		if field == "password" {
			c.list(field, "***")
			return
		}
		c.list(field, strconv.Quote(*v))
	}
}

// cutString decodes a C-octet string.
func (c *coder) cutString(field string, v *string, status Status) {
	if c.reason != "" {
		return
	}
	rest := c.buf[c.off:]
	if len(rest) > 0 && rest[0] == 0 {
		*v = ""
		c.off++
		return
	}
	n := bytes.IndexByte(rest, 0)
	end := n + 1
	if n < 0 {
		if !c.response || len(rest) == 0 {
			c.fail(field, ESME_RINVCMDLEN, "the PDU ends too early")
			return
		}
		n, end = len(rest), len(rest)
	}
	if n > maxString {
		c.fail(field, status, "longer than "+strconv.Itoa(maxString)+" characters")
		return
	}
	c.off += end
	if len(c.buf) > maxShared {
		*v = string(rest[:n])
		return
	}
	// The copy belongs to this body alone and no two fields share an octet, so nothing can change under the string.
	*v = unsafe.String(&rest[0], n)
}

// time is an absolute or relative time in 16 characters, or empty (SMPP 3.4 7.1.1).
func (c *coder) time(field string, v *string, status Status) {
	if c.mode == modeEncode && len(*v) != 0 && len(*v) != 16 {
		c.fail(field, status, "neither empty nor 16 characters long")
		return
	}
	c.cstring(field, v, 17, status)
}

// address is type of number, numbering plan and an address of at most size octets with its NUL.
func (c *coder) address(field addressField, v *Address, size int) {
	c.u8(field.ton, &v.TON)
	c.u8(field.npi, &v.NPI)
	c.cstring(field.addr, &v.Addr, size, field.status)
}

// addressField names the three parts of an address field.
type addressField struct {
	ton, npi, addr string
	status         Status
}

var (
	fieldSource = addressField{"source_addr_ton", "source_addr_npi", "source_addr", ESME_RINVSRCADR}
	fieldDest   = addressField{"dest_addr_ton", "dest_addr_npi", "destination_addr", ESME_RINVDSTADR}
	fieldESME   = addressField{"esme_addr_ton", "esme_addr_npi", "esme_addr", ESME_RINVDSTADR}
	fieldRange  = addressField{"addr_ton", "addr_npi", "address_range", ESME_RBINDFAIL}
)

// maxShort is the longest short_message (SMPP 3.4 5.2.22). A peer's 255 octets are accepted.
const maxShort = 254

// short is sm_length and short_message; the octets may hold NULs. Its list shows the length alone, because lists go
// to logs.
func (c *coder) short(v *[]byte) {
	switch c.mode {
	case modeEncode:
		if len(*v) > maxShort {
			c.fail("short_message", ESME_RINVMSGLEN, "longer than 254 octets; use message_payload")
			return
		}
		c.buf = append(append(c.buf, uint8(len(*v))), *v...)
	case modeDecode:
		var n uint8
		c.u8("sm_length", &n)
		if c.reason == "" && len(c.buf)-c.off < int(n) {
			c.fail("short_message", ESME_RINVMSGLEN, "sm_length is larger than what is left of the PDU")
			return
		}
		*v = c.take("short_message", int(n))
	case modeList:
		c.list("sm_length", strconv.Itoa(len(*v)))
	}
}

// tlvs are the optional parameters: everything to the end of the PDU. One that is cut off ends the list silently, as do
// stray NULs, which some peers put behind short_message; only a message_payload that is cut off is an error, because
// the text would be lost.
func (c *coder) tlvs(v *TLVs) {
	switch c.mode {
	case modeEncode:
		if c.version == 0 || c.version.TLVs() {
			c.appendTLVs(*v)
		} else if _, ok := v.Get(TagMessagePayload); ok {
			c.fail("message_payload", ESME_ROPTPARNOTALLWD, "the peer speaks SMPP 3.3, which has no optional parameters")
		}
	case modeDecode:
		if c.reason == "" && len(c.buf)-c.off >= 4 {
			c.cutTLVs(v)
		}
	case modeList:
		for i := range *v {
			c.list((*v)[i].Tag.String(), (*v)[i].describe())
		}
	}
}

// need refuses to write a body without the parameters that it must have.
func (c *coder) need(ts TLVs, tags ...Tag) {
	if c.mode != modeEncode {
		return
	}
	for _, t := range tags {
		if _, ok := ts.Get(t); !ok {
			c.fail(t.String(), ESME_RMISSINGOPTPARAM, "is missing")
		}
	}
}

// newTLVs are optional parameters where only SMPP 5.0 has any: in most responses. Peers of older versions are not sent
// them.
func (c *coder) newTLVs(v *TLVs) {
	if c.mode != modeEncode || c.version == 0 || c.version >= Version50 {
		c.tlvs(v)
	} else if _, ok := v.Get(TagMessagePayload); ok {
		c.fail("message_payload", ESME_ROPTPARNOTALLWD, "the peer speaks SMPP "+c.version.String()+", which has none here")
	}
}

func (c *coder) appendTLVs(ts TLVs) {
	for i := range ts {
		if len(ts[i].Value) > 0xFFFF {
			c.fail(ts[i].Tag.String(), ESME_RINVPARLEN, "longer than 65535 octets")
			return
		}
		c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(ts[i].Tag))
		c.buf = binary.BigEndian.AppendUint16(c.buf, uint16(len(ts[i].Value)))
		c.buf = append(c.buf, ts[i].Value...)
	}
}

// maxTLVs is the most optional parameters in one PDU: more than twice as many as there can be areas in a broadcast.
// Each costs eight times its least size in memory.
const maxTLVs = 1024

func (c *coder) cutTLVs(v *TLVs) {
	list := c.space[:0]
	if n := c.countTLVs(); n > maxTLVs {
		c.fail("optional parameters", ESME_RINVOPTPARSTREAM, "are more than "+strconv.Itoa(maxTLVs))
		return
	} else if n > cap(list) {
		list = make([]TLV, 0, n)
	}
	for len(c.buf)-c.off >= 4 {
		tag := Tag(binary.BigEndian.Uint16(c.buf[c.off:]))
		from := c.off + 4
		to := from + int(binary.BigEndian.Uint16(c.buf[c.off+2:]))
		if to > len(c.buf) {
			if tag == TagMessagePayload {
				c.fail(tag.String(), ESME_RINVOPTPARSTREAM, "the PDU ends too early")
			}
			break
		}
		list = append(list, TLV{tag, c.buf[from:to:to]})
		c.off = to
	}
	if len(list) > 0 {
		*v = list[:len(list):len(list)]
	}
}

// countTLVs counts the optional parameters that are still to come; one that is cut off counts too.
func (c *coder) countTLVs() (n int) {
	for at := c.off; len(c.buf)-at >= 4; n++ {
		at += 4 + int(binary.BigEndian.Uint16(c.buf[at+2:]))
	}
	return n
}

// own copies a body so that strings and octets can be cut from it. With a block size set, small bodies share a block:
// one that is kept keeps its block.
func (c *coder) own(body []byte) []byte {
	n := len(body)
	if n > c.block/4 {
		b := make([]byte, n)
		copy(b, body)
		return b
	}
	if n > len(c.arena) {
		c.arena = make([]byte, c.block)
	}
	b := c.arena[:n:n]
	c.arena = c.arena[n:]
	copy(b, body)
	return b
}
