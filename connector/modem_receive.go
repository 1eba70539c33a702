package connector

import (
	"fmt"
	"strings"

	"kurir/gsm"
	"kurir/message"
	"kurir/modem"
)

// inbound hands over a message from a phone. It stays on the SIM until the ack.
func (s *modemSlot) inbound(m modem.Message) {
	in := &message.Inbound{
		Link: s.pool.cfg.Name, From: modemMessageAddress(m.From), To: s.own(), Parts: 1, Received: s.pool.shared.now().UnixMilli(),
	}
	if m.Err != nil { // kept as octets, which is better than lost
		s.pool.log.Warn("a message of a modem cannot be read and is kept as octets", "error", m.Err, "octets", len(m.Raw))
		in.Encoding, in.Content = gsm.Binary, message.Content{Data: m.Raw, Want: gsm.Binary, Class: gsm.NoClass}
		s.core.Inbound([]*message.Inbound{in}, m.Ack)
		return
	}
	airRead(in, m.Coding, m.Header, m.Payload)
	s.core.Inbound([]*message.Inbound{in}, m.Ack)
}

// report hands over a status report.
func (s *modemSlot) report(r modem.Report) {
	state, failure := modemState(r.Status)
	report := message.Report{
		OperatorID: modemID(s.sim(), r.Reference, r.To.Number), State: state, Failure: failure,
		From: modemMessageAddress(r.To), To: s.own(), Text: fmt.Sprintf("status:%02X %s", uint8(r.Status), r.Status),
	}
	if state != message.Delivered {
		report.Code = uint32(r.Status)
	}
	if !r.Done.IsZero() {
		report.Done = r.Done.UnixMilli()
	}
	s.core.Reports([]message.Report{report}, r.Ack)
}

// modemState is what a status is to the gateway. 3GPP TS 23.040 9.2.3.15.
func modemState(s gsm.DeliveryStatus) (message.State, message.FailureKind) {
	failures := map[gsm.DeliveryStatus]message.FailureKind{ // of both temporary ranges, by their last five bits
		0x00: message.Busy, 0x01: message.Busy, 0x02: message.Absent, 0x03: message.Refused, 0x05: message.Absent,
	}
	switch s.Kind() {
	case gsm.StatusDone:
		switch s {
		case 0x00:
			return message.Delivered, message.NoFailure
		case 0x02:
			return message.Deleted, message.NoFailure
		}
		return message.Unknown, message.NoFailure // passed on, and not confirmed
	case gsm.StatusTrying:
		return message.Enroute, failures[s&0x1F]
	case gsm.StatusGaveUp:
		return message.Undeliverable, failures[s&0x1F]
	case gsm.StatusPermanent:
		switch s {
		case 0x41:
			return message.Undeliverable, message.BadContent
		case 0x42:
			return message.Rejected, message.Refused
		case 0x43:
			return message.Undeliverable, message.BadRecipient
		case 0x46:
			return message.Expired, message.NoFailure
		case 0x47, 0x48:
			return message.Deleted, message.NoFailure
		}
		return message.Undeliverable, message.NoFailure
	}
	return message.Unknown, message.NoFailure
}

// modemMessageAddress is an address of a TPDU as messages have it.
func modemMessageAddress(a gsm.Address) message.Address {
	return message.Address{TON: message.TON(a.TON), NPI: message.NPI(a.NPI), Number: a.Number}
}

// modemNumber is a number as people write it.
func modemNumber(s string) message.Address {
	a := message.Address{TON: message.TONUnknown, NPI: message.NPIISDN, Number: s}
	if n, ok := strings.CutPrefix(s, "+"); ok {
		a.TON, a.Number = message.TONInternational, n
	}
	return a
}
