package connector

import (
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/ucp"
)

// ucpBuilder makes the operations of one message.
type ucpBuilder struct {
	talk *ucpTalk
	out  *Outgoing
	now  time.Time
	op   ucp.Operation
}

// body makes the body of one part.
func (b *ucpBuilder) body(p *airPart) (ucp.Body, *message.Failure) {
	cfg := b.talk.cfg
	to, _ := cfg.rewriting.recipient(b.out.To)
	adc := digitsOf(to, cfg.International)
	switch cfg.Operation {
	case "01", "30":
		return b.old(adc, p)
	}
	b.op = ucp.OpSubmit
	m := &ucp.Message{AdC: adc, VP: b.validity()}
	if f := b.sender(m); f != nil {
		return nil, f
	}
	if b.out.Receipt {
		m.NRq, m.NT, m.NAdC, m.NPID = '1', '0'+ucp.NotifyDelivered+ucp.NotifyFailed, cfg.NotifyAddress, cfg.NotifyPID
		if b.out.Message.Receipts&message.ReceiptIntermediate != 0 {
			m.NT += ucp.NotifyBuffered
		}
	}
	if f := b.content(m, p); f != nil {
		return nil, f
	}
	return m, nil
}

// old makes a body of operation 01 or 30, which carry a text and no more.
func (b *ucpBuilder) old(adc string, p *airPart) (ucp.Body, *message.Failure) {
	octets, ok := b.talk.text(p)
	if !ok || p.Encoding != gsm.GSM7 || p.Header != nil || p.coding != 0 {
		return nil, message.Fail(message.BadContent, "text", "operation %s carries one text of the GSM alphabet and nothing else; set operation: 51 if the operator has it", b.talk.cfg.Operation)
	}
	var m ucp.Message
	if f := b.sender(&m); f != nil {
		return nil, f
	}
	if m.OTOA == ucp.OTOAName {
		return nil, message.Fail(message.BadSender, "from", "operation %s has no names as senders", b.talk.cfg.Operation)
	}
	if b.talk.cfg.Operation == "01" {
		b.op = ucp.OpCallInput
		return &ucp.CallInput{AdC: adc, OAdC: m.OAdC, MT: ucp.MTText, Msg: octets}, nil
	}
	b.op = ucp.OpTransfer
	t := &ucp.Transfer{AdC: adc, OAdC: m.OAdC, VP: b.validity(), Msg: octets}
	if b.out.Receipt {
		t.NRq, t.NAdC, t.NPID = '1', b.talk.cfg.NotifyAddress, b.talk.cfg.NotifyPID
	}
	return t, nil
}

// sender puts the sender where it belongs.
func (b *ucpBuilder) sender(m *ucp.Message) *message.Failure {
	cfg := b.talk.cfg
	from, _ := cfg.rewriting.sender(b.out.From, b.out.To)
	switch {
	case from.Number == "":
		m.OAdC = cfg.Account
		return nil
	case from.TON == message.TONAlphanumeric:
		name, err := ucp.AppendName(nil, from.Number)
		if err != nil {
			return message.Fail(message.BadSender, "from", "%v", err)
		}
		m.OAdC, m.OTOA = string(name), ucp.OTOAName
		return nil
	case from.TON == message.TONInternational:
		m.OTOA = ucp.OTOAInternational
	}
	m.OAdC = digitsOf(from, cfg.International)
	return nil
}

// content puts the text or the data of a part where it belongs.
func (b *ucpBuilder) content(m *ucp.Message, p *airPart) *message.Failure {
	if p.Header != nil {
		m.XSer = m.XSer.Add(ucp.ServiceUDH, p.Header...)
	}
	packed := false
	if octets, ok := b.talk.text(p); p.Encoding != gsm.GSM7 {
		m.SetData(p.Payload)
	} else if ok {
		m.SetText(octets)
	} else { // what the operator's alphabet lacks goes as the phone has it
		m.SetData(gsm.Pack(nil, p.Payload, gsm.FillBits(len(p.Header))))
		packed = true
	}
	if p.coding != 0 || packed {
		m.XSer = m.XSer.Add(ucp.ServiceDCS, p.coding)
	}
	if class := b.out.Message.Content.Class; class != gsm.NoClass {
		m.MCLs = '0' + byte(class)
	}
	return nil
}

// validity gives the end of validity in the operator's time.
func (b *ucpBuilder) validity() string {
	expires := b.out.Message.Expires
	cfg := b.talk.cfg
	if expires == 0 || cfg.Validity == "none" {
		return ""
	}
	end := time.UnixMilli(expires)
	if most := b.now.Add(cfg.MaxValidity); cfg.MaxValidity > 0 && end.After(most) {
		end = most
	}
	return string(ucp.AppendMinutes(nil, end.Add(time.Minute-time.Millisecond), b.talk.zone)) // whole minutes, up
}
