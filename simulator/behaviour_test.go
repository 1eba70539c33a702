package simulator

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

// TestRate holds that the rate is kept over time and in small: no more than 50 ms' worth at once.
func TestRate(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Behaviour: Behaviour{Rate: 100}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transmitter)
		const sent = 3000
		for range sent {
			e.send(text("46701234567", "x"))
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		st := s.Stats()
		if st.Submitted != sent || st.Accepted < 295 || st.Accepted > 310 || st.Accepted+st.Throttled != sent {
			t.Errorf("in 3 s %d of %d accepted, %d throttled; want 300", st.Accepted, st.Submitted, st.Throttled)
		}
		if n := st.Statuses[smpp.ESME_RTHROTTLED.String()]; n != st.Throttled {
			t.Errorf("%d answers ESME_RTHROTTLED", n)
		}
		most := int64(0)
		for _, n := range st.Slots {
			most = max(most, n)
		}
		if most > 100 {
			t.Errorf("%d submissions counted in 100 ms, want 100 at most", most)
		}
	})
}

// TestBehaviour holds what the settings for all messages do, and that they change while it runs.
func TestBehaviour(t *testing.T) {
	t.Parallel()
	const sent = 1000
	for name, test := range map[string]struct {
		change string
		sees   func(answers, refused, receipts int) bool
	}{
		"reject":        {`{"reject":100,"reject_status":11}`, func(a, f, r int) bool { return a == 0 && f == sent && r == 0 }},
		"reject some":   {`{"reject":30}`, func(a, f, r int) bool { return f > 200 && f < 400 && a == sent-f && r == a }},
		"no answer":     {`{"no_answer":100}`, func(a, f, r int) bool { return a == 0 && r == sent }},
		"answer twice":  {`{"answer_twice":100}`, func(a, f, r int) bool { return a == 2*sent && r == sent }},
		"silent":        {`{"silent":true}`, func(a, f, r int) bool { return a+f+r == 0 }},
		"no receipts":   {`{"receipts":"none"}`, func(a, f, r int) bool { return a == sent && r == 0 }},
		"receipts late": {`{"receipts":"2s"}`, func(a, f, r int) bool { return a == sent && r == sent }},
		"receipt twice": {`{"receipt_twice":100}`, func(a, f, r int) bool { return a == sent && r == 2*sent }},
		"receipt lost":  {`{"receipt_lost":100}`, func(a, f, r int) bool { return a == sent && r == 0 }},
		"jitter":        {`{"latency":"20ms","jitter":"100ms","receipt_jitter":"1s"}`, func(a, f, r int) bool { return a == sent && r == sent }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, Options{Seed: 7}, func(t *testing.T, s *Simulator) {
				b := *s.Behaviour()
				if err := json.Unmarshal([]byte(test.change), &b); err != nil {
					t.Fatal(err)
				}
				e := bind(t, s, smpp.Transceiver)
				if err := s.SetBehaviour(b); err != nil {
					t.Fatal(err)
				}
				for range sent {
					e.send(text("46701234567", "x"))
				}
				time.Sleep(5 * time.Second)
				answers, refused, receipts := 0, 0, 0
				for _, c := range e.take() {
					switch {
					case c.pdu.Command == smpp.CommandDeliverSM:
						receipts++
					case c.pdu.Status != 0:
						refused++
					default:
						answers++
					}
				}
				if !test.sees(answers, refused, receipts) {
					t.Errorf("%d answers, %d refusals, %d receipts", answers, refused, receipts)
				}
			})
		})
	}
}

// TestDropEvery holds that links are cut again and again.
func TestDropEvery(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Behaviour: Behaviour{DropEvery: Duration(time.Second)}}, func(t *testing.T, s *Simulator) {
		for range 3 {
			e := bind(t, s, smpp.Transceiver)
			time.Sleep(1100 * time.Millisecond)
			if !e.isClosed() {
				t.Fatal("a link lasts longer than a second")
			}
		}
	})
}

// TestBehaviourMistakes holds that what no SMSC can do is refused in words.
func TestBehaviourMistakes(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	for _, change := range []string{
		`{"reject":101}`, `{"receipt_lost":-1}`, `{"rate":-5}`, `{"latency":"-2s"}`, `{"drop_every":"1ms"}`,
		`{"receipts":"soon"}`, `{"ids":"roman"}`, `{"latency":"fast"}`,
	} {
		b := *s.Behaviour()
		if json.Unmarshal([]byte(change), &b) == nil && s.SetBehaviour(b) == nil {
			t.Errorf("%s is taken", change)
		}
	}
}
