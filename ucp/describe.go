package ucp

import "strconv"

// String shows a PDU in one line, without passwords and texts.
func (p *PDU) String() string {
	if p == nil {
		return "no PDU"
	}
	c := coder{mode: modeList, op: p.Op}
	c.buf = append(c.buf, p.Op.String()...)
	if p.Result {
		c.buf = append(c.buf, " result"...)
	}
	c.list("TRN", strconv.Itoa(int(p.TRN)))
	if p.Body == nil {
		return string(append(c.buf, ", not understood"...))
	}
	p.Body.layout(&c)
	return string(c.buf)
}

// Describe shows a frame in one line, without passwords and texts, for people. What is no PDU is told as that.
func Describe(frame []byte) string {
	p, err := Decode(frame)
	if err != nil {
		return strconv.Itoa(len(frame)) + " octets: " + err.Error()
	}
	return p.String()
}
