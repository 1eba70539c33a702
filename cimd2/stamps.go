package cimd2

import (
	"time"

	"kurir/wire"
)

// Stamps gives the messages of an SMSC their timestamps, of which no destination gets the same twice. The zero value is
// ready. It may be used concurrently.
type Stamps struct{ of wire.Stamps }

// Next gives the timestamp of a message to a destination that comes now, as parameter 060 has it: the second itself, or the
// first that is free behind it.
func (s *Stamps) Next(destination string, now time.Time, loc *time.Location) string {
	return FormatTime(s.of.Next(destination, now, loc), time.UTC)
}
