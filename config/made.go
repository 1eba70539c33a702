package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"kurir/resource"
)

// Made is something that was made over REST, of what else stands in the file.
type Made struct {
	Kind, Name string
	Value      map[string]any // as encoding/json gives it
}

// source is the text of a file, from which it can be read again.
type source struct {
	name string
	text []byte
	env  func(string) (string, bool)

	adjust []func(*File) // what is done to what was read, in this order
}

// Adjust changes what was read from a file, now and whenever its text is read again with what was made over REST.
func (f *File) Adjust(change func(*File)) {
	if f.source != nil {
		f.source.adjust = append(f.source.adjust, change)
	}
	change(f)
}

// With reads the file's text again together with what was made over REST, which is put behind what the file has of each
// kind, in this order, and checked like it. What is wrong with the latter bears its kind and name (resource.Place) in
// place of the file, and no line.
func (f *File) With(made []Made) (*File, Errors) {
	switch {
	case len(made) == 0 && !f.mixed:
		return f, nil
	case f.source == nil:
		return nil, Errors{{Text: "was not read from a file; nothing can be added to it"}}
	}
	return f.source.read(made)
}

// Stated is one item of a list at the top of a file.
type Stated struct {
	Name  string // routes[0] if it has none
	Place string // such as kurir.yaml:12
	Value map[string]any
}

// Stated gives the items of one kind, or the one that there is, as they stand in the file: what stands for something else
// (${env:NAME}) is not that.
func (f *File) Stated(s resource.Setting) []Stated {
	if f.source == nil {
		return nil
	}
	root, err := document(f.source.text)
	if err != nil || root == nil {
		return nil // not this file: it was read before
	}
	list := fieldNode(resolve(root), s.Kind)
	if list == nil {
		return nil
	}
	items := resolve(list).Content
	if s.Single {
		items = []*yaml.Node{list}
	}
	var stated []Stated
	for i, item := range items {
		value := fieldsIn(s, plainValue(item))
		name := cmp.Or(nameOf(value, s), fmt.Sprintf("%s[%d]", s.Kind, i))
		stated = append(stated, Stated{Name: name, Place: f.source.name + ":" + strconv.Itoa(item.Line), Value: value})
	}
	return stated
}

// fieldsIn gives what stands in the file as fields: a text or number, of which there is one, as the field of its own name.
func fieldsIn(s resource.Setting, value any) map[string]any {
	fields, ok := value.(map[string]any)
	if !ok && s.Single {
		return map[string]any{s.Kind: value}
	}
	return fields
}

// fieldNode gives the value of a field of a mapping, nil if it is not there or nothing.
func fieldNode(node *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == name && resolve(node.Content[i+1]).ShortTag() != "!!null" {
			return node.Content[i+1]
		}
	}
	return nil
}

// nameOf gives the name of an item, in the one form that it has for a number.
func nameOf(value map[string]any, s resource.Setting) string {
	switch {
	case s.Single:
		return s.Kind
	case s.Key == "":
		return ""
	}
	name := ""
	if v, ok := value[s.Key]; ok && v != nil {
		name = fmt.Sprint(v)
	}
	return KeyOf(s, name)
}

// KeyOf gives a name in the form in which names are compared.
func KeyOf(s resource.Setting, name string) string {
	if s.Key == "number" {
		return strings.TrimPrefix(name, "+")
	}
	return name
}

// add puts what was made over REST behind what the file has.
func (d *decoder) add(top *yaml.Node, f *File, made []Made) {
	root := reflect.ValueOf(f).Elem()
	taken := inFile(top, root)
	for i := range made {
		m := &made[i]
		s, known := resource.SettingOf(m.Kind)
		if !known {
			d.errors = append(d.errors, Error{File: resource.Place(m.Kind, m.Name), Text: "there is no such noun in this version"})
			continue
		}
		if path, ok := taken[[2]string{m.Kind, KeyOf(s, m.Name)}]; ok {
			d.note(d.placeOf(path), path, quote(m.Name)+" stands in the file and was made over REST too; take one of them out")
			continue
		}
		d.addOne(s, m, root.FieldByIndex(fieldsOf(root.Type())[s.Kind]))
	}
}

// inFile gives the field that has the name of each setting in the file, by kind and name.
func inFile(top *yaml.Node, root reflect.Value) map[[2]string]string {
	fields := fieldsOf(root.Type())
	taken := map[[2]string]string{}
	for _, s := range resource.Settings() {
		if s.Single {
			if fieldNode(resolve(top), s.Kind) != nil {
				taken[[2]string{s.Kind, s.Kind}] = s.Kind
			}
			continue
		}
		list := root.FieldByIndex(fields[s.Kind])
		for i := range list.Len() {
			if name := KeyOf(s, keyField(list.Index(i), s.Key)); name != "" {
				taken[[2]string{s.Kind, name}] = fmt.Sprintf("%s[%d].%s", s.Kind, i, s.Key)
			}
		}
	}
	return taken
}

// addOne puts one setting that was made over REST into its field of the file.
func (d *decoder) addOne(s resource.Setting, m *Made, field reflect.Value) {
	item, path := field, s.Kind
	given := m.Value
	var refused []string
	for _, name := range s.Host {
		var had bool
		if given, had = without(given, name); had { // not even looked at: whether the file is there is not told over REST
			refused = append(refused, name)
		}
	}
	value := any(given)
	switch {
	case !s.Single:
		path = fmt.Sprintf("%s[%d]", s.Kind, field.Len())
		item = reflect.New(field.Type().Elem()).Elem()
	case isPlain(field.Type()):
		value = d.onlyField(m)
	}
	d.made[path] = resource.Place(m.Kind, m.Name)
	for _, name := range refused {
		d.report(join(path, name), "leads to a file or program of the server's machine; that can be given in the configuration file only")
	}
	d.literal = true
	d.value(nodeOf(value), item, path, 0)
	d.literal = false
	if !s.Single {
		field.Set(reflect.Append(field, item))
	}
}

// without gives a value without a field, or without one of a field's own: a.b; had tells whether it was there.
func without(value map[string]any, name string) (_ map[string]any, had bool) {
	first, rest, deeper := strings.Cut(name, ".")
	v, there := value[first]
	if !there || v == nil || v == "" {
		return value, false
	}
	rid := maps.Clone(value)
	if !deeper {
		delete(rid, first)
		return rid, true
	}
	fields, _ := v.(map[string]any)
	if rid[first], had = without(fields, rest); !had {
		return value, false
	}
	return rid, true
}

// isPlain tells whether a field of the file is one value, not fields or a list of them.
func isPlain(t reflect.Type) bool {
	return t.Kind() != reflect.Struct && t.Kind() != reflect.Pointer && t.Kind() != reflect.Map && t.Kind() != reflect.Slice
}

// onlyField gives the one field that what is one value may have over REST, that of its own name.
func (d *decoder) onlyField(m *Made) any {
	for _, name := range sortedNames(m.Value) {
		if name != m.Kind {
			d.errors = append(d.errors, Error{File: resource.Place(m.Kind, m.Name), Field: name, Text: "there is no such field; there is " + m.Kind})
		}
	}
	return m.Value[m.Kind]
}

// keyField gives the text of a field of a struct by its name in the file.
func keyField(v reflect.Value, name string) string {
	if c, ok := v.Interface().(Connector); ok {
		return c.Name
	}
	if i, ok := fieldsOf(v.Type())[name]; ok {
		return v.FieldByIndex(i).String()
	}
	return ""
}

// madeAt gives the name of what was made over REST and the rest of the path, if the path leads into it.
func (d *decoder) madeAt(path string) (place, rest string, ok bool) {
	if len(d.made) == 0 {
		return "", "", false
	}
	for item := path; item != ""; item = around(item) {
		place, ok := d.made[item]
		switch rest := strings.TrimPrefix(path[len(item):], "."); {
		case !ok:
		case rest == "" && !strings.HasSuffix(item, "]"): // one value
			return place, item, true
		default:
			return place, rest, true
		}
	}
	return "", "", false
}

// where names the place of a field to people.
func (d *decoder) where(path string) string {
	if place, rest, ok := d.madeAt(path); ok {
		return rest + " of " + place
	}
	if at, ok := d.places[path]; ok && len(d.made) > 0 {
		return fmt.Sprintf("%s (%s:%d)", path, d.file, at.line)
	}
	return path
}

// nodeOf makes YAML of what encoding/json read.
func nodeOf(value any) *yaml.Node {
	scalar := func(tag, text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text} }
	switch v := value.(type) {
	case map[string]any:
		node := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		for _, name := range sortedNames(v) {
			node.Content = append(node.Content, scalar("!!str", name), nodeOf(v[name]))
		}
		return node
	case []any:
		node := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		for _, item := range v {
			node.Content = append(node.Content, nodeOf(item))
		}
		return node
	case nil:
		return scalar("!!null", "null")
	case bool:
		return scalar("!!bool", strconv.FormatBool(v))
	case float64:
		text := strconv.FormatFloat(v, 'f', -1, 64)
		if strings.Contains(text, ".") {
			return scalar("!!float", text)
		}
		return scalar("!!int", text)
	}
	return scalar("!!str", fmt.Sprint(value))
}

// ParseValue reads the fields of one item, YAML or JSON, as encoding/json would.
func ParseValue(text []byte) (map[string]any, error) {
	root, err := document(text)
	if err != nil {
		return nil, fmt.Errorf("is not valid YAML: %w", err)
	}
	if root == nil || resolve(root).Kind != yaml.MappingNode {
		return nil, errors.New("fields are expected (name: value)")
	}
	value, _ := plainValue(root).(map[string]any)
	return value, nil
}

func sortedNames(v map[string]any) []string {
	names := make([]string, 0, len(v))
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// plainValue makes of YAML what encoding/json would read. Numbers that JSON would write in another way, such as 0123,
// +46701234567 and 0.50, stay texts: in the field of a text they are as they stand, in that of a number the same.
func plainValue(node *yaml.Node) any {
	node = resolve(node)
	switch node.Kind {
	case yaml.MappingNode:
		value := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			value[node.Content[i].Value] = plainValue(node.Content[i+1])
		}
		return value
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			list = append(list, plainValue(item))
		}
		return list
	}
	switch node.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		if truth, err := strconv.ParseBool(strings.ToLower(node.Value)); err == nil {
			return truth
		}
	case "!!int", "!!float":
		if n, err := strconv.ParseFloat(node.Value, 64); err == nil && strconv.FormatFloat(n, 'f', -1, 64) == node.Value {
			return n
		}
	}
	return node.Value
}
