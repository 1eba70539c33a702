package api

import (
	"errors"
	"testing"

	"kurir/gateway"
	"kurir/message"
	"kurir/ucp"
)

// TestSessionsShare: what is about a message goes to the protocol by which it came, the rest to each in turn; without a
// session there all go where there is one.
func TestSessionsShare(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		other := newCIMD2Server(b.gateway, WireOptions{Accounts: b.directory.Load, All: b.all})
		c := b.mustLogin()
		items := smppItems(10)
		for i, it := range items {
			it.Message.Via = message.ViaCIMD2
			if i%2 == 0 {
				it.Message.Via = message.ViaUCP
			}
		}
		lists := share([]sessionServer{other, b.server}, append(items, &gateway.Item{Inbound: &message.Inbound{}}, &gateway.Item{Inbound: &message.Inbound{}}))
		if len(lists[0]) != 6 || len(lists[1]) != 6 || lists[0][0] != items[1] || lists[1][0] != items[0] {
			t.Errorf("%d and %d", len(lists[0]), len(lists[1]))
		}
		if n := b.all.Limit("acme"); n != 50 {
			t.Errorf("limit %d", n)
		}
		b.all.Deliver("acme", items)
		b.all.Deliver("other", smppItems(1))
		if v := b.deliver(); v[gateway.Acknowledged] != 10 || v[gateway.NobodyThere] != 1 {
			t.Errorf("%v", v)
		}
		if n := len(c.received()); n != 10 {
			t.Errorf("%d operations", n)
		}
	})
}

// TestSessionsManage: sessions are listed, traced and ended by number, each customer's by himself.
func TestSessionsManage(t *testing.T) {
	ucpTest(t, func(t *testing.T, b ucpBench) {
		c := b.mustLogin()
		id := b.all.List()[0].ID
		seen := 0
		tap := func(_ message.Dialect, session uint64, _ bool, frame []byte) {
			if session == id && len(frame) > 0 {
				seen++
			}
		}
		if err := b.all.SetTrace("acme", id+1, tap); !errors.Is(err, ErrNoSession) {
			t.Errorf("%v", err)
		}
		if err := b.all.SetTrace("acme", id, tap); err != nil {
			t.Error(err)
		}
		_ = ucpSent(t, c, ucpText("46701234567", "x"))
		if err := b.all.SetTrace("acme", 0, nil); err != nil || seen != 2 {
			t.Errorf("%v, %d frames", err, seen)
		}
		_ = ucpSent(t, c, ucpText("46701234567", "x"))
		if n := b.all.submitTotals(); seen != 2 || n["acme"] != 2 {
			t.Errorf("%d frames, %v", seen, n)
		}
		if err := b.all.End(t.Context(), "other", id); !errors.Is(err, ErrNoSession) {
			t.Errorf("%v", err)
		}
		if err := b.all.End(t.Context(), "acme", id); err != nil || len(b.all.List()) != 0 {
			t.Errorf("%v, %+v", err, b.all.List())
		}
		if n := b.all.submitTotals(); n["acme"] != 2 {
			t.Errorf("%v", n)
		}
		if _, err := c.Do(t.Context(), &ucp.PDU{Op: ucp.OpSubmit, Body: ucpText("46701234567", "x")}); err == nil {
			t.Error("the session goes on")
		}
	})
}
