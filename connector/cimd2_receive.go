package connector

import (
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/message"
)

// speaks implements wireTalk.
func (t *cimd2Talk) speaks() message.Dialect { return message.CIMD2 }

// arrived implements wireTalk. What cannot be read is acknowledged all the same, lest it come again and again: there is no
// negative response of an application.
func (t *cimd2Talk) arrived(p *cimd2.Packet) wireArrival[*cimd2.Packet] {
	switch p.Op {
	case cimd2.OpStatusReport:
		var b cimd2.StatusReport
		if err := p.Read(&b); err != nil {
			t.log.Warn("a packet of the operator cannot be used", "operation", p.Op, "error", err)
		}
		report := t.report(&b.Report)
		return wireArrival[*cimd2.Packet]{report: &report}
	case cimd2.OpDeliver:
		var b cimd2.Deliver
		if err := p.Read(&b); err != nil {
			t.log.Warn("a packet of the operator cannot be used", "operation", p.Op, "error", err)
			if b.Destination == "" && b.Originator == "" {
				return wireArrival[*cimd2.Packet]{answer: t.acknowledge(p, nil)}
			}
		}
		return t.inbound(&b)
	}
	return wireArrival[*cimd2.Packet]{answer: t.acknowledge(p, nil)}
}

// acknowledge implements wireTalk. A nack has the SMSC send the packet again.
func (t *cimd2Talk) acknowledge(p *cimd2.Packet, err error) *cimd2.Packet {
	if err != nil {
		return cimd2.Empty(cimd2.OpNack, p.Seq)
	}
	return cimd2.Empty(p.Op.Response(), p.Seq)
}

// cimd2Later is how long we wait before we nack what is not on disk: an SMSC sends it again at once, three times, and
// then gives up the session.
const cimd2Later = 10 * time.Second

// refuseAfter implements wireTalk.
func (t *cimd2Talk) refuseAfter() time.Duration { return cimd2Later }

// report reads what became of a message.
func (t *cimd2Talk) report(b *cimd2.Report) message.Report {
	r := message.Report{State: message.Unknown}
	if b.Timestamp != "" {
		r.OperatorID = stampID(b.Destination, b.Timestamp)
	}
	if state, known := cimd2States[b.Status]; known {
		r.State = state
	}
	if b.Error.Set && b.Error.Value != 0 && r.State != message.Delivered {
		r.Code = uint32(b.Error.Value)
		kind, known := t.receipts[r.Code]
		if !known {
			kind = cimd2Reasons[b.Reason()]
		}
		r.Failure = kind
	}
	if done, err := cimd2.ParseTime(b.Discharge, t.zone); err == nil && b.Discharge != "" {
		r.Done = done.UnixMilli()
	}
	return r
}

// inbound reads a message from a phone.
func (t *cimd2Talk) inbound(b *cimd2.Deliver) wireArrival[*cimd2.Packet] {
	in := &message.Inbound{From: addressOf(b.Originator, false), To: addressOf(b.Destination, false)}
	coding := uint8(b.Coding.Or(0))
	ud := b.Data
	switch d := gsm.ParseDataCoding(coding); {
	case d.Encoding == gsm.GSM7 && !d.Compressed:
		ud = b.Septets()
	case !b.Binary: // text, whatever is said beside it
		coding = gsm.Coding(gsm.GSM7, d.Class).Octet()
	}
	airRead(in, coding, b.Header, ud)
	return wireArrival[*cimd2.Packet]{in: in, print: func(p printer) {
		p.text(b.Originator)
		p.text(b.Destination)
		p.text(b.Timestamp)
		p.text(string(b.Header))
		p.text(string(b.Data))
	}}
}
