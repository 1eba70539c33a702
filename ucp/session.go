package ucp

import (
	"context"
	"errors"

	"kurir/wire"
)

// What package wire calls by names of its own.
type (
	// Session is one connection, seen from either side.
	Session = wire.Session[*PDU]
	// Handler receives what arrives on a session.
	Handler = wire.Handler[*PDU]
	// Request is an operation to be sent.
	Request = wire.Request[*PDU]
	// Response is the outcome of a request.
	Response = wire.Response[*PDU]
	// Dialer makes sessions of an application.
	Dialer = wire.Dialer[*PDU]
	// Server accepts connections and log-ins of applications.
	Server = wire.Server[*PDU]
)

// MaxWindow is the most operations that may be outstanding: there are no more numbers.
const MaxWindow = MaxTRN + 1

// protocol tells sessions what UCP is. In its questions for life a side names itself by a number.
func protocol(number string) *wire.Protocol[*PDU] {
	return &wire.Protocol[*PDU]{
		Name: "UCP", Append: Append, Decode: Decode,
		Shown:       shown,
		Alive:       func() *PDU { return &PDU{Op: OpAlert, Body: &Alert{AdC: number, PID: PIDTCP}} },
		IsAlive:     func(p *PDU) bool { return p.Op == OpAlert },
		AliveAnswer: func(request *PDU) *PDU { return request.Ack("0000") }, // no messages wait
		Early:       func(p *PDU) bool { return p.Op == OpSession },
		Refuse:      refuse,
		Fault:       fault,
		Numbers:     func(wire.Role) wire.Numbers { return wire.Numbers{Step: 1, Count: MaxWindow} },
	}
}

// refuse answers an operation that no handler gets to see.
func refuse(p *PDU, why error) *PDU {
	var bad *DecodeError
	switch {
	case errors.As(why, &bad):
		return p.Nack(bad.Code, bad.Field+": "+bad.Reason)
	case errors.Is(why, wire.ErrNotLoggedIn):
		return p.Nack(CodeNotAllowed, "log in first")
	}
	return p.Nack(CodeSystem, "the session ends")
}

// fault gives what a result refuses an operation with, empty if it does not.
func fault(p *PDU) string {
	r := p.Outcome()
	if r == nil || r.Code == CodeNone {
		return ""
	}
	if r.SM == "" {
		return r.Code.String()
	}
	return r.Code.String() + ": " + r.SM
}

// LoginError is the refusal of a log-in. It is the code too, for errors.Is.
type LoginError struct {
	Code Code
	Text string // what the SMSC says about it, perhaps nothing
}

// Error gives code and text.
func (e *LoginError) Error() string {
	if e.Text == "" {
		return "the log-in is refused: " + e.Code.Error()
	}
	return "the log-in is refused: " + e.Code.Error() + ": " + e.Text
}

// Unwrap gives the code.
func (e *LoginError) Unwrap() error { return e.Code }

// NewDialer makes a dialer for an account at an SMSC. It logs in with login (see OpenSession), or not at all if that is
// nil: then the SMSC knows the account by its address, and number is what we call ourselves in questions for life.
func NewDialer(hosts []string, login *Login, number string, cfg wire.Config) *Dialer {
	d := &Dialer{Hosts: hosts, Session: cfg, Account: number}
	if login != nil {
		d.Account = login.OAdC
		d.Login = func(ctx context.Context, s *Session) error { return logIn(ctx, s, login) }
	}
	if number == "" {
		number = d.Account
	}
	d.Protocol = protocol(number)
	return d
}

// OpenSession makes the log-in of an account. Type and plan of its number are those of a short number; the other
// usual ones are '1' and '1', those of an international number.
func OpenSession(account, password string) *Login {
	return &Login{OAdC: account, OTON: '6', ONPI: '5', STYP: SessionOpen, Pwd: password, Vers: Version}
}

// logIn sends a log-in and waits for the answer.
func logIn(ctx context.Context, s *Session, login *Login) error {
	answer, err := s.Do(ctx, &PDU{Op: OpSession, Body: login})
	if err != nil {
		return err
	}
	if r := answer.Outcome(); r.Code != CodeNone {
		return &LoginError{r.Code, r.SM}
	}
	return nil
}

// NewServer makes a server that asks decide about each log-in. With CodeNone the handler gets everything that follows, and
// the session has the account's name; with any other code that and the text are answered, and the session ends. It may
// take its time: only its own session waits. Later operations 60 go to the handler as all others. Fields of the server that
// say more may be set before Serve.
func NewServer(cfg wire.Config, decide func(s *Session, login *Login) Decision) *Server {
	return &Server{
		Protocol: protocol(""),
		Session:  cfg,
		Login: func(s *Session, p *PDU) (*PDU, string, Handler) {
			login, ok := p.Body.(*Login)
			if !ok || login.STYP != SessionOpen {
				return p.Nack(CodeNotAllowed, "open a session first"), "", nil
			}
			d := decide(s, login)
			switch {
			case d.Code != CodeNone:
				return p.Nack(d.Code, d.Text), "", nil
			case d.Handler == nil:
				return p.Nack(CodeSystem, ""), "", nil
			}
			return p.Ack(d.Text), d.Account, d.Handler
		},
	}
}

// Decision is what becomes of a log-in.
type Decision struct {
	Code    Code
	Text    string // system message of the answer; may be empty
	Account string
	Handler Handler
}
