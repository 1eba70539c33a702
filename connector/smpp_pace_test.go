package connector

import (
	"fmt"
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

// TestSmooth: whatever comes when, in lumps or one by one, no more than a tenth of the rate and one go within 100 ms,
// in order, and as many as the rate says all the same.
func TestSmooth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []float64{1, 3, 9.5, 10, 50, 100, 999, 12_345} {
			s, began := NewSmooth(rate), time.Now()
			lumps := []int{1, 2, int(rate) / 3, 0, int(rate) * 2, 0, 0, 1, 0, int(rate)}
			var at []time.Duration
			for i, n := range lumps {
				for range n {
					at = append(at, s.Slot(began.Add(time.Duration(i)*370*time.Millisecond)).Sub(began))
				}
			}
			if !slices.IsSorted(at) {
				t.Errorf("at %g a second the order is lost", rate)
			}
			smoothly(t, fmt.Sprintf("at %g a second", rate), at, rate)

			const n = 1000
			began = began.Add(time.Hour)
			last := s.Slot(began)
			for range n {
				last = s.Slot(began)
			}
			if took := last.Sub(began).Seconds(); took > n/rate {
				t.Errorf("at %g a second %d parts take %.3f s, want %.3f at most", rate, n, took, n/rate)
			}
		}
	})
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
		out := b.send("first", "second", "third", long)
		b.operator().cut()
		synctest.Wait()
		b.core.mu.Lock()
		defer b.core.mu.Unlock()
		if len(b.core.downs) != 1 || !slices.Equal(b.core.downs[0].unwritten, out[2:]) {
			t.Errorf("ended with %+v, want the third and the long message unwritten", b.core.downs)
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
		b.send(strings.Repeat("9876543210", 30)) // built where those that wait were
		want := append(names("slow", 3), "other", "other", "other", "other", "other", "")
		same(t, "at once", cutOff(b.operator().taken(), rest), want)
		time.Sleep(time.Second)
		synctest.Wait()
		want = append(want, names("slow", 12)[3:]...)
		same(t, "on the wire", cutOff(b.operator().taken(), rest), want)
		smoothly(t, "the account", append(came.at[:3:3], came.at[9:]...), 20)

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
