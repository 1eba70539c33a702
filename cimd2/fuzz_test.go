package cimd2

import (
	"bytes"
	"testing"
)

// What can be read is written again as the same packet, whatever it is; nothing panics.
func FuzzDecode(f *testing.F) {
	for _, p := range everyPacket(f) {
		f.Add(encode(f, p))
		p.Plain = true
		f.Add(encode(f, p))
	}
	f.Add([]byte("\x0203:3\t777::\t021:\t\x03"))
	f.Add([]byte("\x0253:0\t900:1\t901: \t\x03"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		_ = Describe(frame)
		p, err := Decode(frame)
		if err != nil {
			return
		}
		b, err := Append(nil, p)
		if err != nil {
			if len(frame) <= MaxPacket-len("00") { // a number without its zeros gets them
				t.Fatal(err)
			}
			return
		}
		again, err := Decode(b)
		if err != nil || again.String() != p.String() || !bytes.Equal(again.params, p.params) {
			t.Fatalf("%q was written as %q (%v)", frame, b, err)
		}
		_ = p.Refused()
		if r := p.Refuse(ErrSyntax, string(frame)); r != nil {
			if _, err := Decode(encode(t, r)); err != nil {
				t.Errorf("the refusal of %q: %v", frame, err)
			}
		}
		rewrite(t, p)
	})
}

// rewrite reads a packet's body, and if New takes it reads what New made of it.
func rewrite(t *testing.T, p *Packet) {
	b := body(p.Op)
	if b == nil || p.Read(b) != nil {
		return
	}
	strict, err := New(b)
	if err != nil {
		return // Read forgives more than New writes
	}
	frame, err := Append(nil, strict)
	if err != nil {
		if headerSize+len(strict.params)+len("FF\x03") <= MaxPacket { // longer than what was read, by escapes
			t.Fatal(err)
		}
		return
	}
	decoded, err := Decode(frame)
	if err != nil {
		t.Fatalf("%s: %v", strict, err)
	}
	back := body(p.Op)
	if err := decoded.Read(back); err != nil {
		t.Fatalf("%s: %v", strict, err)
	}
	again, err := New(back)
	if err != nil || !bytes.Equal(again.params, strict.params) {
		t.Errorf("%s became %v (%v)", strict, again, err)
	}
}
