package api

import (
	"strings"
	"testing"
)

// Bodies of all requests are read as strictly as messages are: what could be understood in two ways is refused, by its field.
func TestStrictBodies(t *testing.T) {
	t.Parallel()
	h := NewHTTP((&fakeGateway{}).options())
	for _, c := range []struct{ name, body, code, field string }{
		{"twice", `{"to":"1","to":"2","text":"x"}`, "given_twice", "to"},
		{"twice inside", `{"to":"1","dimensions":{"a":"1","a":"2"}}`, "given_twice", "dimensions.a"},
		{"twice by an escape", `{"to":"1","t\u006f":"2"}`, "given_twice", "to"},
		{"in capitals", `{"to":"1","TEXT":"x"}`, "unknown_field", "TEXT"},
		{"unknown", `{"to":"1","txet":"x"}`, "unknown_field", "txet"},
		{"invalid UTF-8", "{\"to\":\"1\",\"text\":\"\xff\"}", "bad_utf8", "text"},
		{"half a surrogate pair", `{"to":"1","text":"\ud83d"}`, "bad_json", "text"},
		{"null", `null`, "wrong_type", ""},
		{"an array", `[]`, "wrong_type", ""},
		{"two values", `{"to":"1"} {}`, "bad_json", ""},
		{"no JSON", `{"to":1`, "bad_json", "to"},
		{"deep", `{"to":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`, "bad_json", "to"},
		{"a number for a text", `{"to":` + strings.Repeat("9", 100_000) + `}`, "wrong_type", "to"},
		{"a number that is none", `{"to":1e}`, "bad_json", ""},
	} {
		w := asAcme(h, "POST", "/v1/routes/explain", c.body)
		d := readProblemDocument(t, w)
		if w.Code != 400 || d.Code != c.code || first(d) != c.field {
			t.Errorf("%s: %d %s %q, want 400 %s %q: %.300s", c.name, w.Code, d.Code, first(d), c.code, c.field, w.Body)
		}
		if w.Body.Len() > 2000 {
			t.Errorf("%s: the answer has %d octets", c.name, w.Body.Len())
		}
	}
}

// What is said of a mistake does not grow with what was sent.
func TestShortProblems(t *testing.T) {
	t.Parallel()
	p := faulty(422, codeBadValue, strings.Repeat("f", 100_000), "%s", strings.Repeat("\u00e5", 100_000))
	for range 100_000 {
		p.Errors = append(p.Errors, p.Errors[0])
	}
	if doc := p.append(nil); len(doc) > maxErrors*(2*maxDetail+200) || strings.Contains(string(doc), "\ufffd") {
		t.Errorf("%d octets: %.200s", len(doc), doc)
	}
}
