package config

import (
	"reflect"
	"slices"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/resource"
	"kurir/route"
)

// Schema gives the schema of what may be said over REST of one setting of a kind: its fields in the file, but those that
// stand in the file only.
func Schema(s resource.Setting) *resource.Schema {
	schemas := resource.NewSchemas("", fieldSchema)
	schemas.Tag = "yaml"
	root := reflect.TypeFor[File]()
	typ := fieldType(root, s.Kind)
	switch {
	case s.Kind == "connectors":
		typ = reflect.TypeFor[connector.SMPPConfig]()
	case !s.Single:
		typ = typ.Elem()
	case isPlain(typ):
		return &resource.Schema{
			Type: "object", Additional: false, Properties: resource.Properties{{Name: s.Kind, Schema: schemas.Read(typ)}},
		}
	}
	schema := schemas.Read(typ)
	schema.Properties = slices.DeleteFunc(schema.Properties, func(p resource.Property) bool { return slices.Contains(s.Host, p.Name) })
	return schema
}

// fieldSchema gives the schemas of types that are read in their own way.
func fieldSchema(t reflect.Type) *resource.Schema {
	text := func(doc string) *resource.Schema { return &resource.Schema{Type: "string", Description: doc} }
	switch t {
	case reflect.TypeFor[message.Secret]():
		return text("a secret, shown as stars")
	case reflect.TypeFor[time.Duration]():
		return text("such as 30s, 10m, 24h or 7d")
	case reflect.TypeFor[message.Amount]():
		return text("an amount of money, such as 0.05")
	case reflect.TypeFor[route.Patterns](), reflect.TypeFor[route.Via](), reflect.TypeFor[message.Words]():
		return &resource.Schema{OneOf: []*resource.Schema{text(""), {Type: "array", Items: text("")}}}
	}
	return nil
}
