package simulator

import (
	"errors"
	"slices"
	"strings"
	"time"

	"kurir/cimd2"
	"kurir/gsm"
	"kurir/smpp"
)

// submission takes a message for one or several destinations: for each it is one of its own.
func (l *speakCIMD2) submission(p *cimd2.Packet) bool {
	b := &l.ss.batch
	b.pdu.Sequence = uint32(p.Seq)
	err := p.Read(&l.request)
	if err == nil {
		err = l.translate(&l.request)
	}
	if err != nil {
		code := cimd2.ErrSyntax
		errors.As(err, &code)
		b.c.Submitted++
		b.c.Rejected++
		b.statuses[foreign|smpp.Status(code)]++
		return l.refuse(p, code)
	}
	resp, answer := &cimd2.SubmitResp{}, plan{}
	for i, to := range l.request.Destinations {
		plan, result, err := l.one(p.Seq, to)
		if err != nil {
			return l.refuse(p, cimd2.ErrDestination)
		}
		if i == 0 {
			answer = plan
		}
		if !plan.noID || result.Error != cimd2.NoError {
			resp.Results = append(resp.Results, result)
		}
	}
	if len(resp.Results) == 1 && resp.Results[0].Error != cimd2.NoError {
		l.resp = p.Refuse(resp.Results[0].Error, "")
	} else {
		if l.resp, err = p.Answer(resp); err != nil {
			return l.refuse(p, cimd2.ErrSystem)
		}
		answer.status = smpp.ESME_ROK
	}
	switch {
	case answer.nack:
		l.repeats.Forget(p.Seq)
	case answer.answers > 0 && answer.link == linkStays:
		l.repeats.Answered(l.resp)
	}
	return l.ss.reply(&answer, &b.resp)
}

// one takes the message, which is in l.submit, for one destination.
func (l *speakCIMD2) one(number uint8, to string) (p plan, result cimd2.SubmitResult, err error) {
	b, s := &l.ss.batch, l.ss.sim
	result.Destination, result.Timestamp = to, s.cimd2Stamps.Next(to, b.now, s.zone())
	b.alias, b.reports = to+":"+result.Timestamp, 1+uint8(l.request.Reports.Value)
	defer func() { b.alias, b.reports = "", 0 }()
	l.submit.Dest = smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: phoneNumber(to)}
	l.submit.TLVs = append(l.tlvs[:0], smpp.TLV{Tag: tagAlias, Value: []byte(b.alias)})
	if l.buf, err = smpp.Append(l.buf[:0], &smpp.PDU{Sequence: uint32(number), Body: &l.submit}); err != nil {
		return p, result, err
	}
	p, _ = l.ss.place(b.out.keep(nil, l.buf), &l.submit.ShortMessage)
	if p.status != smpp.ESME_ROK {
		result.Timestamp, result.Error = "", cimd2Code(p.status)
	}
	return p, result, nil
}

// translate makes a submit_sm of a message, in l.submit. The error is a code.
func (l *speakCIMD2) translate(m *cimd2.Submit) error {
	l.submit = smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: l.source(m), ProtocolID: uint8(m.Protocol.Value), RegisteredDelivery: cimd2Registered(m.Reports),
		Priority: cimd2Priority(m.Priority),
	}}
	sm := &l.submit.ShortMessage
	if m.ReplyPath.Value == 1 {
		sm.ESMClass |= smpp.ESMReplyPath
	}
	var err error
	if sm.ScheduleTime, err = l.moment(m.FirstRelative, m.FirstAbsolute); err != nil {
		return cimd2.ErrFirstDelivery
	}
	if sm.Validity, err = l.moment(m.ValidityRelative, m.ValidityAbsolute); err != nil {
		return cimd2.ErrValidity
	}
	return l.content(m, sm)
}

// source is the sender of a message: who gives none is known by the account.
func (l *speakCIMD2) source(m *cimd2.Submit) smpp.Address {
	switch {
	case m.AlphaOriginator != "":
		name := gsm.DecodeGSM7(cimd2.ParseText(nil, []byte(m.AlphaOriginator)))
		return smpp.Address{TON: smpp.TONAlphanumeric, Addr: name}
	case strings.HasPrefix(m.Originator, "+"):
		return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: m.Originator[1:]}
	case m.Originator != "":
		return smpp.Address{Addr: m.Originator}
	}
	return phoneAddress(l.ss.account.name)
}

// cimd2Registered says what registered_delivery can of a status report request; the rest is in receipt.reports.
func cimd2Registered(o cimd2.Optional) (reg uint8) {
	r := cimd2.Reports(o.Value)
	if r&cimd2.ReportTemporary != 0 {
		reg = smpp.ReceiptIntermediate
	}
	if r&cimd2.ReportsFinal != 0 {
		reg |= smpp.ReceiptFinal
	}
	return reg
}

// cimd2Priority makes a priority of SMPP, 3 for the highest, of one to nine, where 1 is the highest.
func cimd2Priority(o cimd2.Optional) uint8 {
	if !o.Set {
		return 0
	}
	return uint8(3 - (o.Value-1)/3)
}

// moment is the time of delivery or the end of validity, empty if the SMSC may choose.
func (l *speakCIMD2) moment(relative cimd2.Optional, absolute string) (string, error) {
	if absolute != "" {
		at, err := cimd2.ParseTime(absolute, l.ss.sim.zone())
		return string(smpp.AppendTime(nil, at)), err
	}
	if d, ok := cimd2.Relative(relative.Or(cimd2.RelativeDefault)); ok {
		return string(smpp.AppendTime(nil, l.ss.batch.now.Add(d))), nil
	}
	return "", nil
}

// content is text or data with header and data coding scheme.
func (*speakCIMD2) content(m *cimd2.Submit, sm *smpp.ShortMessage) error {
	coding := gsm.ParseDataCoding(uint8(m.Coding.Value))
	octets := m.Data
	switch {
	case coding.Encoding == gsm.GSM7:
		octets = m.Septets()
	case !m.Binary && len(octets) > 0:
		return cimd2.ErrCoding // septets cannot be what the coding says
	}
	unit := 1
	if coding.Encoding == gsm.UCS2 {
		unit = 2
	}
	if len(octets) > unit*gsm.Capacity(coding.Encoding, len(m.Header)) {
		return cimd2.ErrUserData
	}
	sm.DataCoding = coding.SMPP()
	if len(m.Header) > 0 {
		sm.ESMClass |= smpp.ESMUDHI
	}
	sm.Text = slices.Concat(m.Header, octets)
	return nil
}

// cimd2Wanted tells which messages a destination and a timestamp are about; an empty timestamp agrees with any.
func cimd2Wanted(to, timestamp string) func(alias string) bool {
	return func(alias string) bool {
		number, at, ok := strings.Cut(alias, ":")
		return ok && phoneNumber(number) == phoneNumber(to) && (timestamp == "" || timestamp == at)
	}
}

// enquire tells what has become of a message.
func (l *speakCIMD2) enquire(p *cimd2.Packet) bool {
	var e cimd2.Enquire
	if err := p.Read(&e); err != nil {
		return l.mistaken(p, err)
	}
	r, found := l.ss.lookUp(phoneNumber(e.Destination), cimd2Wanted(e.Destination, e.Timestamp))
	if !found {
		return l.refuse(p, cimd2.ErrNotFound)
	}
	answer := cimd2.EnquireResp{Report: l.report(e.Destination, e.Timestamp, r.state, r.cause)}
	if answer.Status.Final() {
		answer.Discharge = l.localTime(r.done)
	}
	return l.reply(p, &answer)
}

// mistaken answers a request whose parameters make no sense.
func (l *speakCIMD2) mistaken(p *cimd2.Packet, err error) bool {
	code := cimd2.ErrFormat
	errors.As(err, &code)
	return l.refuse(p, code)
}

// cancel takes back what still waits for its phone, and reports it if that was asked for.
func (l *speakCIMD2) cancel(p *cimd2.Packet) bool {
	var c cimd2.Cancel
	if err := p.Read(&c); err != nil {
		return l.mistaken(p, err)
	}
	timestamp := c.Timestamp
	if c.Mode.Value == cimd2.CancelAll && c.Mode.Set {
		timestamp = ""
	}
	list := l.ss.withdraw(phoneNumber(c.Destination), cimd2Wanted(c.Destination, timestamp))
	if len(list) == 0 {
		return l.refuse(p, cimd2.ErrFailed)
	}
	for _, st := range list {
		r := st.receipt
		r.state, r.done, r.cause = smpp.MessageDeleted, l.ss.batch.now, 0
		if r.wanted(st.reg) {
			l.ss.batch.out.receipt(l.ss.account, &r, time.Time{}, false)
		}
	}
	return l.reply(p, nil)
}

// fetch tells how many messages wait. They are on their way as soon as there is room in the window, asked for or not.
func (l *speakCIMD2) fetch(p *cimd2.Packet) bool {
	if err := p.Read(&cimd2.DeliveryRequest{}); err != nil {
		return l.mistaken(p, err)
	}
	l.ss.account.mu.Lock()
	waiting := min(l.ss.account.waiting.records, cimd2.ParamCount.Info().Max)
	l.ss.account.mu.Unlock()
	return l.reply(p, &cimd2.DeliveryRequestResp{Count: cimd2.Some(waiting)})
}

// get tells the time; there is nothing else to be had.
func (l *speakCIMD2) get(p *cimd2.Packet) bool {
	var g cimd2.Get
	if err := p.Read(&g); err != nil {
		return l.mistaken(p, err)
	}
	if cimd2.Param(g.Item.Value) != cimd2.ParamTime {
		return l.refuse(p, cimd2.ErrUnsupportedItem)
	}
	return l.reply(p, &cimd2.GetResp{Time: l.localTime(l.ss.batch.now)})
}
