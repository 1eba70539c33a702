package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kurir/resource"
)

// form is a setting as people fill it in: made of the schema that REST has for it (buildForm), read back into a value (form_read.go)
// and shown again with what REST says is wrong (form_problems.go). There is no other form for settings.
type form struct {
	say    func(key string, args ...any) string // words of the page's language
	help   func(text string) (said, lang string)
	Common []*formField // what most fill in, and whatever is filled in
	More   []*formField // the rest, folded away
	Top    []string     // what is wrong with no field of it
	Keeps  bool         // it cannot be changed here
	Zones  string       // the zone of the server's clock, where a time is picked; empty for none

	names map[string][]string // of the settings that there are, by kind
}

// T gives words of the page's language.
func (f *form) T(key string, args ...any) string { return f.say(key, args...) }

// Kinds of fields.
const (
	textField   = "text"   // one line
	areaField   = "area"   // several lines
	secretField = "secret" // stars, or what takes their place
	choiceField = "choice" // one of Words, or nothing
	checkField  = "check"  // yes, or nothing
	maybeField  = "maybe"  // yes, no or nothing
	linesField  = "lines"  // a list, one a line
	pairsField  = "pairs"  // name: value, one a line
	pickedField = "picked" // a time
	jsonField   = "json"   // what none of the others shows
	groupField  = "group"  // fields of its own
	listField   = "list"   // groups
)

// formField is one field, or a group of them.
type formField struct {
	*form
	Kind     string
	Name     string // as in the file
	Path     string // of its input: layers.0.slots.1.who
	Doc      string // what it means
	DocLang  string // in which language that is said
	Example  string
	Value    string
	Instant  instant  // in place of Value: a time that is picked
	Words    []string // of a choice
	Names    []string // what is proposed: the names of settings that there are
	Set      bool     // it is filled in; of a check: yes
	Optional bool     // a group that may be there without any field
	Fixed    bool     // a key, which does not change
	Problems []string
	Fields   []*formField // of a group
	Items    []*formField // of a list: groups
}

// ID is the id of its element.
func (f *formField) ID() string { return "f-" + strings.ReplaceAll(f.Path, ".", "-") }

// Open tells whether it is shown unfolded.
func (f *formField) Open() bool { return f.Set || f.wrong() }

// wrong tells whether something is wrong with it, or in it.
func (f *formField) wrong() bool {
	return len(f.Problems) > 0 || slices.ContainsFunc(f.Fields, (*formField).wrong) || slices.ContainsFunc(f.Items, (*formField).wrong)
}

// Rows is how high an area is.
func (f *formField) Rows() int { return min(max(strings.Count(f.Value, "\n")+1, 2), 16) }

// Number of an item of a list, from 1.
func (f *formField) Number() int {
	n, _ := strconv.Atoi(f.Path[strings.LastIndexByte(f.Path, '.')+1:])
	return n + 1
}

// formOptions is what a form is made of besides schema and value.
type formOptions struct {
	say    func(key string, args ...any) string  // words of the page's language
	help   func(text string) (said, lang string) // a text about a field in it, or as it is
	common []string                              // fields that most fill in, in this order
	key    string                                // field that holds the name
	named  bool                                  // the name is given and does not change
	names  map[string][]string                   // of settings by kind
	keeps  bool
	kind   string // of the setting
}

// buildForm makes the form of a setting with what is in it. What does not fit its field is shown as JSON.
func buildForm(schema *resource.Schema, value map[string]any, o formOptions) *form {
	f := &form{say: o.say, help: o.help, names: o.names, Keeps: o.keeps}
	all := map[string]*formField{}
	for _, p := range schema.Properties {
		field := f.field(p.Schema, value[p.Name], p.Name, p.Name)
		field.Fixed = o.named && p.Name == o.key
		all[p.Name] = field
	}
	for _, name := range append([]string{o.key}, o.common...) {
		if field := all[name]; field != nil {
			f.Common = append(f.Common, field)
			delete(all, name)
		}
	}
	for _, p := range schema.Properties {
		switch field := all[p.Name]; {
		case field == nil:
		case field.Set:
			f.Common = append(f.Common, field)
		default:
			f.More = append(f.More, field)
		}
	}
	if len(f.Common) == 0 || len(f.More) < 3 {
		f.Common, f.More = append(f.Common, f.More...), nil
	}
	f.unknown(schema, value)
	f.pickTimes(o.kind)
	return f
}

// unknown adds fields that the schema does not have, such as those of the file only: they are not lost.
func (f *form) unknown(schema *resource.Schema, value map[string]any) {
	for _, name := range sortedKeys(value) {
		if !slices.ContainsFunc(schema.Properties, func(p resource.Property) bool { return p.Name == name }) {
			f.Common = append(f.Common, f.field(&resource.Schema{}, value[name], name, name))
		}
	}
}

// field makes one field.
func (f *form) field(s *resource.Schema, value any, name, path string) *formField {
	field := &formField{form: f, Name: name, Path: path, Example: strings.Trim(s.Example, `"`), Optional: s.Optional}
	field.Doc, field.DocLang = f.help(s.Description)
	field.Kind = fieldKind(s, name)
	field.Words = append(slices.Clone(s.Words), s.Enum...)
	if s.Names != "" {
		field.Names = f.names[s.Names]
	}
	field.fill(s, value)
	return field
}

// fieldKind gives the kind of field that a schema asks for.
func fieldKind(s *resource.Schema, name string) string {
	switch {
	case len(s.OneOf) > 0 && s.OneOf[0].Type == "string" && len(s.OneOf) == 2 && s.OneOf[1].Type == "array":
		return linesField
	case s.Format == resource.SecretFormat:
		return secretField
	case len(s.Words)+len(s.Enum) > 0:
		return choiceField
	}
	switch s.Type {
	case "boolean":
		if s.Optional {
			return maybeField
		}
		return checkField
	case "integer", "number":
		return textField
	case "string":
		if slices.Contains([]string{"text", "csv", "template", "note"}, name) {
			return areaField
		}
		return textField
	case "array":
		switch s.Items.Type {
		case "string", "integer", "number":
			return linesField
		case "object":
			return listField
		}
	case "object":
		of, _ := s.Additional.(*resource.Schema)
		switch {
		case len(s.Properties) > 0:
			return groupField
		case of != nil && (of.Type == "string" || of.Type == "integer"):
			return pairsField
		}
	}
	return jsonField
}

// notRead is what was typed into a field and could not be read: it is shown as it is.
type notRead struct{ kind, text string }

// fill puts a value into a field, as JSON if it does not fit.
func (f *formField) fill(s *resource.Schema, value any) {
	f.Set = value != nil
	if typed, ok := value.(notRead); ok {
		f.Kind, f.Value = typed.kind, typed.text
		return
	}
	var ok bool
	switch f.Kind {
	case checkField, maybeField:
		truth, is := value.(bool)
		if ok = is || value == nil; is {
			f.Value, f.Set = strconv.FormatBool(truth), truth || f.Kind == maybeField
		}
	case choiceField:
		if f.Value, ok = scalarText(value); f.Value != "" && !slices.Contains(f.Words, f.Value) {
			f.Words = append(f.Words, f.Value) // REST says that there is no such
		}
	case linesField:
		f.Value, ok = linesText(value)
	case pairsField:
		f.Value, ok = pairsText(value)
	case groupField:
		ok = f.fillGroup(s, value)
	case listField:
		ok = f.fillList(s, value)
	case jsonField:
	default:
		if f.Value, ok = scalarText(value); ok && strings.Contains(f.Value, "\n") && f.Kind == textField {
			f.Kind = areaField
		}
	}
	if !ok {
		f.Kind, f.Value = jsonField, ""
		if value != nil {
			f.Value = indented(value)
		}
	}
}

func (f *formField) fillGroup(s *resource.Schema, value any) bool {
	fields, ok := value.(map[string]any)
	if !ok && value != nil {
		return false
	}
	for name := range fields {
		if !slices.ContainsFunc(s.Properties, func(p resource.Property) bool { return p.Name == name }) {
			return false
		}
	}
	for _, p := range s.Properties {
		f.Fields = append(f.Fields, f.field(p.Schema, fields[p.Name], p.Name, f.Path+"."+p.Name))
	}
	return true
}

// maxItems is how many groups a list shows as fields; a longer one is JSON.
const maxItems = 50

func (f *formField) fillList(s *resource.Schema, value any) bool {
	list, ok := value.([]any)
	if !ok && value != nil || len(list) > maxItems {
		return false
	}
	f.Set = len(list) > 0
	for i, item := range list {
		one := f.field(s.Items, item, f.Name, f.Path+"."+strconv.Itoa(i))
		if one.Kind != groupField {
			return false
		}
		one.Doc = ""
		f.Items = append(f.Items, one)
	}
	return true
}

// scalarText is a single value as it is typed.
func scalarText(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

// linesText is a list as lines.
func linesText(value any) (string, bool) {
	list, ok := value.([]any)
	if !ok {
		text, ok := scalarText(value)
		return text, ok && !strings.Contains(text, "\n")
	}
	lines := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := scalarText(item)
		if !ok || strings.TrimSpace(text) != text || text == "" || strings.Contains(text, "\n") {
			return "", false
		}
		lines = append(lines, text)
	}
	return strings.Join(lines, "\n"), true
}

// pairsText is names and values as lines.
func pairsText(value any) (string, bool) {
	fields, ok := value.(map[string]any)
	if !ok {
		return "", value == nil
	}
	lines := make([]string, 0, len(fields))
	for _, name := range sortedKeys(fields) {
		text, ok := scalarText(fields[name])
		if line := name + ": " + text; ok && !strings.ContainsAny(line, "\r\n") && strings.TrimSpace(line) == line && !strings.Contains(name, ":") {
			lines = append(lines, line)
			continue
		}
		return "", false
	}
	return strings.Join(lines, "\n"), true
}

// deepIndent is how deep values are indented. Before the lines of what is nested much deeper, which no people write, would be
// more blanks by far than the value has octets.
const deepIndent = 100

// indented is a value as JSON for people.
func indented(value any) string {
	write := func(value any) ([]byte, error) { return json.MarshalIndent(value, "", "  ") }
	if deeper(value, deepIndent) {
		write = json.Marshal
	}
	text, err := write(value)
	if err != nil {
		return fmt.Sprint(value) // nothing that came as JSON
	}
	return string(text)
}

// deeper tells whether a value is nested deeper than so many levels.
func deeper(value any, levels int) bool {
	if levels == 0 {
		return true
	}
	switch v := value.(type) {
	case map[string]any:
		for _, member := range v {
			if deeper(member, levels-1) {
				return true
			}
		}
	case []any:
		for _, item := range v {
			if deeper(item, levels-1) {
				return true
			}
		}
	}
	return false
}

func sortedKeys(m map[string]any) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
