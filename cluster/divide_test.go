package cluster

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

const ratePrecision = 1e-9

func TestDivide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate  float64
		wants []float64
		parts []float64
	}{
		{100, nil, []float64{}},
		{100, []float64{0}, []float64{100}},
		{100, []float64{0, 0}, []float64{50, 50}},
		{100, []float64{30, 0}, []float64{65, 35}},
		{100, []float64{500, 500}, []float64{50, 50}},
		{100, []float64{500, 10, 500}, []float64{45, 10, 45}},
		{100, []float64{60, 40}, []float64{60, 40}},
		{0, []float64{60, 40}, []float64{0, 0}},
	} {
		if parts := Divide(c.rate, c.wants); fmt.Sprint(parts) != fmt.Sprint(c.parts) {
			t.Errorf("%g among %v: %v, want %v", c.rate, c.wants, parts, c.parts)
		}
	}
}

// TestDivideLaws: whatever nodes want, the whole rate is divided and no more, nobody
// has less than another who wants no less, nobody has less than it wants while another has more
// than it wants, and it does not matter in which order they stand.
func TestDivideLaws(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 1))
	for range 20_000 {
		rate, wants := math.Exp(r.Float64()*12-2), randomWants(r)
		parts := Divide(rate, wants)
		sum := 0.0
		for i, p := range parts {
			sum += p
			if p < 0 || math.IsNaN(p) {
				t.Fatalf("%g among %v: %v", rate, wants, parts)
			}
			for k, q := range parts {
				if wants[i] >= wants[k] && p < q-ratePrecision*rate || p < wants[i]-ratePrecision*rate && q > wants[k]+ratePrecision*rate {
					t.Fatalf("%g among %v is unfair: %v", rate, wants, parts)
				}
			}
		}
		if math.Abs(sum-rate) > ratePrecision*rate {
			t.Fatalf("%g among %v: %v are %g", rate, wants, parts, sum)
		}
		turned := slices.Clone(wants)
		slices.Reverse(turned)
		other := Divide(rate, turned)
		slices.Reverse(other)
		for i := range parts {
			if math.Abs(parts[i]-other[i]) > ratePrecision*rate {
				t.Fatalf("%g among %v: %v, from the other side %v", rate, wants, parts, other)
			}
		}
	}
}

func randomWants(r *rand.Rand) []float64 {
	wants := make([]float64, 1+r.IntN(8))
	for i := range wants {
		if r.IntN(4) > 0 {
			wants[i] = math.Exp(r.Float64()*12 - 2)
		}
	}
	return wants
}

// TestHold: nodes that renew in any order while what they want changes never take
// more than the rate together, and when it has not changed for two rounds, in which each has
// renewed once, each has its part.
func TestHold(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 2))
	for range 2_000 {
		rate, wants := math.Exp(r.Float64()*8), randomWants(r)
		held := make([]float64, len(wants))
		renew := func(i int) {
			others := slices.Delete(slices.Clone(held), i, i+1)
			held[i] = Hold(rate, Divide(rate, wants)[i], others)
			sum := 0.0
			for _, h := range held {
				sum += h
			}
			if sum > rate*(1+ratePrecision) {
				t.Fatalf("%g among %v: %v are taken", rate, wants, held)
			}
		}
		for range 3 {
			for range 10 {
				renew(r.IntN(len(wants)))
			}
			for i := range wants {
				if r.IntN(2) == 0 {
					wants[i] = math.Exp(r.Float64()*12 - 2)
				}
			}
			for range 2 {
				for _, i := range r.Perm(len(wants)) {
					renew(i)
				}
			}
			for i, part := range Divide(rate, wants) {
				if math.Abs(held[i]-part) > ratePrecision*rate*10 {
					t.Fatalf("%g among %v: %v are taken after two rounds, want %v", rate, wants, held, Divide(rate, wants))
				}
			}
		}
	}
}
