package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode/utf32"
)

// charsetByName gives the decoder of a charset; nil if the name is none that is
// known. ISO-8859-1 is read as windows-1252, which says more and differs only in
// characters that nobody means.
func charsetByName(name string) encoding.Encoding {
	name = strings.ToLower(strings.Trim(strings.TrimSpace(name), `"'`))
	switch name {
	case "utf-32", "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.UseBOM)
	case "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM)
	case "cp850", "ibm850":
		return charmap.CodePage850
	case "cp437", "ibm437":
		return charmap.CodePage437
	}
	name = strings.TrimSuffix(strings.TrimSuffix(name, "-i"), "-e")             // ISO-8859-8-I
	if e, err := htmlindex.Get(name); err == nil && e != encoding.Replacement { // which a browser takes for charsets that it fears
		return e
	}
	if e, err := ianaindex.MIME.Encoding(name); err == nil {
		return e
	}
	return nil
}

// toUTF8 reads text of a charset. A charset that is none, or that is plainly not
// the text's, counts as not declared.
func toUTF8(text []byte, charset string) string {
	charset = strings.ToLower(strings.TrimSpace(charset))
	if charset == "" || charset == "us-ascii" || charset == "ascii" || charset == "utf-8" || charset == "utf8" {
		return fromUnknown(text)
	}
	if e := charsetByName(charset); e != nil {
		if out, err := e.NewDecoder().Bytes(text); err == nil {
			return strings.TrimPrefix(string(out), "\ufeff")
		}
	}
	return fromUnknown(text)
}

// fromUnknown reads text without a declared charset: UTF-8 if it is valid, else
// ISO-8859-1.
func fromUnknown(text []byte) string {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if utf8.Valid(text) {
		return string(text)
	}
	if rest := withoutTorn(text); utf8.Valid(rest) {
		return string(rest)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return strings.ToValidUTF8(string(text), "\ufffd")
	}
	return string(out)
}

// withoutTorn takes off the beginning of a UTF-8 character at the end of a text
// that was cut.
func withoutTorn(text []byte) []byte {
	for i := 1; i <= 3 && i < len(text); i++ {
		if utf8.RuneStart(text[len(text)-i]) {
			if c := text[len(text)-i]; c >= 0xc2 && c <= 0xf4 && !utf8.FullRune(text[len(text)-i:]) {
				return text[:len(text)-i]
			}
			break
		}
	}
	return text
}

// charsetReader is of a mime.WordDecoder.
func charsetReader(charset string, r io.Reader) (io.Reader, error) {
	text, err := io.ReadAll(r)
	return strings.NewReader(toUTF8(text, charset)), err
}

// decodeTransfer takes off a Content-Transfer-Encoding (RFC 2045 6), as far as
// it can be read. Good is false if something could not be.
func decodeTransfer(body []byte, name string) (out []byte, good bool) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "base64":
		return decodeBase64(body)
	case "quoted-printable":
		return decodeQuoted(body)
	case "", "7bit", "8bit", "binary":
		return body, true
	}
	return body, false
}

// decodeBase64 passes over whatever is no character of the alphabet (RFC 2045
// 6.8), and goes on behind padding in the middle, as of parts that were encoded
// one by one.
func decodeBase64(body []byte) (out []byte, good bool) {
	good = true
	var quad []byte
	flush := func() {
		more, err := base64.RawStdEncoding.AppendDecode(out, quad)
		out, quad, good = more, quad[:0], good && err == nil
	}
	for _, c := range body {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			if quad = append(quad, c); len(quad) == 4 {
				flush()
			}
		case c == '=':
			flush()
		case c != '\r' && c != '\n' && c != ' ' && c != '\t':
			good = false
		}
	}
	flush()
	return out, good
}

// decodeQuoted decodes quoted-printable (RFC 2045 6.7). An equals sign that
// begins nothing stays as it is.
func decodeQuoted(body []byte) (out []byte, good bool) {
	out, good = make([]byte, 0, len(body)), true
	for len(body) > 0 {
		line, rest, found := bytes.Cut(body, []byte("\n"))
		body = rest
		line = bytes.TrimRight(line, " \t\r")
		soft := bytes.HasSuffix(line, []byte("="))
		if soft {
			line = line[:len(line)-1]
		}
		for i := 0; i < len(line); i++ {
			if line[i] != '=' {
				out = append(out, line[i])
				continue
			}
			if i+2 < len(line) {
				if c, ok := hexOctet(line[i+1], line[i+2]); ok {
					out = append(out, c)
					i += 2
					continue
				}
			}
			out, good = append(out, '='), false
		}
		if found && !soft {
			out = append(out, '\n')
		}
	}
	return out, good
}

// hexOctet reads two hexadecimal digits of either case.
func hexOctet(high, low byte) (octet byte, ok bool) {
	h, l := strings.IndexByte(hexDigits, high|0x20), strings.IndexByte(hexDigits, low|0x20)
	if h < 0 || l < 0 || high < '0' || low < '0' {
		return 0, false
	}
	return byte(h<<4 | l), true
}

const hexDigits = "0123456789abcdef"
