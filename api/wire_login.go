package api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/wire"
)

// loginRefusal is why a customer is not let in.
type loginRefusal uint8

const (
	loginWrong  loginRefusal = iota // name, password or address
	loginCrowd                      // all sessions of the account are in use
	loginBroken                     // we cannot decide now
	loginTaken                      // the session is another account's, by its address
)

// wirePeer is one session of a customer: the wire.Handler of it.
type wirePeer[P wire.PDU] struct {
	server  *wireServer[P]
	sess    *wire.Session[P]
	account string
	addr    string
	zone    *time.Location
	since   time.Time // server.mu
	num     uint64    // server.mu
	meter   smppMeter

	window    int          // the most requests without an answer, as the log-in settled it; written before the first request
	submitted atomic.Int32 // requests whose messages were given to the gateway and are not answered
	dismissed sync.Once

	mu    sync.Mutex // of what follows, see wire_deliver.go
	queue []*gateway.Item
	parts []*wireOwed[P]
	told  int // answers to questions that the customer has not confirmed
	gone  bool
}

// login decides on a log-in.
func (s *wireServer[P]) login(sess *wire.Session[P], request P) (answer P, who string, h wire.Handler[P]) {
	name, password, refused, ok := s.talk.credentials(request)
	if !ok {
		return refused, "", nil
	}
	from := peerAddr(sess.Info().Peer)
	if !s.penalty.admits(from, name, password) {
		s.penalty.hold(from, s.ending) // neither logged nor verified: a storm
		return s.talk.denied(request, loginBroken), name, nil
	}
	why, a := s.judge(name, password, sess)
	if a == nil {
		if why != "" {
			s.log.Warn("bind refused", "protocol", s.talk.version(), "system_id", name, "peer", from, "why", why)
			s.penalty.wait(from, s.ending)
			return s.talk.denied(request, loginWrong), name, nil
		}
		return s.talk.denied(request, loginBroken), name, nil
	}
	s.penalty.forgive(from, name, password)
	if known := s.peerOf(sess); known != nil { // by the address, and has said something else before
		if known.account != a.Name {
			s.log.Warn("bind refused", "protocol", s.talk.version(), "account", a.Name, "peer", from, "why", "the session belongs to the account of the address")
			return s.talk.denied(request, loginTaken), name, nil
		}
		answer, _ = s.talk.admitted(request, a.Login(s.by))
		return answer, a.Name, known
	}
	p := s.newPeer(sess, a)
	if !s.enter(a, p) {
		return s.talk.denied(request, loginCrowd), name, nil
	}
	l := a.Login(s.by)
	answer, window := s.talk.admitted(request, l)
	p.setWindow(window)
	return answer, a.Name, p
}

// peerOf gives the handler of a session that somebody is bound on.
func (s *wireServer[P]) peerOf(sess *wire.Session[P]) *wirePeer[P] {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peers[sess]
}

// judge gives the account of a name and a password, or why it is not let in; nothing if nobody knows.
func (s *wireServer[P]) judge(name, password string, sess *wire.Session[P]) (why string, _ *account.Account) {
	directory := s.accounts()
	a := directory.ByLogin(s.by, name)
	if a == nil {
		return "no account logs in with this name", nil
	}
	if !a.MayComeFrom(peerAddr(sess.Info().Peer)) {
		return "the account may not come from this address", nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), smppVerifyWait)
	defer cancel()
	if _, err := s.verifier.AuthenticateLogin(ctx, directory, s.by, name, password); err != nil {
		if ctx.Err() != nil {
			return "", nil
		}
		return "wrong password", nil
	}
	return "", a
}

// known lets in who needs no log-in from where he comes.
func (s *wireServer[P]) known(sess *wire.Session[P]) (who string, h wire.Handler[P]) {
	a := s.accounts().ByPeer(s.by, peerAddr(sess.Info().Peer))
	if a == nil {
		return "", nil
	}
	p := s.newPeer(sess, a)
	if !s.enter(a, p) {
		return "", nil
	}
	p.setWindow(a.Login(s.by).MaxWindow(s.by))
	return a.Name, p
}

// setWindow says how many requests may be without an answer in each direction. One more is read than may be, so that it is
// refused and does not wait.
func (p *wirePeer[P]) setWindow(window int) {
	p.window = window
	p.sess.SetWindow(window)
	p.sess.SetPeerWindow(window + 1)
}

// newPeer makes the handler of a session. What it takes from the account stays for the session's life.
func (s *wireServer[P]) newPeer(sess *wire.Session[P], a *account.Account) *wirePeer[P] {
	return &wirePeer[P]{server: s, sess: sess, account: a.Name, addr: sess.Info().Peer.String(), zone: a.Login(s.by).Location()}
}

// enter gives a session one of its account's places, if there is one.
func (s *wireServer[P]) enter(a *account.Account, p *wirePeer[P]) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[a.Name]
	if c == nil {
		c = &wireCustomer[P]{}
		s.customers[a.Name] = c
	}
	if c.count >= a.Login(s.by).MaxSessions() {
		if c.count == 0 {
			delete(s.customers, a.Name)
		}
		s.log.Warn("bind refused", "protocol", s.talk.version(), "account", a.Name, "peer", p.addr, "why", "all sessions of the account are in use")
		return false
	}
	c.count++
	s.peers[p.sess] = p
	return true
}
