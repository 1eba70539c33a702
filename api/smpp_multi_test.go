package api

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// TestSMPPMulti: a message per recipient, each once; who has none is named.
func TestSMPPMulti(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		number := func(digits string) smpp.MultiDest {
			return smpp.MultiDest{Address: smpp.Address{TON: 1, NPI: 1, Addr: digits}}
		}
		multi := &smpp.SubmitMulti{
			Source: smpp.Address{TON: 5, Addr: "ACME"}, Text: []byte("hello"), RegisteredDelivery: 1,
			Dests: []smpp.MultiDest{
				number("46701234567"),
				{List: "staff"},
				{List: "nobody"},
				number("46701234567"),
				{Address: smpp.Address{Addr: "+46701000002"}},
				number("46701234569"),
			},
		}
		p := c.do(t, multi)
		r := p.Body.(*smpp.SubmitMultiResp)
		if p.Status != 0 || len(r.MessageID) != 13 {
			t.Fatalf("answer %v", &p)
		}
		want := []smpp.Unsuccess{{Address: smpp.Address{Addr: "nobody"}, Status: smpp.ESME_RINVDLNAME}}
		if !slices.Equal(r.Unsuccess, want) {
			t.Errorf("refused %v, want %v", r.Unsuccess, want)
		}
		var to []string
		for _, s := range b.gateway.subs {
			to = append(to, s.ToAddr.Number)
			if !s.Multi || s.Content.Text != "hello" || s.Receipts != message.ReceiptFinal {
				t.Errorf("submission %+v", s)
			}
		}
		if got := strings.Join(to, " "); got != "46701234567 46701000001 46701000002 46701234569" || b.gateway.batches != 1 {
			t.Errorf("recipients %s in %d calls", got, b.gateway.batches)
		}
		multi.Text = []byte("fail")
		multi.Dests = multi.Dests[:2]
		p = c.do(t, multi)
		if r := p.Body.(*smpp.SubmitMultiResp); p.Status != smpp.ESME_RINVDSTADR || r.MessageID != "" || len(r.Unsuccess) != 3 {
			t.Errorf("nobody accepted: %v %v", &p, r)
		}
		multi.DataCoding = 11
		if p := c.do(t, multi); p.Status != smpp.ESME_RINVDCS {
			t.Errorf("unknown coding: %v", p.Status)
		}
	})
}

// TestSMPPManage: query_sm, cancel_sm and replace_sm mean all messages of a
// submit_multi by its id, in whatever form that is written.
func TestSMPPManage(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		ten := message.ID(10).String()
		b.gateway.third = message.Enroute
		if r := c.do(t, &smpp.QuerySM{MessageID: ten}).Body.(*smpp.QuerySMResp); r.State != 1 || r.FinalDate != "" {
			t.Errorf("one is under way: %+v", r)
		}
		b.gateway.third = message.Delivered
		if r := c.do(t, &smpp.QuerySM{MessageID: ten}).Body.(*smpp.QuerySMResp); r.State != 8 || r.FinalDate == "" {
			t.Errorf("one was rejected: %+v", r)
		}
		b.gateway.changes = 1
		if p := c.do(t, &smpp.CancelSM{MessageID: ten}); p.Status != 0 || !slices.Equal(b.gateway.changed, []message.ID{10, 11, 12}) {
			t.Errorf("cancelled %v: %v", b.gateway.changed, p.Status)
		}
		b.gateway.waiting = []message.ID{7, 8}
		cancel := &smpp.CancelSM{Source: smpp.Address{TON: 5, Addr: "ACME"}, Dest: smpp.Address{TON: 1, Addr: "46701234567"}}
		if p := c.do(t, cancel); p.Status != 0 || !slices.Equal(b.gateway.changed, []message.ID{7, 8}) {
			t.Errorf("cancelled %v: %v", b.gateway.changed, p.Status)
		}
		if f := b.gateway.filter; f.Account != "acme" || f.From.Number != "ACME" || f.To.Number != "46701234567" ||
			!slices.Equal(f.States, []message.State{message.Scheduled, message.Queued, message.Enroute}) {
			t.Errorf("looked for %+v", f)
		}
		b.gateway.left = make([]message.ID, 2*smppMostGivenBack) // operators may give them back, a bounded number
		for i := range b.gateway.left {
			b.gateway.left[i] = message.ID(100 + i)
		}
		if p := c.do(t, cancel); p.Status != 0 || len(b.gateway.changed) != 2+smppMostGivenBack || b.gateway.changed[2] != 100 {
			t.Errorf("cancelled %d: %v", len(b.gateway.changed), p.Status)
		}
		p := c.do(t, &smpp.ReplaceSM{
			MessageID: ten, Text: []byte("new"), ScheduleTime: "000001000000000R", Validity: "000000010000000R", RegisteredDelivery: 2,
		})
		r := b.gateway.replacement
		if p.Status != 0 || r.Content.Text != "new" || *r.Receipts != message.ReceiptFailure || r.Validity != time.Hour ||
			time.Until(r.SendAt) != 24*time.Hour {
			t.Errorf("replaced: %v %+v", p.Status, r)
		}
		if p := c.do(t, &smpp.ReplaceSM{MessageID: ten}); p.Status != 0 || b.gateway.replacement.Content != nil {
			t.Errorf("text kept: %v", p.Status)
		}
	})
}

// TestSMPPReplaceAtOperator: a replace_sm is also for a message that an operator
// has, and its status says what has become of it; what takes the place of a message
// only if one waits is not.
func TestSMPPReplaceAtOperator(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		b.gateway.third = message.Enroute
		for _, one := range []struct {
			changed int
			refusal error
			want    smpp.Status
		}{
			{1, nil, smpp.ESME_ROK},
			{0, nil, smpp.ESME_RREPLACEFAIL}, // it has left, and he keeps it as it is
			{0, context.DeadlineExceeded, smpp.ESME_RREPLACEFAIL},
			{0, message.Fail(message.NotPermitted, "id", "no"), smpp.ESME_RREPLACEFAIL},
			{0, message.Fail(message.Overloaded, "", "too many"), smpp.ESME_RTHROTTLED},
			{0, message.Fail(message.BadContent, "text", "too long"), smpp.ESME_RINVMSGLEN},
		} {
			b.gateway.changes, b.gateway.refusal = one.changed, one.refusal
			p := c.do(t, &smpp.ReplaceSM{MessageID: message.ID(10).String(), Text: []byte("new"), RegisteredDelivery: 1})
			if p.Status != one.want || !b.gateway.replacement.AtOperator {
				t.Errorf("%d changed, %v: %v; want %v", one.changed, one.refusal, p.Status, one.want)
			}
		}
		b.gateway.waiting, b.gateway.changes, b.gateway.refusal = []message.ID{7}, 1, nil
		p := c.do(t, &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
			Source: smpp.Address{TON: 5, Addr: "ACME"}, Dest: smpp.Address{TON: 1, Addr: "46701234567"}, ReplaceIfPresent: 1, Text: []byte("new"),
		}})
		if p.Status != smpp.ESME_ROK || b.gateway.replacement.AtOperator {
			t.Errorf("replace_if_present_flag: %v, also at an operator: %v", p.Status, b.gateway.replacement.AtOperator)
		}
	})
}

// TestSMPPIDForms: what a session shows is read back, by itself and by others.
func TestSMPPIDForms(t *testing.T) {
	t.Parallel()
	id := message.NewIDs(5, 0).Next(time.Date(2026, 11, 28, 1, 2, 3, 4e6, time.UTC))
	for form, want := range map[smppIDForm]string{smppIDText: id.String(), smppIDDecimal: "252237569868496896", smppIDHex: "38020bbbf050000"} {
		text := string(form.append(nil, id, ""))
		if text != want {
			t.Errorf("form %d: %s, want %s", form, text, want)
		}
		for _, written := range []string{text, strings.ToUpper(text), "0" + text} {
			if form == smppIDText && len(written) != 13 {
				continue
			}
			if got, alias, ok := smppParseID(written); got != id || alias != "" || !ok {
				t.Errorf("%s: %v %q %v", written, got, alias, ok)
			}
		}
	}
	var a smppAliases
	reference := a.next(time.UnixMilli(1000))
	for _, written := range []string{"3E8", "3e8", "000003E8", "0000001000"} {
		if _, alias, ok := smppParseID(written); alias != reference || !ok {
			t.Errorf("%s: %q, want %q", written, alias, reference)
		}
	}
	if next := a.next(time.UnixMilli(1000)); next != "id:000003E9" {
		t.Errorf("the next alias is %s", next)
	}
	for _, bad := range []string{"", "+3E8", "-1", "xyz", "0000-001000", "9999999999", strings.Repeat("9", 30), "ffffffffffffffff"} {
		if id, alias, ok := smppParseID(bad); ok {
			t.Errorf("%q is %v %q", bad, id, alias)
		}
	}
}

// TestSMPPAlias: a customer of version 3.3 has short ids, the same in
// responses, requests and receipts.
func TestSMPPAlias(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c, err := b.bind(smpp.Transceiver, "acme", "secret", smpp.Version33)
		if err != nil {
			t.Fatal(err)
		}
		id := c.do(t, smppSubmit("hello")).Body.(*smpp.SubmitSMResp).MessageID
		s := b.gateway.subs[0]
		n, ok := smppAliasOf(s.Reference)
		if !ok || id != smppAliasHex(n) || len(id) > 8 {
			t.Fatalf("id %s, reference %q", id, s.Reference)
		}
		m := &message.Message{ID: 1, Via: message.ViaSMPP, Reference: s.Reference, Parts: 1, To: s.ToAddr, From: s.FromAddr}
		b.server.Deliver("acme", []*gateway.Item{{Message: m, State: message.Delivered}})
		synctest.Wait()
		r, read := smpp.ParseReceipt(c.received()[0].Text)
		if _, alias, ok := smppParseID(r.ID); !read || len(r.ID) != 10 || alias != s.Reference || !ok {
			t.Errorf("receipt of %q", r.ID)
		}
		c.do(t, &smpp.QuerySM{MessageID: id})
		if b.gateway.filter.Reference != s.Reference || b.gateway.filter.Account != "acme" {
			t.Errorf("looked for %+v", b.gateway.filter)
		}
	})
}
