package web

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"kurir/resource"
)

// reading turns what was typed into a form into the value of a setting.
type reading struct {
	typed url.Values
	keep  bool                                 // empty items of lists stay: the form is shown again
	wrong []formWrong                          // what cannot be read
	say   func(key string, args ...any) string // words of the page's language
}

// formWrong is what is wrong with a field, by its path in a form.
type formWrong struct{ path, text string }

// readForm gives the value that was typed into the form of a schema. What cannot be read stands in it as it was typed (notRead) and in
// wrong.
func readForm(schema *resource.Schema, typed url.Values, keep bool, say func(key string, args ...any) string) (value map[string]any, wrong []formWrong) {
	r := &reading{typed: typed, keep: keep, say: say}
	value = map[string]any{}
	for _, p := range schema.Properties {
		if v := r.read(p.Schema, p.Name, p.Name); v != nil {
			value[p.Name] = v
		}
	}
	for name := range typed { // fields that the schema does not have came as JSON
		field, isJSON := strings.CutSuffix(name, ":json")
		if _, known := value[field]; isJSON && !known && !strings.Contains(field, ".") {
			if v := r.json(field, typed.Get(name)); v != nil {
				value[field] = v
			}
		}
	}
	return value, r.wrong
}

// read gives what was typed into a field, nil for nothing.
func (r *reading) read(s *resource.Schema, name, path string) any {
	if r.typed.Has(path + ":json") {
		return r.json(path, r.typed.Get(path+":json"))
	}
	text := strings.ReplaceAll(r.typed.Get(path), "\r\n", "\n")
	switch fieldKind(s, name) {
	case groupField:
		return r.group(s, path)
	case listField:
		return r.list(s, path)
	case checkField, maybeField:
		if text == "" {
			return nil
		}
		return text == "true"
	case linesField:
		return readLines(s, text)
	case pairsField:
		return r.pairs(s, path, text)
	case secretField:
		if text == "" {
			return nil
		}
		return text
	}
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return scalarOf(s, text)
}

// scalarOf is a number where one is expected and typed; REST says of what else is wrong that it is.
func scalarOf(s *resource.Schema, text string) any {
	if s.Type == "integer" || s.Type == "number" {
		if n, err := strconv.ParseFloat(text, 64); err == nil && strconv.FormatFloat(n, 'f', -1, 64) == text {
			return n
		}
	}
	return text
}

func (r *reading) json(path, text string) any {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		r.wrong = append(r.wrong, formWrong{path, r.say("form.nojson", err)})
		return notRead{jsonField, text}
	}
	return value
}

// readLines gives a list, or where one text will do that.
func readLines(s *resource.Schema, text string) any {
	items := s.Items
	if items == nil {
		items = &resource.Schema{Type: "string"}
	}
	var list []any
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, scalarOf(items, line))
		}
	}
	switch {
	case len(list) == 0:
		return nil
	case len(list) == 1 && len(s.OneOf) > 0:
		return list[0]
	}
	return list
}

func (r *reading) pairs(s *resource.Schema, path, text string) any {
	of, _ := s.Additional.(*resource.Schema)
	value := map[string]any{}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		name = strings.TrimSpace(name)
		if _, twice := value[name]; !ok || name == "" || twice {
			r.wrong = append(r.wrong, formWrong{path, r.say("form.nopair", line)})
			return notRead{pairsField, text}
		}
		value[name] = scalarOf(of, strings.TrimSpace(rest))
	}
	if len(value) == 0 {
		return nil
	}
	return value
}

// group gives the fields of a group, nil if nothing is filled in and it is not said to be there all the same.
func (r *reading) group(s *resource.Schema, path string) any {
	value := map[string]any{}
	for _, p := range s.Properties {
		if v := r.read(p.Schema, p.Name, path+"."+p.Name); v != nil {
			value[p.Name] = v
		}
	}
	if len(value) == 0 && !(s.Optional && r.typed.Has(path+":set")) {
		return nil
	}
	return value
}

func (r *reading) list(s *resource.Schema, path string) any {
	n, _ := strconv.Atoi(r.typed.Get(path + ":n"))
	var list []any
	for i := range min(max(n, 0), maxItems) {
		switch item := r.group(s.Items, path+"."+strconv.Itoa(i)); {
		case item != nil:
			list = append(list, item)
		case r.keep:
			list = append(list, map[string]any{})
		}
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// alterList adds an empty item at the end of the list at a path, or takes out the item at a path: what the buttons of a list do.
// It changes value, and does nothing where there is no such list.
func alterList(value map[string]any, path string, add bool) {
	steps := strings.Split(path, ".")
	var at any = value
	for len(steps) > 1 && !(len(steps) == 2 && !add && isNumber(steps[1])) {
		at = stepInto(at, steps[0])
		steps = steps[1:]
	}
	fields, ok := at.(map[string]any)
	if !ok || len(steps) == 0 {
		return
	}
	list, _ := fields[steps[0]].([]any)
	switch {
	case add && len(list) < maxItems:
		fields[steps[0]] = append(list, map[string]any{})
	case !add && len(steps) == 2:
		if i, _ := strconv.Atoi(steps[1]); i < len(list) {
			fields[steps[0]] = append(append([]any{}, list[:i]...), list[i+1:]...)
		}
	}
}

// stepInto gives a member of an object, made where there is none, or of a list.
func stepInto(at any, step string) any {
	switch v := at.(type) {
	case map[string]any:
		if v[step] == nil {
			v[step] = map[string]any{}
		}
		return v[step]
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func isNumber(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}
