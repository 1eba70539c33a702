package smpp

import (
	"bytes"
	"encoding/binary"
)

// TLV is an optional parameter: tag and value; the length is that of the value (SMPP 3.4 3.2.4). A value of length
// zero is legal. A nil value never comes out of Decode.
type TLV struct {
	Tag   Tag
	Value []byte
}

// TLVs are the optional parameters of a PDU in the order in which they stand on the wire, unknown ones and
// repetitions included.
type TLVs []TLV

// Get returns the value of the first parameter with the tag.
func (ts TLVs) Get(tag Tag) ([]byte, bool) {
	for i := range ts {
		if ts[i].Tag == tag {
			return ts[i].Value, true
		}
	}
	return nil, false
}

// Set replaces the value of the first parameter with the tag, or appends one.
func (ts *TLVs) Set(tag Tag, value []byte) {
	for i := range *ts {
		if (*ts)[i].Tag == tag {
			(*ts)[i].Value = value
			return
		}
	}
	*ts = append(*ts, TLV{tag, value})
}

// SetU8 sets a parameter of one octet.
func (ts *TLVs) SetU8(tag Tag, v uint8) { ts.Set(tag, []byte{v}) }

// SetU16 sets a parameter of two octets.
func (ts *TLVs) SetU16(tag Tag, v uint16) { ts.Set(tag, binary.BigEndian.AppendUint16(nil, v)) }

// SetCString sets a parameter that is a C-octet string; the NUL is added.
func (ts *TLVs) SetCString(tag Tag, s string) {
	v := make([]byte, len(s)+1)
	copy(v, s)
	ts.Set(tag, v)
}

// U8 returns a parameter of one octet; ok is false when there is none or its length is not 1.
func (ts TLVs) U8(tag Tag) (v uint8, ok bool) {
	b, _ := ts.Get(tag)
	if len(b) != 1 {
		return 0, false
	}
	return b[0], true
}

// U16 returns a parameter of two octets. Some peers send such a number in one octet (a sar_msg_ref_num for instance),
// which is accepted too.
func (ts TLVs) U16(tag Tag) (v uint16, ok bool) {
	b, _ := ts.Get(tag)
	switch len(b) {
	case 1:
		return uint16(b[0]), true
	case 2:
		return binary.BigEndian.Uint16(b), true
	}
	return 0, false
}

// CString returns a parameter that is a C-octet string, without its NUL, which peers often leave out.
func (ts TLVs) CString(tag Tag) (s string, ok bool) {
	b, ok := ts.Get(tag)
	return string(untilNUL(b)), ok
}

// untilNUL cuts octets at the first NUL.
func untilNUL(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return b[:i]
	}
	return b
}
