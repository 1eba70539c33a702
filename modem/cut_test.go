package modem_test

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/modem"
	"kurir/simulator"
)

// cutter is a connection that ends after so many lines, of either side.
type cutter struct {
	net.Conn
	mu   *sync.Mutex
	left *int // lines; negative: it is never cut
}

// pass counts the lines of what goes through, and says whether the connection ends with it.
func (c cutter) pass(b []byte) (n int, cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if *c.left < 0 {
		return len(b), false
	}
	for i, o := range b {
		if o == '\r' || o == 0x1A {
			if *c.left--; *c.left <= 0 {
				*c.left = 0
				return i + 1, true
			}
		}
	}
	return len(b), *c.left == 0
}

func (c cutter) Write(b []byte) (int, error) {
	n, cut := c.pass(b)
	n, err := c.Conn.Write(b[:n])
	if cut {
		c.Close()
		return n, net.ErrClosed
	}
	return n, err
}

func (c cutter) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	n, cut := c.pass(b[:n])
	if cut {
		c.Close()
		err = net.ErrClosed
	}
	return n, err
}

// TestCutAtEachStep ends the process at each step of the dialogue: after line number 1, 2, 3 and so on the connection is gone, and
// with it the Modem and all that it knew. What was acknowledged then is on the caller's disk. A new Modem has to bring what is
// missing; nothing may have left the simulated modem that was not acknowledged.
func TestCutAtEachStep(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]simulator.ModemOptions{"stored": {}, "chatty": {Chatty: true}, "one by one": {NoList: true, Slots: 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for step, whole := 1, false; !whole; step++ {
				if step > 2000 {
					t.Fatal("the dialogue has no end")
				}
				synctest.Test(t, func(t *testing.T) { whole = cutAt(t, opt, step) })
				if whole && step < 50 {
					t.Errorf("the whole dialogue has only %d lines", step)
				}
			}
		})
	}
}

// cutAt cuts at one step, and says whether the dialogue was over before it.
func cutAt(t *testing.T, opt simulator.ModemOptions, step int) (whole bool) {
	r := &rig{t: t, sim: simulator.NewModem(opt)}
	r.receive("a", "b")
	disk := map[string]bool{} // what the caller has
	var mu sync.Mutex
	left := step
	r.decide = func(m *modem.Message) error {
		text, _ := m.Text()
		mu.Lock()
		defer mu.Unlock()
		if left != 0 { // else the process has ended
			disk[text] = true
		}
		return nil
	}
	r.wrap = func(c net.Conn) net.Conn { return cutter{c, &mu, &left} }
	r.make(modem.Config{})
	r.run()
	time.Sleep(15 * time.Second)
	r.receive("c")
	_, sendErr := r.m.Send(t.Context(), submit("out"))
	time.Sleep(15 * time.Second)
	synctest.Wait()
	r.end()
	r.serving.Wait()

	mu.Lock()
	whole = left > 0
	left = -1
	mu.Unlock()
	stored, held := r.sim.Stored("SM")
	if stored+held+len(disk) < 3 {
		t.Errorf("step %d: %d stored, %d at the network, on disk %v: one is lost", step, stored, held, disk)
	}
	if sendErr == nil && len(r.sim.SentPDUs()) != 1 {
		t.Errorf("step %d: sent %d, answered without error", step, len(r.sim.SentPDUs()))
	}
	r.make(modem.Config{})
	r.start()
	r.until("an empty storage", func() bool { n, held := r.sim.Stored("SM"); return n+held == 0 })
	for _, text := range []string{"a", "b", "c"} {
		if !disk[text] || !slices.Contains(r.texts(), text) {
			t.Errorf("step %d: %s did not come: %q", step, text, r.texts())
		}
	}
	r.end()
	r.serving.Wait()
	if whole && (sendErr != nil || r.times() != 2) {
		t.Errorf("not cut: %v, opened %d times", sendErr, r.times())
	}
	return whole
}

// Octets that belong together may come one by one.
func TestOctetByOctet(t *testing.T) {
	t.Parallel()
	inRig(t, simulator.ModemOptions{Chatty: true}, modem.Config{}, func(r *rig) {
		r.wrap = func(c net.Conn) net.Conn { return &dripping{Conn: c} }
		r.start()
		r.receive("a")
		r.wantTexts("a")
		if _, err := r.m.Send(r.t.Context(), submit("x")); err != nil {
			t.Error(err)
		}
	})
}

// dripping is a connection of which each read gives one octet.
type dripping struct {
	net.Conn
	rest bytes.Buffer
}

func (d *dripping) Read(b []byte) (int, error) {
	if d.rest.Len() == 0 {
		buf := make([]byte, 4096)
		n, err := d.Conn.Read(buf)
		if err != nil {
			return 0, err
		}
		d.rest.Write(buf[:n])
	}
	return d.rest.Read(b[:1])
}
