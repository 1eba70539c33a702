package ucp

import (
	"bytes"
	"strconv"
	"sync"
	"unsafe"
)

// coder walks through the fields of a body in wire order. Each body has one layout method that names its fields to the
// coder, and the coder encodes, decodes or lists them: no operation is described twice. The first failure sticks.
type coder struct {
	mode coderMode
	op   Operation
	buf  []byte // encoding, listing: the output; decoding: the coder's own copy of the fields
	off  int    // decoding: where the next field begins

	stars    bool // encoding: secrets are stars
	starText bool // and the text of a message is too
	starred  bool // there was something to hide

	field  string // first failure
	code   Code
	reason string
}

type coderMode uint8

const (
	modeEncode coderMode = iota
	modeDecode
	modeList
)

// coders are kept because a layout is called through an interface, which forces a coder onto the heap.
var coders = sync.Pool{New: func() any { return new(coder) }}

const upperHex = "0123456789ABCDEF"

// hexValues gives one more than the value of a hexadecimal digit of either case, 0 for anything else.
var hexValues = func() (t [256]uint8) {
	for i := range uint8(16) {
		t[upperHex[i]] = i + 1
		t[upperHex[i]|0x20] = i + 1
	}
	return t
}()

// charset is what may stand in a field that is written. What comes is taken as it is: whether an address means
// anything is not the codec's affair.
type charset uint8

const (
	digits    charset = iota
	address           // digits or hexadecimal
	anything          // printable, but for the slash
	forbidden = "/"
)

// has tells whether all characters of a text are in the set.
func (s charset) has(text string) bool {
	for i := range len(text) {
		x := text[i]
		switch {
		case x >= '0' && x <= '9':
		case s == address && hexValues[x] != 0:
		case s == anything && x >= ' ' && x != 0x7F && x != forbidden[0]:
		default:
			return false
		}
	}
	return true
}

// printable leaves out of a text what cannot stand in a field.
func printable(text string) string {
	if anything.has(text) {
		return text
	}
	var out []byte
	for i := range len(text) {
		if x := text[i : i+1]; anything.has(x) {
			out = append(out, x...)
		} else {
			out = append(out, ' ')
		}
	}
	return string(out)
}

// fail records the first failure.
func (c *coder) fail(field string, code Code, reason string) {
	if c.reason == "" {
		c.field, c.code, c.reason = field, code, reason
	}
}

// next cuts the next field; one that is not there any more is empty.
func (c *coder) next() []byte {
	if c.off >= len(c.buf) {
		return nil
	}
	rest := c.buf[c.off:]
	if rest[0] == '/' {
		c.off++
		return nil
	}
	n := bytes.IndexByte(rest, '/')
	if n < 0 {
		n = len(rest)
	}
	c.off += n + 1
	return rest[:n:n]
}

// share makes a string of a field. The octets are the coder's own and belong to this body alone, and no two fields share
// one, so nothing can change under the string.
func share(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	return unsafe.String(&b[0], len(b))
}

// text is a field of at most so many characters.
func (c *coder) text(field string, v *string, most int, set charset) {
	switch c.mode {
	case modeEncode:
		if len(*v) > 0 {
			switch {
			case len(*v) > most:
				c.fail(field, codeOfField(field), "longer than "+strconv.Itoa(most)+" characters")
			case !set.has(*v):
				c.fail(field, codeOfField(field), "has characters that cannot stand there")
			}
			c.buf = append(c.buf, *v...)
		}
		c.buf = append(c.buf, '/')
	case modeDecode:
		*v = share(c.next())
	case modeList:
		if *v != "" {
			c.list(field, quoted(*v))
		}
	}
}

// codeOfField is the code with which a peer would refuse a field.
func codeOfField(field string) Code {
	if field == "AdC" {
		return CodeAdC
	}
	return CodeSyntax
}

// quoted puts quotes around what is not plain.
func quoted(text string) string {
	if address.has(text) {
		return text
	}
	return strconv.Quote(text)
}

// secret is a text that no log shows.
func (c *coder) secret(field string, v *string, most int) {
	if c.mode == modeList {
		if *v != "" {
			c.list(field, "***")
		}
		return
	}
	if c.stars {
		hidden := c.hide("*", len(*v))
		v = &hidden
	}
	c.text(field, v, most, anything)
}

// password is a secret as hexadecimal digits of its octets.
func (c *coder) password(field string, v *string) {
	switch c.mode {
	case modeEncode:
		if c.stars {
			hidden := c.hide("*", len(*v))
			v = &hidden
		}
		if len(*v) > maxPassword {
			c.fail(field, CodeSyntax, "longer than "+strconv.Itoa(maxPassword)+" characters")
		}
		c.buf = append(appendHex(c.buf, []byte(*v)), '/')
	case modeDecode:
		*v = share(c.octets(field))
	case modeList:
		c.secret(field, v, 0)
	}
}

// maxPassword is the longest password that is sent.
const maxPassword = 64

// char is a field of one character out of a few; 0 stands for an empty one. Leading zeros are accepted.
func (c *coder) char(field string, v *byte, from, to byte) {
	switch c.mode {
	case modeEncode:
		if *v != 0 {
			if *v < from || *v > to {
				c.fail(field, CodeSyntax, "is not one of "+string(from)+" to "+string(to))
			}
			c.buf = append(c.buf, *v)
		}
		c.buf = append(c.buf, '/')
	case modeDecode:
		b := c.next()
		for len(b) > 1 && b[0] == '0' {
			b = b[1:]
		}
		switch len(b) {
		case 0:
		case 1:
			*v = b[0]
		default:
			c.fail(field, CodeSyntax, "longer than one character")
		}
	case modeList:
		if *v != 0 {
			c.list(field, quoted(string(rune(*v))))
		}
	}
}

// octets decodes hexadecimal digits in place.
func (c *coder) octets(field string) []byte {
	b := c.next()
	if len(b)%2 != 0 {
		c.fail(field, CodeSyntax, "has an odd number of hexadecimal digits")
		return nil
	}
	for i := 0; i < len(b); i += 2 {
		high, low := hexValues[b[i]], hexValues[b[i+1]]
		if high == 0 || low == 0 {
			c.fail(field, CodeSyntax, "has a character that is no hexadecimal digit")
			return nil
		}
		b[i/2] = (high-1)<<4 | (low - 1)
	}
	return b[: len(b)/2 : len(b)/2]
}

// hex is a field of octets, of which at most so many are written.
func (c *coder) hex(field string, v *[]byte, most int, tooLong Code) {
	switch c.mode {
	case modeEncode:
		if len(*v) > most {
			c.fail(field, tooLong, "longer than "+strconv.Itoa(most)+" octets")
		}
		c.buf = append(appendHex(c.buf, *v), '/')
	case modeDecode:
		*v = c.octets(field)
	case modeList:
		if len(*v) > 0 {
			c.list(field, strconv.Itoa(len(*v))+" octets")
		}
	}
}

// maxMsg is the most octets of a message that are written, more than any SMSC takes.
const maxMsg = 640

// message is the text of a message, whose form MT decides: hexadecimal for MTText and MTData, else as it stands.
func (c *coder) message(field string, mt byte, v *[]byte) {
	if c.starText {
		sign := "*"
		if mt != MTText && mt != MTData {
			sign = "0"
		}
		hidden := []byte(c.hide(sign, len(*v)))
		v = &hidden
	}
	if mt == MTText || mt == MTData || c.mode == modeList {
		c.hex(field, v, maxMsg, CodeTooLong)
		return
	}
	text := ""
	if c.mode == modeEncode {
		text = string(*v)
	}
	c.text(field, &text, maxMsg, digits)
	if c.mode == modeDecode && text != "" {
		*v = unsafe.Slice(unsafe.StringData(text), len(text)) // again octets of the body's own
	}
}

// addresses are a number and so many addresses.
func (c *coder) addresses(count, field string, v *[]string) {
	switch c.mode {
	case modeEncode:
		if len(*v) == 0 || len(*v) > maxAddresses {
			c.fail(count, CodeSyntax, "is not 1 to "+strconv.Itoa(maxAddresses))
		}
		c.buf = append(strconv.AppendInt(c.buf, int64(len(*v)), 10), '/')
	case modeDecode:
		n, ok := number(c.next())
		if !ok || n > maxAddresses || n > bytes.Count(c.buf[min(c.off, len(c.buf)):], []byte{'/'}) {
			c.fail(count, CodeSyntax, "is not the number of addresses")
			return
		}
		*v = make([]string, n)
	case modeList:
		c.list(count, strconv.Itoa(len(*v)))
	}
	for i := range *v {
		c.text(field, &(*v)[i], maxAddress, digits)
	}
}

const (
	maxAddress    = 16 // digits
	maxOriginator = 22 // digits, or hexadecimal digits of a name
	maxAddresses  = 200
)

// list writes one field as " name=value".
func (c *coder) list(field, value string) {
	c.buf = append(append(append(append(c.buf, ' '), field...), '='), value...)
}

// appendHex appends octets as upper-case hexadecimal digits.
func appendHex(dst, b []byte) []byte {
	for _, x := range b {
		dst = append(dst, upperHex[x>>4], upperHex[x&15])
	}
	return dst
}
