package config

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"kurir/connector"
	"kurir/message"
)

// Connector is one link to an operator.
type Connector struct {
	Name     string
	Kind     string
	Settings connector.Config // of the kind; nil where there is none of it
}

// Reach has the link reach its operator at other addresses than those of the file, of a modem at other devices; false
// for a link that has neither.
func (c *Connector) Reach(hosts ...string) bool {
	s, ok := c.Settings.(interface{ Reach(hosts ...string) })
	if ok {
		s.Reach(hosts...)
	}
	return ok
}

// ConnectorKinds gives the kinds of links that a file may describe, in the order in which they are explained.
func ConnectorKinds() []string { return []string{"smpp", "ucp", "cimd2", "modem"} }

// newSettings makes the settings of a kind; nil for a kind that there is not.
func newSettings(kind string) connector.Config {
	switch kind {
	case "smpp":
		return &connector.SMPPConfig{}
	case "ucp":
		return &connector.UCPConfig{}
	case "cimd2":
		return &connector.CIMD2Config{}
	case "modem":
		return &connector.ModemConfig{}
	}
	return nil
}

// settingsOf gives the struct of a kind's settings; nil for a kind that there is not.
func settingsOf(kind string) reflect.Type {
	if settings := newSettings(kind); settings != nil {
		return reflect.TypeOf(settings).Elem()
	}
	return nil
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
	c.Settings = newSettings(c.Kind)
	if c.Settings == nil {
		text := "there is no connector of the kind " + quote(c.Kind)
		if slices.Contains([]string{"http", "mail", "paging"}, c.Kind) {
			text += " in this version"
		} else if best := message.Nearest(c.Kind, ConnectorKinds()); best != "" {
			text += "; did you mean " + best + "?"
		}
		d.report(path+".kind", text+"; there are "+strings.Join(ConnectorKinds(), ", "))
		return
	}
	d.mapping(node, reflect.ValueOf(c.Settings).Elem(), path, depth)
}
