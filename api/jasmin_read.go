package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jasminArgs are the arguments of a request under Jasmin's names. Values are
// octets, as the request had them.
type jasminArgs struct {
	names  []string // in their order; the first of several with one name counts
	values map[string]string
	lists  map[string]bool // arrays and objects of JSON, of which values has the text
	text   bool            // content is characters, not octets by coding: it came in JSON
	rest   bool            // in names of JSON _ is as good as -
}

// has tells whether an argument was given, be it empty.
func (a *jasminArgs) has(name string) bool {
	_, given := a.values[name]
	return given
}

// set gives an argument in place of what the request said.
func (a *jasminArgs) set(name, value string) {
	a.add(name, value)
	a.values[name] = value
}

func (a *jasminArgs) add(name, value string) {
	if a.values == nil {
		a.values = map[string]string{}
	}
	if !a.has(name) {
		a.names = append(a.names, name)
		a.values[name] = value
	}
}

// jasminRead reads the arguments of a GET's address, or of a POST's form or JSON
// with those of its address.
func (s *httpServer) jasminRead(w http.ResponseWriter, r *http.Request) (*jasminArgs, *jasminAnswer) {
	a := &jasminArgs{}
	switch r.Method {
	case http.MethodGet: // not HEAD, which is to change nothing (RFC 9110 9.2.1)
		return a, a.query(r.URL.RawQuery)
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, POST")
		return nil, jasminRefuse(http.StatusMethodNotAllowed, "Unknown error: "+clip(r.Method)+" is not possible here; GET and POST are")
	}
	body, p := s.readBody(w, r, nil)
	if p != nil {
		return nil, jasminProblem(p)
	}
	defer body.free(s)
	if r.Header.Get("Content-Type") == "application/json" { // exactly, as Jasmin compares it
		return a, a.json(body.b)
	}
	if bad := a.query(string(body.b)); bad != nil {
		return nil, bad
	}
	return a, a.query(r.URL.RawQuery)
}

// query reads URL-encoded arguments. A semicolon is a character like others.
func (a *jasminArgs) query(raw string) *jasminAnswer {
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		switch {
		case pair == "":
		case err != nil || err2 != nil:
			return jasminRefuse(http.StatusBadRequest, "Unknown error: the arguments are not URL-encoded")
		case len(a.names) == jasminMostArgs:
			return jasminRefuse(http.StatusBadRequest, "Unknown error: there are too many arguments")
		default:
			a.add(name, value)
		}
	}
	return nil
}

// jasminMostArgs is how many arguments are looked at: there are sixteen.
const jasminMostArgs = 100

// json reads an object of arguments; numbers count as their digits.
func (a *jasminArgs) json(body []byte) *jasminAnswer {
	a.text = true
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return jasminNoJSON()
	}
	for d.More() {
		name, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return jasminNoJSON()
		}
		if len(a.names) == jasminMostArgs {
			return jasminRefuse(http.StatusBadRequest, "Unknown error: there are too many arguments")
		}
		if value = bytes.TrimSpace(value); string(value) != "null" { // which is not to give it
			a.addJSON(name.(string), value) // names of members are strings
		}
	}
	if _, err := d.Token(); err != nil || d.More() {
		return jasminNoJSON()
	}
	return nil
}

func jasminNoJSON() *jasminAnswer {
	return jasminRefuse(http.StatusBadRequest, "Unknown error: the body is no JSON object")
}

// addJSON adds an argument with a value of JSON.
func (a *jasminArgs) addJSON(name string, value json.RawMessage) {
	if a.rest && name != "custom_tlvs" {
		name = strings.ReplaceAll(name, "_", "-")
	}
	text := string(value)
	switch value[0] {
	case '"':
		if json.Unmarshal(value, &text) != nil {
			text = ""
		}
	case '[', '{':
		if a.lists == nil {
			a.lists = map[string]bool{}
		}
		a.lists[name] = true
	}
	a.set(name, text)
}

// jasminField is what Jasmin checks of an argument.
type jasminField struct {
	name   string
	pages  jasminPage
	needed bool
	good   func(value string) bool // nil for whatever is a text
	octets bool                    // need not be UTF-8
}

// jasminPage are pages, as bits.
type jasminPage uint8

const (
	jasminToSend jasminPage = 1 << iota
	jasminToRate
	jasminToBalance
	jasminToAll = jasminToSend | jasminToRate | jasminToBalance
)

// jasminFields are all arguments, in the order in which Jasmin looks at them.
var jasminFields = []jasminField{
	{name: "to", pages: jasminToSend | jasminToRate, needed: true, good: func(v string) bool { return jasminDigits(strings.TrimPrefix(v, "+")) }},
	{name: "from", pages: jasminToSend | jasminToRate},
	{name: "coding", pages: jasminToSend | jasminToRate, good: func(v string) bool { return jasminCoding(v) >= 0 }},
	{name: "username", pages: jasminToAll, needed: true, good: func(v string) bool { return v != "" }},
	{name: "password", pages: jasminToAll, needed: true, good: func(v string) bool { return v != "" }},
	{name: "priority", pages: jasminToSend | jasminToRate, good: jasminOneOf("0", "1", "2", "3")},
	{name: "sdt", pages: jasminToSend, good: func(v string) bool { return len(v) == 16 && jasminDigits(v[:15]) && strings.Contains("+-R", v[15:]) }},
	{name: "validity-period", pages: jasminToSend | jasminToRate, good: jasminDigits},
	{name: "dlr", pages: jasminToSend, good: jasminOneOf("yes", "no")},
	{name: "dlr-url", pages: jasminToSend, good: func(v string) bool { return strings.HasPrefix(v, "http://") || strings.HasPrefix(v, "https://") }},
	{name: "dlr-level", pages: jasminToSend, good: jasminOneOf("1", "2", "3")},
	{name: "dlr-method", pages: jasminToSend, good: func(v string) bool { return strings.EqualFold(v, "get") || strings.EqualFold(v, "post") }},
	{name: "tags", pages: jasminToSend | jasminToRate, good: func(v string) bool { return strings.Trim(v, jasminTagLetters) == "" }},
	{name: "content", pages: jasminToSend | jasminToRate, octets: true},
	{name: "hex-content", pages: jasminToSend | jasminToRate},
	{name: "custom_tlvs", pages: jasminToSend},
}

const jasminTagLetters = "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789,"

func jasminDigits(v string) bool { return v != "" && strings.Trim(v, "0123456789") == "" }

func jasminOneOf(words ...string) func(string) bool {
	return func(v string) bool { return slices.Contains(words, v) }
}

// jasminCoding returns the data_coding that is written, -1 for none that Jasmin takes.
func jasminCoding(v string) int {
	n, err := strconv.Atoi(v)
	if err != nil || strconv.Itoa(n) != v || n < 0 || n > 14 || n == 11 || n == 12 {
		return -1
	}
	return n
}

// check looks at the arguments as Jasmin does: whatever is wrong first is told.
func (a *jasminArgs) check(page jasminPage) *jasminAnswer {
	known := func(name string) bool {
		for i := range jasminFields {
			if f := &jasminFields[i]; f.name == name && f.pages&page != 0 {
				return true
			}
		}
		return false
	}
	unknown := func(name string) *jasminAnswer {
		return jasminRefuse(http.StatusBadRequest, "Argument ["+clip(name)+"] is unknown.")
	}
	if len(a.names) == 0 && page == jasminToBalance { // elsewhere Jasmin has set some itself by now
		return jasminRefuse(http.StatusBadRequest, "Mandatory arguments not found, please refer to the HTTPAPI specifications.")
	}
	if len(a.names) > 0 && !known(a.names[0]) {
		return unknown(a.names[0])
	}
	for i := range jasminFields {
		f := &jasminFields[i]
		if f.pages&page == 0 {
			continue
		}
		value, given := a.values[f.name]
		switch {
		case !given && f.needed:
			return jasminRefuse(http.StatusBadRequest, "Mandatory argument ["+f.name+"] is not found.")
		case !given:
		case a.lists[f.name] && f.name != "custom_tlvs", f.good != nil && !f.good(value), !f.octets && !utf8.ValidString(value):
			return jasminInvalid(f.name, value)
		}
	}
	for _, name := range a.names {
		if !known(name) {
			return unknown(name)
		}
	}
	return nil
}

// jasminInvalid is the answer to an argument with a value that is none.
func jasminInvalid(name, value string) *jasminAnswer {
	return jasminRefuse(http.StatusBadRequest, "Argument ["+name+"] has an invalid value: ["+clip(value)+"].")
}
