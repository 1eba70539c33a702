package ucp

import (
	"time"

	"kurir/wire"
)

// Stamps gives the messages of an SMSC their time stamps, of which no recipient gets the same twice. The zero value is
// ready. It may be used concurrently.
type Stamps struct{ of wire.Stamps }

// Append appends the stamp of a message to a recipient that comes now, as SCTS has it: the second itself, or the first
// that is free behind it.
func (s *Stamps) Append(dst []byte, adc string, now time.Time, loc *time.Location) []byte {
	return AppendSeconds(dst, s.of.Next(adc, now, loc), time.UTC)
}
