package connector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"kurir/smpp"
)

// TestStep is one thing that a test of a link tried.
type TestStep struct {
	Host   string
	Name   string // resolve, connect, tls, bind, enquire_link, unbind
	Took   time.Duration
	Found  string // what was learned, for people
	Error  string // empty when it went well
	Advice string // what to do about the error
}

const smppStepWait = 10 * time.Second // for each step of a test

// Test tries each host until the first step that fails, on connections of its
// own that leave the link's sessions alone: it need not run. It binds as a
// transmitter, lest the operator gives it receipts and messages that are the
// sessions'.
func (l *SMPP) Test(ctx context.Context) []TestStep {
	var steps []TestStep
	for _, host := range l.cfg.Hosts {
		p := &smppProbe{link: l, host: host}
		p.run(ctx)
		steps = append(steps, p.steps...)
	}
	return steps
}

// smppProbe tries one host.
type smppProbe struct {
	link  *SMPP
	host  string
	steps []TestStep
}

func (p *smppProbe) run(ctx context.Context) {
	if p.link.Dial == nil && !p.try(ctx, "resolve", p.resolve) {
		return
	}
	var conn net.Conn
	if !p.try(ctx, "connect", func(ctx context.Context) (found string, err error) {
		if conn, err = p.link.connection(ctx, "tcp", p.host); err != nil {
			return "", err
		}
		return fmt.Sprintf("from %s to %s", conn.LocalAddr(), conn.RemoteAddr()), nil
	}) {
		return
	}
	defer func() { _ = conn.Close() }()
	if p.link.cfg.TLS != nil && !p.try(ctx, "tls", func(ctx context.Context) (found string, err error) {
		secured, err := p.link.secure(ctx, conn, p.host)
		if err != nil {
			return "", err
		}
		conn = secured
		return describeTLS(secured.ConnectionState(), time.Now()), nil
	}) {
		return
	}
	var sess *smpp.Session
	if !p.try(ctx, "bind", func(ctx context.Context) (found string, err error) {
		sess, found, err = p.bind(ctx, conn)
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

// try does one step and notes how it went.
func (p *smppProbe) try(ctx context.Context, name string, do func(context.Context) (string, error)) bool {
	ctx, cancel := context.WithTimeout(ctx, smppStepWait)
	defer cancel()
	began := time.Now()
	found, err := do(ctx)
	step := TestStep{Host: p.host, Name: name, Took: time.Since(began), Found: found}
	if err != nil {
		step.Error, step.Advice = err.Error(), p.link.advice(name, err)
	}
	p.steps = append(p.steps, step)
	return err == nil
}

func (p *smppProbe) resolve(ctx context.Context) (string, error) {
	host, _, err := net.SplitHostPort(p.host)
	if err != nil {
		return "", err
	}
	addrs, err := net.DefaultResolver.LookupHost(ctx, host)
	return strings.Join(addrs, ", "), err
}

// bind binds as the link's sessions do, but as a transmitter.
func (p *smppProbe) bind(ctx context.Context, conn net.Conn) (*smpp.Session, string, error) {
	d := p.link.dialer(smpp.Transmitter)
	d.Hosts, d.Session.BindTimeout = []string{p.host}, smppStepWait
	d.Dial = func(context.Context, string, string) (net.Conn, error) { return conn, nil }
	sess, resp, err := d.Connect(ctx, smppStranger{})
	if err != nil {
		return nil, "", err
	}
	found := fmt.Sprintf("as %s, the operator calls itself %q", p.link.cfg.SystemID, resp.SystemID)
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

// describeTLS says who the operator is and until when.
func describeTLS(s tls.ConnectionState, now time.Time) string {
	if len(s.PeerCertificates) == 0 {
		return tls.VersionName(s.Version)
	}
	c := s.PeerCertificates[0]
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	who := c.Subject.CommonName
	if len(names) > 0 {
		who = strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s, certificate of %s by %s until %s (%d days)", tls.VersionName(s.Version), who, c.Issuer.CommonName,
		c.NotAfter.UTC().Format(time.DateOnly), int(c.NotAfter.Sub(now).Hours()/24))
}

// advice says what to do when a step failed.
func (l *SMPP) advice(step string, err error) string {
	switch step {
	case "resolve":
		return "look at the name under hosts, and at this machine's name servers (/etc/resolv.conf)"
	case "connect":
		return adviceConnect(err)
	case "tls":
		return adviceTLS(err)
	case "bind":
		return l.adviceBind(err)
	}
	return "the operator accepted the bind and does not go on: ask him to look at the session"
}

func adviceConnect(err error) string {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the machine is there and nothing listens on this port: look at the port under hosts, and ask the operator whether his SMSC is up"
	case errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EINVAL):
		return "local_address is not an address of this machine, or of another family than the host's"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no way to this address: look at routes, VPN and firewall of this machine"
	}
	return "nothing answers: a firewall is the usual reason. Ask the operator whether he has permitted the address that we come from"
}

func adviceTLS(err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return "nobody whom we trust vouches for the operator's certificate: put the operator's authority into tls: {ca}"
	case errors.As(err, &name):
		return "the certificate is another name's: put the name that the operator gave you into tls: {server_name}"
	case errors.As(err, &invalid):
		return "the operator's certificate has ended or may not be used so: tell him, and look at this machine's clock"
	case errors.As(err, &plain):
		return "the operator does not speak TLS on this port: ask for the right port, or leave tls out"
	}
	return "the operator broke off: he may want a certificate of ours (tls: {cert, key}), or speak too old a version of TLS"
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
