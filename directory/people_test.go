package directory_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"kurir/directory"
	"kurir/message"
)

// A contact is kept in one form, whatever was written, and every mistake names its field.
func TestContact(t *testing.T) {
	t.Parallel()
	c := directory.Contact{Name: " Anna ", Mobile: "+46 701234567", Mail: "anna@example.se", Language: "pt-BR", Fields: map[string]string{"ward": "4", "empty": ""}}
	if wrong := tidy(func(report func(string, string)) { c.Tidy(asWritten, report) }); wrong != "" {
		t.Error(wrong)
	}
	if c.Name != "Anna" || c.Mobile != "+46701234567" || len(c.Fields) != 1 || c.Number() != "+46701234567" {
		t.Errorf("%+v", c)
	}
	for name, want := range map[string]string{"name": "Anna", "ward": "4", "language": "pt-BR", "pager": "", "empty": ""} {
		if got, ok := c.Variable(name); got != want || ok != (want != "") {
			t.Errorf("{%s} is %q", name, got)
		}
	}
	unnamed := directory.Contact{Pager: "72456"}
	unnamed.Tidy(asWritten, func(field, problem string) { t.Error(field, problem) })
	if unnamed.Name != "72456" || unnamed.Number() != "72456" {
		t.Errorf("%+v", unnamed)
	}
	for _, tt := range []struct {
		c     directory.Contact
		wrong string
	}{
		{directory.Contact{}, "name"},
		{directory.Contact{Name: "!?"}, "name"},
		{directory.Contact{Name: strings.Repeat("x", 65)}, "name"},
		{directory.Contact{Name: "x", Mobile: "0701"}, ""},
		{directory.Contact{Name: "x", Mobile: "0701234567890"}, "mobile"},
		{directory.Contact{Name: "x", Mail: "a@"}, "mail"},
		{directory.Contact{Name: "x", Mail: "a b@c"}, "mail"},
		{directory.Contact{Name: "x", Language: "s"}, "language"},
		{directory.Contact{Name: "x", Language: "sv_SE"}, "language"},
		{directory.Contact{Name: "x", Fields: map[string]string{"mobile": "1", "a b": "1"}}, "fields.a b fields.mobile"},
		{directory.Contact{Name: "x", Fields: map[string]string{"a": strings.Repeat("x", 1001)}}, "fields.a"},
		{directory.Contact{Name: "x", Note: strings.Repeat("x", 1001)}, "note"},
	} {
		if wrong := tidy(func(report func(string, string)) { tt.c.Tidy(asWritten, report) }); wrong != tt.wrong {
			t.Errorf("%.80v: wrong is %q, want %q", tt.c, wrong, tt.wrong)
		}
	}
}

// tidy gives the fields that are wrong.
func tidy(run func(report func(field, problem string))) string {
	var fields []string
	run(func(field, _ string) { fields = append(fields, field) })
	return strings.Join(fields, " ")
}

// Placeholders are filled once, and a variable that is missing is named.
func TestText(t *testing.T) {
	t.Parallel()
	values := map[string]string{"name": "{Anna}", "sum": "5"}
	for text, want := range map[string]string{
		"": "", "no variables }": "no variables }", "Hi {name}!": "Hi {Anna}!", "{sum}{sum}": "55", "{{name}": "{name}", "{{{name}": "{{Anna}",
		"{gone|nobody}": "nobody", "{gone|}.": ".", "{name|x}": "{Anna}", "{gone|a|b}": "a|b", "{gone}": "missing gone",
	} {
		parsed, err := directory.ParseText(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got, missing := parsed.Fill(func(name string) (string, bool) { v, ok := values[name]; return v, ok })
		if missing != "" {
			got = "missing " + missing
		}
		if got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	for _, bad := range []string{"{", "{}", "{a b}", "{1}", "{a", "{{{", "{a{b}}", "\xff", "{|x}", "{" + strings.Repeat("a", 41) + "}"} {
		if _, err := directory.ParseText(bad); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

// A template says what it needs, and which text is for whom.
func TestTemplate(t *testing.T) {
	t.Parallel()
	tpl := directory.Template{Name: "due", Text: "{name} {sum|x}", Texts: map[string]string{"pt": "{sum}", "pt-BR": "{extra|}", "SV": "hej"}}
	if wrong := tidy(tpl.Tidy); wrong != "" {
		t.Error(wrong)
	}
	if required, optional := tpl.Variables(); fmt.Sprint(required, optional) != "[name sum] [extra]" {
		t.Error(required, optional)
	}
	for language, want := range map[string]string{"": "{name} {sum|x}", "pt": "{sum}", "pt-PT": "{sum}", "PT-br": "{extra|}", "sv-SE": "hej", "de": "{name} {sum|x}"} {
		if got := tpl.In(language); got != want {
			t.Errorf("%q gets %q", language, got)
		}
	}
	bad := directory.Template{Name: "!", Texts: map[string]string{"": "x", "sv": "", "de": "{"}}
	if wrong := tidy(bad.Tidy); wrong != "name text texts. texts.de texts.sv" {
		t.Error(wrong)
	}
}

// What is named as a recipient cannot be mistaken for a number, and members keep apart what differs.
func TestMembers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+46701234567": "number +46701234567", "contact:Anna": "contact Anna", "group: nurses": "group nurses", "Contact:Anna": "number Contact:Anna", "contact:": "contact ",
	} {
		if kind, name := directory.ParseRecipient(text); kind.String()+" "+name != want {
			t.Errorf("%q is %s %q", text, kind, name)
		}
	}
	seen := map[int64]directory.Member{}
	for _, m := range []directory.Member{
		{To: "72456"},
		{To: "+72456"},
		{To: "072456"},
		{To: "+999999999999999"},
		{To: "0"},
		{To: "00"},
		{Kind: directory.ContactRecipient, ID: 1},
		{Kind: directory.GroupRecipient, ID: 2},
		{Kind: directory.ContactRecipient, ID: 1<<63 - 1},
	} {
		key, ok := m.Key()
		if have, twice := seen[key]; !ok || twice {
			t.Errorf("%+v has the key %d of %+v", m, key, have)
		}
		if seen[key] = m; directory.MemberOf(m.Kind, key) != m {
			t.Errorf("%+v comes back as %+v", m, directory.MemberOf(m.Kind, key))
		}
	}
	for _, m := range []directory.Member{{}, {To: "+"}, {To: "ACME"}, {To: "+4670123456789012"}, {Kind: directory.GroupRecipient}} {
		if _, ok := m.Key(); ok {
			t.Errorf("%+v has a key", m)
		}
	}
}

// A group is never in itself, and not too many stand within each other.
func TestNesting(t *testing.T) {
	t.Parallel()
	in := map[message.ID][]message.ID{}
	below := func(id message.ID) ([]message.ID, error) { return in[id], nil }
	above := func(id message.ID) (ids []message.ID, _ error) {
		for outer, list := range in {
			for _, inner := range list {
				if inner == id {
					ids = append(ids, outer)
				}
			}
		}
		return ids, nil
	}
	add := func(outer, inner message.ID) error {
		err := directory.CheckNesting(outer, inner, below, above)
		if err == nil {
			in[outer] = append(in[outer], inner)
		}
		return err
	}
	for i := range message.ID(directory.MaxGroupDepth - 1) {
		if err := add(i+1, i+2); err != nil {
			t.Fatal(i, err)
		}
	}
	for _, tt := range []struct {
		outer, inner message.ID
		want         error
	}{
		{1, 1, directory.ErrCircle},
		{8, 1, directory.ErrCircle},
		{5, 2, directory.ErrCircle},
		{8, 9, directory.ErrTooDeep},
		{9, 1, directory.ErrTooDeep},
		{9, 2, nil},
		{1, 3, nil},
	} {
		if err := add(tt.outer, tt.inner); !errors.Is(err, tt.want) {
			t.Errorf("%d in %d: %v, want %v", tt.inner, tt.outer, err, tt.want)
		}
	}
}
