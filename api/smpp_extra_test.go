package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// dlt is a dictionary as a server in India has it.
func dlt() *message.TLVDictionary {
	return message.NewTLVDictionary([]message.TLVDefinition{
		{Name: "dlt_entity_id", Tag: "0x1400", Type: "string", Max: 30},
		{Name: "dlt_template_id", Tag: "0x1401", Type: "string", Max: 30},
	})
}

// TestSMPPExtra keeps what goes along with a message, and nothing of a plain
// one.
func TestSMPPExtra(t *testing.T) {
	t.Parallel()
	plain := &account.Account{Name: "acme"}
	given := &account.Account{Name: "dlt", TLVs: map[string]string{"dlt_entity_id": "1201", "dlt_template_id": "1107"}}
	given.Resolve(dlt(), func(field, problem string) { t.Error(field, problem) })
	entity, template := message.TLV{Tag: 0x1400, Value: []byte("1201")}, message.TLV{Tag: 0x1401, Value: []byte("1107")}
	for _, test := range []struct {
		name    string
		account *account.Account
		m       smpp.ShortMessage
		want    *message.Extra
		status  smpp.Status
	}{
		{name: "plain", m: smpp.ShortMessage{Text: []byte("hi"), RegisteredDelivery: 0x11, DataCoding: 8}},
		{name: "store and forward, as Kannel asks always", m: smpp.ShortMessage{ESMClass: 0x43}},
		{
			name: "a reference and parts", m: smpp.ShortMessage{TLVs: smpp.TLVs{
				{Tag: smpp.TagUserMessageReference, Value: []byte{1, 2}},
				{Tag: smpp.TagMessagePayload, Value: []byte("x")},
				{Tag: smpp.TagSARMsgRefNum, Value: []byte{1, 2}},
				{Tag: smpp.TagSARTotalSegments, Value: []byte{2}},
				{Tag: smpp.TagSARSegmentSeqnum, Value: []byte{1}},
			}},
		},
		{name: "service_type", m: smpp.ShortMessage{ServiceType: "CMT"}, want: &message.Extra{ServiceType: "CMT"}},
		{name: "forward, reply path, header", m: smpp.ShortMessage{ESMClass: 0xC2}, want: &message.Extra{ESMClass: 0x82}},
		{name: "acknowledged by a user", m: smpp.ShortMessage{ESMClass: 0x10}, want: &message.Extra{ESMClass: 0x10}},
		{name: "a receipt from a customer", m: smpp.ShortMessage{ESMClass: 0x04}, status: 0x43},
		{name: "an intermediate notification from a customer", m: smpp.ShortMessage{ESMClass: 0x20}, status: 0x43},
		{name: "protocol_id", m: smpp.ShortMessage{ProtocolID: 0x41}, want: &message.Extra{ProtocolID: 0x41}},
		{name: "acknowledgements asked for", m: smpp.ShortMessage{RegisteredDelivery: 0x1D}, want: &message.Extra{Acks: 0x0C}},
		{name: "voicemail waits", m: smpp.ShortMessage{DataCoding: 0xC8}, want: &message.Extra{Coding: 0xC8}},
		{name: "flash", m: smpp.ShortMessage{DataCoding: 0xF0}},
		{name: "to be deleted", m: smpp.ShortMessage{DataCoding: 0x40}, want: &message.Extra{Coding: 0x40}},
		{
			name: "the customer's own come first", account: given,
			m:    smpp.ShortMessage{TLVs: smpp.TLVs{{Tag: 0x1401, Value: []byte("9")}, {Tag: 0x130C, Value: []byte{}}}},
			want: &message.Extra{TLVs: []message.TLV{{Tag: 0x1401, Value: []byte("9")}, {Tag: 0x130C, Value: []byte{}}, entity}},
		},
		{name: "the account's", account: given, want: &message.Extra{TLVs: []message.TLV{entity, template}}},
		{name: "too long", m: smpp.ShortMessage{TLVs: smpp.TLVs{{Tag: 0x1400, Value: make([]byte, 1025)}}}, status: 0xC2},
		{name: "too many", m: smpp.ShortMessage{TLVs: make(smpp.TLVs, 33)}, status: 0xC2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := test.account
			if a == nil {
				a = plain
			}
			got, status := smppExtra(&test.m, a, false)
			if status != test.status {
				t.Fatalf("status %v, want %v", status, test.status)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestSMPPExtraCost holds that messages without such fields pay nothing.
func TestSMPPExtraCost(t *testing.T) {
	plain := &account.Account{Name: "acme"}
	given := &account.Account{Name: "dlt", TLVs: map[string]string{"dlt_entity_id": "1201"}}
	given.Resolve(dlt(), func(field, problem string) { t.Error(field, problem) })
	m := smpp.ShortMessage{Text: []byte("hi"), ESMClass: 3, RegisteredDelivery: 1}
	for _, a := range []*account.Account{plain, given} {
		if n := testing.AllocsPerRun(100, func() { _, _ = smppExtra(&m, a, false) }); n != 0 {
			t.Errorf("a plain message of %s costs %v allocations", a.Name, n)
		}
	}
}

// TestSMPPDeliverExtra: parameters and the type of an acknowledgement of a
// message from a phone reach a customer, parameters only if he knows them.
func TestSMPPDeliverExtra(t *testing.T) {
	t.Parallel()
	in := &message.Inbound{
		From: message.Address{TON: 1, NPI: 1, Number: "46701234567"}, To: message.Address{Number: "72345"},
		Content: message.Content{Text: "ja", Class: gsm.NoClass, Extra: &message.Extra{
			ESMClass: smpp.ESMUserAck, TLVs: []message.TLV{{Tag: 0x1403, Value: []byte("x")}},
		}},
		Encoding: gsm.GSM7, Parts: 1,
	}
	for _, tlvs := range []bool{true, false} {
		var b smppDeliverBuilder
		b.reset(&smppPeer{server: &SMPPServer{refs: gsm.NewReferences()}, tlvs: tlvs, zone: time.UTC})
		if n, err := b.inbound(in); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		v, ok := b.bodies[0].TLVs.Get(0x1403)
		if b.bodies[0].ESMClass != 0x10 || ok != tlvs || ok && string(v) != "x" {
			t.Errorf("parameters known %t: %+v", tlvs, b.bodies[0])
		}
	}
}
