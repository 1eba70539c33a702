package cimd2

import (
	"bytes"
	"strconv"
	"strings"
	"sync"
	"unsafe"

	"kurir/gsm"
)

// Body is what the parameters of an operation mean: one of the types of this package, always as a pointer.
type Body interface {
	// Operation gives the operation that the body belongs to.
	Operation() Operation
	layout(c *coder)
}

// Optional is a number that may be missing. The zero value is missing.
type Optional struct {
	Value int
	Set   bool
}

// Some is a number that is there.
func Some(n int) Optional { return Optional{n, true} }

// Or gives the number, or another one if it is missing.
func (o Optional) Or(n int) int {
	if o.Set {
		return o.Value
	}
	return n
}

// ParamError tells which parameter of an operation cannot be written, or could not be read.
type ParamError struct {
	Op     Operation
	Param  Param
	Code   ErrorCode // with which to answer the request
	Reason string
}

// Error names operation and parameter.
func (e *ParamError) Error() string { return e.Op.String() + ": " + e.Param.String() + ": " + e.Reason }

// Unwrap gives the error code.
func (e *ParamError) Unwrap() error { return e.Code }

// coder walks through the parameters of a body. Each body has one layout method that names its parameters to the coder,
// with the error code that a mistake in them has in this operation, and the coder writes or reads them: no operation is
// described twice. The first failure sticks.
type coder struct {
	op      Operation
	reading bool
	buf     []byte // writing: the parameters so far; reading: all of them
	places  []place
	few     [24]place     // space for places
	scratch [3 * 160]byte // for a value in the making
	err     *ParamError
}

// place is where the value of a parameter stands.
type place struct {
	code     Param
	from, to uint16
}

// coders are kept because a layout is called through an interface, which forces a coder onto the heap.
var coders = sync.Pool{New: func() any { return new(coder) }}

// New makes a packet of a body, without a number yet. It is strict: the error is a *ParamError that names the parameter
// that is missing, too long, or does not go with another.
func New(body Body) (*Packet, error) {
	c := coders.Get().(*coder)
	p := newPacket(0)
	p.Op = body.Operation()
	c.op, c.reading, c.buf, c.err = p.Op, false, p.params, nil
	body.layout(c)
	p.params = c.buf
	err := c.err
	c.buf, c.err = nil, nil
	coders.Put(c)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Answer makes the response to a request p: body, or without parameters if that is nil.
func (p *Packet) Answer(body Body) (*Packet, error) {
	out := Empty(p.Op.Response(), p.Seq)
	if body != nil {
		var err error
		if out, err = New(body); err != nil {
			return nil, err
		}
	}
	out.Seq, out.Plain = p.Seq, p.Plain
	return out, nil
}

// Refuse makes the negative response to a request p. An empty text is that of the code. Deliver and status report have no
// negative response: to them, as to what is no request at all, it is nil.
func (p *Packet) Refuse(code ErrorCode, text string) *Packet {
	if p.Op.FromSMSC() || p.Op.Response() == p.Op {
		return nil
	}
	out := newPacket(0)
	out.Op, out.Seq, out.Plain = p.Op.Response(), p.Seq, p.Plain
	c := coder{op: out.Op, buf: out.params}
	c.refusal(code, text)
	out.params = c.buf
	return out
}

// refusal writes an error code and its text, which is cut to what fits; an empty one is that of the code.
func (c *coder) refusal(code ErrorCode, text string) {
	c.number(ParamErrorCode, int(min(code, maxParam)), ErrFormat)
	clean := printable(text)
	if len(clean) == 0 {
		clean = printable(code.Text())
	}
	c.put(ParamErrorText, clean, ErrFormat)
}

// printable makes an error text of any text: characters that may not stand there become question marks.
func printable(text string) []byte {
	clean := make([]byte, 0, 64)
	for _, r := range strings.TrimSpace(text) {
		if r < ' ' || r > '~' {
			r = '?'
		}
		if len(clean) == params[ParamErrorText].MaxLen {
			break
		}
		clean = append(clean, byte(r))
	}
	return bytes.TrimSpace(clean)
}

// Refusal is the error of a negative response.
type Refusal struct {
	Op   Operation
	Code ErrorCode
	Text string // of the SMSC; may be empty
}

// Error gives operation, code and the SMSC's text.
func (r *Refusal) Error() string {
	s := r.Op.String() + ": error " + r.Code.String()
	if r.Text != "" && r.Text != r.Code.Text() {
		s += " (" + strconv.Quote(r.Text) + ")"
	}
	return s
}

// Unwrap gives the error code.
func (r *Refusal) Unwrap() error { return r.Code }

// Refused gives the error that a response or a general error tells, nil if it tells none. An error code that cannot be read
// counts as a system error. In the response to a submission with several destinations it is that of the whole: see
// SubmitResp for each.
func (p *Packet) Refused() error {
	value, ok := p.Get(ParamErrorCode)
	if !ok {
		if p.Op != OpGeneralError {
			return nil
		}
		value = nil
	}
	r := &Refusal{Op: p.Op, Code: readErrorCode(value)}
	if text, ok := p.Get(ParamErrorText); ok {
		r.Text = string(text)
	}
	if r.Code == NoError && p.Op != OpGeneralError {
		return nil
	}
	return r
}

func readErrorCode(value []byte) ErrorCode {
	if n, ok := parseInteger(value); ok && n >= 0 && n <= maxParam {
		return ErrorCode(n)
	}
	return ErrSystem
}

// Read reads the parameters of a packet into a body of the same operation, whose old contents are lost. It is liberal:
// strings and hexadecimal digits may be longer than they should, parameters without a value count as missing, those
// that the operation does not have are left to Get and All, and of those that stand there twice the first counts.
// The error is a *ParamError. Strings in the body share the packet's memory.
func (p *Packet) Read(body Body) error {
	if op := body.Operation(); op != p.Op {
		return &ParamError{Op: p.Op, Code: ErrUnexpectedOperation, Reason: "is read as " + op.String()}
	}
	c := coders.Get().(*coder)
	c.op, c.reading, c.buf, c.err = p.Op, true, p.params, nil
	c.find()
	body.layout(c)
	err := c.err
	c.buf, c.places, c.err = nil, nil, nil
	coders.Put(c)
	if err != nil {
		return err
	}
	return nil
}

// find notes where each parameter stands.
func (c *coder) find() {
	c.places = c.few[:0]
	for at := 0; at < len(c.buf); {
		code, value, _ := cut(c.buf[at:])
		from := at + paramHead
		at = from + len(value) + 1
		if len(value) > 0 {
			c.places = append(c.places, place{code, uint16(from), uint16(from + len(value))})
		}
	}
}

// fail records the first failure.
func (c *coder) fail(p Param, code ErrorCode, reason string) {
	if c.err == nil {
		c.err = &ParamError{c.op, p, code, reason}
	}
}

// look finds the value of a parameter when reading, nil if there is none, and checks it.
func (c *coder) look(p Param, code ErrorCode) []byte {
	for i := range c.places {
		if l := &c.places[i]; l.code == p {
			return c.check(p, c.buf[l.from:l.to:l.to], code)
		}
	}
	return nil
}

// check gives a value back, or nil if there is something wrong with it.
func (c *coder) check(p Param, value []byte, code ErrorCode) []byte {
	if reason := params[p].fault(value, true); reason != "" {
		c.fail(p, code, reason)
		return nil
	}
	return value
}

// put writes a parameter, held against the table.
func (c *coder) put(p Param, value []byte, code ErrorCode) {
	if p > maxParam {
		c.fail(p, code, "a code has three digits")
		return
	}
	info := &params[p]
	reason := info.fault(value, false)
	for _, b := range value {
		if b == 0 || b == STX || b == ETX || b == tab {
			reason = "contains an octet 00, 02, 03 or 09"
		}
	}
	if n := len(value); n > 0 && info.Kind != KindText && (value[0] == ' ' || value[n-1] == ' ') {
		reason = "begins or ends with a blank"
	}
	if len(c.buf)+paramHead+len(value) >= MaxPacket {
		reason = "makes the packet too long"
	}
	if reason != "" {
		c.fail(p, code, reason)
		return
	}
	c.buf = append(append(appendHead(c.buf, p), value...), tab)
}

// number writes a number.
func (c *coder) number(p Param, n int, code ErrorCode) {
	var b [8]byte
	c.put(p, strconv.AppendInt(b[:0], int64(n), 10), code)
}

// need fails if a parameter that an operation must have is missing.
func (c *coder) need(p Param, there bool, code ErrorCode) {
	if !there {
		c.fail(p, code, "is missing")
	}
}

// text is a string, an address or a time; empty if it is missing.
func (c *coder) text(p Param, v *string, code ErrorCode) {
	if c.reading {
		*v = shared(c.look(p, code))
	} else if *v != "" {
		c.put(p, unsafe.Slice(unsafe.StringData(*v), len(*v)), code)
	}
}

// shared makes a string of a part of a packet's parameters, which nobody changes once they are there.
func shared(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// optional is a number that may be missing.
func (c *coder) optional(p Param, v *Optional, code ErrorCode) {
	if !c.reading {
		if v.Set {
			c.number(p, v.Value, code)
		}
		return
	}
	*v = Optional{}
	if b := c.look(p, code); b != nil {
		v.Value, _ = parseInteger(b)
		v.Set = true
	}
}

// hex are octets in hexadecimal digits; nil if they are missing.
func (c *coder) hex(p Param, v *[]byte, code ErrorCode) {
	if c.reading {
		*v = nil
		if b := c.look(p, code); b != nil {
			*v = make([]byte, len(b)/2)
			for i := range *v {
				(*v)[i] = hexValue(b[2*i])<<4 | hexValue(b[2*i+1])
			}
		}
		return
	}
	if len(*v) == 0 {
		return
	}
	const digits = "0123456789ABCDEF"
	value := c.scratch[:0]
	for _, x := range *v {
		value = append(value, digits[x>>4], digits[x&15])
	}
	c.put(p, value, code)
}

// userData are the parameters 032, 033 and 034.
func (c *coder) userData(u *UserData) {
	c.hex(ParamHeader, &u.Header, ErrUserData)
	if !c.reading {
		c.putUserData(u)
		return
	}
	u.Data, u.Binary = nil, false
	text := c.look(ParamText, ErrUserData)
	c.hex(ParamBinary, &u.Data, ErrUserData)
	switch {
	case text != nil && u.Data != nil:
		c.fail(ParamBinary, ErrUserDataCombination, "stands beside "+ParamText.String())
	case text != nil:
		u.Data = ParseText(make([]byte, 0, len(text)), text)
	default:
		u.Binary = u.Data != nil
	}
	if fault := u.fault(); fault != "" {
		c.fail(ParamHeader, ErrUserData, fault)
	}
}

// putUserData writes 033 or 034.
func (c *coder) putUserData(u *UserData) {
	if fault := u.fault(); fault != "" {
		c.fail(u.param(), ErrUserData, fault)
		return
	}
	if u.overflow() {
		c.fail(ParamBinary, ErrUserData, "longer than "+strconv.Itoa(maxUserData)+" octets with the header")
		return
	}
	if u.Binary {
		c.hex(ParamBinary, &u.Data, ErrUserData)
		return
	}
	most := gsm.Capacity(gsm.GSM7, len(u.Header))
	if len(u.Data) > most {
		c.fail(ParamText, ErrUserData, "longer than the "+strconv.Itoa(most)+" septets that there is room for")
		return
	}
	if len(u.Data) > 0 {
		value := AppendText(c.scratch[:0], u.Data)
		c.put(ParamText, value, ErrUserData)
	}
}
