package resource

import "slices"

// Dimensions is the list of cost dimensions.
func Dimensions() *Noun {
	return &Noun{
		Name:   "dimension",
		Fields: []Field{{Name: "name", Type: Text, Ops: Any, Sort: true}},
		Order:  Order{Field: "name"},
		Limit:  MaxLimit,
	}
}

// Costs is the report of what messages cost, by these dimensions. By names what there is a row for each of.
func Costs(dimensions []string) *Noun {
	n := &Noun{
		Name: "cost",
		Fields: []Field{
			{Name: "by", Type: Word, Ops: Any, Words: slices.Concat([]string{"day", "month", "account"}, dimensions)},
			{Name: "accepted", Type: Time, Ops: From | Until, Since: "since", Until: "until"},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "currency", Type: Text, Ops: Any, Sort: true},
			{Name: "day", Sort: true},
			{Name: "messages", Sort: true},
			{Name: "cost", Sort: true},
		},
		Order: Order{Field: "day"},
	}
	for _, name := range dimensions {
		n.Fields = append(n.Fields, Field{Name: name, Type: Text, Ops: Any, Sort: true})
	}
	return n
}
