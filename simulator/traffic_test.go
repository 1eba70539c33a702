package simulator

import (
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// TestTraffic: messages from phones come at the rate, each with its own reference, phone and time, and wait for nobody.
func TestTraffic(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Behaviour: Behaviour{InboundRate: 1000, InboundTo: "46737494949", InboundCount: 2500}}, func(t *testing.T, s *Simulator) {
		time.Sleep(time.Second + 5*time.Millisecond) // nobody is bound: none is made, nor at the instant at which bind looks at its answer
		e := bind(t, s, smpp.Receiver)
		time.Sleep(time.Second)
		synctest.Wait()
		got := e.take()
		if len(got) < 980 || len(got) > 1010 {
			t.Errorf("%d messages in the first second, want 1000", len(got))
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		got = append(got, e.take()...)
		seen, phones, mark := map[string]bool{}, map[string]bool{}, ""
		for _, c := range got {
			d, ok := c.pdu.Body.(*smpp.DeliverSM)
			if !ok {
				t.Fatalf("got %v", &c.pdu)
			}
			ref, stamp, _ := strings.Cut(string(d.Text), " ")
			parts := strings.Split(ref, "-")
			if len(parts) != 3 || mark != "" && parts[1] != mark {
				t.Fatalf("reference %q", ref)
			}
			mark = parts[1]
			seen[ref], phones[d.Source.Addr] = true, true
			if us, err := strconv.ParseInt(stamp, 10, 64); err != nil || c.at-time.UnixMicro(us).Sub(e.started) > 10*time.Millisecond {
				t.Fatalf("made at %q, came at %v", stamp, c.at)
			}
			if d.Dest.Addr != "46737494949" || len(d.Source.Addr) != 11 || d.ESMClass != 0 {
				t.Fatalf("from %s to %s", d.Source.Addr, d.Dest.Addr)
			}
		}
		if len(got) != 2500 || len(seen) != 2500 || len(phones) != 2500 {
			t.Errorf("%d messages, %d references, %d phones; want 2500 of each", len(got), len(seen), len(phones))
		}
		if st := s.Stats(); st.Inbound != 2500 || st.Acked != 2500 {
			t.Errorf("counted: %+v", st.Counts)
		}
	})
}

// TestTrafficWaits: a receiver that does not answer gets a window full, and only a bounded number waits behind it.
func TestTrafficWaits(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Window: 10, Behaviour: Behaviour{InboundRate: 20_000, InboundTo: "46737494949"}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Receiver)
		e.answersWith(0, true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if st := s.Stats(); len(e.take()) != 10 || st.Waiting > 3000 {
			t.Errorf("%d on their way, %d wait", st.Unacked, st.Waiting)
		}
	})
}
