package smpp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// Describe makes one line for people of the octets of a PDU, as a trace has them: what PDU.String says, or for what cannot
// be decoded its header and the reason.
func Describe(frame []byte) string {
	var p PDU
	err := Decode(frame, &p)
	if err == nil {
		return p.String()
	}
	var de *DecodeError
	if !errors.As(err, &de) || len(frame) < HeaderLen {
		return fmt.Sprintf("%d octets that are no PDU", len(frame))
	}
	p.Body = nil
	return fmt.Sprintf("%s: %d octets that cannot be read: %s: %s", &p, len(frame), de.Field, de.Reason)
}

// String lists the PDU in one line for people: command, status, sequence number, fields. It hides passwords and the
// text of messages, of which only the length is given; of a receipt's text the id, the state and the error are.
func (p *PDU) String() string {
	c := &coder{mode: modeList}
	command := p.Command
	if command == 0 && p.Body != nil {
		command = p.Body.Command()
	}
	c.buf = append(c.buf, command.String()...)
	if p.Status != 0 || command.IsResponse() {
		c.list("status", p.Status.String())
	}
	c.list("sequence", strconv.FormatUint(uint64(p.Sequence), 10))
	if p.Body != nil {
		p.Body.layout(c)
	}
	if d, ok := p.Body.(*DeliverSM); ok && IsReceipt(d.ESMClass) {
		if r, ok := ParseReceipt(receiptWords(d)); ok {
			c.list("receipt", fmt.Sprintf("(id=%s stat=%s err=%s)", word(r.ID), word(r.Stat), word(r.Err)))
		}
	}
	return string(c.buf)
}

// word quotes a word of a peer, of which nobody needs more than 64 characters.
func word(s string) string { return strconv.Quote(s[:min(len(s), 64)]) }

// describe shows the value of a parameter: words and names where it has them, else hexadecimal digits. Of what belongs to
// the text of a message, and of what is long, only the length.
func (t *TLV) describe() string {
	switch n := len(t.Value); {
	case t.Tag == TagMessagePayload, t.Tag == TagCallbackNumAtag, n > 256:
	case t.Tag == TagReceiptedMessageID, t.Tag == TagAdditionalStatusInfoText, t.Tag == TagBroadcastEndTime:
		return strconv.Quote(string(bytes.TrimRight(t.Value, "\x00")))
	case t.Tag == TagMessageState && n == 1:
		return MessageState(t.Value[0]).String()
	case t.Tag == TagCongestionState && n == 1:
		return strconv.Itoa(int(t.Value[0]))
	case n <= 32:
		return "0x" + string(appendHex(nil, t.Value))
	}
	return strconv.Itoa(len(t.Value)) + " octets"
}

// list writes one field as " name=value".
func (c *coder) list(field, value string) {
	c.buf = append(c.buf, ' ')
	c.buf = append(c.buf, field...)
	c.buf = append(c.buf, '=')
	c.buf = append(c.buf, value...)
}

func appendHex(dst, b []byte) []byte {
	const digits = "0123456789abcdef"
	for _, x := range b {
		dst = append(dst, digits[x>>4], digits[x&15])
	}
	return dst
}
