package connector

import (
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/message"
)

// requests implements wireTalk.
func (t *cimd2Talk) requests(out *Outgoing, now time.Time) ([]*cimd2.Packet, *message.Failure) {
	parts, f := t.cut.parts(out)
	if f != nil {
		return nil, f
	}
	to, _ := t.cfg.rewriting.recipient(out.To)
	common := cimd2.Submit{Destinations: []string{digitsOf(to, t.cfg.International)}, Reports: cimd2.Some(0)}
	t.sender(&common, out)
	t.validity(&common, out.Message.Expires, now)
	if out.Receipt {
		mask := cimd2.ReportsFinal
		if out.Message.Receipts&message.ReceiptIntermediate != 0 {
			mask = cimd2.ReportsAll
		}
		common.Reports = cimd2.Some(int(mask))
	}
	for field, n := range map[*cimd2.Optional]*uint8{&common.Tariff: t.cfg.Tariff, &common.Service: t.cfg.Service} {
		if n != nil {
			*field = cimd2.Some(int(*n))
		}
	}
	packets := make([]*cimd2.Packet, len(parts))
	for i := range parts {
		one := common
		one.UserData = cimd2.UserData{Header: parts[i].Header, Data: parts[i].Payload, Binary: parts[i].Encoding != gsm.GSM7}
		if parts[i].coding != 0 {
			one.Coding = cimd2.Some(int(parts[i].coding))
		}
		p, err := cimd2.New(&one)
		if err != nil {
			return nil, t.refused(err)
		}
		p.Private = out.Message.Secret()
		packets[i] = p
	}
	return packets, nil
}

// sender puts the sender where it belongs.
func (t *cimd2Talk) sender(m *cimd2.Submit, out *Outgoing) {
	from, _ := t.cfg.rewriting.sender(out.From, out.To)
	if from.TON == message.TONAlphanumeric {
		m.AlphaOriginator = from.Number
		return
	}
	m.Originator = digitsOf(from, t.cfg.International)
}

// validity says how long the message is good.
func (t *cimd2Talk) validity(m *cimd2.Submit, expires int64, now time.Time) {
	if expires == 0 || t.cfg.Validity == "none" {
		return
	}
	end := time.UnixMilli(expires)
	if most := now.Add(t.cfg.MaxValidity); t.cfg.MaxValidity > 0 && end.After(most) {
		end = most
	}
	if t.cfg.Validity == "relative" {
		m.ValidityRelative = cimd2.Some(cimd2.RelativeCode(end.Sub(now)))
		return
	}
	m.ValidityAbsolute = cimd2.FormatTime(end, t.zone)
}
