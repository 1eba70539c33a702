package smpp

import (
	"encoding/binary"
	"fmt"
)

// Sizes of PDUs in octets.
const (
	HeaderLen     = 16                 // command_length, command_id, command_status, sequence_number
	DefaultMaxPDU = 64<<10 + 4<<10     // a message_payload of 65,535 octets fits
	MaxSequence   = uint32(0x7FFFFFFF) // sequence numbers run from 1 to this and start again (SMPP 3.4 3.2)
)

// Header is the head of every PDU (SMPP 3.4 3.2).
type Header struct {
	Length   uint32 // command_length: octets of the whole PDU
	Command  CommandID
	Status   Status // 0 in requests
	Sequence uint32
}

// Body is the part of a PDU behind the header: one of the types of this package, always as a pointer.
type Body interface {
	// Command gives the command id that belongs to the body.
	Command() CommandID
	layout(c *coder)
}

// PDU is one protocol data unit.
type PDU struct {
	// Command may be left zero when Body is set.
	Command  CommandID
	Status   Status
	Sequence uint32
	// Body is nil when it was absent, which is legal for a response with a status other than 0 and common in others.
	// Commands whose body has no fields always get one from Decode.
	Body Body
}

// DecodeError tells why octets are no PDU. It is recoverable unless Framing is set.
type DecodeError struct {
	Header Header
	Field  string // the specification's name of the field at fault
	Status Status // the command_status to answer with
	Reason string
	// Framing is set when command_length is impossible: the next PDU cannot be found, so the connection has to be
	// closed after a generic_nack.
	Framing bool
}

// Error names command, sequence number and field.
func (e *DecodeError) Error() string {
	return fmt.Sprintf("%s (sequence number %d): %s: %s", e.Header.Command, e.Header.Sequence, e.Field, e.Reason)
}

// Answer gives the PDU with which to answer: generic_nack for what is unknown or not framed (SMPP 3.4 4.3), the
// command's own response otherwise.
func (e *DecodeError) Answer() PDU {
	p := PDU{Command: e.Header.Command.Response(), Status: e.Status, Sequence: e.Header.Sequence}
	if e.Framing || e.Status == ESME_RINVCMDID {
		p.Command = CommandGenericNack
	}
	return p
}

// Unwrap gives the status.
func (e *DecodeError) Unwrap() error { return e.Status }

// EncodeError tells which field of a PDU cannot be written.
type EncodeError struct {
	Command CommandID
	Field   string
	Status  Status // what a peer would have answered to it
	Reason  string
}

// Error names command and field.
func (e *EncodeError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Command, e.Field, e.Reason) }

// Unwrap gives the status.
func (e *EncodeError) Unwrap() error { return e.Status }

// ParseHeader reads the header of a PDU from at least HeaderLen octets.
func ParseHeader(b []byte) Header {
	_ = b[HeaderLen-1]
	return Header{
		Length:   binary.BigEndian.Uint32(b),
		Command:  CommandID(binary.BigEndian.Uint32(b[4:])),
		Status:   Status(binary.BigEndian.Uint32(b[8:])),
		Sequence: binary.BigEndian.Uint32(b[12:]),
	}
}

// FrameLen gives the length of the PDU at the start of b: 0 if more octets are needed to know it. The error is a
// *DecodeError with Framing set if command_length is below 16 or above max (0: DefaultMaxPDU). It may be longer than b.
func FrameLen(b []byte, max int) (int, error) {
	if len(b) < 4 {
		return 0, nil
	}
	if max == 0 {
		max = DefaultMaxPDU
	}
	n := binary.BigEndian.Uint32(b)
	if n >= HeaderLen && uint64(n) <= uint64(max) {
		return int(n), nil
	}
	h := Header{Length: n}
	if len(b) >= HeaderLen {
		h = ParseHeader(b)
	} else if n >= HeaderLen {
		return 0, nil // its sequence number is still to come
	}
	return 0, &DecodeError{
		Header: h, Field: "command_length", Status: ESME_RINVCMDLEN, Framing: true,
		Reason: fmt.Sprintf("%d octets, where 16 to %d are possible", n, max),
	}
}

// Append appends the PDU to dst. It is strict: an *EncodeError names the field that is too long or contradicts
// another, and dst comes back unchanged. A nil Body is written as nothing if Status is not 0, and as an empty one
// otherwise where that makes sense (deliver_sm_resp for instance, whose message_id is always empty).
func Append(dst []byte, p *PDU) ([]byte, error) {
	c := coders.Get().(*coder)
	out, err := c.append(dst, p)
	c.buf = nil
	coders.Put(c)
	return out, err
}

// append is Append with the coder's settings.
func (c *coder) append(dst []byte, p *PDU) ([]byte, error) {
	command, body := p.Command, p.Body
	if body != nil {
		if command == 0 {
			command = body.Command()
		} else if command != body.Command() {
			return dst, &EncodeError{command, "command_id", ESME_RINVCMDID, "the body is that of " + body.Command().String()}
		}
	} else if p.Status == ESME_ROK || !command.IsResponse() {
		var ok bool
		if body, ok = emptyBodies[command]; !ok {
			return dst, &EncodeError{command, "command_id", ESME_RINVCMDID, "needs a body"}
		}
	}
	congest := false
	if c.congest != 0 && command.IsResponse() {
		body, congest = congested(command, body)
	}
	c.mode, c.reason = modeEncode, ""
	start := len(dst)
	c.buf = append(dst, make([]byte, HeaderLen)...)
	if body != nil {
		body.layout(c)
		if c.reason != "" {
			return dst, &EncodeError{command, c.field, c.status, c.reason}
		}
	}
	if congest {
		c.buf = append(c.buf, byte(TagCongestionState>>8), byte(TagCongestionState&0xFF), 0, 1, c.congest-1)
	}
	h := c.buf[start:]
	binary.BigEndian.PutUint32(h, uint32(len(h)))
	binary.BigEndian.PutUint32(h[4:], uint32(command))
	binary.BigEndian.PutUint32(h[8:], uint32(p.Status))
	binary.BigEndian.PutUint32(h[12:], p.Sequence)
	return c.buf, nil
}

// Decode reads one PDU, which frame must hold exactly, into p. Nothing in p refers to frame afterwards. It is liberal:
// see the package comment. The error is a *DecodeError; the header's fields of p are set even then, unless the frame
// is shorter than a header.
func Decode(frame []byte, p *PDU) error {
	c := coders.Get().(*coder)
	err := c.decode(frame, p)
	c.buf, c.space, c.arena, c.block = nil, nil, nil, 0
	coders.Put(c)
	return err
}

// decode is Decode with the coder's settings.
func (c *coder) decode(frame []byte, p *PDU) error {
	*p = PDU{}
	if len(frame) < HeaderLen || int64(len(frame)) != int64(binary.BigEndian.Uint32(frame)) {
		e := &DecodeError{
			Field: "command_length", Status: ESME_RINVCMDLEN, Framing: true,
			Reason: fmt.Sprintf("does not agree with the %d octets there are", len(frame)),
		}
		if len(frame) >= HeaderLen {
			e.Header = ParseHeader(frame)
		}
		return e
	}
	h := ParseHeader(frame)
	p.Command, p.Status, p.Sequence = h.Command, h.Status, h.Sequence
	if len(frame) == HeaderLen {
		switch h.Command {
		case CommandSubmitSMResp, CommandDeliverSMResp, CommandDataSMResp: // under load there are many of them
			return nil
		}
	}
	body, space := newBody(h.Command)
	if body == nil {
		return &DecodeError{Header: h, Field: "command_id", Status: ESME_RINVCMDID, Reason: "unknown"}
	}
	response := h.Command.IsResponse()
	switch {
	case fieldless(body):
		p.Body = body
		return nil
	case response && len(frame) == HeaderLen:
		switch body.(type) {
		case *CancelSMResp, *ReplaceSMResp, *CancelBroadcastSMResp: // all that they have is optional
			p.Body = body
		}
		return nil
	}
	c.mode, c.reason, c.off, c.response, c.space = modeDecode, "", 0, response, space
	c.buf = c.own(frame[HeaderLen:])
	body.layout(c)
	if c.reason != "" {
		return &DecodeError{Header: h, Field: c.field, Status: c.status, Reason: c.reason}
	}
	p.Body = body
	return nil
}

// MessageID gives the message id of a response to submit_sm, submit_multi, data_sm, query_sm, broadcast_sm or
// query_broadcast_sm, empty if it has none.
func (p *PDU) MessageID() string {
	switch b := p.Body.(type) {
	case *SubmitSMResp:
		return b.MessageID
	case *SubmitMultiResp:
		return b.MessageID
	case *DataSMResp:
		return b.MessageID
	case *QuerySMResp:
		return b.MessageID
	case *BroadcastSMResp:
		return b.MessageID
	case *QueryBroadcastSMResp:
		return b.MessageID
	}
	return ""
}
