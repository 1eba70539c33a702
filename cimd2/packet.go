package cimd2

import (
	"bytes"
	"fmt"
	"iter"
	"strconv"

	"kurir/wire"
)

// Octets with a meaning of their own, which no value may contain (nor may it contain NUL).
const (
	STX = wire.STX // begins a packet
	ETX = wire.ETX // ends it
	tab = 0x09     // ends the header and each parameter
)

// Sizes of packets, in octets.
const (
	MaxPacket  = 4096 // the longest packet that is written or read
	headerSize = len("\x0200:000\t")
	minPacket  = headerSize + 1
	paramHead  = len("000:")
)

// MaxWindow is the largest window that a login can ask for (parameter 019).
const MaxWindow = 128

// Packet is one packet: an operation, a number, and parameters in the order and the form in which they stand on the wire.
// What the parameters of an operation mean is said by the types with a method Operation: [New] makes a packet of one, and
// [Packet.Read] reads one from it.
type Packet struct {
	Op  Operation
	Seq uint8 // packet number: odd of an application's requests, even of an SMSC's; a response has that of its request
	// Plain is set for a packet without checksum. An answer to such a packet has none either: see Answer.
	Plain bool
	// Private has a trace of the session see stars in place of the text; it is not part of the packet.
	Private bool

	params []byte // each "PPP:value" and a TAB
}

// room is a packet together with space for parameters of the usual length, which saves an allocation.
type room struct {
	Packet
	space [168]byte
}

// newPacket makes a packet with room for n octets of parameters.
func newPacket(n int) *Packet {
	if n > len(room{}.space) {
		return &Packet{params: make([]byte, 0, n)}
	}
	r := new(room)
	r.params = r.space[:0]
	return &r.Packet
}

// Empty makes a packet without parameters: alive, logout, nack, and positive responses of most operations.
func Empty(op Operation, number uint8) *Packet { return &Packet{Op: op, Seq: number} }

// Number gives the packet number.
func (p *Packet) Number() uint8 { return p.Seq }

// SetNumber sets the packet number.
func (p *Packet) SetNumber(n uint8) { p.Seq = n }

// Operation gives the code of the operation, of a response that of its request.
func (p *Packet) Operation() uint8 { return uint8(p.Op.Request()) }

// IsResponse reports whether the packet answers another.
func (p *Packet) IsResponse() bool { return p.Op.IsResponse() }

// All gives the parameters in their order. The values must not be changed.
func (p *Packet) All() iter.Seq2[Param, []byte] {
	return func(yield func(Param, []byte) bool) {
		for rest := p.params; len(rest) > 0; {
			var code Param
			var value []byte
			code, value, rest = cut(rest)
			if !yield(code, value) {
				return
			}
		}
	}
}

// cut takes the first parameter off well-formed parameters.
func cut(params []byte) (code Param, value, rest []byte) {
	end := bytes.IndexByte(params, tab)
	code = Param(params[0]-'0')*100 + Param(params[1]-'0')*10 + Param(params[2]-'0')
	return code, params[paramHead:end:end], params[end+1:]
}

// Get gives the value of the first parameter of a code, which must not be changed. ok is false if there is none.
func (p *Packet) Get(code Param) (value []byte, ok bool) {
	for c, v := range p.All() {
		if c == code {
			return v, true
		}
	}
	return nil, false
}

// Add adds a parameter behind the others, which may be one that this package does not know: those may have any value
// without NUL, STX, ETX and TAB. The error is a *ParamError.
func (p *Packet) Add(code Param, value string) error {
	c := coder{op: p.Op, buf: p.params}
	c.put(code, []byte(value), ErrFormat)
	if c.err != nil {
		return c.err
	}
	p.params = c.buf
	return nil
}

// appendHead appends the code of a parameter and its colon.
func appendHead(dst []byte, code Param) []byte {
	return append(dst, '0'+byte(code/100), '0'+byte(code/10%10), '0'+byte(code%10), ':')
}

// Append appends the packet to dst as it goes over the wire, with its checksum unless Plain is set.
func Append(dst []byte, p *Packet) ([]byte, error) {
	size := headerSize + len(p.params) + len("FF\x03")
	if p.Op > maxOperation {
		return dst, fmt.Errorf("write %s: a code has two digits", p.Op)
	}
	if size > MaxPacket {
		return dst, fmt.Errorf("write %s: a packet of %d octets is longer than %d", p.Op, size, MaxPacket)
	}
	start := len(dst)
	op, n := byte(p.Op), p.Seq
	dst = append(dst, STX, '0'+op/10, '0'+op%10, ':', '0'+n/100, '0'+n/10%10, '0'+n%10, tab)
	dst = append(dst, p.params...)
	if p.Plain {
		return append(dst, ETX), nil
	}
	dst = append(dst, "00\x03"...)
	Seal(dst[start:])
	return dst, nil
}

// Seal writes the checksum of a packet, from STX to ETX, that has one already and was changed in place.
func Seal(frame []byte) {
	const digits = "0123456789ABCDEF"
	end := len(frame) - len("00\x03")
	sum := checksum(frame[:end])
	frame[end], frame[end+1] = digits[sum>>4], digits[sum&15]
}

// checksum is the sum of all octets from STX, which UCP leaves out, to the last TAB, modulo 256.
func checksum(b []byte) (sum byte) {
	for _, c := range b {
		sum += c
	}
	return sum
}

// DecodeError tells why octets are no packet.
type DecodeError struct {
	Op  Operation
	Seq uint8
	// Known says that operation and number could be read and can be trusted: there was no wrong checksum.
	Known    bool
	Checksum bool // the checksum is wrong
	Reason   string
}

// Error names operation and number, if they are known, and the reason.
func (e *DecodeError) Error() string {
	if !e.Known {
		return "packet: " + e.Reason
	}
	return e.Op.String() + " (packet number " + strconv.Itoa(int(e.Seq)) + "): " + e.Reason
}

// Unwrap gives the error code with which to answer a request.
func (e *DecodeError) Unwrap() error { return ErrSyntax }

// Decode reads one packet, which frame must hold from STX to ETX. Nothing in it refers to frame afterwards. The checksum
// may be missing; a packet number may lack leading zeros. The error is a *DecodeError; if it knows operation and number,
// a packet with these and no parameters is returned too.
func Decode(frame []byte) (*Packet, error) {
	if len(frame) < minPacket || frame[0] != STX || frame[len(frame)-1] != ETX {
		return nil, &DecodeError{Reason: "is not enclosed in STX and ETX"}
	}
	if len(frame) > MaxPacket {
		return nil, &DecodeError{Reason: "is longer than " + strconv.Itoa(MaxPacket) + " octets"}
	}
	last := bytes.LastIndexByte(frame, tab)
	if last < 0 {
		return nil, &DecodeError{Reason: "has no TAB"}
	}
	end := frame[last+1 : len(frame)-1]
	switch {
	case len(end) == 0:
	case len(end) != 2 || hexValue(end[0]) > 15 || hexValue(end[1]) > 15:
		return nil, &DecodeError{Reason: "has neither a checksum nor nothing behind the last TAB"}
	case hexValue(end[0])<<4|hexValue(end[1]) != checksum(frame[:last+1]):
		return nil, &DecodeError{Checksum: true, Reason: "has a wrong checksum"}
	}
	op, number, rest, ok := cutHeader(frame[1 : last+1])
	if !ok {
		return nil, &DecodeError{Reason: "has no header OO:NNN"}
	}
	if fault := shapeFault(rest); fault != "" {
		return &Packet{Op: op, Seq: number, Plain: len(end) == 0}, &DecodeError{Op: op, Seq: number, Known: true, Reason: fault}
	}
	p := newPacket(len(rest))
	p.Op, p.Seq, p.Plain = op, number, len(end) == 0
	p.params = append(p.params, rest...)
	return p, nil
}

// cutHeader takes operation and number off.
func cutHeader(b []byte) (op Operation, number uint8, rest []byte, ok bool) {
	end := bytes.IndexByte(b, tab)
	if end < len("00:0") || end > len("00:000") || b[2] != ':' {
		return 0, 0, nil, false
	}
	code, ok1 := parseInteger(b[:2])
	n, ok2 := parseInteger(b[3:end])
	if !ok1 || !ok2 || code < 0 || n < 0 || n > 255 {
		return 0, 0, nil, false
	}
	return Operation(code), uint8(n), b[end+1:], true
}

// shapeFault says what is wrong with the shape of parameters, "" if nothing is: each has to be "PPP:value" and a TAB.
func shapeFault(params []byte) string {
	if bytes.IndexByte(params, STX) >= 0 || bytes.IndexByte(params, ETX) >= 0 || bytes.IndexByte(params, 0) >= 0 {
		return "has an octet 00, 02 or 03 within a parameter"
	}
	for len(params) > 0 {
		end := bytes.IndexByte(params, tab)
		if end < paramHead || params[3] != ':' || !digit(params[0]) || !digit(params[1]) || !digit(params[2]) {
			return "has a parameter that is not PPP:value"
		}
		params = params[end+1:]
	}
	return ""
}

func digit(c byte) bool { return c-'0' <= 9 }
