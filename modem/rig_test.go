package modem_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/leaktest"
	"kurir/modem"
	"kurir/simulator"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// rig is a modem of ours, and a simulated one at the other end of a pipe, in a bubble.
type rig struct {
	t    *testing.T
	sim  *simulator.Modem
	m    *modem.Modem
	stop context.CancelFunc
	done chan struct{}

	serving  sync.WaitGroup
	mu       sync.Mutex
	absent   bool                         // the device cannot be opened
	wrap     func(net.Conn) net.Conn      // around our end
	opened   int                          // how often
	messages []modem.Message              // handed over
	reports  []modem.Report               //
	calls    []modem.Call                 //
	states   []modem.State                // seen one after the other
	decide   func(m *modem.Message) error // what is acknowledged at once; nil: everything
	later    bool                         // nothing is acknowledged by itself
	refuse   int                          // how many of the first reports cannot be kept
}

// inRig runs a test in a bubble. The Modem is not running yet.
func inRig(t *testing.T, sim simulator.ModemOptions, cfg modem.Config, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{t: t, sim: simulator.NewModem(sim)}
		r.make(cfg)
		test(r)
		r.end()
		r.sim.Unplug()
		r.serving.Wait()
	})
}

// make makes the Modem, or another one in its place.
func (r *rig) make(cfg modem.Config) {
	cfg.Devices = []string{"tcp:simulated:1"}
	if cfg.Open == nil {
		cfg.Open = r.open
	}
	r.m = modem.New(cfg)
}

func (r *rig) open(context.Context, string) (io.ReadWriteCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.absent {
		return nil, errors.New("no such device")
	}
	r.opened++
	ours, theirs := net.Pipe()
	r.serving.Go(func() { r.sim.Serve(theirs) })
	if r.wrap != nil {
		return r.wrap(ours), nil
	}
	return ours, nil
}

// times is how often the device was opened.
func (r *rig) times() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opened
}

// run starts the Modem and waits until nothing happens any more.
func (r *rig) run() {
	ctx, stop := context.WithCancel(r.t.Context())
	r.stop, r.done = stop, make(chan struct{})
	done, m := r.done, r.m
	go func() {
		m.Run(ctx, r.handler())
		close(done)
	}()
	synctest.Wait()
}

// start is run, and waits until the modem is ready.
func (r *rig) start() {
	r.t.Helper()
	r.run()
	r.until("ready", func() bool { return r.m.Status().State == modem.StateReady && r.m.Status().Total > 0 })
}

// until waits, at most some minutes of the bubble, for something.
func (r *rig) until(what string, is func() bool) {
	r.t.Helper()
	for range 3000 {
		synctest.Wait()
		if is() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	r.t.Fatalf("never: %s; status %+v", what, r.m.Status())
}

// end stops the Modem.
func (r *rig) end() {
	if r.stop != nil {
		r.stop()
		<-r.done
		r.stop = nil
	}
}

func (r *rig) handler() modem.Handler {
	return modem.Handler{
		Message: func(m modem.Message) {
			r.mu.Lock()
			r.messages = append(r.messages, m)
			decide, later := r.decide, r.later
			r.mu.Unlock()
			switch {
			case decide != nil:
				m.Ack(decide(&m))
			case !later:
				m.Ack(nil)
			}
		},
		Report: func(m modem.Report) {
			r.mu.Lock()
			r.reports = append(r.reports, m)
			refused := len(r.reports) <= r.refuse
			r.mu.Unlock()
			if refused {
				m.Ack(errors.New("the database is away"))
				return
			}
			m.Ack(nil)
		},
		Call: func(c modem.Call) {
			r.mu.Lock()
			r.calls = append(r.calls, c)
			r.mu.Unlock()
		},
		Changed: func(s modem.Status) {
			r.mu.Lock()
			if len(r.states) == 0 || r.states[len(r.states)-1] != s.State {
				r.states = append(r.states, s.State)
			}
			r.mu.Unlock()
		},
	}
}

// texts are those handed over, in order.
func (r *rig) texts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []string
	for _, m := range r.messages {
		text, _ := m.Text()
		list = append(list, text)
	}
	return list
}

// receive has texts arrive at the simulated modem.
func (r *rig) receive(texts ...string) {
	r.t.Helper()
	for _, text := range texts {
		if err := r.sim.ReceiveText("+46701234567", text, gsm.SplitOptions{}); err != nil {
			r.t.Fatal(err)
		}
	}
	synctest.Wait()
}

func (r *rig) wantTexts(want ...string) {
	r.t.Helper()
	if got := r.texts(); !slices.Equal(got, want) {
		r.t.Errorf("handed over %q, want %q", got, want)
	}
}

func (r *rig) wantStored(memory string, want int) {
	r.t.Helper()
	if got, _ := r.sim.Stored(memory); got != want {
		r.t.Errorf("%s has %d messages, want %d", memory, got, want)
	}
}

// submit is a message to a phone.
func submit(text string) modem.Submit {
	septets, _ := gsm.AppendGSM7(nil, text)
	return modem.Submit{Submit: gsm.Submit{
		To: gsm.Address{TON: gsm.TONInternational, NPI: gsm.NPIISDN, Number: "46707654321"}, StatusReport: true,
		Validity: gsm.ValidFor(24 * time.Hour), UserData: gsm.UserData{Payload: septets},
	}}
}
