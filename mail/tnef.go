package mail

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
)

// Attributes of winmail.dat (MS-OXTNEF 2.1.3).
const (
	tnefSignature   = 0x223e9f78
	tnefBody        = 0x0002800c // attBody: text in the mail's code page
	tnefTitle       = 0x00018010 // attAttachTitle: a file's name
	tnefCodePage    = 0x00069007 // attOemCodepage
	tnefProperties  = 0x00069003 // attMsgProps
	mapiBody        = 0x1000     // PidTagBody
	mapiHTML        = 0x1013     // PidTagHtml
	mapiString8     = 0x001e
	mapiUnicode     = 0x001f
	mapiBinary      = 0x0102
	mapiMultiple    = 0x1000 // several values of a type
	mapiNamed       = 0x8000 // identifiers from here have a name before the value
	mostMapiEntries = 10000
)

// tnef reads the text and the names of the files in a winmail.dat.
func (w *walk) tnef(h partHeader, body []byte) content {
	names, text, good := readTNEF(body)
	for _, name := range names {
		file := h
		file.name, file.kind = fileName(name), "application/octet-stream"
		w.attach(file, 0)
	}
	if text.blank() && len(names) == 0 || !good {
		w.attach(h, int64(len(body)))
		if !good {
			w.l.defect("winmail.dat is broken: what of it cannot be read was left out")
		}
	}
	return text
}

// readTNEF reads attributes until the data ends. Of the forms of a text the
// plain one is taken.
func readTNEF(data []byte) (names []string, text content, good bool) {
	if len(data) < 6 || binary.LittleEndian.Uint32(data) != tnefSignature {
		return nil, content{}, false
	}
	charset := "windows-1252"
	var plain, html content
	for data = data[6:]; len(data) > 0; {
		if len(data) < 9 { // level, id, length; MS-OXTNEF 2.1.2
			return names, orBlank(plain, html), false
		}
		id, size := binary.LittleEndian.Uint32(data[1:]), int64(binary.LittleEndian.Uint32(data[5:]))
		if size+2 > int64(len(data)-9) {
			return names, orBlank(plain, html), false
		}
		value := data[9 : 9+size]
		data = data[9+size+2:] // behind the checksum
		switch id {
		case tnefCodePage:
			if len(value) >= 4 {
				charset = codePage(binary.LittleEndian.Uint32(value))
			}
		case tnefBody:
			plain = content{plainText, toUTF8(bytes.TrimRight(value, "\x00"), charset)}
		case tnefTitle:
			if len(names) < 100 {
				names = append(names, decodeWords(toUTF8(bytes.TrimRight(value, "\x00"), charset)))
			}
		case tnefProperties:
			p, page := readMAPI(value, charset)
			plain, html = orBlank(plain, p), orBlank(html, page)
		}
	}
	return names, orBlank(plain, html), true
}

func orBlank(c, other content) content {
	if c.kind == noText {
		return other
	}
	return c
}

// readMAPI finds the body in a list of properties (MS-OXTNEF 2.1.3.4). It stops
// at what it cannot read.
func readMAPI(data []byte, charset string) (plain, html content) {
	r := mapiReader{data: data}
	count := r.uint32()
	for range min(count, mostMapiEntries) {
		kind, id := r.uint16(), r.uint16()
		if id >= mapiNamed {
			r.name()
		}
		values := r.values(kind)
		if r.bad {
			return plain, html
		}
		if len(values) == 0 {
			continue
		}
		switch {
		case id == mapiBody && kind == mapiUnicode:
			plain = content{plainText, fromUTF16(values[0])}
		case id == mapiBody && kind == mapiString8:
			plain = content{plainText, toUTF8(bytes.TrimRight(values[0], "\x00"), charset)}
		case id == mapiHTML && kind == mapiBinary:
			html = content{htmlText, toUTF8(values[0], htmlCharset("", values[0]))}
		}
	}
	return plain, html
}

// mapiReader reads little-endian values and remembers that there were not enough octets.
type mapiReader struct {
	data []byte
	bad  bool
}

func (r *mapiReader) take(n int) []byte {
	if n < 0 || n > len(r.data) {
		r.bad, r.data = true, nil
		return make([]byte, min(max(n, 0), 16))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *mapiReader) uint16() uint16 { return binary.LittleEndian.Uint16(r.take(2)) }

func (r *mapiReader) uint32() uint32 { return binary.LittleEndian.Uint32(r.take(4)) }

// padded takes n octets and what fills them up to a multiple of four.
func (r *mapiReader) padded(n uint32) []byte {
	if int64(n) > int64(len(r.data)) {
		r.bad, r.data = true, nil
		return nil
	}
	out := r.take(int(n))
	r.take(min(int(-n&3), len(r.data)))
	return out
}

// name passes over the name of a named property: a GUID, and a number or text.
func (r *mapiReader) name() {
	r.take(16)
	if r.uint32() == 0 {
		r.take(4)
		return
	}
	r.padded(r.uint32())
}

// values reads the value of a property, or its values: texts and binaries say
// their length, all others have it by their type.
func (r *mapiReader) values(kind uint16) (all [][]byte) {
	base := kind &^ mapiMultiple
	varies := base == mapiString8 || base == mapiUnicode || base == mapiBinary || base == 0x000d
	count := uint32(1)
	if varies || kind&mapiMultiple != 0 {
		count = r.uint32()
	}
	for range min(count, mostMapiEntries) {
		if r.bad {
			return nil
		}
		if varies {
			all = append(all, r.padded(r.uint32()))
			continue
		}
		size, known := mapiSizes[base]
		if !known {
			r.bad = true
			return nil
		}
		all = append(all, r.take(size))
	}
	return all
}

// mapiSizes gives the octets of a value by its type, filled up to four (MS-OXCDATA 2.11.1).
var mapiSizes = map[uint16]int{
	0x0001: 4, 0x0002: 4, 0x0003: 4, 0x0004: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8, 0x000a: 4, 0x000b: 4, 0x0014: 8, 0x0040: 8, 0x0048: 16,
}

func fromUTF16(data []byte) string {
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(data[2*i:])
	}
	for len(units) > 0 && units[len(units)-1] == 0 {
		units = units[:len(units)-1]
	}
	return string(utf16.Decode(units))
}

// codePage gives the charset of a Windows code page.
func codePage(number uint32) string {
	switch number {
	case 65001:
		return "utf-8"
	case 932:
		return "shift_jis"
	case 936:
		return "gbk"
	case 949:
		return "euc-kr"
	case 950:
		return "big5"
	case 1250, 1251, 1252, 1253, 1254, 1255, 1256, 1257, 1258:
		return "windows-" + strconv.FormatUint(uint64(number), 10)
	}
	return "windows-1252"
}
