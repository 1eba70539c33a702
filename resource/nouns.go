package resource

import (
	"kurir/gateway"
	"kurir/message"
	"kurir/store"
)

// Messages is the list of messages to phones.
func Messages() *Noun {
	return &Noun{
		Name: "message",
		Fields: []Field{
			{Name: "state", Type: Word, Ops: Any, Words: namesOf(message.States())},
			{Name: "to", Type: Number, Ops: Equal},
			{Name: "from", Type: Sender, Ops: Equal},
			{Name: "reference", Type: Text, Ops: Equal},
			{Name: "link", Type: Text, Ops: Equal},
			{Name: "dimension", Type: Text, Ops: Equal},
			whose(),
			{Name: "accepted", Type: Time, Ops: From | Until, Since: "since", Until: "until"},
			{Name: "id", Type: Text, Ops: Equal, Sort: true},
		},
		Order: Order{Field: "id", Descending: true},
	}
}

// whose is the field by which who may administrate asks for the messages of another account, or of all.
func whose() Field {
	return Field{Name: "account", Type: Text, Ops: Equal, Of: "account", Words: []string{"*"}}
}

// Dead is the list of messages that did not arrive.
func Dead() *Noun {
	n := Messages()
	for i := range n.Fields {
		if f := &n.Fields[i]; f.Name == "state" {
			f.Words = namesOf(gateway.DeadStates())
		}
	}
	return n
}

// Inbound is the list of messages from phones.
func Inbound() *Noun {
	return &Noun{
		Name: "inbound message",
		Fields: []Field{
			{Name: "to", Type: Number, Ops: Equal},
			{Name: "from", Type: Number, Ops: Equal},
			{Name: "link", Type: Text, Ops: Equal},
			{Name: "rule", Type: Text, Ops: Equal},
			{Name: "tag", Type: Text, Ops: Equal},
			{Name: "series", Type: Text, Ops: Equal},
			{Name: "case", Type: Text, Ops: Equal},
			{Name: "unmatched", Type: Word, Ops: Equal, Words: truths()},
			whose(),
			{Name: "came", Type: Time, Ops: From | Until, Since: "since", Until: "until"},
			{Name: "id", Sort: true},
		},
		Order: Order{Field: "id", Descending: true},
	}
}

// namesOf gives the names of states.
func namesOf(states []message.State) []string {
	var names []string
	for _, s := range states {
		names = append(names, s.String())
	}
	return names
}

// MessageFilter puts a Query of Messages or Inbound into the store's terms. account narrows it to what belongs to
// that account; empty: everybody's.
func MessageFilter(q Query, account string) store.Filter {
	f := store.Filter{
		Account: account, Limit: q.Limit, After: message.ID(q.After), Oldest: !q.Order.Descending,
		To: message.Address{Number: q.text("to")}, From: message.Address{Number: q.text("from")},
		Reference: q.text("reference"), Link: q.text("link"), Unmatched: q.text("unmatched") == "true",
		Dimension: q.text("dimension"),
		Series:    q.text("series"), Case: q.text("case"), Rule: q.text("rule"), Tag: q.text("tag"),
	}
	if text := q.text("id"); text != "" {
		var err error
		if f.ID, err = message.ParseID(text); err != nil {
			f.ID = -1 // what cannot be an id names nothing
		}
	}
	for _, filter := range q.Filters {
		switch {
		case filter.Op == From:
			f.Since = filter.Values[0].Time
		case filter.Op == Until:
			f.Until = filter.Values[0].Time
		case filter.Field == "state":
			for _, v := range filter.Values {
				if state, err := message.ParseState(v.Text); err == nil { // Parse has checked the word
					f.States = append(f.States, state)
				}
			}
		}
	}
	return f
}

// text gives the value that a field must equal, empty when it is not asked for.
func (q *Query) text(field string) string {
	if f, ok := q.Filter(field, Equal); ok {
		return f.Values[0].Text
	}
	return ""
}
