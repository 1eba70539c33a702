package message

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
)

// ErrBadUUID is returned by ParseUUID for text that is no id of ours.
var ErrBadUUID = errors.New("not a UUID that Kurir has given out")

// uuidMix spreads an id over the octets of its UUID that tell ours from others.
const uuidMix = 0x9e3779b97f4a7c15

const uuidLength = 36

// UUID returns the id in the form in which Jasmin's clients know messages: 36
// characters of a UUID that has the version of random ones (RFC 9562 5.4), in
// the order of the ids. ParseUUID reads it.
func (id ID) UUID() string {
	b := id.uuid()
	text := make([]byte, 0, uuidLength)
	for i, part := range [][]byte{b[:4], b[4:6], b[6:8], b[8:10], b[10:]} {
		if i > 0 {
			text = append(text, '-')
		}
		text = hex.AppendEncode(text, part)
	}
	return string(text)
}

// uuid puts the 64 bits of the id around the bits of version and variant, and
// 58 bits that follow from it behind them.
func (id ID) uuid() (b [16]byte) {
	v := uint64(id)
	binary.BigEndian.PutUint64(b[:], v>>16<<16|0x4000|v>>4&0xFFF)
	binary.BigEndian.PutUint64(b[8:], 0x8000_0000_0000_0000|v&0xF<<58|v*uuidMix>>6)
	return b
}

// ParseUUID reads what UUID wrote; letters may be in either case.
func ParseUUID(text string) (ID, error) {
	if len(text) != uuidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return 0, ErrBadUUID
	}
	var b [16]byte
	if _, err := hex.Decode(b[:], []byte(text[:8]+text[9:13]+text[14:18]+text[19:23]+text[24:])); err != nil {
		return 0, ErrBadUUID
	}
	high, low := binary.BigEndian.Uint64(b[:]), binary.BigEndian.Uint64(b[8:])
	id := ID(high>>16<<16 | high&0xFFF<<4 | low>>58&0xF)
	if id < 0 || id.uuid() != b {
		return 0, ErrBadUUID
	}
	return id, nil
}
