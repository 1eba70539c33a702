package resource

// Rotas is the list of who is on duty.
func Rotas() *Noun {
	return &Noun{
		Name: "rota",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
		},
		Order: Order{Field: "name"},
	}
}
