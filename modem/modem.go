package modem

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// What sending can fail for, beside an *[Error] of the modem.
var (
	// ErrDown says that there is no modem to send with; nothing was written.
	ErrDown = errors.New("the modem is not ready")
	// ErrUncertain says that the modem had the message and gave no answer: it may
	// have been sent or not.
	ErrUncertain = errors.New("the modem took the message and did not say what became of it")
)

// Modem is one modem with its SIM. Its methods may be called from any goroutine.
type Modem struct {
	cfg      Config
	handler  Handler
	requests chan request
	acked    chan struct{} // acks have come

	mu     sync.Mutex
	status Status
	over   chan struct{}  // closed when the session that takes requests has ended; nil: there is none
	kept   map[slot]*kept // handed over and still in the modem
	acks   []*kept        // acknowledged, to be removed
	pins   map[string]bool
	talk   *ussdDialogue // a USSD dialogue waits for the network
}

// request is something to be done by the goroutine that talks to the modem.
type request struct {
	do   func(ctx context.Context, s *session) error // its error is that of the dialogue, and ends the session
	done chan struct{}
}

// New makes a Modem. Nothing happens before Run.
func New(cfg Config) *Modem {
	return &Modem{
		cfg: cfg.withDefaults(), requests: make(chan request), acked: make(chan struct{}, 1),
		kept: map[slot]*kept{}, pins: map[string]bool{},
		status: Status{Signal: NoSignal, Registration: RegisteredUnknown, Since: time.Now(), Number: cfg.Number},
	}
}

// Run finds the modem, prepares it and serves it, and again when it was lost,
// until ctx ends. When it returns no goroutine is left and the handler is not
// called any more.
func (m *Modem) Run(ctx context.Context, h Handler) {
	m.handler = h
	failures := 0
	for ctx.Err() == nil {
		began := time.Now()
		device, err := m.once(ctx, failures)
		if ctx.Err() != nil {
			break
		}
		m.change(func(s *Status) {
			if s.State != StateBlocked {
				s.State = StateDown
			}
			s.Registration, s.Operator, s.Signal = RegisteredUnknown, "", NoSignal
			s.Error, s.ErrorAt = err.Error(), time.Now()
			s.Restarts++
		})
		if failures++; time.Since(began) > steady {
			failures = 1
		}
		if blocked := new(blockedError); errors.As(err, &blocked) { // which no reset would help
			failures = 0
			m.pause(ctx, blockedPause)
			continue
		}
		m.revive(ctx, device, failures)
		m.pause(ctx, min(time.Second<<min(failures-1, 5), 30*time.Second))
	}
	m.change(func(s *Status) { s.State = StateDown })
}

// steady is after how long a session counts as one that worked.
const steady = time.Minute

// blockedPause is how often a SIM is looked at that cannot be used.
const blockedPause = 30 * time.Second

// pause waits before the next attempt.
func (m *Modem) pause(ctx context.Context, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-ctx.Done():
	case <-wait.C:
	}
}

// revive is what is done to a modem that does not answer, beyond opening it
// anew: every third time the configured command is run.
func (m *Modem) revive(ctx context.Context, device string, failures int) {
	if failures%3 != 0 || m.cfg.Reset == nil {
		return
	}
	if err := m.cfg.Reset(ctx, device); err != nil && ctx.Err() == nil {
		m.change(func(s *Status) { s.Error, s.ErrorAt = "reset: "+err.Error(), time.Now() })
	}
}

// once opens the modem and serves it until it fails, and says where it was.
func (m *Modem) once(ctx context.Context, failures int) (device string, err error) {
	s, err := m.open(ctx, failures)
	if err != nil {
		return "", err
	}
	defer s.d.close()
	m.change(func(st *Status) {
		if st.State != StateBlocked {
			st.State = StateStarting
		}
		st.Device, st.Stable = s.device, stablePath(s.device)
	})
	if err := s.start(ctx); err != nil {
		return s.device, err
	}
	over := make(chan struct{})
	m.mu.Lock()
	m.over = over
	m.mu.Unlock()
	s.started = true
	s.registered(m.Status().Registration)
	err = s.serve(ctx)
	m.mu.Lock()
	m.over = nil
	talk := m.talk
	m.talk = nil
	m.mu.Unlock()
	if talk != nil {
		talk.answer <- ussdResult{err: ErrDown}
	}
	close(over)
	return s.device, err
}

// open goes through the devices until the modem answers at one.
func (m *Modem) open(ctx context.Context, failures int) (*session, error) {
	var first error
	for _, device := range candidates(m.cfg.Devices) {
		s, err := m.try(ctx, device, failures)
		if err == nil {
			return s, nil
		}
		if ctx.Err() != nil {
			return nil, err
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		return nil, fmt.Errorf("no modem found: nothing is at %q; is it plugged in?", m.cfg.Devices)
	}
	return nil, first
}

// try opens one device and sees whether the modem is there.
func (m *Modem) try(ctx context.Context, device string, failures int) (*session, error) {
	port, err := m.cfg.Open(ctx, device)
	if err != nil {
		return nil, err
	}
	s := &session{m: m, device: device, d: newDialogue(port, m.cfg.Trace)}
	err = s.greet(ctx)
	if failures > 1 && (err == nil || errors.Is(err, ErrNoAnswer)) { // opening alone did not help; another's modem is let alone
		if err = s.reset(ctx, failures); err == nil {
			err = s.greet(ctx)
		}
	}
	if err != nil {
		s.d.close()
		return nil, fmt.Errorf("%s: %w", device, err)
	}
	return s, nil
}

// ask has something done by the goroutine that talks to the modem, and waits.
func (m *Modem) ask(ctx context.Context, do func(ctx context.Context, s *session) error) error {
	m.mu.Lock()
	over, why := m.over, m.status.Error
	m.mu.Unlock()
	if over == nil {
		if why == "" {
			return ErrDown
		}
		return fmt.Errorf("%w: %s", ErrDown, why)
	}
	r := request{do: do, done: make(chan struct{})}
	select {
	case m.requests <- r:
		<-r.done // the request itself is bounded in time
		return nil
	case <-over:
		return ErrDown
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrDown, context.Cause(ctx))
	}
}
