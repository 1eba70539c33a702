package api

import (
	"testing"
	"testing/synctest"

	"kurir/message"
	"kurir/smpp"
)

// alerted returns the alert_notifications that a session got since the last
// time.
func (c *smppClient) alerted() []*smpp.AlertNotification {
	c.mu.Lock()
	defer c.mu.Unlock()
	alerts := c.alerts
	c.alerts = nil
	return alerts
}

// TestSMPPAlert: of a phone that can be reached the account hears on one of its
// sessions that receive, of version 3.4 or higher (SMPP 3.4 4.12), and no other
// account does.
func TestSMPPAlert(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		phone := message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"}
		a := &message.Alert{Phone: phone, Stated: true}
		sender := message.Address{TON: message.TONAlphanumeric, Number: "ACME"}
		pass := func(want bool) {
			t.Helper()
			if got := b.server.Alert("acme", a, sender); got != want {
				t.Errorf("passed on: %t, want %t", got, want)
			}
			synctest.Wait()
		}
		other, err := b.bind(smpp.Transceiver, "otherbox", "pass2", smpp.Version34)
		if err != nil {
			t.Fatal(err)
		}
		pass(false) // nobody is there
		old, err := b.bind(smpp.Receiver, "acme", "secret", smpp.Version33)
		if err != nil {
			t.Fatal(err)
		}
		sends := b.mustBind(smpp.Transmitter)
		pass(false)
		if n := len(other.alerted()) + len(old.alerted()) + len(sends.alerted()); n != 0 {
			t.Errorf("%d alerts on a transmitter, a 3.3 session and another account's", n)
		}
		_ = sends.Unbind(t.Context())
		synctest.Wait()
		for _, mode := range []smpp.BindMode{smpp.Receiver, smpp.Transceiver} {
			c, err := b.bind(mode, "acme", "secret", smpp.Version34)
			if err != nil {
				t.Fatal(err)
			}
			pass(true)
			a.Stated = false
			pass(true)
			a.Stated, a.Status = true, 2
			pass(true)
			a.Status = 0
			got := c.alerted()
			if len(got) != 3 {
				t.Fatalf("%s: %d alerts", mode, len(got))
			}
			if got[0].Source != (smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}) || got[0].ESME != (smpp.Address{TON: 5, Addr: "ACME"}) {
				t.Errorf("%s: source_addr %+v, esme_addr %+v", mode, got[0].Source, got[0].ESME)
			}
			for i, want := range []int{0, -1, 2} {
				status, stated := got[i].TLVs.U8(smpp.TagMSAvailabilityStatus)
				if stated != (want >= 0) || stated && int(status) != want {
					t.Errorf("%s: ms_availability_status %d %t, want %d", mode, status, stated, want)
				}
			}
			if list := b.server.Sessions(); len(list) != 3 || list[1].Delivering != 0 {
				t.Errorf("%s: an alert takes a place in the window: %+v", mode, list)
			}
			_ = c.Unbind(t.Context())
			synctest.Wait()
		}
		if n := len(other.alerted()) + len(old.alerted()); n != 0 {
			t.Errorf("%d alerts on a 3.3 session and another account's", n)
		}
	})
}

// TestSMPPAlertTurn: with several sessions each alert comes once, in turn.
func TestSMPPAlertTurn(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		one, two := b.mustBind(smpp.Receiver), b.mustBind(smpp.Transceiver)
		for range 10 {
			b.server.Alert("acme", &message.Alert{Phone: message.Address{TON: 1, Number: "46701234567"}}, message.Address{Number: "72345"})
		}
		synctest.Wait()
		if m, n := len(one.alerted()), len(two.alerted()); m != 5 || n != 5 {
			t.Errorf("%d and %d alerts", m, n)
		}
	})
}
