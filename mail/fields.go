package mail

import (
	"bytes"
	"mime"
	"net/textproto"
	"strings"
)

// field is one of a header.
type field struct {
	name  string // canonical: Message-Id
	value string // unfolded, UTF-8, its encoded words as they came
}

// readFields reads the header of a mail or part to the empty line behind it
// (RFC 5322 2.2). What is no field ends the header too: it is the body's first
// line, as it is in mails whose sender forgot the empty line. No more than budget
// octets are kept; whole says whether that was all.
func readFields(s *source, budget *int) (fields []field, whole bool) {
	whole = true
	var name string
	var value []byte
	keep := func() {
		if name != "" {
			fields = append(fields, field{textproto.CanonicalMIMEHeaderKey(name), fromUnknown(bytes.TrimSpace(value))})
		}
		name, value = "", nil
	}
	defer keep()
	for first := true; ; first = false {
		line, begins, ok := s.next()
		if !ok {
			return fields, whole
		}
		text := bytes.TrimRight(line, "\r\n")
		if begins && len(text) == 0 {
			keep()
			return fields, whole
		}
		if first && bytes.HasPrefix(text, []byte("From ")) || first && bytes.HasPrefix(text, []byte(">From ")) {
			continue // of a mailbox file
		}
		begin, isField := fieldName(text)
		switch {
		case !begins || text[0] == ' ' || text[0] == '\t':
			text = append([]byte(" "), bytes.TrimLeft(text, " \t")...)
			if !begins {
				text = text[1:]
			}
		case isField:
			keep()
			name, text = begin, text[len(begin)+1:]
			*budget -= len(begin)
		default:
			s.back(line)
			keep()
			return fields, whole
		}
		if *budget -= len(text); *budget < 0 {
			name, whole = "", false
			continue
		}
		value = append(value, text...)
	}
}

// fieldName tells what stands before the colon of a header's line, if that can be a name.
func fieldName(line []byte) (name string, ok bool) {
	before, _, found := bytes.Cut(line, []byte(":"))
	if !found || len(before) == 0 || len(before) > 100 {
		return "", false
	}
	for _, c := range bytes.TrimRight(before, " \t") {
		if c <= ' ' || c >= 0x7f {
			return "", false
		}
	}
	return string(before), true
}

// get gives the first field of a name (canonical), or nothing.
func get(fields []field, name string) string {
	for _, f := range fields {
		if f.name == name {
			return f.value
		}
	}
	return ""
}

// mediaType reads a field like Content-Type as far as it can be read: what of
// its parameters is wrong is left out.
func mediaType(value string) (kind string, params map[string]string) {
	kind, params, err := mime.ParseMediaType(value)
	if err == nil {
		return kind, params
	}
	kind, rest, _ := strings.Cut(value, ";")
	if words := strings.Fields(kind); len(words) > 1 { // text/plain charset=utf-8
		kind, rest = words[0], strings.Join(words[1:], ";")+";"+rest
	}
	params = map[string]string{}
	for rest != "" {
		var one string
		one, rest, _ = strings.Cut(rest, ";")
		name, text, _ := strings.Cut(one, "=")
		name = strings.ToLower(strings.TrimSpace(name))
		if _, known := params[name]; name != "" && !known {
			params[name] = strings.Trim(strings.TrimSpace(text), `"`)
		}
	}
	return strings.ToLower(strings.TrimSpace(kind)), params
}

// decodeWords decodes the encoded words of a field (RFC 2047). What cannot be
// decoded stays as it is.
func decodeWords(value string) string {
	text, err := wordDecoder().DecodeHeader(value)
	if err != nil {
		text = value
	}
	text = looseWord().ReplaceAllStringFunc(text, decodeLoosely)
	return strings.Join(strings.Fields(strings.Map(printable, fromUnknown([]byte(text)))), " ")
}

// looseWord is an encoded word that breaks the rules: with spaces in it, or
// encoded wrongly.
var looseWord = onDemand(`=\?[A-Za-z0-9_:*-]{1,40}\?[QqBb]\?[^?\r\n]+\?=`)

// decodeLoosely decodes such a word as far as it can be.
func decodeLoosely(word string) string {
	parts := strings.SplitN(word[2:len(word)-2], "?", 3)
	charset, _, _ := strings.Cut(parts[0], "*") // RFC 2231 5: a language
	decode, text := decodeBase64, parts[2]
	if parts[1] == "Q" || parts[1] == "q" {
		decode, text = decodeQuoted, strings.ReplaceAll(text, "_", " ")
	}
	out, _ := decode([]byte(text))
	if len(out) == 0 {
		return word
	}
	return toUTF8(out, charset)
}

// printable makes control characters spaces.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}

func wordDecoder() *mime.WordDecoder { return &mime.WordDecoder{CharsetReader: charsetReader} }
