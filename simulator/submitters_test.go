package simulator

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// TestSubmitters: every connection with messages is listed with the times of its first and last one, also when it has ended.
func TestSubmitters(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		began := time.Now()
		bind(t, s, smpp.Receiver) // has no messages
		one, two := bind(t, s, smpp.Transceiver), bind(t, s, smpp.Transceiver)
		one.submitted(text("46701234567", "a"))
		time.Sleep(time.Second)
		two.submitted(text("46701234567", "b"))
		one.submitted(text("46701234567", "c"))
		time.Sleep(time.Second)
		one.ask(&smpp.EnquireLink{}) // is no message
		one.conn.Close()
		synctest.Wait()
		list := s.Submitters()
		if len(list) != 2 {
			t.Fatalf("%+v", list)
		}
		for i, want := range []struct {
			first, last time.Duration
			messages    int64
		}{{0, time.Second, 2}, {time.Second, time.Second, 1}} {
			got := list[i]
			if got.First.Sub(began) != want.first || got.Last.Sub(began) != want.last || got.Messages != want.messages {
				t.Errorf("%+v, want %+v", got, want)
			}
		}
	})
}
