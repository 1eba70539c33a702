package config

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/route"
)

// TestReference holds that docs/configuration.md and example.yaml say what the structs say. `make docs` writes them
// anew: names come from the yaml tags, meanings from the comments, examples from the example tags.
func TestReference(t *testing.T) {
	r := &reference{t: t, comments: map[string]map[string]string{}, written: map[string]bool{}, known: map[string]string{}}
	golden(t, "example.yaml", r.example())
	golden(t, "../docs/configuration.md", r.document())
	golden(t, "fields.txt", r.descriptions())
	if file, mistakes := Load("example.yaml"); file == nil && !*update {
		t.Errorf("the example is no good:\n%v", mistakes)
	}
}

// field is what the reference knows of a field of a struct.
type field struct {
	name, doc, example string
	typ                reflect.Type
}

// reference reads the structs by reflection and their comments from the source.
type reference struct {
	t        *testing.T
	comments map[string]map[string]string // by package folder, then by Type.Field
	written  map[string]bool              // tables of the document
	known    map[string]string            // what each field means, by package.Type.Field
	out      strings.Builder
}

// fields gives the fields of a struct in the order of the source.
func (r *reference) fields(typ reflect.Type) []field {
	r.t.Helper()
	comments := r.commentsOf(typ.PkgPath())
	names := map[string]string{}
	for _, f := range reflect.VisibleFields(typ) {
		names[f.Name], _, _ = strings.Cut(f.Tag.Get("yaml"), ",")
	}
	var fields []field
	for i := range typ.NumField() {
		f := typ.Field(i)
		if f.Anonymous {
			fields = append(fields, r.fields(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		doc, documented := comments[typ.Name()+"."+f.Name]
		if !documented {
			r.t.Errorf("%s.%s has no comment: it stands in the reference", typ, f.Name)
		}
		r.known[typ.String()+"."+f.Name] = sentence(doc, f.Name, names)
		fields = append(fields, field{name: name, doc: sentence(doc, f.Name, names), example: f.Tag.Get("example"), typ: f.Type})
	}
	return fields
}

// descriptions gives fields.txt, once the other two have looked at all fields: a line for each, which Schema reads.
func (r *reference) descriptions() string {
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(r.known)) {
		fmt.Fprintf(&out, "%s\t%s\n", name, r.known[name])
	}
	return out.String()
}

// commentsOf reads the comments of all struct fields of a package. A comment over several fields in a row without a
// blank line between them belongs to each.
func (r *reference) commentsOf(pkg string) map[string]string {
	if found, ok := r.comments[pkg]; ok {
		return found
	}
	comments := map[string]string{}
	r.comments[pkg] = comments
	files, err := filepath.Glob(filepath.Join("..", strings.TrimPrefix(pkg, "kurir/"), "*.go"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			r.t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if structure, ok := spec.Type.(*ast.StructType); ok {
				last := ""
				for _, f := range structure.Fields.List {
					if doc := f.Doc.Text(); doc != "" {
						last = strings.Join(strings.Fields(doc), " ")
					}
					for _, ident := range f.Names {
						if last != "" {
							comments[spec.Name.Name+"."+ident.Name] = last
						}
					}
				}
			}
			return true
		})
	}
	return comments
}

// sentence turns the comment of a field into one for people who know the names in the file and not those in the source.
func sentence(doc, name string, names map[string]string) string {
	for _, verb := range []string{" is ", " are ", " says ", ", if given, "} {
		if rest, ok := strings.CutPrefix(doc, name+verb); ok {
			doc = capital(rest)
			break
		}
	}
	return regexp.MustCompile(`\b[A-Z]+[a-z]*[A-Z]\w*`).ReplaceAllStringFunc(doc, func(word string) string {
		if inFile, ok := names[word]; ok {
			return inFile
		}
		return word
	})
}

// capital begins a sentence with a capital letter, unless it begins with a value that may stand in the file, such as
// "sqlite, kept in ..." or "text or json".
func capital(text string) string {
	if regexp.MustCompile(`^[a-z]+ `).MatchString(text) && !regexp.MustCompile(`^[a-z]+ (\(|or )`).MatchString(text) {
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return text
}

// valueOf names what may stand in a field.
func valueOf(typ reflect.Type) string {
	switch typ {
	case reflect.TypeFor[message.Secret]():
		return "secret"
	case reflect.TypeFor[[]message.Secret]():
		return "list of secrets"
	case reflect.TypeFor[route.Patterns]():
		return "pattern or list"
	case reflect.TypeFor[route.Via]():
		return "name or list"
	case reflect.TypeFor[message.Words]():
		return "text or list"
	case reflect.TypeFor[time.Duration]():
		return "duration"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return valueOf(typ.Elem())
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true, false"
	case reflect.Struct:
		return "fields"
	case reflect.Map:
		return "name: text"
	case reflect.Slice:
		if typ.Elem().Kind() == reflect.Struct {
			return "list of fields"
		}
		return "list of " + valueOf(typ.Elem()) + "s"
	}
	return "number"
}

const introduction = `# Configuration

<!-- Made by "make docs" from the structs; change their comments, not this file. -->

One YAML file describes a server. ` + "`kurir check -c kurir.yaml`" + ` prints every mistake in it with line and
column; ` + "`kurir serve -c kurir.yaml`" + ` refuses to start with one, and a reload (SIGHUP) with one changes nothing.
[config/example.yaml](../config/example.yaml) has every field with its meaning.

- A **duration** is written as in 30s, 10m, 24h, 7d or 1d12h.
- A **secret** shows as stars wherever Kurir prints it.
- A **pattern** is an exact value, a beginning followed by *, or * alone for everything.
- ` + "`${env:NAME}`" + ` anywhere in a value stands for the environment variable, ` + "`${file:path}`" + ` for the contents
  of a file without its last line end, and ` + "`$${`" + ` for the characters themselves.
- Paths are relative to the folder in which the program is started.
- A field that is left out, empty or 0 means what stands behind it.
`

// document gives docs/configuration.md.
func (r *reference) document() string {
	r.out.Reset()
	r.out.WriteString(introduction)
	r.table("The server", reflect.TypeFor[File]())
	return r.out.String()
}

// table writes the fields of a struct, and after them those of the structs in it.
func (r *reference) table(title string, typ reflect.Type) {
	fmt.Fprintf(&r.out, "\n## %s\n\n| field | value | meaning |\n|---|---|---|\n", title)
	fields := r.fields(typ)
	for _, f := range fields {
		fmt.Fprintf(&r.out, "| `%s` | %s | %s |\n", f.name, valueOf(f.typ), strings.ReplaceAll(f.doc, "|", "\\|"))
	}
	for _, f := range fields {
		inner := f.typ
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case inner == reflect.TypeFor[Connector]():
			for _, kind := range ConnectorKinds() {
				r.table("connectors, kind: "+kind, settingsOf(kind))
			}
		case inner.Kind() == reflect.Struct && valueOf(f.typ) != "name or list":
			prefix, _, nested := strings.Cut(title, ",")
			name := f.name
			if nested || title != "The server" {
				name = prefix + "." + f.name
			}
			if !r.written[name] { // what one kind of link has in common with another stands there once
				r.written[name] = true
				r.table(name, inner)
			}
		}
	}
}

// example gives example.yaml.
func (r *reference) example() string {
	r.out.Reset()
	r.out.WriteString("# Every field of the configuration with its meaning. What stands behind a # is left out; the values here are examples.\n" +
		"# Made by \"make docs\" from the structs; docs/configuration.md says more.\n")
	for _, line := range r.fieldLines(reflect.TypeFor[File]()) {
		r.out.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return r.out.String()
}

// fieldLines gives the fields of a struct as they stand in a file, with a blank line before each.
func (r *reference) fieldLines(typ reflect.Type) []string {
	return r.lines(r.fields(typ))
}

// linkLines gives a link of another kind than the first: what it has for itself.
func (r *reference) linkLines(kind string) []string {
	common := map[string]bool{}
	for _, typ := range []reflect.Type{reflect.TypeFor[connector.Common](), reflect.TypeFor[connector.Remote]()} {
		for _, f := range r.fields(typ) {
			common[f.name] = f.name != "hosts"
		}
	}
	fields := slices.DeleteFunc(r.fields(settingsOf(kind)), func(f field) bool { return common[f.name] })
	for i := range fields {
		switch fields[i].name {
		case "name":
			fields[i].example = "by-" + kind
		case "kind":
			fields[i].example, fields[i].doc = kind, capital(kind)+": beside what stands here it has what the first kind has from local_address on that is not about SMPP; docs/configuration.md lists it."
		}
	}
	return block("", r.lines(fields), true)[1:]
}

// lines gives fields as fieldLines does.
func (r *reference) lines(fields []field) []string {
	var lines []string
	for _, f := range fields {
		lines = append(lines, "")
		for _, part := range wrap(f.doc, 100) {
			lines = append(lines, "# "+part)
		}
		inner, isList := f.typ, f.typ.Kind() == reflect.Slice
		if isList {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case f.example != "":
			lines = append(lines, f.name+": "+f.example)
		case inner.Kind() != reflect.Struct || valueOf(f.typ) == "name or list":
			lines = append(lines, "# "+f.name+":")
		case inner == reflect.TypeFor[Connector]():
			lines = append(lines, block(f.name, r.fieldLines(settingsOf("smpp")), true)...)
			for _, kind := range ConnectorKinds()[1:] {
				lines = append(lines, r.linkLines(kind)...)
			}
		default:
			lines = append(lines, block(f.name, r.fieldLines(inner), isList)...)
		}
	}
	return lines
}

// block indents the fields of an inner struct under its name; when none of them is given, the name is not either.
func block(name string, inner []string, isList bool) []string {
	given := false
	for _, line := range inner {
		given = given || line != "" && !strings.HasPrefix(line, "#")
	}
	lines := []string{name + ":"}
	if !given {
		lines[0] = "# " + name + ":"
	}
	indent := "  "
	if isList {
		dash := "  -"
		if !given {
			dash = "  # -"
		}
		lines = append(lines, dash)
		indent = "    "
	}
	for i, line := range inner {
		if i == 0 && line == "" {
			continue
		}
		lines = append(lines, indent+line)
	}
	return lines
}

// wrap breaks a text into lines of at most width characters.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
