package simulator

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/smpp"
)

// line writes what came as "answer ESME_ROK", "DELIVRD after 2s" and so on: what a customer would note down.
func line(c came, from time.Duration, id *string) string {
	after := ""
	if d := (c.at - from).Round(10 * time.Millisecond); d > 0 {
		after = " after " + d.String()
	}
	switch body := c.pdu.Body.(type) {
	case *smpp.SubmitSMResp:
		*id = body.MessageID
		name := "answer"
		if body.MessageID == "" {
			name = "answer without id"
		}
		return name + after
	case *smpp.DeliverSM:
		r, ok := smpp.ReceiptFrom(body)
		if !ok {
			return "no receipt"
		}
		what := r.State.Stat()
		if body.ESMClass == smpp.ESMIntermediate {
			what = "interim " + what
		}
		if *id != "" && !strings.EqualFold(strings.TrimLeft(r.ID, "0"), *id) {
			what += " of another"
		}
		return what + after
	}
	name := c.pdu.Command.String()
	if c.pdu.Command == smpp.CommandSubmitSMResp {
		name = "refused"
	}
	if c.pdu.Status != 0 {
		name += fmt.Sprintf(" %d", c.pdu.Status)
	}
	return name + after
}

// lives says what an ESME sees within a minute of one submission to a number, and what the phone has in the end.
var lives = map[string]struct {
	sees   []string
	closed bool
	phone  bool
}{
	"99300": {sees: nil},
	"99301": {sees: []string{"DELIVRD"}, phone: true},
	"99302": {sees: []string{"answer", "answer", "DELIVRD"}, phone: true},
	"99303": {sees: []string{"answer after 1s", "DELIVRD after 1s"}, phone: true},
	"99304": {sees: []string{"answer after 5s", "DELIVRD after 5s"}, phone: true},
	"99305": {sees: []string{"answer after 30s", "DELIVRD after 30s"}, phone: true},
	"99306": {sees: []string{"answer after 250ms", "DELIVRD after 250ms"}, phone: true},
	"99307": {sees: []string{"generic_nack 8"}},
	"99308": {sees: []string{"answer without id"}, phone: true},
	"99309": {sees: []string{"refused 8"}},
	"99310": {sees: []string{"refused 88"}},

	"99400": {closed: true},
	"99401": {closed: true, phone: true},
	"99402": {sees: []string{"answer"}, closed: true, phone: true},
	"99403": {},
	"99404": {sees: []string{"answer", "DELIVRD", "unbind"}, phone: true},
	"99405": {sees: []string{"answer", "DELIVRD"}, closed: true, phone: true},

	"99500": {sees: []string{"answer"}, phone: true},
	"99501": {sees: []string{"DELIVRD", "answer"}, phone: true},
	"99502": {sees: []string{"answer", "DELIVRD", "DELIVRD"}, phone: true},
	"99503": {sees: []string{"answer", "DELIVRD after 2s"}, phone: true},
	"99504": {sees: []string{"answer", "DELIVRD after 10s"}, phone: true},
	"99505": {sees: []string{"answer", "DELIVRD after 30s"}, phone: true},
	"99506": {sees: []string{"answer", "DELIVRD of another"}, phone: true},
	"99507": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99508": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99509": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99510": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99511": {sees: []string{"answer", "DELIVRD", "UNDELIV"}, phone: true},
	"99512": {sees: []string{"answer", "interim ENROUTE", "DELIVRD after 1s"}, phone: true},

	"99601": {sees: []string{"answer", "ENROUTE"}},
	"99602": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99603": {sees: []string{"answer", "EXPIRED"}},
	"99604": {sees: []string{"answer", "DELETED"}},
	"99605": {sees: []string{"answer", "UNDELIV"}},
	"99606": {sees: []string{"answer", "ACCEPTD"}},
	"99607": {sees: []string{"answer", "UNKNOWN"}},
	"99608": {sees: []string{"answer", "REJECTD"}},

	"99700": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99701": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99702": {sees: []string{"answer", "DELIVRD of another"}, phone: true}, // of the same, read as decimal
	"99703": {sees: []string{"answer", "DELIVRD of another"}, phone: true},
	"99704": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99705": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99706": {sees: []string{"answer", "DELIVRD of another"}, phone: true}, // the test strips zeros of the receipt only
	"99707": {sees: []string{"answer", "DELIVRD"}, phone: true},            // short enough to be whole

	"99800": {sees: []string{"answer", "interim ENROUTE", "DELIVRD after 2s"}, phone: true},
	"99801": {sees: []string{"answer", "interim ENROUTE", "EXPIRED after 50s"}},
	"99802": {sees: []string{"answer", "interim ENROUTE", "DELIVRD after 2s"}, phone: true},
	"99803": {sees: []string{"answer", "interim ENROUTE", "EXPIRED after 50s"}},
	"99804": {sees: []string{"answer", "interim ENROUTE", "DELIVRD after 2s"}, phone: true},
	"99805": {sees: []string{"answer", "interim ENROUTE", "EXPIRED after 50s"}},
	"99806": {sees: []string{"answer", "UNDELIV"}},

	// Ranges and ordinary numbers.
	"99001": {sees: []string{"refused 1"}},
	"99088": {sees: []string{"refused 88"}},
	"99255": {sees: []string{"refused 255"}},
	"99000": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"99299": {sees: []string{"answer", "DELIVRD"}, phone: true},
	"89605": {sees: []string{"answer", "DELIVRD"}, phone: true},
}

// TestFates holds that every row of the table does what it says.
func TestFates(t *testing.T) {
	t.Parallel()
	for _, f := range Fates() {
		if _, ok := lives[f.Digits]; !ok && !strings.Contains(f.Digits, "-") {
			t.Errorf("%s has no test", f.Digits)
		}
	}
	for digits, life := range lives {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
				e := bind(t, s, smpp.Transceiver)
				m := text("467012"+digits, "ref-1 hello")
				m.RegisteredDelivery |= smpp.ReceiptIntermediate
				m.Validity = "000000000050000R" // 50 s
				from := time.Since(e.started)
				e.send(m)
				time.Sleep(55 * time.Second)
				var sees []string
				id := ""
				for _, c := range e.take() {
					sees = append(sees, line(c, from, &id))
				}
				if diff := cmp.Diff(life.sees, sees); diff != "" {
					t.Errorf("the ESME sees (-want +got):\n%s", diff)
				}
				if e.isClosed() != life.closed {
					t.Errorf("closed: %t, want %t", e.isClosed(), life.closed)
				}
				ph, _ := s.Phone("467012"+digits, 10)
				if got := len(ph.Texts) == 1 && ph.Texts[0].Text == "ref-1 hello"; got != life.phone {
					t.Errorf("on the phone: %t, want %t: %+v", got, life.phone, ph.Texts)
				}
			})
		})
	}
}

// TestFateSilence holds that a silent link does not answer enquire_link either, and that others go on.
func TestFateSilence(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		e, other := bind(t, s, smpp.Transceiver), bind(t, s, smpp.Transceiver)
		e.send(text("4670199403", "x"))
		e.send(&smpp.EnquireLink{})
		other.send(&smpp.EnquireLink{})
		synctest.Wait()
		if got := e.take(); len(got) > 0 {
			t.Errorf("the silent link said %v", got)
		}
		if got := other.take(); len(got) != 1 || got[0].pdu.Command != smpp.CommandEnquireLinkResp {
			t.Errorf("the other link said %v", got)
		}
	})
}

// TestFateAttempts holds that refusals end after as many attempts as the table says, and begin again.
func TestFateAttempts(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transmitter)
		var got []smpp.Status
		for range 6 {
			e.send(text("+467010099309", "x"))
		}
		for range 4 {
			e.send(text("+467010099310", "x"))
		}
		synctest.Wait()
		for _, c := range e.take() {
			got = append(got, c.pdu.Status)
		}
		if want := []smpp.Status{8, 8, 0, 8, 8, 0, 88, 0, 88, 0}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// TestFateIDs holds how the digits of an id look in the answer and in the receipt.
func TestFateIDs(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string][2]string{
		"99700": {"abcdf", "abcdf"},
		"99701": {"703711", "703711"},
		"99702": {"abcdf", "0000703711"},
		"99703": {"703711", "abcdf"},
		"99704": {"703711", "0000000000000000703711"},
		"99705": {"abcdf", "ABCDF"},
		"99706": {"00000000000000703711", "703711"},
		"99707": {"703711", "0000703711"},
	} {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
				e := bind(t, s, smpp.Transceiver)
				e.send(text("467012"+digits, "x"))
				synctest.Wait()
				got := e.take()
				if len(got) != 2 {
					t.Fatalf("got %v", got)
				}
				receipt := got[1].pdu.Body.(*smpp.DeliverSM)
				tlv, _ := receipt.TLVs.CString(smpp.TagReceiptedMessageID)
				if id := got[0].pdu.Body.(*smpp.SubmitSMResp).MessageID; id != want[0] {
					t.Errorf("answer has %s, want %s", id, want[0])
				}
				if !strings.HasPrefix(string(receipt.Text), "id:"+want[1]+" ") || tlv != want[1] {
					t.Errorf("receipt has %q and %q, want %s", receipt.Text, tlv, want[1])
				}
			})
		})
	}
}

// TestReceiptTLVs: receipts have the parameters that are asked for, beside their own; for a session of version 3.3 none.
func TestReceiptTLVs(t *testing.T) {
	t.Parallel()
	inBubble(t, Options{ReceiptTLVs: smpp.TLVs{{Tag: 0x1500, Value: []byte("24007")}}}, func(t *testing.T, s *Simulator) {
		e := bind(t, s, smpp.Transceiver)
		e.send(text("46701210000", "hello"))
		synctest.Wait()
		got := e.take()
		sm := got[len(got)-1].pdu.Body.(*smpp.DeliverSM)
		value, _ := sm.TLVs.Get(0x1500)
		if _, own := sm.TLVs.U8(smpp.TagMessageState); string(value) != "24007" || !own {
			t.Errorf("TLVs %v", sm.TLVs)
		}
	})
}

// TestReceiptForms holds where the facts of a receipt stand.
func TestReceiptForms(t *testing.T) {
	t.Parallel()
	for digits, want := range map[string]struct{ text, tlvs, payload bool }{
		"10000": {text: true, tlvs: true},
		"99507": {text: true},
		"99508": {tlvs: true},
		"99509": {tlvs: true, payload: true},
		"99510": {text: true},
	} {
		t.Run(digits, func(t *testing.T) {
			t.Parallel()
			inBubble(t, Options{}, func(t *testing.T, s *Simulator) {
				e := bind(t, s, smpp.Transceiver)
				e.send(text("467012"+digits, "0123456789012345678901234"))
				synctest.Wait()
				got := e.take()
				sm := got[len(got)-1].pdu.Body.(*smpp.DeliverSM)
				_, tlvs := sm.TLVs.U8(smpp.TagMessageState)
				payload, _ := sm.TLVs.Get(smpp.TagMessagePayload)
				if (len(sm.Text) > 0) != want.text || tlvs != want.tlvs || (len(payload) > 0) != want.payload {
					t.Errorf("text %q, TLVs %v", sm.Text, sm.TLVs)
				}
				if sm.Source.Addr != "467012"+digits || sm.Dest.Addr != "Kurir" || sm.ESMClass != smpp.ESMReceipt {
					t.Errorf("from %v to %v, esm_class %d", sm.Source, sm.Dest, sm.ESMClass)
				}
				if digits == "10000" {
					const wantText = "id:abcdf sub:001 dlvrd:001 submit date:0001010000 done date:0001010000 stat:DELIVRD err:000 text:01234567890123456789"
					if string(sm.Text) != wantText {
						t.Errorf("text\n%s, want\n%s", sm.Text, wantText)
					}
				}
			})
		})
	}
}
