package mail

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"os"
	"strings"
	"testing"
)

// tnefAttribute writes one of winmail.dat.
func tnefAttribute(id uint32, value []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte{1}, id)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
	return append(append(out, value...), 0, 0)
}

// mapiProperties writes a list of properties: type, identifier, value.
func mapiProperties(all ...any) []byte {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(all)/3))
	for i := 0; i < len(all); i += 3 {
		out = binary.LittleEndian.AppendUint16(out, uint16(all[i].(int)))
		out = binary.LittleEndian.AppendUint16(out, uint16(all[i+1].(int)))
		out = append(out, all[i+2].([]byte)...)
	}
	return out
}

// sized writes a value with its number and length before it, filled to four octets.
func sized(value string) []byte {
	out := binary.LittleEndian.AppendUint32([]byte{1, 0, 0, 0}, uint32(len(value)))
	return append(out, (value + strings.Repeat("\x00", -len(value)&3))...)
}

// TestTNEF: a text is found behind properties of all types, in the mail's code page,
// as a page too; whatever is cut off.
func TestTNEF(t *testing.T) {
	t.Parallel()
	begin := append(binary.LittleEndian.AppendUint32(nil, tnefSignature), 1, 0)
	page := func(number uint32) []byte {
		return tnefAttribute(tnefCodePage, binary.LittleEndian.AppendUint32(nil, number))
	}
	named := append(bytes.Repeat([]byte{7}, 16), 0, 0, 0, 0, 1, 2, 3, 4, 9, 0, 0, 0) // by number, then its value
	several := []byte{2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0}
	for name, test := range map[string]struct {
		data []byte
		want content
	}{
		"polish":        {append(page(1250), tnefAttribute(tnefBody, []byte("\xb3\x00"))...), content{plainText, "ł"}},
		"japanese":      {append(page(932), tnefAttribute(tnefBody, []byte("\x82\xa0"))...), content{plainText, "あ"}},
		"unknown page":  {append(page(1), tnefAttribute(tnefBody, []byte("\xe5"))...), content{plainText, "å"}},
		"utf-8":         {append(page(65001), tnefAttribute(tnefBody, []byte("å"))...), content{plainText, "å"}},
		"8-bit text":    {tnefAttribute(tnefProperties, mapiProperties(0x1003, 0x10, several, 0x000b, 0x11, []byte{1, 0, 0, 0}, 0x0003, 0x8001, named, mapiString8, mapiBody, sized("h\xe5j\x00"))), content{plainText, "håj"}},
		"page of HTML":  {tnefAttribute(tnefProperties, mapiProperties(mapiBinary, mapiHTML, sized("<meta charset=utf-8><p>å"))), content{htmlText, "<meta charset=utf-8><p>å"}},
		"unknown type":  {tnefAttribute(tnefProperties, mapiProperties(0x7777, 0x10, []byte{1}, mapiString8, mapiBody, sized("x"))), content{}},
		"plain is best": {append(tnefAttribute(tnefProperties, mapiProperties(mapiBinary, mapiHTML, sized("<p>x"))), tnefAttribute(tnefBody, []byte("y"))...), content{plainText, "y"}},
	} {
		data := append(bytes.Clone(begin), test.data...)
		if _, got, good := readTNEF(data); got != test.want || !good {
			t.Errorf("%s: %+v, %t", name, got, good)
		}
		for n := range data {
			readTNEF(data[:n])
		}
	}
}

// TestSignedCut: what is left of a mail that was cut within its signed form is read.
func TestSignedCut(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"smime-opaque", "smime-opaque-stream"} {
		raw, err := os.ReadFile("testdata/" + name + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := bytes.Cut(raw, []byte("\n\n"))
		data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(string(body), "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		for n := range data {
			if content, ok := signedContent(data[:n]); ok && !strings.HasPrefix("Content-Type: multipart/mixed", string(content[:min(len(content), 20)])) {
				t.Fatalf("%s, %d octets: %q", name, n, content)
			}
		}
	}
	l := read(t, "Subject: x\nContent-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\nnothing of the kind\n")
	if l.Text != "" || len(l.Attachments) != 1 || len(l.Defects) != 1 {
		t.Errorf("%+v", l)
	}
}
