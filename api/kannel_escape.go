package api

import (
	"net/url"
	"strings"

	"kurir/gsm"
	"kurir/message"
)

// kannelEscapes are what the escapes of Kannel's URLs are filled with, those of
// a dlr-url and those of a service's: every code is looked up only where the URL
// has it.
type kannelEscapes struct {
	data  func() string                  // the message's octets, or a report's text: %A, %b and the words
	meta  func() string                  // meta-data, as %D has it: ?group?key=value&key=value
	value func(code byte) (string, bool) // the other codes, URL-encoded; false for one that Kannel has not
	words []string                       // of data
	next  int                            // the word that %s is next; the first is the keyword, %k
}

// maxFilledURL bounds a URL with its escapes filled in, in octets: 2000 of
// them may name long values a thousand times.
const maxFilledURL = 32 << 10

// fill returns a URL with its escapes filled in. Unknown codes are copied as
// they are. What becomes longer than maxFilledURL is not finished.
func (e *kannelEscapes) fill(pattern string) string {
	return fillEscapes(pattern, e.escape)
}

// fillEscapes replaces each escape of a pattern by what value says; of
// %#group#key# it is asked for '#' with the two.
func fillEscapes(pattern string, value func(code byte, name string) (string, bool)) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(pattern, '%')
		if at < 0 || out.Len() > maxFilledURL || at+1 == len(pattern) {
			out.WriteString(pattern)
			return out.String()
		}
		out.WriteString(pattern[:at])
		code, name := pattern[at+1], ""
		pattern = pattern[at+2:]
		if code == '%' {
			out.WriteByte('%')
			continue
		}
		if code == '#' {
			parts := strings.SplitN(pattern, "#", 3)
			if len(parts) < 3 {
				out.WriteString("%#")
				continue
			}
			name, pattern = parts[0]+"#"+parts[1], parts[2]
		}
		filled, known := value(code, name)
		if !known {
			filled = "%" + string(code)
		}
		out.WriteString(filled)
	}
}

// escape gives what stands for one escape.
func (e *kannelEscapes) escape(code byte, name string) (string, bool) {
	switch code {
	case 'A', 'b':
		return url.QueryEscape(e.data()), true
	case 'a':
		return joinEncoded(e.split()), true
	case 'k':
		if words := e.split(); len(words) > 0 {
			return url.QueryEscape(words[0]), true
		}
		return "", true
	case 's', 'S':
		words := e.split()
		if e.next >= len(words) {
			return "", true
		}
		word := words[e.next]
		if e.next++; code == 'S' {
			return starless(word), true
		}
		return url.QueryEscape(word), true
	case 'r':
		words := e.split()
		return joinEncoded(words[e.next:]), true
	case 'D':
		return url.QueryEscape(e.meta()), true
	case '#':
		group, key, _ := strings.Cut(name, "#")
		return url.QueryEscape(metaValue(e.meta(), group, key)), true
	}
	return e.value(code)
}

// split returns the words of the data: octets between white space of ASCII, also
// where they are UTF-16.
func (e *kannelEscapes) split() []string {
	if e.words == nil {
		e.words = strings.FieldsFunc(e.data(), func(r rune) bool { return strings.ContainsRune(" \t\n\v\f\r", r) })
		e.next = min(1, len(e.words))
	}
	return e.words
}

func joinEncoded(words []string) string {
	var out strings.Builder
	for i, word := range words {
		if i > 0 {
			out.WriteByte('+')
		}
		out.WriteString(url.QueryEscape(word))
	}
	return out.String()
}

// starless is a word as %S has it: not encoded, but for octets that no address
// can have.
func starless(word string) string {
	var out strings.Builder
	for i := range len(word) {
		switch c := word[i]; {
		case c == '*':
			out.WriteByte('~')
		case c <= ' ' || c >= 0x7F:
			out.WriteString(url.QueryEscape(word[i : i+1]))
		default:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// plusNumber is a number as %q and %Q have it: with an encoded plus, also where
// two zeroes stand for it.
func plusNumber(number string) string {
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		number = "+" + rest
	}
	return url.QueryEscape(number)
}

// metaValue finds one value of meta-data.
func metaValue(meta, group, key string) string {
	given, _ := kannelFieldsGiven{"meta-data": meta}.metaData(group)
	for _, pair := range given {
		if pair.name == key {
			return pair.value
		}
	}
	return ""
}

// kannelMeta writes optional parameters as meta-data of the group smpp.
func kannelMeta(known *message.TLVDictionary, parameters []message.TLV, more ...restTLV) string {
	pairs := more
	for _, p := range parameters {
		name, value := known.Show(p)
		pairs = append(pairs, restTLV{name, value})
	}
	if len(pairs) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString("?smpp?")
	for i, pair := range pairs {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(url.QueryEscape(pair.name) + "=" + url.QueryEscape(pair.value))
	}
	return out.String()
}

// kannelCoding and kannelCharset are Kannel's words for an encoding.
func kannelCoding(e gsm.Encoding) string {
	switch e {
	case gsm.UCS2:
		return "2"
	case gsm.Binary:
		return "1"
	}
	return "0"
}

func kannelCharset(e gsm.Encoding) string {
	switch e {
	case gsm.UCS2:
		return "UTF-16BE"
	case gsm.Binary:
		return "8-BIT"
	}
	return "UTF-8"
}

// kannelWaits is the value of mwi, by a data coding scheme; -1 where nothing is
// said.
func kannelWaits(dcs uint8) int {
	d := gsm.ParseDataCoding(dcs)
	switch {
	case d.Waiting == gsm.NotWaiting:
		return -1
	case d.Active:
		return int(d.Indication)
	}
	return int(d.Indication) + 4
}

// kannelDCS is the data coding scheme of a content.
func kannelDCS(c *message.Content, e gsm.Encoding) uint8 {
	if c.Extra != nil && c.Extra.Coding != 0 {
		return c.Extra.Coding
	}
	return gsm.Coding(e, c.Class).Octet()
}
