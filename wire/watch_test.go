package wire

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"
)

// nosy is a watcher that swallows requests with the text "swallow", and renumbers when told to.
type nosy struct {
	s       *Session[*pdu]
	misread []error
	sent    []string
}

func (n *nosy) Received(p *pdu) bool {
	switch p.text {
	case "again":
		n.s.Resend(p.number)
	case "from here":
		n.s.Renumber(p.number)
	case "swallow":
	default:
		return false
	}
	return true
}

func (n *nosy) Misread(_ *pdu, why error) bool {
	n.misread = append(n.misread, why)
	return len(n.misread) == 1
}

func (n *nosy) Sending(p *pdu) {
	n.sent = append(n.sent, p.text)
	if p.text == "change me" {
		p.text = "changed"
	}
}

// newWatched is newRig with a protocol that has a watcher and a log-out.
func newWatched(t *testing.T, cfg Config) (*rig, *nosy) {
	a, b := net.Pipe()
	n := &nosy{}
	protocol := toy()
	protocol.Watch = func(s *Session[*pdu]) Watcher[*pdu] {
		n.s = s
		return n
	}
	protocol.LogoutAnswer = func(p *pdu) *pdu {
		if p.op != opLogout {
			return nil
		}
		return okay(p)
	}
	r := &rig{t: t, h: &recorder{}, peer: b}
	r.s = NewSession(a, protocol, cfg, r.h)
	go r.s.Run(context.WithoutCancel(t.Context())) //nolint:errcheck // Err gives the reason
	t.Cleanup(func() {
		r.s.Close(nil)
		_ = b.Close()
		<-r.s.Done()
	})
	r.s.SetBound("us")
	return r.listen(), n
}

func TestWatcher(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, n := newWatched(t, Config{Window: 4})
		r.send(frame(17, 'M', 'Q', "swallow") + frame(19, 'M', 'Q', "spoilt") + frame(21, 'M', 'Q', "spoilt") + frame(23, 'M', 'Q', "x"))
		if got := r.written(); got != frame(21, 'M', 'A', "no: spoilt") || len(r.h.requests) != 1 || len(n.misread) != 2 {
			t.Errorf("%q, %d requests, %d misread", got, len(r.h.requests), len(n.misread))
		}
		_, _ = r.s.Send([]Request[*pdu]{{PDU: &pdu{op: opMessage, text: "change me"}}, {PDU: &pdu{op: opMessage, text: "b"}}})
		if got := r.written(); got != frame(16, 'M', 'Q', "changed")+frame(18, 'M', 'Q', "b") {
			t.Errorf("%q", got)
		}
		r.send(frame(18, 'M', 'Q', "again") + frame(20, 'M', 'Q', "again"))
		if got := r.written(); got != frame(18, 'M', 'Q', "b") {
			t.Errorf("sent again: %q", got)
		}
		r.send(frame(22, 'M', 'Q', "from here") + frame(21, 'M', 'Q', "from here"))
		if got := r.written(); got != frame(22, 'M', 'Q', "changed")+frame(16, 'M', 'Q', "b") {
			t.Errorf("with new numbers: %q", got)
		}
		_, _ = r.s.Send(messages(1))
		r.send(frame(22, 'M', 'A', "1") + frame(16, 'M', 'A', "2") + frame(18, 'M', 'A', "3"))
		if got := r.written(); got != frame(18, 'M', 'Q', "a") || len(r.h.responses) != 3 {
			t.Errorf("%q, %d responses", got, len(r.h.responses))
		}
		if n, ok := r.s.Renumber(16); n != 0 || !ok {
			t.Error("nothing is outstanding")
		}
	})
}

// A log-out of the peer is answered behind everything else, and ends the session.
func TestPeerLogsOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r, _ := newWatched(t, Config{Role: SMSC})
		r.send(frame(16, 'M', 'Q', "1") + frame(18, 'M', 'Q', "2") + frame(20, opLogout, 'Q', "") + frame(22, 'M', 'Q', "late"))
		if got := r.written(); got != frame(22, 'M', 'A', "no: the session ends") || len(r.h.requests) != 2 || r.s.State() != Leaving {
			t.Fatalf("%q, %d requests, %s", got, len(r.h.requests), r.s.State())
		}
		if _, err := r.s.Send(messages(1)); !errors.Is(err, ErrLeaving) {
			t.Error(err)
		}
		_ = r.s.Respond([]*pdu{okay(r.h.requests[0])})
		time.Sleep(time.Second)
		_ = r.s.Respond([]*pdu{okay(r.h.requests[1])})
		if got := r.written(); got != frame(16, 'M', 'A', "ok 1")+frame(18, 'M', 'A', "ok 2")+frame(20, opLogout, 'A', "ok ") {
			t.Errorf("%q", got)
		}
		<-r.s.Done()
		if !errors.Is(r.s.Err(), ErrLeft) {
			t.Error(r.s.Err())
		}
	})
	t.Run("nothing is open", func(t *testing.T) {
		bubble(t, func(t *testing.T) {
			r, _ := newWatched(t, Config{Role: SMSC})
			r.send(frame(20, opLogout, 'Q', ""))
			if got := r.written(); got != frame(20, opLogout, 'A', "ok ") {
				t.Errorf("%q", got)
			}
			<-r.s.Done()
		})
	})
}

// What an SMSC sends right behind the answer to our log-in is handed out when we are logged in, in order, and its question
// for life is answered at once.
func TestRequestsBehindTheLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{PeerWindow: 2}).listen()
		r.send(frame(17, 'M', 'Q', "1") + frame(19, 'V', 'Q', "") + frame(21, 'M', 'Q', "2") + frame(23, 'M', 'Q', "3"))
		if got := r.written(); got != frame(19, 'V', 'A', "alive")+frame(23, 'M', 'A', "no: not before the log-in") || len(r.h.requests) != 0 {
			t.Errorf("%q, %d requests", got, len(r.h.requests))
		}
		r.s.SetBound("us")
		synctest.Wait()
		if len(r.h.requests) != 2 || r.h.requests[0].text != "1" || r.s.Info().PeerOpen != 2 {
			t.Errorf("%d requests", len(r.h.requests))
		}
	})
}
