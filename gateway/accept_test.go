package gateway

import (
	"testing"

	"kurir/gsm"
	"kurir/message"
)

// TestMeasureNational: a header that says that septets are those of a national
// language counts for texts in septets, and is none of the business of others
// (3GPP TS 23.040 9.2.3.24.15).
func TestMeasureNational(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		header []byte
		text   string
		want   gsm.Encoding
		enc    gsm.Encoding
		field  string // at fault
	}{
		{"single shift", []byte{3, 0x24, 1, 1}, "Ğ", gsm.GSM7, gsm.GSM7, ""},
		{"locking shift", []byte{3, 0x25, 1, 1}, "Ğ", gsm.Auto, gsm.GSM7, ""},
		{"not in its table", []byte{3, 0x25, 1, 1}, "ì", gsm.GSM7, 0, "text"},
		{"then in UCS-2", []byte{3, 0x25, 1, 1}, "ì", gsm.Auto, gsm.UCS2, ""},
		{"in UCS-2", []byte{3, 0x24, 1, 1}, "Ğ", gsm.UCS2, gsm.UCS2, ""},
		{"another element", []byte{4, 4, 2, 1, 2}, "G", gsm.Auto, gsm.GSM7, ""},
	} {
		m := &message.Message{Content: message.Content{Text: test.text, Header: test.header, Want: test.want, Class: gsm.NoClass}}
		f := measure(m)
		got := ""
		if f != nil {
			got = f.Field
		}
		if got != test.field || m.Encoding != test.enc {
			t.Errorf("%s: %v, %+v", test.name, m.Encoding, f)
		}
	}
}
