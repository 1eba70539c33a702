package modem

import (
	"context"
	"time"
)

// session is one time of talking to a modem, from opening its device to losing
// it. All of it belongs to the goroutine of Run.
type session struct {
	m      *Modem
	device string
	d      *dialogue

	started   bool     // all is prepared
	sim       string   // what the SIM is known by, for PINs
	phase2    bool     // AT+CSMS=1: what comes directly is to be acknowledged
	memories  []string // that can be read
	memory    string   // selected for reading
	receiving string   // where messages come in
	told      bool     // the modem tells of messages
	scans     bool     // it cannot list them
	lastRing  time.Time
	lastFull  time.Time
	named     bool // the ringing call was told of
}

// serve does what comes until something fails.
func (s *session) serve(ctx context.Context) error {
	poll := time.NewTicker(s.pollEvery())
	check := time.NewTicker(s.m.cfg.Check)
	defer poll.Stop()
	defer check.Stop()
	for {
		if err := s.settle(ctx); err != nil {
			return err
		}
		select {
		case l, ok := <-s.d.lines:
			if !ok {
				return s.d.err
			}
			s.d.idle(l)
		case r := <-s.m.requests:
			err := r.do(ctx, s)
			close(r.done)
			if err != nil {
				return err
			}
		case <-s.m.acked:
			if err := s.remove(ctx); err != nil {
				return err
			}
		case <-poll.C:
			if err := s.collect(ctx); err != nil {
				return err
			}
		case <-check.C:
			if err := s.check(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return s.leave(ctx)
		}
	}
}

// leave removes what was acknowledged up to now; the rest is handed over again by the next Run.
func (s *session) leave(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.m.cfg.Answer)
	defer cancel()
	if err := s.remove(bounded); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// pollEvery is how often the storage is looked through.
func (s *session) pollEvery() time.Duration {
	switch {
	case s.m.cfg.Poll > 0:
		return s.m.cfg.Poll
	case s.told:
		return time.Minute
	}
	return 10 * time.Second
}

// settle does what the modem has said of itself; that may bring more.
func (s *session) settle(ctx context.Context) error {
	for {
		list := s.d.take()
		if len(list) == 0 {
			return nil
		}
		for _, e := range list {
			if err := s.event(ctx, e); err != nil {
				return err
			}
		}
	}
}

// event does one thing that the modem said of itself.
func (s *session) event(ctx context.Context, e event) error {
	switch e.name {
	case "+CMTI", "+CDSI":
		if at, ok := number(param(e.params, 1)); ok {
			return s.fetch(ctx, slot{param(e.params, 0), at})
		}
	case "+CMT":
		s.direct(e.pdu)
	case "+CDS":
		s.direct(e.pdu)
	case "^SMMEMFULL":
		return s.full(ctx)
	case "+CIEV":
		if param(e.params, 0) == "SMSFULL" {
			return s.full(ctx)
		}
	case "+CREG":
		if n, ok := number(param(e.params, 0)); ok {
			s.registered(Registration(n))
		}
	case "+CUSD":
		s.ussd(e.params)
	case "RING", "+CRING":
		s.ring("", false)
	case "+CLIP":
		s.ring(param(e.params, 0), true)
	}
	return nil
}

// full looks through the storages when the modem says that one is full. Some say it
// with every command until it is not.
func (s *session) full(ctx context.Context) error {
	now := time.Now()
	if now.Sub(s.lastFull) < s.m.cfg.Again {
		return nil
	}
	s.lastFull = now
	return s.collect(ctx)
}

// callGap is after how long without ringing the next ring is another call's.
const callGap = 12 * time.Second

// ring tells of a call once: when its number comes, or at the second ring when none does.
func (s *session) ring(from string, named bool) {
	now := time.Now()
	fresh := now.Sub(s.lastRing) > callGap
	if fresh {
		s.named = false
	}
	s.lastRing = now
	if s.named || fresh && !named {
		return
	}
	s.named = true
	if s.m.handler.Call != nil {
		s.m.handler.Call(Call{From: from, Time: now})
	}
}

// exec gives a command with the ordinary time for its answer.
func (s *session) exec(ctx context.Context, text, prefix string) ([]*entry, error) {
	return s.d.exec(ctx, command{text: text, prefix: prefix, within: s.m.cfg.Answer})
}

// try gives a command that a modem may refuse: only what ends the dialogue is an error.
func (s *session) try(ctx context.Context, text, prefix string) ([]*entry, error) {
	list, err := s.exec(ctx, text, prefix)
	if refused(err) {
		return nil, nil
	}
	return list, err
}

// ready gives a command again while the SIM is busy, as it is for some time
// after its PIN.
func (s *session) ready(ctx context.Context, text, prefix string) ([]*entry, error) {
	for range simTries {
		list, err := s.exec(ctx, text, prefix)
		if !simBusy(err) {
			return list, err
		}
		if err := s.wait(ctx, 2*time.Second); err != nil {
			return nil, err
		}
	}
	return s.exec(ctx, text, prefix)
}

// simTries is how often, every two seconds, a busy SIM is asked again.
const simTries = 15

// wait waits, and takes in meanwhile what the modem says.
func (s *session) wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case l, ok := <-s.d.lines:
			if !ok {
				return s.d.err
			}
			s.d.idle(l)
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
