package gsm

import (
	"errors"
	"time"
)

// tpduCoder walks through the fields of a TPDU in the order of its layout, and
// reads or writes them. The first failure sticks; later calls do nothing.
type tpduCoder struct {
	decoding  bool
	buf       []byte // the output, or what is still to be read
	first     int    // writing: where the first octet stands
	flags     byte   // reading: the first octet
	hasHeader bool
	err       error
}

var errDataTooLong = errors.New("the user data do not fit into one short message")

// kind begins with the type of message. 3GPP TS 23.040 9.2.3.1.
func (c *tpduCoder) kind(k byte) {
	if !c.decoding {
		c.buf = append(c.buf, k)
		return
	}
	if b := c.take(1); b != nil {
		c.flags = b[0]
	}
}

// take cuts octets off what is to be read; nil with an error when there are too few.
func (c *tpduCoder) take(n int) []byte {
	if c.err != nil {
		return nil
	}
	if len(c.buf) < n {
		c.err = ErrTPDUTruncated
		return nil
	}
	b := c.buf[:n:n]
	c.buf = c.buf[n:]
	return b
}

// flag is one bit of the first octet.
func (c *tpduCoder) flag(bit byte, v *bool) {
	switch {
	case c.decoding:
		*v = c.flags&bit != 0
	case *v:
		c.buf[c.first] |= bit
	}
}

// unset is a bit whose meaning is turned round: it is set when v is false.
func (c *tpduCoder) unset(bit byte, v *bool) {
	turned := !*v
	c.flag(bit, &turned)
	*v = !turned
}

// bits are several bits of the first octet.
func (c *tpduCoder) bits(mask byte, shift int, v *uint8) {
	if c.decoding {
		*v = c.flags & mask >> shift
		return
	}
	c.buf[c.first] |= *v << shift & mask
}

// header is the bit that says that user data begin with a header. 3GPP TS 23.040 9.2.3.23.
func (c *tpduCoder) header(h *[]byte) {
	c.hasHeader = len(*h) > 0
	c.flag(0x40, &c.hasHeader)
}

// octet is one octet.
func (c *tpduCoder) octet(v *uint8) {
	if !c.decoding {
		c.buf = append(c.buf, *v)
		return
	}
	if b := c.take(1); b != nil {
		*v = b[0]
	}
}

// octets are a fixed number of octets.
func (c *tpduCoder) octets(v []byte) {
	if !c.decoding {
		c.buf = append(c.buf, v...)
		return
	}
	copy(v, c.take(len(v)))
}

// time is a time stamp of seven octets.
func (c *tpduCoder) time(v *time.Time) {
	if !c.decoding {
		c.buf = appendTimestamp(c.buf, *v)
		return
	}
	if b := c.take(7); b != nil {
		*v = timestamp(b)
	}
}

// address is an address with its length in semi-octets.
func (c *tpduCoder) address(a *Address) {
	if c.err != nil {
		return
	}
	if !c.decoding {
		c.buf, c.err = appendAddress(c.buf, *a)
		return
	}
	*a, c.buf, c.err = cutAddress(c.buf)
}

// more says whether fields follow that may be missing: reading, whether there
// are octets; writing, as has says.
func (c *tpduCoder) more(has bool) bool {
	if c.decoding {
		return c.err == nil && len(c.buf) > 0
	}
	return has
}

// cause is TP-FCS, which is there only when the answer is a refusal: its
// highest bit is set, that of the parameter indicator is not. 3GPP TS 23.040 9.2.3.22.
func (c *tpduCoder) cause(failed *bool, cause *uint8) {
	if c.decoding {
		if *failed = c.err == nil && len(c.buf) > 0 && c.buf[0]&0x80 != 0; !*failed {
			return
		}
	} else if !*failed {
		return
	} else {
		*cause |= 0x80
	}
	c.octet(cause)
}

// optional is the indicator of parameters and those that it names.
func (c *tpduCoder) optional(o *Optional) {
	c.present(o)
	c.presentFields(o)
}

// present is the indicator of parameters. 3GPP TS 23.040 9.2.3.27.
func (c *tpduCoder) present(o *Optional) {
	if !c.decoding {
		if len(o.Header)+len(o.Payload) > 0 {
			o.Has |= HasData
		}
		o.Has &= HasProtocol | HasCoding | HasData
	}
	if c.octet(&o.Has); !c.decoding {
		return
	}
	extended := o.Has
	for extended&0x80 != 0 && c.err == nil { // more octets of it, none of which is defined
		c.octet(&extended)
	}
	o.Has &= HasProtocol | HasCoding | HasData
}

// presentFields are the parameters that the indicator names.
func (c *tpduCoder) presentFields(o *Optional) {
	if o.Has&HasProtocol != 0 {
		c.octet(&o.Protocol)
	}
	if o.Has&HasCoding != 0 {
		c.octet(&o.Coding)
	}
	if o.Has&HasData != 0 {
		c.data(&o.UserData)
	}
}

// data is the length of the user data, in septets or octets, and the user data.
// 3GPP TS 23.040 9.2.3.16 and 9.2.3.24.
func (c *tpduCoder) data(u *UserData) {
	coding := ParseDataCoding(u.Coding)
	septets := coding.Encoding == GSM7 && !coding.Compressed
	if !c.decoding {
		c.appendData(u, septets)
		return
	}
	var n uint8
	if c.octet(&n); c.err != nil {
		return
	}
	octets := int(n)
	if septets {
		octets = (int(n)*7 + 7) / 8
	}
	// What is shorter than it says is shown as far as it goes.
	ud := c.buf[:min(octets, len(c.buf), userDataOctets)]
	c.buf = c.buf[len(ud):]
	rest := ud
	if c.hasHeader {
		// A header that is longer than the user data is no header.
		if len(ud) > 0 && int(ud[0]) < len(ud) {
			u.Header, rest = ud[:1+int(ud[0])], ud[1+int(ud[0]):]
		}
	}
	if u.Payload = rest; septets {
		h := len(u.Header)
		u.Payload = Unpack(nil, ud[h:], max(0, int(n)-headerSeptets(h)), FillBits(h))
	}
}

// appendData writes the user data.
func (c *tpduCoder) appendData(u *UserData, septets bool) {
	h, n := len(u.Header), len(u.Header)+len(u.Payload)
	octets := n
	if septets {
		n = headerSeptets(h) + len(u.Payload)
		octets = (n*7 + 7) / 8
	}
	if octets > userDataOctets {
		if c.err == nil {
			c.err = errDataTooLong
		}
		return
	}
	c.buf = append(append(c.buf, byte(n)), u.Header...)
	if !septets {
		c.buf = append(c.buf, u.Payload...)
		return
	}
	at := len(c.buf)
	c.buf = Pack(c.buf, u.Payload, FillBits(h))
	for len(c.buf)-at < octets-h { // a header whose fill bits take up an octet, and no text
		c.buf = append(c.buf, 0)
	}
}
