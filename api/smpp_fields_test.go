package api

import (
	"testing"

	"kurir/account"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPFields: a customer gives tag, secret and dialog by the vendor's parameters that his account names, with
// submit_sm, data_sm and submit_multi alike. A value that is neither yes nor no is refused with 0xC4, which SMPP 3.4
// (5.1.3) calls ESME_RINVOPTPARAMVAL and SMPP 5.0 (4.7.6) ESME_RINVTLVVAL. Accounts without such names know of nothing.
func TestSMPPFields(t *testing.T) {
	names := account.FieldTLVs{Tag: "kind", Secret: "0x1511", Dialog: "0x1512"}
	known := account.Account{Name: "acme", Password: "secret", Senders: []string{"*"}, SMPP: account.SMPP{TLVs: names}}
	known.Resolve(message.NewTLVDictionary([]message.TLVDefinition{{Name: "kind", Tag: "0x1510"}}), func(field, problem string) { t.Error(field, problem) })
	smppTestWith(t, []account.Account{known, {Name: "plain", Password: "secret", Senders: []string{"*"}}}, func(t *testing.T, b *smppBench) {
		bound := func(name string, version smpp.Version) *smppClient {
			c, err := b.bind(smpp.Transceiver, name, "secret", version)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		c, five, plain := bound("acme", smpp.Version34), bound("acme", smpp.Version50), bound("plain", smpp.Version34)
		phone, sender := smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}, smpp.Address{TON: 5, Addr: "ACME"}
		for _, tt := range []struct {
			name           string
			c              *smppClient
			tlvs           smpp.TLVs
			tag            string
			secret, dialog bool
			status         smpp.Status
		}{
			{name: "nothing", c: c},
			{name: "all", c: c, tlvs: smpp.TLVs{{Tag: 0x1510, Value: []byte("news")}, {Tag: 0x1511, Value: []byte{1}}, {Tag: 0x1512, Value: []byte{1}}}, tag: "news", secret: true, dialog: true},
			{name: "as C strings", c: five, tlvs: smpp.TLVs{{Tag: 0x1510, Value: []byte("news\x00")}, {Tag: 0x1511, Value: []byte("1\x00")}, {Tag: 0x1512, Value: []byte("0")}}, tag: "news", secret: true},
			{name: "no", c: c, tlvs: smpp.TLVs{{Tag: 0x1510}, {Tag: 0x1511, Value: []byte{0}}, {Tag: 0x1512, Value: []byte("0\x00")}}},
			{name: "neither yes nor no", c: c, tlvs: smpp.TLVs{{Tag: 0x1511, Value: []byte{2}}}, status: 0xC4},
			{name: "two octets", c: five, tlvs: smpp.TLVs{{Tag: 0x1512, Value: []byte{0, 1}}}, status: 0xC4},
			{name: "empty", c: c, tlvs: smpp.TLVs{{Tag: 0x1511}}, status: 0xC4},
			{name: "not named", c: plain, tlvs: smpp.TLVs{{Tag: 0x1510, Value: []byte("news")}, {Tag: 0x1511, Value: []byte{2}}}},
		} {
			submit := smppSubmit("hi")
			submit.TLVs = tt.tlvs
			for _, body := range []smpp.Body{
				submit,
				&smpp.DataSM{Source: sender, Dest: phone, TLVs: append(smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: []byte("hi")}}, tt.tlvs...)},
				&smpp.SubmitMulti{Source: sender, Dests: []smpp.MultiDest{{Address: phone}, {Address: smpp.Address{TON: 1, NPI: 1, Addr: "46701234568"}}}, Text: []byte("hi"), TLVs: tt.tlvs},
			} {
				b.gateway.subs = nil
				if p := tt.c.do(t, body); p.Status != tt.status || p.Status != 0 && len(b.gateway.subs) != 0 {
					t.Errorf("%s: %T: %v, %d accepted", tt.name, body, p.Status, len(b.gateway.subs))
				}
				for _, s := range b.gateway.subs {
					if s.Tag != tt.tag || s.Secret != tt.secret || s.Dialog != tt.dialog {
						t.Errorf("%s: %T: tag %q, secret %t, dialog %t", tt.name, body, s.Tag, s.Secret, s.Dialog)
					}
				}
			}
		}
		b.gateway.waiting, b.gateway.changes = []message.ID{7}, 1
		replacing := smppSubmit("new")
		replacing.ReplaceIfPresent = 1
		replacing.TLVs = smpp.TLVs{{Tag: 0x1511, Value: []byte{1}}}
		if p := c.do(t, replacing); p.Status != 0 || b.gateway.replacement == nil || !b.gateway.replacement.Secret {
			t.Errorf("a secret text takes the place of another: %v, %+v", p.Status, b.gateway.replacement)
		}
	})
}
