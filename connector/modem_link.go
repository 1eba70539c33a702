package connector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kurir/message"
	"kurir/modem"
)

// LeaseBy implements Link.
func (p *ModemPool) LeaseBy(acquire func(ctx context.Context, session int) (*Lease, error)) {
	p.acquire = acquire
}

// RestartSession implements Restarter: the modem is let go and opened anew.
func (p *ModemPool) RestartSession(session uint32) bool {
	for _, s := range p.slots {
		s.mu.Lock()
		again := s.again
		found := session != 0 && s.number == session && again != nil
		s.mu.Unlock()
		if found {
			again()
			return true
		}
	}
	return false
}

// SetTrace implements Tracer: the lines of the dialogues, without PINs.
func (p *ModemPool) SetTrace(tap Tap) { p.tap.Store(&tap) }

// trace shows a line of a modem's dialogue.
func (s *modemSlot) trace(sent bool, line string) {
	if tap := s.pool.tap.Load(); tap != nil && *tap != nil {
		s.mu.Lock()
		number := s.number
		s.mu.Unlock()
		(*tap)(message.AT, number, sent, []byte(line))
	}
}

// modemTestWait is how long a test waits for a modem that is not in use.
const modemTestWait = 30 * time.Second

// modemTestLook is how often it looks whether there is nothing more to wait for.
const modemTestLook = 100 * time.Millisecond

// Test implements Tester: what each modem says of itself. One that is not in use is opened for it; messages stay on its
// SIM.
func (p *ModemPool) Test(ctx context.Context) []TestStep {
	if p.running.Load() {
		return p.steps(0)
	}
	ctx, cancel := context.WithTimeout(ctx, modemTestWait)
	defer cancel()
	began, ready := time.Now(), &modemStranger{up: make(chan struct{}, len(p.slots))}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Run(ctx, ready)
	}()
	look := time.NewTicker(modemTestLook)
	defer look.Stop()
	for up := 0; up < len(p.slots) && !p.settled() && ctx.Err() == nil; {
		select {
		case <-ready.up:
			up++
		case <-look.C:
		case <-ctx.Done():
		}
	}
	steps := p.steps(time.Since(began))
	cancel()
	<-done
	return steps
}

// settled tells whether of every modem it is known what becomes of it: it is ready, or its SIM keeps it from being used.
func (p *ModemPool) settled() bool {
	for _, s := range p.slots {
		m := s.current()
		if m == nil {
			return false
		}
		if st := m.Status(); st.State != modem.StateReady && (st.State != modem.StateBlocked || st.Error == "") {
			return false
		}
	}
	return true
}

// steps says of each modem whether it is there, has its SIM, and has a network.
func (p *ModemPool) steps(took time.Duration) (steps []TestStep) {
	for i, s := range p.slots {
		var st modem.Status
		if m := s.current(); m != nil {
			st = m.Status()
		}
		host := p.cfg.Modems[i].Devices[0]
		add := func(name, found string, ok bool, advice string) bool {
			step := TestStep{Host: host, Name: name, Took: took, Found: found}
			if !ok {
				step.Error, step.Advice = st.Error, advice
				if step.Error == "" {
					step.Error = "there is none"
				}
			}
			steps = append(steps, step)
			return ok
		}
		if !add("device", fmt.Sprintf("%s, %s %s, IMEI %s", st.Device, st.Maker, st.Model, st.IMEI), st.IMEI != "",
			"no modem answers on devices: look whether it is plugged in and powered, whether another program has it (ModemManager), and at imei") {
			continue
		}
		if !add("sim", fmt.Sprintf("IMSI %s, number %s, service centre %s", st.IMSI, st.Number, st.Centre), st.IMSI != "",
			"the SIM cannot be used: look whether it sits well, and at pin; a PIN that was wrong is not tried again until it is another in the file") {
			continue
		}
		dbm, _ := st.DBm()
		add("network", fmt.Sprintf("%s, %v, %d dBm", st.Operator, st.Registration, dbm), st.Registration.Registered(),
			"the modem finds no network that takes the SIM: look at antenna and contract")
	}
	return steps
}

// modemStranger is the gateway of a test: it takes nothing.
type modemStranger struct{ up chan struct{} }

func (c *modemStranger) SessionUp(uint32, int)                       { c.up <- struct{}{} }
func (*modemStranger) SessionDown(uint32, []*Outgoing, error)        {}
func (*modemStranger) Answered(uint32, []Answer)                     {}
func (*modemStranger) Throttled(uint32)                              {}
func (*modemStranger) Congestion(uint32, uint8)                      {}
func (*modemStranger) Reports(_ []message.Report, ack func(error))   { ack(errTesting) }
func (*modemStranger) Inbound(_ []*message.Inbound, ack func(error)) { ack(errTesting) }

var errTesting = errors.New("the modem is only tried")
