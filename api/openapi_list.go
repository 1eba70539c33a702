package api

import (
	"kurir/resource"
)

// nounParameters are the parameters of a list, as package resource takes them.
func nounParameters(n *resource.Noun) (list []*openParameter) {
	add := func(name, text string, schema *resource.Schema) *openParameter {
		p := &openParameter{Name: name, In: "query", Text: text, Schema: schema}
		list = append(list, p)
		return p
	}
	var sorts []string
	for i := range n.Fields {
		f := &n.Fields[i]
		if f.Sort {
			sorts = append(sorts, f.Name, "-"+f.Name)
		}
		value := &resource.Schema{Type: "string", Enum: f.Words, Description: fieldTexts[f.Type]}
		if f.Of != "" {
			value.Enum = nil // names stand beside the words
		}
		switch {
		case f.Ops&resource.Any != 0:
			p := add(f.Name, "only those of which it is one of these", &resource.Schema{Type: "array", Items: value, MaxItems: resource.MaxValues})
			p.Style, p.Explode = "form", new(bool)
		case f.Ops&resource.Equal != 0:
			add(f.Name, "only those of which it is this", value)
		}
		if f.Ops&resource.From != 0 {
			add(f.Since, "only those that "+f.Name+" then or later", value)
		}
		if f.Ops&resource.Until != 0 {
			add(f.Until, "only those that "+f.Name+" before", value)
		}
	}
	limit := n.Limit
	if limit == 0 {
		limit = resource.DefaultLimit
	}
	add("sort", "what they are sorted by; with a minus the largest first", &resource.Schema{Type: "string", Enum: sorts, Default: n.Order.String()})
	add("limit", "rows of a page", wholeFrom(1, resource.MaxLimit, limit))
	add("cursor", "where the page before ended: goes on behind it", &resource.Schema{Type: "string"})
	return list
}

// fieldTexts says how values of a type are written.
var fieldTexts = map[resource.Type]string{
	resource.Number: "a telephone number, as people write it",
	resource.Sender: "a telephone number or a name",
	resource.Time:   "RFC 3339, a date, or Unix seconds",
}

// wholeFrom is the schema of a whole number within bounds.
func wholeFrom(least, most int64, otherwise any) *resource.Schema {
	return &resource.Schema{Type: "integer", Minimum: &least, Maximum: &most, Default: otherwise}
}
