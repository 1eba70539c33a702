package simulator

import (
	"errors"
	"strconv"
	"time"
)

// Congestion says what congestion_state is sent: none, the one that the load gives, or always the same.
type Congestion uint8

// The congestion_state of a value above CongestionAuto is that value less congestionFirst.
const (
	CongestionOff Congestion = iota
	CongestionAuto
	congestionFirst
)

// mostCongested is the highest congestion_state (SMPP 5.0 4.8.4.18).
const mostCongested = 99

// CongestionOf always sends the same state, 0 (idle) to 99 (congested).
func CongestionOf(state uint8) Congestion {
	return congestionFirst + Congestion(min(state, mostCongested))
}

// String gives off, auto or the number.
func (c Congestion) String() string {
	switch c {
	case CongestionOff:
		return "off"
	case CongestionAuto:
		return "auto"
	}
	return strconv.Itoa(int(c - congestionFirst))
}

// MarshalText is String.
func (c Congestion) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads what String writes.
func (c *Congestion) UnmarshalText(b []byte) error {
	switch string(b) {
	case "off":
		*c = CongestionOff
	case "auto":
		*c = CongestionAuto
	default:
		n, err := strconv.ParseUint(string(b), 10, 8)
		if err != nil || n > mostCongested {
			return errors.New("congestion: write off, auto, or a number from 0 to 99")
		}
		*c = CongestionOf(uint8(n))
	}
	return nil
}

// state is what is sent when the load gives measured.
func (c Congestion) state(measured int) byte {
	if c == CongestionAuto {
		return byte(measured)
	}
	return byte(c - congestionFirst)
}

// congestionTime is how often the load is measured.
const congestionTime = 100 * time.Millisecond

// measure sets the congestion_state of the load: what came in within the last second as a share of the rate that is
// taken, refused messages included, so that 80 to 89 is the best use, and 99 more than can be taken. Without a rate it is
// how full the room for answers and receipts that wait is.
func (s *Simulator) measure(now time.Time) {
	b := s.Behaviour()
	if b.Congestion != CongestionAuto {
		return
	}
	share := float64(s.owed.Load()) / float64(s.opt.Owed)
	if b.Rate > 0 {
		share = max(share, s.stats.recent(now)/b.Rate)
	}
	s.congested.Store(int32(min(mostCongested, 100*share)))
}

// recent is how many messages came within the last second.
func (s *statistics) recent(now time.Time) (n float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	current := now.UnixMilli() / slotTime.Milliseconds()
	for i := int64(1); i <= int64(time.Second/slotTime); i++ {
		if sl := &s.slots[(current-i)%slotCount]; sl.number == current-i {
			n += float64(sl.submitted)
		}
	}
	return n
}
