package ucp

import (
	"fmt"
	"strconv"
)

// The characters around a frame.
const (
	STX = 0x02
	ETX = 0x03
)

const (
	headLen  = 14                    // TRN/LEN/O/OT/
	tailLen  = 2                     // checksum
	minFrame = headLen + tailLen + 2 // with STX and ETX

	// MaxFrame is the longest frame in octets that this package writes or reads: several times as long as the longest
	// with 33 fields.
	MaxFrame = 4096
	// MaxTRN is the highest transaction reference number.
	MaxTRN = 99
)

// PDU is one frame: an operation, or the result of one.
type PDU struct {
	TRN    uint8 // transaction reference number, 0 to 99; a result has that of its operation
	Op     Operation
	Result bool
	Body   Body // of a result always a *Result; nil only where it could not be read
	// Private has a trace of the session see stars in place of the text; it is not part of the frame.
	Private bool
}

// Number gives the transaction reference number.
func (p *PDU) Number() uint8 { return p.TRN }

// SetNumber sets the transaction reference number.
func (p *PDU) SetNumber(n uint8) { p.TRN = n }

// Operation gives the operation type, of a result that of its operation.
func (p *PDU) Operation() uint8 { return uint8(p.Op) }

// IsResponse tells whether it is a result.
func (p *PDU) IsResponse() bool { return p.Result }

// Outcome gives the body of a result; of anything else nil.
func (p *PDU) Outcome() *Result {
	r, _ := p.Body.(*Result)
	return r
}

// Message gives the body of an operation 51 to 58; of anything else nil.
func (p *PDU) Message() *Message {
	m, _ := p.Body.(*Message)
	return m
}

// Ack makes the positive result of an operation.
func (p *PDU) Ack(sm string) *PDU {
	answer, body := newPDU(p.Op, true)
	*answer = PDU{TRN: p.TRN, Op: p.Op, Result: true, Body: body}
	answer.Outcome().SM = sm
	return answer
}

// Nack makes the negative result of an operation. What a frame cannot carry of the text is left out.
func (p *PDU) Nack(code Code, text string) *PDU {
	answer := p.Ack(printable(text[:min(len(text), maxSM)]))
	answer.Outcome().Code = code
	return answer
}

// DecodeError tells why octets are no PDU. The frame was found, so what follows it can be read.
type DecodeError struct {
	TRN    uint8
	Op     Operation
	Result bool
	// Unanswerable is set when the frame does not even tell which operation of which number it is.
	Unanswerable bool
	Code         Code   // with which to answer
	Field        string // the specification's name of the field at fault
	Reason       string
}

// Error names operation, number and field.
func (e *DecodeError) Error() string {
	if e.Unanswerable {
		return e.Field + ": " + e.Reason
	}
	return fmt.Sprintf("%s (TRN %02d): %s: %s", e.Op, e.TRN, e.Field, e.Reason)
}

// Unwrap gives the code.
func (e *DecodeError) Unwrap() error { return e.Code }

// EncodeError tells which field of a PDU cannot be written.
type EncodeError struct {
	Op     Operation
	Field  string
	Code   Code // what a peer would have answered to it
	Reason string
}

// Error names operation and field.
func (e *EncodeError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Op, e.Field, e.Reason) }

// Unwrap gives the code.
func (e *EncodeError) Unwrap() error { return e.Code }

// Append appends the frame of a PDU, from STX to ETX. It is strict: an *EncodeError names the field that is too long or
// has characters that it must not have, and dst comes back unchanged.
func Append(dst []byte, p *PDU) ([]byte, error) {
	if p.TRN > MaxTRN {
		return dst, &EncodeError{p.Op, "TRN", CodeSyntax, "above 99"}
	}
	if r, ok := p.Body.(*Result); p.Body == nil || !p.Body.carries(p.Op) || ok != p.Result || p.Result && r == nil {
		return dst, &EncodeError{p.Op, "OT", CodeNotSupported, "the body does not belong to it"}
	}
	c := coders.Get().(*coder)
	out, err := c.append(dst, p)
	c.buf = nil
	coders.Put(c)
	return out, err
}

func (c *coder) append(dst []byte, p *PDU) ([]byte, error) {
	kind := byte('O')
	if p.Result {
		kind = 'R'
	}
	c.mode, c.op, c.reason = modeEncode, p.Op, ""
	start := len(dst)
	c.buf = append(dst, STX, '0'+p.TRN/10, '0'+p.TRN%10, '/', 0, 0, 0, 0, 0, '/', kind, '/', '0'+byte(p.Op)/10, '0'+byte(p.Op)%10, '/')
	p.Body.layout(c)
	size := len(c.buf) - start - 1 + tailLen
	if size+2 > MaxFrame {
		c.fail("LEN", CodeTooLong, "longer than "+strconv.Itoa(MaxFrame)+" characters")
	}
	if c.reason != "" {
		return dst, &EncodeError{p.Op, c.field, c.code, c.reason}
	}
	frame := c.buf[start:]
	for i, n := 8, size; i > 3; i-- {
		frame[i] = '0' + byte(n%10)
		n /= 10
	}
	sum := checksum(frame[1:])
	return append(c.buf, upperHex[sum>>4], upperHex[sum&15], ETX), nil
}

// checksum is the sum of octets, modulo 256.
func checksum(b []byte) (sum uint8) {
	for _, x := range b {
		sum += x
	}
	return sum
}

// Decode reads one frame, from STX to ETX. Nothing in the PDU refers to it afterwards. It is liberal: see the package
// comment. The error is a *DecodeError; the PDU then has no body, and is nil if the error is unanswerable.
func Decode(frame []byte) (*PDU, error) {
	h := head{Unanswerable: true, Code: CodeSyntax, Field: "frame"}
	if !h.read(frame) {
		return nil, h.fault()
	}
	if h.checkTail(frame); h.Reason != "" {
		return &PDU{TRN: h.TRN, Op: h.Op, Result: h.Result}, h.fault()
	}
	p, body := newPDU(h.Op, h.Result)
	*p = PDU{TRN: h.TRN, Op: h.Op, Result: h.Result}
	c := coders.Get().(*coder)
	c.mode, c.op, c.reason, c.off = modeDecode, p.Op, "", 0
	c.buf = append([]byte(nil), frame[1+headLen:len(frame)-1-tailLen]...)
	body.layout(c)
	h.Code, h.Field, h.Reason = c.code, c.field, c.reason
	c.buf = nil
	coders.Put(c)
	if h.Reason != "" {
		return p, h.fault()
	}
	p.Body = body
	return p, nil
}

// head is what stands around the fields, and what is wrong with it.
type head DecodeError

// fault makes an error of it; only then it takes memory.
func (h *head) fault() error {
	e := DecodeError(*h)
	return &e
}

// read reads what stands before the fields; false if it is not that of a frame.
func (h *head) read(frame []byte) bool {
	if len(frame) < minFrame || len(frame) > MaxFrame || frame[0] != STX || frame[len(frame)-1] != ETX {
		h.Reason = "not " + strconv.Itoa(minFrame) + " to " + strconv.Itoa(MaxFrame) + " characters between STX and ETX"
		return false
	}
	trn, ok1 := number(frame[1:3])
	op, ok2 := number(frame[12:14])
	kind := frame[10]
	if !ok1 || !ok2 || frame[3] != '/' || frame[9] != '/' || frame[11] != '/' || frame[14] != '/' || kind != 'O' && kind != 'R' {
		h.Reason = "does not begin with TRN/LEN/O/OT/"
		return false
	}
	h.TRN, h.Op, h.Result, h.Unanswerable = uint8(trn), Operation(op), kind == 'R', false
	return true
}

// checkTail compares length and checksum, and looks whether the operation is known.
func (h *head) checkTail(frame []byte) {
	end := len(frame) - 1 - tailLen
	if n, ok := number(frame[4:9]); !ok || n != len(frame)-2 {
		h.Field, h.Reason = "LEN", "does not agree with the length of the frame"
		return
	}
	high, low := hexValues[frame[end]], hexValues[frame[end+1]]
	if sum := checksum(frame[1:end]); high == 0 || low == 0 || sum != (high-1)<<4|(low-1) || frame[end-1] != '/' {
		h.Code, h.Field, h.Reason = CodeChecksum, "checksum", "wrong"
		return
	}
	if !h.Op.Known() && !h.Result {
		h.Code, h.Field, h.Reason = CodeNotSupported, "OT", "unknown"
	}
}

// number reads decimal digits.
func number(b []byte) (n int, ok bool) {
	for _, x := range b {
		if x < '0' || x > '9' {
			return 0, false
		}
		n = n*10 + int(x-'0')
	}
	return n, true
}

// Seal writes the checksum of a frame, from STX to ETX, whose fields were changed in place. Its length must be what it was.
func Seal(frame []byte) {
	end := len(frame) - 1 - tailLen
	sum := checksum(frame[1:end])
	frame[end], frame[end+1] = upperHex[sum>>4], upperHex[sum&15]
}
