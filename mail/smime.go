package mail

import "bytes"

// signedData and plainData are the identifiers of CMS (RFC 5652 5.1, 4), as they
// are encoded.
var (
	signedData = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}
	plainData  = []byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
)

// Tags of BER (X.690 8.1.2).
const (
	berOctets      = 0x04 // OCTET STRING
	berConstructed = 0x20 // made of others
	berExplicit    = 0xa0 // [0]
)

// signedContent takes what is signed out of the opaque form of S/MIME (RFC 8551
// 3.5.2): signature and certificates are passed over, and not checked. Not ok: it is
// encrypted, or nothing that can be read. A message that was cut gives its beginning.
func signedContent(data []byte) (content []byte, ok bool) {
	if at := bytes.Index(data[:min(len(data), 64)], signedData); at < 0 {
		return nil, false
	}
	at := bytes.Index(data, plainData)
	if at < 0 {
		return nil, false
	}
	tag, rest, _ := berValue(data[at+len(plainData):])
	if tag != berExplicit {
		return nil, false
	}
	return octets(rest, nil, 3)
}

// octets appends the first OCTET STRING of data, or the pieces that it is made of.
func octets(data, content []byte, depth int) ([]byte, bool) {
	found := false
	for depth > 0 && len(data) > 0 {
		tag, value, rest := berValue(data)
		switch tag {
		case berOctets:
			content, found = append(content, value...), true
		case berOctets | berConstructed:
			return octets(value, content, depth-1)
		default: // the end of the pieces
			return content, found
		}
		data = rest
	}
	return content, found
}

// berValue reads a tag and its value. A value of unknown length, or one that is cut,
// is all that follows.
func berValue(data []byte) (tag byte, value, rest []byte) {
	if len(data) < 2 {
		return 0, nil, nil
	}
	tag, size := data[0], int64(data[1])
	data = data[2:]
	if size == 0x80 {
		return tag, data, nil
	}
	if size > 0x80 {
		n := int(size & 0x7f)
		if n > 4 || n > len(data) {
			return 0, nil, nil
		}
		size = 0
		for _, c := range data[:n] {
			size = size<<8 | int64(c)
		}
		data = data[n:]
	}
	size = min(size, int64(len(data)))
	return tag, data[:size], data[size:]
}
