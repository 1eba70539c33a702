package wire

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, octets string
		most         int
		start, end   int
		ok           bool
	}{
		{"nothing", "", 10, 0, 0, false},
		{"a frame", "\x02ab\x03", 10, 0, 4, true},
		{"two", "\x02ab\x03\x02c\x03", 10, 0, 4, true},
		{"line ends before it", "\r\n\x02ab\x03", 10, 2, 6, true},
		{"junk alone", "hello", 10, 5, 0, false},
		{"an end without a beginning", "x\x03\x02a\x03", 10, 2, 5, true},
		{"not yet whole", "xx\x02abc", 10, 2, 0, false},
		{"cut off and begun anew", "\x02ab\x02cd\x03", 10, 3, 7, true},
		{"cut off, begun anew and not yet whole", "\x02ab\x02cd", 10, 3, 0, false},
		{"as long as may be", "\x02abcd\x03", 6, 0, 6, true},
		{"too long", "\x02abcde\x03", 6, 7, 0, false},
		{"too long and no end yet", "\x02abcdefg", 6, 8, 0, false},
		{"too long, then a frame", "\x02abcdefgh\x02x\x03", 6, 9, 12, true},
	}
	for _, tt := range tests {
		start, end, ok := Next([]byte(tt.octets), tt.most)
		if start != tt.start || end != tt.end || ok != tt.ok {
			t.Errorf("%s: %d:%d %v, want %d:%d %v", tt.name, start, end, ok, tt.start, tt.end, tt.ok)
		}
	}
}

func TestRequestsAndResponses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Window: 3}).listen()
		r.s.SetBound("us")
		n, err := r.s.Send(messages(5))
		if n != 3 || err != nil {
			t.Fatalf("%d taken, %v; the window is 3", n, err)
		}
		if got, want := r.written(), frame(16, 'M', 'Q', "a")+frame(18, 'M', 'Q', "b")+frame(20, 'M', 'Q', "c"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		r.send(frame(20, 'M', 'A', "third") + frame(18, 'X', 'A', "another operation") + frame(99, 'M', 'A', "of nothing") + frame(16, 'M', 'A', "no: bad"))
		if len(r.h.responses) != 2 || r.h.responses[0].Ref != 2 || r.h.responses[1].Ref != 0 || r.h.responses[0].PDU.text != "third" {
			t.Fatalf("%+v", r.h.responses)
		}
		i := r.s.Info()
		if i.Outstanding != 1 || i.Bad != 2 || i.Answered != 2 || i.LastFault != "no: bad" || i.Account != "us" {
			t.Errorf("%+v", i)
		}
		if n, _ = r.s.Send(messages(5)); n != 2 {
			t.Errorf("%d taken beside one that is open", n)
		}
		// 18 is open still: it is not used again.
		if got, want := r.written(), frame(22, 'M', 'Q', "a")+frame(16, 'M', 'Q', "b"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestPeerRequests(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Role: SMSC, PeerWindow: 2}).listen()
		r.send(frame(16, 'M', 'Q', "early") + frame(18, 'V', 'Q', ""))
		if got := r.written(); got != frame(16, 'M', 'A', "no: not before the log-in")+frame(18, 'V', 'A', "no: not before the log-in") {
			t.Errorf("%q", got)
		}
		r.s.SetBound("acme")
		r.send("\r\n" + frame(16, 'M', 'Q', "1") + frame(18, 'V', 'Q', "") + frame(20, 'M', 'Q', "spoilt"))
		if got := r.written(); got != frame(18, 'V', 'A', "alive")+frame(20, 'M', 'A', "no: spoilt") {
			t.Errorf("%q", got)
		}
		r.send(frame(20, 'M', 'Q', "2") + frame(22, 'M', 'Q', "3"))
		if len(r.h.requests) != 2 {
			t.Fatalf("%d requests at once, the peer's window is 2", len(r.h.requests))
		}
		_ = r.s.Respond([]*pdu{okay(r.h.requests[0])})
		if got := r.written(); got != frame(16, 'M', 'A', "ok 1") || len(r.h.requests) != 3 {
			t.Errorf("%q, %d requests", got, len(r.h.requests))
		}
		if i := r.s.Info(); i.PeerOpen != 2 || i.Junk != 2 || i.Bad != 1 {
			t.Errorf("%+v", i)
		}
	})
}

// A session that is finished while its peer's window is full ends: what waits to be read is thrown away.
func TestFinishWhileFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := net.Pipe()
		r := newRigOn(t, halfPipe{a}, b, Config{Role: SMSC, PeerWindow: 1}).listen()
		r.s.SetBound("acme")
		r.send(frame(16, 'M', 'Q', "1") + frame(18, 'M', 'Q', "2"))
		r.s.Finish(ErrLeft)
		time.Sleep(time.Minute)
		if r.s.State() != Closed {
			t.Errorf("a minute later it is %s", r.s.State())
		}
	})
}

func TestNoResponse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Response: 10 * time.Second}).listen()
		r.s.SetBound("us")
		_, _ = r.s.Send(messages(1))
		time.Sleep(5 * time.Second)
		_, _ = r.s.Send(messages(2)[1:])
		time.Sleep(4999 * time.Millisecond)
		synctest.Wait()
		if r.s.State() != Bound {
			t.Fatal("over too early")
		}
		time.Sleep(time.Millisecond)
		<-r.s.Done()
		if !errors.Is(r.s.Err(), ErrResponseTimeout) || len(r.h.responses) != 2 {
			t.Fatalf("%v, %+v", r.s.Err(), r.h.responses)
		}
		if first, second := r.h.responses[0], r.h.responses[1]; first.Ref != 0 || !errors.Is(first.Err, ErrResponseTimeout) || second.Ref != 1 || second.Err == nil {
			t.Errorf("%+v, %+v", first, second)
		}
		if r.s.Info().Expired != 1 {
			t.Error("one has expired, the other ended with the session")
		}
	})
}

func TestAlive(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Alive: 20 * time.Second, Response: 5 * time.Second, Inactivity: 5 * time.Minute}).listen()
		r.s.SetBound("us")
		time.Sleep(20 * time.Second)
		if got := r.written(); got != frame(16, 'V', 'Q', "") {
			t.Fatalf("%q", got)
		}
		time.Sleep(4 * time.Second)
		r.send(frame(16, 'V', 'A', "no: not for you")) // a refusal shows that it lives
		if r.s.State() != Bound || r.s.Info().AliveTime != 4*time.Second {
			t.Fatal(r.s.Err(), r.s.Info().AliveTime)
		}
		time.Sleep(20 * time.Second)
		if got := r.written(); got != frame(18, 'V', 'Q', "") {
			t.Fatalf("%q", got)
		}
		time.Sleep(5 * time.Second)
		<-r.s.Done()
		if !errors.Is(r.s.Err(), ErrAliveTimeout) {
			t.Error(r.s.Err())
		}
	})
}

func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		cfg   Config
		bound bool
		after time.Duration
		want  error
	}{
		{"nobody logs in", Config{Role: SMSC}, false, 30 * time.Second, ErrLoginTimeout},
		{"nothing happens", Config{Role: SMSC, Inactivity: time.Minute, Alive: -1}, true, time.Minute, ErrInactive},
		{"nobody answers, without a limit for answers", Config{Response: -1, Alive: 10 * time.Second}, true, 20 * time.Second, ErrAliveTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				start := time.Now()
				r := newRig(t, tt.cfg).listen()
				if tt.bound {
					r.s.SetBound("x")
				}
				<-r.s.Done()
				if !errors.Is(r.s.Err(), tt.want) || time.Since(start) != tt.after {
					t.Errorf("%v after %v", r.s.Err(), time.Since(start))
				}
			})
		})
	}
}

func TestDo(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Window: 1}).listen()
		r.s.SetBound("us")
		_, _ = r.s.Send(messages(1))
		answers := make(chan string, 2)
		go func() {
			p, err := r.s.Do(t.Context(), &pdu{op: 'C', text: "query"})
			if err != nil {
				answers <- err.Error()
				return
			}
			answers <- p.text
		}()
		if got := r.written(); got != frame(16, 'M', 'Q', "a") {
			t.Fatalf("%q: the window is 1", got)
		}
		if n, _ := r.s.Send(messages(1)); n != 0 {
			t.Error("a message came before what waits")
		}
		r.send(frame(16, 'M', 'A', ""))
		if got := r.written(); got != frame(18, 'C', 'Q', "query") {
			t.Fatalf("%q", got)
		}
		r.send(frame(18, 'C', 'A', "found"))
		if got := <-answers; got != "found" {
			t.Error(got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		_, _ = r.s.Send(messages(1))
		go func() {
			_, err := r.s.Do(ctx, &pdu{op: 'C'})
			answers <- err.Error()
		}()
		synctest.Wait()
		cancel()
		if got := <-answers; got != context.Canceled.Error() {
			t.Error(got)
		}
		_ = r.written()
		r.send(frame(20, 'M', 'A', ""))
		if got := r.written(); got != "" {
			t.Errorf("%q, although nobody waits for it any more", got)
		}
	})
}

func TestImpossible(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{}).listen()
		if _, err := r.s.Send(messages(1)); !errors.Is(err, ErrNotLoggedIn) {
			t.Error(err)
		}
		r.s.SetBound("us")
		list := messages(3)
		list[1].PDU.text = "impossible"
		if n, err := r.s.Send(list); n != 1 || !errors.Is(err, errSpoilt) {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := r.s.Send([]Request[*pdu]{{PDU: &pdu{answer: true}}}); n != 0 || err == nil {
			t.Error("a response was sent as a request")
		}
		if i := r.s.Info(); i.Outstanding != 1 || i.Sent != 1 {
			t.Errorf("%+v", i)
		}
	})
}

func TestEnd(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{}).listen()
		r.s.SetBound("us")
		_, _ = r.s.Send(messages(1))
		r.send(frame(17, 'M', 'Q', "theirs"))
		ended := make(chan struct{})
		go func() {
			r.s.End(t.Context())
			close(ended)
		}()
		_ = r.written()
		r.send(frame(19, 'M', 'Q', "late"))
		if got := r.written(); got != frame(19, 'M', 'A', "no: the session ends") {
			t.Errorf("%q", got)
		}
		if _, err := r.s.Send(messages(1)); !errors.Is(err, ErrLeaving) {
			t.Error(err)
		}
		_ = r.s.Respond([]*pdu{okay(r.h.requests[0])})
		if got := r.written(); got != frame(17, 'M', 'A', "ok theirs") {
			t.Errorf("%q: our message is not answered yet", got)
		}
		r.send(frame(16, 'M', 'A', ""))
		if got := r.written(); got != frame(18, 'O', 'Q', "") {
			t.Fatalf("%q, want the log-out", got)
		}
		r.send(frame(18, 'O', 'A', ""))
		<-ended
		if !errors.Is(r.s.Err(), ErrLeft) || len(r.h.responses) != 1 || r.h.responses[0].Err != nil {
			t.Errorf("%v, %+v", r.s.Err(), r.h.responses)
		}
	})
}

// TestEndWritten: what was answered before the end reaches a peer that is slow to read it.
func TestEndWritten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Role: SMSC})
		r.s.SetBound("them")
		r.h.answer = okay
		r.send(frame(16, 'M', 'Q', "theirs"))
		ended := make(chan struct{})
		go func() {
			r.s.End(t.Context())
			close(ended)
		}()
		synctest.Wait()
		r.listen()
		if got := r.written(); got != frame(16, 'M', 'A', "ok theirs") {
			t.Errorf("%q", got)
		}
		<-ended
		if !errors.Is(r.s.Err(), ErrLeft) {
			t.Error(r.s.Err())
		}
	})
}

func TestEndInVain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{}).listen()
		r.s.SetBound("us")
		_, _ = r.s.Send(messages(1))
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		r.s.End(ctx)
		if time.Since(start) != 3*time.Second || !errors.Is(r.s.Err(), ErrLeft) || !errors.Is(r.h.responses[0].Err, ErrLeft) {
			t.Errorf("%v after %v", r.s.Err(), time.Since(start))
		}
	})
}

func TestJunk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Role: SMSC}).listen()
		r.s.SetBound("x")
		for range 20 { // with a frame now and then it goes on
			r.send(strings.Repeat("junk", 1000) + frame(16, 'V', 'Q', ""))
		}
		if got := r.written(); got != strings.Repeat(frame(16, 'V', 'A', "alive"), 20) {
			t.Errorf("%d octets", len(got))
		}
		go func() {
			for {
				if _, err := io.WriteString(r.peer, strings.Repeat("junk", 1000)); err != nil {
					return
				}
			}
		}()
		<-r.s.Done()
		if !errors.Is(r.s.Err(), ErrJunk) {
			t.Error(r.s.Err())
		}
	})
}

// A peer that never reads is not read from, and the session ends when it has taken nothing for too long.
func TestNeverReads(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{Role: SMSC, Write: 10 * time.Second})
		synctest.Wait()
		r.h.answer = func(p *pdu) *pdu { return &pdu{p.number, p.op, true, strings.Repeat("x", 2000)} }
		r.s.SetBound("x")
		go func() {
			for {
				if _, err := io.WriteString(r.peer, frame(16, 'M', 'Q', "")); err != nil {
					return
				}
			}
		}()
		<-r.s.Done()
		if n := len(r.h.requests); n > 2*maxPending/2000+256 {
			t.Errorf("%d requests were taken", n)
		}
	})
}

// When the peer closes, what is open is told in the order in which it was sent.
func TestPeerCloses(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, Config{}).listen()
		r.s.SetBound("us")
		for range 3 { // the numbers go round
			_, _ = r.s.Send(messages(2))
			_ = r.written()
			for _, n := range []byte{16, 18, 20, 22} {
				r.send(frame(n, 'M', 'A', ""))
			}
		}
		r.h.responses = nil
		_, _ = r.s.Send(messages(3))
		_ = r.written()
		_ = r.peer.Close()
		<-r.s.Done()
		var order []int
		for _, resp := range r.h.responses {
			order = append(order, resp.Ref.(int))
		}
		if !slices.Equal(order, []int{0, 1, 2}) || !errors.Is(r.h.responses[0].Err, ErrPeerClosed) {
			t.Errorf("%v, %v", order, r.s.Err())
		}
	})
}
