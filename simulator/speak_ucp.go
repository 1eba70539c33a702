package simulator

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"kurir/smpp"
	"kurir/ucp"
	"kurir/wire"
)

// speakUCP is the language of a session on EMI/UCP. Its submissions become submit_sm, whose sequence number is that of
// the operation with its type above it; what goes to phones and comes from them is in ucp_submit.go and ucp_deliver.go.
type speakUCP struct {
	ss      *session
	message ucp.Message // of what is delivered
	buf     []byte
	octets  []byte
	submit  smpp.SubmitSM
	tlvs    [3]smpp.TLV
	stamp   [40]byte
}

func newSpeakUCP(ss *session) protocol { return &speakUCP{ss: ss} }

func (*speakUCP) name() string    { return "UCP" }
func (*speakUCP) version() string { return "5" }

// UCPAlphabets are the words for Options.UCPAlphabet.
const UCPAlphabets = "gsm, latin1, ira, british, danish, french, german, italian, spanish, swedish, swedish-names"

// SetUCPAlphabet sets UCPAlphabet to that of a word.
func (o *Options) SetUCPAlphabet(word string) (err error) {
	o.UCPAlphabet, err = ucp.ParseAlphabet(word)
	return err
}

// begin lets in who needs no log-in: the account is the peer's address.
func (l *speakUCP) begin() {
	if !l.ss.sim.opt.UCPKnown {
		return
	}
	name := l.ss.conn.RemoteAddr().String()
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	if a := l.ss.sim.account(name, l.ss.host); a != nil {
		l.enter(a)
	}
}

// enter makes the session one of an account. The version keeps optional parameters of SMPP away.
func (l *speakUCP) enter(a *account) { l.ss.enter(a, smpp.Transceiver, smpp.Version33) }

// cut finds what stands between STX and ETX.
func (*speakUCP) cut(b []byte) (frame []byte, used int, err error) {
	start, end, ok := wire.Next(b, ucp.MaxFrame)
	if !ok {
		return nil, start, nil
	}
	return b[start:end], end, nil
}

func (l *speakUCP) handle(frame []byte) bool {
	b := &l.ss.batch
	silent := l.ss.silent.Load() || l.ss.sim.silent.Load()
	p, err := ucp.Decode(frame)
	switch {
	case err != nil:
		b.c.Malformed++
		if bad, ok := err.(*ucp.DecodeError); ok && p != nil && !p.Result && !silent {
			l.write(p.Nack(bad.Code, bad.Field))
		}
		return true
	case p.Result:
		l.result(p)
		return true
	case silent:
		if isSubmission(p.Op) {
			b.c.Submitted++
			b.c.Lost++
		}
		return true
	case p.Op == ucp.OpSession:
		return l.logIn(p)
	case !l.ss.bound.Load():
		return l.write(p.Nack(ucp.CodeNotAllowed, "log in first"))
	case isSubmission(p.Op):
		return l.submission(p)
	}
	return l.other(p)
}

// isSubmission tells whether an operation brings a message.
func isSubmission(o ucp.Operation) bool {
	return o == ucp.OpSubmit || o == ucp.OpCallInput || o == ucp.OpTransfer
}

// other does what is neither a log-in nor a message.
func (l *speakUCP) other(p *ucp.PDU) bool {
	b := &l.ss.batch
	switch p.Op {
	case ucp.OpAlert:
		l.ss.account.mu.Lock()
		waiting := min(l.ss.account.waiting.records, 9999)
		l.ss.account.mu.Unlock()
		return l.write(p.Ack(fmt.Sprintf("%04d", waiting)))
	case ucp.OpInquire:
		b.c.Managed++
		return l.inquire(p)
	case ucp.OpDelete:
		b.c.Managed++
		return l.remove(p)
	case ucp.OpModify:
		b.c.Managed++
		return l.modify(p)
	}
	return l.write(p.Nack(ucp.CodeNotSupported, ""))
}

// write adds a PDU to what is answered; it always returns true, so that handlers can end with it.
func (l *speakUCP) write(p *ucp.PDU) bool {
	b := &l.ss.batch
	out, err := ucp.Append(b.answers, p)
	if err != nil {
		l.ss.sim.log.Warn("answer cannot be written", "protocol", "UCP", "error", err)
	}
	b.answers = out
	return true
}

// logIn opens a session; who may not is told so, and cut off.
func (l *speakUCP) logIn(p *ucp.PDU) bool {
	login, ok := p.Body.(*ucp.Login)
	if !ok || login.STYP != ucp.SessionOpen || l.ss.bound.Load() {
		return l.write(p.Nack(ucp.CodeNotAllowed, ""))
	}
	a, status := l.ss.login(login.OAdC, login.Pwd)
	if status != smpp.ESME_ROK {
		l.ss.batch.c.BindsRefused++
		l.write(p.Nack(ucpCode(status), ""))
		return false
	}
	l.enter(a)
	return l.write(p.Ack(""))
}

// result books what the peer says to something that was delivered.
func (l *speakUCP) result(p *ucp.PDU) {
	b := &l.ss.batch
	if p.Op < ucp.OpDeliver || !l.ss.bound.Load() {
		b.c.Unexpected++
		return
	}
	h := smpp.Header{Sequence: uint32(p.TRN) + 1}
	switch p.Outcome().Code {
	case ucp.CodeNone:
	case ucp.CodeNotAllowed, ucp.CodeInProgress, ucp.CodeLowNetwork, ucp.CodeNotSuccessful, ucp.CodeSystem:
		h.Status = smpp.ESME_RX_T_APPN
	default:
		h.Status = smpp.ESME_RX_R_APPN
	}
	b.acks = append(b.acks, h)
}

// answer writes the result of a submission.
func (l *speakUCP) answer(dst []byte, p *smpp.PDU) ([]byte, error) {
	request := ucp.PDU{TRN: uint8(p.Sequence), Op: ucp.Operation(p.Sequence >> 8)}
	if p.Status != smpp.ESME_ROK {
		return ucp.Append(dst, request.Nack(ucpCode(p.Status), ucpReason(p.Status)))
	}
	return ucp.Append(dst, request.Ack(p.MessageID()))
}

// unbind: UCP has no good-bye.
func (*speakUCP) unbind(dst []byte) ([]byte, bool) { return dst, false }

func (*speakUCP) garbage() string { return "\x0299/12345/these are no operations\x03\r\n" }

func (*speakUCP) numbers() uint32 { return ucp.MaxTRN + 1 }

// foreign is the bit of a status that is no command_status: below it stands the code of another language.
const foreign smpp.Status = 1 << 16

// ownStatus takes the number for an error code.
func (*speakUCP) ownStatus(code smpp.Status) smpp.Status {
	if code > 99 {
		return code
	}
	return foreign | code
}

// statusName is what statistics call a status.
func statusName(status smpp.Status) string {
	if status&foreign == 0 {
		return status.String()
	}
	return "code " + strconv.Itoa(int(status&^foreign))
}

// ucpCodes are the error codes that a status stands for.
var ucpCodes = map[smpp.Status]ucp.Code{
	smpp.ESME_RINVMSGLEN: ucp.CodeTooLong, smpp.ESME_RINVCMDID: ucp.CodeNotSupported, smpp.ESME_RINVBNDSTS: ucp.CodeNotAllowed,
	smpp.ESME_RALYBND: ucp.CodeNotAllowed, smpp.ESME_RSYSERR: ucp.CodeSystem, smpp.ESME_RINVSRCADR: ucp.CodeSyntax,
	smpp.ESME_RINVDSTADR: ucp.CodeAdC, smpp.ESME_RBINDFAIL: ucp.CodeAuthentication, smpp.ESME_RINVPASWD: ucp.CodeAuthentication,
	smpp.ESME_RINVSYSID: ucp.CodeAuthentication, smpp.ESME_RMSGQFUL: ucp.CodeSystem, smpp.ESME_RTHROTTLED: ucp.CodeNotAllowed,
	smpp.ESME_RINVSCHED: ucp.CodeTimePeriod, smpp.ESME_RINVEXPIRY: ucp.CodeTimePeriod, smpp.ESME_RQUERYFAIL: ucp.CodeNotFound,
	smpp.ESME_RCANCELFAIL: ucp.CodeNotFound, smpp.ESME_RREPLACEFAIL: ucp.CodeNotFound,
}

// ucpCode is the error code for a status.
func ucpCode(status smpp.Status) ucp.Code {
	if status&foreign != 0 {
		return ucp.Code(status)
	}
	if code, ok := ucpCodes[status]; ok {
		return code
	}
	return ucp.CodeNotSuccessful
}

// ucpReason says what the code does not: who refuses for the rate uses one that means other things too.
func ucpReason(status smpp.Status) string {
	switch status {
	case smpp.ESME_RTHROTTLED:
		return "throttled"
	case smpp.ESME_RMSGQFUL:
		return "queue full"
	}
	return ""
}

// zone is where the SMSC stands: times of UCP are local.
func (s *Simulator) zone() *time.Location {
	if s.opt.Zone != nil {
		return s.opt.Zone
	}
	return time.UTC
}
