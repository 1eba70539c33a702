package message

import (
	"encoding/binary"
	"slices"
)

// TagPassed is the optional parameter by which one Kurir tells another which of
// them a message has passed: 8 octets each, the newest last. It goes to servers
// that say in the bind that they are Kurir, and to nobody else.
const TagPassed uint16 = 0x3E5A

const (
	passedMost  = 32 // kept in it
	passedOften = 3  // how often a message may pass one
)

// passed lists them.
func (x *Extra) passed() []uint64 {
	value, _ := x.TLV(TagPassed)
	ids := make([]uint64, 0, len(value)/8)
	for ; len(value) >= 8; value = value[8:] {
		ids = append(ids, binary.BigEndian.Uint64(value))
	}
	return ids
}

// Passing returns the parameter for a message that leaves the Kurir self for
// another.
func (x *Extra) Passing(self uint64) []byte {
	ids := append(x.passed(), self)
	var value []byte
	for _, id := range ids[max(0, len(ids)-passedMost):] {
		value = binary.BigEndian.AppendUint64(value, id)
	}
	return value
}

// Looping tells whether a message goes in circles: the Kurir self sent it to
// itself, or it has passed one of them more than three times. Without the
// parameter it does not.
func (x *Extra) Looping(self uint64) bool {
	if x == nil || len(x.TLVs) == 0 {
		return false
	}
	ids := x.passed()
	if len(ids) == 0 {
		return false
	}
	if self != 0 && ids[len(ids)-1] == self {
		return true
	}
	slices.Sort(ids)
	for i := passedOften; i < len(ids); i++ {
		if ids[i] == ids[i-passedOften] {
			return true
		}
	}
	return false
}
