package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"

	"kurir/smpp"
)

// errUnbound says that the peer has sent unbind.
var errUnbound = errors.New("the peer sent unbind")

// speakSMPP is SMPP 3.4.
type speakSMPP struct{}

func (speakSMPP) submission(o *Options, text, to string) (pdu []byte, textAt, toAt int, err error) {
	body := &smpp.SubmitSM{ShortMessage: smpp.ShortMessage{
		Source: source(o.From), Dest: smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: to}, Text: []byte(text),
	}}
	if o.Receipts {
		body.RegisteredDelivery = smpp.ReceiptFinal
	}
	if pdu, err = smpp.Append(nil, &smpp.PDU{Body: body}); err != nil {
		return nil, 0, 0, fmt.Errorf("write submit_sm: %w", err)
	}
	return pdu, bytes.Index(pdu, []byte(text)), bytes.Index(pdu, []byte(to)), nil
}

// source guesses the type of number of a sender.
func source(from string) smpp.Address {
	if len(from) > 0 && bytes.ContainsAny([]byte(from), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ") {
		return smpp.Address{TON: smpp.TONAlphanumeric, Addr: from}
	}
	return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: from}
}

func (speakSMPP) width() int                    { return 1 }
func (speakSMPP) digits(dst []byte, n uint64)   { putNumber(dst, n) }
func (speakSMPP) number(pdu []byte, seq uint32) { binary.BigEndian.PutUint32(pdu[12:], seq) }
func (speakSMPP) numbers() uint32               { return smpp.MaxSequence }

func (speakSMPP) login(conn net.Conn, o *Options, account string) error {
	mode := smpp.Transceiver
	switch {
	case o.Kind == Receive:
		mode = smpp.Receiver
	case !o.Receipts:
		mode = smpp.Transmitter
	}
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: mode, SystemID: account, Password: o.Password, Version: smpp.Version34}})
	if err != nil {
		return fmt.Errorf("write bind: %w", err)
	}
	if _, err := conn.Write(frame); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	head := make([]byte, smpp.HeaderLen)
	if _, err := io.ReadFull(conn, head); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	n, err := smpp.FrameLen(head, 0)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if _, err := io.ReadFull(conn, make([]byte, n-smpp.HeaderLen)); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if h := smpp.ParseHeader(head); h.Status != smpp.ESME_ROK {
		return fmt.Errorf("bind as %s: %w", account, h.Status)
	}
	return nil
}

func (speakSMPP) frame(b []byte) (frame []byte, used int, err error) {
	n, err := smpp.FrameLen(b, 0)
	if err != nil || n == 0 || n > len(b) {
		return nil, 0, err
	}
	return b[:n], n, nil
}

func (speakSMPP) sort(b *batch, frame []byte) error {
	h := smpp.ParseHeader(frame)
	switch h.Command {
	case smpp.CommandSubmitSMResp, smpp.CommandGenericNack:
		b.answers = append(b.answers, frame)
	case smpp.CommandDeliverSM:
		b.receipts = append(b.receipts, frame)
		replySMPP(b, smpp.CommandDeliverSMResp, h.Sequence)
	case smpp.CommandEnquireLink:
		replySMPP(b, smpp.CommandEnquireLinkResp, h.Sequence)
	case smpp.CommandUnbind:
		replySMPP(b, smpp.CommandUnbindResp, h.Sequence)
		return errUnbound
	case smpp.CommandUnbindResp:
		return errUnbound
	}
	return nil
}

// replySMPP appends an answer without anything to say: deliver_sm_resp has an empty id, the others no body.
func replySMPP(b *batch, command smpp.CommandID, sequence uint32) {
	length := uint32(smpp.HeaderLen)
	if command == smpp.CommandDeliverSMResp {
		length++
	}
	b.replies = binary.BigEndian.AppendUint32(b.replies, length)
	b.replies = binary.BigEndian.AppendUint32(b.replies, uint32(command))
	b.replies = binary.BigEndian.AppendUint32(b.replies, uint32(smpp.ESME_ROK))
	b.replies = binary.BigEndian.AppendUint32(b.replies, sequence)
	if length > smpp.HeaderLen {
		b.replies = append(b.replies, 0)
	}
}

func (speakSMPP) answer(frame []byte) (a answer) {
	h := smpp.ParseHeader(frame)
	a.seq = h.Sequence
	if h.Status != smpp.ESME_ROK {
		a.refusal = h.Status.String()
		return a
	}
	a.id, _, _ = bytes.Cut(frame[smpp.HeaderLen:], []byte{0})
	return a
}

func (speakSMPP) receipt(frame []byte) (id []byte, state string, ok bool) {
	id, stat, ok := scanReceipt(frame)
	if ok {
		return id, string(stat), true
	}
	var p smpp.PDU
	if smpp.Decode(frame, &p) != nil {
		return nil, "", false
	}
	r, ok := smpp.ReceiptFrom(p.Body.(*smpp.DeliverSM))
	return []byte(r.ID), r.State.Stat(), ok
}

func (speakSMPP) inbound(frame []byte) (text []byte, ok bool) {
	class, text, ok := shortText(frame)
	return text, ok && !smpp.IsReceipt(class)
}

func (speakSMPP) bye(dst []byte, seq uint32) []byte {
	out, _ := smpp.Append(dst, &smpp.PDU{Command: smpp.CommandUnbind, Sequence: seq})
	return out
}

// scanReceipt finds id and state in a receipt whose text is that of SMPP 3.4 appendix B, without taking the whole PDU
// apart; ok is false for all others.
func scanReceipt(frame []byte) (id, stat []byte, ok bool) {
	class, text, ok := shortText(frame)
	if !ok || !smpp.IsReceipt(class) || !bytes.HasPrefix(text, []byte("id:")) {
		return nil, nil, false
	}
	id, rest, found := bytes.Cut(text[3:], []byte(" "))
	at := bytes.Index(rest, []byte(" stat:"))
	if !found || at < 0 || len(rest) < at+13 {
		return nil, nil, false
	}
	return id, rest[at+6 : at+13], true
}

// shortText finds esm_class and short_message of a deliver_sm without taking the whole PDU apart.
func shortText(frame []byte) (class uint8, text []byte, ok bool) {
	b := frame[smpp.HeaderLen:]
	for i := range 3 { // service_type, source_addr, destination_addr
		end := bytes.IndexByte(b, 0)
		if end < 0 || len(b) < end+4 {
			return 0, nil, false
		}
		b = b[end+1:]
		if i < 2 {
			b = b[2:] // type of number, numbering plan
		}
	}
	if len(b) < 3 {
		return 0, nil, false
	}
	class = b[0]
	b = b[3:]     // esm_class, protocol_id, priority_flag
	for range 2 { // schedule_delivery_time, validity_period
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			return 0, nil, false
		}
		b = b[end+1:]
	}
	const fixed = 5 // up to sm_length
	if len(b) < fixed || len(b) < fixed+int(b[fixed-1]) {
		return 0, nil, false
	}
	return class, b[fixed : fixed+int(b[fixed-1])], true
}
