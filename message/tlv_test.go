package message_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"kurir/message"
)

func dictionary() *message.TLVDictionary {
	return message.NewTLVDictionary([]message.TLVDefinition{
		{Name: "dlt_entity_id", Tag: "0x1400", Type: "string", Max: 30},
		{Name: "dlt_template_id", Tag: "5121", Type: "cstring", Max: 5},
		{Name: "raw", Tag: "0x3FFF"},
		{Name: "small", Tag: "0x1500", Type: "uint8"},
		{Name: "large", Tag: "0x1501", Type: "uint32"},
	})
}

// TestTLVParse: values become octets in the order of the network
// (SMPP 3.4 3.1, 3.2.4), and are shown again as they were written.
func TestTLVParse(t *testing.T) {
	t.Parallel()
	d := dictionary()
	for _, test := range []struct {
		name, value string
		tag         uint16
		octets      string
		shown       string // empty: name=value
	}{
		{"dlt_entity_id", "1201159", 0x1400, "31323031313539", ""},
		{"dlt_entity_id", "hex:0102", 0x1400, "0102", ""},
		{"dlt_template_id", "1107", 0x1401, "3131303700", ""},
		{"dlt_template_id", "11071", 0x1401, "313130373100", ""},
		{"raw", "hex:00ff", 0x3FFF, "00ff", ""},
		{"raw", "00ff", 0x3FFF, "00ff", "raw=hex:00ff"},
		{"raw", "text:hi", 0x3FFF, "6869", "raw=hex:6869"},
		{"small", "255", 0x1500, "ff", ""},
		{"large", "258", 0x1501, "00000102", ""},
		{"user_message_reference", "258", 0x0204, "0102", ""},
		{"more_messages_to_send", "1", 0x0426, "01", ""},
		{"alert_on_message_delivery", "hex:", 0x130C, "", ""},
		{"0x1402", "hex:0102", 0x1402, "0102", ""},
		{"0x1400", "text:12", 0x1400, "3132", "dlt_entity_id=12"},
		{"5120", "3132", 0x1400, "3132", "dlt_entity_id=12"},
	} {
		tlv, err := d.Parse(test.name, test.value)
		if err != nil {
			t.Errorf("%s=%s: %v", test.name, test.value, err)
			continue
		}
		if tlv.Tag != test.tag || hex.EncodeToString(tlv.Value) != test.octets {
			t.Errorf("%s=%s: tag %#x, %x", test.name, test.value, tlv.Tag, tlv.Value)
		}
		want := test.shown
		if want == "" {
			want = test.name + "=" + test.value
		}
		if name, value := d.Show(tlv); name+"="+value != want {
			t.Errorf("shown as %s=%s, want %s", name, value, want)
		}
	}
}

func TestTLVRefused(t *testing.T) {
	t.Parallel()
	d := dictionary()
	for _, test := range []struct{ name, value, why string }{
		{"dlt_entity", "1", "no parameter is named"},
		{"dlt_entity_id", strings.Repeat("1", 31), "at most 30"},
		{"dlt_template_id", "110711", "at most 5"},
		{"dlt_template_id", "1\x001", "NUL"},
		{"raw", "0x01", "hexadecimal"},
		{"small", "256", "from 0 to 255"},
		{"small", "-1", "from 0 to 255"},
		{"user_message_reference", "hex:010203", "at most 2"},
		{"0x14000", "01", "not a tag"},
		{"0x0424", "01", "Kurir itself"},
		{"1060", "01", "Kurir itself"},
	} {
		if _, err := d.Parse(test.name, test.value); err == nil || !strings.Contains(err.Error(), test.why) {
			t.Errorf("%s=%s: %v, want %q", test.name, test.value, err, test.why)
		}
	}
}

func TestTLVRange(t *testing.T) {
	t.Parallel()
	for word, want := range map[string][2]uint16{
		"all": {0, 0xFFFF}, "dlt_entity_id": {0x1400, 0x1400}, "0x1400-0x14ff": {0x1400, 0x14FF},
		"dlt_entity_id-dlt_template_id": {0x1400, 0x1401}, "5120": {0x1400, 0x1400},
	} {
		first, last, err := dictionary().Range(word)
		if err != nil || first != want[0] || last != want[1] {
			t.Errorf("%s: %#x to %#x, %v", word, first, last, err)
		}
	}
	for _, word := range []string{"", "what", "0x14FF-0x1400", "0x1400-", "-"} {
		if _, _, err := dictionary().Range(word); err == nil {
			t.Errorf("%q is a range", word)
		}
	}
	var none *message.TLVDictionary
	if name := none.Name(0x0204); name != "user_message_reference" {
		t.Errorf("without a dictionary 0x0204 is %s", name)
	}
}

func TestTLVDefinition(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		definition message.TLVDefinition
		field      string
	}{
		{message.TLVDefinition{Name: "dlt_entity_id", Tag: "0x1400", Type: "string", Max: 30}, ""},
		{message.TLVDefinition{Tag: "0x1400"}, "name"},
		{message.TLVDefinition{Name: "DLT", Tag: "0x1400"}, "name"},
		{message.TLVDefinition{Name: "0x1400", Tag: "0x1400"}, "name"},
		{message.TLVDefinition{Name: "source_port", Tag: "0x1400"}, "name"},
		{message.TLVDefinition{Name: "a"}, "tag"},
		{message.TLVDefinition{Name: "a", Tag: "0x424"}, "tag"},
		{message.TLVDefinition{Name: "a", Tag: "0x0204"}, "tag"},
		{message.TLVDefinition{Name: "source_port", Tag: "0x020A"}, "name"},
		{message.TLVDefinition{Name: "a", Tag: "0x1400", Type: "int"}, "type"},
		{message.TLVDefinition{Name: "a", Tag: "0x1400", Max: 4096}, "max"},
	} {
		var fields string
		test.definition.Validate(func(field, _ string) { fields += field })
		if fields != test.field {
			t.Errorf("%+v: mistakes in %q, want %q", test.definition, fields, test.field)
		}
	}
}

// FuzzTLV: whatever is read is shown so that it is read as the same again. A tag takes more octets than the name by which it is shown may: then what
// is shown is refused, and never read as something else.
func FuzzTLV(f *testing.F) {
	f.Add("dlt_entity_id", "1201", []byte("x"), uint16(0x1400))
	f.Add("large", "258", []byte{0, 0, 1, 2}, uint16(0x1501))
	f.Add("0x1402", "hex:0102", []byte("text:\x00"), uint16(0x1401))
	f.Add("0x10", "hex:0102", []byte("text:\x00"), uint16(0x142F))
	f.Add("29", "hex:6162", []byte("ab"), uint16(0x1D))
	d := dictionary()
	f.Fuzz(func(t *testing.T, name, value string, octets []byte, tag uint16) {
		if tlv, err := d.Parse(name, value); err == nil {
			byTag := name[0] >= '0' && name[0] <= '9'
			readAgain(t, d, tlv, byTag)
		}
		readAgain(t, d, message.TLV{Tag: tag, Value: octets}, true)
	})
}

// readAgain shows a parameter and reads that. A text whose sender left out its NUL gets it.
func readAgain(t *testing.T, d *message.TLVDictionary, tlv message.TLV, refused bool) {
	t.Helper()
	name, value := d.Show(tlv)
	again, err := d.Parse(name, value)
	if err != nil && refused {
		return
	}
	same := string(again.Value) == string(tlv.Value) || string(again.Value) == string(tlv.Value)+"\x00"
	if err != nil || again.Tag != tlv.Tag || !same {
		t.Errorf("%#x %q is shown as %q=%q and read as %+v, %v", tlv.Tag, tlv.Value, name, value, again, err)
	}
}
