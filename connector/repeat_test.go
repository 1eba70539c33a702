package connector

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// TestSMPPInboundRepeated cuts sessions at every moment of a message from a
// phone, and lets the operator send it again on the next: it is told once if it
// is on disk and the operator cannot know, and twice if the phone sent it twice.
func TestSMPPInboundRepeated(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before int           // times that the phone sent it, without an answer
		err    error         // of the commit
		answer time.Duration // how long before the cut it was answered; 0: not
		wait   time.Duration // before it comes again
		text   string        // that comes again
		after  int           // times that it comes again
		told   int           // messages
	}{
		{"not answered", 1, nil, 0, 0, "hello", 1, 1},
		{"not answered, and sent once more", 1, nil, 0, 0, "hello", 2, 2},
		{"two not answered", 2, nil, 0, 0, "hello", 2, 2},
		{"another text", 1, nil, 0, 0, "hullo", 1, 2},
		{"not stored", 1, errors.New("full"), 0, 0, "hello", 1, 2},
		{"answered just before the cut", 1, nil, time.Second, 0, "hello", 1, 1},
		{"answered long before the cut", 1, nil, 5 * time.Second, 0, "hello", 1, 2},
		{"much later", 1, nil, 0, 11 * time.Minute, "hello", 1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			smppLink(t, func(c *SMPPConfig) { c.EnquireLink = time.Hour }, nil, func(t *testing.T, b *contractBench) {
				o := b.operator()
				for range tt.before {
					o.inbound("hello")
					synctest.Wait()
				}
				if tt.answer > 0 {
					b.core.ack(tt.err)
					time.Sleep(tt.answer)
				}
				o.cut()
				synctest.Wait()
				b.core.ack(tt.err)
				time.Sleep(tt.wait + 2*time.Second)
				o = b.operator()
				for range tt.after {
					said := o.inbound(tt.text)
					synctest.Wait()
					b.core.ack(nil)
					if s := <-said; s != "ok" {
						t.Errorf("the repeat is answered %q", s)
					}
				}
				if n := len(b.core.inbound); n != tt.told {
					t.Errorf("%d messages were told, want %d", n, tt.told)
				}
			})
		})
	}
}

// TestSMPPInboundTwice: a phone that sends the same text twice on one session
// has sent two messages.
func TestSMPPInboundTwice(t *testing.T) {
	t.Parallel()
	smppLink(t, func(*SMPPConfig) {}, nil, func(t *testing.T, b *contractBench) {
		for range 2 {
			said := b.operator().inbound("yes")
			synctest.Wait()
			b.core.ack(nil)
			<-said
		}
		if n := len(b.core.inbound); n != 2 {
			t.Errorf("%d messages were told", n)
		}
	})
}

// TestSMPPUnansweredIsBounded keeps no more than it may.
func TestSMPPUnansweredIsBounded(t *testing.T) {
	t.Parallel()
	var r unanswered
	now := time.Now()
	print := func(i int) inboundPrint {
		return smppPrintOf("op1", &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{Text: []byte{byte(i), byte(i >> 8)}}})
	}
	for i := range repeatMost + 10 {
		r.unanswered(print(i), now)
	}
	if len(r.order) != repeatMost || len(r.since) != repeatMost {
		t.Errorf("%d and %d are kept", len(r.order), len(r.since))
	}
	if r.again(print(0), now) || !r.again(print(repeatMost), now) || r.again(print(repeatMost), now) {
		t.Error("the oldest go first, and each is known once")
	}
	if r.again(print(repeatMost+1), now.Add(repeatTime+time.Second)) || r.some.Load() || len(r.since) != 0 {
		t.Error("what is old is kept")
	}
	var u unsent
	for range 3 {
		u.answered(make([]inboundPrint, 300), true, &r)
	}
	if len(u.list) > unsentMost {
		t.Errorf("%d are kept of a session", len(u.list))
	}
}

// alertedCore is a gateway that wants to know of phones.
type alertedCore struct {
	contractCore
	alerts []message.Alert
}

func (c *alertedCore) Alert(a message.Alert) { c.alerts = append(c.alerts, a) }

// TestSMPPAlert passes on what an operator says of a phone; it can be reached
// unless he says that it cannot (SMPP 3.4 4.12.1, 5.3.2.30).
func TestSMPPAlert(t *testing.T) {
	t.Parallel()
	core := &alertedCore{}
	s := &smppSession{link: NewSMPP(SMPPConfig{Named: Named{Name: "op1"}}, NewShared(), nil), core: core}
	for _, status := range []int{-1, 0, 1, 2} {
		b := &smpp.AlertNotification{Source: smpp.Address{TON: 1, NPI: 1, Addr: "46701234567"}}
		if status >= 0 {
			b.TLVs.SetU8(smpp.TagMSAvailabilityStatus, uint8(status))
		}
		s.Requests(nil, []smpp.PDU{{Command: smpp.CommandAlertNotification, Sequence: 1, Body: b}})
	}
	phone := message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"}
	if len(core.alerts) != 4 {
		t.Fatalf("%d alerts", len(core.alerts))
	}
	for i, want := range []struct {
		message.Alert
		reachable bool
	}{
		{message.Alert{Phone: phone}, true},
		{message.Alert{Phone: phone, Stated: true}, true},
		{message.Alert{Phone: phone, Stated: true, Status: 1}, false},
		{message.Alert{Phone: phone, Stated: true, Status: 2}, false},
	} {
		if a := core.alerts[i]; a != want.Alert || a.Reachable() != want.reachable {
			t.Errorf("alert %d is %+v, reachable %t", i, a, a.Reachable())
		}
	}
}
