package api

import (
	"strings"
	"time"

	"kurir/cimd2"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// speaks implements customerTalk.
func (cimd2Talk) speaks() message.Dialect { return message.CIMD2 }

// state implements customerTalk.
func (cimd2Talk) state(it *gateway.Item, c *customer) ([]*cimd2.Packet, error) {
	p, err := cimd2.New(&cimd2.StatusReport{Report: cimd2Told(it.Message, it.State, c)})
	return []*cimd2.Packet{p}, err
}

// cimd2Told says what has become of a message.
func cimd2Told(m *message.Message, state message.State, c *customer) cimd2.Report {
	at, to := stampOf(m, c.zone)
	r := cimd2.Report{
		Destination: cimd2Theirs(to), Timestamp: cimd2.FormatTime(at, time.UTC), Status: cimd2.StatusInProcess,
		Error: cimd2.Some(0), Discharge: cimd2.FormatTime(c.now, c.zone),
	}
	if m.Final != 0 {
		r.Discharge = cimd2.FormatTime(time.UnixMilli(m.Final), c.zone)
	}
	switch state {
	case message.Delivered, message.Sent:
		r.Status = cimd2.StatusDelivered
	case message.Expired:
		r.Status, r.Error = cimd2.StatusExpired, cimd2.Some(int(cimd2Reasons[wireWhy(m)]))
	case message.Deleted:
		r.Status = cimd2.StatusCancelled
	case message.Unknown:
		r.Status = cimd2.StatusLastNoResponse
	case message.Undeliverable, message.Rejected:
		r.Status, r.Error = cimd2.StatusFailed, cimd2.Some(int(cimd2Reasons[wireWhy(m)]))
	}
	return r
}

// cimd2Reasons says by which status error code (062) a customer learns why a message did not arrive; 0, no reason, for all else.
var cimd2Reasons = map[message.FailureKind]cimd2.StatusError{
	message.BadRecipient: 1, message.Refused: 13, message.MemoryFull: 22, message.Absent: 29, message.Busy: 36,
}

// cimd2Theirs is what can stand in an address (digits, + and -) of a recipient as the customer wrote him.
func cimd2Theirs(to string) string {
	to = strings.Map(func(r rune) rune {
		if (r < '0' || r > '9') && r != '+' && r != '-' {
			return -1
		}
		return r
	}, to)
	return to[:min(len(to), 20)]
}

// cimd2Number is a number for a message from a phone; 0 where there is none, as the protocol has no names there.
func cimd2Number(a message.Address) string {
	number := airShown(a, 20)
	if a.TON == message.TONAlphanumeric || number == "" || !smppDigits(number) {
		return "0"
	}
	return number
}

// inbound implements customerTalk.
func (cimd2Talk) inbound(in *message.Inbound, c *customer) ([]*cimd2.Packet, error) {
	parts, err := airParts(in, c.refs)
	if err != nil {
		return nil, err
	}
	packets := make([]*cimd2.Packet, len(parts))
	for i := range parts {
		s := &parts[i]
		d := &cimd2.Deliver{
			Destination: cimd2Number(in.To), Originator: cimd2Number(in.From), Timestamp: cimd2.FormatTime(time.UnixMilli(in.Received), c.zone),
			UserData: cimd2.UserData{Header: s.Header, Data: s.Payload, Binary: s.Encoding != gsm.GSM7},
		}
		if coding := gsm.Coding(s.Encoding, in.Content.Class).Octet(); coding != 0 {
			d.Coding = cimd2.Some(int(coding))
		}
		if packets[i], err = cimd2.New(d); err != nil {
			return nil, err
		}
	}
	return packets, nil
}
