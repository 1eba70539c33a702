package resource

import "kurir/message"

// calledKinds are the kinds of target that are called over HTTP.
func calledKinds() []string {
	var names []string
	for _, k := range message.TargetKinds() {
		if k.Called() {
			names = append(names, k.String())
		}
	}
	return names
}

// Webhooks is the list of addresses that are called for accounts.
func Webhooks() *Noun {
	return &Noun{
		Name: "webhook",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account", Sort: true},
			{Name: "kind", Type: Word, Ops: Any, Words: calledKinds(), Sort: true},
			{Name: "current", Type: Word, Ops: Equal, Words: truths()},
			{Name: "resting", Type: Word, Ops: Equal, Words: truths()},
			{Name: "failed", Sort: true},
		},
		Order: Order{Field: "account"},
	}
}

// Attempts is the list of calls that were made.
func Attempts() *Noun {
	return &Noun{
		Name: "attempt",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account"},
			{Name: "kind", Type: Word, Ops: Any, Words: calledKinds()},
			{Name: "address", Type: Text, Ops: Equal},
			{Name: "failed", Type: Word, Ops: Equal, Words: truths()},
			{Name: "message", Type: Text, Ops: Equal},
			{Name: "at", Type: Time, Ops: From | Until, Since: "since", Until: "until", Sort: true},
		},
		Order: Order{Field: "at", Descending: true},
	}
}

// DeadLetters is the list of what customers' servers did not take and are told no more.
func DeadLetters() *Noun {
	return &Noun{
		Name: "dead letter",
		Fields: []Field{
			{Name: "account", Type: Text, Ops: Any, Of: "account"},
			{Name: "kind", Type: Word, Ops: Any, Words: calledKinds()},
			{Name: "address", Type: Text, Ops: Equal},
			{Name: "message", Type: Text, Ops: Equal},
			{Name: "at", Type: Time, Ops: From | Until, Since: "since", Until: "until", Sort: true},
		},
		Order: Order{Field: "at", Descending: true},
	}
}
