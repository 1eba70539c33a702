package cimd2

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"kurir/wire"
)

// A banner, line ends, packets that were cut off and octets that are none do not disturb a session.
func TestJunkIsSkipped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{}, false)
		_, _ = r.s.Send(submits(t, 1))
		r.raw("CIMD2-A ConnectionInfo: SessionId = 1 PortId = 9971\r\n\x03\x0253:001\t021:4\x0253:001\t060:2611212126\r")
		r.raw("47\t\x03\r\n")
		if len(r.h.responses) != 1 || r.h.responses[0].Err != nil {
			t.Fatalf("%+v", r.h.responses)
		}
		var resp SubmitResp
		if err := r.h.responses[0].PDU.Read(&resp); err == nil {
			t.Error("a timestamp with a line end in it was taken")
		}
		r.written("03:001 021:46701234567 033:a|")
	})
}

// What cannot be read is answered by a nack at a time; a peer that sends nothing else is let go of.
func TestNothingButJunk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Role: wire.SMSC}, false)
		r.raw("\x02\x03\x0299\x03\x0203:001\t021:467\t00\x03")
		r.written("99:001|99:001|99:001|")
		long := strings.Repeat("x", 8192)
		for r.s.Err() == nil {
			if _, err := io.WriteString(r.peer, long); err != nil {
				break
			}
		}
		<-r.s.Done()
		if !errors.Is(r.s.Err(), wire.ErrJunk) {
			t.Error(r.s.Err())
		}
	})
}

// An SMSC that repeats everything, counts backwards and sends thousands of nacks makes a session hold no more than a round of
// numbers.
func TestMemoryIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{}, false)
		r.h.answer = okay
		for i := range 3000 {
			n := byte(7 * i)
			r.raw("\x0220:" + string([]byte{'0' + n/100, '0' + n/10%10, '0' + n%10}) + "\t021:1\t033:" + strings.Repeat("x", i%7) + "\t\x03\x0299:002\t\x03")
		}
		if r.s.State() != wire.Bound || r.s.Info().PeerOpen != 0 {
			t.Errorf("%v, %+v", r.s.Err(), r.s.Info())
		}
	})
}

// fuzzedPackets turns octets into packets: each takes three, which say which of all it is, its number and whether octets
// are cut off or inverted.
func fuzzedPackets(script []byte, all [][]byte) (out []byte) {
	for ; len(script) >= 3; script = script[3:] {
		frame := append([]byte(nil), all[int(script[0])%len(all)]...)
		n := script[1]
		frame = append(frame[:4], append([]byte{'0' + n/100, '0' + n/10%10, '0' + n%10}, frame[7:]...)...)
		if at := int(script[2] & 0x7F); script[2] != 0 && at < len(frame) {
			if script[2]&0x80 != 0 {
				frame = frame[:at]
			} else {
				frame[at] ^= 0xFF
			}
		}
		out = append(out, frame...)
	}
	return out
}

// Whatever packets a peer sends, in whatever order and however damaged: the session neither panics nor hangs, each request
// of ours has exactly one outcome, and Run ends when the connection does.
func FuzzSession(f *testing.F) {
	var all [][]byte
	for _, p := range everyPacket(f) {
		p.Plain = true // the numbers are changed
		all = append(all, encode(f, p))
	}
	for i := range all {
		f.Add([]byte{byte(i), 1, 0, byte(i), 1, 0, byte(i), 3, 0x85, byte(i), 0, 9}, true)
		f.Add([]byte{0, 1, 0, byte(i), 3, 0, byte(i), 3, 0, byte(i), 5, 0}, false)
	}
	f.Fuzz(func(t *testing.T, script []byte, bound bool) {
		for _, cfg := range []Config{{}, {Role: wire.SMSC, PeerWindow: 2}} {
			fuzzSession(t, cfg, fuzzedPackets(script, all), bound)
		}
	})
}

func fuzzSession(t *testing.T, cfg Config, in []byte, bound bool) {
	a, peer := net.Pipe()
	h := &recorder{answer: answerAll}
	s := wire.NewSession(a, Protocol(false), cfg, Handler(h))
	s.SetTrace(func(_ bool, frame []byte) { _ = Describe(frame) })
	done := make(chan error, 1)
	go func() { done <- s.Run(context.Background()) }()
	taken := 0
	if bound {
		s.SetBound("us")
		taken, _ = s.Send(submits(t, 3))
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
	if i := s.Info(); i.Outstanding != 0 || i.State != wire.Closed {
		t.Errorf("after the end: %+v", i)
	}
}

// answerAll answers a request whatever it is.
func answerAll(p *Packet) *Packet {
	if r := p.Refuse(ErrSystem, ""); r != nil && p.Seq%2 == 0 {
		return r
	}
	out, _ := p.Answer(nil)
	return out
}
