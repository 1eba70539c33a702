package simulator

import "kurir/smpp"

// speakSMPP is the language that the simulator thinks in. What it does with PDUs is in session.go, submit.go and manage.go.
type speakSMPP struct{ ss *session }

func newSpeakSMPP(ss *session) protocol { return speakSMPP{ss} }

func (speakSMPP) name() string      { return "SMPP" }
func (l speakSMPP) version() string { return l.ss.version.String() }
func (speakSMPP) begin()            {}

func (l speakSMPP) cut(b []byte) (frame []byte, used int, err error) {
	n, err := smpp.FrameLen(b, 0)
	if err != nil {
		l.ss.batch.decodeError(err)
		return nil, 0, err
	}
	if n == 0 || n > len(b) {
		return nil, 0, nil
	}
	return b[:n], n, nil
}

func (l speakSMPP) handle(frame []byte) bool { return l.ss.handle(frame) }

func (speakSMPP) answer(dst []byte, p *smpp.PDU) ([]byte, error) {
	out, err := smpp.Append(dst, p)
	if err != nil {
		return smpp.Append(dst, &smpp.PDU{Command: smpp.CommandGenericNack, Status: smpp.ESME_RSYSERR, Sequence: p.Sequence})
	}
	return out, nil
}

func (speakSMPP) deliver(pdu []byte, _ uint32) []byte { return pdu }

func (speakSMPP) unbind(dst []byte) ([]byte, bool) {
	out, err := smpp.Append(dst, &smpp.PDU{Command: smpp.CommandUnbind, Sequence: smpp.MaxSequence})
	return out, err == nil
}

func (speakSMPP) garbage() string { return "\x00\x00\x00\x05 these are no PDUs" }

// numbers leaves the last one to unbind.
func (speakSMPP) numbers() uint32 { return smpp.MaxSequence - 1 }

func (speakSMPP) ownStatus(code smpp.Status) smpp.Status { return code }
