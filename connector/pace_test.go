package connector

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// arrivals notes when parts come.
type arrivals struct {
	began time.Time
	at    []time.Duration
}

func (a *arrivals) note(o *smsc) {
	o.came = func() { a.at = append(a.at, time.Since(a.began)) }
}

// smoothly checks that no more than a tenth of a rate and one came within any 100 ms.
func smoothly(t *testing.T, what string, at []time.Duration, rate float64) {
	t.Helper()
	slices.Sort(at)
	most := int(rate/10) + 1
	for i := range at {
		n := 0
		for n < len(at)-i && at[i+n]-at[i] < 100*time.Millisecond {
			n++
		}
		if n > most {
			t.Errorf("%s: %d parts within 100 ms from %v on, want %d at most", what, n, at[i], most)
			return
		}
	}
}

// TestSmooth: whatever comes when, in lumps or one by one, and however late a timer asks again, no more than a tenth of the
// rate and one go within 100 ms; where timers are in time, as many as the rate says.
func TestSmooth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []float64{1, 3, 9.5, 10, 50, 100, 999, 12_345} {
			for _, lateness := range []time.Duration{0, time.Millisecond, 15 * time.Millisecond, 300 * time.Millisecond} {
				s, r := NewSmooth(rate), rand.New(rand.NewPCG(1, uint64(rate)))
				now := s.began
				var at []time.Duration
				for range 2000 {
					goes, again, _ := s.Take(nil, now)
					switch {
					case goes:
						at = append(at, now.Sub(s.began))
						if r.IntN(200) == 0 { // nothing waits for a while
							now = now.Add(time.Duration(r.Int64N(int64(time.Second))))
						}
					case lateness > 0 && r.IntN(3) == 0:
						now = again.Add(time.Duration(r.Int64N(int64(lateness))))
					default:
						now = again
					}
				}
				smoothly(t, fmt.Sprintf("at %g a second, %v late", rate, lateness), at, rate)
			}
			s, n := NewSmooth(rate), 0
			now := s.began
			for n <= 1000 {
				if goes, again, _ := s.Take(nil, now); goes {
					n++
				} else {
					now = again
				}
			}
			if took := now.Sub(s.began).Seconds(); took > 1000/rate {
				t.Errorf("at %g a second 1000 parts take %.3f s, want %.3f at most", rate, took, 1000/rate)
			}
		}
	})
}

// TestSmoothBoth: a part takes its place with the link and with its account, or with neither.
func TestSmoothBoth(t *testing.T) {
	t.Parallel()
	link, account := NewSmooth(20), NewSmooth(10) // three and two parts within 100 ms
	now := account.began
	for i, want := range []struct{ goes, all bool }{{true, false}, {true, false}, {false, false}, {false, false}} {
		if goes, again, all := link.Take(account, now); goes != want.goes || all != want.all || !goes && !again.After(now) {
			t.Errorf("part %d: %v %v %v", i, goes, again, all)
		}
	}
	if goes, _, _ := link.Take(nil, now); !goes {
		t.Error("what its account held back took a place with the link")
	}
	if goes, _, all := link.Take(nil, now); goes || !all {
		t.Error("a fourth part goes over the link")
	}
	other := NewSmooth(1000)
	if goes, _, _ := link.Take(other, now); goes || other.next != 0 {
		t.Error("what the link held back took a place with its account")
	}
}

// TestSMPPSmooth: what the gateway gives at once leaves evenly over a link with a rate, parts of long messages too, over
// all its sessions; the parts of each session in order.
func TestSMPPSmooth(t *testing.T) {
	t.Parallel()
	var came arrivals
	smppLink(t, func(c *SMPPConfig) { c.Rate, c.Window, c.Lookahead, c.Long = 100, 200, 200, "udh" }, came.note, func(t *testing.T, b *contractBench) {
		came.began = time.Now()
		long, parts := smppParts()
		want := names("one", 40)
		b.send(want...)
		b.send(long, long, "last")
		want = slices.Concat(want, parts, parts, []string{"last"})
		if n := len(b.operator().taken()); n != 11 {
			t.Errorf("%d parts went at once, want 11", n)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		same(t, "on the wire", b.operator().taken(), want)
		smoothly(t, "the link", came.at, 100)
		if last := came.at[len(came.at)-1]; last > 470*time.Millisecond {
			t.Errorf("the last of 47 parts went after %v", last)
		}
	})
}

// TestSMPPSmoothEnd: what may not go yet when a session ends was never written, once each.
func TestSMPPSmoothEnd(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Rate, c.Window, c.Lookahead = 10, 100, 100 }, nil, func(t *testing.T, b *contractBench) {
		long, _ := smppParts()
		b.link.(*SMPP).shared.SmoothAccounts(map[string]float64{"slow": 1})
		var out []*Outgoing
		for i, text := range []string{"first", long, "second", "third", long} {
			o := contractMessage(text)
			if i < 2 {
				o.Message.Account = "slow" // whose second steps aside
			}
			out = append(out, o)
		}
		b.link.Send(b.session(), out)
		synctest.Wait()
		same(t, "on the wire", b.operator().taken(), []string{"first", "second"})
		b.operator().cut()
		synctest.Wait()
		b.core.mu.Lock()
		defer b.core.mu.Unlock()
		if len(b.core.downs) != 1 || !slices.Equal(b.core.downs[0].unwritten, []*Outgoing{out[1], out[3], out[4]}) {
			t.Errorf("ended with %+v, want the third and the long messages unwritten", b.core.downs)
		}
	})
}

// TestSMPPSmoothAccounts: an account with a rate leaves evenly, and no other waits for it.
func TestSMPPSmoothAccounts(t *testing.T) {
	t.Parallel()
	var came arrivals
	smppLink(t, func(c *SMPPConfig) { c.Window, c.Lookahead, c.Long = 100, 100, "payload" }, came.note, func(t *testing.T, b *contractBench) {
		came.began = time.Now()
		b.link.(*SMPP).shared.SmoothAccounts(map[string]float64{"slow": 20})
		rest := strings.Repeat("0123456789", 30) // in message_payload
		var out []*Outgoing
		for i := range 12 {
			o := contractMessage(fmt.Sprint("slow", i) + rest)
			o.Message.Account = "slow"
			out = append(out, o)
		}
		for range 5 {
			out = append(out, contractMessage("other"))
		}
		b.link.Send(b.session(), out)
		b.send(slices.Repeat([]string{strings.Repeat("9876543210", 31)}, 12)...) // built where those that wait were
		want := append(names("slow", 3), "other", "other", "other", "other", "other")
		want = append(want, make([]string, 12)...)
		same(t, "at once", cutOff(b.operator().taken(), rest), want)
		time.Sleep(time.Second)
		synctest.Wait()
		want = append(want, names("slow", 12)[3:]...)
		same(t, "on the wire", cutOff(b.operator().taken(), rest), want)
		smoothly(t, "the account", append(came.at[:3:3], came.at[20:]...), 20)

		b.link.(*SMPP).shared.SmoothAccounts(nil)
		b.link.Send(b.session(), out[:10])
		synctest.Wait()
		if n := len(b.operator().taken()); n != len(want)+10 {
			t.Errorf("%d went at once without a rate", n-len(want))
		}
	})
}

// cutOff takes an ending off texts; one that does not have it counts as empty if it is long.
func cutOff(texts []string, ending string) (list []string) {
	for _, text := range texts {
		text, cut := strings.CutSuffix(text, ending)
		if !cut && len(text) >= len(ending) {
			text = ""
		}
		list = append(list, text)
	}
	return list
}

// TestSMPPSmoothThrottled: a part that is repeated counts again.
func TestSMPPSmoothThrottled(t *testing.T) {
	t.Parallel()
	var came arrivals
	smppLink(t, func(c *SMPPConfig) { c.Rate, c.Window, c.Lookahead = 30, 100, 100 }, came.note, func(t *testing.T, b *contractBench) {
		came.began = time.Now()
		long, parts := smppParts()
		b.send(long)
		o := b.operator()
		o.answer(parts[0], "id0", message.NoFailure)
		o.answer(parts[1], "", message.Throttled)
		o.answer(parts[2], "", message.Throttled)
		time.Sleep(smppRepeatWait - 10*time.Millisecond)
		b.send("a", "b", "c", "d")
		time.Sleep(time.Second)
		synctest.Wait()
		same(t, "on the wire", o.taken(), slices.Concat(parts, []string{"a", "b", "c", "d"}, parts[1:]))
		smoothly(t, "the link", came.at, 30)
	})
}

// TestSMPPUntaken: what a session that ends does not take was never written, a long message too.
func TestSMPPUntaken(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		l := b.link.(*SMPP)
		l.mu.Lock()
		s := l.bound[b.session()]
		l.mu.Unlock()
		long, _ := smppParts()
		out := []*Outgoing{contractMessage(long), contractMessage("after")}
		s.mu.Lock() // the link hears of the end after these were handed over
		s.sess.Close(nil)
		s.queue = append(s.queue, out...)
		s.pump()
		s.mu.Unlock()
		synctest.Wait()
		b.core.mu.Lock()
		defer b.core.mu.Unlock()
		if len(b.core.downs) != 1 || !slices.Equal(b.core.downs[0].unwritten, out) {
			t.Errorf("ended with %+v, want both unwritten", b.core.downs)
		}
	})
}
