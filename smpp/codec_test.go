package smpp

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// frame builds a PDU by hand: header and body in hexadecimal.
func frame(t testing.TB, id CommandID, status Status, sequence uint32, body string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(body, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	f := binary.BigEndian.AppendUint32(nil, uint32(HeaderLen+len(b)))
	f = binary.BigEndian.AppendUint32(f, uint32(id))
	f = binary.BigEndian.AppendUint32(f, uint32(status))
	return append(binary.BigEndian.AppendUint32(f, sequence), b...)
}

func TestEveryPDUComesBack(t *testing.T) {
	t.Parallel()
	for _, p := range everyPDU() {
		b, err := Append(nil, &p)
		if err != nil {
			t.Errorf("%s: %v", p.Command, err)
			continue
		}
		var got PDU
		if err := Decode(b, &got); err != nil {
			t.Errorf("%s: %v", p.Command, err)
		}
		if diff := cmp.Diff(p.String(), got.String()); diff != "" {
			t.Errorf("%s: %s", p.Command, diff)
		}
		again, err := Append(nil, &got)
		if err != nil || !bytes.Equal(b, again) {
			t.Errorf("%s: written as %x, then as %x (%v)", p.Command, b, again, err)
		}
	}
}

// A PDU that ends too early is an error that names a field and gives a status, or decodes without what is missing
// (optional parameters); it never panics and never looks like another PDU.
func TestCutPDUs(t *testing.T) {
	t.Parallel()
	for _, f := range allFixtures(t) {
		for n := range len(f.frame) {
			b := bytes.Clone(f.frame[:n])
			if n >= 4 {
				binary.BigEndian.PutUint32(b, uint32(n))
			}
			var p PDU
			err := Decode(b, &p)
			var de *DecodeError
			switch {
			case n < HeaderLen:
				if !errors.As(err, &de) || !de.Framing || de.Status != ESME_RINVCMDLEN {
					t.Fatalf("%s cut to %d: %v", f.name, n, err)
				}
			case err == nil:
				if p.Body != nil && p.Body.Command() != ParseHeader(f.frame).Command {
					t.Fatalf("%s cut to %d: is %s", f.name, n, p.Body.Command())
				}
			case !errors.As(err, &de) || de.Framing || de.Status == 0 || de.Field == "" ||
				de.Header.Sequence != ParseHeader(f.frame).Sequence || p.Sequence != de.Header.Sequence:
				t.Fatalf("%s cut to %d: %v", f.name, n, err)
			}
		}
	}
}

func TestFrameLen(t *testing.T) {
	t.Parallel()
	head := func(n uint32) []byte {
		return append(binary.BigEndian.AppendUint32(nil, n), 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 9)
	}
	tests := []struct {
		name string
		b    []byte
		n    int
		bad  bool
		seq  uint32
	}{
		{"nothing", nil, 0, false, 0},
		{"three octets", []byte{0, 0, 0}, 0, false, 0},
		{"length 0", head(0), 0, true, 9},
		{"length 15", head(15), 0, true, 9},
		{"length 15, nothing more yet", head(15)[:4], 0, true, 0},
		{"length 16", head(16), 16, false, 0},
		{"more than there is", head(1000), 1000, false, 0},
		{"largest", head(DefaultMaxPDU), DefaultMaxPDU, false, 0},
		{"too large", head(DefaultMaxPDU + 1), 0, true, 9},
		{"too large, header still incomplete", head(DefaultMaxPDU + 1)[:15], 0, false, 0},
		{"2^31", head(1 << 31), 0, true, 9},
		{"2^32-1", head(1<<32 - 1), 0, true, 9},
	}
	for _, tt := range tests {
		n, err := FrameLen(tt.b, 0)
		var de *DecodeError
		if n != tt.n || (err != nil) != tt.bad {
			t.Errorf("%s: %d, %v", tt.name, n, err)
		}
		if errors.As(err, &de) {
			want := PDU{Command: CommandGenericNack, Status: ESME_RINVCMDLEN, Sequence: tt.seq}
			if diff := cmp.Diff(want, de.Answer()); diff != "" || !de.Framing {
				t.Errorf("%s: %s", tt.name, diff)
			}
		}
	}
}

// What a peer gets wrong is answered by the status that says what (SMPP 3.4 5.1.3).
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("41", 300) + "00"
	tests := []struct {
		name   string
		id     CommandID
		status Status
		body   string
		field  string
		want   Status
		answer CommandID
	}{
		{"unknown request", 0x0F0F, 0, "01", "command_id", ESME_RINVCMDID, CommandGenericNack},
		{"unknown response", 0x80000F0F, 0, "01", "command_id", ESME_RINVCMDID, CommandGenericNack},
		{"unknown response without a body", 0x80000F0F, 8, "", "command_id", ESME_RINVCMDID, CommandGenericNack},
		{"broadcast cut off", CommandBroadcastSM, 0, "00", "source_addr_ton", ESME_RINVCMDLEN, CommandBroadcastSMResp},
		{"submit_sm without a body", CommandSubmitSM, 0, "", "service_type", ESME_RINVCMDLEN, CommandSubmitSMResp},
		{"endless source", CommandSubmitSM, 0, "00 0000" + long, "source_addr", ESME_RINVSRCADR, CommandSubmitSMResp},
		{"endless destination", CommandSubmitSM, 0, "00 000000 0000" + long, "destination_addr", ESME_RINVDSTADR, CommandSubmitSMResp},
		{"endless system id", CommandBindTransceiver, 0, long, "system_id", ESME_RINVSYSID, CommandBindTransceiverResp},
		{"endless password", CommandBindReceiver, 0, "00" + long, "password", ESME_RINVPASWD, CommandBindReceiverResp},
		{
			"text shorter than sm_length", CommandDeliverSM, 0, "00 000000 000000 000000 0000 00000000 05 41414141",
			"short_message", ESME_RINVMSGLEN, CommandDeliverSMResp,
		},
		{
			"payload cut off", CommandDeliverSM, 0, "00 000000 000000 000000 0000 00000000 00 0424 0009 41",
			"message_payload", ESME_RINVOPTPARSTREAM, CommandDeliverSMResp,
		},
		{"dest_flag 3", CommandSubmitMulti, 0, "00 000000 01 03", "dest_flag", ESME_RINVDESTFLAG, CommandSubmitMultiResp},
		{"255 destinations and none there", CommandSubmitMulti, 0, "00 000000 ff", "dest_flag", ESME_RINVCMDLEN, CommandSubmitMultiResp},
		{
			"more parameters than anybody needs", CommandDeliverSM, 0, "00 000000 000000 000000 0000 00000000 00" + strings.Repeat("14010000", 1025),
			"optional parameters", ESME_RINVOPTPARSTREAM, CommandDeliverSMResp,
		},
		{"alert without an address", CommandAlertNotification, 0, "00", "source_addr_npi", ESME_RINVCMDLEN, CommandGenericNack},
	}
	for _, tt := range tests {
		var p PDU
		err := Decode(frame(t, tt.id, tt.status, 7, tt.body), &p)
		var de *DecodeError
		if !errors.As(err, &de) {
			t.Errorf("%s: no error", tt.name)
			continue
		}
		if de.Field != tt.field || de.Status != tt.want || de.Framing || p.Body != nil || p.Sequence != 7 {
			t.Errorf("%s: %v (%s)", tt.name, err, de.Status)
		}
		if a := de.Answer(); a.Command != tt.answer || a.Sequence != 7 || a.Status != tt.want {
			t.Errorf("%s: answered by %s", tt.name, &a)
		}
	}
}

// What peers do beyond the specification is understood.
func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	const head, text = "00 0101 3100 0101 3200 000000 0000 00000000", "03 610062"
	tests := []struct {
		name   string
		id     CommandID
		status Status
		body   string
		want   string
	}{
		{"submit_sm_resp without a body", CommandSubmitSMResp, 0, "", "submit_sm_resp status=ESME_ROK sequence=7"},
		{"refusal without a body", CommandSubmitSMResp, 0x58, "", "submit_sm_resp status=ESME_RTHROTTLED sequence=7"},
		{"refusal with a body", CommandSubmitSMResp, 0x58, "00", `submit_sm_resp status=ESME_RTHROTTLED sequence=7 message_id=""`},
		{"status of the operator's own", CommandSubmitSMResp, 0x401, "", "submit_sm_resp status=status 0x00000401 sequence=7"},
		{"message id without its NUL", CommandSubmitSMResp, 0, "3132", `submit_sm_resp status=ESME_ROK sequence=7 message_id="12"`},
		{
			"password of 12 characters", CommandBindTransmitter, 0, "6100 3132333435363738393a3b3c00 00 34 00 00 00",
			`bind_transmitter sequence=7 system_id="a" password=*** system_type="" interface_version=52 addr_ton=0 addr_npi=0 address_range=""`,
		},
		{"enquire_link with a body", CommandEnquireLink, 0, "0000", "enquire_link sequence=7"},
		{"a NUL behind the text", CommandDeliverSM, 0, head + text + "00", "sm_length=3 text=610062"},
		{"two NULs behind the text", CommandDeliverSM, 0, head + text + "0000", "sm_length=3 text=610062"},
		{"a parameter cut off", CommandDeliverSM, 0, head + text + "0204 0002 0001 0204 0002 00", "sm_length=3 user_message_reference=0x0001 text=610062"},
		{
			"unknown, repeated and empty parameters", CommandDeliverSM, 0, head + text + "1401 0001 01 130c 0000 1401 0001 02 0005 0001 00",
			"sm_length=3 tag 0x1401=0x01 alert_on_message_delivery=0x tag 0x1401=0x02 dest_addr_subunit=0x00 text=610062",
		},
		{"text and payload", CommandDeliverSM, 0, head + text + "0424 0002 6869", "sm_length=3 message_payload=2 octets text=6869"},
		{"a text of 255 octets", CommandDeliverSM, 0, head + "ff" + strings.Repeat("61", 255), "sm_length=255 text=" + strings.Repeat("61", 255)},
	}
	for _, tt := range tests {
		var p PDU
		if err := Decode(frame(t, tt.id, tt.status, 7, tt.body), &p); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := meaning(&p); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// We send nothing that breaks the specification.
func TestAppendRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	tests := []struct {
		name  string
		pdu   PDU
		field string
	}{
		{"no body", PDU{Command: CommandSubmitSM}, "command_id"},
		{"response without the id it owes", PDU{Command: CommandSubmitSMResp}, "command_id"},
		{"unknown command", PDU{Command: 0x0F0F}, "command_id"},
		{"body of another command", PDU{Command: CommandDeliverSM, Body: &SubmitSM{}}, "command_id"},
		{"system id of 16", PDU{Body: &Bind{SystemID: "0123456789abcdef"}}, "system_id"},
		{"password of 65", PDU{Body: &Bind{Password: strings.Repeat("x", 65)}}, "password"},
		{"NUL in a string", PDU{Body: &Bind{SystemID: "a\x00b"}}, "system_id"},
		{"source of 21", PDU{Body: &SubmitSM{ShortMessage{Source: Address{Addr: long[:21]}}}}, "source_addr"},
		{"destination of 65", PDU{Body: &DataSM{Dest: Address{Addr: long[:65]}}}, "destination_addr"},
		{"validity in words", PDU{Body: &SubmitSM{ShortMessage{Validity: "tomorrow"}}}, "validity_period"},
		{"text of 255", PDU{Body: &SubmitSM{ShortMessage{Text: []byte(long[:255])}}}, "short_message"},
		{
			"text and payload",
			PDU{Body: &SubmitSM{ShortMessage{Text: []byte("x"), TLVs: TLVs{{TagMessagePayload, []byte("y")}}}}},
			"message_payload",
		},
		{"parameter of 65536", PDU{Body: &SubmitSM{ShortMessage{TLVs: TLVs{{TagMessagePayload, make([]byte, 65536)}}}}}, "message_payload"},
		{"nobody", PDU{Body: &SubmitMulti{}}, "number_of_dests"},
		{"255 destinations", PDU{Body: &SubmitMulti{Dests: make([]MultiDest, 255)}}, "number_of_dests"},
		{"255 failures", PDU{Body: &SubmitMultiResp{Unsuccess: make([]Unsuccess, 255)}}, "no_unsuccess"},
		{"message id of 65", PDU{Body: &SubmitSMResp{MessageID: long[:65]}}, "message_id"},
		{"broadcast to nowhere", PDU{Body: &BroadcastSM{}}, "broadcast_area_identifier"},
		{"broadcast without a state", PDU{Body: &QueryBroadcastSMResp{MessageID: "1"}}, "message_state"},
	}
	for _, tt := range tests {
		b, err := Append([]byte("kept"), &tt.pdu)
		var ee *EncodeError
		if !errors.As(err, &ee) || ee.Field != tt.field || string(b) != "kept" {
			t.Errorf("%s: %q, %v", tt.name, b, err)
		}
	}
}

// A peer of version 3.3 gets no optional parameters, and no message that needs one.
func TestNoTLVsForOldPeers(t *testing.T) {
	t.Parallel()
	c := &coder{version: Version33}
	b, err := c.append(nil, &PDU{Body: &BindResp{SystemID: "k", TLVs: TLVs{{TagSCInterfaceVersion, []byte{0x34}}}}})
	if err != nil || len(b) != 18 {
		t.Errorf("%x, %v", b, err)
	}
	if _, err = c.append(nil, &PDU{Body: &DeliverSM{ShortMessage{TLVs: TLVs{{TagMessagePayload, []byte("x")}}}}}); err == nil {
		t.Error("the text got lost without an error")
	}
}

// What Decode gives does not change with the buffer it was read from, nor with another field of the same PDU.
func TestDecodeOwns(t *testing.T) {
	t.Parallel()
	b, err := Append(nil, &PDU{Body: benchMessage()})
	if err != nil {
		t.Fatal(err)
	}
	var p PDU
	if err := Decode(b, &p); err != nil {
		t.Fatal(err)
	}
	clear(b)
	m := p.Body.(*SubmitSM)
	_ = append(m.Text, "behind the text"...)
	for i := range m.Text {
		m.Text[i] = 'x'
	}
	if m.Source.Addr != "Kurir" || m.Dest.Addr != "46701234567" || len(m.TLVs) != 0 {
		t.Errorf("%s", &p)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{CommandSubmitSM.String(), "submit_sm"},
		{CommandBindTransceiver.Response().String(), "bind_transceiver_resp"},
		{CommandGenericNack.String(), "generic_nack"},
		{CommandBroadcastSM.String(), "broadcast_sm"},
		{CommandOutbind.Response().String(), "generic_nack"},
		{CommandID(0x8000000B).String(), "command 0x8000000B"},
		{CommandID(0x0F0F).String(), "command 0x00000F0F"},
		{ESME_RTHROTTLED.String(), "ESME_RTHROTTLED"},
		{Status(0x401).String(), "status 0x00000401"},
		{TagSARMsgRefNum.String(), "sar_msg_ref_num"},
		{Tag(0x1401).String(), "tag 0x1401"},
		{Version(0).Normal().String(), "3.3"},
		{Version(0x22).Normal().String(), "3.3"},
		{Version(0x52).Normal().String(), "5.0"},
		{Version(0x35).Normal().String(), "3.4"},
		{MessageUndeliverable.Stat(), "UNDELIV"},
		{MessageState(77).Stat(), "UNKNOWN"},
		{StateBoundTRX.String(), "BOUND_TRX"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestTLVs(t *testing.T) {
	t.Parallel()
	var ts TLVs
	ts.SetU16(TagSARMsgRefNum, 513)
	ts.SetU8(TagSARTotalSegments, 2)
	ts.SetCString(TagReceiptedMessageID, "abc")
	ts.SetU8(TagSARTotalSegments, 3)
	want := TLVs{{TagSARMsgRefNum, []byte{2, 1}}, {TagSARTotalSegments, []byte{3}}, {TagReceiptedMessageID, []byte("abc\x00")}}
	if diff := cmp.Diff(want, ts); diff != "" {
		t.Error(diff)
	}
	if v, ok := ts.U16(TagSARMsgRefNum); v != 513 || !ok {
		t.Errorf("U16: %d %v", v, ok)
	}
	if v, ok := ts.U8(TagSARTotalSegments); v != 3 || !ok {
		t.Errorf("U8: %d %v", v, ok)
	}
	if v, ok := ts.CString(TagReceiptedMessageID); v != "abc" || !ok {
		t.Errorf("CString: %q %v", v, ok)
	}
	if _, ok := ts.U8(TagSARMsgRefNum); ok {
		t.Error("two octets were read as one")
	}
	if _, ok := ts.U8(TagMessageState); ok {
		t.Error("found what is not there")
	}
}

// Whatever is decoded is written again in a form that means the same.
func FuzzDecode(f *testing.F) {
	for _, x := range allFixtures(f) {
		f.Add(x.frame)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= 4 {
			binary.BigEndian.PutUint32(b, uint32(len(b)))
		}
		var p, again PDU
		if err := Decode(b, &p); err != nil {
			return
		}
		out, err := Append(nil, &p)
		if err != nil {
			return // we accept more than we send
		}
		if err := Decode(out, &again); err != nil {
			t.Fatalf("%s: %v", &p, err)
		}
		// An absent body may be written as an empty one.
		if diff := cmp.Diff(meaning(&p), meaning(&again)); diff != "" && p.Body != nil {
			t.Fatal(diff)
		}
	})
}

// Who keeps an address of a long PDU keeps no more than that. (Not parallel: it measures memory.)
func TestDecodedStringsAreSmall(t *testing.T) {
	const n, octets = 500, 60_000
	frame, err := Append(nil, &PDU{Sequence: 1, Body: &DeliverSM{ShortMessage: ShortMessage{
		Source: Address{Addr: "46701234567"}, TLVs: TLVs{{TagMessagePayload, make([]byte, octets)}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	inUse := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := inUse()
	kept := make([]string, 0, n)
	for range n {
		var p PDU
		if err := Decode(frame, &p); err != nil {
			t.Fatal(err)
		}
		kept = append(kept, p.Body.(*DeliverSM).Source.Addr)
	}
	if after := inUse(); after > before+n*octets/10 {
		t.Errorf("%d addresses keep %d octets", n, after-before)
	}
	runtime.KeepAlive(kept)
}
