package simulator

import (
	"fmt"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/smpp"
	"kurir/ucp"
)

// ucpOperations are the operations in which each kind of deliver_sm goes.
var ucpOperations = map[uint32]ucp.Operation{
	kindReceipt: ucp.OpNotify, kindInbound: ucp.OpDeliver, kindInquired: ucp.OpInquiryAnswer, kindDeleted: ucp.OpDeletionAnswer,
}

// deliver writes op 53, 52, 57 or 58.
func (l *speakUCP) deliver(pdu []byte, kind uint32) []byte {
	sm, err := carried(pdu)
	if err != nil {
		return nil
	}
	l.message = ucp.Message{}
	if r, ok := readAlias(sm); ok {
		l.notification(sm, &r)
	} else {
		l.inbound(sm)
	}
	trn := uint8(smpp.ParseHeader(pdu).Sequence - 1)
	out, err := ucp.Append(l.octets[:0], &ucp.PDU{TRN: trn, Op: ucpOperations[kind], Body: &l.message})
	if err != nil {
		l.ss.sim.log.Warn("what is to be delivered cannot be written", "protocol", "UCP", "error", err)
		return nil
	}
	l.octets = out
	return out
}

// ucpReasons are those of the network, where they are not what we know nothing about.
var ucpReasons = map[uint8]ucp.Reason{
	causeUnknownSubscriber: ucp.ReasonUnknownSubscriber, causeAbsent: ucp.ReasonAbsentSubscriber,
	causeFull: ucp.ReasonErrorInMS, causeRefused: ucp.ReasonDeliveryFail,
}

// notification says what has become of a message: from its recipient, with its time.
func (l *speakUCP) notification(sm *smpp.ShortMessage, r *aliasReceipt) {
	m, zone := &l.message, l.ss.sim.zone()
	id, _ := ucp.ParseID(r.alias)
	m.AdC, m.OAdC, m.SCTS = l.toward(sm.Dest), id.AdC, id.SCTS
	m.DSCTS = string(ucp.AppendSeconds(nil, r.done, zone))
	reason, what := ucp.Reason(0), "delivered"
	switch r.state {
	case smpp.MessageDelivered:
		m.Dst = ucp.StatusDelivered
	case smpp.MessageEnroute, smpp.MessageAccepted, smpp.MessageScheduled:
		m.Dst, what, reason = ucp.StatusBuffered, "buffered", ucpReasons[r.cause]
	default:
		m.Dst, what, reason = ucp.StatusFailed, "not delivered", ucpReasons[r.cause]
		if r.state == smpp.MessageExpired && reason == 0 {
			reason = ucp.ReasonAbsentSubscriber
		} else if reason == 0 {
			reason = ucp.ReasonDeliveryFail
		}
	}
	m.Rsn = string(reason.Append(nil))
	m.SetText(fmt.Appendf(nil, "Message for %s, with identification %s has been %s on %s", id.AdC, id.SCTS, what, r.done.In(zone).Format("2006-01-02 at 15:04:05")))
}

// toward is whom a notification goes to: the sender of the message, or its account where that was a name.
func (l *speakUCP) toward(sender smpp.Address) string {
	for _, number := range []string{sender.Addr, l.ss.account.name} {
		if number != "" && len(number) <= 16 && strings.Trim(number, "0123456789") == "" {
			return number
		}
	}
	return ""
}

// inbound is a message from a phone.
func (l *speakUCP) inbound(sm *smpp.ShortMessage) {
	m := &l.message
	m.AdC = l.toward(sm.Dest)
	sender := sm.Source.Addr
	if sm.Source.TON == smpp.TONInternational {
		sender = "+" + sender
	}
	if m.SetSender(sender) != nil {
		m.OAdC, m.OTOA = "", ""
	}
	m.SCTS = string(ucp.AppendSeconds(nil, time.Now(), l.ss.sim.zone()))
	c := readContent(sm)
	if len(c.header) > 0 {
		m.XSer = m.XSer.Add(ucp.ServiceUDH, c.header...)
	}
	switch a := l.ss.sim.opt.UCPAlphabet; c.encoding {
	case gsm.GSM7:
		if a != ucp.AlphabetGSM {
			text := gsm.DecodeIn(gsm.GSM7, c.shift, c.payload)
			if octets, ok := a.Append(nil, text); ok {
				m.SetText(octets)
				return
			}
			l.unicode(text)
			return
		}
		m.SetText(c.payload)
		if sm.DataCoding != 0 {
			m.XSer = m.XSer.Add(ucp.ServiceDCS, sm.DataCoding)
		}
	case gsm.UCS2, gsm.Binary:
		m.SetData(c.payload)
		m.XSer = m.XSer.Add(ucp.ServiceDCS, sm.DataCoding)
	default:
		l.unicode(gsm.Decode(c.encoding, c.payload))
	}
}

// unicode makes the message one in UCS-2.
func (l *speakUCP) unicode(text string) {
	l.message.SetData(gsm.AppendUCS2(nil, text))
	l.message.XSer = l.message.XSer.Add(ucp.ServiceDCS, gsm.Coding(gsm.UCS2, gsm.NoClass).Octet())
}
