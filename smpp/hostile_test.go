package smpp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Every PDU cut at every octet, its length made to fit, is answered or passed over, and the session goes on; nothing of
// it reaches the handler as another PDU.
func TestSessionCutPDUs(t *testing.T) {
	for _, role := range []Role{ESME, SMSC} {
		t.Run(role.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{Role: role, Broadcast: true}, false).listen()
				r.h.answer = ok
				for _, p := range everyPDU() {
					if p.Command == CommandUnbind || p.Command.isBind() && role == ESME {
						continue // an orderly end is not what is tested
					}
					whole, err := Append(nil, &p)
					if err != nil {
						t.Fatal(err)
					}
					for n := HeaderLen; n <= len(whole); n++ {
						b := bytes.Clone(whole[:n])
						binary.BigEndian.PutUint32(b, uint32(n))
						before := len(r.h.got)
						r.write(b)
						for _, got := range r.h.got[before:] {
							if got.Command != p.Command {
								t.Fatalf("%s cut to %d became %s", p.Command, n, got.Command)
							}
						}
					}
					if !r.s.State().Bound() {
						t.Fatalf("the session ended at %s: %v", p.Command, r.s.Err())
					}
				}
				r.got = nil
				r.send(PDU{Sequence: 77, Body: &EnquireLink{}})
				r.sent(PDU{Command: CommandEnquireLinkResp, Sequence: 77})
				r.s.Close(nil)
				r.ended(ErrClosed)
			})
		})
	}
}

// A connection that ends within a PDU ends the session and nothing else.
func TestSessionEndsWithinPDU(t *testing.T) {
	b, err := Append(nil, &PDU{Sequence: 1, Body: benchReceipt()})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 3, 4, 15, 16, 17, len(b) - 1} {
		t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{}, false).listen()
				r.write(b[:n])
				_ = r.peer.Close()
				r.ended(ErrPeerClosed)
				if len(r.h.got) > 0 {
					t.Errorf("the handler got %v", r.h.got)
				}
			})
		})
	}
}

// The numbers of the peer's requests are his affair: repeated, zero, out of order or beyond what is allowed, each request
// is handed on once and its answer has its number (SMPP 3.4 3.2).
func TestSessionPeerSequences(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, SessionConfig{}, false).listen()
		r.h.answer = ok
		var in []byte
		var want []PDU
		for _, n := range []uint32{5, 5, 0, 0, 4, MaxSequence, 1<<31 | 5, 1<<32 - 1, 1} {
			b, err := Append(nil, &PDU{Sequence: n, Body: &DeliverSM{}})
			if err != nil {
				t.Fatal(err)
			}
			in = append(in, b...)
			want = append(want, PDU{Command: CommandDeliverSMResp, Sequence: n})
		}
		r.write(in)
		r.sent(want...)
		if len(r.h.got) != len(want) || r.s.Info().PeerOpen != 0 {
			t.Errorf("%d requests were handed on; %+v", len(r.h.got), r.s.Info())
		}
		r.s.Close(nil)
		r.ended(ErrClosed)
	})
}

// Responses to nothing are counted and passed over, whatever the state, and take no place of a request in the window.
func TestSessionResponsesToNothing(t *testing.T) {
	for _, open := range []bool{true, false} {
		t.Run("", func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{Window: 3}, open).listen()
				n := uint64(0)
				for _, p := range everyPDU() {
					if !p.Command.IsResponse() {
						continue
					}
					for _, sequence := range []uint32{0, 1, 2, MaxSequence, 1<<32 - 1} {
						p.Sequence = sequence
						r.send(p)
						n++
					}
				}
				r.sent()
				if i := r.s.Info(); i.Bad != n || len(r.h.responses) > 0 || r.s.Room() != 3 {
					t.Errorf("%d of %d counted, %v handed on, room for %d", i.Bad, n, r.h.responses, r.s.Room())
				}
				r.s.Close(nil)
				r.ended(ErrClosed)
			})
		})
	}
}

// deadConn is a TCP connection whose other end is gone without a word: what is written goes into the kernel's buffers
// and is never answered.
type deadConn struct {
	net.Conn
	mu       sync.Mutex
	deadline time.Time
	changed  chan struct{}
	closed   bool
}

func newDeadConn() *deadConn { return &deadConn{changed: make(chan struct{})} }

func (c *deadConn) Write(b []byte) (int, error)      { return len(b), nil }
func (c *deadConn) SetWriteDeadline(time.Time) error { return nil }
func (c *deadConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *deadConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }

func (c *deadConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	c.change()
	return nil
}

func (c *deadConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.change()
	return nil
}

// change wakes a Read; mu is held.
func (c *deadConn) change() {
	close(c.changed)
	c.changed = make(chan struct{})
}

func (c *deadConn) Read([]byte) (int, error) {
	for {
		c.mu.Lock()
		wait, changed, closed := time.Until(c.deadline), c.changed, c.closed
		c.mu.Unlock()
		switch {
		case closed:
			return 0, net.ErrClosed
		case wait <= 0:
			return 0, os.ErrDeadlineExceeded
		}
		select {
		case <-time.After(wait):
		case <-changed:
		}
	}
}

// A half-open connection is found by enquire_link within its interval and the time for the answer, idle or with requests
// going out all the time, and who waits for responses is told.
func TestSessionHalfOpen(t *testing.T) {
	for _, busy := range []bool{false, true} {
		t.Run(map[bool]string{false: "idle", true: "busy"}[busy], func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h := &recorder{}
				s := NewSession(newDeadConn(), SessionConfig{
					Window: 1000, EnquireInterval: 20 * time.Second, ResponseTimeout: 10 * time.Second,
				}, h)
				start := time.Now()
				go s.Run(t.Context()) //nolint:errcheck // Err gives the reason
				s.SetBound(Transceiver)
				sent := 0
				for busy && s.State().Bound() {
					n, err := s.Send(submits(1))
					if err != nil {
						break
					}
					sent += n
					time.Sleep(time.Second)
				}
				<-s.Done()
				took := time.Since(start)
				if !errors.Is(s.Err(), ErrEnquireTimeout) || took < 20*time.Second || took > 31*time.Second {
					t.Errorf("ended by %v after %v", s.Err(), took)
				}
				synctest.Wait()
				if len(h.responses) != sent {
					t.Errorf("%d requests were sent, %d given back", sent, len(h.responses))
				}
			})
		})
	}
}

// A peer that asks and never reads costs about two mebibytes at most, and its session ends by WriteTimeout; what it asks
// makes no difference.
func TestSessionNeverReadsBounded(t *testing.T) {
	for _, p := range []PDU{{Body: &EnquireLink{}}, {Body: benchMessage()}, {Body: &QuerySM{}}, {Body: &DeliverSM{}}} {
		t.Run(p.Body.Command().String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, SessionConfig{Role: SMSC, WriteTimeout: 20 * time.Second}, false)
				r.h.answer = func(s *Session, p PDU) {
					_ = s.Respond([]PDU{{Command: p.Command.Response(), Status: ESME_RSYSERR, Sequence: p.Sequence}})
				}
				var chunk []byte
				for i := range uint32(100) {
					p.Sequence = i + 1
					chunk, _ = Append(chunk, &p)
				}
				_ = r.peer.SetWriteDeadline(time.Now().Add(10 * time.Second))
				for {
					if _, err := r.peer.Write(chunk); err != nil {
						break
					}
				}
				r.s.mu.Lock()
				held := cap(r.s.out) + cap(r.s.spare)
				r.s.mu.Unlock()
				if held > 2<<20 {
					t.Errorf("holds %d octets", held)
				}
				r.sleep(10 * time.Second)
				r.ended(os.ErrDeadlineExceeded)
			})
		})
	}
}
