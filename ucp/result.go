package ucp

import "strings"

// Result answers an operation (EMI/UCP 3.4).
type Result struct {
	Code Code   // CodeNone: done
	MVP  string // modified validity period, DDMMYYHHmm: with positive results of op 30 and 51 to 58
	SM   string // system message: see ParseID; with a negative result a text for people
}

func (*Result) carries(Operation) bool { return true }

func (b *Result) layout(c *coder) {
	kind := byte('A')
	if b.Code != CodeNone {
		kind = 'N'
	}
	switch c.mode {
	case modeEncode:
		c.buf = append(c.buf, kind, '/')
	case modeDecode:
		if kind = b.kind(c); kind == 0 {
			return
		}
	case modeList:
		c.list("result", map[byte]string{'A': "done", 'N': b.Code.Error()}[kind])
	}
	switch {
	case kind == 'N':
		b.code(c)
	case c.op.hasMVP():
		c.text("MVP", &b.MVP, 10, digits)
	}
	c.text("SM", &b.SM, maxSM, anything)
	if c.mode == modeDecode && b.SM == "" && len(b.MVP) > 10 {
		b.MVP, b.SM = "", b.MVP // a peer without MVP
	}
}

// kind reads whether the result is positive; 0 if it is neither.
func (b *Result) kind(c *coder) byte {
	if f := c.next(); len(f) == 1 && (f[0] == 'A' || f[0] == 'N') {
		return f[0]
	}
	c.fail("ACK", CodeSyntax, "is neither A nor N")
	return 0
}

// code is the error code, as two digits.
func (b *Result) code(c *coder) {
	switch c.mode {
	case modeEncode:
		if b.Code > 99 {
			c.fail("EC", CodeSyntax, "above 99")
		}
		c.buf = append(c.buf, '0'+byte(b.Code)/10, '0'+byte(b.Code)%10, '/')
	case modeDecode:
		n, ok := number(c.next())
		if !ok || n > 99 {
			c.fail("EC", CodeSyntax, "is no number of two digits")
			return
		}
		if b.Code = Code(n); n == 0 {
			b.Code = CodeUnknown
		}
	}
}

// maxSM is the longest system message that is written.
const maxSM = 200

// ID is how an SMSC names a message: by its recipient and the time it came. Notifications repeat both, with the
// recipient as their OAdC.
type ID struct {
	AdC  string // empty if the SMSC gave the time alone
	SCTS string // DDMMYYhhmmss
}

// ParseID reads the system message of the positive result of an operation with a message: AdC:SCTS, or SCTS alone.
// ok is false if it is neither.
func ParseID(sm string) (id ID, ok bool) {
	if i := strings.LastIndexByte(sm, ':'); i >= 0 {
		id.AdC, sm = sm[:i], sm[i+1:]
	}
	if len(sm) != len("DDMMYYhhmmss") || !digits.has(sm) {
		return ID{}, false
	}
	id.SCTS = sm
	return id, true
}

// String gives the form in which a result has it.
func (id ID) String() string {
	if id.AdC == "" {
		return id.SCTS
	}
	return id.AdC + ":" + id.SCTS
}
