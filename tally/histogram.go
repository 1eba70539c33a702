package tally

import (
	"math"
	"math/bits"
	"time"
)

// Classes is how many classes of durations there are.
const Classes = 56

// Histogram is how many durations fell into each class. The zero value is empty.
type Histogram [Classes]int64

// Class gives the class of a duration: 0 below a millisecond, then two an octave; the last has all from 1.5 days on.
func Class(d time.Duration) int {
	ms := d.Milliseconds()
	if ms < 1 {
		return 0
	}
	octave := bits.Len64(uint64(ms)) - 1
	class := 1 + 2*octave
	// In the upper half of its octave is what is at least its beginning times the root of two.
	if octave < 31 && ms*ms >= 1<<(2*octave+1) {
		class++
	}
	return min(class, Classes-1)
}

// Bound gives where a class begins, in milliseconds.
func Bound(class int) float64 {
	if class <= 0 {
		return 0
	}
	return math.Exp2(float64(class-1) / 2)
}

// Add counts n durations of a class; one that there is not counts nothing.
func (h *Histogram) Add(class int, n int64) {
	if class >= 0 && class < Classes {
		h[class] += n
	}
}

// Join adds all of another.
func (h *Histogram) Join(other *Histogram) {
	for i, n := range other {
		h[i] += n
	}
}

// Count is how many durations there are.
func (h *Histogram) Count() (n int64) {
	for _, k := range h {
		n += k
	}
	return n
}

// Quantile gives within what time a part q, above 0 and at most 1, of the durations lie, as if those of a class were evenly
// spread; 0 for an empty one. The last class counts as long as its beginning.
func (h *Histogram) Quantile(q float64) time.Duration {
	total := h.Count()
	if total == 0 {
		return 0
	}
	want := max(q*float64(total), 1e-9)
	below := 0.0
	for class, n := range h {
		if n == 0 || below+float64(n) < want {
			below += float64(n)
			continue
		}
		low, high := Bound(class), Bound(class+1)
		if class == Classes-1 {
			high = low
		}
		return time.Duration((low + (high-low)*(want-below)/float64(n)) * float64(time.Millisecond))
	}
	return 0
}

// Within gives what part of the durations lies within a time, 0 to 1, likewise; 0 for an empty one.
func (h *Histogram) Within(d time.Duration) float64 {
	total := h.Count()
	if total == 0 {
		return 0
	}
	class, ms, n := Class(d), float64(d)/float64(time.Millisecond), 0.0
	if class < Classes-1 && ms >= Bound(class+1) {
		class++ // Class goes by whole milliseconds, and a class may begin between two
	}
	for _, k := range h[:class] {
		n += float64(k)
	}
	if class < Classes-1 {
		low, high := Bound(class), Bound(class+1)
		n += float64(h[class]) * min(max((ms-low)/(high-low), 0), 1)
	}
	return n / float64(total)
}
