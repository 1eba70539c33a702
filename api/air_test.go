package api

import (
	"strings"
	"testing"

	"kurir/gsm"
	"kurir/message"
)

func TestAirNumber(t *testing.T) {
	t.Parallel()
	for written, want := range map[string]string{
		"46701234567": "46701234567", "+46701234567": "46701234567", "0046701234567": "46701234567",
		"0701234567": "", "72345": "", "": "", "+": "", "00": "", "+1234": "", "46-70123456": "", strings.Repeat("4", 16): "", "+46x01234567": "",
	} {
		text, addr := airNumber(written)
		if text != written || addr.Number != want || (want != "") != (addr.TON == message.TONInternational) {
			t.Errorf("%q: %q, %+v", written, text, addr)
		}
	}
}

func TestAirContent(t *testing.T) {
	t.Parallel()
	if c, ok := airContent(0, []byte{0}, []byte("x")); !ok || c.Header != nil || c.Text != "x" {
		t.Errorf("an empty header: %+v, %t", c, ok)
	}
	part := []byte{5, 0, 3, 7, 2, 1}
	if c, ok := airContent(8, part, []byte{0xD8, 0x3D}); !ok || c.Want != gsm.UCS2 || len(c.Data) != 2 {
		t.Errorf("a part that ends within a character: %+v, %t", c, ok)
	}
	turkish := []byte{3, 0x24, 1, 1}
	if c, ok := airContent(0, turkish, []byte{0x1B, 0x53}); !ok || c.Text != "Ş" || c.Want != gsm.GSM7 {
		t.Errorf("a national shift table: %+v, %t", c, ok)
	}
	if _, ok := airContent(0, []byte{9, 0}, nil); ok {
		t.Error("a header that is cut off was read")
	}
	if c, ok := airContent(0x20, nil, []byte{1, 2}); !ok || len(c.Data) != 2 || c.Want != gsm.Binary {
		t.Errorf("compressed: %+v, %t", c, ok)
	}
}

// TestAirParts: a message from a phone is cut so that every part fits, also one that came as a part of its own.
func TestAirParts(t *testing.T) {
	t.Parallel()
	refs := gsm.NewReferences()
	part := &message.Inbound{
		To: message.Address{Number: "72345"}, Encoding: gsm.GSM7,
		Content: message.Content{Text: strings.Repeat("x", 160), Header: []byte{6, 8, 4, 1, 2, 2, 1}, Class: gsm.NoClass},
	}
	if parts, err := airParts(part, refs); err != nil || len(parts) != 1 || len(parts[0].Header) != 0 {
		t.Errorf("%+v, %v", parts, err)
	}
	for text, n := range map[string]int{"": 1, strings.Repeat("x", 160): 1, strings.Repeat("x", 161): 2, strings.Repeat("Ж", 71): 2} {
		parts, err := airParts(&message.Inbound{Encoding: gsm.Auto, Content: message.Content{Text: text, Class: gsm.NoClass}}, refs)
		if err != nil || len(parts) != n {
			t.Errorf("%d characters: %d parts, %v", len(text), len(parts), err)
		}
	}
	if _, err := airParts(&message.Inbound{Content: message.Content{Header: []byte{9, 0}}}, refs); err == nil {
		t.Error("a header that is cut off was read")
	}
}
