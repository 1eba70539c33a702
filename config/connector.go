package config

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"kurir/connector"
	"kurir/message"
)

// Connector is one link to an operator. Its kind says which of the other fields is set: exactly one is.
type Connector struct {
	Name string
	Kind string
	SMPP *connector.SMPPConfig
}

// ConnectorKinds gives the kinds of links that a file may describe, in alphabetical order.
func ConnectorKinds() []string { return []string{"smpp"} }

// settings makes the struct for a kind, puts it into its field and returns a pointer to it; nil for a kind that
// there is not.
func (c *Connector) settings(kind string) any {
	switch kind {
	case "smpp":
		c.SMPP = &connector.SMPPConfig{}
		return c.SMPP
	}
	return nil
}

// validate asks the settings of the link's kind whether they are right.
func (c *Connector) validate(report func(field, problem string)) {
	switch {
	case c.SMPP != nil:
		c.SMPP.Validate(report)
	}
}

// peek gives the value of a field before its struct is known, read as scalar does; empty if it is not there.
func (d *decoder) peek(node *yaml.Node, field, path string) string {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value != field {
			continue
		}
		at := node.Content[i+1]
		d.places[path+"."+field] = place{at.Line, at.Column}
		if value := resolve(at); value.Kind == yaml.ScalarNode && value.ShortTag() != "!!null" {
			return d.expand(value.Value, path+"."+field)
		}
	}
	return ""
}

// connector fills a Connector: the field kind says which struct the others belong to.
func (d *decoder) connector(node *yaml.Node, c *Connector, path string, depth int) {
	if node.Kind != yaml.MappingNode {
		d.report(path, "fields are expected (name: value), not "+describe(node))
		return
	}
	c.Name, c.Kind = d.peek(node, "name", path), d.peek(node, "kind", path)
	if c.Kind == "" {
		d.report(path+".kind", "is missing; there are "+strings.Join(ConnectorKinds(), ", "))
		return
	}
	settings := c.settings(c.Kind)
	if settings == nil {
		text := "there is no connector of the kind " + quote(c.Kind)
		if slices.Contains([]string{"ucp", "cimd2", "modem", "http", "mail", "paging"}, c.Kind) {
			text += " in this version"
		} else if best := message.Nearest(c.Kind, ConnectorKinds()); best != "" {
			text += "; did you mean " + best + "?"
		}
		d.report(path+".kind", text+"; there are "+strings.Join(ConnectorKinds(), ", "))
		return
	}
	d.mapping(node, reflect.ValueOf(settings).Elem(), path, depth)
}
