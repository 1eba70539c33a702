package api

import (
	"slices"
	"testing"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPReplaceIfPresent: a message that waits between the same addresses is
// replaced and keeps its id; where there is none the new one is accepted
// (SMPP 3.4 5.2.18).
func TestSMPPReplaceIfPresent(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		submit := func(change func(*smpp.SubmitSM)) *smpp.PDU {
			m := smppSubmit("new")
			m.Source, m.ReplaceIfPresent = smpp.Address{TON: 5, Addr: "ACME"}, 1
			if change != nil {
				change(m)
			}
			p := c.do(t, m)
			return &p
		}
		id := func(p *smpp.PDU) string {
			if r, ok := p.Body.(*smpp.SubmitSMResp); ok {
				return r.MessageID
			}
			return ""
		}
		p := submit(nil)
		if got, err := message.ParseID(id(p)); p.Status != 0 || err != nil || len(b.gateway.subs) != 1 || got == 0 {
			t.Errorf("nothing waits: %v, %d accepted", p, len(b.gateway.subs))
		}
		if f := b.gateway.filter; f.Account != "acme" || f.From.Number != "ACME" || f.To.Number != "46701234567" ||
			!slices.Equal(f.States, []message.State{message.Scheduled, message.Queued}) {
			t.Errorf("looked for %+v", f)
		}

		b.gateway.waiting, b.gateway.changes = []message.ID{8, 7}, 1
		p = submit(func(m *smpp.SubmitSM) { m.Validity, m.RegisteredDelivery = "000000010000000R", 2 })
		r := b.gateway.replacement
		if p.Status != 0 || id(p) != message.ID(8).String() || !slices.Equal(b.gateway.changed, []message.ID{8}) || len(b.gateway.subs) != 1 {
			t.Fatalf("replaced %v: %v", b.gateway.changed, p)
		}
		if r.Content.Text != "new" || r.Validity != time.Hour || *r.Receipts != message.ReceiptFailure || time.Until(r.SendAt) > 0 || r.SendAt.IsZero() {
			t.Errorf("replaced by %+v", r)
		}

		b.gateway.changes = 0 // they have just left
		if p = submit(nil); p.Status != 0 || len(b.gateway.subs) != 2 || !slices.Equal(b.gateway.changed, []message.ID{7}) {
			t.Errorf("both have left: %v, %d accepted", p, len(b.gateway.subs))
		}
		b.gateway.changes, b.gateway.changed = 1, nil
		if p = submit(func(m *smpp.SubmitSM) { m.ServiceType = "VMN" }); p.Status != 0 || b.gateway.changed != nil || len(b.gateway.subs) != 3 {
			t.Errorf("another service_type: %v, replaced %v", p, b.gateway.changed)
		}
		if p = submit(func(m *smpp.SubmitSM) { m.ReplaceIfPresent = 2 }); p.Status != smpp.ESME_RINVREPFLAG {
			t.Errorf("a flag of 2: %v", p.Status)
		}
		if p = submit(func(m *smpp.SubmitSM) { m.ESMClass, m.Text = 0x40, []byte("\x05\x00\x03\x01\x02\x01x") }); p.Status != smpp.ESME_RINVREPFLAG {
			t.Errorf("a part: %v", p.Status)
		}
		b.gateway.waiting = nil
		if p = submit(func(m *smpp.SubmitSM) { m.Text = []byte("fail") }); p.Status != smpp.ESME_RINVDSTADR || p.Body != nil {
			t.Errorf("refused: %v", p)
		}
	})
}

// TestSMPPReplacementAlphabet: a replace_sm has no data_coding; its text is read
// by the account's alphabet, as one with data_coding 0 is, or as that of the
// message was.
func TestSMPPReplacementAlphabet(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		alphabet string
		was      gsm.Encoding // of the message
		text     string
		want     string
	}{
		{"", gsm.Auto, "\x00\x05", "@é"},
		{"latin1", gsm.Auto, "@\xe9$_[", "@é$_["},
		{"ascii", gsm.Auto, "@$_[", "@$_["},
		{"utf8", gsm.Auto, "@é", "@é"},
		{"gsm-packed", gsm.Auto, string(gsm.Pack(nil, []byte("\x00\x05 hello"), 0)), "@é hello"},
		{"ucs2", gsm.Auto, "\x00@\x00\xe9", "@é"},
		{"latin1", gsm.UCS2, "\x00@\x00\xe9", "@é"},
	} {
		change := gateway.Replacement{Account: &account.Account{SMPP: account.SMPP{Alphabet: c.alphabet}}}
		m := &message.Message{Content: message.Content{Text: "old", Want: c.was}}
		if status := smppReplacement(&change, &smpp.ReplaceSM{Text: []byte(c.text)}, m, time.Now()); status != smpp.ESME_ROK || change.Content.Text != c.want {
			t.Errorf("%s, the message was in %v: %v %+v, want %q", c.alphabet, c.was, status, change.Content, c.want)
		}
	}
}
