package api

import (
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/ucp"
)

// TestUCPManage: the customer asks for, modifies and deletes a message by recipient and second.
func TestUCPManage(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		first := ucpSent(t, c, ucpText("46701234567", "one"))
		second := ucpSent(t, c, ucpText("46701234567", "two"))
		if first == second {
			t.Fatalf("two messages are %s", first)
		}
		if r := ucpDo(t, c, ucp.OpInquire, &ucp.Message{AdC: second.AdC, OAdC: "6000", SCTS: second.SCTS}); r.Code != ucp.CodeNone || r.SM != second.String() {
			t.Errorf("55: %+v", r)
		}
		synctest.Wait()
		if got := c.received(); len(got) != 1 || got[0].Op != ucp.OpInquiryAnswer || got[0].Message().Dst != ucp.StatusBuffered || got[0].Message().SCTS != second.SCTS {
			t.Errorf("57: %v", got)
		}
		change := ucpText("+46701234567", "three") // written otherwise
		change.AdC, change.NRq, change.NT, change.SCTS, change.VP = "0046701234567", 0, 0, second.SCTS, ucpMinute(time.Now().Add(time.Hour))
		if r := ucpDo(t, c, ucp.OpModify, change); r.Code != ucp.CodeNone {
			t.Errorf("54: %+v", r)
		}
		if list := b.gateway.replaced; len(list) != 1 || list[0].Content.Text != "three" || list[0].Validity != time.Hour || list[0].Account.Name != "acme" {
			t.Errorf("54: %+v", list)
		}
		b.gateway.refusal = message.Fail(message.BadContent, "text", "too long")
		if r := ucpDo(t, c, ucp.OpModify, change); r.Code != ucp.CodeMessageType {
			t.Errorf("54 refused: %+v", r)
		}
		if r := ucpDo(t, c, ucp.OpDelete, &ucp.Message{AdC: first.AdC, SCTS: first.SCTS}); r.Code != ucp.CodeNone {
			t.Errorf("56: %+v", r)
		}
		synctest.Wait()
		if got := c.received(); len(got) != 1 || got[0].Op != ucp.OpDeletionAnswer || got[0].Message().Dst != ucp.StatusFailed {
			t.Errorf("58: %v", got)
		}
		for _, test := range []struct {
			op   ucp.Operation
			m    *ucp.Message
			want ucp.Code
		}{
			{ucp.OpDelete, &ucp.Message{AdC: first.AdC, SCTS: first.SCTS}, ucp.CodeNotSuccessful}, // it is final
			{ucp.OpDelete, &ucp.Message{AdC: "46701234568", SCTS: first.SCTS}, ucp.CodeNotFound},
			{ucp.OpInquire, &ucp.Message{AdC: first.AdC}, ucp.CodeNotFound},
			{ucp.OpInquire, &ucp.Message{AdC: first.AdC, SCTS: "991399999999"}, ucp.CodeNotFound},
		} {
			if r := ucpDo(t, c, test.op, test.m); r.Code != test.want {
				t.Errorf("%v: %v, want %v", test.op, r.Code, test.want)
			}
		}
		other, err := b.login(ucp.OpenSession("8888", "pass2"))
		if err != nil {
			t.Fatal(err)
		}
		if r := ucpDo(t, other, ucp.OpDelete, &ucp.Message{AdC: second.AdC, SCTS: second.SCTS}); r.Code != ucp.CodeNotFound {
			t.Errorf("another account's message: %v", r.Code)
		}
	})
}

// TestUCPInquiriesUnanswered: a customer who does not answer what he is told of his messages takes nothing from others.
func TestUCPInquiriesUnanswered(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c, other := b.mustLogin(), b.mustLogin()
		id := ucpSent(t, c, ucpText("46701234567", "one"))
		c.reply(nil)
		ask := &ucp.Message{AdC: id.AdC, SCTS: id.SCTS}
		for range 300 {
			_ = ucpDo(t, c, ucp.OpInquire, ask)
		}
		if r := ucpDo(t, c, ucp.OpInquire, ask); r.Code != ucp.CodeNotAllowed {
			t.Errorf("his next question: %v", r.Code)
		}
		if r := ucpDo(t, other, ucp.OpInquire, ask); r.Code != ucp.CodeNone {
			t.Errorf("another's question: %v", r.Code)
		}
		if n := b.server.Sessions(); len(n) != 2 {
			t.Errorf("%d sessions", len(n))
		}
	})
}

// TestUCPWindow: what exceeds the account's window is refused, and passes when results have come.
func TestUCPWindow(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		b.gateway.hold = true
		list := make([]*ucp.PDU, 80)
		for i := range list {
			list[i] = &ucp.PDU{Op: ucp.OpSubmit, Body: ucpText("46701234567", "x")}
		}
		answers := c.flood(t, list)
		for range 30 {
			if r := <-answers; r.PDU.Outcome().Code != ucp.CodeNotAllowed {
				t.Fatalf("%s", r.PDU)
			}
		}
		if l := b.server.Sessions(); l[0].Submitted != 50 || l[0].SubmitWindow != 51 {
			t.Errorf("%+v", l)
		}
		b.gateway.release()
		ids := map[string]bool{}
		for range 50 {
			r := (<-answers).PDU.Outcome()
			if ids[r.SM] = true; r.Code != ucp.CodeNone {
				t.Errorf("%v", r.Code)
			}
		}
		if len(ids) != 50 {
			t.Errorf("%d ids for 50 messages", len(ids))
		}
		if n := b.server.submitTotals()["acme"]; n != 50 {
			t.Errorf("%d messages are counted", n)
		}
	})
}
