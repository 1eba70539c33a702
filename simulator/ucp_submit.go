package simulator

import (
	"bytes"
	"errors"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/smpp"
	"kurir/ucp"
)

// submission takes the message of op 51, 01 or 30.
func (l *speakUCP) submission(p *ucp.PDU) bool {
	b := &l.ss.batch
	m := submitted(p)
	if err := l.translate(m); err != nil {
		b.c.Submitted++
		b.c.Rejected++
		code := ucp.CodeSyntax
		errors.As(err, &code)
		b.statuses[foreign|smpp.Status(code)]++
		return l.write(p.Nack(code, ""))
	}
	b.alias = l.alias(m.AdC)
	l.submit.TLVs = append(l.submit.TLVs, smpp.TLV{Tag: tagAlias, Value: []byte(b.alias)})
	var err error
	if l.buf, err = smpp.Append(l.buf[:0], &smpp.PDU{Sequence: uint32(p.TRN) + 1, Body: &l.submit}); err != nil {
		b.alias = ""
		return l.write(p.Nack(ucp.CodeSyntax, ""))
	}
	plan, _ := l.ss.place(b.out.keep(nil, l.buf), &l.submit.ShortMessage)
	b.pdu.Sequence = uint32(p.TRN) | uint32(p.Op)<<8
	b.resp = smpp.SubmitSMResp{MessageID: b.alias}
	if plan.noID {
		b.resp.MessageID = ""
	}
	b.alias = ""
	return l.ss.reply(&plan, &b.resp)
}

// alias names a message that comes now: no other to this recipient has the same second.
func (l *speakUCP) alias(adc string) string {
	s := l.ss.sim
	return string(s.ucpStamps.Append(append(append(l.stamp[:0], adc...), ':'), adc, l.ss.batch.now, s.zone()))
}

// submitted gives the message of any of the three operations.
func submitted(p *ucp.PDU) *ucp.Message {
	switch b := p.Body.(type) {
	case *ucp.CallInput:
		return &ucp.Message{AdC: b.AdC, OAdC: b.OAdC, MT: b.MT, Msg: b.Msg}
	case *ucp.Transfer:
		return &ucp.Message{
			AdC: b.AdC, OAdC: b.OAdC, NRq: b.NRq, NAdC: b.NAdC, NPID: b.NPID, DD: b.DD, DDT: b.DDT, VP: b.VP, MT: ucp.MTText, Msg: b.Msg,
		}
	}
	return p.Message()
}

// translate makes a submit_sm of a message, in l.submit. The error is a code.
func (l *speakUCP) translate(m *ucp.Message) error {
	to := ucpNumber(m.AdC)
	if to == "" || strings.Trim(to, "0123456789") != "" {
		return ucp.CodeAdC
	}
	l.submit = smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: ucpSource(m), Dest: smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: to},
		RegisteredDelivery: ucpRegistered(m), TLVs: l.tlvs[:0],
	}}
	sm := &l.submit.ShortMessage
	if m.PR != 0 {
		sm.Priority = m.PR - '0'
	}
	if err := l.times(m, sm); err != nil {
		return err
	}
	return l.content(m, sm)
}

// ucpNumber is a number without the 00 that some write in place of the + that UCP cannot.
func ucpNumber(adc string) string {
	if rest, ok := strings.CutPrefix(adc, "00"); ok && len(rest) > 6 {
		return rest
	}
	return adc
}

// ucpSource is the sender of a message.
func ucpSource(m *ucp.Message) smpp.Address {
	sender, name := m.Sender()
	switch {
	case name:
		return smpp.Address{TON: smpp.TONAlphanumeric, Addr: sender}
	case m.OTOA == ucp.OTOAInternational:
		return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: sender}
	}
	return smpp.Address{Addr: sender}
}

// ucpRegistered reads which notifications are wanted; both final ones if NT does not say.
func ucpRegistered(m *ucp.Message) (reg uint8) {
	if m.NRq != '1' {
		return smpp.ReceiptNone
	}
	nt := m.NT - '0'
	if m.NT == 0 || nt == 0 {
		nt = ucp.NotifyDelivered | ucp.NotifyFailed
	}
	if nt&ucp.NotifyBuffered != 0 {
		reg = smpp.ReceiptIntermediate
	}
	switch nt & (ucp.NotifyDelivered | ucp.NotifyFailed) {
	case ucp.NotifyDelivered:
		return reg | smpp.ReceiptSuccess
	case ucp.NotifyFailed:
		return reg | smpp.ReceiptFailure
	case 0:
		return reg
	}
	return reg | smpp.ReceiptFinal
}

// times are deferred delivery and validity.
func (l *speakUCP) times(m *ucp.Message, sm *smpp.ShortMessage) error {
	for _, x := range []struct {
		from string
		to   *string
	}{{m.DDT, &sm.ScheduleTime}, {m.VP, &sm.Validity}} {
		at, err := ucp.ParseTime(x.from, l.ss.sim.zone())
		if err != nil {
			return ucp.CodeTimePeriod
		}
		if !at.IsZero() {
			*x.to = string(smpp.AppendTime(nil, at))
		}
	}
	return nil
}

// The most octets of a message, its header aside.
const (
	mostText = 160
	mostData = 140
)

// content is text or data with header and data coding scheme.
func (l *speakUCP) content(m *ucp.Message, sm *smpp.ShortMessage) error {
	octets, most := m.Msg, mostText
	switch m.MT {
	case ucp.MTText:
		if a := l.ss.sim.opt.UCPAlphabet; a != ucp.AlphabetGSM {
			septets, ok := gsm.AppendGSM7(nil, a.Decode(octets))
			if !ok {
				return ucp.CodeCharacterSet
			}
			octets = septets
		}
	case ucp.MTDigits:
	case ucp.MTData:
		most = mostData
	default:
		return ucp.CodeMessageType
	}
	if len(octets) > most {
		return ucp.CodeTooLong
	}
	sm.DataCoding = m.Coding()
	udh := m.XSer.UDH()
	if len(udh) > 0 {
		sm.ESMClass |= smpp.ESMUDHI
	}
	if m.MT == ucp.MTData && gsm.ParseDataCoding(sm.DataCoding).Encoding == gsm.GSM7 { // packed, as on the air
		octets = gsm.UnpackAll(octets, len(udh))
	}
	sm.Text = bytes.Join([][]byte{udh, octets}, nil)
	return nil
}

// wanted tells which of the messages to a recipient an operation is about: the one of SCTS, or all without it.
func wantedAlias(m *ucp.Message) func(alias string) bool {
	return func(alias string) bool {
		id, ok := ucp.ParseID(alias)
		return ok && ucpNumber(id.AdC) == ucpNumber(m.AdC) && (m.SCTS == "" || m.SCTS == id.SCTS)
	}
}

// inquire tells what has become of a message, in an operation of its own.
func (l *speakUCP) inquire(p *ucp.PDU) bool {
	r, found := l.ss.lookUp(ucpNumber(p.Message().AdC), wantedAlias(p.Message()))
	if !found {
		return l.write(p.Nack(ucp.CodeNotFound, ""))
	}
	l.tell(&r, kindInquired)
	return l.write(p.Ack(r.alias))
}

// tell sends what an inquiry or a deletion has found.
func (l *speakUCP) tell(r *receipt, kind uint32) {
	o := &l.ss.batch.out
	before := len(o.now)
	o.receipt(l.ss.account, r, time.Time{}, false)
	for _, record := range o.now[before:] {
		setKind(record, kind)
	}
}

// remove takes back what still waits.
func (l *speakUCP) remove(p *ucp.PDU) bool {
	m := p.Message()
	list := l.ss.withdraw(ucpNumber(m.AdC), wantedAlias(m))
	if len(list) == 0 {
		return l.write(p.Nack(ucp.CodeNotFound, ""))
	}
	for _, st := range list {
		r := st.receipt
		r.state, r.done = smpp.MessageDeleted, l.ss.batch.now
		l.tell(&r, kindDeleted)
	}
	return l.write(p.Ack(list[0].receipt.alias))
}

// modify gives a message that waits another content, and what else the operation says.
func (l *speakUCP) modify(p *ucp.PDU) bool {
	m, s := p.Message(), l.ss.sim
	if err := l.translate(m); err != nil {
		code := ucp.CodeSyntax
		errors.As(err, &code)
		return l.write(p.Nack(code, ""))
	}
	s.phones.mu.Lock()
	defer s.phones.mu.Unlock()
	list := l.ss.waitingFor(ucpNumber(m.AdC), wantedAlias(m))
	if len(list) == 0 {
		return l.write(p.Nack(ucp.CodeNotFound, ""))
	}
	st := list[len(list)-1]
	l.submit.TLVs = append(l.submit.TLVs, smpp.TLV{Tag: tagAlias, Value: []byte(st.receipt.alias)})
	if !l.ss.exchange(st, &l.submit, l.submit.Validity) {
		return l.write(p.Nack(ucp.CodeSyntax, ""))
	}
	return l.write(p.Ack(st.receipt.alias))
}
