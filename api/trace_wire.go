package api

import (
	"regexp"
	"strconv"

	"kurir/account"
	"kurir/cimd2"
	"kurir/message"
	"kurir/ucp"
)

// openUCP opens a frame of UCP.
func openUCP(frame []byte, r pduReading) (openFrame, bool) {
	p, err := ucp.Decode(frame)
	if err != nil {
		return openFrame{}, false
	}
	f := openFrame{mask: func(texts bool) []byte { return ucp.Masked(frame, texts) }}
	var m ucp.Message
	switch b := p.Body.(type) {
	case *ucp.Message:
		m = *b
	case *ucp.CallInput:
		m = ucp.Message{OAdC: b.OAdC, MT: b.MT, Msg: b.Msg}
	case *ucp.MultipleInput:
		m = ucp.Message{OAdC: b.OAdC, MT: b.MT, Msg: b.Msg}
	case *ucp.Supplementary:
		m = ucp.Message{OAdC: b.OAdC, MT: b.MT, Msg: b.Msg}
	case *ucp.Transfer:
		m = ucp.Message{OAdC: b.OAdC, MT: ucp.MTText, Msg: b.Msg}
	}
	sender, name := m.Sender()
	f.from = tracedSender(sender, name)
	if content, ok := ucpContent(&m, &customer{login: &account.Login{Alphabet: r.ucp}}); ok {
		f.text = content.Text
	}
	return f, true
}

// tracedSender is a sender as people wrote it.
func tracedSender(sender string, name bool) message.Address {
	if name {
		return message.Address{TON: message.TONAlphanumeric, Number: sender}
	}
	if _, addr := airNumber(sender); addr.Number != "" {
		return addr
	}
	return message.Address{Number: sender}
}

// openCIMD2 opens a packet of CIMD2.
func openCIMD2(frame []byte, _ pduReading) (openFrame, bool) {
	p, err := cimd2.Decode(frame)
	if err != nil {
		return openFrame{}, false
	}
	f := openFrame{mask: func(texts bool) []byte { return cimd2.Masked(frame, texts) }}
	switch p.Op {
	case cimd2.OpSubmit:
		var m cimd2.Submit
		_ = p.Read(&m) // what could be read is shown
		f.from = tracedSender(m.Originator, false)
		if m.AlphaOriginator != "" {
			f.from = tracedSender(m.AlphaOriginator, true)
		}
		f.text = cimd2TracedText(m.Coding, &m.UserData)
	case cimd2.OpDeliver:
		var m cimd2.Deliver
		_ = p.Read(&m)
		f.from, f.text = tracedSender(m.Originator, false), cimd2TracedText(m.Coding, &m.UserData)
	}
	return f, true
}

// cimd2TracedText reads the text of a message.
func cimd2TracedText(coding cimd2.Optional, u *cimd2.UserData) string {
	content, _ := cimd2Content(coding, u)
	return content.Text
}

// What is hidden in the line of a modem: the PIN, which the modem may echo, the text of USSD, and PDUs, which have the texts
// of messages.
var (
	atPIN  = regexp.MustCompile(`(?i)(CPIN\s*=\s*).*`)
	atUSSD = regexp.MustCompile(`(?i)(CUSD\s*[:=]\s*\d\s*,\s*).*`)
	atPDU  = regexp.MustCompile(`[0-9A-Fa-f]{20,}`)
)

// atWithoutPIN is the line of a modem without what nobody may see.
func atWithoutPIN(line []byte) []byte { return atPIN.ReplaceAll(line, []byte("${1}***")) }

// describeAT is the line of a modem without PIN and texts.
func describeAT(line []byte) string {
	line = atUSSD.ReplaceAll(atWithoutPIN(line), []byte("${1}***"))
	return string(atPDU.ReplaceAllFunc(line, func(digits []byte) []byte {
		if len(atDecimal.Find(digits)) == len(digits) { // an IMEI, an IMSI, an ICCID
			return digits
		}
		return []byte("(" + strconv.Itoa(len(digits)/2) + " octets)")
	}))
}

var atDecimal = regexp.MustCompile(`^[0-9]{1,22}`)

// openAT opens the line of a modem: with texts it is shown whole.
func openAT(line []byte, _ pduReading) (openFrame, bool) {
	shown := describeAT(line)
	whole := atWithoutPIN(line)
	f := openFrame{mask: func(texts bool) []byte {
		if texts {
			return whole
		}
		return []byte(shown)
	}}
	if string(whole) != shown {
		f.text = string(whole)
	}
	return f, true
}
