package connector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/modem"
)

// modemSlot is one modem of a pool, and its session while it has one. One goroutine
// announces the session, sends, and answers.
type modemSlot struct {
	pool  *ModemPool
	place int // of the modem in the configuration
	core  Core
	every time.Duration // between two parts; 0: no limit
	next  time.Time     // when the next part may go
	wake  chan struct{}

	mu     sync.Mutex
	modem  *modem.Modem
	number uint32 // of the session, while there is none of the next
	open   bool   // it is announced
	queue  []*Outgoing
	flight int       // parts that are being sent
	since  time.Time // of open
	err    error     // the last
	errAt  time.Time
	used   daySent
	lease  *Lease             // nil where none is needed
	again  context.CancelFunc // has the modem opened anew
}

// keep keeps one modem in use until ctx ends: where several servers share the link, whenever this one has its lease. It
// is opened anew when people want that.
func (s *modemSlot) keep(ctx context.Context, core Core) {
	for ctx.Err() == nil {
		lease := (*Lease)(nil)
		if s.pool.acquire != nil {
			var err error
			if lease, err = s.pool.acquire(ctx, s.place); err != nil {
				return // ctx has ended
			}
		}
		held, end := context.WithCancel(ctx)
		if lease != nil {
			go func() {
				select {
				case <-lease.Over:
					end()
				case <-held.Done():
				}
			}()
		}
		s.mu.Lock()
		s.core, s.used, s.modem = core, loadDay(s.pool.file("sent", s.place)), modem.New(s.pool.modemConfig(s.place))
		s.lease, s.again, s.err = lease, end, nil
		s.mu.Unlock()
		s.run(held)
		end()
		if lease != nil {
			lease.Release()
		}
	}
}

// run keeps one modem in use.
func (s *modemSlot) run(ctx context.Context) {
	talking, stop := context.WithCancel(context.WithoutCancel(ctx)) // until the last answer
	defer stop()
	var modemEnd sync.WaitGroup
	modemEnd.Go(func() {
		s.modem.Run(talking, modem.Handler{Message: s.inbound, Report: s.report, Changed: s.changed, Call: s.call})
	})
	for ctx.Err() == nil {
		if why := s.unready(ctx); why != nil {
			s.sleep(ctx, why)
			continue
		}
		s.session(ctx)
	}
	stop()
	modemEnd.Wait()
}

// unready says why the modem cannot send; nil when it can.
func (s *modemSlot) unready(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	st := s.modem.Status()
	switch {
	case s.lease.silent():
		return errLeaseOver
	case st.State == modem.StateSearching:
		return fmt.Errorf("no network: %v", st.Registration)
	case st.State != modem.StateReady && st.Error != "":
		return errors.New(st.Error)
	case st.State != modem.StateReady:
		return errModemDown
	case s.spent(time.Now()):
		return fmt.Errorf("the SIM has sent its %d parts of today", s.pool.cfg.DailyLimit)
	}
	return nil
}

var errModemDown = errors.New("the modem is not ready")

// sleep waits for a change, or the next day.
func (s *modemSlot) sleep(ctx context.Context, why error) {
	s.mu.Lock()
	if why != errModemDown {
		s.err, s.errAt = why, time.Now()
	}
	s.mu.Unlock()
	day := time.NewTimer(untilTomorrow(time.Now()))
	defer day.Stop()
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-day.C:
	}
}

// session announces one session, sends until it is over, and tells its end.
func (s *modemSlot) session(ctx context.Context) {
	s.mu.Lock()
	number := s.number
	s.open, s.since = true, time.Now()
	s.mu.Unlock()
	s.core.SessionUp(number, s.pool.cfg.Credit())
	reason := s.pump(ctx, number)
	s.mu.Lock()
	unwritten := s.queue
	s.queue, s.open, s.since = nil, false, time.Now()
	s.number = s.pool.shared.sessions.Add(1)
	if reason != nil {
		s.err, s.errAt = reason, time.Now()
	}
	s.mu.Unlock()
	s.core.SessionDown(number, unwritten, reason)
}

// pump sends what is handed over until the modem cannot send any more. The
// reason is nil when ctx has ended.
func (s *modemSlot) pump(ctx context.Context, number uint32) error {
	for {
		if ctx.Err() != nil {
			return nil
		}
		if why := s.unready(ctx); why != nil {
			return why
		}
		s.mu.Lock()
		var out *Outgoing
		if len(s.queue) > 0 {
			out = s.queue[0]
		}
		s.mu.Unlock()
		if out == nil {
			select {
			case <-ctx.Done():
			case <-s.wake:
			}
			continue
		}
		if err := s.send(ctx, number, out); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// pop takes the message that is sent now off the queue.
func (s *modemSlot) pop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = slices.Delete(s.queue, 0, 1)
}

// take puts messages into the queue; false when the session is not this modem's, or over.
func (s *modemSlot) take(session uint32, out []*Outgoing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open || s.number != session {
		return false
	}
	s.queue = append(s.queue, out...)
	s.alarm()
	return true
}

// alarm wakes the goroutine.
func (s *modemSlot) alarm() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// changed is told by the modem.
func (s *modemSlot) changed(st modem.Status) {
	s.pool.log.Info("modem", "state", st.State, "device", st.Device, "imei", st.IMEI, "network", st.Operator, "registration", st.Registration, "error", st.Error)
	s.alarm()
}

// call hands on that a phone calls.
func (s *modemSlot) call(c modem.Call) {
	s.pool.log.Info("a phone calls a modem", "modem", s.name())
	text := s.pool.cfg.Calls
	if text == "" {
		return
	}
	in := &message.Inbound{
		Link: s.pool.cfg.Name, From: modemNumber(c.From), To: s.own(), Parts: 1, Received: s.pool.shared.now().UnixMilli(),
		Encoding: gsm.GSM7, Content: message.Content{Text: text, Want: gsm.GSM7, Class: gsm.NoClass},
	}
	if !gsm.IsGSM7(text) {
		in.Encoding, in.Content.Want = gsm.UCS2, gsm.UCS2
	}
	s.core.Inbound([]*message.Inbound{in}, func(error) {}) // it cannot be asked for again
}

// name is what the modem is called: its IMEI as configured, else its place in the link.
func (s *modemSlot) name() string {
	if imei := s.pool.cfg.Modems[s.place].IMEI; imei != "" {
		return imei
	}
	return strconv.Itoa(s.place + 1)
}

// own is the SIM's number.
func (s *modemSlot) own() message.Address { return modemNumber(s.modem.Status().Number) }

// current is the modem, nil before Run.
func (s *modemSlot) current() *modem.Modem {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.modem
}

// stats shows the modem as a session.
func (s *modemSlot) stats() SessionStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := SessionStats{Session: s.number, State: "down", Mode: "transceiver", Version: "AT", Since: s.since, Window: s.flight, WindowSize: 1}
	if s.err != nil {
		st.Error, st.ErrorAt = s.err.Error(), s.errAt
	}
	if s.modem == nil {
		return st
	}
	m := ModemStats{Status: s.modem.Status(), Name: s.name(), DailyLimit: s.pool.cfg.DailyLimit, SentToday: s.used.on(time.Now())}
	st.Modem, st.Peer = &m, m.Device
	switch {
	case s.open:
		st.State = "bound"
	case m.State == modem.StateStarting || m.State == modem.StateDown && m.Restarts == 0:
		st.State = "connecting"
	}
	if st.Error == "" && m.Error != "" {
		st.Error, st.ErrorAt = m.Error, m.ErrorAt
	}
	return st
}
