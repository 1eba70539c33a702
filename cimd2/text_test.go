package cimd2

import (
	"bytes"
	"testing"

	"kurir/gsm"
)

// The digest's table (section 6), each escape with its character.
func TestEscapes(t *testing.T) {
	t.Parallel()
	for escape, char := range map[string]string{
		"_Oa": "@", "_L-": "£", "_Y-": "¥", "_e`": "è", "_e'": "é", "_u`": "ù", "_i`": "ì", "_o`": "ò", "_C,": "Ç", "_O/": "Ø", "_o/": "ø",
		"_A*": "Å", "_a*": "å", "_qq": `"`, "_gd": "Δ", "_--": "_", "_gf": "Φ", "_gg": "Γ", "_gl": "Λ", "_go": "Ω", "_gp": "Π", "_gi": "Ψ",
		"_gs": "Σ", "_gt": "Θ", "_gx": "Ξ", "_AE": "Æ", "_ae": "æ", "_E'": "É", "_!!": "¡", `_A"`: "Ä", `_O"`: "Ö", "_N~": "Ñ", `_U"`: "Ü",
		"_so": "§", "_??": "¿", `_a"`: "ä", `_o"`: "ö", "_n~": "ñ", `_u"`: "ü", "_a`": "à", "_ox": "¤", "_ss": "ß",
		"_XXe": "€", "_XX<": "[", "_XX>": "]", "_XX(": "{", "_XX)": "}", "_XX/": `\`, "_XX_gl": "^", "_XX_!!": "|", "_XX=": "~",
		"@": "@", "$": "$", "]": "Å", "}": "å", "[": "Ä", `\`: "Ö", "{": "ä", "|": "ö", "^": "Ü", "~": "ü",
		"\xe5\xe4\xf6\xa3": "åäö£", "\xea\xd7": "ex", "\xb6": "?", "Hej\r\n": "Hej\r\n",
	} {
		if got := gsm.DecodeGSM7(ParseText(nil, []byte(escape))); got != char {
			t.Errorf("%q is %q, want %q", escape, got, char)
		}
		want := septets(t, char)
		if got := AppendText(nil, want); !bytes.Equal(ParseText(nil, got), want) {
			t.Errorf("%q is written as %q", char, got)
		}
	}
	if got := string(AppendText(nil, septets(t, "Hej åäö € []"))); got != `Hej _a*_a"_o" _XXe _XX<_XX>` {
		t.Errorf("the observed text is written as %q", got)
	}
}

// Whatever septets a text has, they come back, and only characters go over the wire that every SMSC takes.
func TestTextComesBack(t *testing.T) {
	t.Parallel()
	var all []byte
	for a := range byte(128) {
		for b := range byte(128) {
			all = append(all, a, b)
		}
	}
	wire := AppendText(nil, all)
	if !bytes.Equal(ParseText(nil, wire), all) {
		t.Error("pairs of septets do not come back")
	}
	for _, c := range wire {
		if c < ' ' && c != '\n' && c != '\r' || c > '~' || c == '[' || c == ']' || c == '{' || c == '}' || c == '\\' || c == '^' {
			t.Fatalf("%q goes over the wire", c)
		}
	}
	if got := AppendText(nil, []byte{0x80, 0xFF}); string(got) != "??" {
		t.Errorf("what is no septet is written as %q", got)
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{"", "_", "_X", "_XX", "_XXe", "_--_", "_zz", "a_Oa", "\xff\x80\x00", "_XX_XX"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		got := ParseText(nil, value)
		for _, s := range got {
			if s >= 0x80 {
				t.Fatalf("%q has octet %x, which is no septet", value, s)
			}
		}
		wire := AppendText(nil, got)
		if !bytes.Equal(ParseText(nil, wire), got) {
			t.Errorf("%q, %x, is written as %q", value, got, wire)
		}
	})
}
