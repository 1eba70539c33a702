package modem_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/modem"
	"kurir/simulator"
)

// pinsGiven are the PINs that the simulated modem was given.
func pinsGiven(sim *simulator.Modem) (list []string) {
	for _, c := range sim.Commands() {
		if pin, ok := strings.CutPrefix(c, "AT+CPIN="); ok {
			list = append(list, strings.Trim(pin, `"`))
		}
	}
	return list
}

// pinFile is the one file of a folder.
func pinFile(t *testing.T, folder string) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(list) != 1 {
		t.Fatalf("there are %v, %v", list, err)
	}
	return list[0]
}

func TestPIN(t *testing.T) {
	t.Parallel()
	opt := simulator.ModemOptions{PIN: "4711", Busy: 3}
	folder := t.TempDir()
	inRig(t, opt, modem.Config{PIN: "4711", PINFolder: folder}, func(r *rig) {
		r.start() // the SIM is busy for a while: corner 13
		r.sim.PowerOff()
		r.until("down", func() bool { return r.m.Status().State != modem.StateReady })
		r.until("ready again", func() bool { return r.m.Status().State == modem.StateReady })
		if got := pinsGiven(r.sim); !slices.Equal(got, []string{"4711", "4711"}) {
			t.Errorf("given %q", got)
		}
		if b, err := os.ReadFile(pinFile(t, folder)); err != nil || len(b) != 0 {
			t.Errorf("the file has %q, %v", b, err)
		}
	})
}

// A wrong PIN is tried once, whatever is opened anew, also by the next process.
func TestPINWrong(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"", t.TempDir()} {
		inRig(t, simulator.ModemOptions{PIN: "4711"}, modem.Config{PIN: "1111", PINFolder: folder}, func(r *rig) {
			r.run()
			r.until("blocked", func() bool { return r.m.Status().State == modem.StateBlocked && r.m.Status().Error != "" })
			time.Sleep(time.Hour)
			r.sim.PowerOff()
			time.Sleep(time.Hour)
			if got := pinsGiven(r.sim); len(got) != 1 || r.sim.PINTries() != 2 {
				t.Errorf("given %q", got)
			}
			if s := r.m.Status(); s.State != modem.StateBlocked || !strings.Contains(s.Error, "tried before") || strings.Contains(s.Error, "1111") {
				t.Errorf("status %+v", s)
			}
			if folder == "" {
				return
			}
			r.end()
			file := pinFile(t, folder)
			if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), "1111 ") || !strings.Contains(string(b), "8946020000001234567") {
				t.Errorf("the file has %q, %v", b, err)
			}
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info, err)
			}
			r.make(modem.Config{PIN: "1111", PINFolder: folder}) // another process
			r.run()
			time.Sleep(time.Hour)
			if r.sim.PINTries() != 2 {
				t.Errorf("given %q", pinsGiven(r.sim))
			}
			r.end()
			r.make(modem.Config{PIN: "4711", PINFolder: folder}) // somebody has corrected it
			r.start()
		})
	}
}

// Where it cannot be written down, a PIN is not tried; nor is what is none; and a SIM that wants its PUK is let alone.
func TestPINNotTried(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]modem.Config{
		"no folder":      {PIN: "4711", PINFolder: filepath.Join(t.TempDir(), "missing")},
		"none":           {},
		"letters":        {PIN: "47a1"},
		"with a command": {PIN: "4711\";+CFUN=0"},
	} {
		inRig(t, simulator.ModemOptions{PIN: "4711"}, cfg, func(r *rig) {
			r.run()
			r.until("blocked", func() bool { return r.m.Status().State == modem.StateBlocked && r.m.Status().Error != "" })
			time.Sleep(time.Hour)
			if got := pinsGiven(r.sim); len(got) != 0 {
				t.Errorf("%s: given %q", name, got)
			}
		})
	}
	folder := t.TempDir()
	inRig(t, simulator.ModemOptions{PIN: "4711"}, modem.Config{PIN: "1111", PINFolder: folder}, func(r *rig) {
		for _, pin := range []string{"1111", "2222", "3333", "4444"} {
			r.make(modem.Config{PIN: pin, PINFolder: folder})
			r.run()
			r.until("blocked", func() bool { return r.m.Status().State == modem.StateBlocked && r.m.Status().Error != "" })
			time.Sleep(time.Hour)
			r.end()
		}
		if got := pinsGiven(r.sim); len(got) != 3 || r.sim.PINTries() != 0 {
			t.Errorf("given %q", got)
		}
	})
}
