package cimd2

import (
	"errors"
	"fmt"
	"sync"

	"kurir/wire"
)

// The session engine of package wire, for packets of CIMD2.
type (
	Session  = wire.Session[*Packet]
	Handler  = wire.Handler[*Packet]
	Request  = wire.Request[*Packet]
	Response = wire.Response[*Packet]
	Config   = wire.Config
)

// maxResent is how often a packet is sent again because of a nack.
const maxResent = 3

// Reasons for which a session ends.
var (
	ErrNacked       = errors.New("the peer did not take a packet that was sent several times")
	ErrGeneralError = errors.New("the peer reported a general error")
)

// Protocol describes CIMD2 to package wire. With plain our requests of a client have no checksums; those of an SMSC have if the
// client's have.
func Protocol(plain bool) *wire.Protocol[*Packet] {
	return &wire.Protocol[*Packet]{
		Name:         "CIMD2",
		Append:       Append,
		Decode:       Decode,
		Shown:        shown,
		Alive:        func() *Packet { return Empty(OpAlive, 0) },
		IsAlive:      func(p *Packet) bool { return p.Op == OpAlive },
		AliveAnswer:  func(p *Packet) *Packet { return Empty(OpAliveResp, p.Seq) },
		Logout:       func() *Packet { return Empty(OpLogout, 0) },
		LogoutAnswer: logoutAnswer,
		Early:        func(p *Packet) bool { return p.Op == OpLogin },
		Refuse:       refuse,
		Fault:        fault,
		Numbers:      numbers,
		Watch: func(s *Session) wire.Watcher[*Packet] {
			client := s.Role() == wire.Client
			return &watcher{s: s, plain: plain, client: client, repeats: NewRepeats(!client)}
		},
	}
}

// numbers are those of one side's requests: odd for the application, even for the SMSC.
func numbers(role wire.Role) wire.Numbers {
	if role == wire.Client {
		return wire.Numbers{First: 1, Step: 2, Count: MaxWindow}
	}
	return wire.Numbers{First: 0, Step: 2, Count: MaxWindow}
}

func logoutAnswer(p *Packet) *Packet {
	if p.Op == OpLogout {
		return Empty(OpLogoutResp, p.Seq)
	}
	return nil
}

// refuse answers what the handler does not get. An SMSC's request has no negative response: one that cannot be read gets a
// nack, and one that comes too late nothing, so that it stays with the SMSC.
func refuse(p *Packet, why error) *Packet {
	code := ErrUnexpectedOperation
	switch {
	case errors.Is(why, wire.ErrLeaving):
		code = ErrCongestion
	case errors.Is(why, wire.ErrNotLoggedIn):
	default:
		var de *DecodeError
		if errors.As(why, &de) && p.Op.FromSMSC() {
			return Empty(OpNack, p.Seq)
		}
		code = ErrSyntax
	}
	return p.Refuse(code, "")
}

// fault is what a response refuses a request with.
func fault(p *Packet) string {
	if err := p.Refused(); err != nil {
		return err.Error()
	}
	return ""
}

// watcher does what CIMD2 demands beyond requests and responses: it recognises packets that come again and answers them
// again, sends packets again for which a nack comes, sends a nack for what cannot be read, refuses operations that the
// other side has no business with, and ends the session after a general error.
type watcher struct {
	s      *Session
	client bool       // we are the application
	nacks  [256]uint8 // how often each packet was sent again since the last response to its number; of the reader
	again  uint8      // the number that all were last given anew from
	ignore int        // nacks still to come for packets that have new numbers by now

	mu      sync.Mutex
	plain   bool
	repeats *Repeats
}

// Received deals with nacks, errors, repetitions and what the peer must not send.
func (w *watcher) Received(p *Packet) bool {
	switch {
	case p.Op == OpNack:
		w.nacked(p.Seq)
		return true
	case p.Op == OpGeneralError:
		w.s.Close(fmt.Errorf("%w: %w", ErrGeneralError, p.Refused()))
		return true
	case p.Op.IsResponse():
		if w.nacks[p.Seq] = 0; p.Seq == w.again {
			w.ignore = 0
		}
		return false
	}
	if again, answer := w.repeated(p); again {
		if answer != nil {
			w.s.Reply(answer)
		}
		return true
	}
	if answer := w.unexpected(p); answer != nil {
		w.s.Reply(answer)
		return true
	}
	return false
}

// repeated notes a request, and reports whether it has come before, with its answer if there was one.
func (w *watcher) repeated(p *Packet) (again bool, answer *Packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.client {
		w.plain = p.Plain
	}
	return w.repeats.Came(p)
}

// unexpected refuses requests that only the other side may send, that nobody knows, and a second login; nil for all others.
func (w *watcher) unexpected(p *Packet) *Packet {
	switch {
	case p.Op == OpAlive:
		return nil
	case w.client && p.Op.FromSMSC():
		return nil
	case !w.client && p.Op.FromApplication() && (p.Op != OpLogin || w.s.State() == wire.Open):
		return nil
	}
	if p.Op.Response() == p.Op {
		return Empty(OpNack, p.Seq)
	}
	out := Empty(p.Op.Response(), p.Seq)
	c := coder{op: out.Op}
	c.refusal(ErrUnexpectedOperation, "")
	out.params = c.buf
	return out
}

// nacked sends a packet again that the peer has not taken. A number that none of our packets has is the one that the peer
// expects next: then all get new numbers from there on. The nacks for those that were on their way say nothing new.
func (w *watcher) nacked(number uint8) {
	if number == w.again && w.ignore > 0 {
		w.ignore--
		return
	}
	if w.nacks[number] >= maxResent {
		w.s.Close(ErrNacked)
		return
	}
	if w.s.Resend(number) {
		w.nacks[number]++
	} else if n, _ := w.s.Renumber(number); n > 0 {
		w.nacks[number]++
		w.again, w.ignore = number, n-1
	}
}

// Misread answers what cannot be read with a nack, which carries the number that is expected. Where operation and number are
// known the session refuses it.
func (w *watcher) Misread(_ *Packet, why error) bool {
	var de *DecodeError
	if errors.As(why, &de) && de.Known {
		return false
	}
	w.mu.Lock()
	expected := w.repeats.Expected()
	w.mu.Unlock()
	w.s.Reply(Empty(OpNack, expected))
	return true
}

// Sending gives a packet a checksum or none, and keeps answers for requests that come again. A request that gets a nack is to
// come again, and is new then.
func (w *watcher) Sending(p *Packet) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p.Plain = w.plain
	switch {
	case p.Op == OpNack:
		w.repeats.Forget(p.Seq)
	case p.Op.IsResponse():
		w.repeats.Answered(p)
	}
}
