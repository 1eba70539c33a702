package smpp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// Whatever a PDU carries, its description holds neither a password nor the text of a message, in any of the forms in
// which octets are shown.
func TestDescribeHides(t *testing.T) {
	t.Parallel()
	const mark = "Zx9Qw"
	text := []byte("keep this to yourself: " + mark)
	sm := ShortMessage{Text: text}
	payload := TLVs{{TagMessagePayload, text}, {TagCallbackNumAtag, []byte(mark)}}
	short := TLVs{{TagMessagePayload, []byte(mark)}}
	bodies := []Body{
		&Bind{Mode: Transceiver, Password: mark}, &Bind{Mode: Transmitter, Password: mark}, &Outbind{Password: mark},
		&SubmitSM{sm}, &DeliverSM{sm}, &SubmitSM{ShortMessage{TLVs: payload}}, &SubmitSM{ShortMessage{TLVs: short}},
		&DataSM{TLVs: payload}, &SubmitMulti{Dests: make([]MultiDest, 1), Text: text}, &ReplaceSM{Text: text},
		&BroadcastSM{TLVs: append(TLVs{
			{TagBroadcastAreaIdentifier, nil}, {TagBroadcastContentType, nil}, {TagBroadcastRepNum, nil}, {TagBroadcastFrequencyInterval, nil},
		}, payload...)},
		&DeliverSM{ShortMessage{ESMClass: ESMReceipt, Text: []byte("id:1 stat:DELIVRD err:0 text:" + mark)}},
	}
	for _, b := range bodies {
		frame, err := Append(nil, &PDU{Sequence: 1, Body: b})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(frame, []byte(mark)) {
			t.Fatalf("%s does not carry the mark", b.Command())
		}
		for _, line := range []string{Describe(frame), Describe(frame[:len(frame)-1]), Describe(cut(frame))} {
			for _, form := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%X", mark)} {
				if strings.Contains(line, form) || strings.Contains(line, "\n") {
					t.Errorf("%s: %s", b.Command(), line)
				}
			}
		}
	}
}

// cut takes the last octet off a PDU, and says so in its length.
func cut(frame []byte) []byte {
	b := bytes.Clone(frame[:len(frame)-1])
	b[2], b[3] = byte(len(b)>>8), byte(len(b))
	return b
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	receipt := DeliverSM{ShortMessage{
		ESMClass: ESMReceipt, Text: []byte("id:0000001000 stat:DELIVRD err:012 text:Hej"),
		TLVs: TLVs{{TagReceiptedMessageID, []byte("3E8\x00")}, {TagMessageState, []byte{2}}, {0x1401, []byte{1, 2}}},
	}}
	b, err := Append(nil, &PDU{Sequence: 7, Body: &receipt})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"deliver_sm sequence=7 ", "esm_class=4 ", "sm_length=43 ", `receipted_message_id="3E8" `, "message_state=DELIVERED ",
		"tag 0x1401=0x0102 ", `receipt=(id="0000001000" stat="DELIVRD" err="012")`,
	} {
		if got := Describe(b); !strings.Contains(got, want) {
			t.Errorf("%s does not say %q", got, want)
		}
	}
	tests := []struct {
		frame []byte
		want  string
	}{
		{nil, "0 octets that are no PDU"},
		{b[:15], "15 octets that are no PDU"},
		{frame(t, 0x0F0F, 0, 3, "01"), "command 0x00000F0F sequence=3: 17 octets that cannot be read: command_id: unknown"},
		{frame(t, CommandSubmitSM, 0, 3, "00"), "submit_sm sequence=3: 17 octets that cannot be read: source_addr_ton: the PDU ends too early"},
	}
	for _, tt := range tests {
		if got := Describe(tt.frame); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}
