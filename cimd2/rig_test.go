package cimd2

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/wire"
)

// bubble runs a test in one of its own.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// recorder is a handler that keeps what comes, and answers requests if it is told how.
type recorder struct {
	mu        sync.Mutex
	requests  []*Packet
	responses []Response
	answer    func(p *Packet) *Packet
}

func (r *recorder) Requests(s *Session, requests []*Packet) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = append(r.requests, requests...)
	if r.answer == nil {
		return
	}
	for _, p := range requests {
		_ = s.Respond([]*Packet{r.answer(p)})
	}
}

func (r *recorder) Responses(_ *Session, responses []Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.responses = append(r.responses, responses...)
}

// okay answers a request positively.
func okay(p *Packet) *Packet {
	var answer Body
	if p.Op == OpSubmit {
		var s Submit
		if err := p.Read(&s); err != nil {
			panic(err)
		}
		r := &SubmitResp{}
		for _, d := range s.Destinations {
			r.Results = append(r.Results, SubmitResult{Destination: d, Timestamp: "261121212647"})
		}
		answer = r
	}
	out, err := p.Answer(answer)
	if err != nil {
		panic(err)
	}
	return out
}

// rig is a session and the octets at the other end of its connection.
type rig struct {
	t    *testing.T
	s    *Session
	h    *recorder
	peer net.Conn
	mu   sync.Mutex
	got  []byte
}

// newRig makes a session that is logged in.
func newRig(t *testing.T, cfg Config, plain bool) *rig {
	a, b := net.Pipe()
	r := &rig{t: t, h: &recorder{}, peer: b}
	r.s = wire.NewSession(a, Protocol(plain), cfg, Handler(r.h))
	r.s.SetBound("us")
	go r.s.Run(context.WithoutCancel(t.Context())) //nolint:errcheck // Err gives the reason
	go r.listen(b)
	t.Cleanup(func() {
		r.s.Close(nil)
		_ = b.Close()
		<-r.s.Done()
	})
	return r
}

// listen keeps what comes from the session.
func (r *rig) listen(conn net.Conn) {
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		r.mu.Lock()
		r.got = append(r.got, buf[:n]...)
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// line shows octets in the notation of the digest, without tabs and checksums.
func line(octets []byte) string {
	s := string(octets)
	for _, f := range strings.SplitAfter(s, "\x03") {
		if i := strings.LastIndexByte(f, tab); i >= 0 {
			s = strings.Replace(s, f[i:], "|", 1)
		}
	}
	return strings.NewReplacer("\x02", "", "\t", " ").Replace(s)
}

// written compares what the session has written since it was last asked, as operation, number and parameters.
func (r *rig) written(want string) {
	r.t.Helper()
	if got := line([]byte(r.forget())); got != want {
		r.t.Errorf("written %q, want %q", got, want)
	}
}

// forget gives the octets that were written since it was last called.
func (r *rig) forget() string {
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	got := string(r.got)
	r.got = nil
	return got
}

// send lets the peer send packets: operation, number and parameters, those between bars; without a checksum.
func (r *rig) send(packets string) {
	r.t.Helper()
	var out string
	for _, p := range strings.Split(strings.TrimSuffix(packets, "|"), "|") {
		out += "\x02" + strings.ReplaceAll(p, " ", "\t") + "\t\x03"
	}
	r.raw(out)
}

// raw lets the peer send octets.
func (r *rig) raw(octets string) {
	r.t.Helper()
	_ = r.peer.SetWriteDeadline(time.Now().Add(time.Minute))
	if _, err := r.peer.Write([]byte(octets)); err != nil {
		r.t.Errorf("the session does not read: %v", err)
	}
	synctest.Wait()
}

// submits makes n submissions.
func submits(t testing.TB, n int) []Request {
	list := make([]Request, n)
	for i := range list {
		p, err := New(&Submit{Destinations: []string{"46701234567"}, UserData: UserData{Data: []byte{'a' + byte(i%26)}}})
		if err != nil {
			t.Fatal(err)
		}
		list[i] = Request{PDU: p, Ref: i}
	}
	return list
}
