package api

import (
	"testing"
	"time"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPReceipt compares receipts with the form of SMPP 3.4 appendix B.
func TestSMPPReceipt(t *testing.T) {
	t.Parallel()
	sent := time.Date(2026, 3, 1, 12, 34, 56, 0, time.UTC)
	id := message.NewIDs(0, 0).Next(sent)
	log := message.AppendEvent(nil, id, message.Event{Kind: message.EventReport, At: sent.UnixMilli(), State: message.Undeliverable, Code: 27})
	for _, test := range []struct {
		name  string
		state message.State
		parts uint8
		text  string
		via   message.Interface
		esm   uint8
		want  string
		tlvs  []string
	}{
		{
			name: "delivered", state: message.Delivered, parts: 1, text: "Hello world", esm: 4,
			want: " sub:001 dlvrd:001 submit date:2603011234 done date:2603011236 stat:DELIVRD err:000 text:Hello world",
			tlvs: []string{id.String() + "\x00", "\x02", "\x03\x00\x00"},
		},
		{
			name: "undeliverable, long, odd characters", state: message.Undeliverable, parts: 12, text: "Привет {a@b} line\nbreak and more", esm: 4, via: message.ViaSMPP,
			want: " sub:012 dlvrd:000 submit date:2603011234 done date:2603011236 stat:UNDELIV err:027 text:?????? ?a?b? line br",
			tlvs: []string{id.String() + "\x00", "\x05", "\x03\x00\x1b", "\x01\x02"},
		},
		{
			name: "on its way", state: message.Enroute, parts: 1, esm: 0x20,
			want: " sub:001 dlvrd:000 submit date:2603011234 done date:2603011235 stat:ENROUTE err:000 text:",
			tlvs: []string{id.String() + "\x00", "\x01", "\x03\x00\x00"},
		},
		{
			name: "taken, no receipt to come", state: message.Sent, parts: 1, text: "x", esm: 4,
			want: " sub:001 dlvrd:000 submit date:2603011234 done date:2603011236 stat:ACCEPTD err:000 text:x",
			tlvs: []string{id.String() + "\x00", "\x06", "\x03\x00\x00"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			m := &message.Message{
				ID: id, From: message.Address{TON: 5, Number: "ACME"}, To: message.Address{TON: 1, NPI: 1, Number: "46701234567"},
				Parts: test.parts, Content: message.Content{Text: test.text, Class: gsm.NoClass}, Via: test.via, Reference: "258",
			}
			m.State, m.Final, m.Log = test.state, sent.Add(2*time.Minute).UnixMilli(), log
			it := &gateway.Item{Message: m, State: test.state, Since: sent.Add(time.Minute).UnixMilli()}
			for _, tlvs := range []bool{true, false} {
				var b smppDeliverBuilder
				b.reset(&smppPeer{server: &SMPPServer{}, tlvs: tlvs, zone: time.UTC})
				if n, err := b.add(it); n != 1 || err != nil {
					t.Fatalf("%d, %v", n, err)
				}
				d := &b.bodies[0]
				if got := string(d.Text); got != "id:"+id.String()+test.want {
					t.Errorf("text\n got %s\nwant id:%s%s", got, id, test.want)
				}
				if d.ESMClass != test.esm || d.DataCoding != 0 {
					t.Errorf("esm_class %#x, data_coding %d", d.ESMClass, d.DataCoding)
				}
				if d.Source != (smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}) || d.Dest != (smpp.Address{TON: 5, Addr: "ACME"}) {
					t.Errorf("addresses are not swapped: %v to %v", d.Source, d.Dest)
				}
				want := test.tlvs
				if !tlvs {
					want = nil
				}
				if len(d.TLVs) != len(want) {
					t.Fatalf("%d parameters, want %d", len(d.TLVs), len(want))
				}
				tags := []smpp.Tag{0x001E, 0x0427, 0x0423, 0x0204}
				for i, p := range d.TLVs {
					if p.Tag != tags[i] || string(p.Value) != want[i] {
						t.Errorf("%v is %q, want %q", p.Tag, p.Value, want[i])
					}
				}
			}
		})
	}
}
