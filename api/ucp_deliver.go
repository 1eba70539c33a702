package api

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
)

// speaks implements customerTalk.
func (ucpTalk) speaks() message.Dialect { return message.UCP }

// state implements customerTalk.
func (ucpTalk) state(it *gateway.Item, c *customer) ([]*ucp.PDU, error) {
	return []*ucp.PDU{{Op: ucp.OpNotify, Body: ucpTold(it.Message, it.State, c)}}, nil
}

// ucpTold says what has become of a message (53, 57, 58): the recipient is the originator of that.
func ucpTold(m *message.Message, state message.State, c *customer) *ucp.Message {
	at, to := stampOf(m, c.zone)
	b := &ucp.Message{
		AdC: ucpDigits(airShown(m.From, 16)), OAdC: ucpTheirs(to), SCTS: string(ucp.AppendSeconds(nil, at, time.UTC)),
		Dst: ucp.StatusBuffered, Rsn: "000", DSCTS: string(ucp.AppendSeconds(nil, c.now, c.zone)),
	}
	if m.From.TON == message.TONAlphanumeric || b.AdC == "" {
		b.AdC = ucpOwn(c)
	}
	if m.Final != 0 {
		b.DSCTS = string(ucp.AppendSeconds(nil, time.UnixMilli(m.Final), c.zone))
	}
	word := "is on its way"
	switch {
	case state == message.Delivered || state == message.Sent:
		b.Dst, word = ucp.StatusDelivered, "has been delivered"
	case state.Final():
		reason, known := ucpReasons[wireWhy(m)]
		if !known || state == message.Deleted {
			reason = ucp.ReasonDeliveryFail
		}
		b.Dst, b.Rsn, word = ucp.StatusFailed, string(reason.Append(nil)), "could not be delivered: "+state.String()
	}
	septets, _ := gsm.AppendGSM7(nil, fmt.Sprintf("Message for %s, with identification %s %s", b.OAdC, b.SCTS, word))
	b.SetText(septets)
	return b
}

// ucpDigits is a number if it consists of digits, else empty: nothing else can stand in an address.
func ucpDigits(number string) string {
	if !smppDigits(number) {
		return ""
	}
	return number
}

// ucpTheirs is what can stand in an address of a recipient as the customer wrote him.
func ucpTheirs(to string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, to)
	return digits[:min(len(digits), 22)]
}

// ucpOwn is the customer's number where no other can be named; 0 if his name is none.
func ucpOwn(c *customer) string {
	return cmp.Or(ucpDigits(c.account.LoginName(account.UCP)), "0")
}

// ucpReasons says by which reason (EMI/UCP 7.2) a customer learns why a message did not arrive; all else is
// ucp.ReasonDeliveryFail. A phone that has no room is one in error, for want of a better one.
var ucpReasons = map[message.FailureKind]ucp.Reason{
	message.BadRecipient: ucp.ReasonUnknownSubscriber, message.Absent: ucp.ReasonAbsentSubscriber,
	message.Refused: ucp.ReasonDeliveryFail, message.MemoryFull: ucp.ReasonErrorInMS, message.Busy: ucp.ReasonSystemFail,
}

// ucpWriter makes who wrote the originator of a message: a number, or a name as far as there is room for one; 0 where it can
// be neither.
func ucpWriter(m *ucp.Message, from message.Address) {
	number := from.Number
	if from.TON != message.TONAlphanumeric && smppDigits(number) {
		m.OAdC = airShown(from, 16)
		if from.TON == message.TONInternational {
			m.OTOA = ucp.OTOAInternational
		}
		return
	}
	if runes := []rune(number); len(runes) > 11 {
		number = string(runes[:11])
	}
	name, err := ucp.AppendName(nil, number)
	if m.OAdC, m.OTOA = string(name), ucp.OTOAName; err != nil {
		m.OAdC, m.OTOA = "0", ""
	}
}

// inbound implements customerTalk.
func (ucpTalk) inbound(in *message.Inbound, c *customer) ([]*ucp.PDU, error) {
	parts, err := airParts(in, c.refs)
	if err != nil {
		return nil, err
	}
	alphabet, _ := ucp.ParseAlphabet(c.login.Alphabet)
	pdus := make([]*ucp.PDU, len(parts))
	for i := range parts {
		s := &parts[i]
		m := &ucp.Message{AdC: cmp.Or(ucpDigits(airShown(in.To, 16)), ucpOwn(c)), SCTS: string(ucp.AppendSeconds(nil, time.UnixMilli(in.Received), c.zone))}
		ucpWriter(m, in.From)
		if s.Header != nil {
			m.XSer = m.XSer.Add(ucp.ServiceUDH, s.Header...)
		}
		octets, ok := s.Payload, true
		if s.Encoding == gsm.GSM7 && alphabet != ucp.AlphabetGSM {
			octets, ok = alphabet.Append(nil, gsm.DecodeGSM7(s.Payload))
		}
		coding := gsm.Coding(s.Encoding, in.Content.Class).Octet()
		switch {
		case s.Encoding != gsm.GSM7:
			m.SetData(s.Payload)
		case ok:
			m.SetText(octets)
		default: // what the customer's alphabet lacks comes as the phone had it
			m.SetData(gsm.Pack(nil, s.Payload, gsm.FillBits(len(s.Header))))
		}
		if coding != 0 || !ok {
			m.XSer = m.XSer.Add(ucp.ServiceDCS, coding)
		}
		pdus[i] = &ucp.PDU{Op: ucp.OpDeliver, Body: m}
	}
	return pdus, nil
}
