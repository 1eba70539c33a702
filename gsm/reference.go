package gsm

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

const referenceSlots = 1 << 16

// References gives the reference numbers of long messages. A phone puts parts
// together by sender and reference, so two long messages that reach one phone
// at about the same time must differ in it; 8 bits at random would not do.
//
// Every recipient has a counter that follows the clock: a new reference is one
// more than the last, and at least the number of the current second. Hence
//
//   - two messages in a row to one phone differ, however far apart;
//   - up to 255 (65535) at once differ;
//   - with 8 bits, messages to one phone within four minutes differ, with 16
//     bits within eighteen hours, if it gets at most one a second on average;
//   - the same holds across a restart, without anything being stored, unless
//     just before it a phone got more messages than seconds have passed since.
//
// Recipients share 65,536 counters by a hash of their number, which takes 256
// KiB, however many there are. Next8 and Next16 may be called concurrently.
type References struct {
	seed  maphash.Seed
	slots []atomic.Uint32 // last value given, in seconds since 1970
}

// NewReferences returns a generator. One is enough for a whole program.
func NewReferences() *References {
	return &References{seed: maphash.MakeSeed(), slots: make([]atomic.Uint32, referenceSlots)}
}

// Next8 returns the next reference of 8 bits for this recipient.
func (r *References) Next8(recipient string) uint8 {
	return uint8(r.next(recipient, 0xFF))
}

// Next16 returns the next reference of 16 bits for this recipient.
func (r *References) Next16(recipient string) uint16 {
	return uint16(r.next(recipient, 0xFFFF))
}

// next moves a recipient's counter on, so that it differs within the mask.
func (r *References) next(recipient string, mask uint32) uint32 {
	slot := &r.slots[maphash.String(r.seed, recipient)%referenceSlots]
	now := uint32(time.Now().Unix())
	for {
		last := slot.Load()
		value := last + 1
		if last == 0 || int32(now-value) > 0 {
			value = now
			if value&mask == last&mask {
				value++
			}
		}
		if slot.CompareAndSwap(last, value) {
			return value
		}
	}
}
