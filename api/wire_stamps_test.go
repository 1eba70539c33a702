package api

import (
	"context"
	"testing"
	"time"

	"kurir/account"
	"kurir/ucp"
)

// TestStampsRestart: a server that starts gives no name again that the one before it gave, though those of many messages to
// one recipient are ahead of the clock.
func TestStampsRestart(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		ids := map[ucp.ID]bool{}
		for range 20 {
			ids[ucpSent(t, c, ucpText("46701234567", "x"))] = true
		}
		c.Close(nil)
		again := ucpBench{newWireBench(nil, newUCPWire)}
		again.t = t
		again.gateway = b.gateway
		again.directory.Store(b.directory.Load())
		again.server = newUCPWire(again.gateway, WireOptions{Accounts: again.directory.Load, Verifier: account.NewVerifier()})
		ctx, stop := context.WithCancel(t.Context())
		done := again.serve(ctx)
		c = again.mustLogin()
		for range 20 {
			ids[ucpSent(t, c, ucpText("46701234567", "x"))] = true
		}
		if len(ids) != 40 {
			t.Errorf("%d ids for 40 messages", len(ids))
		}
		stop()
		<-done
	})
}

// TestStampsAhead: who sends one recipient more than a message a second for long is told to wait.
func TestStampsAhead(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		for range 121 {
			_ = ucpSent(t, c, ucpText("46701234567", "x"))
		}
		if r := ucpDo(t, c, ucp.OpSubmit, ucpText("46701234567", "x")); r.Code != ucp.CodeNotAllowed {
			t.Errorf("%v", r.Code)
		}
		_ = ucpSent(t, c, ucpText("46701234568", "x"))
		time.Sleep(time.Second)
		_ = ucpSent(t, c, ucpText("46701234567", "x"))
	})
}

// TestStampsZones: a customer's names show his own clock, whoever else is there; a name that two messages have, of two
// servers, names none.
func TestStampsZones(t *testing.T) {
	accounts := []account.Account{
		{Name: "acme", Password: "secret", UCP: account.Login{Zone: "America/New_York"}},
		{Name: "east", Password: "secret", UCP: account.Login{Zone: "Asia/Tokyo"}},
	}
	ucpTestWith(t, accounts, func(t *testing.T, b ucpBench) {
		east, err := b.login(ucp.OpenSession("east", "secret"))
		if err != nil {
			t.Fatal(err)
		}
		if id := ucpSent(t, east, ucpText("46701234567", "x")); id.SCTS != "010100090000" {
			t.Errorf("%s", id)
		}
		c := b.mustLogin()
		id := ucpSent(t, c, ucpText("46701234567", "x"))
		if id.SCTS != "311299190000" {
			t.Errorf("%s", id)
		}
	})
}

// TestStampsTwice: a name that two servers have given is none.
func TestStampsTwice(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		id := ucpSent(t, c, ucpText("46701234567", "x"))
		twin := *b.gateway.kept[0]
		twin.ID++
		b.gateway.kept = append(b.gateway.kept, &twin)
		if r := ucpDo(t, c, ucp.OpDelete, &ucp.Message{AdC: id.AdC, SCTS: id.SCTS}); r.Code != ucp.CodeNotFound {
			t.Errorf("%v", r.Code)
		}
		for _, m := range b.gateway.kept {
			if m.State.Final() {
				t.Error("one of them is deleted")
			}
		}
	})
}
