package smpp

import "testing"

// hotPDUs are those that a gateway deals with all the time, as it sends and gets them.
func hotPDUs() []struct {
	name string
	pdu  PDU
} {
	submit := benchMessage()
	submit.TLVs = TLVs{{TagUserMessageReference, []byte{1, 2}}, {TagSARMsgRefNum, []byte{0, 1}}, {0x1401, []byte("1234567890123456789")}}
	return []struct {
		name string
		pdu  PDU
	}{
		{"submit_sm", PDU{Sequence: 1, Body: benchMessage()}},
		{"submit_sm_3_TLVs", PDU{Sequence: 1, Body: submit}},
		{"submit_sm_resp", PDU{Sequence: 1, Body: &SubmitSMResp{MessageID: "0123456789abc"}}},
		{"submit_sm_resp_refused", PDU{Command: CommandSubmitSMResp, Status: ESME_RTHROTTLED, Sequence: 1}},
		{"deliver_sm_3_TLVs", PDU{Sequence: 1, Body: benchReceipt()}},
		{"deliver_sm_resp", PDU{Command: CommandDeliverSMResp, Sequence: 1}},
		{"data_sm", PDU{Sequence: 1, Body: &DataSM{Dest: submit.Dest, TLVs: TLVs{{TagMessagePayload, make([]byte, 100)}}}}},
		{"enquire_link", PDU{Sequence: 1, Body: &EnquireLink{}}},
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, x := range hotPDUs() {
		b.Run(x.name, func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = Append(buf[:0], &x.pdu)
			}
			b.SetBytes(int64(len(buf)))
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, x := range hotPDUs() {
		b.Run(x.name, func(b *testing.B) {
			frame, err := Append(nil, &x.pdu)
			if err != nil {
				b.Fatal(err)
			}
			var p PDU
			b.SetBytes(int64(len(frame)))
			b.ReportAllocs()
			for b.Loop() {
				if err := Decode(frame, &p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The figures that the hot path counts on: nothing is allocated for a PDU that is written, and for one that is read its
// body and a copy of its octets.
func TestAllocations(t *testing.T) {
	for _, x := range hotPDUs() {
		buf := make([]byte, 0, 1024)
		if n := testing.AllocsPerRun(1000, func() { buf, _ = Append(buf[:0], &x.pdu) }); n > 0 {
			t.Errorf("Append %s: %v allocations", x.name, n)
		}
		var p PDU
		if n := testing.AllocsPerRun(1000, func() { _ = Decode(buf, &p) }); n > 2 {
			t.Errorf("Decode %s: %v allocations", x.name, n)
		}
		if x.pdu.Body != nil && p.String() != x.pdu.String() {
			t.Errorf("%s became %s", &x.pdu, &p)
		}
	}
	for _, f := range fixtures(t, "testdata/npm-smpp.hex") {
		switch f.name {
		case "submit_sm", "submit_sm_sar", "submit_sm_resp", "deliver_sm_receipt", "deliver_sm_resp", "data_sm", "bind_transceiver":
			var p PDU
			if n := testing.AllocsPerRun(1000, func() { _ = Decode(f.frame, &p) }); n > 2 {
				t.Errorf("Decode %s: %v allocations", f.name, n)
			}
		}
	}
}

// A session's coder shares blocks among bodies: less than one copy for each. To a peer of 5.0 the congestion_state
// costs nothing either, also in refusals without a body.
func TestSessionCoderAllocations(t *testing.T) {
	frame, err := Append(nil, &PDU{Sequence: 1, Body: &SubmitSMResp{MessageID: "0123456789abc"}})
	if err != nil {
		t.Fatal(err)
	}
	dec := coder{block: decodeBlock}
	var p PDU
	if n := testing.AllocsPerRun(1000, func() { _ = dec.decode(frame, &p) }); n > 1 {
		t.Errorf("decode submit_sm_resp: %v allocations", n)
	}
	enc := coder{version: Version50, congest: 81}
	buf := make([]byte, 0, 1024)
	for _, x := range hotPDUs() {
		if n := testing.AllocsPerRun(1000, func() { buf, _ = enc.append(buf[:0], &x.pdu) }); n > 0 {
			t.Errorf("append %s: %v allocations", x.name, n)
		}
	}
}
