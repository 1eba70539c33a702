package connector

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// mostWithin is how many of these times, which are in order, lie within any span at most.
func mostWithin(at []time.Duration, span time.Duration) (most int) {
	first := 0
	for i := range at {
		for at[i]-at[first] >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// TestSmoothSecond: a link that has much to send at once sends no more within any second than its rate and one part.
func TestSmoothSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []float64{1, 2, 50, 999} {
			s := NewSmooth(rate)
			var at []time.Duration
			for now := s.began; now.Sub(s.began) < 5*time.Second; {
				goes, again, _ := s.Take(nil, now)
				if goes {
					at = append(at, now.Sub(s.began))
				} else {
					now = again
				}
			}
			if most := mostWithin(at, time.Second); float64(most) > rate+1 {
				t.Errorf("%d parts go within a second at a rate of %g", most, rate)
			}
			if float64(len(at)) < 5*rate-1 {
				t.Errorf("%d parts go in five seconds at a rate of %g", len(at), rate)
			}
		}
	})
}

// TestSmoothShare: whatever share of its rate a link has, no more parts than that lie within the window that ends with any of
// them, also right after the share has become smaller; a link without a share sends nothing; one that is made anew goes on
// where it was.
func TestSmoothShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const window = 1020 * time.Millisecond
		shared := NewShared()
		shared.Share(Shares{Window: window})
		s := shared.smoothLink("op1", 50)
		if goes, again, all := s.Take(nil, time.Now()); goes || !all || !again.After(time.Now()) {
			t.Error("a part goes without a share")
		}
		r := rand.New(rand.NewPCG(7, 7))
		var at []time.Duration
		share := 0
		for now, moves := s.began, s.began; now.Sub(s.began) < 5*time.Minute; {
			if !now.Before(moves) {
				share, moves = r.IntN(50), now.Add(time.Duration(r.IntN(3000))*time.Millisecond)
				shared.Share(Shares{Window: window, Links: map[string]int{"op1": share}})
				s = shared.smoothLink("op1", 50)
			}
			goes, again, _ := s.Take(nil, now)
			if !goes {
				now = again
				if now.After(moves) {
					now = moves
				}
				continue
			}
			at = append(at, now.Sub(s.began))
			n := 0
			for i := len(at) - 1; i >= 0 && at[len(at)-1]-at[i] < window; i-- {
				n++
			}
			if n > share {
				t.Fatalf("%d parts went within the window that ends at %v with a share of %d", n, at[len(at)-1], share)
			}
		}
		if len(at) < 5*60*20 {
			t.Errorf("%d parts went in five minutes with 25 a second on average", len(at))
		}
	})
}

// TestSmoothShareAccounts: an account's parts are as far apart as its share says, and as its rate says for a server that is alone.
func TestSmoothShareAccounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shared := NewShared()
		shared.SmoothAccounts(map[string]float64{"slow": 100})
		atOnce := func() (n int) {
			time.Sleep(time.Minute)
			for {
				if goes, _, _ := (*Smooth)(nil).Take(shared.smooth("slow"), time.Now()); !goes {
					return n
				}
				n++
			}
		}
		if n := atOnce(); n != 11 {
			t.Errorf("%d parts of 100 a second go at once", n)
		}
		shared.Share(Shares{Accounts: map[string]float64{"slow": 40}})
		if n := atOnce(); n != 5 {
			t.Errorf("%d parts of 40 a second go at once", n)
		}
		shared.Share(Shares{Alone: true})
		if n := atOnce(); n != 11 {
			t.Errorf("%d parts of 100 a second go at once when the others have gone", n)
		}
	})
}
