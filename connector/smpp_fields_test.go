package connector

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

func fieldsDictionary() *message.TLVDictionary {
	return message.NewTLVDictionary([]message.TLVDefinition{
		{Name: "dlt_entity_id", Tag: "0x1400", Type: "string", Max: 30},
		{Name: "dlt_template_id", Tag: "0x1401", Type: "string", Max: 30},
	})
}

// resolved returns a configuration whose words are read by a dictionary.
func resolved(t *testing.T, cfg SMPPConfig) SMPPConfig {
	t.Helper()
	cfg.Resolve(fieldsDictionary(), func(field, problem string) { t.Errorf("%s: %s", field, problem) })
	return cfg
}

// TestSMPPBuildExtra: a link hands on what its configuration says and no more
// (SMPP 3.4 4.4.1, 5.2.11 to 5.2.20, 5.3.2).
func TestSMPPBuildExtra(t *testing.T) {
	t.Parallel()
	entity, template := message.TLV{Tag: 0x1400, Value: []byte("1201")}, message.TLV{Tag: 0x1401, Value: []byte("1107")}
	all := &message.Extra{
		ServiceType: "VMN", ESMClass: 0x92, ProtocolID: 0x41, Acks: 0x0C, DefaultMsgID: 5, TLVs: []message.TLV{entity, template},
	}
	for _, test := range []struct {
		name  string
		cfg   SMPPConfig
		extra *message.Extra
		want  smpp.ShortMessage
	}{
		{"nothing passes", SMPPConfig{ServiceType: "CMT"}, all, smpp.ShortMessage{ServiceType: "CMT", RegisteredDelivery: 1}},
		{
			"everything passes",
			SMPPConfig{ServiceType: "CMT", Pass: smppPassed, TLVs: TLVConfig{Pass: []string{"all"}}},
			all,
			smpp.ShortMessage{
				ServiceType: "VMN", ESMClass: 0x92, ProtocolID: 0x41, RegisteredDelivery: 0x0D, DefaultMsgID: 5,
				TLVs: smpp.TLVs{{Tag: 0x0204, Value: []byte{1, 2}}, {Tag: 0x1400, Value: []byte("1201")}, {Tag: 0x1401, Value: []byte("1107")}},
			},
		},
		{"the link's service_type where the customer gives none", SMPPConfig{ServiceType: "CMT", Pass: []string{"service_type"}}, nil, smpp.ShortMessage{ServiceType: "CMT", RegisteredDelivery: 1}},
		{"reply path alone", SMPPConfig{Pass: []string{"reply_path"}}, all, smpp.ShortMessage{ESMClass: 0x80, RegisteredDelivery: 1}},
		{"mode and type alone", SMPPConfig{Pass: []string{"esm_class"}}, all, smpp.ShortMessage{ESMClass: 0x12, RegisteredDelivery: 1}},
		{
			"one by name",
			SMPPConfig{TLVs: TLVConfig{Pass: []string{"dlt_template_id"}}},
			all,
			smpp.ShortMessage{RegisteredDelivery: 1, TLVs: smpp.TLVs{{Tag: 0x1401, Value: []byte("1107")}}},
		},
		{
			"under the operator's tags",
			SMPPConfig{TLVs: TLVConfig{Map: map[string]string{"dlt_entity_id": "0x1500"}}},
			all,
			smpp.ShortMessage{RegisteredDelivery: 1, TLVs: smpp.TLVs{{Tag: 0x1500, Value: []byte("1201")}}},
		},
		{
			"the link's own go before",
			SMPPConfig{TLVs: TLVConfig{Pass: []string{"0x1400-0x14FF"}, Set: map[string]string{"dlt_entity_id": "99", "more_messages_to_send": "1"}}},
			all,
			smpp.ShortMessage{RegisteredDelivery: 1, TLVs: smpp.TLVs{{Tag: 0x1400, Value: []byte("99")}, {Tag: 0x0426, Value: []byte{1}}, {Tag: 0x1401, Value: []byte("1107")}}},
		},
		{
			"the link's own to all",
			SMPPConfig{TLVs: TLVConfig{Set: map[string]string{"more_messages_to_send": "1"}}},
			nil,
			smpp.ShortMessage{RegisteredDelivery: 1, TLVs: smpp.TLVs{{Tag: 0x0426, Value: []byte{1}}}},
		},
		{
			"how a text is cut is ours to say",
			SMPPConfig{TLVs: TLVConfig{Pass: []string{"0x0205-0xFFFF"}}},
			&message.Extra{TLVs: []message.TLV{{Tag: 0x020C, Value: []byte{1, 2}}, {Tag: 0x0424, Value: []byte("x")}}},
			smpp.ShortMessage{RegisteredDelivery: 1},
		},
		{"a reference", SMPPConfig{TLVs: TLVConfig{Pass: []string{"user_message_reference"}}}, nil, smpp.ShortMessage{RegisteredDelivery: 1, TLVs: smpp.TLVs{{Tag: 0x0204, Value: []byte{1, 2}}}}},
		{
			"voicemail waits", SMPPConfig{}, &message.Extra{Coding: 0xC8}, smpp.ShortMessage{RegisteredDelivery: 1, DataCoding: 0xC8},
		},
		{
			"an indication for UCS-2 over a text in GSM", SMPPConfig{}, &message.Extra{Coding: 0xE8}, smpp.ShortMessage{RegisteredDelivery: 1},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			content := message.Content{Text: "x", Class: gsm.NoClass, Extra: test.extra}
			parts, f := built(t, resolved(t, test.cfg), content, func(o *Outgoing) {
				o.Receipt, o.Message.Via, o.Message.Reference = true, message.ViaSMPP, "258"
			})
			if f != nil || len(parts) != 1 {
				t.Fatal(len(parts), f)
			}
			got := parts[0].ShortMessage
			test.want.Source, test.want.Dest, test.want.Text = got.Source, got.Dest, []byte("x")
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestSMPPBuildExtraParts: every part has the parameters, and its own beside
// them.
func TestSMPPBuildExtraParts(t *testing.T) {
	t.Parallel()
	cfg := resolved(t, SMPPConfig{Long: "sar", TLVs: TLVConfig{Pass: []string{"dlt_entity_id"}, Set: map[string]string{"source_port": "7"}}})
	content := message.Content{
		Text: strings.Repeat("x", 400), Class: gsm.NoClass,
		Extra: &message.Extra{TLVs: []message.TLV{{Tag: 0x1400, Value: []byte("1201")}}},
	}
	for range 2 { // what is set is shared among messages
		parts, f := built(t, cfg, content, nil)
		if f != nil || len(parts) != 3 {
			t.Fatal(len(parts), f)
		}
		for i := range parts {
			number, _ := parts[i].TLVs.U8(smpp.TagSARSegmentSeqnum)
			port, _ := parts[i].TLVs.U16(smpp.TagSourcePort)
			entity, _ := parts[i].TLVs.Get(0x1400)
			if int(number) != i+1 || port != 7 || string(entity) != "1201" || len(parts[i].TLVs) != 5 {
				t.Errorf("part %d: %v", i+1, parts[i].TLVs)
			}
		}
	}
}

func TestSMPPResolveMistakes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		cfg   SMPPConfig
		field string
	}{
		{SMPPConfig{Pass: []string{"service_type", "dlt_entity_id"}}, "pass[1]"},
		{SMPPConfig{TLVs: TLVConfig{Pass: []string{"dlt"}}}, "tlvs.pass[0]"},
		{SMPPConfig{TLVs: TLVConfig{Pass: []string{"0x0424"}}}, "tlvs.pass[0]"},
		{SMPPConfig{TLVs: TLVConfig{Receive: []string{"0x1500-0x1400"}}}, "tlvs.receive[0]"},
		{SMPPConfig{TLVs: TLVConfig{Set: map[string]string{"source_port": "x"}}}, "tlvs.set.source_port"},
		{SMPPConfig{TLVs: TLVConfig{Map: map[string]string{"dlt_entity_id": "all"}}}, "tlvs.map.dlt_entity_id"},
		{SMPPConfig{TLVs: TLVConfig{Map: map[string]string{"what": "0x1400"}}}, "tlvs.map.what"},
		{SMPPConfig{Version: "3.3", TLVs: TLVConfig{Pass: []string{"all"}}}, "tlvs"},
	} {
		var fields []string
		test.cfg.Resolve(fieldsDictionary(), func(field, _ string) { fields = append(fields, field) })
		if d := cmp.Diff([]string{test.field}, fields); d != "" {
			t.Errorf("%+v: %s", test.cfg.TLVs, d)
		}
	}
}

// TestSMPPReceiveExtra keeps of a message from a phone what the configuration
// lists.
func TestSMPPReceiveExtra(t *testing.T) {
	t.Parallel()
	cfg := resolved(t, SMPPConfig{Named: Named{Name: "op1"}, TLVs: TLVConfig{Receive: []string{"0x1400-0x14FF"}}})
	l, plain := NewSMPP(cfg, NewShared(), nil), NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), nil)
	d := &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
		ESMClass: smpp.ESMUserAck, Text: []byte("x"),
		TLVs: smpp.TLVs{{Tag: 0x1403, Value: []byte{1}}, {Tag: 0x0204, Value: []byte{0, 1}}, {Tag: 0x1404, Value: make([]byte, 2000)}},
	}}
	want := &message.Extra{ESMClass: 0x10, TLVs: []message.TLV{{Tag: 0x1403, Value: []byte{1}}}}
	if diff := cmp.Diff(want, l.inbound(d).Content.Extra); diff != "" {
		t.Error(diff)
	}
	d.ESMClass = 0
	if x := plain.inbound(d).Content.Extra; x != nil {
		t.Errorf("a link that lists nothing keeps %+v", x)
	}
}

// TestSMPPAddressRules: the first rule that matches counts, and what it does
// not say is as the link and the address say.
func TestSMPPAddressRules(t *testing.T) {
	t.Parallel()
	n := func(v uint8) *uint8 { return &v }
	rules := []message.AddressRule{
		{Match: "+46*", Kind: "international", Strip: "46", Add: "0", TON: n(2)},
		{Match: "ACME", Replace: "46737494949", TON: n(1)},
		{Match: "72*", Kind: "other", TON: n(3), NPI: n(0)},
		{Kind: "name", Match: "Old*", Replace: "New"},
		{Kind: "international", Add: "00"},
	}
	for _, test := range []struct {
		in       message.Address
		ton, npi *uint8
		want     smpp.Address
	}{
		{message.Address{TON: 1, NPI: 1, Number: "46701234567"}, nil, nil, smpp.Address{TON: 2, NPI: 1, Addr: "0701234567"}},
		{message.Address{TON: 1, NPI: 1, Number: "46701234567"}, n(9), n(8), smpp.Address{TON: 2, NPI: 8, Addr: "0701234567"}},
		{message.Address{TON: 1, NPI: 1, Number: "4712345678"}, nil, nil, smpp.Address{TON: 1, NPI: 1, Addr: "004712345678"}},
		{message.Address{TON: 5, Number: "ACME"}, nil, nil, smpp.Address{TON: 1, NPI: 1, Addr: "46737494949"}},
		{message.Address{TON: 5, Number: "Older"}, nil, nil, smpp.Address{TON: 5, Addr: "New"}},
		{message.Address{TON: 5, Number: "Other"}, nil, nil, smpp.Address{TON: 5, Addr: "Other"}},
		{message.Address{NPI: 1, Number: "72345"}, nil, nil, smpp.Address{TON: 3, NPI: 0, Addr: "72345"}},
		{message.Address{NPI: 1, Number: "11111"}, n(6), nil, smpp.Address{TON: 6, NPI: 1, Addr: "11111"}},
	} {
		c := SMPPConfig{Common: Common{Source: rules}, SourceTON: test.ton, SourceNPI: test.npi}.WithDefaults()
		got, ok := c.sender(test.in, message.Address{})
		if !ok || got != test.want {
			t.Errorf("%+v: %+v, want %+v", test.in, got, test.want)
		}
	}
	names := SMPPConfig{Common: Common{Source: []message.AddressRule{{Kind: "name", Country: message.Words{"US"}, Replace: "+15550100000"}}}}
	shared := NewShared()
	shared.Networks = func(a message.Address) message.Network {
		return message.Network{Country: map[byte]string{'1': "US"}[a.Number[0]]}
	}
	link := NewSMPP(names, shared, nil)
	for to, want := range map[string]string{"12025550123": "15550100000", "46701234567": "ACME"} {
		if got, _ := link.cfg.sender(message.Address{TON: 5, Number: "ACME"}, message.Address{TON: 1, Number: to}); got.Addr != want {
			t.Errorf("to %s the sender is %s, want %s", to, got.Addr, want)
		}
	}
	var fields []string
	bad := []message.AddressRule{{Match: "4*6"}, {Kind: "short"}, {Replace: "x", Add: "0"}, {Add: "012345678901234567890"}}
	message.ValidateAddressRules("source", bad, func(field, _ string) { fields = append(fields, field) })
	if d := cmp.Diff([]string{"source[0].match", "source[1].kind", "source[2].replace", "source[3].add"}, fields); d != "" {
		t.Error(d)
	}
}

// TestSMPPMostValidity: the operator is told no more than it takes, also where
// the end is told as a time (SMPP 3.4 5.2.16).
func TestSMPPMostValidity(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		how  string
		left time.Duration
		want string
	}{
		{"relative", 48 * time.Hour, "000001000000000R"},
		{"absolute", 48 * time.Hour, "260302120000000+"},
		{"relative", 10 * time.Minute, "000000001000000R"},
	} {
		parts, f := built(t, SMPPConfig{Common: Common{MaxValidity: 24 * time.Hour}, Validity: test.how, Priority: "none"}, message.Content{Text: "x", Class: gsm.NoClass},
			func(o *Outgoing) {
				o.Message.Expires, o.Message.Priority = now.Add(test.left).UnixMilli(), message.Urgent
			})
		if f != nil || parts[0].Validity != test.want {
			t.Errorf("%s, %v left: %s, want %s (%v)", test.how, test.left, parts[0].Validity, test.want, f)
		}
		if parts[0].Priority != 0 {
			t.Errorf("priority: none sends %d", parts[0].Priority)
		}
	}
}
