package app

import (
	"syscall"
	"time"
)

// Bits of the status of adjtimex(2).
const (
	clockUnsynchronised = 0x40
	clockNanoseconds    = 0x2000
)

// clockOffset is by how much the clock is wrong, says the kernel; false if no time
// service tells it.
func clockOffset() (time.Duration, bool) {
	var tx syscall.Timex
	if _, err := syscall.Adjtimex(&tx); err != nil || tx.Status&clockUnsynchronised != 0 {
		return 0, false
	}
	if tx.Status&clockNanoseconds != 0 {
		return time.Duration(tx.Offset), true
	}
	return time.Duration(tx.Offset) * time.Microsecond, true
}
