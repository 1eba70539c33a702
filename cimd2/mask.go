package cimd2

import "bytes"

// Masked returns a packet for people who may not see its password, of which it has stars, and, unless texts is set, not the
// text of a message either. It is nil where what is to be hidden cannot be found.
func Masked(frame []byte, texts bool) []byte {
	p, err := Decode(frame)
	if err != nil {
		return nil
	}
	masked := &Packet{Op: p.Op, Seq: p.Seq, Plain: p.Plain, params: make([]byte, 0, len(p.params))}
	for code, value := range p.All() {
		switch {
		case code == ParamPassword, code == ParamText && !texts:
			value = bytes.Repeat([]byte("*"), len(value))
		case code == ParamBinary && !texts:
			value = bytes.Repeat([]byte("0"), len(value))
		}
		masked.params = append(append(appendHead(masked.params, code), value...), tab)
	}
	out, err := Append(nil, masked)
	if err != nil {
		return nil
	}
	return out
}

// shown gives a packet that we send as a trace may see it.
func shown(p *Packet, frame []byte) []byte {
	if !p.Private {
		return frame
	}
	return Masked(frame, false)
}
