package smpp

import (
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"
)

// What peers do beyond the specification, and is not in TestDecodeAccepts: each row is something seen in the field.
func TestTolerance(t *testing.T) {
	t.Parallel()
	const head = "00 0101 3100 0101 3200 000000 0000 00000000"
	tests := []struct {
		name string
		id   CommandID
		body string
		want string
	}{
		{"addresses that are empty", CommandDeliverSM, "00 000000 000000 000000 0000 00000000 01 61", `source_addr="" dest_addr_ton=0 dest_addr_npi=0 destination_addr=""`},
		{"three stray octets behind the text", CommandDeliverSM, head + "0161 000000", "sm_length=1 text=61"},
		{"a sar_msg_ref_num of one octet", CommandDeliverSM, head + "0161 020c 0001 07", "sar_msg_ref_num=0x07"},
		{"alert_on_message_delivery with a value (SMPP 5.0)", CommandDeliverSM, head + "0161 130c 0001 01", "alert_on_message_delivery=0x01"},
		{"ms_validity of four octets", CommandDeliverSM, head + "0161 1204 0004 00000001", "ms_validity=0x00000001"},
		{"an id without its NUL in a parameter", CommandDeliverSM, head + "00 001e 0003 334538", `receipted_message_id="3E8"`},
		{"NULs within a text", CommandSubmitSM, head + "05 0040000041", "text=0040000041"},
		{"a password of sixteen characters", CommandBindReceiver, "6100 30313233343536373839303132333435 00 00 34 000000", `system_id="a" password=***`},
		{"an address of 30 characters", CommandSubmitSM, "00 0101 3100 0101 " + strings.Repeat("31", 30) + "00 000000 0000 00000000 00", strings.Repeat("1", 30)},
		{"a validity period of another length", CommandSubmitSM, "00 0101 3100 0101 3200 000000 00 3100 00000000 00", `validity_period="1"`},
		{"a service type of ten characters", CommandSubmitSM, "41424344454647484950 00 0101 3100 0101 3200 000000 0000 00000000 00", `service_type="ABCDEFGHIP"`},
		{"deliver_sm_resp without a body", CommandDeliverSMResp, "", "deliver_sm_resp status=ESME_ROK sequence=7"},
		{"deliver_sm_resp with an id", CommandDeliverSMResp, "313200", `message_id="12"`},
		{"data_sm_resp without a body", CommandDataSMResp, "", "data_sm_resp status=ESME_ROK sequence=7"},
		{"a bind answered without a body", CommandBindTransceiverResp, "", "bind_transceiver_resp status=ESME_ROK sequence=7"},
		{"a bind answered with a name cut off", CommandBindTransceiverResp, "6b7572", `system_id="kur"`},
		{"cancel_sm_resp with octets that nobody needs", CommandCancelSMResp, "00", "cancel_sm_resp status=ESME_ROK sequence=7"},
		{"query_sm_resp with a congestion_state", CommandQuerySMResp, "3100 00 01 00 0428 0001 63", "congestion_state=99"},
		{"data_sm with both addresses of 64 characters", CommandDataSM, "00 0101 " + strings.Repeat("31", 64) + "00 0101 " + strings.Repeat("32", 64) + "00 000000", strings.Repeat("2", 64)},
	}
	for _, tt := range tests {
		var p PDU
		if err := Decode(frame(t, tt.id, 0, 7, tt.body), &p); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := meaning(&p); !strings.Contains(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
		if tlvs := p.TLVs(); tt.id == CommandDeliverSM && strings.Contains(tt.want, "sar_msg") {
			if v, ok := tlvs.U16(TagSARMsgRefNum); v != 7 || !ok {
				t.Errorf("%s: %d, %v", tt.name, v, ok)
			}
		}
	}
}

// Alphabets are none of this package's business: the octets of texts come through as they are, both ways. The vectors
// are those of Kannel, as tshark reads them.
func TestTextOctets(t *testing.T) {
	t.Parallel()
	for coding, digits := range map[uint8]string{0: "48656a200f7b7c201b65201b3c1b3e", 8: "041f04400438043204350442"} {
		text, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Append(nil, &PDU{Sequence: 1, Body: &SubmitSM{ShortMessage{DataCoding: coding, Text: text}}})
		var p PDU
		if err != nil || Decode(b, &p) != nil || string(p.Body.(*SubmitSM).Text) != string(text) || p.Body.(*SubmitSM).DataCoding != coding {
			t.Errorf("data_coding %d: %s, %v", coding, meaning(&p), err)
		}
	}
}

// A generic_nack that names no request ends nothing; one that does answers it (SMPP 3.4 4.3).
func TestSessionGenericNack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		if n, err := r.s.Send(submits(1)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		r.send(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDLEN}, PDU{Command: CommandGenericNack, Status: ESME_RINVCMDID, Sequence: 9})
		if i := r.s.Info(); len(r.h.responses) > 0 || i.Bad != 2 || i.Outstanding != 1 {
			t.Errorf("%+v, %+v", r.h.responses, i)
		}
		r.send(PDU{Command: CommandGenericNack, Status: ESME_RINVCMDID, Sequence: 1})
		synctest.Wait()
		if i := r.s.Info(); len(r.h.responses) != 1 || r.h.responses[0].PDU.Status != ESME_RINVCMDID || i.LastError != ESME_RINVCMDID {
			t.Errorf("%+v, %+v", r.h.responses, i)
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// Every status of the table of protocols has its name, in both directions of the specification's numbering.
func TestStatusNames(t *testing.T) {
	t.Parallel()
	known := []Status{
		0, 1, 2, 3, 4, 5, 6, 7, 8, 0xA, 0xB, 0xC, 0xD, 0xE, 0xF, 0x11, 0x13, 0x14, 0x15, 0x33, 0x34, 0x40, 0x42, 0x43, 0x44, 0x45,
		0x48, 0x49, 0x50, 0x51, 0x53, 0x54, 0x55, 0x58, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xFE, 0xFF,
	}
	for s := Status(0x100); s <= 0x112; s++ {
		known = append(known, s)
	}
	for _, s := range known {
		if !strings.HasPrefix(s.String(), "ESME_R") || !strings.HasPrefix(s.Error(), s.String()+": ") {
			t.Errorf("0x%X is %s: %s", uint32(s), s.String(), s.Error())
		}
	}
	if len(known) != len(statusTexts) {
		t.Errorf("%d statuses are known, the specifications have %d", len(statusTexts), len(known))
	}
}
