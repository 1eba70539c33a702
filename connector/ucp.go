package connector

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
	"kurir/wire"
)

// UCP is a link to an SMSC over EMI/UCP. What it does as every link over a protocol of package wire does stands there
// (wireLink); here is how UCP says it:
//
//  1. A message is an operation 51 for each part, or 30 or 01 (ucp_build.go).
//  2. Its positive result names it by recipient and second (stampID), a negative one says why not.
//  3. 53 is a receipt, 52 a message from a phone (ucp_receive.go).
//  4. 55, 56 and 54 ask about a message, delete and modify it (ucp_manage.go); the operator answers the first by an
//     operation 57 of his own.
type UCP struct {
	*wireLink[*ucp.PDU]
	talk *ucpTalk
}

// NewUCP makes a link of a configuration that Validate found nothing wrong with. shared is that of the process.
func NewUCP(cfg UCPConfig, shared *Shared, log *slog.Logger) *UCP {
	cfg = cfg.WithDefaults()
	t := &ucpTalk{cfg: &cfg, cut: airCut{refs: shared.refs}, zone: zoneOf(cfg.Zone), now: shared.now, waiting: map[string][]chan message.Report{}}
	t.alphabet, _ = ucp.ParseAlphabet(cfg.Alphabet) // checked with the configuration
	t.answers, t.receipts = cfg.meanings(func(string, string) {})
	l := &UCP{newWireLink(cfg.Named, &cfg.Common, cfg.Remote, wireTalk[*ucp.PDU](t), shared, log), t}
	l.version = "UCP"
	t.log = l.log
	return l
}

// ucpTalk implements wireTalk.
type ucpTalk struct {
	cfg      *UCPConfig
	cut      airCut
	alphabet ucp.Alphabet
	zone     *time.Location
	now      func() time.Time
	log      *slog.Logger
	answers  map[uint32]message.FailureKind // what the configuration says of them
	receipts map[uint32]message.FailureKind

	mu      sync.Mutex
	waiting map[string][]chan message.Report // who has asked about a message, by its id
}

// dialer implements wireTalk.
func (t *ucpTalk) dialer(hosts []string, dial dialing, trace func(sent bool, frame []byte)) wireDialer[*ucp.PDU] {
	var login *ucp.Login
	if t.cfg.Account != "" {
		login = ucp.OpenSession(t.cfg.Account, t.cfg.Password.Reveal())
		digit := func(field *byte, n *uint8) {
			if n != nil {
				*field = '0' + *n
			}
		}
		digit(&login.OTON, t.cfg.AccountTON)
		digit(&login.ONPI, t.cfg.AccountNPI)
	}
	d := ucp.NewDialer(hosts, login, t.cfg.Number, wire.Config{
		Window: t.cfg.Window, Alive: t.cfg.KeepAlive, Response: t.cfg.ResponseTimeout, Login: t.cfg.loginWithin(), Logger: t.log, Trace: trace,
	})
	d.Dial = dial
	return d
}

// why implements wireTalk.
func (t *ucpTalk) why(err error) refusal {
	switch {
	case err == nil:
		return admitted
	case errors.Is(err, ucp.CodeAuthentication), errors.Is(err, ucp.CodeNotAllowed), errors.Is(err, ucp.CodeBarred):
		return badCredentials
	case errors.As(err, new(*ucp.LoginError)):
		return stillBound
	}
	return notConnected
}

// advice implements wireTalk.
func (t *ucpTalk) advice(step string, err error) string {
	switch {
	case step == "alive":
		return "the operator accepted the log-in and does not go on: ask him to look at the session"
	case errors.Is(err, ucp.CodeAuthentication), errors.Is(err, ucp.CodeNotAllowed):
		return "account or password are wrong, or the account may have no further session: look at account, password, account_ton and account_npi; many operators lock an account after some attempts"
	case errors.As(err, new(*ucp.LoginError)):
		return "ask the operator what this code means for a log-in"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, wire.ErrResponseTimeout), errors.Is(err, wire.ErrLoginTimeout):
		return "the operator took the connection and does not answer operation 60: this may be no UCP port, it may want TLS, or no log-in (leave account out)"
	}
	return "the operator closed the connection at the log-in: usually this address is not permitted"
}

// answered implements wireTalk.
func (t *ucpTalk) answered(request, response *ucp.PDU) (id string, f *message.Failure) {
	r := response.Outcome()
	if r.Code != ucp.CodeNone {
		return "", t.failure(r)
	}
	stamp, ok := ucp.ParseID(r.SM)
	if !ok {
		return "", nil // taken, and no receipt will find it
	}
	if stamp.AdC == "" {
		stamp.AdC = ucpRecipient(request)
	}
	return stampID(stamp.AdC, stamp.SCTS), nil
}

// failure is what a negative result means.
func (t *ucpTalk) failure(r *ucp.Result) *message.Failure {
	kind, known := t.answers[uint32(r.Code)]
	if !known {
		if kind, known = ucpFailures[r.Code]; !known {
			kind = message.Refused
		}
	}
	text := "the operator answered " + r.Code.Error()
	if r.SM != "" {
		text += ": " + r.SM
	}
	return &message.Failure{Kind: kind, Code: uint32(r.Code), Text: text}
}

// refused implements wireTalk.
func (t *ucpTalk) refused(err error) *message.Failure {
	f := &message.Failure{Kind: message.Refused, Text: "the message cannot be written on this link: " + err.Error()}
	if bad := (*ucp.EncodeError)(nil); errors.As(err, &bad) {
		if kind, known := ucpFailures[bad.Code]; known {
			f.Kind = kind
		}
		switch bad.Field {
		case "AdC":
			f.Kind = message.BadRecipient
		case "OAdC":
			f.Kind = message.BadSender
		}
	}
	return f
}

// sends implements wireTalk.
func (t *ucpTalk) sends(frames []byte) bool {
	for _, op := range []string{"/O/51/", "/O/30/", "/O/01/"} {
		if bytes.Contains(frames, []byte(op)) {
			return true
		}
	}
	return false
}

// requests implements wireTalk.
func (t *ucpTalk) requests(out *Outgoing, now time.Time) ([]*ucp.PDU, *message.Failure) {
	parts, f := t.cut.parts(out)
	if f != nil {
		return nil, f
	}
	b := ucpBuilder{talk: t, out: out, now: now}
	pdus := make([]*ucp.PDU, len(parts))
	for i := range parts {
		body, f := b.body(&parts[i])
		if f != nil {
			return nil, f
		}
		pdus[i] = &ucp.PDU{Op: b.op, Body: body, Private: out.Message.Secret()}
	}
	return pdus, nil
}

// ucpRecipient is who a message of ours goes to.
func ucpRecipient(p *ucp.PDU) string {
	switch b := p.Body.(type) {
	case *ucp.Message:
		return b.AdC
	case *ucp.CallInput:
		return b.AdC
	case *ucp.Transfer:
		return b.AdC
	}
	return ""
}

// text gives a text's octets in the alphabet of the link; ok is false if it lacks characters of it.
func (t *ucpTalk) text(p *airPart) (octets []byte, ok bool) {
	if t.alphabet == ucp.AlphabetGSM {
		return p.Payload, true
	}
	return t.alphabet.Append(nil, gsm.DecodeGSM7(p.Payload))
}
