package smpp

import (
	"testing"
	"time"
)

func TestNextTimer(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	base := timing{
		bind: 30 * time.Second, enquire: 60 * time.Second, response: 10 * time.Second, unbind: 2 * time.Second,
		opened: start, heard: start, active: start,
	}
	tests := []struct {
		name string
		set  func(*timing)
		now  int
		want timerAction
		next int // seconds after start at which to ask again
	}{
		{"just opened", func(*timing) {}, 0, timerNone, 30},
		{"bind still possible", func(*timing) {}, 29, timerNone, 30},
		{"no bind", func(*timing) {}, 30, closeUnbound, 30},
		{"bind may take for ever", func(c *timing) { c.bind = 0 }, 100, timerNone, 3700},
		{"bound", func(c *timing) { c.bound = true }, 30, timerNone, 60},
		{"silence", func(c *timing) { c.bound = true }, 60, timerEnquire, 60},
		{"heard lately", func(c *timing) { c.bound, c.heard = true, at(40) }, 60, timerNone, 100},
		{"enquired", func(c *timing) { c.bound, c.enquired = true, at(60) }, 60, timerNone, 70},
		{"not answered, but heard since", func(c *timing) { c.bound, c.enquired, c.heard = true, at(60), at(65) }, 70, timerNone, 75},
		{"not answered, and silent since", func(c *timing) { c.bound, c.enquired, c.heard = true, at(60), at(65) }, 75, closeSilent, 75},
		{"not answered", func(c *timing) { c.bound, c.enquired = true, at(60) }, 70, closeSilent, 70},
		{
			"not answered, response timeout off", func(c *timing) { c.bound, c.enquired, c.response = true, at(60), 0 },
			119, timerNone, 120,
		},
		{"never enquire", func(c *timing) { c.bound, c.enquire = true, 0 }, 1000, timerNone, 4600},
		{"request waits", func(c *timing) { c.bound, c.oldest = true, at(5) }, 14, timerNone, 15},
		{"request too old", func(c *timing) { c.bound, c.oldest = true, at(5) }, 15, timerExpire, 15},
		{"bind request waits", func(c *timing) { c.bind, c.oldest = 0, at(5) }, 15, timerExpire, 15},
		{"inactive", func(c *timing) { c.bound, c.inactivity, c.heard = true, 90*time.Second, at(80) }, 90, closeInactive, 90},
		{"active", func(c *timing) { c.bound, c.inactivity, c.heard, c.active = true, 90*time.Second, at(80), at(45) }, 90, timerNone, 135},
		{"unbinding", func(c *timing) { c.bound, c.unbound = true, at(10) }, 11, timerNone, 12},
		{"unbinding long enough", func(c *timing) { c.bound, c.unbound = true, at(10) }, 12, timerUnbind, 12},
		{
			"a dead peer is not asked for old responses", func(c *timing) { c.bound, c.enquired, c.oldest = true, at(60), at(60) },
			70, closeSilent, 70,
		},
	}
	for _, tt := range tests {
		c := base
		tt.set(&c)
		action, next := c.nextTimer(at(tt.now))
		if action != tt.want || !next.Equal(at(tt.next)) {
			t.Errorf("%s: action %d at %v, want %d at %v", tt.name, action, next.Sub(start), tt.want, at(tt.next).Sub(start))
		}
	}
}

// The rows are those of SMPP 3.4 2.3, and for the broadcast operations of SMPP 5.0 2.4.
func TestAllowed(t *testing.T) {
	t.Parallel()
	const open, tx, rx, trx = StateOpen, StateBoundTX, StateBoundRX, StateBoundTRX
	tests := []struct {
		id         CommandID
		esme, smsc State
	}{
		{CommandBindTransmitter, open, 0},
		{CommandBindReceiver, open, 0},
		{CommandBindTransceiver, open, 0},
		{CommandOutbind, 0, open},
		{CommandSubmitSM, tx | trx, 0},
		{CommandSubmitMulti, tx | trx, 0},
		{CommandQuerySM, tx | trx, 0},
		{CommandCancelSM, tx | trx, 0},
		{CommandReplaceSM, tx | trx, 0},
		{CommandDataSM, tx | trx, rx | trx},
		{CommandDeliverSM, 0, rx | trx},
		{CommandAlertNotification, 0, rx | trx},
		{CommandUnbind, open | tx | rx | trx | StateUnbinding, open | tx | rx | trx | StateUnbinding},
		{CommandEnquireLink, open | tx | rx | trx | StateUnbinding, open | tx | rx | trx | StateUnbinding},
		{CommandBroadcastSM, tx | trx, 0},
		{CommandQueryBroadcastSM, tx | trx, 0},
		{CommandCancelBroadcastSM, tx | trx, 0},
		{CommandGenericNack, 0, 0},
		{0x0F0F, 0, 0},
	}
	for _, tt := range tests {
		for state := StateOpen; state <= StateClosed; state <<= 1 {
			for _, v := range []Version{0, Version33, Version34, Version50} {
				known := !tt.id.isBroadcast() || v == 0 || v == Version50
				if got := allowed(tt.id, ESME, state, v); got != (known && tt.esme&state != 0) {
					t.Errorf("%s by the ESME in %s by %s: %v", tt.id, state, v, got)
				}
				if got := allowed(tt.id, SMSC, state, v); got != (known && tt.smsc&state != 0) {
					t.Errorf("%s by the SMSC in %s by %s: %v", tt.id, state, v, got)
				}
			}
		}
	}
}

func TestWindow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	w := &window{size: 3, last: MaxSequence - 2}
	body := &SubmitSM{}
	stuck := w.add(body, "stuck", now)
	if stuck != MaxSequence-1 || w.room() != 2 {
		t.Fatalf("%d, room %d", stuck, w.room())
	}
	seen := map[uint32]bool{stuck: true}
	for i := range 500 { // the numbers go round, past the one that is still waiting
		n := w.add(body, i, now.Add(time.Duration(i)))
		if n == 0 || n > MaxSequence || i < 100 && seen[n] {
			t.Fatalf("request %d has number %d", i, n)
		}
		seen[n] = true
		if _, ok := w.take(n, CommandDeliverSMResp); ok {
			t.Fatal("answered by a response of another command")
		}
		if e, ok := w.take(n, CommandSubmitSMResp); !ok || e.ref != i {
			t.Fatalf("%d: %v %v", n, e, ok)
		}
		if _, ok := w.take(n, CommandSubmitSMResp); ok {
			t.Fatal("answered twice")
		}
	}
	w.add(body, "second", now.Add(time.Second))
	w.add(&EnquireLink{}, enquireRef{}, now.Add(-time.Second))
	if !w.oldest().Equal(now) || w.room() != 1 {
		t.Errorf("oldest %v, room %d", w.oldest(), w.room())
	}
	if list := w.expire(now, nil); len(list) != 1 || list[0].ref != "stuck" {
		t.Errorf("expired: %v", list)
	}
	if list := w.drain(); len(list) != 2 || list[1].ref != "second" || w.live != 0 {
		t.Errorf("drained: %v", list)
	}
}
