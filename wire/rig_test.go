package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"testing/synctest"
)

// pdu is a frame of the protocol of these tests: STX, number, operation, 'Q' or 'A', text, ETX.
type pdu struct {
	number, op uint8
	answer     bool
	text       string
}

func (p *pdu) Number() uint8     { return p.number }
func (p *pdu) SetNumber(n uint8) { p.number = n }
func (p *pdu) Operation() uint8  { return p.op }
func (p *pdu) IsResponse() bool  { return p.answer }

const (
	opLogin   = 'L'
	opLogout  = 'O'
	opAlive   = 'V'
	opMessage = 'M'
)

var errSpoilt = errors.New("spoilt")

// toy is that protocol; numbers stand above the control characters.
func toy() *Protocol[*pdu] {
	return &Protocol[*pdu]{
		Name: "toy",
		Append: func(dst []byte, p *pdu) ([]byte, error) {
			if p.text == "impossible" {
				return dst, errSpoilt
			}
			kind := byte('Q')
			if p.answer {
				kind = 'A'
			}
			dst = append(dst, STX, p.number, p.op, kind)
			return append(append(dst, p.text...), ETX), nil
		},
		Decode: func(frame []byte) (*pdu, error) {
			if len(frame) < 5 {
				return nil, errSpoilt
			}
			p := &pdu{frame[1], frame[2], frame[3] == 'A', string(frame[4 : len(frame)-1])}
			if p.text == "spoilt" {
				return p, errSpoilt
			}
			return p, nil
		},
		Alive:       func() *pdu { return &pdu{op: opAlive} },
		IsAlive:     func(p *pdu) bool { return p.op == opAlive },
		AliveAnswer: func(p *pdu) *pdu { return &pdu{p.number, p.op, true, "alive"} },
		Logout:      func() *pdu { return &pdu{op: opLogout} },
		Early:       func(p *pdu) bool { return p.op == opLogin },
		Refuse:      func(p *pdu, why error) *pdu { return &pdu{p.number, p.op, true, "no: " + why.Error()} },
		Fault: func(p *pdu) string {
			if len(p.text) > 3 && p.text[:3] == "no:" {
				return p.text
			}
			return ""
		},
		Numbers: func(role Role) Numbers {
			if role == SMSC {
				return Numbers{First: 17, Step: 2, Count: 4}
			}
			return Numbers{First: 16, Step: 2, Count: 4}
		},
	}
}

// recorder is a handler that keeps what comes, and answers requests as it is told.
type recorder struct {
	mu        sync.Mutex
	requests  []*pdu
	responses []Response[*pdu]
	answer    func(p *pdu) *pdu
}

func (r *recorder) Requests(s *Session[*pdu], requests []*pdu) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, requests...)
	if r.answer == nil {
		return
	}
	for _, p := range requests {
		_ = s.Respond([]*pdu{r.answer(p)})
	}
}

func (r *recorder) Responses(_ *Session[*pdu], responses []Response[*pdu]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.responses = append(r.responses, responses...)
}

func okay(p *pdu) *pdu { return &pdu{p.number, p.op, true, "ok " + p.text} }

// bubble runs a test in one of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// rig is a session, logged in, and the octets at the other end of its connection.
type rig struct {
	t    *testing.T
	s    *Session[*pdu]
	h    *recorder
	peer net.Conn
	mu   sync.Mutex
	got  []byte
}

// halfPipe is a pipe of which one direction can be closed, as of TCP.
type halfPipe struct{ net.Conn }

func (halfPipe) CloseWrite() error { return nil }

func newRig(t *testing.T, cfg Config) *rig {
	a, b := net.Pipe()
	return newRigOn(t, a, b, cfg)
}

// newRigOn is newRig on a connection, whose other end is b.
func newRigOn(t *testing.T, a, b net.Conn, cfg Config) *rig {
	r := &rig{t: t, h: &recorder{}, peer: b}
	r.s = NewSession(a, toy(), cfg, r.h)
	go r.s.Run(context.WithoutCancel(t.Context())) //nolint:errcheck // Err gives the reason
	t.Cleanup(func() {
		r.s.Close(nil)
		_ = b.Close()
		<-r.s.Done()
	})
	return r
}

// listen reads what the session writes.
func (r *rig) listen() *rig {
	go func() {
		buf := make([]byte, 1024)
		for {
			n, err := r.peer.Read(buf)
			r.mu.Lock()
			r.got = append(r.got, buf[:n]...)
			r.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return r
}

// written is what the session has written since it was last asked.
func (r *rig) written() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	got := string(r.got)
	r.got = nil
	return got
}

// send lets the peer send octets.
func (r *rig) send(octets string) {
	r.t.Helper()
	if _, err := io.WriteString(r.peer, octets); err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
}

// frame makes the octets of one.
func frame(number, op, kind byte, text string) string {
	return string([]byte{STX, number, op, kind}) + text + string(rune(ETX))
}

func messages(n int) []Request[*pdu] {
	list := make([]Request[*pdu], n)
	for i := range list {
		list[i] = Request[*pdu]{PDU: &pdu{op: opMessage, text: string(rune('a' + i))}, Ref: i}
	}
	return list
}
