package resource

import (
	"kurir/gateway"
	"kurir/message"
)

// truths are the words of a field that is true or false.
func truths() []string { return []string{"false", "true"} }

// kindNames are the kinds of target that something can be owed to.
func kindNames() []string {
	var names []string
	for _, k := range message.TargetKinds() {
		names = append(names, k.String())
	}
	return names
}

// Queues is the list of what customers are owed.
func Queues() *Noun {
	return &Noun{
		Name: "queue",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "kind", Type: Word, Ops: Any, Words: kindNames(), Sort: true},
			{Name: "present", Type: Word, Ops: Equal, Words: truths()},
			{Name: "owed", Sort: true},
			{Name: "oldest", Sort: true},
		},
		Order: Order{Field: "account"},
	}
}

// LinkQueues is the list of what waits for links.
func LinkQueues() *Noun {
	var priorities []string
	for p := range message.Priorities {
		priorities = append(priorities, message.Priority(p).String())
	}
	return &Noun{
		Name: "link's queue",
		Fields: []Field{
			{Name: "link", Type: Text, Ops: Any, Of: "link", Sort: true},
			{Name: "priority", Type: Word, Ops: Any, Words: priorities},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "up", Type: Word, Ops: Equal, Words: truths()},
			{Name: "waiting", Sort: true},
			{Name: "oldest", Sort: true},
		},
		Order: Order{Field: "link"},
	}
}

// Links is the list of links to operators: few, so that all are on one page unless a request says otherwise.
func Links() *Noun {
	return &Noun{
		Name: "link",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Of: "link", Sort: true},
			{Name: "state", Type: Word, Ops: Any, Words: gateway.LinkStates()},
			{Name: "queued", Sort: true},
			{Name: "taken", Sort: true},
		},
		Order: Order{Field: "name"},
		Limit: MaxLimit,
	}
}

// Schedules is the list of messages that are sent again and again.
func Schedules() *Noun {
	return &Noun{
		Name: "schedule",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "next", Sort: true},
		},
		Order: Order{Field: "name"},
	}
}

// Jobs is the list of jobs.
func Jobs() *Noun {
	return &Noun{
		Name: "job",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account", Words: []string{"*"}, Sort: true},
			{Name: "state", Type: Word, Ops: Any, Words: []string{"running", "done", "stopped", "failed"}},
			{Name: "id", Sort: true},
		},
		Order: Order{Field: "id", Descending: true},
	}
}

// Nodes is the list of servers that share the database.
func Nodes() *Noun {
	return &Noun{
		Name: "node",
		Fields: []Field{
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "number", Sort: true},
			{Name: "state", Type: Word, Ops: Any, Words: NodeStates(), Sort: true},
		},
		Order: Order{Field: "name"},
	}
}

// NodeStates are the states of a node: it renews, it has not renewed for longer
// than it ought to, it has ended or was declared dead.
func NodeStates() []string { return []string{"live", "silent", "gone"} }

// Sessions is the list of customers' SMPP sessions.
func Sessions() *Noun {
	return &Noun{
		Name: "session",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "mode", Type: Word, Ops: Any, Words: []string{"transmitter", "receiver", "transceiver"}, Sort: true},
			{Name: "peer", Type: Text, Ops: Any, Sort: true},
			{Name: "since", Type: Time, Ops: From | Until, Since: "since", Until: "until", Sort: true},
			{Name: "submits", Sort: true},
			{Name: "id", Sort: true},
		},
		Order: Order{Field: "account"},
	}
}

// Traces is the list of traces of PDUs.
func Traces() *Noun {
	return &Noun{
		Name: "trace",
		Fields: []Field{
			{Name: "of", Type: Word, Ops: Equal, Words: []string{"links", "accounts"}, Sort: true},
			{Name: "name", Type: Text, Ops: Any, Sort: true},
			{Name: "on", Type: Word, Ops: Equal, Words: truths()},
		},
		Order: Order{Field: "name"},
	}
}

// Balances is the list of accounts' money and limits.
func Balances() *Noun {
	return &Noun{
		Name: "balance",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "parent", Type: Text, Ops: Any, Sort: true},
			{Name: "currency", Type: Text, Ops: Any, Sort: true},
			{Name: "balance", Sort: true},
		},
		Order: Order{Field: "account"},
	}
}

// TopUps is the list of what came to a balance.
func TopUps() *Noun {
	return &Noun{
		Name:   "top-up",
		Fields: []Field{{Name: "at", Sort: true}},
		Order:  Order{Field: "at", Descending: true},
	}
}

// Prices is the list of prices.
func Prices() *Noun {
	return &Noun{
		Name: "price",
		Fields: []Field{
			{Name: "list", Type: Text, Ops: Any, Sort: true},
			{Name: "destination", Type: Text, Ops: Any, Sort: true},
			{Name: "link", Type: Text, Ops: Any, Sort: true},
			{Name: "price", Sort: true},
		},
		Order: Order{Field: "destination"},
	}
}
