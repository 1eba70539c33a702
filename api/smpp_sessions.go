package api

import (
	"context"
	"errors"
	"maps"
	"sync/atomic"
	"time"

	"kurir/smpp"
)

// SMPPFigures is what is measured of a customer's session.
type SMPPFigures struct {
	SubmitWindow int     // how many submit_sm's may be unanswered
	PDUs         float64 // a second, both ways, over the last 5 to 10 s; so are the submits
	Submits      float64
	Sent         uint64 // PDUs
	Received     uint64 // PDUs
	Answered     uint64 // requests of ours in the last one to two minutes
	P50, P99     time.Duration
	LastError    string    // status that the customer last answered with that is not ESME_ROK; empty for none
	LastErrorAt  time.Time // of that
	Refusal      string    // likewise, that we last answered with
	RefusalAt    time.Time // of that
	LastIn       time.Time // when the last PDU came
}

// sampleEvery is how often sessions are counted for their rates.
const sampleEvery = 5 * time.Second

// smppSample is what a session had done at a time.
type smppSample struct {
	at            time.Time
	pdus, submits int64
}

// smppMeter measures a session: a counter, and what it was at the last two
// samples, so that a rate is never one over less than sampleEvery.
type smppMeter struct {
	submits      atomic.Int64
	before, last smppSample // guarded by the server's mu
}

// rates returns PDUs and submits a second up to now.
func (m *smppMeter) rates(now smppSample) (pdus, submits float64) {
	seconds := now.at.Sub(m.before.at).Seconds()
	if m.before.at.IsZero() || seconds <= 0 {
		return 0, 0
	}
	return float64(now.pdus-m.before.pdus) / seconds, float64(now.submits-m.before.submits) / seconds
}

// sample notes what a session that began at a time has done.
func (m *smppMeter) sample(at smppSample, since time.Time) {
	if m.before = m.last; m.before.at.IsZero() {
		m.before = smppSample{at: since}
	}
	m.last = at
}

// sample counts all sessions now and then.
func (s *SMPPServer) sample(ctx context.Context) {
	t := time.NewTicker(sampleEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			for _, p := range s.boundPeers() {
				at := p.count(p.sess.Info(), now)
				s.mu.Lock()
				p.meter.sample(at, p.since)
				s.mu.Unlock()
			}
		}
	}
}

// count is what the session has done.
func (p *smppPeer) count(i smpp.Info, now time.Time) smppSample {
	return smppSample{at: now, pdus: int64(i.Sent + i.Received), submits: p.meter.submits.Load()}
}

// boundPeers returns the sessions that are bound.
func (s *SMPPServer) boundPeers() []*smppPeer {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*smppPeer, 0, len(s.peers))
	for _, p := range s.peers {
		if p.isBound {
			list = append(list, p)
		}
	}
	return list
}

// retire keeps what a session that has ended had been given. s.mu is held.
func (s *SMPPServer) retire(p *smppPeer) {
	if s.retired == nil {
		s.retired = map[string]int64{}
	}
	s.retired[p.account] += p.meter.submits.Load()
}

// submitTotals returns how many messages each account gave us since the start.
func (s *SMPPServer) submitTotals() map[string]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	sums := maps.Clone(s.retired)
	if sums == nil {
		sums = map[string]int64{}
	}
	for _, p := range s.peers {
		sums[p.account] += p.meter.submits.Load()
	}
	return sums
}

// describeAll describes the sessions that are bound, in no order.
func (s *SMPPServer) describeAll() []SMPPSession {
	peers := s.boundPeers()
	list := make([]SMPPSession, 0, len(peers))
	now := time.Now()
	for _, p := range peers {
		i := p.sess.Info() // a session may be busy: not under the server's lock
		s.mu.Lock()
		d := p.describe()
		d.PDUs, d.Submits = p.meter.rates(p.count(i, now))
		s.mu.Unlock()
		if a := s.accounts().ByName(p.account); a != nil {
			d.SubmitWindow = a.Window()
		}
		d.Sent, d.Received, d.Answered, d.P50, d.P99, d.LastIn = i.Sent, i.Received, i.Answered, i.LatencyP50, i.LatencyP99, i.LastIn
		if i.LastError != smpp.ESME_ROK {
			d.LastError, d.LastErrorAt = i.LastError.String(), i.LastErrorAt
		}
		if i.LastRefusal != smpp.ESME_ROK {
			d.Refusal, d.RefusalAt = i.LastRefusal.String(), i.LastRefusalAt
		}
		list = append(list, d)
	}
	return list
}

// ErrNoSession says that no session of that number is bound.
var ErrNoSession = errors.New("there is no session with this id; it may have ended")

// unbindGrace is how long a session that is ended may take to answer.
const unbindGrace = 5 * time.Second

// End ends a session in good order, with unbind; account restricts it to one
// customer's, empty is any. It returns ErrNoSession, or once the session is over.
func (s *SMPPServer) End(ctx context.Context, account string, id uint64) error {
	for _, p := range s.boundPeers() {
		s.mu.Lock()
		num := p.num
		s.mu.Unlock()
		if num == id && (account == "" || p.account == account) {
			ctx, cancel := context.WithTimeout(ctx, unbindGrace)
			defer cancel()
			_ = p.sess.Unbind(ctx) // in time or not: it is over
			s.mu.Lock()
			p.isBound = false // so that whoever looks now does not find it; ended comes a moment later
			s.mu.Unlock()
			return nil
		}
	}
	return ErrNoSession
}
