package gsm

import "bytes"

// Key says which parts belong to one long message: those for which all of it is
// equal. It can be the key of a map. 3GPP TS 23.040 9.2.3.24.1.
type Key struct {
	From, To  string // addresses, in the form in which they are compared
	Link      string // where the parts come from: other links count on their own
	Reference uint16
	Wide      bool // references of 8 and of 16 bits are different ones
	Total     uint8
}

// Key returns the key of the message that this is a part of.
func (c Concat) Key(from, to, link string) Key {
	return Key{From: from, To: to, Link: link, Reference: c.Reference, Wide: c.Wide, Total: c.Total}
}

// Assembly is a long message that is being put together from parts that come in
// any order and perhaps more than once. The zero value is empty; its first part
// decides how many parts there are. It is not safe for concurrent use.
type Assembly struct {
	parts []assembled
	have  int
}

// assembled is the place of one part.
type assembled struct {
	payload  []byte
	encoding Encoding
	shift    Shift
	here     bool
}

// Add puts a part in its place; the payload is kept, not copied. Once all parts
// are there, complete is true. A part that is there already, with the same
// content, is ignored.
//
// conflict says that the part is not one of this message and was not added: a
// phone has used the same reference again soon after, so that this place holds
// other content, or the totals differ, or there is no such place. The caller
// then starts a new Assembly with this part and keeps the old one until it is
// given up.
func (a *Assembly) Add(number, total int, enc Encoding, payload []byte) (complete, conflict bool) {
	return a.AddShifted(number, total, enc, Shift{}, payload)
}

// AddShifted is Add for a part whose header says by which tables its septets
// are read.
func (a *Assembly) AddShifted(number, total int, enc Encoding, shift Shift, payload []byte) (complete, conflict bool) {
	if a.parts == nil && total >= 1 && total <= maxParts && number >= 1 && number <= total {
		a.parts = make([]assembled, total)
	}
	if total != len(a.parts) || number < 1 || number > total {
		return a.Complete(), true
	}
	p := &a.parts[number-1]
	if p.here {
		return a.Complete(), p.encoding != enc || p.shift != shift || !bytes.Equal(p.payload, payload)
	}
	*p = assembled{payload: payload, encoding: enc, shift: shift, here: true}
	a.have++
	return a.Complete(), false
}

// Complete says whether all parts are there.
func (a *Assembly) Complete() bool {
	return a.have > 0 && a.have == len(a.parts)
}

// Total returns the number of parts of the whole, 0 before the first.
func (a *Assembly) Total() int { return len(a.parts) }

// Missing returns the numbers of the parts that are not there yet, in order.
func (a *Assembly) Missing() []int {
	var missing []int
	for i := range a.parts {
		if !a.parts[i].here {
			missing = append(missing, i+1)
		}
	}
	return missing
}

// Payload returns the octets of the parts that are there, in order.
func (a *Assembly) Payload() []byte {
	var out []byte
	for i := range a.parts {
		out = append(out, a.parts[i].payload...)
	}
	return out
}

// Encoding returns the encoding of the first part that is there.
func (a *Assembly) Encoding() Encoding {
	for i := range a.parts {
		if a.parts[i].here {
			return a.parts[i].encoding
		}
	}
	return Auto
}

// Text returns the text of the parts that are there, in order. Neighbours in
// the same encoding are decoded together, because some senders cut a character
// in two. Binary parts give nothing.
func (a *Assembly) Text() string {
	var text, run []byte
	for i := range a.parts {
		p := &a.parts[i]
		run = append(run, p.payload...)
		last := i+1 == len(a.parts)
		if last || !p.here || !a.parts[i+1].here || a.parts[i+1].encoding != p.encoding || a.parts[i+1].shift != p.shift {
			text = AppendDecodedIn(text, p.encoding, p.shift, run)
			run = run[:0]
		}
	}
	return string(text)
}

// Join returns the text of segments, given in any order, and the numbers of
// those that are missing or belong to another message.
func Join(segments []Segment) (text string, missing []int) {
	var a Assembly
	for _, s := range segments {
		h, _, _ := ParseHeader(s.Header)
		a.AddShifted(s.Number, s.Total, s.Encoding, h.Shift(), s.Payload)
	}
	return a.Text(), a.Missing()
}
