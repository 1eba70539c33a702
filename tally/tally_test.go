package tally

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata"

	"pgregory.net/rapid"
)

// A quantile is at most a fifth from that of the durations themselves, and Within is its inverse.
func TestQuantiles(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.SliceOfN(rapid.Int64Range(2, 100_000_000), 1, 300).Draw(t, "ms")
		q := rapid.Float64Range(0.01, 1).Draw(t, "q")
		var h, half Histogram
		for i, d := range ms {
			h.Add(Class(time.Duration(d)*time.Millisecond), 1)
			if i%2 == 0 {
				half.Add(Class(time.Duration(d)*time.Millisecond), 1)
			}
		}
		slices.Sort(ms)
		want := float64(ms[int(math.Ceil(q*float64(len(ms))))-1])
		got := float64(h.Quantile(q)) / float64(time.Millisecond)
		if got < want/1.4143 || got > want*1.4143 {
			t.Fatalf("quantile %v of %v is %v, not about %v", q, ms, got, want)
		}
		if in := h.Within(h.Quantile(q)); math.Abs(in-q) > 1/float64(len(ms))+0.01 {
			t.Fatalf("%v lie within the quantile %v", in, q)
		}
		joined := half
		joined.Join(&h)
		if joined.Count() != h.Count()+half.Count() {
			t.Fatalf("%d and %d are %d", h.Count(), half.Count(), joined.Count())
		}
	})
	var none Histogram
	if none.Quantile(0.5) != 0 || none.Within(time.Hour) != 0 {
		t.Error("an empty histogram has durations")
	}
}

// Within is the inverse of Quantile also where a class begins between two milliseconds.
func TestWithinBetweenMilliseconds(t *testing.T) {
	t.Parallel()
	for _, ms := range []time.Duration{3, 6, 12, 23} {
		var h Histogram
		h.Add(Class(ms*time.Millisecond), 100)
		for q := 0.01; q < 1; q += 0.01 {
			if in := h.Within(h.Quantile(q)); math.Abs(in-q) > 0.001 {
				t.Errorf("of durations of %d ms %v lie within the quantile %v", ms, in, q)
			}
		}
	}
}

// Each duration lies in its class.
func TestClasses(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 1<<40).Draw(t, "ms")
		class := Class(time.Duration(ms) * time.Millisecond)
		if low, high := Bound(class), Bound(class+1); float64(ms) < low-1e-6 && class > 0 || class < Classes-1 && float64(ms) >= high+1e-6 {
			t.Fatalf("%d ms are in class %d, of %v to %v", ms, class, low, high)
		}
	})
}

// Days of a zone have 23 and 25 hours when its clock is changed; every hour of a span lies in exactly one period.
func TestPeriods(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	c, err := Periods(time.Date(2026, 10, 24, 0, 0, 0, 0, zone), time.Date(2026, 10, 27, 0, 0, 0, 0, zone), Day, zone)
	if err != nil || len(c.Starts) != 3 {
		t.Fatalf("%v, %v", c, err)
	}
	hours := make([]int, 3)
	since, until := c.Hours()
	for h := since; h < until; h++ {
		i, ok := c.At(time.Unix(h*3600, 0))
		if !ok {
			t.Fatalf("hour %d is in no day", h)
		}
		hours[i]++
	}
	if want := []int{24, 25, 24}; !slices.Equal(hours, want) {
		t.Errorf("the days have %v hours, not %v", hours, want)
	}
	if _, ok := c.At(c.Until); ok {
		t.Error("the end belongs to the span")
	}
	from, before := Before(c.From, c.Until, zone)
	if before != c.From || !from.Equal(time.Date(2026, 10, 21, 0, 0, 0, 0, zone)) {
		t.Errorf("before that: %v to %v", from, before)
	}
	if from, _ := Before(time.Date(2026, 3, 1, 0, 0, 0, 0, zone), time.Date(2026, 4, 1, 0, 0, 0, 0, zone), zone); !from.Equal(time.Date(2026, 2, 1, 0, 0, 0, 0, zone)) {
		t.Errorf("before March comes %v", from)
	}
	months, err := Periods(time.Date(2026, 1, 15, 12, 30, 0, 0, zone), time.Date(2027, 2, 1, 0, 0, 0, 0, zone), Month, zone)
	if err != nil || len(months.Starts) != 13 || months.Span(0).From != months.From.UnixMilli() || months.Span(12).Until != months.Until.UnixMilli() {
		t.Errorf("%v, %v", months, err)
	}
	if _, err := Periods(c.From, c.From.AddDate(1, 0, 0), Hour, zone); err == nil {
		t.Error("a year of hours is no mistake")
	}
	if _, err := Periods(c.Until, c.From, Day, zone); err == nil {
		t.Error("a span that ends before it begins is no mistake")
	}
}

// The sets of spans agree with sets of points.
func TestSpans(t *testing.T) {
	t.Parallel()
	some := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Span {
		from := rapid.Int64Range(0, 60).Draw(t, "from")
		return Span{from, from + rapid.Int64Range(-1, 12).Draw(t, "length")}
	}), 0, 8)
	in := func(list []Span, at int64) bool {
		return slices.ContainsFunc(list, func(s Span) bool { return s.From <= at && at < s.Until })
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := some.Draw(t, "a"), some.Draw(t, "b")
		a, b := Union(x), Union(y)
		both, left := Intersect(a, b), Subtract(a, b)
		n := 0
		for at := int64(-2); at < 80; at++ {
			if in(a, at) != in(x, at) || in(both, at) != (in(x, at) && in(y, at)) || in(left, at) != (in(x, at) && !in(y, at)) {
				t.Fatalf("%d: %v and %v give union %v, both %v, left %v", at, x, y, a, both, left)
			}
			if in(a, at) {
				n++
			}
		}
		if Total(a) != time.Duration(n)*time.Millisecond || Total(both)+Total(left) != Total(a) {
			t.Fatalf("%v is %v long", a, Total(a))
		}
	})
}

// What availability says of each point of time, told one by one, and that all of the time is something.
func TestAvailability(t *testing.T) {
	t.Parallel()
	in := func(list []Span, at int64) bool {
		return slices.ContainsFunc(list, func(s Span) bool { return s.From <= at && at < s.Until })
	}
	r := rand.New(rand.NewPCG(9, 9))
	some := func(n int) (list []Span) {
		for range r.IntN(n) {
			from := r.Int64N(100)
			list = append(list, Span{from, from + r.Int64N(30)})
		}
		return list
	}
	for range 2000 {
		seen := &Seen{Up: some(4), Known: some(4), Stopped: some(3), Planned: some(3), Running: some(4)}
		within := Span{r.Int64N(40), 50 + r.Int64N(60)}
		a := Availability(within, seen)
		known := Union(slices.Concat(seen.Known, seen.Up, seen.Stopped))
		var up, down, planned, stopped int64
		last := int64(0)
		if len(known) > 0 {
			last = known[len(known)-1].Until
		}
		for at := within.From; at < within.Until; at++ {
			switch {
			case len(known) == 0 || at < known[0].From || at >= last, in(seen.Running, at) && !in(known, at):
			case in(seen.Planned, at):
				planned++
			case in(seen.Up, at):
				up++
			case in(seen.Stopped, at):
				stopped++
			default:
				down++
			}
		}
		if want := (Available{Up: ms(up), Down: ms(down), Planned: ms(planned), Stopped: ms(stopped), Outages: a.Outages, Longest: a.Longest}); a != want {
			t.Fatalf("%v in %v: %+v, not %+v", seen, within, a, want)
		}
		if (a.Outages == 0) != (a.Down == 0) || a.Longest > a.Down {
			t.Fatalf("%+v", a)
		}
	}
	// A link of two servers, one of which dies: down is only what neither had.
	a := Availability(Span{0, 1000}, &Seen{
		Running: []Span{{0, 400}, {0, 1000}}, Known: []Span{{0, 1000}}, Up: []Span{{0, 400}, {410, 1000}}, Planned: []Span{{900, 950}},
	})
	if a.Down != ms(10) || a.Up != ms(940) || a.Planned != ms(50) || a.Outages != 1 || math.Abs(a.Part()-940.0/950) > 1e-9 {
		t.Errorf("%+v", a)
	}
}

func ms(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
