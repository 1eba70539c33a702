package ucp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/wire"
)

// gate lets in whoever has the password.
func gate(h Handler) func(*Session, *Login) Decision {
	return func(_ *Session, login *Login) Decision {
		if login.Pwd != "secret" {
			return Decision{Code: CodeAuthentication, Text: "authentication failure"}
		}
		return Decision{Account: login.OAdC, Handler: h}
	}
}

// Both sides of a session: log-in, a message, its notification, a message from a phone, the end.
func TestSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		smsc, app := &recorder{answer: accept}, &recorder{answer: func(p *PDU) *PDU { return p.Ack("") }}
		srv := NewServer(wire.Config{}, gate(smsc))
		bound := make(chan *Session, 1)
		srv.Bound = func(s *Session) { bound <- s }
		s, err := dialerTo(t, srv, OpenSession("6000", "secret")).Connect(t.Context(), app)
		if err != nil {
			t.Fatal(err)
		}
		theirs := <-bound
		if theirs.Info().Account != "6000" || s.Info().Account != "6000" {
			t.Errorf("%+v", theirs.Info())
		}
		if n, err := s.Send(submits(3)); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		notify := &PDU{Op: OpNotify, Body: &Message{AdC: "2", OAdC: "1", SCTS: "291126170000", Dst: StatusDelivered, Rsn: "000"}}
		deliver := &PDU{Op: OpDeliver, Body: &Message{AdC: "6000", OAdC: "1", MT: MTText, Msg: []byte("hi")}}
		if n, err := theirs.Send([]Request{{PDU: notify, Ref: "n"}, {PDU: deliver, Ref: "d"}}); n != 2 || err != nil {
			t.Fatal(n, err)
		}
		synctest.Wait()
		got, answers := app.take()
		if len(got) != 2 || got[0].Message().Dst != StatusDelivered || string(got[1].Message().Msg) != "hi" {
			t.Errorf("%v", got)
		}
		if len(answers) != 3 || answers[2].Ref != 2 || answers[2].PDU.Outcome().SM != "1:291126170000" {
			t.Errorf("%+v", answers)
		}
		if got, answers = smsc.take(); len(got) != 3 || len(answers) != 2 || answers[1].Ref != "d" || answers[1].PDU.Outcome().Code != CodeNone {
			t.Errorf("%v, %+v", got, answers)
		}
		s.End(t.Context())
		if !errors.Is(s.Err(), wire.ErrLeft) {
			t.Error(s.Err())
		}
	})
}

// Who is not let in is told why, and the connection ends.
func TestLoginRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := dialerTo(t, NewServer(wire.Config{}, gate(&recorder{})), OpenSession("6000", "wrong"))
		_, err := d.Connect(t.Context(), &recorder{})
		var refused *LoginError
		if !errors.As(err, &refused) || !errors.Is(err, CodeAuthentication) || strings.Contains(err.Error(), "wrong") {
			t.Fatal(err)
		}
		if want := "log in to host: the log-in is refused: error 07 authentication failure: authentication failure"; err.Error() != want {
			t.Errorf("%s, want %s", err, want)
		}
	})
}

// Nothing but opening a session may come before that.
func TestBeforeLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := dialerTo(t, NewServer(wire.Config{}, gate(&recorder{})), nil)
		s, err := d.Connect(t.Context(), &recorder{})
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []*PDU{{Op: OpAlert, Body: &Alert{}}, submits(1)[0].PDU} {
			answer, err := s.Do(t.Context(), p)
			if err != nil || answer.Outcome().Code != CodeNotAllowed || answer.Outcome().SM != "log in first" {
				t.Errorf("%s, %v", answer, err)
			}
		}
		answer, err := s.Do(t.Context(), &PDU{Op: OpSession, Body: &Login{OAdC: "6000", STYP: SessionPassword, Pwd: "secret", NPwd: "x"}})
		if err != nil || answer.Outcome().Code != CodeNotAllowed {
			t.Errorf("%s, %v", answer, err)
		}
		<-s.Done()
		if !errors.Is(s.Err(), wire.ErrPeerClosed) {
			t.Error(s.Err())
		}
	})
}

// Who is known by the address need not log in.
func TestKnown(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := &recorder{answer: accept}
		srv := NewServer(wire.Config{}, gate(h))
		srv.Known = func(*Session) (string, Handler) { return "neighbour", h }
		s, err := dialerTo(t, srv, nil).Connect(t.Context(), &recorder{})
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := s.Do(t.Context(), submits(1)[0].PDU); err != nil || answer.Outcome().Code != CodeNone {
			t.Errorf("%s, %v", answer, err)
		}
		answer, err := s.Do(t.Context(), &PDU{Op: OpAlert, Body: &Alert{AdC: "6000", PID: PIDTCP}})
		if err != nil || answer.Outcome().SM != "0000" {
			t.Errorf("%s, %v", answer, err)
		}
	})
}

// Numbers go from 99 to 00, and one that is outstanding is not used again.
func testCornerNumbers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{Window: 200}, false)
		if n, err := r.s.Send(submits(150)); n != MaxWindow || err != nil {
			t.Fatalf("%d taken, %v", n, err)
		}
		var want []string
		for i := range MaxWindow {
			want = append(want, fmt.Sprintf("%02d/%s", i, submitted))
		}
		r.sent(want...)
		r.write(string(raw("02", "R/51/A//1:291126170000/")) + string(raw("05", "R/51/N/04//")) + string(raw("02", "R/51/A///")))
		if n, err := r.s.Send(submits(150)); n != 2 || err != nil {
			t.Fatalf("%d taken, %v", n, err)
		}
		r.sent("02/"+submitted, "05/"+submitted)
		if i := r.s.Info(); i.Bad != 1 || i.LastFault != "04 operation not allowed" {
			t.Errorf("%+v", i)
		}
	})
}

// Operations of the SMSC come while we wait for a result, with the same number.
func testCornerBothDirections(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{Window: 1}, false)
		if n, _ := r.s.Send(submits(2)); n != 1 {
			t.Fatal(n)
		}
		r.sent("00/" + submitted)
		r.write(string(raw("00", "O/52/6000/4670/")) + string(raw("00", "O/53/6000/4670/")) + string(raw("00", "O/31/6000/0539/")) + string(raw("00", "R/53/A///")))
		requests, responses := r.h.take()
		if len(requests) != 2 || len(responses) != 0 || r.s.Room() != 0 {
			t.Errorf("%v, %+v", requests, responses)
		}
		r.sent("00/R/31/A/0000/")
		r.write(string(raw("00", "R/51/A//1:291126170000/")))
		if _, responses = r.h.take(); len(responses) != 1 || r.s.Room() != 1 {
			t.Errorf("%+v", responses)
		}
		// Results have the number of their operation.
		_ = r.s.Respond([]*PDU{requests[1].Ack(""), requests[0].Nack(CodeSystem, "")})
		r.sent("00/R/53/A///", "00/R/52/N/55//")
	})
}

// A question for life that is refused shows that the peer lives; one that is not answered, that he does not.
func testCornerAlive(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{Alive: 20 * time.Second, Response: 10 * time.Second}, false)
		for i, answer := range []string{"R/31/A/0003/", "R/31/N/04//", "R/31/N/06/who/", "R/31/N/03//"} {
			time.Sleep(20 * time.Second)
			number := fmt.Sprintf("%02d", i)
			r.sent(number + "/O/31/6000/0539/")
			r.write(string(raw(number, answer)))
			if r.s.State() != wire.Bound {
				t.Fatalf("%s ended the session: %v", answer, r.s.Err())
			}
		}
		start := time.Now()
		r.ended(wire.ErrAliveTimeout)
		if d := time.Since(start); d != 30*time.Second {
			t.Errorf("after %v", d)
		}
	})
}

// The answer to a log-in takes its time.
func testCornerSlowLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		slow := func(s *Session, login *Login) Decision {
			time.Sleep(45 * time.Second)
			return gate(&recorder{})(s, login)
		}
		srv := NewServer(wire.Config{Login: time.Minute}, slow)
		d := dialerTo(t, srv, OpenSession("6000", "secret"))
		d.Session.Login = time.Minute
		if _, err := d.Connect(t.Context(), &recorder{}); err != nil {
			t.Error(err)
		}
		d.Session.Login = 30 * time.Second
		if _, err := d.Connect(t.Context(), &recorder{}); !errors.Is(err, wire.ErrLoginTimeout) {
			t.Error(err)
		}
	})
}

// What is not answered ends the connection: its number cannot be used again. Every operation has exactly one outcome.
func TestNoAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{Window: 10, Response: 30 * time.Second}, false)
		_, _ = r.s.Send(submits(3))
		time.Sleep(10 * time.Second)
		_, _ = r.s.Send(submits(2))
		r.write(string(raw("01", "R/51/A///")))
		r.ended(wire.ErrResponseTimeout)
		_, responses := r.h.take()
		outcomes := map[any]int{}
		for _, x := range responses {
			outcomes[fmt.Sprint(x.Ref, x.Err == nil)]++
		}
		if len(responses) != 5 || outcomes["1 true"] != 1 || outcomes["0 false"] != 2 || outcomes["1 false"] != 1 || outcomes["2 false"] != 1 {
			t.Errorf("%v", outcomes)
		}
	})
}

// Octets between frames, frames that are cut off, and frames that are spoilt do not keep those behind them from being
// understood.
func TestResynchronisation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{Role: wire.SMSC}, false)
		r.h.answer = accept
		good := string(raw("07", submitted))
		spoilt := strings.Replace(string(raw("08", submitted)), "/1/2/", "/1/3/", 1)
		r.write("\r\n\x00" + good + "\r\n" + good[:30] + good + "junk/\x03" + spoilt + good + "\x02" + string(raw("09", "O/59/")) + "\x02x\x03" + good[:20])
		taken := "07/R/51/A//1:291126170000/"
		r.sent("08/R/51/N/01/checksum: wrong/", "09/R/59/N/03/OT: unknown/", taken, taken, taken)
		r.write(good[20:])
		r.sent(taken)
		if i := r.s.Info(); i.Bad != 3 || i.Junk == 0 || i.State != wire.Bound {
			t.Errorf("%+v", i)
		}
	})
}

// A result that cannot be read frees its number, and who waits for it is told.
func TestSpoiltResult(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, wire.Config{Window: 1}, false)
		_, _ = r.s.Send(submits(1))
		r.write(string(raw("00", "R/51/X///")))
		_, responses := r.h.take()
		if len(responses) != 1 || !errors.Is(responses[0].Err, CodeSyntax) || r.s.Room() != 1 {
			t.Errorf("%+v", responses)
		}
	})
}
