package simulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// TestStoreAndForward holds that a phone that is off gets everything in order once it is on.
func TestStoreAndForward(t *testing.T) {
	t.Parallel()
	for _, state := range []PhoneState{PhoneOff, PhoneAway, PhoneFull} {
		t.Run(state.String(), func(t *testing.T) {
			t.Parallel()
			inBubble(t, Options{Stored: 3}, func(t *testing.T, s *Simulator) {
				const number = "46701234567"
				if err := s.SetPhone("+"+number, state, 10*time.Second); err != nil {
					t.Fatal(err)
				}
				e := bind(t, s, smpp.Transceiver)
				for i := range 4 {
					e.send(text(number, fmt.Sprint("text ", i)))
				}
				synctest.Wait()
				got := e.take()
				if len(got) != 4 || got[2].pdu.Status != 0 || got[3].pdu.Status != smpp.ESME_RMSGQFUL {
					t.Fatalf("with room for three: %v", got)
				}
				if ph, _ := s.Phone(number, 10); ph.Waiting != 3 || len(ph.Texts) != 0 || ph.State != state {
					t.Errorf("the phone shows %+v", ph)
				}
				time.Sleep(11 * time.Second)
				ph, _ := s.Phone(number, 10)
				var texts []string
				for _, m := range ph.Texts {
					texts = append(texts, m.Text)
				}
				if want := []string{"text 0", "text 1", "text 2"}; !slices.Equal(texts, want) || ph.State != PhoneOn {
					t.Errorf("the phone shows %q, state %v", texts, ph.State)
				}
				if got := receiptsIn(e.take()); len(got) != 3 {
					t.Errorf("%d receipts, want 3", len(got))
				}
			})
		})
	}
}

// TestCancel holds that a waiting message can be taken back, once.
func TestCancel(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		e.send(text("467012399801", "x"))
		synctest.Wait()
		id := e.take()[0].pdu.Body.(*smpp.SubmitSMResp).MessageID
		e.send(&smpp.CancelSM{MessageID: id})
		e.send(&smpp.CancelSM{MessageID: id})
		synctest.Wait()
		got := e.take()
		if got[0].pdu.Status != smpp.ESME_ROK || got[1].pdu.Status != smpp.ESME_RCANCELFAIL {
			t.Errorf("got %v", got)
		}
	})
}

// TestTexts holds what a phone makes of what it is sent.
func TestTexts(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		const number = "46701234567"
		e := bind(t, s, smpp.Transceiver)
		long := strings.Repeat("Räksmörgås €{} ", 30)
		segments, err := gsm.AppendSegments(nil, long, gsm.SplitOptions{Reference: 7})
		if err != nil {
			t.Fatal(err)
		}
		slices.Reverse(segments)
		for _, seg := range segments {
			m := text(number, "")
			m.ESMClass, m.Text = smpp.ESMUDHI, slices.Concat(seg.Header, seg.Payload)
			e.send(m)
		}
		sar := func(part uint8, words string) {
			m := text(number, words)
			m.TLVs.SetU16(smpp.TagSARMsgRefNum, 300)
			m.TLVs.SetU8(smpp.TagSARTotalSegments, 3)
			m.TLVs.SetU8(smpp.TagSARSegmentSeqnum, part)
			e.send(m)
		}
		sar(2, "two ")
		sar(1, "one ")
		ucs2 := text(number, "")
		ucs2.DataCoding, ucs2.Text = 0x18, []byte("\x04\x1f\xd8\x3d\xde\x00")
		e.send(ucs2)
		binary := text(number, "")
		binary.DataCoding, binary.ESMClass, binary.Text = 4, smpp.ESMUDHI, []byte("\x06\x05\x04\x0b\x84\x23\xf0\x01\x02\xff")
		e.send(binary)
		payload := &smpp.DataSM{Source: smpp.Address{Addr: "1"}, Dest: smpp.Address{Addr: number}}
		payload.TLVs.Set(smpp.TagMessagePayload, []byte(strings.Repeat("p", 300)))
		e.send(payload)
		synctest.Wait()
		ph, _ := s.Phone(number, 10)
		var got []string
		for _, m := range ph.Texts {
			got = append(got, fmt.Sprintf("%s|%d of %d|flash %t|binary %t|%s", m.Text, m.Parts-m.Missing, m.Parts, m.Flash, m.Binary, m.Ports))
		}
		want := []string{
			long + "|4 of 4|flash false|binary false|",
			"one two |2 of 3|flash false|binary false|",
			"П😀|1 of 1|flash true|binary false|",
			"0102ff|1 of 1|flash false|binary true|2948 from 9200",
			strings.Repeat("p", 300) + "|1 of 1|flash false|binary false|",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the phone shows\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// TestPhonesBounded holds that phones give way to others, and that one keeps a bounded number of texts.
func TestPhonesBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{Phones: 3, Keep: 2000}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transmitter)
		for i := range 5 {
			for range 300 {
				e.send(text(fmt.Sprint("4670000000", i), "x"))
			}
		}
		synctest.Wait()
		phones := s.Phones(1000)
		if len(phones) != 3 || phones[0].Number != "46700000004" || len(phones[0].Texts) != phoneEntries || phones[0].Received != 300 {
			t.Errorf("%d phones, the first %s with %d texts, %d received", len(phones), phones[0].Number, len(phones[0].Texts), phones[0].Received)
		}
		if kept := s.Messages(Filter{}); len(kept) == 0 || len(kept) > 25 || kept[len(kept)-1].Order != 1500 {
			t.Errorf("%d messages kept in 2000 octets", len(kept))
		}
	})
}

// TestInject holds that what is written on a phone arrives, whole, at who wrote to it, and waits while he is away.
func TestInject(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		if err := s.Inject(Inbound{From: "46701234567", To: "12345", Text: "x"}); err == nil {
			t.Error("a message for nobody is taken")
		}
		e := bind(t, s, smpp.Transceiver)
		e.send(text("46701234567", "hello"))
		synctest.Wait()
		e.take()
		s.DropLinks()
		synctest.Wait()
		long := strings.Repeat("0123456789", 20)
		for _, words := range []string{long, "Привет", "short"} {
			if err := s.Inject(Inbound{From: "+46701234567", Text: words}); err != nil {
				t.Fatal(err)
			}
		}
		if st := s.Stats(); st.Waiting != 4 {
			t.Errorf("%d deliver_sm wait, want 4", st.Waiting)
		}
		e = dial(t, s)
		e.send(&smpp.Bind{Mode: smpp.Receiver, SystemID: "esme", Version: smpp.Version34})
		synctest.Wait()
		var parts [][]byte
		for _, c := range e.take()[1:] {
			sm := c.pdu.Body.(*smpp.DeliverSM)
			if sm.Source != (smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}) || sm.Dest.Addr != "Kurir" || smpp.IsReceipt(sm.ESMClass) {
				t.Errorf("from %v to %v, esm_class %d", sm.Source, sm.Dest, sm.ESMClass)
			}
			parts = append(parts, sm.Text)
		}
		if len(parts) != 4 {
			t.Fatalf("%d parts", len(parts))
		}
		_, one, _ := gsm.ParseHeader(parts[0])
		_, two, _ := gsm.ParseHeader(parts[1])
		if string(one)+string(two) != long || gsm.DecodeUCS2(parts[2]) != "Привет" || string(parts[3]) != "short" {
			t.Errorf("arrived: %q", parts)
		}
		ph, _ := s.Phone("46701234567", 10)
		if last := ph.Texts[len(ph.Texts)-1]; !last.Out || last.Text != "short" || last.Peer != "Kurir" {
			t.Errorf("the phone shows %+v", last)
		}
	})
}
