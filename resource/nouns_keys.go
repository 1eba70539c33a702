package resource

// Keys is the list of API keys.
func Keys() *Noun {
	return &Noun{
		Name: "key",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
		},
		Order: Order{Field: "name"},
	}
}
