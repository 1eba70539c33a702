package cimd2

import (
	"errors"
	"strconv"
)

// Describe makes one line for people of the octets of a packet, as a trace has them: what Packet.String says, or for what
// cannot be decoded what is known of it and the reason.
func Describe(frame []byte) string {
	p, err := Decode(frame)
	if err == nil {
		return p.String()
	}
	var de *DecodeError
	if errors.As(err, &de) && de.Known {
		return p.String() + ": " + strconv.Itoa(len(frame)) + " octets that cannot be read: " + de.Reason
	}
	return strconv.Itoa(len(frame)) + " octets that are no packet: " + err.Error()
}

// String lists the packet in one line for people: operation, number, parameters. It hides passwords and the text of
// messages, of which only the length is given.
func (p *Packet) String() string {
	b := append([]byte(p.Op.String()), " number="...)
	b = strconv.AppendInt(b, int64(p.Seq), 10)
	for code, value := range p.All() {
		b = append(b, ' ')
		head := len(b)
		b = appendHead(b, code)[:head+3]
		b = append(b, '=')
		b = appendShown(b, code, value)
	}
	return string(b)
}

// longestShown is how many characters of a value are shown.
const longestShown = 64

// appendShown appends what may be seen of a value: numbers and addresses as they are, the meaning of codes behind them.
func appendShown(b []byte, code Param, value []byte) []byte {
	info := code.Info()
	switch {
	case code == ParamPassword:
		return append(b, "***"...)
	case code == ParamText || code == ParamBinary:
		return append(strconv.AppendInt(b, int64(len(value)), 10), " characters"...)
	case info.fault(value, true) != "" || info.Kind == KindString || info.Kind == KindUnknown:
		shown := value[:min(len(value), longestShown)]
		return strconv.AppendQuote(b, string(shown))
	}
	b = append(b, value[:min(len(value), 2*longestShown)]...)
	n, _ := parseInteger(value)
	switch code {
	case ParamStatus:
		b = append(append(b, '/'), Status(n).String()...)
	case ParamStatusError:
		b = append(append(b, '/'), StatusError(n).String()...)
	case ParamErrorCode:
		b = append(append(b, '/'), ErrorCode(n).Text()...)
	}
	return b
}
