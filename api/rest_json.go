package api

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"kurir/message"
)

// jsonReader reads one JSON text (RFC 8259) from memory, value by value, so
// that a mistake is known by its field and nothing is decoded twice. The first
// mistake sticks in problem; after it every method returns zero values.
//
// It is stricter than encoding/json: names are compared exactly, no name may
// stand twice in an object, and invalid UTF-8 or half a surrogate pair is a
// mistake instead of a replacement character.
type jsonReader struct {
	in      []byte
	whole   string // how mistakes name the text: the body, or a line of it
	at      int
	index   int    // of the object within "messages", -1 outside of it
	field   string // being read, for mistakes
	problem *problem
	scratch []byte
}

// fail records the first mistake, at the field being read.
func (r *jsonReader) fail(code, format string, args ...any) {
	if r.problem != nil {
		return
	}
	r.problem = faulty(http.StatusBadRequest, code, r.field, format, args...)
	if r.field != "" {
		r.problem.Errors[0].Index = r.index
	}
	r.at = len(r.in)
}

// syntax records that the text is no JSON from here on.
func (r *jsonReader) syntax(want string) {
	at := r.at
	if len(bytes.TrimSpace(r.in)) == 0 {
		r.fail(codeBadJSON, "%s is empty; %s is expected", r.whole, want)
		return
	}
	if at >= len(r.in) {
		r.fail(codeBadJSON, "%s ends where %s is expected", r.whole, want)
		return
	}
	r.fail(codeBadJSON, "%s is no JSON: %s is expected at octet %d", r.whole, want, at+1)
}

// peek returns the first octet of the next token, 0 at the end.
func (r *jsonReader) peek() byte {
	for r.at < len(r.in) {
		switch c := r.in[r.at]; c {
		case ' ', '\t', '\r', '\n':
			r.at++
		default:
			return c
		}
	}
	return 0
}

// take consumes c if it is the next token.
func (r *jsonReader) take(c byte) bool {
	if r.peek() != c {
		return false
	}
	r.at++
	return true
}

// open consumes the beginning of an object or array.
func (r *jsonReader) open(c byte, kind string) bool {
	if r.take(c) {
		return true
	}
	r.wrongType(kind)
	return false
}

// more tells whether another member or element follows before end, and
// consumes the comma or the end.
func (r *jsonReader) more(end byte, first *bool) bool {
	if r.problem != nil || r.take(end) {
		return false
	}
	if !*first && !r.take(',') {
		r.syntax(fmt.Sprintf("a comma or %q", end))
		return false
	}
	*first = false
	return true
}

// name reads the name of a member and its colon. The slice is valid until the
// next string is read.
func (r *jsonReader) name() []byte {
	if r.peek() != '"' {
		r.syntax("a name in quotes")
		return nil
	}
	name := r.quoted()
	if r.problem == nil && !r.take(':') {
		r.syntax("a colon")
	}
	return name
}

// end makes sure that nothing follows the value.
func (r *jsonReader) end() {
	if r.peek(); r.problem == nil && r.at < len(r.in) {
		r.syntax("the end")
	}
}

// unknown records that the field is none of those that are known, and which may be meant.
func (r *jsonReader) unknown(name string, known []string) {
	meant := ""
	if best := message.Nearest(name, known); best != "" {
		meant = "; did you mean " + best + "?"
	}
	r.fail(codeUnknownField, "there is no field %q%s", r.field, meant)
}

// wrongType records that the next value is of another kind than wanted.
func (r *jsonReader) wrongType(want string) {
	got := ""
	switch c := r.peek(); {
	case c == '"':
		got = "a string"
	case c == '{':
		got = "an object"
	case c == '[':
		got = "an array"
	case r.word("true"), r.word("false"):
		got = "a boolean"
	case r.word("null"):
		got = "null"
	case c == '-' || '0' <= c && c <= '9':
		got = "a number"
	default:
		r.syntax(want)
		return
	}
	if r.field == "" {
		r.fail(codeWrongType, "%s must be %s, not %s", r.whole, want, got)
		return
	}
	r.fail(codeWrongType, "%s must be %s, not %s", r.field, want, got)
}

// str reads a string.
func (r *jsonReader) str() string {
	if r.peek() != '"' {
		r.wrongType("a string")
		return ""
	}
	return string(r.quoted())
}

// boolean reads true or false.
func (r *jsonReader) boolean() bool {
	switch r.peek() {
	case 't':
		return r.literal("true")
	case 'f':
		return !r.literal("false")
	}
	r.wrongType("true or false")
	return false
}

// number reads a whole number from least, which is not below 0, to most.
func (r *jsonReader) number(least, most int) int {
	n := -1
	c := r.peek()
	start := r.at
	if c >= '0' && c <= '9' {
		for r.at < len(r.in) && r.in[r.at] >= '0' && r.in[r.at] <= '9' && n <= most && n != 0 { // a zero begins no longer number (RFC 8259 6)
			n = max(n, 0)*10 + int(r.in[r.at]-'0')
			r.at++
		}
	}
	if n < least || n > most {
		r.at = start
		r.wrongType(fmt.Sprintf("a whole number from %d to %d", least, most))
	}
	return n
}

// word tells whether this word is next.
func (r *jsonReader) word(word string) bool {
	return len(r.in)-r.at >= len(word) && string(r.in[r.at:r.at+len(word)]) == word
}

func (r *jsonReader) literal(word string) bool {
	if !r.word(word) {
		r.syntax(word)
		return false
	}
	r.at += len(word)
	return true
}

// quoted reads a string token. The slice is valid until the next call.
func (r *jsonReader) quoted() []byte {
	r.at++ // the quote
	start, ascii := r.at, true
	for r.at < len(r.in) {
		switch c := r.in[r.at]; {
		case c == '"':
			s := r.in[start:r.at]
			r.at++
			if !ascii {
				r.checkUTF8(s)
			}
			return s
		case c == '\\':
			return r.escaped(start)
		case c < ' ':
			r.fail(codeBadJSON, "%s is no JSON: a control character at octet %d must be escaped", r.whole, r.at+1)
			return nil
		case c >= utf8.RuneSelf:
			ascii = false
		}
		r.at++
	}
	r.syntax("the end of a string")
	return nil
}

func (r *jsonReader) checkUTF8(s []byte) {
	if !utf8.Valid(s) {
		what := r.field
		if what == "" {
			what = "the name of a field"
		}
		r.fail(codeBadUTF8, "%s is not valid UTF-8", what)
	}
}

// escaped reads a string that has escapes, from start on; r.at stands on the
// first of them.
func (r *jsonReader) escaped(start int) []byte {
	out := append(r.scratch[:0], r.in[start:r.at]...)
	for r.at < len(r.in) {
		c := r.in[r.at]
		switch {
		case c == '"':
			r.at++
			r.checkUTF8(out)
			r.scratch = out
			return out
		case c < ' ':
			r.fail(codeBadJSON, "%s is no JSON: a control character at octet %d must be escaped", r.whole, r.at+1)
			return nil
		case c != '\\':
			out = append(out, c)
			r.at++
		default:
			var err error
			if out, err = r.escape(out); err != nil {
				r.fail(codeBadJSON, "%s is no JSON: %v at octet %d", r.whole, err, r.at+1)
				return nil
			}
		}
	}
	r.syntax("the end of a string")
	return nil
}

var (
	errEscape    = errors.New("unknown escape")
	errSurrogate = errors.New("half a surrogate pair")
)

// escape reads one escape, at the backslash.
func (r *jsonReader) escape(out []byte) ([]byte, error) {
	if r.at+1 >= len(r.in) {
		return out, errEscape
	}
	c := r.in[r.at+1]
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		return r.unicode(out)
	default:
		return out, errEscape
	}
	r.at += 2
	return append(out, c), nil
}

// unicode reads \uXXXX, or two of them that are a surrogate pair.
func (r *jsonReader) unicode(out []byte) ([]byte, error) {
	c, ok := r.hex4(r.at)
	if !ok {
		return out, errEscape
	}
	size := 6
	if utf16.IsSurrogate(c) {
		low, ok := r.hex4(r.at + size)
		if c = utf16.DecodeRune(c, low); !ok || c == utf8.RuneError {
			return out, errSurrogate
		}
		size *= 2
	}
	r.at += size
	return utf8.AppendRune(out, c), nil
}

func (r *jsonReader) hex4(at int) (rune, bool) {
	if at+6 > len(r.in) || r.in[at] != '\\' || r.in[at+1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(r.in[at+2:at+6]), 16, 16)
	return rune(v), err == nil
}
