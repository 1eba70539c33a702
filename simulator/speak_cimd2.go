package simulator

import (
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"kurir/cimd2"
	"kurir/smpp"
	"kurir/wire"
)

// speakCIMD2 is the language of a session on CIMD2. Its submissions become submit_sm, whose sequence number is that of the
// packet; what goes to phones and comes from them is in cimd2_submit.go and cimd2_deliver.go.
type speakCIMD2 struct {
	ss      *session
	repeats *cimd2.Repeats
	plain   atomic.Bool // the application leaves out checksums

	request cimd2.Submit // being read
	resp    *cimd2.Packet
	submit  smpp.SubmitSM
	tlvs    [2]smpp.TLV
	buf     []byte
	octets  []byte // of what is delivered; the account's lock guards it
}

func newSpeakCIMD2(ss *session) protocol {
	return &speakCIMD2{ss: ss, repeats: cimd2.NewRepeats(true)}
}

func (*speakCIMD2) name() string    { return "CIMD2" }
func (*speakCIMD2) version() string { return "2" }

// begin sends the line with which these SMSCs greet, and which applications pass over.
func (l *speakCIMD2) begin() {
	b := &l.ss.batch
	b.answers = append(b.answers, "CIMD2-A ConnectionInfo: SessionId = "...)
	b.answers = strconv.AppendUint(b.answers, l.ss.number, 10)
	b.answers = append(b.answers, "\r\n"...)
}

// cut finds what stands between STX and ETX.
func (*speakCIMD2) cut(b []byte) (frame []byte, used int, err error) {
	start, end, ok := wire.Next(b, cimd2.MaxPacket)
	if !ok {
		return nil, start, nil
	}
	return b[start:end], end, nil
}

func (l *speakCIMD2) handle(frame []byte) bool {
	b := &l.ss.batch
	silent := l.ss.silent.Load() || l.ss.sim.silent.Load()
	p, err := cimd2.Decode(frame)
	if err != nil {
		b.c.Malformed++
		if !silent {
			l.misread(p)
		}
		return true
	}
	if p.IsResponse() || p.Op == cimd2.OpNack {
		l.acknowledged(p)
		return true
	}
	l.plain.Store(p.Plain)
	again, answer := l.repeats.Came(p)
	switch {
	case silent:
		if p.Op == cimd2.OpSubmit {
			b.c.Submitted++
			b.c.Lost++
		}
		return true
	case again && answer != nil:
		return l.write(answer)
	case again:
		return true
	}
	return l.requested(p)
}

// requested does what a packet asks for that has not come before.
func (l *speakCIMD2) requested(p *cimd2.Packet) bool {
	b := &l.ss.batch
	switch {
	case p.Op == cimd2.OpLogin:
		return l.logIn(p)
	case !l.ss.bound.Load():
		return l.refuse(p, cimd2.ErrUnexpectedOperation)
	}
	switch p.Op {
	case cimd2.OpSubmit:
		return l.submission(p)
	case cimd2.OpAlive:
		return l.reply(p, nil)
	case cimd2.OpLogout:
		l.reply(p, nil)
		return false
	case cimd2.OpEnquire:
		b.c.Managed++
		return l.enquire(p)
	case cimd2.OpCancel:
		b.c.Managed++
		return l.cancel(p)
	case cimd2.OpDeliveryRequest:
		b.c.Managed++
		return l.fetch(p)
	case cimd2.OpSet:
		return l.refuse(p, cimd2.ErrPasswordChangeDisabled)
	case cimd2.OpGet:
		return l.get(p)
	}
	return l.refuse(p, cimd2.ErrUnexpectedOperation)
}

// misread answers a packet that could not be read: by a nack, or where its number is known by a refusal.
func (l *speakCIMD2) misread(p *cimd2.Packet) {
	if p == nil {
		l.write(cimd2.Empty(cimd2.OpNack, l.repeats.Expected()))
		return
	}
	l.refuse(p, cimd2.ErrSyntax)
}

// write adds a packet to what is answered; it always returns true, so that handlers can end with it.
func (l *speakCIMD2) write(p *cimd2.Packet) bool {
	b := &l.ss.batch
	if p == nil {
		return true
	}
	p.Plain = l.plain.Load()
	l.repeats.Answered(p)
	out, err := cimd2.Append(b.answers, p)
	if err != nil {
		l.ss.sim.log.Warn("answer cannot be written", "protocol", "CIMD2", "error", err)
	}
	b.answers = out
	return true
}

// reply answers positively.
func (l *speakCIMD2) reply(p *cimd2.Packet, body cimd2.Body) bool {
	answer, err := p.Answer(body)
	if err != nil {
		l.ss.sim.log.Warn("answer cannot be written", "protocol", "CIMD2", "error", err)
		return l.refuse(p, cimd2.ErrSystem)
	}
	return l.write(answer)
}

// refuse answers negatively.
func (l *speakCIMD2) refuse(p *cimd2.Packet, code cimd2.ErrorCode) bool {
	return l.write(p.Refuse(code, ""))
}

// logIn lets an application in; who may not is told so, and cut off. Its window is that of what is delivered too.
func (l *speakCIMD2) logIn(p *cimd2.Packet) bool {
	var login cimd2.Login
	var pe *cimd2.ParamError
	if l.ss.bound.Load() {
		return l.refuse(p, cimd2.ErrUnexpectedOperation)
	}
	code := cimd2.NoError
	if err := p.Read(&login); errors.As(err, &pe) {
		code = pe.Code
	}
	var a *account
	if code == cimd2.NoError {
		var status smpp.Status
		if a, status = l.ss.login(login.User, login.Password); status != smpp.ESME_ROK {
			code = cimd2LoginCode(status)
		}
	}
	if code != cimd2.NoError {
		l.ss.batch.c.BindsRefused++
		l.refuse(p, code)
		return false
	}
	l.ss.most = login.Window.Or(1)
	l.ss.enter(a, smpp.Transceiver, smpp.Version33) // which keeps optional parameters of SMPP away
	return l.reply(p, nil)
}

// cimd2LoginCode is the error code for why somebody may not log in.
func cimd2LoginCode(status smpp.Status) cimd2.ErrorCode {
	switch status {
	case smpp.ESME_RINVSYSID, smpp.ESME_RINVPASWD:
		return cimd2.ErrLogin
	case smpp.ESME_RBINDFAIL:
		return cimd2.ErrLoginRefused
	}
	return cimd2.ErrTooManyUsers
}

// acknowledged books what the application says to something that was delivered. Even numbers count deliveries. After a nack,
// as after an error that passes, it is delivered again in a while.
func (l *speakCIMD2) acknowledged(p *cimd2.Packet) {
	b := &l.ss.batch
	known := p.Op == cimd2.OpDeliverResp || p.Op == cimd2.OpStatusReportResp || p.Op == cimd2.OpNack
	if !known || !l.ss.bound.Load() || p.Seq%2 != 0 {
		b.c.Unexpected++
		return
	}
	h := smpp.Header{Sequence: uint32(p.Seq)/2 + 1}
	var refusal *cimd2.Refusal
	switch {
	case p.Op == cimd2.OpNack:
		h.Status = smpp.ESME_RX_T_APPN
	case errors.As(p.Refused(), &refusal):
		h.Status = smpp.ESME_RX_R_APPN
		if refusal.Code.Temporary() {
			h.Status = smpp.ESME_RX_T_APPN
		}
	}
	b.acks = append(b.acks, h)
}

// answer writes the response to a submission, which stands ready.
func (l *speakCIMD2) answer(dst []byte, p *smpp.PDU) ([]byte, error) {
	if p.Command == smpp.CommandGenericNack {
		nack := cimd2.Empty(cimd2.OpNack, uint8(p.Sequence))
		nack.Plain = l.plain.Load()
		return cimd2.Append(dst, nack)
	}
	return cimd2.Append(dst, l.resp)
}

// unbind is the error after which a connection is of no use any more.
func (l *speakCIMD2) unbind(dst []byte) ([]byte, bool) {
	p := cimd2.Empty(cimd2.OpGeneralError, 0)
	p.Plain = l.plain.Load()
	if p.Add(cimd2.ParamErrorCode, strconv.Itoa(int(cimd2.ErrSystem))) != nil {
		return dst, false
	}
	out, err := cimd2.Append(dst, p)
	return out, err == nil
}

func (*speakCIMD2) garbage() string { return "\x02these are no packets\x03" }

func (*speakCIMD2) numbers() uint32 { return cimd2.MaxWindow }

// ownStatus takes the number for an error code.
func (*speakCIMD2) ownStatus(code smpp.Status) smpp.Status { return foreign | code }

// cimd2Codes are the error codes that a status stands for.
var cimd2Codes = map[smpp.Status]cimd2.ErrorCode{
	smpp.ESME_RINVMSGLEN: cimd2.ErrUserData, smpp.ESME_RSYSERR: cimd2.ErrSystem, smpp.ESME_RINVSRCADR: cimd2.ErrOriginator,
	smpp.ESME_RINVDSTADR: cimd2.ErrDestination, smpp.ESME_RMSGQFUL: cimd2.ErrCongestion, smpp.ESME_RTHROTTLED: cimd2.ErrCongestion,
	smpp.ESME_RINVSCHED: cimd2.ErrFirstDelivery, smpp.ESME_RINVEXPIRY: cimd2.ErrValidity, smpp.ESME_RSUBMITFAIL: cimd2.ErrFailed,
	smpp.ESME_RINVDCS: cimd2.ErrCoding, smpp.ESME_RINVBNDSTS: cimd2.ErrUnexpectedOperation,
}

// cimd2Code is the error code for a status.
func cimd2Code(status smpp.Status) cimd2.ErrorCode {
	if status&foreign != 0 {
		return cimd2.ErrorCode(status &^ foreign)
	}
	if code, ok := cimd2Codes[status]; ok {
		return code
	}
	return cimd2.ErrFailed
}

// localTime writes a moment as the SMSC's clock shows it.
func (l *speakCIMD2) localTime(t time.Time) string { return cimd2.FormatTime(t, l.ss.sim.zone()) }
