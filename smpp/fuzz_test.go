package smpp

import (
	"context"
	"io"
	"net"
	"testing"
	"time"
)

// fuzzedPDUs turns octets into PDUs: each takes three, which say which of everyPDU it is, how its sequence number and
// status are changed, and whether octets of it are cut off or inverted. What comes out is framed, whatever it means.
func fuzzedPDUs(script []byte, all [][]byte) (out []byte) {
	for ; len(script) >= 3; script = script[3:] {
		frame := append([]byte(nil), all[int(script[0])%len(all)]...)
		switch n := script[1]; n & 7 {
		case 0: // as it is
		case 1:
			clear(frame[12:16])
		case 2:
			copy(frame[12:16], "\xff\xff\xff\xff")
		case 3:
			frame[11] = n
		case 4:
			frame[4] ^= 0x80 // a request becomes a response and the other way
		default:
			copy(frame[12:16], []byte{0, 0, 0, n >> 3})
		}
		if at := HeaderLen + int(script[2]&0x7F); at < len(frame) {
			if script[2]&0x80 != 0 {
				frame = frame[:at]
			} else if script[2] != 0 {
				frame[at] ^= 0xFF
			}
		}
		frame[0], frame[1], frame[2], frame[3] = 0, 0, byte(len(frame)>>8), byte(len(frame))
		out = append(out, frame...)
	}
	return out
}

// Whatever PDUs a peer sends, in whatever order and however damaged: the session neither panics nor hangs, each request
// of ours has exactly one outcome, and Run ends when the connection does.
func FuzzSessionPDUs(f *testing.F) {
	var all [][]byte
	for _, p := range everyPDU() {
		frame, err := Append(nil, &p)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, frame)
	}
	for i := range all {
		f.Add([]byte{byte(i), 0, 0, byte(i), 8, 0, byte(i), 4, 0}, true)
		f.Add([]byte{0, 0, 0, byte(i), 0, 0x85, byte(i), 3, 9}, false)
	}
	f.Fuzz(func(t *testing.T, script []byte, bound bool) {
		for _, cfg := range []SessionConfig{{Role: ESME}, {Role: SMSC, PeerWindow: 2, Broadcast: true}} {
			fuzzSession(t, cfg, fuzzedPDUs(script, all), bound)
		}
	})
}

func fuzzSession(t *testing.T, cfg SessionConfig, in []byte, bound bool) {
	a, peer := net.Pipe()
	h := &recorder{answer: ok}
	s := NewSession(a, cfg, h)
	s.SetTrace(func(_ bool, frame []byte) { _ = Describe(frame) })
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	taken := 0
	if bound {
		s.SetBound(Transceiver)
		body := Body(benchMessage())
		if cfg.Role == SMSC {
			body = &DeliverSM{}
		}
		taken, _ = s.Send([]Request{{Body: body}, {Body: body}})
	}
	read := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, peer)
		close(read)
	}()
	_ = peer.SetWriteDeadline(time.Now().Add(time.Minute))
	_, err := peer.Write(in)
	if ne, ok := err.(net.Error); ok && ne.Timeout() {
		t.Errorf("the session in state %s reads no more: %+v", s.State(), s.Info())
	}
	_ = peer.Close()
	<-read
	if err := <-done; err == nil {
		t.Error("ended without a reason")
	}
	if len(h.responses) != taken {
		t.Errorf("%d requests, %d outcomes", taken, len(h.responses))
	}
	if i := s.Info(); i.Outstanding != 0 || i.State != StateClosed {
		t.Errorf("after the end: %+v", i)
	}
}
