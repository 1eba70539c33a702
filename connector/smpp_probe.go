package connector

import (
	"context"
	"errors"
	"fmt"
	"net"

	"kurir/smpp"
)

// Test implements Tester. It binds as a transmitter, lest the operator gives it receipts and messages that are the
// sessions'.
func (l *SMPP) Test(ctx context.Context) []TestStep {
	return probeHosts(ctx, &l.cfg.Remote, l.Dial, l.adviceSession, l.probe)
}

// probe tries what comes behind the connection.
func (l *SMPP) probe(ctx context.Context, p *prober, conn net.Conn) {
	var sess *smpp.Session
	if !p.try(ctx, "bind", func(ctx context.Context) (found string, err error) {
		sess, found, err = l.probeBind(ctx, p.host, conn)
		return found, err
	}) {
		return
	}
	defer sess.Close(smpp.ErrUnbound)
	if !p.try(ctx, "enquire_link", func(ctx context.Context) (string, error) {
		resp, err := sess.Do(ctx, &smpp.EnquireLink{})
		if err == nil && resp.Status != smpp.ESME_ROK {
			err = resp.Status
		}
		return "", err
	}) {
		return
	}
	p.try(ctx, "unbind", func(ctx context.Context) (string, error) { return "", sess.Unbind(ctx) })
}

// probeBind binds as the link's sessions do, but as a transmitter.
func (l *SMPP) probeBind(ctx context.Context, host string, conn net.Conn) (*smpp.Session, string, error) {
	d := l.dialer(smpp.Transmitter)
	d.Hosts, d.Session.BindTimeout = []string{host}, stepWait
	d.Dial = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	sess, resp, err := d.Connect(ctx, smppStranger{})
	if err != nil {
		return nil, "", err
	}
	found := fmt.Sprintf("as %s, the operator calls itself %q", l.cfg.SystemID, resp.SystemID)
	if v, ok := resp.Version(); ok {
		found += fmt.Sprintf(" and speaks SMPP %s", v)
	}
	return sess, found, nil
}

// smppStranger is the handler of a test's session: what the operator sends on
// it belongs to the link's own sessions, so he is to send it again.
type smppStranger struct{}

// Requests implements smpp.Handler.
func (smppStranger) Requests(s *smpp.Session, requests []smpp.PDU) {
	var answers []smpp.PDU
	for _, r := range requests {
		if r.Command != smpp.CommandAlertNotification && r.Command != smpp.CommandOutbind {
			answers = append(answers, smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence, Status: smpp.ESME_RX_T_APPN})
		}
	}
	_ = s.Respond(answers) // an error means that the session is over
}

// Responses implements smpp.Handler.
func (smppStranger) Responses(*smpp.Session, []smpp.Response) {}

// adviceSession says what to do when a step behind the connection failed.
func (l *SMPP) adviceSession(step string, err error) string {
	if step == "bind" {
		return l.adviceBind(err)
	}
	return "the operator accepted the bind and does not go on: ask him to look at the session"
}

func (l *SMPP) adviceBind(err error) string {
	switch {
	case errors.Is(err, smpp.ESME_RALYBND):
		return "ESME_RALYBND: the operator permits no further session of this account beside those that are bound. That is no fault: " +
			"the way to the operator and the account work. To try the bind itself, stop the link first (kurir link stop " + l.cfg.Name + ")"
	case errors.Is(err, smpp.ESME_RBINDFAIL):
		return "the operator refused without saying why: usually all sessions of the account are taken, this address is not permitted, or the account is not active. Ask him"
	case errors.Is(err, smpp.ESME_RINVPASWD):
		return "the password is wrong: look at password; many operators lock an account after some attempts"
	case errors.Is(err, smpp.ESME_RINVSYSID):
		return "the operator does not know this system_id, or does not permit this address: look at system_id"
	case errors.Is(err, smpp.ESME_RINVSYSTYP):
		return "the operator wants another system_type: ask him which"
	case errors.Is(err, smpp.ESME_RINVCMDID), errors.Is(err, smpp.ESME_RINVBNDSTS):
		return "the operator does not take this kind of bind: ask which binds the account may make and set bind"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, smpp.ErrBindTimeout), errors.Is(err, smpp.ErrResponseTimeout):
		return "the operator took the connection and does not answer the bind: this may be no SMPP port, or it wants TLS"
	case errors.As(err, new(*smpp.BindError)):
		return "ask the operator what this status means for a bind"
	case l.cfg.TLS != nil:
		return "the operator closed the connection at the bind: usually he wants a certificate of ours (tls: {cert, key}), or does not permit this address"
	}
	return "the operator closed the connection at the bind: usually this address is not permitted, or the port wants TLS"
}
