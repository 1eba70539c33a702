package api

import (
	"context"
	"errors"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
	"kurir/wire"
)

// UCPServer lets customers log in over EMI/UCP: with operation 60, or without where their address is known. They submit
// with 51, 30 and 01, ask with 55 (answered by 57), delete with 56 (58) and modify with 54; states come as 53, messages from
// phones as 52. See wireServer for the procedure.
type UCPServer struct{ *wireServer[*ucp.PDU] }

// NewUCPServer makes a server; Serve runs it.
func NewUCPServer(g *gateway.Gateway, o WireOptions) *UCPServer { return newUCPServer(g, o) }

func newUCPServer(core smppCore, o WireOptions) *UCPServer {
	protocol := ucp.NewServer(wire.Config{}, nil).Protocol
	return &UCPServer{newWireServer(core, o, account.UCP, customerTalk[*ucp.PDU](ucpTalk{}), protocol)}
}

// ucpTalk implements customerTalk.
type ucpTalk struct{}

func (ucpTalk) via() message.Interface { return message.ViaUCP }

func (ucpTalk) version() string { return "UCP" }

// credentials implements customerTalk.
func (ucpTalk) credentials(p *ucp.PDU) (name, password string, refused *ucp.PDU, ok bool) {
	l, is := p.Body.(*ucp.Login)
	if !is || l.STYP != ucp.SessionOpen {
		return "", "", p.Nack(ucp.CodeNotAllowed, "open a session first"), false
	}
	return l.OAdC, l.Pwd, nil, true
}

// admitted implements customerTalk.
func (ucpTalk) admitted(p *ucp.PDU, l *account.Login) (answer *ucp.PDU, window int) {
	return p.Ack(""), l.MaxWindow(account.UCP)
}

// denied implements customerTalk.
func (ucpTalk) denied(p *ucp.PDU, why loginRefusal) *ucp.PDU {
	switch why {
	case loginWrong:
		return p.Nack(ucp.CodeAuthentication, "account or password are wrong")
	case loginCrowd:
		return p.Nack(ucp.CodeNotAllowed, "all sessions of the account are in use")
	case loginTaken:
		return p.Nack(ucp.CodeNotAllowed, "the session is open for another account: log in at once")
	}
	return p.Nack(ucp.CodeSystem, "try again later")
}

// messages implements customerTalk.
func (ucpTalk) messages(p *ucp.PDU) bool {
	return p.Op == ucp.OpSubmit || p.Op == ucp.OpTransfer || p.Op == ucp.OpCallInput
}

// busy and gone implement customerTalk.
func (ucpTalk) busy(p *ucp.PDU) *ucp.PDU {
	return p.Nack(ucp.CodeNotAllowed, "too many operations without a result")
}
func (ucpTalk) gone(p *ucp.PDU) *ucp.PDU { return p.Nack(ucp.CodeAuthentication, "") }

// submitted implements customerTalk.
func (t ucpTalk) submitted(p *ucp.PDU, c *customer) (subs []gateway.Submission, refused *ucp.PDU, ok bool) {
	var m ucp.Message
	switch b := p.Body.(type) {
	case *ucp.Message:
		m = *b
	case *ucp.Transfer:
		m = ucp.Message{AdC: b.AdC, OAdC: b.OAdC, NRq: b.NRq, DD: b.DD, DDT: b.DDT, VP: b.VP, MT: ucp.MTText, Msg: b.Msg}
	case *ucp.CallInput:
		m = ucp.Message{AdC: b.AdC, OAdC: b.OAdC, MT: b.MT, Msg: b.Msg}
	}
	s := gateway.Submission{Account: c.account, Via: message.ViaUCP}
	s.To, s.ToAddr = airNumber(m.AdC)
	ucpSender(&s, &m)
	if code, why := ucpTimes(&s, &m, c); code != ucp.CodeNone {
		return nil, p.Nack(code, why), false
	}
	if s.Content, ok = ucpContent(&m, c); !ok {
		return nil, p.Nack(ucp.CodeSyntax, "header or text cannot be read"), false
	}
	if m.NRq == '1' {
		s.Receipts = ucpReceipts(m.NT)
		s.Target = message.Target{Kind: message.SMPPTarget, Account: c.account.Name}
	}
	s.Priority = accountPriority(c.account)
	return []gateway.Submission{s}, nil, true
}

// accountPriority is that of messages that name none.
func accountPriority(a *account.Account) message.Priority {
	if a.Priority == "" {
		return message.Normal
	}
	p, _ := message.ParsePriority(a.Priority) // checked with the configuration
	return p
}

// ucpSender hands the sender over. An account that gives its own number as sender means its own.
func ucpSender(s *gateway.Submission, m *ucp.Message) {
	sender, name := m.Sender()
	switch {
	case sender == "":
	case name:
		s.FromAddr = message.Address{TON: message.TONAlphanumeric, Number: sender}
	case m.OTOA == ucp.OTOAInternational && smppDigits(sender) && len(sender) <= smppMostDigits:
		s.FromAddr = message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: sender}
	default:
		s.From, s.FromAddr = airNumber(sender)
	}
}

// ucpTimes reads deferred delivery and validity.
func ucpTimes(s *gateway.Submission, m *ucp.Message, c *customer) (code ucp.Code, why string) {
	if m.DD == '1' {
		at, err := ucp.ParseTime(m.DDT, c.zone)
		if err != nil || m.DDT == "" || at.Before(c.now.Add(-smppLate)) {
			return ucp.CodeTimePeriod, "the time of deferred delivery cannot be"
		}
		s.SendAt = at
	}
	if m.VP == "" {
		return ucp.CodeNone, ""
	}
	end, err := ucp.ParseTime(m.VP, c.zone)
	start := c.now
	if s.SendAt.After(start) {
		start = s.SendAt
	}
	if s.Validity = end.Sub(start); err != nil || s.Validity <= 0 {
		return ucp.CodeTimePeriod, "the validity cannot be"
	}
	return ucp.CodeNone, ""
}

// ucpReceipts reads NT; left out it means both final states.
func ucpReceipts(nt byte) message.Receipts {
	bits := int(nt - '0')
	if nt == 0 || bits == 0 {
		bits = ucp.NotifyDelivered | ucp.NotifyFailed
	}
	var r message.Receipts
	switch bits & (ucp.NotifyDelivered | ucp.NotifyFailed) {
	case ucp.NotifyDelivered | ucp.NotifyFailed:
		r = message.ReceiptFinal
	case ucp.NotifyDelivered:
		r = message.ReceiptSuccess
	case ucp.NotifyFailed:
		r = message.ReceiptFailure
	}
	if bits&ucp.NotifyBuffered != 0 {
		r |= message.ReceiptIntermediate
	}
	return r
}

// ucpContent reads the text or the data of a message.
func ucpContent(m *ucp.Message, c *customer) (message.Content, bool) {
	coding, ud := m.Coding(), m.Msg
	d := gsm.ParseDataCoding(coding)
	alphabet, _ := ucp.ParseAlphabet(c.login.Alphabet) // checked with the configuration
	switch {
	case m.MT == ucp.MTDigits:
		coding = 0 // digits are what they are in every alphabet
	case m.MT == ucp.MTText && alphabet != ucp.AlphabetGSM:
		text := alphabet.Decode(m.Msg)
		septets, ok := gsm.AppendGSM7(nil, text)
		if coding, ud = gsm.Coding(gsm.GSM7, d.Class).Octet(), septets; !ok {
			coding, ud = gsm.Coding(gsm.UCS2, d.Class).Octet(), gsm.AppendUCS2(nil, text)
		}
	case m.MT == ucp.MTText && d.Encoding != gsm.GSM7:
		coding = gsm.Coding(gsm.GSM7, d.Class).Octet() // an AMsg is characters, whatever is said beside it
	case m.MT == ucp.MTData && d.Encoding == gsm.GSM7 && !d.Compressed:
		ud = gsm.UnpackAll(m.Msg, len(m.XSer.UDH()))
	}
	return airContent(coding, m.XSer.UDH(), ud)
}

// accepted implements customerTalk.
func (ucpTalk) accepted(p *ucp.PDU, c *customer, results []gateway.Result, stamps []time.Time) *ucp.PDU {
	if f := results[0].Failure; f != nil {
		code := ucpCode(f)
		return p.Nack(code, f.Error())
	}
	id := ucp.ID{AdC: ucpTo(p), SCTS: string(ucp.AppendSeconds(nil, stamps[0], time.UTC))}
	return p.Ack(id.String())
}

// ucpTo is the recipient as the customer wrote it.
func ucpTo(p *ucp.PDU) string {
	switch b := p.Body.(type) {
	case *ucp.Message:
		return b.AdC
	case *ucp.Transfer:
		return b.AdC
	case *ucp.CallInput:
		return b.AdC
	}
	return ""
}

// said implements customerTalk. Only what says that the message itself is at fault means that it is not wanted again.
func (ucpTalk) said(p *ucp.PDU) (v gateway.Verdict, code uint32, text string) {
	r := p.Outcome()
	switch r.Code {
	case ucp.CodeNone:
		return gateway.Acknowledged, 0, ""
	case ucp.CodeNotSupported, ucp.CodeMessageType, ucp.CodeTooLong, ucp.CodeCharacterSet:
		v = gateway.GiveUp
	default:
		v = gateway.TryLater
	}
	return v, uint32(r.Code), r.Code.String()
}

// managed implements customerTalk.
func (t ucpTalk) managed(p *ucp.PDU, c *customer) (q *wireQuestion[*ucp.PDU], refused *ucp.PDU) {
	m := p.Message()
	if l, ok := p.Body.(*ucp.Login); ok {
		if l.STYP == ucp.SessionOpen {
			return nil, p.Nack(ucp.CodeNotAllowed, "the session is open")
		}
		return nil, p.Nack(ucp.CodeNotSupported, "passwords are changed by who runs this server")
	}
	if m == nil || p.Op != ucp.OpInquire && p.Op != ucp.OpDelete && p.Op != ucp.OpModify {
		return nil, p.Nack(ucp.CodeNotSupported, "")
	}
	stamp, err := ucp.ParseTime(m.SCTS, time.UTC)
	if err != nil || m.SCTS == "" {
		return nil, p.Nack(ucp.CodeNotFound, "the message is named by AdC and SCTS")
	}
	q = &wireQuestion[*ucp.PDU]{to: m.AdC, stamp: stamp, failed: p.Nack(ucp.CodeNotFound, "")}
	switch p.Op {
	case ucp.OpInquire:
		q.do = func(_ context.Context, _ smppCore, found []*message.Message) (*ucp.PDU, []*ucp.PDU) {
			return p.Ack(ucpID(m)), []*ucp.PDU{{Op: ucp.OpInquiryAnswer, Body: ucpTold(found[0], found[0].State, c)}}
		}
	case ucp.OpDelete:
		q.do = func(ctx context.Context, core smppCore, found []*message.Message) (*ucp.PDU, []*ucp.PDU) {
			if n, err := core.CancelEach(ctx, c.account.Name, idsOf(found)); err != nil || n == 0 {
				return p.Nack(ucpFailed(err), ""), nil
			}
			return p.Ack(ucpID(m)), []*ucp.PDU{{Op: ucp.OpDeletionAnswer, Body: ucpTold(found[0], message.Deleted, c)}}
		}
	case ucp.OpModify:
		q.do = func(ctx context.Context, core smppCore, found []*message.Message) (*ucp.PDU, []*ucp.PDU) {
			return t.modify(ctx, core, p, c, found[0]), nil
		}
	}
	return q, nil
}

// ucpID names the message that an operation is about.
func ucpID(m *ucp.Message) string { return ucp.ID{AdC: m.AdC, SCTS: m.SCTS}.String() }

// ucpFailed is the code for an operation that changed nothing.
func ucpFailed(err error) ucp.Code {
	if f := (*message.Failure)(nil); errors.As(err, &f) {
		return ucpCode(f)
	}
	return ucp.CodeNotSuccessful
}

// modify puts other content in the place of a message. A text, and times, that are left out stay.
func (ucpTalk) modify(ctx context.Context, core smppCore, p *ucp.PDU, c *customer, m *message.Message) *ucp.PDU {
	b := p.Message()
	change := gateway.Replacement{Account: c.account, Target: message.Target{Kind: message.SMPPTarget}, AtOperator: true}
	if b.MT != 0 {
		content, ok := ucpContent(b, c)
		if !ok {
			return p.Nack(ucp.CodeSyntax, "header or text cannot be read")
		}
		change.Content = &content
	}
	var times gateway.Submission
	if m.SendAt != 0 {
		times.SendAt = time.UnixMilli(m.SendAt)
	}
	if code, why := ucpTimes(&times, b, c); code != ucp.CodeNone {
		return p.Nack(code, why)
	}
	if change.Validity = times.Validity; b.DD == '1' {
		change.SendAt = times.SendAt
	}
	if n, err := core.ReplaceEach(ctx, []message.ID{m.ID}, &change); err != nil || n == 0 {
		return p.Nack(ucpFailed(err), "the message is no longer here, or its operator cannot replace it")
	}
	return p.Ack(ucpID(b))
}

// ucpCodes says by which code a customer learns why a message was not accepted (EMI/UCP 7.1). What will pass later is 04
// (slow down) or 55.
var ucpCodes = map[message.FailureKind]ucp.Code{
	message.Throttled: ucp.CodeNotAllowed, message.Overloaded: ucp.CodeNotAllowed, message.LimitReached: ucp.CodeNotAllowed,
	message.Busy: ucp.CodeSystem, message.LinkDown: ucp.CodeSystem, message.NoAnswer: ucp.CodeSystem, message.StoreFull: ucp.CodeSystem,
	message.Stopping: ucp.CodeSystem, message.Absent: ucp.CodeSystem, message.MemoryFull: ucp.CodeSystem,
	message.BadRecipient: ucp.CodeAdC, message.NoRoute: ucp.CodeAdC, message.NoPrice: ucp.CodeAdC,
	message.NotOpened: ucp.CodeAdC, message.BadSender: ucp.CodeSyntax, message.BadContent: ucp.CodeMessageType, message.TooOld: ucp.CodeTimePeriod,
}

// ucpCode is that of a failure.
func ucpCode(f *message.Failure) ucp.Code {
	switch {
	case f.Field == "to" && f.Kind == message.BadRecipient:
		return ucp.CodeAdC
	case f.Field == "validity" || f.Field == "send_at":
		return ucp.CodeTimePeriod
	}
	if code, known := ucpCodes[f.Kind]; known {
		return code
	}
	return ucp.CodeBarred // for good
}
