package gateway

import (
	"testing"

	"kurir/gsm"
	"kurir/message"
)

// TestMeasureNational: a header that says that septets are those of a national
// language is refused while we write the default alphabet; other encodings are
// none of its business (3GPP TS 23.040 9.2.3.24.15).
func TestMeasureNational(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		header []byte
		text   string
		field  string // at fault
	}{
		{"single shift", []byte{3, 0x24, 1, 1}, "G", "udh"},
		{"locking shift", []byte{3, 0x25, 1, 1}, "G", "udh"},
		{"in UCS-2", []byte{3, 0x24, 1, 1}, "Ğ", ""},
		{"another element", []byte{4, 4, 2, 1, 2}, "G", ""},
	} {
		m := &message.Message{Content: message.Content{Text: test.text, Header: test.header, Class: gsm.NoClass}}
		f := measure(m, 10)
		got := ""
		if f != nil {
			got = f.Field
		}
		if got != test.field {
			t.Errorf("%s: %+v", test.name, f)
		}
	}
}
