package resource

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Schema is a JSON Schema (draft 2020-12), as much of it as is needed to say what requests and answers look like.
type Schema struct {
	Ref         string     `json:"$ref,omitempty"`
	Type        any        `json:"type,omitempty"` // a word, or several
	Format      string     `json:"format,omitempty"`
	Description string     `json:"description,omitempty"`
	Enum        []string   `json:"enum,omitempty"`
	Pattern     string     `json:"pattern,omitempty"`
	MaxLength   int        `json:"maxLength,omitempty"` // characters
	Minimum     *int64     `json:"minimum,omitempty"`
	Maximum     *int64     `json:"maximum,omitempty"`
	Default     any        `json:"default,omitempty"`
	Items       *Schema    `json:"items,omitempty"`
	MaxItems    int        `json:"maxItems,omitempty"`
	Properties  Properties `json:"properties,omitempty"`
	Required    []string   `json:"required,omitempty"`
	Additional  any        `json:"additionalProperties,omitempty"` // a *Schema, or false
	OneOf       []*Schema  `json:"oneOf,omitempty"`

	// What forms know besides.
	Words    []string `json:"-"` // of which it takes one; in a file ${env:NAME} may stand for it, so that this is no Enum
	Optional bool     `json:"-"` // its zero value says something else than its absence does
	Names    string   `json:"-"` // kind of the settings that it names, such as accounts; empty for none
	Example  string   `json:"-"` // a value as it could stand in the file; empty for none
}

// Formats of texts that are ours.
const (
	SecretFormat = "password" // shown as stars
	SpanFormat   = "span"     // a length of time: 30s, 10m, 24h, 7d
)

// Property is a member of an object.
type Property struct {
	Name   string
	Schema *Schema
}

// Properties are members of an object in the order in which people read them.
type Properties []Property

// MarshalJSON writes them as an object.
func (p Properties) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, one := range p {
		name, err := json.Marshal(one.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(one.Schema)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, name...), ':'), value...)
	}
	return append(out, '}'), nil
}

// Schemas derives schemas from Go types, so that they say what encoding/json writes and reads. Structs that have a name get
// a schema of their own in Named, to which others refer.
//
// A field may have tags: doc (what it means), format, enum (words between commas) and required (true, of what is read).
type Schemas struct {
	Prefix  string                       // of references: #/components/schemas/
	Tag     string                       // whose names count: json, or yaml, where nothing gets a schema of its own
	Special func(t reflect.Type) *Schema // of types that are written in their own way; nil for others
	// About adds to the schema of a field of a struct what is known of it from elsewhere; nil for nothing.
	About func(owner reflect.Type, field *reflect.StructField, schema *Schema)
	Named map[string]*Schema      // by name
	types map[string]reflect.Type // of Named
	reads bool                    // what is made now is read, not written
}

// NewSchemas returns an empty set.
func NewSchemas(prefix string, special func(t reflect.Type) *Schema) *Schemas {
	return &Schemas{Prefix: prefix, Tag: "json", Special: special, Named: map[string]*Schema{}, types: map[string]reflect.Type{}}
}

// Written gives the schema of a type that stands in answers: what is not left out when it is empty is always there.
func (s *Schemas) Written(t reflect.Type) *Schema {
	s.reads = false
	return s.of(t)
}

// Read gives the schema of a type that stands in requests: other members than its own are refused, and any may be missing
// but what its tag says is required.
func (s *Schemas) Read(t reflect.Type) *Schema {
	s.reads = true
	return s.of(t)
}

// Nullable gives the schema of a change by RFC 7396 of what an object's schema says.
func Nullable(o *Schema) *Schema {
	change := *o
	change.Required, change.Properties = nil, nil
	for _, p := range o.Properties {
		v := *p.Schema
		change.Properties = append(change.Properties, Property{p.Name, orNull(&v)})
	}
	return &change
}

// Ref refers to what is in Named.
func (s *Schemas) Ref(name string) *Schema { return &Schema{Ref: s.Prefix + name} }

func (s *Schemas) of(t reflect.Type) *Schema {
	if special := s.Special(t); special != nil {
		return special
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return &Schema{Type: "string", Format: "date-time"}
	case t == reflect.TypeFor[json.RawMessage]() || t.Kind() == reflect.Interface:
		return &Schema{}
	case t.Kind() == reflect.Pointer:
		return s.of(t.Elem())
	case isText(t):
		return &Schema{Type: "string"}
	}
	switch t.Kind() {
	case reflect.String:
		return &Schema{Type: "string"}
	case reflect.Bool:
		return &Schema{Type: "boolean"}
	case reflect.Float32, reflect.Float64:
		return &Schema{Type: "number"}
	case reflect.Slice, reflect.Array:
		return &Schema{Type: "array", Items: s.of(t.Elem())}
	case reflect.Map:
		return &Schema{Type: "object", Additional: s.of(t.Elem())}
	case reflect.Struct:
		return s.object(t)
	}
	if t.Kind() < reflect.Int || t.Kind() > reflect.Uint64 {
		panic(fmt.Sprintf("resource: %v has no JSON", t)) // seen by every test that makes the document
	}
	return whole(t)
}

// isText tells whether a type writes or reads itself as a text.
func isText(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// whole gives the schema of a whole number.
func whole(t reflect.Type) *Schema {
	n := &Schema{Type: "integer"}
	if t.Bits() == 64 {
		n.Format = "int64"
	}
	if t.Kind() >= reflect.Uint {
		n.Minimum = new(int64)
	}
	return n
}

// object gives the schema of a struct, or refers to it.
func (s *Schemas) object(t reflect.Type) *Schema {
	name := nameOf(t)
	if name == "" || s.Tag != "json" {
		o := &Schema{Type: "object"}
		s.fields(o, t)
		return o
	}
	if known := s.types[name]; known != nil && known != t {
		panic(fmt.Sprintf("resource: %v and %v have the same name in the document", t, known))
	}
	if s.Named[name] == nil {
		o := &Schema{Type: "object"}
		s.Named[name], s.types[name] = o, t // before its fields, of which one may be of the same type
		s.fields(o, t)
	}
	return s.Ref(name)
}

// nameOf gives the name of a type to people: that of messageView is Message.
func nameOf(t reflect.Type) string {
	name := strings.TrimSuffix(t.Name(), "View")
	first, size := utf8.DecodeRuneInString(name)
	if size == 0 || strings.ContainsRune(name, '[') {
		return ""
	}
	return string(unicode.ToUpper(first)) + name[size:]
}

// fields adds the fields of a struct to its schema; those of an embedded struct are as its own.
func (s *Schemas) fields(o *Schema, t reflect.Type) {
	if s.reads {
		o.Additional = false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get(s.Tag), ",")
		if f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct {
			s.fields(o, f.Type)
			continue
		}
		if !f.IsExported() || name == "-" || name == "" && s.Tag != "json" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		omitted := strings.Contains(options, "omit")
		o.Properties = append(o.Properties, Property{name, s.field(t, &f, omitted)})
		if f.Tag.Get("required") == "true" || !s.reads && !omitted {
			o.Required = append(o.Required, name)
		}
	}
}

// field gives the schema of one field with what its tags say.
func (s *Schemas) field(owner reflect.Type, f *reflect.StructField, omitted bool) *Schema {
	v := s.of(f.Type)
	if s.Special(f.Type) == nil {
		v.Optional = f.Type.Kind() == reflect.Pointer && s.reads
	}
	if f.Type.Kind() == reflect.Pointer && !omitted && !s.reads {
		v = orNull(v)
	}
	v.Description = f.Tag.Get("doc") // beside $ref too, in this draft
	of := v
	if v.Items != nil {
		of = v.Items
	}
	if format := f.Tag.Get("format"); format != "" {
		of.Format = format
	}
	if words := f.Tag.Get("enum"); words != "" {
		of.Enum = strings.Split(words, ",")
	}
	if s.About != nil {
		s.About(owner, f, v)
	}
	return v
}

// orNull gives the schema of what may also be null.
func orNull(v *Schema) *Schema {
	if word, ok := v.Type.(string); ok {
		v.Type = []string{word, "null"}
		return v
	}
	return &Schema{OneOf: []*Schema{v, {Type: "null"}}}
}
