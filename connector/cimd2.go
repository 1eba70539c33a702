package connector

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"kurir/cimd2"
	"kurir/message"
	"kurir/wire"
)

// CIMD2 is a link to an SMSC over CIMD2. What it does as every link over a protocol of package wire does stands there
// (wireLink); here is how CIMD2 says it:
//
//  1. A message is an operation 03 for each part (cimd2_build.go).
//  2. Its response names it by recipient and second (stampID), or says why it was refused.
//  3. 23 is a receipt, 20 a message from a phone (cimd2_receive.go); the SMSC cannot be told that we could not keep one, so
//     it gets no answer then, and sends it again.
//  4. 04 and 06 ask about a message and take it back.
type CIMD2 struct {
	*wireLink[*cimd2.Packet]
	talk *cimd2Talk
}

// NewCIMD2 makes a link of a configuration that Validate found nothing wrong with. shared is that of the process.
func NewCIMD2(cfg CIMD2Config, shared *Shared, log *slog.Logger) *CIMD2 {
	cfg = cfg.WithDefaults()
	t := &cimd2Talk{cfg: &cfg, cut: airCut{refs: shared.refs}, zone: zoneOf(cfg.Zone)}
	t.answers, t.receipts = cfg.meanings(func(string, string) {})
	l := &CIMD2{newWireLink(cfg.Named, &cfg.Common, cfg.Remote, wireTalk[*cimd2.Packet](t), shared, log), t}
	l.version = "CIMD2"
	t.log = l.log
	return l
}

// cimd2Talk implements wireTalk.
type cimd2Talk struct {
	cfg      *CIMD2Config
	cut      airCut
	zone     *time.Location
	log      *slog.Logger
	answers  map[uint32]message.FailureKind // what the configuration says of them
	receipts map[uint32]message.FailureKind
}

// dialer implements wireTalk.
func (t *cimd2Talk) dialer(hosts []string, dial dialing, trace func(sent bool, frame []byte)) wireDialer[*cimd2.Packet] {
	d := &cimd2.Dialer{
		Hosts: hosts, Dial: dial, User: t.cfg.User, Password: t.cfg.Password.Reveal(), Plain: t.cfg.NoChecksum,
		Session: wire.Config{
			Window: t.cfg.Window, Alive: t.cfg.KeepAlive, Response: t.cfg.ResponseTimeout, Login: t.cfg.loginWithin(), Logger: t.log, Trace: trace,
		},
	}
	if n := t.cfg.Subaddress; n != nil {
		d.Subaddress = cimd2.Some(int(*n))
	}
	return d
}

// why implements wireTalk.
func (t *cimd2Talk) why(err error) refusal {
	switch {
	case err == nil:
		return admitted
	case errors.Is(err, cimd2.ErrLogin), errors.Is(err, cimd2.ErrAccessType), errors.Is(err, cimd2.ErrSubaddress):
		return badCredentials
	case errors.As(err, new(*cimd2.Refusal)):
		return stillBound
	}
	return notConnected
}

// advice implements wireTalk.
func (t *cimd2Talk) advice(step string, err error) string {
	switch {
	case step == "alive":
		return "the operator accepted the login and does not go on: ask him to look at the session"
	case errors.Is(err, cimd2.ErrLogin), errors.Is(err, cimd2.ErrAccessType):
		return "user or password are wrong, or this address is not permitted: look at user and password; many operators lock an account after some attempts"
	case errors.Is(err, cimd2.ErrTooManyUsers):
		return "the operator permits no further session of this account: stop the link first (kurir link stop " + t.cfg.Name + "), or set subaddress"
	case errors.As(err, new(*cimd2.Refusal)):
		return "ask the operator what this code means for a login"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, wire.ErrResponseTimeout), errors.Is(err, wire.ErrLoginTimeout):
		return "the operator took the connection and does not answer the login: this may be no CIMD2 port, or it wants TLS"
	}
	return "the operator closed the connection at the login: usually this address is not permitted"
}

// answered implements wireTalk.
func (t *cimd2Talk) answered(request, response *cimd2.Packet) (id string, f *message.Failure) {
	if err := response.Refused(); err != nil {
		return "", t.failure(err)
	}
	var resp cimd2.SubmitResp
	_ = response.Read(&resp) // whatever else is amiss, such as a blank behind the number: what could be read names the message
	if len(resp.Results) == 0 {
		return "", nil // taken, and no receipt will find it
	}
	r := &resp.Results[0]
	switch {
	case r.Error != cimd2.NoError:
		return "", t.failure(&cimd2.Refusal{Code: r.Error, Text: r.ErrorText})
	case r.Timestamp == "":
		return "", nil
	case r.Destination == "":
		to, _ := request.Get(cimd2.ParamDestination)
		r.Destination = string(to)
	}
	return stampID(r.Destination, r.Timestamp), nil
}

// failure is what a refusal means.
func (t *cimd2Talk) failure(err error) *message.Failure {
	f := &message.Failure{Kind: message.Refused, Text: "the operator answered " + err.Error()}
	refusal := (*cimd2.Refusal)(nil)
	if !errors.As(err, &refusal) {
		return f
	}
	f.Code = uint32(refusal.Code)
	kind, known := t.answers[f.Code]
	switch {
	case !known && refusal.Code != cimd2.ErrCongestion && refusal.Code.Temporary():
		kind, known = message.Busy, true
	case !known:
		kind, known = cimd2Failures[refusal.Code]
	}
	if known {
		f.Kind = kind
	}
	return f
}

// refused implements wireTalk.
func (t *cimd2Talk) refused(err error) *message.Failure {
	f := &message.Failure{Kind: message.Refused, Text: "the message cannot be written on this link: " + err.Error()}
	if bad := (*cimd2.ParamError)(nil); errors.As(err, &bad) {
		if kind, known := cimd2Failures[bad.Code]; known {
			f.Kind = kind
		}
	}
	return f
}

// sends implements wireTalk.
func (t *cimd2Talk) sends(frames []byte) bool { return strings.Contains(string(frames), "\x0203:") }

// Query implements Querier by operation 04.
func (l *CIMD2) Query(ctx context.Context, at AtOperator) (message.Report, error) {
	to, stamp := l.about(at)
	p, host, err := l.do(ctx, at, &cimd2.Enquire{Destination: to, Timestamp: stamp})
	if err != nil {
		return message.Report{}, err
	}
	var resp cimd2.EnquireResp
	if err := p.Read(&resp); err != nil {
		return message.Report{}, err
	}
	r := l.talk.report(&resp.Report)
	r.Scope, r.OperatorID, r.From = host, at.ID, at.To
	return r, nil
}

// Cancel implements Canceler by operation 06.
func (l *CIMD2) Cancel(ctx context.Context, at AtOperator) (message.Report, error) {
	to, stamp := l.about(at)
	_, host, err := l.do(ctx, at, &cimd2.Cancel{Mode: cimd2.Some(cimd2.CancelTimestamp), Destination: to, Timestamp: stamp})
	return message.Report{Scope: host, OperatorID: at.ID, State: message.Deleted, From: at.To}, err
}

// about names a message as the operator does.
func (l *CIMD2) about(at AtOperator) (to, stamp string) {
	shown, _ := l.talk.cfg.rewriting.recipient(at.To)
	return digitsOf(shown, l.talk.cfg.International), at.ID[strings.LastIndexByte(at.ID, ':')+1:]
}

// do makes a request about a message.
func (l *CIMD2) do(ctx context.Context, at AtOperator, body cimd2.Body) (*cimd2.Packet, string, error) {
	p, err := cimd2.New(body)
	if err != nil {
		return nil, "", err
	}
	resp, host, err := l.ask(ctx, at, p)
	if err == nil {
		err = resp.Refused()
	}
	return resp, host, err
}
