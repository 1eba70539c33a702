package cluster

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// claimsOf makes claims of nodes 0 and up.
func claimsOf(wants ...int64) []claim {
	claims := make([]claim, len(wants))
	for i, w := range wants {
		claims[i] = claim{node: i, want: w}
	}
	return claims
}

func TestDivide(t *testing.T) {
	t.Parallel()
	had := func(claims []claim, has ...int64) []claim {
		for i := range claims {
			claims[i].has = has[i]
		}
		return claims
	}
	for _, c := range []struct {
		rate   int64
		claims []claim
		parts  []int64
	}{
		{100, nil, []int64{}},
		{100, claimsOf(0), []int64{100}},
		{100, claimsOf(0, 0), []int64{50, 50}},
		{100, claimsOf(30, 0), []int64{65, 35}},
		{100, claimsOf(500, 500), []int64{50, 50}},
		{100, claimsOf(500, 10, 500), []int64{45, 10, 45}},
		{100, claimsOf(60, 40), []int64{60, 40}},
		{0, claimsOf(60, 40), []int64{0, 0}},
		{50, claimsOf(50, 50, 50), []int64{17, 17, 16}},
		{50, had(claimsOf(50, 50, 50), 16, 17, 17), []int64{16, 17, 17}},
		{1, claimsOf(1, 1, 1), []int64{1, 0, 0}},
		{1, had(claimsOf(1, 1, 1), 0, 1, 0), []int64{0, 1, 0}},
		{2, claimsOf(0, 2, 0), []int64{0, 2, 0}},
		{2, claimsOf(0, 1, 0), []int64{0, 2, 0}},
	} {
		if parts := divide(c.rate, c.claims); fmt.Sprint(parts) != fmt.Sprint(c.parts) {
			t.Errorf("%d among %v: %v, want %v", c.rate, c.claims, parts, c.parts)
		}
	}
}

// TestDivideLaws: whatever nodes want, the whole rate is divided and no more, nobody
// has less than another who wants no less, nobody has less than it wants while another has more
// than it wants, a unit aside; it does not matter in which order they stand; and when they
// have their parts, they keep them.
func TestDivideLaws(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 1))
	for range 20_000 {
		rate, claims := 1+r.Int64N(1<<r.IntN(20)), randomClaims(r)
		parts := divide(rate, claims)
		sum := int64(0)
		for i, p := range parts {
			sum += p
			for k, q := range parts {
				if p < 0 || claims[i].want >= claims[k].want && p < q-1 || p < claims[i].want && q > claims[k].want+1 {
					t.Fatalf("%d among %v is unfair: %v", rate, claims, parts)
				}
			}
		}
		if sum != rate {
			t.Fatalf("%d among %v: %v are %d", rate, claims, parts, sum)
		}
		turned := slices.Clone(claims)
		slices.Reverse(turned)
		other := divide(rate, turned)
		slices.Reverse(other)
		if !slices.Equal(parts, other) {
			t.Fatalf("%d among %v: %v, from the other side %v", rate, claims, parts, other)
		}
		for i := range claims {
			claims[i].has = parts[i]
		}
		if again := divide(rate, claims); !slices.Equal(parts, again) {
			t.Fatalf("%d among %v: %v, and then %v", rate, claims, parts, again)
		}
	}
}

func randomClaims(r *rand.Rand) []claim {
	claims := make([]claim, 1+r.IntN(8))
	for i := range claims {
		claims[i].node = i
		if r.IntN(4) > 0 {
			claims[i].want = r.Int64N(1 << r.IntN(20))
		}
		if r.IntN(2) > 0 {
			claims[i].has = r.Int64N(1 << r.IntN(20))
		}
	}
	return claims
}

// TestHold: nodes that renew in any order while what they want changes never take
// more than the rate together, and when it has not changed for a few rounds, in which each has
// renewed once, each has its part.
func TestHold(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 2))
	for range 2_000 {
		rate, claims := 1+r.Int64N(1<<r.IntN(12)), randomClaims(r)
		for i := range claims {
			claims[i].has = 0
		}
		renew := func(i int) {
			others := slices.Delete(slices.Clone(claims), i, i+1)
			claims[i].has = hold(rate, divide(rate, claims)[i], others)
			sum := int64(0)
			for _, c := range claims {
				sum += c.has
			}
			if sum > rate {
				t.Fatalf("%d among %v are taken", rate, claims)
			}
		}
		for range 3 {
			for range 10 {
				renew(r.IntN(len(claims)))
			}
			for i := range claims {
				if r.IntN(2) == 0 {
					claims[i].want = r.Int64N(1 << r.IntN(20))
				}
			}
			for range 4 {
				for _, i := range r.Perm(len(claims)) {
					renew(i)
				}
			}
			for i, part := range divide(rate, claims) {
				if claims[i].has != part {
					t.Fatalf("%d among %v: %v are taken after four rounds", rate, claims, divide(rate, claims))
				}
			}
		}
	}
}
