package gsm_test

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kurir/gsm"
)

func TestSplitThenJoin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		segments, err := gsm.AppendSegments(nil, text, drawOptions(t))
		if err != nil {
			return
		}
		twice := append(segments, segments...)
		arrived := rapid.Permutation(twice).Draw(t, "arrived")
		if got, missing := gsm.Join(arrived); got != text || len(missing) != 0 {
			t.Fatalf("%q comes back as %q, %v missing", text, got, missing)
		}
	})
}

func TestAssembly(t *testing.T) {
	t.Parallel()
	var a gsm.Assembly
	add := func(number, total int, payload string, complete, conflict bool) {
		t.Helper()
		gotComplete, gotConflict := a.Add(number, total, gsm.GSM7, []byte(payload))
		if gotComplete != complete || gotConflict != conflict {
			t.Errorf("part %d of %d %q: complete %v, conflict %v", number, total, payload, gotComplete, gotConflict)
		}
	}
	if a.Complete() || a.Total() != 0 || a.Text() != "" {
		t.Error("an empty assembly is not empty")
	}
	add(0, 3, "x", false, true) // no such place
	add(4, 3, "x", false, true)
	add(1, 0, "x", false, true)
	add(1, 256, "x", false, true)
	add(3, 3, "c", false, false)
	add(1, 3, "a", false, false)
	if a.Text() != "ac" || string(a.Payload()) != "ac" || !slices.Equal(a.Missing(), []int{2}) {
		t.Errorf("two of three: %q, missing %v", a.Text(), a.Missing())
	}
	if a.Total() != 3 || a.Encoding() != gsm.GSM7 {
		t.Errorf("two of three: total %d, encoding %v", a.Total(), a.Encoding())
	}
	add(3, 3, "c", false, false) // again
	add(3, 3, "z", false, true)  // other content in the same place
	add(2, 2, "b", false, true)  // of another message
	add(2, 3, "b", true, false)
	add(2, 3, "b", true, false)
	add(2, 3, "z", true, true)
	if a.Text() != "abc" || a.Missing() != nil {
		t.Errorf("%q, missing %v", a.Text(), a.Missing())
	}
}

func TestAssemblyEncodings(t *testing.T) {
	t.Parallel()
	type part struct {
		enc     gsm.Encoding
		payload string
	}
	for _, tt := range []struct {
		name  string
		parts []part
		want  string
	}{
		{"surrogate pair cut in two", []part{{gsm.UCS2, "\xd8\x3d"}, {gsm.UCS2, "\xde\x00"}}, "😀"},
		{"escape pair cut in two", []part{{gsm.GSM7, "a\x1b"}, {gsm.GSM7, "e"}}, "a€"},
		{"unit cut in two", []part{{gsm.UCS2, "\x04"}, {gsm.UCS2, "\x16"}}, "Ж"},
		{"two encodings", []part{{gsm.GSM7, "a\x1b"}, {gsm.UCS2, "\x04\x16"}, {gsm.GSM7, "e"}}, "a Жe"},
	} {
		var a gsm.Assembly
		for i := len(tt.parts) - 1; i >= 0; i-- {
			a.Add(i+1, len(tt.parts), tt.parts[i].enc, []byte(tt.parts[i].payload))
		}
		if got := a.Text(); !a.Complete() || got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	var gap gsm.Assembly
	gap.Add(1, 3, gsm.UCS2, []byte{0xD8, 0x3D})
	gap.Add(3, 3, gsm.UCS2, []byte{0xDE, 0x00})
	if got := gap.Text(); got != "\ufffd\ufffd" {
		t.Errorf("halves on both sides of a missing part give %q", got)
	}
	var same gsm.Assembly
	same.Add(1, 2, gsm.GSM7, []byte("a"))
	if _, conflict := same.Add(1, 2, gsm.UCS2, []byte("a")); !conflict {
		t.Error("the same octets in another encoding are no conflict")
	}
	if !bytes.Equal(same.Payload(), []byte("a")) {
		t.Errorf("payload %q", same.Payload())
	}
}

func TestConcatKey(t *testing.T) {
	t.Parallel()
	one := gsm.Concat{Reference: 7, Total: 3, Number: 1}
	base := one.Key("a", "b", "op1")
	two := one
	two.Number = 2
	if two.Key("a", "b", "op1") != base {
		t.Error("parts of one message have different keys")
	}
	wide, longer := one, one
	wide.Wide, longer.Total = true, 4
	for _, other := range []gsm.Key{
		wide.Key("a", "b", "op1"), longer.Key("a", "b", "op1"),
		one.Key("x", "b", "op1"), one.Key("a", "x", "op1"), one.Key("a", "b", "op2"),
	} {
		if other == base {
			t.Errorf("%+v is taken for the same message", other)
		}
	}
}
