package api

import (
	"fmt"
	"reflect"
	"slices"
)

// maxNesting is how deep values in a body may lie within each other.
const maxNesting = 50

// checkBody makes sure that a body is an object in JSON that can be understood in one way only: encoding/json, which reads it
// after this, takes the last of two fields of the same name, names in other cases, and replaces octets that are no UTF-8. into is
// what it is read into, a pointer to a struct or to a map.
func checkBody(body []byte, into any) *problem {
	r := &jsonReader{in: body, whole: "the body", index: -1}
	first := r.peek()
	if first == 0 && r.at == len(body) {
		return nil // nothing is as good as {}
	}
	var known []string
	if t := reflect.TypeOf(into).Elem(); t.Kind() == reflect.Struct {
		for _, c := range columnsOf(t) {
			known = append(known, c.name)
		}
	}
	r.pass("", known, maxNesting)
	r.field = ""
	r.end()
	if first != '{' && r.problem == nil {
		r.at = 0
		r.wrongType("an object")
	}
	return r.problem
}

// pass goes past one value, that of the field at path. Of an object it holds that no name stands twice, and that all of them
// are known where known says which are.
func (r *jsonReader) pass(path string, known []string, depth int) {
	r.field = path
	if depth == 0 {
		r.fail(codeBadJSON, "the body is nested deeper than %d times", maxNesting)
		return
	}
	switch c := r.peek(); {
	case c == '{':
		r.passObject(path, known, depth)
	case c == '[':
		r.at++
		for first := true; r.more(']', &first); {
			r.pass(path, nil, depth-1)
		}
	case c == '"':
		r.quoted()
	case c == 't':
		r.literal("true")
	case c == 'f':
		r.literal("false")
	case c == 'n':
		r.literal("null")
	case c == '-' || '0' <= c && c <= '9':
		for r.at < len(r.in) && slices.Contains([]byte("+-.eE0123456789"), r.in[r.at]) {
			r.at++ // whether it is a number is seen when it is read
		}
	default:
		r.syntax("a value")
	}
}

func (r *jsonReader) passObject(path string, known []string, depth int) {
	r.at++
	seen := map[string]bool{}
	for first := true; r.more('}', &first); {
		r.field = path
		name := string(r.name())
		if r.problem != nil {
			return
		}
		within := clip(name)
		if path != "" {
			within = fmt.Sprintf("%s.%s", clip(path), within)
		}
		r.field = within
		switch {
		case seen[name]:
			r.fail(codeTwice, "%s is given twice", within)
		case known != nil && !slices.Contains(known, name):
			r.unknown(name, known)
		}
		seen[name] = true
		r.pass(within, nil, depth-1)
	}
	r.field = path
}
