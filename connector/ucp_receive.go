package connector

import (
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
)

// speaks implements wireTalk.
func (t *ucpTalk) speaks() message.Dialect { return message.UCP }

// arrived implements wireTalk.
func (t *ucpTalk) arrived(p *ucp.PDU) wireArrival[*ucp.PDU] {
	if b, ok := p.Body.(*ucp.CallInput); ok && p.Op == ucp.OpCallInput { // a message from a phone, of an old SMSC
		m := ucp.Message{AdC: b.AdC, OAdC: b.OAdC, MT: b.MT, Msg: b.Msg}
		return t.inbound(&m)
	}
	m := p.Message()
	switch {
	case m == nil:
		return wireArrival[*ucp.PDU]{answer: p.Nack(ucp.CodeNotAllowed, "")}
	case p.Op == ucp.OpNotify:
		report := t.report(m)
		return wireArrival[*ucp.PDU]{report: &report}
	case p.Op == ucp.OpDeliver:
		return t.inbound(m)
	case p.Op == ucp.OpInquiryAnswer:
		t.tell(t.report(m))
		return wireArrival[*ucp.PDU]{answer: p.Ack(m.SCTS)}
	case p.Op == ucp.OpDeletionAnswer: // the answer to 56 has said it
		return wireArrival[*ucp.PDU]{answer: p.Ack(m.SCTS)}
	}
	return wireArrival[*ucp.PDU]{answer: p.Nack(ucp.CodeNotAllowed, "")}
}

// acknowledge implements wireTalk.
func (t *ucpTalk) acknowledge(p *ucp.PDU, err error) *ucp.PDU {
	if err != nil {
		return p.Nack(ucp.CodeSystem, "try again later")
	}
	if m := p.Message(); m != nil {
		return p.Ack(ucp.ID{AdC: m.AdC, SCTS: m.SCTS}.String())
	}
	return p.Ack("")
}

// refuseAfter implements wireTalk.
func (t *ucpTalk) refuseAfter() time.Duration { return 0 }

// report reads a notification, or what an operator tells when he is asked: the recipient of the message is its
// originator.
func (t *ucpTalk) report(m *ucp.Message) message.Report {
	r := message.Report{State: message.Unknown}
	if m.SCTS != "" {
		r.OperatorID = stampID(m.OAdC, m.SCTS)
	}
	reason, stated := m.Reason()
	switch m.Dst {
	case ucp.StatusDelivered:
		r.State, stated = message.Delivered, false // 000 means nothing then
	case ucp.StatusBuffered:
		r.State = message.Enroute
	case ucp.StatusFailed:
		r.State = message.Undeliverable
	}
	if stated {
		r.Code = uint32(reason)
		kind, known := t.receipts[r.Code]
		if !known {
			kind = ucpReasons[reason]
		}
		r.Failure = kind
	}
	if done, err := ucp.ParseTime(m.DSCTS, t.zone); err == nil && m.DSCTS != "" {
		r.Done = done.UnixMilli()
	}
	if m.MT == ucp.MTText {
		text := gsm.DecodeGSM7(m.Msg)
		r.Text = text[:min(len(text), smppMostText)]
	}
	return r
}

// inbound reads a message from a phone.
func (t *ucpTalk) inbound(m *ucp.Message) wireArrival[*ucp.PDU] {
	in := &message.Inbound{From: addressOf(m.OAdC, m.OTOA == ucp.OTOAInternational), To: addressOf(m.AdC, false)}
	if name, ok := m.Sender(); ok {
		in.From = message.Address{TON: message.TONAlphanumeric, Number: name}
	}
	coding, ud := m.Coding(), m.Msg
	d := gsm.ParseDataCoding(coding)
	switch {
	case m.MT == ucp.MTDigits:
		coding = 0 // digits are what they are in every alphabet
	case m.MT == ucp.MTText && t.alphabet != ucp.AlphabetGSM:
		var ok bool
		if ud, ok = gsm.AppendGSM7(nil, t.alphabet.Decode(m.Msg)); !ok {
			ud, coding = gsm.AppendUCS2(nil, t.alphabet.Decode(m.Msg)), gsm.Coding(gsm.UCS2, d.Class).Octet()
		}
	case m.MT == ucp.MTText && d.Encoding != gsm.GSM7:
		coding = gsm.Coding(gsm.GSM7, d.Class).Octet() // an AMsg is characters, whatever is said beside it
	case m.MT == ucp.MTData && d.Encoding == gsm.GSM7:
		ud = gsm.UnpackAll(m.Msg, len(m.XSer.UDH()))
	}
	airRead(in, coding, m.XSer.UDH(), ud)
	return wireArrival[*ucp.PDU]{in: in, print: func(p printer) {
		p.text(m.OAdC)
		p.text(m.AdC)
		p.text(m.SCTS)
		p.text(string(m.XSer))
		p.text(string(m.Msg))
	}}
}
