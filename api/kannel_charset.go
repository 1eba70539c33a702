package api

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// charsets are the encodings of text that the Kannel-compatible interface
// reads beside UTF-8, by their names in lower case.
var charsets = map[string]encoding.Encoding{
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16":       unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"ucs-2":        unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
	"ucs-2be":      unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"iso-8859-1":   charmap.ISO8859_1,
	"latin1":       charmap.ISO8859_1,
	"iso-8859-2":   charmap.ISO8859_2,
	"iso-8859-5":   charmap.ISO8859_5,
	"iso-8859-7":   charmap.ISO8859_7,
	"iso-8859-9":   charmap.ISO8859_9,
	"iso-8859-15":  charmap.ISO8859_15,
	"windows-1250": charmap.Windows1250,
	"windows-1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252,
	"cp1252":       charmap.Windows1252,
	"koi8-r":       charmap.KOI8R,
}

// isUTF8Name tells whether a charset's name means UTF-8 or a part of it.
func isUTF8Name(name string) bool {
	switch strings.ToLower(name) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return true
	}
	return false
}

// decodeCharset returns text as UTF-8, false if it is not in the charset or
// the charset is not known. Empty is UTF-8.
func decodeCharset(text, charset string) (string, bool) {
	if charset == "" || isUTF8Name(charset) {
		return text, utf8.ValidString(text)
	}
	name := strings.ToLower(charset)
	enc, known := charsets[name]
	if !known {
		return "", false
	}
	if (strings.HasPrefix(name, "utf-16") || strings.HasPrefix(name, "ucs-2")) && len(text)%2 != 0 {
		return "", false
	}
	decoded, err := enc.NewDecoder().String(text)
	return decoded, err == nil && !strings.ContainsRune(decoded, utf8.RuneError)
}
