package load

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net"
	"strings"

	"kurir/gsm"
	"kurir/ucp"
)

// speakUCP is EMI/UCP: submissions are op 51, receipts op 53.
type speakUCP struct {
	id   []byte // of a receipt
	text []byte // of a message from a phone
}

func (*speakUCP) submission(o *Options, text, to string) (pdu []byte, textAt, toAt int, err error) {
	septets, ok := gsm.AppendGSM7(nil, text)
	if !ok {
		return nil, 0, 0, fmt.Errorf("the text is not in the GSM alphabet: %q", text)
	}
	m := &ucp.Message{AdC: strings.Repeat("0", len(to))} // what stands for digits has to be digits here
	if err := m.SetSender(o.From); err != nil {
		return nil, 0, 0, fmt.Errorf("from: %w", err)
	}
	if m.OTOA == "" {
		m.OTOA = ucp.OTOAInternational
	}
	if o.Receipts {
		m.NRq, m.NT = '1', '0'+ucp.NotifyDelivered+ucp.NotifyFailed
	}
	m.SetText(septets)
	if pdu, err = ucp.Append(nil, &ucp.PDU{Op: ucp.OpSubmit, Body: m}); err != nil {
		return nil, 0, 0, fmt.Errorf("write op 51: %w", err)
	}
	return pdu, bytes.Index(pdu, fmt.Appendf(nil, "/%X/", septets)) + 1, ucpFields, nil
}

func (*speakUCP) width() int { return 2 }

// digits writes hexadecimal digits of decimal ones: 30 to 39.
func (*speakUCP) digits(dst []byte, n uint64) {
	for i := len(dst) - 2; i >= 0; i -= 2 {
		dst[i], dst[i+1] = '3', '0'+byte(n%10)
		n /= 10
	}
}

// number writes number and checksum.
func (*speakUCP) number(pdu []byte, seq uint32) {
	trn := byte(seq - 1)
	pdu[1], pdu[2] = '0'+trn/10, '0'+trn%10
	ucp.Seal(pdu)
}

func (*speakUCP) numbers() uint32 { return ucp.MaxWindow }

func (*speakUCP) login(conn net.Conn, o *Options, account string) error {
	frame, err := ucp.Append(nil, &ucp.PDU{Op: ucp.OpSession, Body: ucp.OpenSession(account, o.Password)})
	if err != nil {
		return fmt.Errorf("write log-in: %w", err)
	}
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	answer, err := readTo(conn, ucp.ETX, ucp.MaxFrame)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	p, err := ucp.Decode(answer)
	if err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	if r := p.Outcome(); r == nil || r.Code != ucp.CodeNone {
		return fmt.Errorf("log in as %s: %s", account, p)
	}
	return nil
}

func (*speakUCP) frame(b []byte) (frame []byte, used int, err error) { return lastFrame(b) }

// Where what is always there stands in a frame.
const (
	ucpKind   = 10
	ucpFields = 15
	ucpShort  = 18
)

// ucpHead reads number, kind and operation; ok is false if the frame is too short for them.
func ucpHead(frame []byte) (trn uint8, result bool, o ucp.Operation, ok bool) {
	if len(frame) < ucpShort {
		return 0, false, 0, false
	}
	two := func(at int) uint8 { return (frame[at]-'0')*10 + frame[at+1] - '0' }
	return two(1), frame[ucpKind] == 'R', ucp.Operation(two(12)), true
}

func (*speakUCP) sort(b *batch, frame []byte) (err error) {
	trn, result, o, ok := ucpHead(frame)
	switch {
	case !ok:
	case result && o == ucp.OpSubmit:
		b.answers = append(b.answers, frame)
	case !result:
		if o == ucp.OpNotify || o == ucp.OpDeliver {
			b.receipts = append(b.receipts, frame)
		}
		b.ack = ucp.Result{}
		b.replies, err = ucp.Append(b.replies, &ucp.PDU{TRN: trn, Op: o, Result: true, Body: &b.ack})
	}
	return err
}

// field gives a field of a frame, from 1; nil if there is none, or it is empty.
func field(frame []byte, n int) []byte {
	rest := frame[ucpFields:]
	for ; n > 1; n-- {
		i := bytes.IndexByte(rest, '/')
		if i < 0 {
			return nil
		}
		rest = rest[i+1:]
	}
	if i := bytes.IndexByte(rest, '/'); i > 0 {
		return rest[:i]
	}
	return nil
}

func (*speakUCP) answer(frame []byte) (a answer) {
	trn, _, _, _ := ucpHead(frame)
	a.seq = uint32(trn) + 1
	if frame[ucpFields] == 'A' {
		a.id = field(frame, 3)
		return a
	}
	code, _ := ucp.ParseCode(string(field(frame, 2)))
	a.refusal = "error " + code.String()
	return a
}

func (l *speakUCP) receipt(frame []byte) (id []byte, state string, ok bool) {
	if _, _, o, _ := ucpHead(frame); o != ucp.OpNotify {
		return nil, "", false
	}
	const oadc, scts, dst = 2, 15, 16
	l.id = append(append(append(l.id[:0], field(frame, oadc)...), ':'), field(frame, scts)...)
	switch string(field(frame, dst)) {
	case "0":
		return l.id, "delivered", true
	case "1":
		return l.id, "buffered", true
	case "2":
		return l.id, "not delivered", true
	}
	return nil, "", false
}

func (l *speakUCP) inbound(frame []byte) (text []byte, ok bool) {
	if _, _, o, _ := ucpHead(frame); o != ucp.OpDeliver {
		return nil, false
	}
	const amsg = 21
	var err error
	l.text, err = hex.AppendDecode(l.text[:0], field(frame, amsg))
	return l.text, err == nil
}

// bye: there is none.
func (*speakUCP) bye(dst []byte, _ uint32) []byte { return dst }
