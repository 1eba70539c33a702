package simulator

import (
	"strings"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/smpp"
)

// deliver writes a status report or a message from a phone. The account is locked.
func (l *speakCIMD2) deliver(pdu []byte, _ uint32) []byte {
	sm, err := carried(pdu)
	if err != nil {
		return nil
	}
	var body cimd2.Body
	if r, ok := readAlias(sm); ok {
		to, at, _ := strings.Cut(r.alias, ":")
		report := cimd2.StatusReport{Report: l.report(to, at, r.state, r.cause)}
		report.Discharge = l.localTime(r.done)
		body = &report
	} else {
		body = l.inbound(sm)
	}
	p, err := cimd2.New(body)
	if err == nil {
		p.Seq, p.Plain = uint8(smpp.ParseHeader(pdu).Sequence-1)*2, l.plain.Load()
		l.octets, err = cimd2.Append(l.octets[:0], p)
	}
	if err != nil {
		l.ss.sim.log.Warn("what is to be delivered cannot be written", "protocol", "CIMD2", "error", err)
		return nil
	}
	return l.octets
}

// cimd2Statuses are those of each state.
var cimd2Statuses = map[smpp.MessageState]cimd2.Status{
	smpp.MessageScheduled: cimd2.StatusInProcess, smpp.MessageEnroute: cimd2.StatusInProcess, smpp.MessageAccepted: cimd2.StatusInProcess,
	smpp.MessageDelivered: cimd2.StatusDelivered, smpp.MessageExpired: cimd2.StatusExpired, smpp.MessageDeleted: cimd2.StatusCancelled,
	smpp.MessageUndeliverable: cimd2.StatusFailed, smpp.MessageRejected: cimd2.StatusFailed, smpp.MessageUnknown: cimd2.StatusNoResponse,
}

// cimd2Causes are the status error codes for why a message was not delivered.
var cimd2Causes = map[uint8]int{causeUnknownSubscriber: 1, causeAbsent: 29, causeFull: 22, causeRefused: 20}

// report says what has become of a message.
func (*speakCIMD2) report(to, timestamp string, state smpp.MessageState, cause uint8) cimd2.Report {
	return cimd2.Report{Destination: to, Timestamp: timestamp, Status: cimd2Statuses[state], Error: cimd2.Some(cimd2Causes[cause])}
}

// wanted reports whether a receipt in its state was asked for, by registered_delivery or by a status report request.
func (r *receipt) wanted(registered uint8) bool {
	if r.reports > 0 {
		return cimd2.Reports(r.reports - 1).Wants(cimd2Statuses[r.state])
	}
	return wanted(registered, r.state)
}

// inbound is a message from a phone.
func (l *speakCIMD2) inbound(sm *smpp.ShortMessage) *cimd2.Deliver {
	m := &cimd2.Deliver{
		Destination: sm.Dest.Addr, Originator: sm.Source.Addr, Timestamp: l.localTime(time.Now()), Protocol: cimd2.Some(int(sm.ProtocolID)),
	}
	if !isNumber(m.Destination) { // a phone has answered to a name
		m.Destination = "0"
		if name := l.ss.account.name; isNumber(name) {
			m.Destination = name
		}
	}
	if !isNumber(m.Originator) {
		m.Originator = ""
	} else if sm.Source.TON == smpp.TONInternational {
		m.Originator = "+" + m.Originator
	}
	c := readContent(sm)
	coding, _ := gsm.ParseSMPPDataCoding(sm.DataCoding, gsm.GSM7)
	m.Header, m.Data = c.header, c.payload
	switch c.encoding {
	case gsm.GSM7:
	case gsm.UCS2, gsm.Binary:
		m.Binary = true
	default:
		m.Binary, m.Data = true, gsm.AppendUCS2(nil, gsm.Decode(c.encoding, c.payload))
		coding = gsm.Coding(gsm.UCS2, coding.Class)
	}
	m.Coding = cimd2.Some(int(coding.Octet()))
	return m
}

// isNumber reports whether an address is one that a phone can be reached at.
func isNumber(addr string) bool {
	return addr != "" && len(addr) < 20 && strings.Trim(addr, "0123456789") == ""
}
