package resource

// Escalations is the list of messages to rotas that ask one person after the other.
func Escalations() *Noun {
	return &Noun{
		Name: "escalation",
		Fields: []Field{
			{Name: "rota", Type: Text, Ops: Any, Sort: true},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "state", Type: Word, Ops: Any, Words: []string{"asking", "acknowledged", "exhausted", "stopped"}},
			{Name: "began", Type: Time, Ops: From | Until, Since: "since", Until: "until", Sort: true},
			{Name: "id", Sort: true},
		},
		Order: Order{Field: "id", Descending: true},
	}
}
