package config

import (
	"reflect"
	"slices"
	"time"

	"kurir/message"
	"kurir/resource"
	"kurir/route"
)

// Schema gives the schema of what may be said over REST of one setting of a kind: its fields in the file, but those that
// stand in the file only.
func Schema(s resource.Setting) *resource.Schema {
	schemas := resource.NewSchemas("", fieldSchema)
	schemas.Tag, schemas.About = "yaml", about
	root := reflect.TypeFor[File]()
	typ := fieldType(root, s.Kind)
	switch {
	case s.Kind == "connectors":
		schema := connectorSchema(schemas, s)
		schema.Description = meaningOf(s)
		return schema
	case !s.Single:
		typ = typ.Elem()
	case isPlain(typ):
		return &resource.Schema{
			Type: "object", Description: meaningOf(s), Additional: false, Properties: resource.Properties{{Name: s.Kind, Schema: plainSchema(schemas, root, s.Kind)}},
		}
	}
	schema := withoutHost(schemas.Read(typ), s)
	schema.Description = meaningOf(s)
	return schema
}

// meaningOf says what a kind of settings is.
func meaningOf(s resource.Setting) string {
	root := reflect.TypeFor[File]()
	return meanings()["config.File."+root.FieldByIndex(fieldsOf(root)[s.Kind]).Name]
}

// plainSchema gives the schema of a setting that is one value.
func plainSchema(schemas *resource.Schemas, root reflect.Type, kind string) *resource.Schema {
	f := root.FieldByIndex(fieldsOf(root)[kind])
	schema := schemas.Read(f.Type)
	about(root, &f, schema)
	return schema
}

// withoutHost takes out what stands in the file only.
func withoutHost(schema *resource.Schema, s resource.Setting) *resource.Schema {
	schema.Properties = slices.DeleteFunc(schema.Properties, func(p resource.Property) bool { return slices.Contains(s.Host, p.Name) })
	return schema
}

// connectorSchema gives the schema of a link: one for each kind.
func connectorSchema(schemas *resource.Schemas, s resource.Setting) *resource.Schema {
	of := &resource.Schema{}
	for _, kind := range ConnectorKinds() {
		schema := withoutHost(schemas.Read(settingsOf(kind)), s)
		for i := range schema.Properties {
			if p := &schema.Properties[i]; p.Name == "kind" {
				p.Schema = &resource.Schema{Type: "string", Description: p.Schema.Description, Enum: []string{kind}}
			}
		}
		of.OneOf = append(of.OneOf, schema)
	}
	return of
}

// fieldSchema gives the schemas of types that are read in their own way.
func fieldSchema(t reflect.Type) *resource.Schema {
	text := func(doc string) *resource.Schema { return &resource.Schema{Type: "string", Description: doc} }
	switch t {
	case reflect.TypeFor[message.Secret]():
		return &resource.Schema{Type: "string", Format: resource.SecretFormat, Description: "a secret, shown as stars"}
	case reflect.TypeFor[time.Duration]():
		return &resource.Schema{Type: "string", Format: resource.SpanFormat, Description: "such as 30s, 10m, 24h or 7d"}
	case reflect.TypeFor[message.Amount]():
		return text("an amount of money, such as 0.05")
	case reflect.TypeFor[route.Patterns](), reflect.TypeFor[route.Via](), reflect.TypeFor[message.Words]():
		return &resource.Schema{OneOf: []*resource.Schema{text(""), {Type: "array", Items: text("")}}}
	}
	return nil
}
