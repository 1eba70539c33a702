package resource

import "kurir/directory"

// Lists is the list of number lists.
func Lists() *Noun {
	return &Noun{
		Name: "list",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "kind", Type: Word, Ops: Any, Words: []string{directory.BlockList, directory.AllowList, directory.MatchList}, Sort: true},
			{Name: "of", Type: Word, Ops: Equal, Words: []string{directory.OfRecipients, directory.OfSenders}},
		},
		Order: Order{Field: "name"},
	}
}

// ListEntries is the entries of one number list.
func ListEntries() *Noun {
	return &Noun{
		Name:   "list entry",
		Fields: []Field{{Name: "entry", Sort: true}},
		Order:  Order{Field: "entry"},
	}
}

// OptOuts is the record of phones that opted out, and in again.
func OptOuts() *Noun {
	return &Noun{
		Name: "opt-out",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Equal, Of: "account"},
			{Name: "phone", Type: Number, Ops: Equal},
			{Name: "at", Sort: true},
		},
		Order: Order{Field: "at", Descending: true},
	}
}

// Text gives the value that a field must equal, empty when it is not asked for.
func (q *Query) Text(field string) string { return q.text(field) }

// Series is the list of series of case numbers.
func Series() *Noun {
	return &Noun{
		Name:   "series",
		Fields: []Field{{Name: "name", Type: Text, Ops: Any, Sort: true}, {Name: "last", Sort: true}},
		Order:  Order{Field: "name"},
	}
}
