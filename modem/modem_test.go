package modem_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/modem"
	"kurir/simulator"
)

func TestStart(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]simulator.ModemOptions{
		"plain": {Number: "+46737000001"}, "chatty": {Chatty: true, Noise: true, Number: "+46737000001"},
		"slow": {Delay: 900 * time.Millisecond, Number: "+46737000001"}, "phase 2": {Phase2: true, NoReports: true, Number: "+46737000001"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inRig(t, opt, modem.Config{}, func(r *rig) {
				r.start()
				s := r.m.Status()
				if s.IMEI != "490154203237518" || s.Maker != "Kurir" || s.Model != "Simulated modem" || s.IMSI != "240080000000001" ||
					s.SIM != "8946020000001234567" || s.Number != "+46737000001" || s.Operator != "Kurir Mobile" || s.Signal != 20 ||
					s.Centre != "+46705008999" || s.Memory != "SM" || s.Total != 20 || s.Registration != modem.RegisteredHome {
					t.Errorf("status %+v", s)
				}
				if dbm, ok := s.DBm(); dbm != -73 || !ok {
					t.Errorf("%d dBm", dbm)
				}
				r.mu.Lock()
				defer r.mu.Unlock()
				if !slices.Equal(r.states, []modem.State{modem.StateStarting, modem.StateReady}) {
					t.Errorf("states %v", r.states)
				}
			})
		})
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]simulator.ModemOptions{
		"stored reports": {}, "direct reports": {NoReports: true}, "acknowledged reports": {NoReports: true, Phase2: true}, "chatty": {Chatty: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inRig(t, opt, modem.Config{}, func(r *rig) {
				r.start()
				for want := range 3 {
					sent, err := r.m.Send(r.t.Context(), submit("hello"))
					if err != nil || int(sent.Reference) != want { // corner 17: 0 is a reference
						t.Fatalf("%+v, %v", sent, err)
					}
				}
				r.until("three reports", func() bool {
					r.mu.Lock()
					defer r.mu.Unlock()
					return len(r.reports) == 3
				})
				for i, report := range r.reports {
					if int(report.Reference) != i || report.Status != 0 || report.To.Number != "46707654321" {
						t.Errorf("report %+v", report)
					}
				}
				r.wantStored("SR", 0)
				centre, tpdu, err := gsm.CutPDU(r.sim.SentPDUs()[0])
				if err != nil || !centre.IsZero() {
					t.Errorf("service centre %v, %v", centre, err)
				}
				if p, err := gsm.DecodeFromPhone(tpdu); err != nil || string(p.(*gsm.Submit).Payload) != "hello" {
					t.Errorf("%+v, %v", p, err)
				}
			})
		})
	}
}

// The service centre of the SIM is never written, and a message may have its own.
func TestCentre(t *testing.T) {
	t.Parallel()
	address := func(s string) gsm.Address { a, _ := gsm.ParseAddress(s); return a }
	inRig(t, simulator.ModemOptions{Centre: "+46700000001"}, modem.Config{Centre: address("+46700000002")}, func(r *rig) {
		r.start()
		own := submit("x")
		own.Centre = address("+46700000003")
		for _, sms := range []modem.Submit{submit("x"), own} {
			if _, err := r.m.Send(r.t.Context(), sms); err != nil {
				t.Fatal(err)
			}
		}
		for i, want := range []string{"+46700000002", "+46700000003"} {
			if centre, _, err := gsm.CutPDU(r.sim.SentPDUs()[i]); err != nil || centre.String() != want {
				t.Errorf("sent by %v (%v), want %s", centre, err, want)
			}
		}
		if got := r.sim.CentreAddress(); got != "+46700000001" {
			t.Errorf("the SIM has %q", got)
		}
		if got := r.m.Status().Centre; got != "+46700000002" {
			t.Errorf("shown is %q", got)
		}
	})
}

func TestSendFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code int
		kind modem.ErrorKind
	}{{1, modem.KindRecipient}, {42, modem.KindBusy}, {38, modem.KindTemporary}, {10, modem.KindRefused}, {330, modem.KindModem}, {322, modem.KindStorage}, {517, modem.KindOther}} {
		inRig(t, simulator.ModemOptions{Send: func(*simulator.Modem, *gsm.Submit, uint8) int { return c.code }}, modem.Config{}, func(r *rig) {
			r.start()
			_, err := r.m.Send(r.t.Context(), submit("x"))
			var e *modem.Error
			if !errors.As(err, &e) || e.Family != modem.FamilyCMS || e.Code != c.code || e.Kind() != c.kind {
				t.Errorf("%d: %v of kind %v", c.code, err, e.Kind())
			}
			if r.m.Status().State != modem.StateReady {
				t.Errorf("status %+v", r.m.Status())
			}
		})
	}
	// The network never answers: it is not known what became of the message, and the modem is opened anew.
	inRig(t, simulator.ModemOptions{Send: func(*simulator.Modem, *gsm.Submit, uint8) int { return -1 }}, modem.Config{}, func(r *rig) {
		r.start()
		if _, err := r.m.Send(r.t.Context(), submit("x")); !errors.Is(err, modem.ErrUncertain) {
			t.Errorf("%v", err)
		}
		r.until("opened anew", func() bool { return r.times() >= 2 && r.m.Status().State == modem.StateReady })
	})
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.mu.Lock()
		r.absent = true
		r.mu.Unlock()
		r.run()
		if _, err := r.m.Send(r.t.Context(), submit("x")); !errors.Is(err, modem.ErrDown) {
			t.Errorf("%v", err)
		}
		bad := submit("x")
		bad.To.Number = "4670x"
		if _, err := r.m.Send(r.t.Context(), bad); err == nil || errors.Is(err, modem.ErrDown) {
			t.Errorf("%v", err)
		}
	})
}

func TestReceive(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]simulator.ModemOptions{
		"plain": {}, "chatty": {Chatty: true}, "no list": {NoList: true}, "no list, from 1": {NoList: true, Base: 1}, "from 1": {Base: 1},
		"older CNMI": {Notify: []string{"1,1"}}, "polled": {Notify: []string{}},
		"direct": {Phase2: true, NoReports: true, Notify: []string{"2,2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := modem.Config{}
			if name == "direct" {
				cfg.Notify = "2,2,0,1,0"
			}
			inRig(t, opt, cfg, func(r *rig) {
				r.receive("before 1", "before 2") // they lie there already
				r.start()
				r.receive("plain", "Hej åäö €[]", "Привет 😀")
				r.until("five messages", func() bool { return len(r.texts()) >= 5 })
				r.wantTexts("before 1", "before 2", "plain", "Hej åäö €[]", "Привет 😀")
				r.until("an empty storage", func() bool { n, _ := r.sim.Stored("SM"); return n == 0 })
				for _, m := range r.messages {
					if m.From.String() != "+46701234567" || m.Centre.String() != "+46705008999" || m.Time.IsZero() || m.Err != nil {
						t.Errorf("%+v", m)
					}
				}
				if s := r.m.Status(); s.Received != 5 || s.Waiting != 0 || (s.Notify == "") != (name == "polled") {
					t.Errorf("status %+v", s)
				}
			})
		})
	}
}

// What other phones write: long texts in parts, flash, names, what cannot be read.
func TestReceiveForms(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.sim.Put("SM", 5, 1, []byte{0x00, 0x04, 0xFF}) // nothing that can be read
		r.sim.Put("SM", 6, 3, []byte{0x00, 0x01})       // sent by somebody
		r.start()
		long := strings.Repeat("0123456789", 40)
		r.receive(long)
		if err := r.sim.ReceiveText("Svenska", "flash", gsm.SplitOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := r.sim.Receive(&gsm.Deliver{From: gsm.Address{Number: "0701234567"}, UserData: gsm.UserData{Coding: 0x10, Payload: []byte("now")}}); err != nil {
			t.Fatal(err)
		}
		r.until("six messages", func() bool { return len(r.texts()) >= 6 })
		parts := &gsm.Assembly{}
		for _, m := range r.messages[1:4] {
			c, ok := m.Concat()
			if !ok || c.Total != 3 {
				t.Fatalf("%+v", m)
			}
			parts.Add(int(c.Number), int(c.Total), gsm.GSM7, m.Payload)
		}
		if !parts.Complete() || parts.Text() != long {
			t.Errorf("joined %q", parts.Text())
		}
		if r.messages[0].Err == nil || len(r.messages[0].Raw) != 3 {
			t.Errorf("unreadable %+v", r.messages[0])
		}
		if m := r.messages[4]; m.From.Number != "Svenska" {
			t.Errorf("%+v", m)
		}
		if m := r.messages[5]; gsm.ParseDataCoding(m.Coding).Class != gsm.ClassFlash {
			t.Errorf("%+v", m)
		}
		r.until("only what we sent", func() bool { n, _ := r.sim.Stored("SM"); return n == 1 })
	})
}

// Nothing is removed before it is acknowledged, and what is refused comes again.
func TestAck(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.later = true
		r.start()
		r.receive("a", "b")
		time.Sleep(5 * time.Minute)
		r.wantTexts("a", "b")
		r.wantStored("SM", 2)
		r.messages[0].Ack(nil)
		r.messages[1].Ack(errors.New("the disk is full"))
		r.until("one left", func() bool { n, _ := r.sim.Stored("SM"); return n == 1 })
		r.until("b again", func() bool { return len(r.texts()) == 3 })
		r.wantTexts("a", "b", "b")
		r.messages[2].Ack(nil)
		r.messages[2].Ack(nil)
		r.until("none left", func() bool { n, _ := r.sim.Stored("SM"); return n == 0 })
	})
	// Meanwhile the place has another message: it stays.
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.later = true
		r.start()
		r.receive("a")
		other, _ := gsm.AppendTPDU([]byte{0}, &gsm.Deliver{From: gsm.Address{Number: "1"}, UserData: gsm.UserData{Payload: []byte("other")}})
		r.sim.Put("SM", 0, 0, other)
		r.messages[0].Ack(nil)
		r.until("the other one", func() bool { return len(r.texts()) == 2 })
		r.wantTexts("a", "other")
		r.wantStored("SM", 1)
	})
}

// A storage that is full is emptied, and what waits at the network comes.
func TestStorageFull(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{Slots: 3}, modem.Config{}, func(r *rig) {
		r.later = true
		r.start()
		r.receive("a", "b", "c", "d", "e")
		r.wantTexts("a", "b", "c")
		if _, held := r.sim.Stored("SM"); held != 2 {
			t.Errorf("%d wait at the network", held)
		}
		r.mu.Lock()
		r.later = false
		first := slices.Clone(r.messages)
		r.mu.Unlock()
		for _, m := range first {
			m.Ack(nil)
		}
		r.until("all", func() bool { return len(r.texts()) == 5 })
		r.wantTexts("a", "b", "c", "d", "e")
	})
}

// Messages in the other storage are found too.
func TestOtherStorage(t *testing.T) {
	t.Parallel()
	pdu, _ := gsm.AppendTPDU([]byte{0}, &gsm.Deliver{From: gsm.Address{Number: "1"}, UserData: gsm.UserData{Payload: []byte("in ME")}})
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.sim.Put("ME", 3, 1, pdu)
		r.start()
		r.wantTexts("in ME")
		r.until("removed", func() bool { n, _ := r.sim.Stored("ME"); return n == 0 })
		r.receive("in SM")
		r.until("the next", func() bool { return len(r.texts()) == 2 })
		r.wantTexts("in ME", "in SM")
	})
	inRig(t, simulator.ModemOptions{}, modem.Config{Memory: "ME"}, func(r *rig) {
		r.start()
		r.receive("a")
		r.wantTexts("a")
		if s := r.m.Status(); s.Memory != "ME" {
			t.Errorf("storage %q", s.Memory)
		}
	})
	inRig(t, simulator.ModemOptions{}, modem.Config{Memory: "XX"}, func(r *rig) {
		r.run()
		r.until("an error", func() bool { return strings.Contains(r.m.Status().Error, `does not store messages in "XX"`) })
	})
}
