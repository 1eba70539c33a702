package resource

// Contacts is the list of an account's contacts.
func Contacts() *Noun {
	return &Noun{
		Name: "contact",
		Fields: append(
			peopleFields(),
			Field{Name: "mobile", Type: Number, Ops: Equal},
			Field{Name: "mail", Type: Text, Ops: Equal},
			Field{Name: "language", Type: Text, Ops: Equal},
		),
		Order: Order{Field: "id"},
	}
}

// Groups is the list of an account's groups.
func Groups() *Noun {
	return &Noun{Name: "group", Fields: peopleFields(), Order: Order{Field: "name"}}
}

// Templates is the list of an account's templates.
func Templates() *Noun {
	return &Noun{Name: "template", Fields: peopleFields(), Order: Order{Field: "name"}}
}

// peopleFields is what contacts, groups and templates have in common.
func peopleFields() []Field {
	return []Field{
		{Name: "account", Type: Text, Ops: Equal, Of: "account"},
		bookField(),
		{Name: "name", Type: Text, Ops: Equal, Sort: true},
		{Name: "search", Type: Text, Ops: Equal},
		{Name: "id", Sort: true},
	}
}

// bookField says whose book a list is of: the account's, or the own of the user of the web pages who asks.
func bookField() Field {
	return Field{Name: "book", Type: Word, Ops: Equal, Words: []string{"company", "own"}}
}

// Members is the list of who is in a group.
func Members() *Noun {
	return &Noun{
		Name: "member",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Equal, Of: "account"},
			bookField(),
			{Name: "member", Sort: true},
		},
		Order: Order{Field: "member"},
	}
}
