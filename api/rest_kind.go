package api

import (
	"kurir/gsm"
	"kurir/message"
)

// protocolReplace is the protocol_id of replace type 1, less one (3GPP TS 23.040 9.2.3.9).
const protocolReplace = 0x40

// restPorts are the application ports of a message.
type restPorts struct{ to, from uint16 }

// ports reads "ports", an object; to is to be there.
func (r *jsonReader) ports() (p restPorts) {
	if !r.open('{', "an object") {
		return p
	}
	seen := map[string]bool{}
	for first := true; r.more('}', &first); {
		name := string(r.name())
		r.field = "ports." + clip(name)
		switch {
		case seen[name]:
			r.fail(codeTwice, "%s is given twice", r.field)
		case name == "to":
			p.to = uint16(r.number(0, 65535))
		case name == "from":
			p.from = uint16(r.number(0, 65535))
		default:
			r.unknown(name, []string{"to", "from"})
		}
		if r.problem != nil {
			return p
		}
		seen[name] = true
		r.field = "ports"
	}
	if !seen["to"] && r.problem == nil {
		r.field = "ports.to"
		r.fail(codeRequired, "ports.to is missing")
	}
	return p
}

// header is the user data header that ports stand for (3GPP TS 23.040 9.2.3.24.4).
func (p restPorts) header() []byte {
	e := gsm.PortsElement(p.to, p.from)
	return append([]byte{byte(2 + len(e.Data)), e.ID, byte(len(e.Data))}, e.Data...)
}

// replacing says in x, which is made where there is none, that a phone is to put the message in place of one with the same
// type, from 1 to 7, from the same sender; 0 is no such type.
func replacing(x *message.Extra, kind uint8) *message.Extra {
	if kind == 0 {
		return x
	}
	if x == nil {
		x = &message.Extra{}
	}
	x.ProtocolID = protocolReplace + kind
	return x
}

// replaceType is what replacing has put there; 0 for none.
func replaceType(x *message.Extra) uint8 {
	if x == nil || x.ProtocolID <= protocolReplace || x.ProtocolID > protocolReplace+7 {
		return 0
	}
	return x.ProtocolID - protocolReplace
}
