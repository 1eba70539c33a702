package connector

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// Requests implements smpp.Handler: receipts and messages from phones, as many
// as one read brought. The operator gets its answers when the gateway has them
// on disk.
func (s *smppSession) Requests(sess *smpp.Session, requests []smpp.PDU) {
	var reports []message.Report
	var inbound []*message.Inbound
	var forReports, forInbound, now []smpp.PDU
	var prints []inboundPrint
	for i := range requests {
		p := &requests[i]
		resp := smpp.PDU{Command: p.Command.Response(), Sequence: p.Sequence}
		d := smppDelivery(p)
		switch {
		case p.Command == smpp.CommandAlertNotification: // has no response
			s.alerted(p)
		case d == nil:
			if p.Command != smpp.CommandOutbind {
				resp.Status = smpp.ESME_RINVCMDID
				now = append(now, resp)
			}
		case smppIsReceipt(d):
			reports, forReports = append(reports, s.link.report(d, s.host)), append(forReports, resp)
		case s.repeated(d, &prints):
			now = append(now, resp)
		default:
			inbound, forInbound = append(inbound, s.link.inbound(d)), append(forInbound, resp)
		}
	}
	if len(now) > 0 {
		_ = sess.Respond(now) // an error means that the session is over
	}
	if len(reports) > 0 {
		s.core.Reports(reports, smppAck(sess, forReports))
	}
	if len(inbound) > 0 {
		s.core.Inbound(inbound, s.inboundAck(sess, forInbound, prints))
	}
}

// smppAck returns the function that answers a batch: with ESME_ROK when it is
// on disk, else so that the operator tries again.
func smppAck(sess *smpp.Session, responses []smpp.PDU) func(error) {
	return func(err error) {
		if err != nil {
			for i := range responses {
				responses[i].Status = smpp.ESME_RX_T_APPN
			}
		}
		_ = sess.Respond(responses) // an error means that the session is over: the operator sends it again
	}
}

// alerted passes on that a phone can be reached again, or what else the
// notification says of it (SMPP 3.4 4.12.1, 5.3.2.30).
func (s *smppSession) alerted(p *smpp.PDU) {
	core, ok := s.core.(Alerted)
	b, read := p.Body.(*smpp.AlertNotification)
	if !ok || !read {
		return
	}
	a := message.Alert{Phone: smppMessageAddress(b.Source)}
	a.Status, a.Stated = b.TLVs.U8(smpp.TagMSAvailabilityStatus)
	core.Alert(a)
}

// inboundAck is smppAck for messages from phones: those that are on disk and
// whose answer cannot be given are known when the operator repeats them.
func (s *smppSession) inboundAck(sess *smpp.Session, responses []smpp.PDU, prints []inboundPrint) func(error) {
	return func(err error) {
		for i := range responses {
			if err != nil {
				responses[i].Status = smpp.ESME_RX_T_APPN
			}
		}
		gone := sess.Respond(responses)
		if err == nil {
			s.unsent.answered(prints, gone == nil, &s.link.shared.repeats)
		}
	}
}

// repeated tells whether a message from a phone is on disk since an earlier
// session, which ended before it was answered. If not its print is added.
func (s *smppSession) repeated(d *smpp.DeliverSM, prints *[]inboundPrint) bool {
	print := smppPrintOf(s.link.inboundScope(), d)
	if r := &s.link.shared.repeats; r.some.Load() && r.again(print, time.Now()) {
		s.link.log.Info("a message from a phone is repeated after a cut, and known", "session", s.number)
		return true
	}
	*prints = append(*prints, print)
	return false
}

// smppPrintOf makes the print of a deliver_sm. scope is what the operator's
// repeats come by.
func smppPrintOf(scope string, d *smpp.DeliverSM) inboundPrint {
	h := newPrinter(scope)
	h.text(d.Source.Addr)
	h.text(d.Dest.Addr)
	h.Write([]byte{d.ESMClass, d.DataCoding, d.Source.TON, d.Dest.TON})
	for _, tag := range []smpp.Tag{
		smpp.TagUserMessageReference, smpp.TagSARMsgRefNum, smpp.TagSARTotalSegments, smpp.TagSARSegmentSeqnum,
	} {
		v, _ := d.TLVs.Get(tag)
		h.text(string(v))
	}
	h.Write(d.Message())
	return h.print()
}

// inboundScope names what an operator's repeats may come by: the link, or the
// group whose receipts it shares.
func (l *SMPP) inboundScope() string { return l.cfg.scope(l.cfg.Name) }

// smppDelivery returns what a deliver_sm or data_sm carries, nil for any other
// request.
func smppDelivery(p *smpp.PDU) *smpp.DeliverSM {
	switch b := p.Body.(type) {
	case *smpp.DeliverSM:
		return b
	case *smpp.DataSM:
		return &smpp.DeliverSM{ShortMessage: smpp.ShortMessage{
			ServiceType: b.ServiceType, Source: b.Source, Dest: b.Dest, ESMClass: b.ESMClass,
			RegisteredDelivery: b.RegisteredDelivery, DataCoding: b.DataCoding, TLVs: b.TLVs,
		}}
	}
	return nil
}

// smppIsReceipt tells receipts and intermediate notifications from messages,
// also when the operator forgets to say so in esm_class (SMPP 3.4 5.2.12).
func smppIsReceipt(d *smpp.DeliverSM) bool {
	switch d.ESMClass & smpp.ESMTypeMask {
	case smpp.ESMReceipt, smpp.ESMIntermediate:
		return true
	case 0:
		_, named := d.TLVs.Get(smpp.TagReceiptedMessageID)
		return named
	}
	return false
}

const (
	// smppMostText is how much of a receipt's text is kept, in octets; the rest is
	// the message's own.
	smppMostText = 512
	// smppMostID is how long an id may be: four times what message_id has room for
	// (SMPP 3.4 5.2.23). A longer one is no id, and would be kept in thousands.
	smppMostID = 255
)

// report reads a receipt. One that names no message has no OperatorID: the
// gateway counts it.
func (l *SMPP) report(d *smpp.DeliverSM, host string) message.Report {
	r, _ := smpp.ReceiptFrom(d)
	text := d.Message()
	if len(r.ID) > smppMostID {
		r.ID = ""
	}
	if r.ID == "" {
		l.unreadable(d, len(text))
	}
	report := message.Report{
		Scope: host, OperatorID: r.ID, State: message.StateFromSMPP(uint8(r.State)),
		From: smppMessageAddress(d.Source), To: smppMessageAddress(d.Dest),
		Text: string(text[:min(len(text), smppMostText)]),
	}
	if f := l.cfg.fields; f != nil && len(f.receipt) > 0 {
		report.TLVs = f.reported(d)
	}
	if d.ESMClass&smpp.ESMTypeMask == smpp.ESMIntermediate && report.State.Final() {
		report.State = message.Enroute // whatever it says, more is to come
	}
	switch {
	case r.Network.Code != 0:
		report.Code = uint32(r.Network.Code)
	case r.Err != "" && r.Err != "000":
		if code, err := strconv.ParseUint(r.Err, 10, 32); err == nil {
			report.Code = uint32(code)
		}
	}
	if report.Code != 0 && report.State != message.Delivered {
		report.Failure = l.receiptFailure(r.Network, report.Code)
	}
	if r.DoneDate != "" {
		if done, err := smpp.ParseReceiptTime(r.DoneDate, time.UTC); err == nil {
			report.Done = done.UnixMilli()
		}
	}
	return report
}

// unreadable tells of a receipt that names no message: of the first, the
// second, the fourth and so on, lest the log fill.
func (l *SMPP) unreadable(d *smpp.DeliverSM, octets int) {
	if n := l.unread.Add(1); n&(n-1) == 0 {
		l.log.Warn("receipt without the id of a message", "esm_class", d.ESMClass, "data_coding", d.DataCoding,
			"octets", octets, "so_far", n)
	}
}

// inbound reads a message from a phone.
func (l *SMPP) inbound(d *smpp.DeliverSM) *message.Inbound {
	in := &message.Inbound{
		Link: l.cfg.Name, From: smppMessageAddress(d.Source), To: smppMessageAddress(d.Dest),
		Parts: 1, Received: l.shared.now().UnixMilli(),
	}
	in.Content.Extra = l.cfg.fields.received(d)
	ud := d.Message()
	part, header, shift := false, 0, gsm.Shift{}
	if d.ESMClass&smpp.ESMUDHI != 0 {
		// A header that cannot be read is shown as text: better than lost.
		if h, rest, err := gsm.ParseHeader(ud); err == nil {
			if header = len(ud) - len(rest); header > 1 {
				in.Content.Header = bytes.Clone(ud[:header])
			}
			_, part = h.Concat()
			ud, shift = rest, h.Shift()
		}
	} else if sar, ok := smppSAR(d.TLVs); ok {
		part = true
		in.Content.Header = gsm.Header{Elements: []gsm.Element{sar.Element()}}.Append(nil)
	}
	l.read(in, d.DataCoding, ud, header, shift, part)
	return in
}

// read reads a text by its data_coding (SMPP 3.4 5.2.19), behind a user data
// header of so many octets that asks for the tables of a shift.
func (l *SMPP) read(in *message.Inbound, dataCoding uint8, ud []byte, header int, shift gsm.Shift, part bool) {
	c, alphabet := &in.Content, l.cfg.fields.alphabet
	c.Class = gsm.NoClass
	text, known := gsm.DecodeCharset(dataCoding, ud)
	if dataCoding == 0 && alphabet == gsm.DefaultUTF8 {
		text, known = alphabet.Decode(ud, header), true
	}
	if known { // octets in which the text is written here do not matter further on
		in.Encoding = gsm.UCS2
		if gsm.IsGSM7(text) {
			in.Encoding = gsm.GSM7
		}
		c.Text, c.Want = text, in.Encoding
		return
	}
	coding, _ := gsm.ParseSMPPDataCoding(dataCoding, alphabet.Encoding())
	if l.cfg.GuessCoding && !coding.Compressed && alphabet != gsm.DefaultPacked && !smppPorts(c.Header) {
		if text, real, ok := smppGuess(coding.Encoding, ud); ok {
			l.guessed(in, text, real, ud, part)
			return
		}
	}
	in.Encoding, c.Want, c.Class = coding.Encoding, coding.Encoding, coding.Class
	if coding.Compressed || coding.Encoding == gsm.Binary {
		in.Encoding, c.Want = gsm.Binary, gsm.Binary
		c.Data = bytes.Clone(ud)
		return
	}
	if alphabet == gsm.DefaultPacked && coding.Encoding == gsm.GSM7 {
		ud = gsm.UnpackAll(ud, header)
	}
	c.Text = gsm.DecodeIn(coding.Encoding, shift, ud)
	if part { // the sender may have cut within a character
		c.Data = bytes.Clone(ud)
	}
}

// guessed keeps a text whose data_coding was wrong; real is Auto for a text that
// no alphabet of a phone has written.
func (l *SMPP) guessed(in *message.Inbound, text string, real gsm.Encoding, ud []byte, part bool) {
	c := &in.Content
	if real == gsm.Auto {
		real, part = gsm.UCS2, false
		if gsm.IsGSM7(text) {
			real = gsm.GSM7
		}
	}
	in.Encoding, c.Want, c.Text = real, real, text
	if part { // the sender may have cut within a character
		c.Data = bytes.Clone(ud)
	}
}

// smppPorts tells whether a header is for a program: what follows is no text.
func smppPorts(header []byte) bool {
	h, _, err := gsm.ParseHeader(header)
	if err != nil {
		return false
	}
	_, _, _, ports := h.Ports()
	return ports
}

// smppSAR reads the parameters that number the parts of a long message
// (SMPP 3.4 5.3.2.22 to 24).
func smppSAR(tlvs smpp.TLVs) (gsm.Concat, bool) {
	ref, ok := tlvs.U16(smpp.TagSARMsgRefNum)
	if !ok {
		return gsm.Concat{}, false
	}
	total, _ := tlvs.U8(smpp.TagSARTotalSegments)
	number, _ := tlvs.U8(smpp.TagSARSegmentSeqnum)
	if total < 2 || number < 1 || number > total {
		return gsm.Concat{}, false
	}
	return gsm.Concat{Reference: ref, Wide: true, Total: total, Number: number}, true
}

// smppMessageAddress returns an address as an operator shows it. Many write an
// international number as unknown but with a plus. Names are in ISO-8859-1, or
// in UTF-8 where that is what they can be.
func smppMessageAddress(a smpp.Address) message.Address {
	m := message.Address{TON: message.TON(a.TON), NPI: message.NPI(a.NPI), Number: a.Addr}
	if !utf8.ValidString(m.Number) {
		m.Number = gsm.DecodeLatin1([]byte(m.Number))
	}
	if len(m.Number) > 1 && m.Number[0] == '+' {
		m.TON, m.NPI, m.Number = message.TONInternational, message.NPIISDN, m.Number[1:]
	}
	return m
}
