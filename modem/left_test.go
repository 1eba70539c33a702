package modem_test

import (
	"bytes"
	"net"
	"slices"
	"testing"
	"time"

	"kurir/gsm"
	"kurir/modem"
	"kurir/simulator"
)

// The tests of this file are about what would be left for good: messages on a SIM, reports at the network.

// cutLine is a connection that ends with the first line that has a text.
type cutLine struct {
	net.Conn
	text string
	cut  *bool
}

func (c cutLine) Write(b []byte) (int, error) {
	if !*c.cut && bytes.Contains(b, []byte(c.text)) {
		*c.cut = true
		_ = c.Close()
	}
	return c.Conn.Write(b)
}

// TestRemovalAfterLoss: what is on disk and could not be removed, as the modem was lost just then, is removed by the next session, so
// that a full SIM receives again.
func TestRemovalAfterLoss(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{Slots: 3}, modem.Config{}, func(r *rig) {
		cut := false
		r.wrap = func(c net.Conn) net.Conn { return cutLine{c, "AT+CMGD", &cut} }
		r.receive("a", "b", "c") // the SIM is full when we start
		r.start()
		r.until("cut while removing", func() bool { return cut })
		r.until("another session", func() bool { return r.times() == 2 })
		r.until("ready", func() bool { return r.m.Status().State == modem.StateReady })
		r.receive("d")
		r.until("d", func() bool { return slices.Contains(r.texts(), "d") })
		r.until("none left", func() bool { n, held := r.sim.Stored("SM"); return n+held == 0 })
	})
}

// TestNamelessStorage: a modem that knows no AT+CPMS has its storage emptied too, wherever its places begin.
func TestNamelessStorage(t *testing.T) {
	t.Parallel()
	for _, base := range []int{0, 1} {
		inRig(t, simulator.ModemOptions{NoChoice: true, Base: base}, modem.Config{}, func(r *rig) {
			r.run()
			r.until("ready", func() bool { return r.m.Status().State == modem.StateReady })
			r.receive("once")
			time.Sleep(time.Hour)
			r.wantTexts("once")
			r.wantStored("SM", 0)
		})
	}
}

// TestReportLate: a status report that came directly was not acknowledged in time, after which the modem gives none; it is told anew.
func TestReportLate(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{Phase2: true, NoReports: true}, modem.Config{}, func(r *rig) {
		r.refuse = 1
		r.start()
		for range 25 {
			r.sim.Report(&gsm.StatusReport{Reference: 1, To: gsm.Address{Number: "46701234567", TON: 1, NPI: 1}, Sent: time.Now(), Done: time.Now()})
			time.Sleep(time.Hour)
		}
		if len(r.reports) != 25 {
			t.Errorf("%d of 25 status reports came", len(r.reports))
		}
	})
}

// TestForeignModemLetAlone: a modem that is not the one wanted is not reset while that is away.
func TestForeignModemLetAlone(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{IMEI: "111111111111111"}, modem.Config{IMEI: "490154203237518"}, func(r *rig) {
		r.run()
		time.Sleep(time.Hour)
		if list := r.sim.Commands(); slices.Contains(list, "AT+CFUN=1,1") || slices.Contains(list, "ATZ") {
			t.Errorf("it was given %q", list)
		}
	})
}
