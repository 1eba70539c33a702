package simulator

import (
	"bytes"
	"sync"
	"time"

	"kurir/smpp"
)

// Taken says how long messages took from their sender to this SMSC, by the stamps in their texts.
type Taken struct {
	Count int64   `json:"count"`
	P50   float64 `json:"p50_ms"` // at most 0.1 ms too high; likewise the others
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p999_ms"`
	Max   float64 `json:"max_ms"`
}

// A stamp stands behind the first word of a text: " t=" and the Unix microseconds at which the message was sent, in 16
// digits; zeros for a message that is not to be counted. `kurir load smpp --stamp` writes it.
const (
	stampMark   = " t="
	stampDigits = 16
)

// Times are counted in steps of 0.1 ms up to 20 s; what took longer counts as 20 s.
const (
	stampStep  = 100 * time.Microsecond
	stampSteps = 200_000
)

// stampTimes counts how long stamped messages took.
type stampTimes struct {
	mu    sync.Mutex
	steps []uint32
	count int64
	max   time.Duration
}

// stamped reads the stamp of a text; false if it has none that counts.
func stamped(text []byte) (at time.Time, ok bool) {
	i := bytes.IndexByte(text, ' ')
	if i < 0 || len(text) < i+len(stampMark)+stampDigits || string(text[i:i+len(stampMark)]) != stampMark {
		return time.Time{}, false
	}
	var us int64
	for _, c := range text[i+len(stampMark):][:stampDigits] {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
		us = 10*us + int64(c-'0')
	}
	return time.UnixMicro(us), us > 0
}

// add counts a message that came now.
func (s *stampTimes) add(sm *smpp.ShortMessage, now time.Time) {
	at, ok := stamped(sm.Message())
	if !ok {
		return
	}
	took := max(0, now.Sub(at))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	s.max = max(s.max, took)
	s.steps[min(int(took/stampStep), stampSteps-1)]++
}

// taken sums up.
func (s *stampTimes) taken() Taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	quantile := func(q float64) float64 {
		rank := max(1, int64(q*float64(s.count)+0.5))
		for i, n := range s.steps {
			if rank -= int64(n); rank <= 0 {
				return ms(min(s.max, time.Duration(i+1)*stampStep))
			}
		}
		return 0
	}
	return Taken{Count: s.count, P50: quantile(0.5), P99: quantile(0.99), P999: quantile(0.999), Max: ms(s.max)}
}

// reset forgets what was counted.
func (s *stampTimes) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.steps)
	s.count, s.max = 0, 0
}

// Taken says how long stamped messages took from their sender to here; Options.Stamps has to be set.
func (s *Simulator) Taken() Taken {
	if s.stamps == nil {
		return Taken{}
	}
	return s.stamps.taken()
}
