package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"kurir/message"
)

// place is where something stands in the file.
type place struct{ line, column int }

// decoder puts the values of a file into structs and remembers where each stood.
type decoder struct {
	file   string
	env    func(string) (string, bool)
	places map[string]place // by field, such as routes[2].via
	wrong  map[string]bool  // fields with a mistake
	errors Errors
	warned Errors // what is no mistake
	nodes  int

	made    map[string]string // what was made over REST, by the path of the item: resource.Place
	literal bool              // ${...} leads nowhere
}

// Bounds against files that unfold themselves by aliases.
const (
	maxNodes = 2_000_000
	maxDepth = 32
)

// note adds a mistake. Of one field the first is enough: a value that could not be read is not also missing.
func (d *decoder) note(at place, field, text string) {
	if d.wrong[field] && field != "" {
		return
	}
	d.wrong[field] = true
	d.errors = append(d.errors, d.mistake(at, field, text))
}

// report adds a mistake in a field; of a field that is not in the file, the nearest thing around it gives the place.
// Of what is inside something wrong nothing is said: it follows from that.
func (d *decoder) report(field, text string) {
	for path := field; path != ""; path = around(path) {
		if d.wrong[path] {
			return
		}
	}
	d.note(d.placeOf(field), field, text)
}

// mistake makes an Error of what is wrong with a field of the file, or of what was made over REST.
func (d *decoder) mistake(at place, field, text string) Error {
	if place, rest, ok := d.madeAt(field); ok {
		return Error{File: place, Field: rest, Text: text}
	}
	return Error{File: d.file, Line: at.line, Column: at.column, Field: field, Text: text}
}

// warn adds a warning about a field.
func (d *decoder) warn(field, text string) {
	at := d.placeOf(field)
	d.warned = append(d.warned, d.mistake(at, field, text))
}

// placeOf gives where a field stands, else the nearest thing around it.
func (d *decoder) placeOf(field string) place {
	for path := field; path != ""; path = around(path) {
		if at, ok := d.places[path]; ok {
			return at
		}
	}
	return place{1, 1}
}

// around gives the path of what a field is in.
func around(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// within gives a report function for the fields of something.
func (d *decoder) within(path string) func(field, problem string) {
	return func(field, problem string) { d.report(path+"."+field, problem) }
}

// value fills out with the value of a node. What does not fit is noted, and out stays as it was.
func (d *decoder) value(node *yaml.Node, out reflect.Value, path string, depth int) {
	at := place{node.Line, node.Column}
	d.places[path] = at
	node = resolve(node)
	if d.nodes++; d.nodes > maxNodes || depth > maxDepth {
		if d.nodes != maxNodes+2 { // said once
			d.note(at, path, "is nested too deeply, or unfolds to too much")
		}
		d.nodes = max(d.nodes, maxNodes+1)
		return
	}
	if node.ShortTag() == "!!null" {
		return
	}
	if out.Kind() == reflect.Pointer {
		out.Set(reflect.New(out.Type().Elem()))
		out = out.Elem()
	}
	if c, ok := out.Addr().Interface().(*Connector); ok {
		d.connector(node, c, path, depth)
		return
	}
	if custom, ok := out.Addr().Interface().(interface{ UnmarshalYAML(func(any) error) error }); ok {
		d.custom(node, custom.UnmarshalYAML, path)
		return
	}
	switch {
	case out.Kind() == reflect.Struct:
		d.mapping(node, out, path, depth)
	case out.Kind() == reflect.Slice:
		d.sequence(node, out, path, depth)
	case out.Kind() == reflect.Map:
		d.texts(node, out, path, depth)
	default:
		d.scalar(node, out, path)
	}
}

// mapping fills a struct.
func (d *decoder) mapping(node *yaml.Node, out reflect.Value, path string, depth int) {
	if node.Kind != yaml.MappingNode {
		d.report(path, "fields are expected (name: value), not "+describe(node))
		return
	}
	fields := fieldsOf(out.Type())
	seen := map[string]bool{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		at, field := place{key.Line, key.Column}, join(path, key.Value)
		n, known := fields[key.Value]
		switch {
		case !known:
			d.note(at, field, "there is no such field"+didYouMean(key.Value, fields))
		case seen[key.Value]:
			d.note(at, field, "is given twice")
		default:
			seen[key.Value] = true
			d.value(value, out.FieldByIndex(n), field, depth+1)
		}
	}
}

// texts fills a map from names that the file chooses to texts.
func (d *decoder) texts(node *yaml.Node, out reflect.Value, path string, depth int) {
	if node.Kind != yaml.MappingNode {
		d.report(path, "names with values are expected (name: value), not "+describe(node))
		return
	}
	texts := reflect.MakeMap(out.Type())
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		field, text := join(path, key.Value), reflect.New(out.Type().Elem()).Elem()
		if name := reflect.ValueOf(key.Value); texts.MapIndex(name).IsValid() {
			d.note(place{key.Line, key.Column}, field, "is given twice")
		} else {
			d.value(node.Content[i+1], text, field, depth+1)
			texts.SetMapIndex(name, text)
		}
	}
	out.Set(texts)
}

// sequence fills a list.
func (d *decoder) sequence(node *yaml.Node, out reflect.Value, path string, depth int) {
	if node.Kind != yaml.SequenceNode {
		d.report(path, "a list is expected, not "+describe(node))
		return
	}
	list := reflect.MakeSlice(out.Type(), len(node.Content), len(node.Content))
	for i, item := range node.Content {
		field := fmt.Sprintf("%s[%d]", path, i)
		d.value(item, list.Index(i), field, depth+1)
		d.checkItem(item, field)
	}
	out.Set(list)
}

// checkItem reports an item of a list that is nothing, such as a dash with nothing behind it.
func (d *decoder) checkItem(item *yaml.Node, field string) {
	if resolve(item).ShortTag() == "!!null" {
		d.note(place{item.Line, item.Column}, field, "is empty")
	}
}

// resolve gives what an alias stands for; another node is itself.
func resolve(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// custom lets a type read its own value, and remembers where the items of a list stand.
func (d *decoder) custom(node *yaml.Node, read func(func(any) error) error, path string) {
	expanded := *node
	expanded.Content = slices.Clone(node.Content)
	for i, item := range expanded.Content {
		field := fmt.Sprintf("%s[%d]", path, i)
		d.places[field] = place{item.Line, item.Column}
		d.checkItem(item, field)
		expanded.Content[i] = d.expanded(item, field)
	}
	if node.Kind == yaml.ScalarNode {
		expanded.Value = d.expand(node.Value, path)
	}
	if err := read(func(into any) error { return expanded.Decode(into) }); err != nil {
		d.report(path, err.Error())
	}
}

// expanded gives a copy of an item of a list in which what stands for something else (${env:NAME}) is that.
func (d *decoder) expanded(item *yaml.Node, field string) *yaml.Node {
	clone := *item
	switch item.Kind {
	case yaml.ScalarNode:
		clone.Value = d.expand(item.Value, field)
	case yaml.MappingNode:
		clone.Content = slices.Clone(item.Content)
		for i := 1; i < len(clone.Content); i += 2 {
			if clone.Content[i].Kind == yaml.ScalarNode {
				clone.Content[i] = d.expanded(clone.Content[i], field)
			}
		}
	}
	return &clone
}

// scalar fills a text, a number, a duration or a truth. Mistakes never quote the value: it may be a secret.
func (d *decoder) scalar(node *yaml.Node, out reflect.Value, path string) {
	if node.Kind != yaml.ScalarNode {
		d.report(path, "one value is expected, not "+describe(node))
		return
	}
	text := d.expand(node.Value, path)
	if out.Type() == reflect.TypeFor[time.Duration]() {
		if text == "forever" && strings.HasPrefix(path, "retention.") {
			out.SetInt(int64(Forever))
			return
		}
		span, err := ParseDuration(text)
		if err != nil {
			d.report(path, "a duration is expected, such as 30s, 10m, 24h or 7d")
			return
		}
		out.SetInt(int64(span))
		return
	}
	switch out.Kind() {
	case reflect.String:
		out.SetString(text)
	case reflect.Bool:
		truth, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			d.report(path, "true or false is expected")
			return
		}
		out.SetBool(truth)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, out.Type().Bits())
		if err != nil {
			d.report(path, "a whole number is expected")
			return
		}
		out.SetInt(n)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, err := strconv.ParseUint(text, 10, out.Type().Bits())
		if err != nil {
			d.report(path, fmt.Sprintf("a whole number from 0 to %d is expected", uint64(1)<<out.Type().Bits()-1))
			return
		}
		out.SetUint(n)
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			d.report(path, "a number is expected")
			return
		}
		out.SetFloat(n)
	default:
		panic("config: no rule for fields of type " + out.Type().String())
	}
}

// ParseDuration reads Go's form (1h30m) and days (7d), also together (1d12h).
func ParseDuration(text string) (time.Duration, error) {
	days, rest, found := strings.Cut(text, "d")
	if !found {
		return time.ParseDuration(text)
	}
	n, err := strconv.Atoi(days)
	if err != nil || n < 0 || n > 36500 {
		return 0, fmt.Errorf("%q are no days", days)
	}
	span := time.Duration(n) * 24 * time.Hour
	if rest == "" {
		return span, nil
	}
	more, err := time.ParseDuration(rest)
	return span + more, err
}

// fieldsOf gives the place of each field of a struct by its name in the file; those of an embedded struct are its own.
func fieldsOf(t reflect.Type) map[string][]int {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); name != "" && name != "-" {
			fields[name] = f.Index
		}
	}
	return fields
}

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// describe names the kind of a node to people.
func describe(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	}
	return "one value"
}

// didYouMean proposes the field whose name is nearest, or gives them all when none is near.
func didYouMean(name string, fields map[string][]int) string {
	names := slices.SortedFunc(maps.Keys(fields), func(a, b string) int { return slices.Compare(fields[a], fields[b]) })
	if best := message.Nearest(name, names); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return "; there are " + strings.Join(names, ", ")
}
