package web

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/resource"
)

// sample is a schema with a field of every kind.
func sample() *resource.Schema {
	text := func() *resource.Schema { return &resource.Schema{Type: "string"} }
	slot := &resource.Schema{Type: "object", Properties: resource.Properties{{Name: "who", Schema: textOrList()}, {Name: "pin", Schema: &resource.Schema{Type: "string", Format: resource.SecretFormat}}}}
	layer := &resource.Schema{Type: "object", Properties: resource.Properties{{Name: "start", Schema: text()}, {Name: "slots", Schema: &resource.Schema{Type: "array", Items: slot}}}}
	return &resource.Schema{Type: "object", Properties: resource.Properties{
		{Name: "name", Schema: &resource.Schema{Type: "string", Description: "Its name."}},
		{Name: "rate", Schema: &resource.Schema{Type: "number"}},
		{Name: "priority", Schema: &resource.Schema{Type: "string", Words: []string{"low", "high"}}},
		{Name: "admin", Schema: &resource.Schema{Type: "boolean"}},
		{Name: "again", Schema: &resource.Schema{Type: "boolean", Optional: true}},
		{Name: "password", Schema: &resource.Schema{Type: "string", Format: resource.SecretFormat}},
		{Name: "senders", Schema: &resource.Schema{Type: "array", Items: text()}},
		{Name: "to", Schema: textOrList()},
		{Name: "smsc", Schema: &resource.Schema{Type: "object", Additional: text()}},
		{Name: "balance", Schema: &resource.Schema{Type: "object", Optional: true, Properties: resource.Properties{{Name: "credit", Schema: text()}}}},
		{Name: "layers", Schema: &resource.Schema{Type: "array", Items: layer}},
	}}
}

func textOrList() *resource.Schema {
	return &resource.Schema{OneOf: []*resource.Schema{{Type: "string"}, {Type: "array", Items: &resource.Schema{Type: "string"}}}}
}

// unhelped says texts about fields as they are.
func unhelped(text string) (said, lang string) { return text, "en" }

// saying gives words of a language.
func saying(lang string) func(string, ...any) string {
	s := &Server{table: allWords()}
	return func(key string, args ...any) string { return s.words(lang, key, args...) }
}

// typedInto gives what a browser sends of a form.
func typedInto(f *form) url.Values {
	typed := url.Values{}
	var each func(fields []*formField)
	each = func(fields []*formField) {
		for _, field := range fields {
			switch field.Kind {
			case jsonField:
				typed.Set(field.Path+":json", field.Value)
			case groupField:
				if field.Optional && field.Set {
					typed.Set(field.Path+":set", "true")
				}
				each(field.Fields)
			case listField:
				typed.Set(field.Path+":n", strconv.Itoa(len(field.Items)))
				each(field.Items)
			case checkField:
				if field.Set {
					typed.Set(field.Path, "true")
				}
			default:
				typed.Set(field.Path, field.Value)
			}
		}
	}
	each(f.Common)
	each(f.More)
	return typed
}

// What is in a form comes back out of it as it was, whatever it is; what no field shows is JSON.
func TestFormRound(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]map[string]any{
		"nothing": {},
		"all": {
			"name": "a", "rate": 2.5, "priority": "high", "admin": true, "again": false, "password": "***", "senders": []any{"A", "B"}, "to": "46*",
			"smsc": map[string]any{"op": "op1", "x y": "op2"}, "balance": map[string]any{},
			"layers": []any{map[string]any{"start": "2026-01-05", "slots": []any{map[string]any{"who": []any{"a", "b"}}, map[string]any{"who": "c", "pin": "***layers[0].slots[1].pin"}}}},
		},
		"odd": {
			"rate": "${env:RATE}", "priority": "medium", "senders": "A", "to": []any{map[string]any{"link": "op1", "weight": 70.0}},
			"smsc": map[string]any{"a:b": "op1"}, "layers": []any{"no group"}, "elsewhere": []any{1.0}, "admin": "yes",
		},
	} {
		f := buildForm(sample(), value, formOptions{say: saying("en"), help: unhelped, key: "name"})
		got, wrong := readForm(sample(), typedInto(f), false, saying("en"))
		if name == "odd" {
			value["senders"] = []any{"A"} // what it means
		}
		if len(wrong) > 0 || cmp.Diff(value, got) != "" {
			t.Errorf("%s: %v %s", name, wrong, cmp.Diff(value, got))
		}
	}
}

// What cannot be read is said beside its field and stays there; what REST refuses too, in whichever group it is.
func TestFormProblems(t *testing.T) {
	t.Parallel()
	typed := url.Values{"smsc": {"op1\r\n"}, "to:json": {"{"}, "layers:n": {"1"}, "layers.0.slots:n": {"2"}, "layers.0.slots.1.who": {"x\ny"}}
	value, wrong := readForm(sample(), typed, false, saying("sv"))
	f := buildForm(sample(), value, formOptions{say: saying("sv"), help: unhelped, key: "name"})
	f.showWrong(wrong)
	f.show(&problem{Errors: []mistake{
		{Field: "layers[0].slots[0].who[1]", Detail: "layers[0].slots[0].who[1]: is nobody"},
		{Field: "rate", Detail: "rate: is no number"},
		{Detail: "op1 is needed"},
		{Field: "senders[0]", Detail: "senders[0]: too long"},
	}})
	fields := map[string]*formField{}
	for _, field := range f.Common {
		fields[field.Name] = field
	}
	if p := fields["smsc"]; p == nil || p.Value != "op1\n" || len(p.Problems) != 1 {
		t.Errorf("smsc: %+v", p)
	}
	if p := fields["to"]; p == nil || p.Kind != jsonField || p.Value != "{" || len(p.Problems) != 1 {
		t.Errorf("to: %+v", p)
	}
	if p := fields["layers"].Items[0].Fields[1].Items[0].Fields[0]; cmp.Diff(p.Problems, []string{"#2: is nobody"}) != "" || p.Value != "x\ny" {
		t.Errorf("who: %+v", p)
	}
	if p := fields["senders"]; p == nil || cmp.Diff(p.Problems, []string{"#1: too long"}) != "" {
		t.Errorf("senders: %+v", p)
	}
	if cmp.Diff(f.Top, []string{"op1 is needed"}) != "" || !f.Wrong() {
		t.Errorf("above: %q", f.Top)
	}
}

// Groups are added to lists and taken out of them, also of lists in lists.
func TestAlterList(t *testing.T) {
	t.Parallel()
	value := map[string]any{}
	alterList(value, "layers", true)
	alterList(value, "layers.0.slots", true)
	alterList(value, "layers.0.slots", true)
	alterList(value, "layers.0.slots.0", false)
	alterList(value, "layers.7.slots.0", false)
	alterList(value, "smtp.more", true)
	want := map[string]any{"layers": []any{map[string]any{"slots": []any{map[string]any{}}}}, "smtp": map[string]any{"more": []any{map[string]any{}}}}
	if diff := cmp.Diff(want, value); diff != "" {
		t.Error(diff)
	}
	alterList(value, "layers.0", false)
	if got := value["layers"].([]any); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
}

// What is nested deep takes no more room in a form than it has octets.
func TestIndentedDeep(t *testing.T) {
	t.Parallel()
	var deep any = "x"
	for range 5000 {
		deep = map[string]any{"a": []any{deep}}
	}
	if n := len(indented(deep)); n > 100_000 {
		t.Errorf("%d octets", n)
	}
	if got := indented(map[string]any{"a": []any{1}}); got != "{\n  \"a\": [\n    1\n  ]\n}" {
		t.Errorf("it is %s", got)
	}
}

// FuzzReadForm reads whatever is sent as a form, and shows it again.
func FuzzReadForm(f *testing.F) {
	f.Add("layers:n=2&layers.0.start=a&layers.1.slots:n=1&layers.1.slots.0.who=x", "layers.1.slots")
	f.Add("to:json=[1&smsc=a:b%0ac&balance:set=true&rate=1e9&elsewhere:json={}", "layers.0")
	f.Add("to:json="+strings.Repeat("[", 5000)+strings.Repeat("]", 5000), strings.Repeat("layers.0.", 3000))
	f.Fuzz(func(t *testing.T, sent, path string) {
		typed, err := url.ParseQuery(sent)
		if err != nil {
			return
		}
		value, wrong := readForm(sample(), typed, true, saying("en"))
		alterList(value, path, true)
		alterList(value, path, false)
		built := buildForm(sample(), value, formOptions{say: saying("en"), help: unhelped, key: "name"})
		built.showWrong(wrong)
		if len(wrong) > 0 && !built.Wrong() {
			t.Errorf("%q: nothing is said of %v", sent, wrong)
		}
	})
}
