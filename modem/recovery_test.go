package modem_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/modem"
	"kurir/simulator"
)

func TestNetworkAndCalls(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.start()
		r.sim.SetNetwork(2, 99)
		r.until("lost coverage", func() bool { return r.m.Status().State == modem.StateSearching })
		if _, err := r.m.Send(r.t.Context(), submit("x")); err == nil {
			t.Error("sent without a network")
		}
		r.receive("late")
		r.wantTexts()
		r.sim.SetNetwork(5, 12)
		r.until("coverage again", func() bool {
			s := r.m.Status()
			return s.State == modem.StateReady && s.Signal == 12 && s.Registration.Roaming()
		})
		r.until("the message", func() bool { return len(r.texts()) == 1 })

		r.sim.Ring("+46701234567", 4)
		synctest.Wait()
		time.Sleep(time.Minute)
		r.sim.Ring("", 3)
		synctest.Wait()
		if len(r.calls) != 2 || r.calls[0].From != "+46701234567" || r.calls[1].From != "" {
			t.Errorf("calls %+v", r.calls)
		}
	})
}

func TestUSSD(t *testing.T) {
	t.Parallel()
	answers := func(code string) (string, bool) {
		if code == "*100#" {
			return "Saldo: 100 kr. 1 for more", true
		}
		return "Остаток " + code, false
	}
	for _, packed := range []bool{false, true} {
		inRig(t, simulator.ModemOptions{USSD: answers, Chatty: true}, modem.Config{PackedUSSD: packed}, func(r *rig) {
			r.start()
			u, err := r.m.USSD(r.t.Context(), "*100#")
			if err != nil || u.Text != "Saldo: 100 kr. 1 for more" || !u.More {
				t.Errorf("%+v, %v", u, err)
			}
			if u, err = r.m.USSD(r.t.Context(), "12345"); err != nil || u.Text != "Остаток 12345" || u.More {
				t.Errorf("%+v, %v", u, err)
			}
			if _, err := r.m.USSD(r.t.Context(), "Привет"); err == nil {
				t.Error("a request that is none is sent")
			}
		})
	}
}

// A modem that hangs is restarted, and one that was pulled out is found again.
func TestRecovery(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{}, modem.Config{}, func(r *rig) {
		r.start()
		r.sim.Hang(true)
		r.until("given up", func() bool { return r.m.Status().State != modem.StateReady })
		r.until("ready again", func() bool { return r.m.Status().State == modem.StateReady })
		if !slices.ContainsFunc(r.sim.Commands(), func(s string) bool { return strings.Contains(s, "+CFUN=1,1") }) {
			t.Error("it was not restarted")
		}
		r.mu.Lock()
		r.absent = true
		r.mu.Unlock()
		r.sim.Unplug()
		r.until("down", func() bool { return r.m.Status().State == modem.StateDown })
		r.receive("meanwhile")
		time.Sleep(10 * time.Minute)
		r.mu.Lock()
		r.absent = false
		r.mu.Unlock()
		r.until("ready once more", func() bool { return r.m.Status().State == modem.StateReady })
		r.wantTexts("meanwhile")
	})
	// The configured command is the last means.
	var mu sync.Mutex
	resets := 0
	inRig(t, simulator.ModemOptions{}, modem.Config{Reset: func(context.Context, string) error {
		mu.Lock()
		defer mu.Unlock()
		resets++
		return nil
	}}, func(r *rig) {
		r.wrap = func(c net.Conn) net.Conn { return deaf{c} }
		r.run()
		r.until("reset", func() bool { mu.Lock(); defer mu.Unlock(); return resets > 1 })
	})
}

// deaf is a connection to a modem to which nothing comes through.
type deaf struct{ net.Conn }

func (deaf) Write(b []byte) (int, error) { return len(b), nil }

// The check digit of a serial number, and the version in its place, are no matter.
func TestIMEICheckDigit(t *testing.T) {
	t.Parallel()
	for _, want := range []string{"49015420323751", "490154203237518", "490154203237510", "4901542032375100"} {
		inRig(t, simulator.ModemOptions{IMEI: "490154203237518"}, modem.Config{IMEI: want}, func(r *rig) { r.start() })
	}
	inRig(t, simulator.ModemOptions{IMEI: "490154203237528"}, modem.Config{IMEI: "49015420323751"}, func(r *rig) {
		r.run()
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := r.m.Status(); s.IMSI != "" || !strings.Contains(s.Error, "another modem is there") {
			t.Errorf("status %+v", s)
		}
	})
}

// A modem is found by its serial number wherever it is plugged in, and another one is let alone.
func TestIMEI(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sims := map[string]*simulator.Modem{
			"tcp:a:1": simulator.NewModem(simulator.ModemOptions{IMEI: "111111111111111", PIN: "4711"}),
			"tcp:b:1": simulator.NewModem(simulator.ModemOptions{IMEI: "222222222222222"}),
		}
		var mu sync.Mutex
		var serving sync.WaitGroup
		r := &rig{t: t, sim: sims["tcp:b:1"]}
		r.m = modem.New(modem.Config{
			Devices: []string{"tcp:none:1", "tcp:a:1", "tcp:b:1"}, IMEI: "222222222222222", PIN: "0000",
			Open: func(_ context.Context, device string) (io.ReadWriteCloser, error) {
				mu.Lock()
				defer mu.Unlock()
				sim := sims[device]
				if sim == nil {
					return nil, errors.New("no such device")
				}
				ours, theirs := net.Pipe()
				serving.Go(func() { sim.Serve(theirs) })
				return ours, nil
			},
		})
		r.start()
		if s := r.m.Status(); s.IMEI != "222222222222222" || s.Device != "tcp:b:1" {
			t.Errorf("status %+v", s)
		}
		mu.Lock() // plugged in elsewhere
		sims["tcp:none:1"], sims["tcp:b:1"] = sims["tcp:b:1"], nil
		mu.Unlock()
		r.sim.Unplug()
		r.until("found again", func() bool {
			s := r.m.Status()
			return s.State == modem.StateReady && s.Device == "tcp:none:1"
		})
		if tries := sims["tcp:a:1"].PINTries(); tries != 3 {
			t.Errorf("the other modem was given a PIN: %d tries are left", tries)
		}
		if said := sims["tcp:a:1"].Commands(); slices.Contains(said, "ATZ") || slices.Contains(said, "ATE0") {
			t.Errorf("the other modem was told %q", said)
		}
		r.end()
		serving.Wait()
	})
}
