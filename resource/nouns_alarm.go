package resource

import "kurir/alarm"

// Alarms is the list of events.
func Alarms() *Noun {
	var kinds []string
	for _, k := range alarm.Kinds() {
		kinds = append(kinds, string(k))
	}
	return &Noun{
		Name: "event",
		Fields: []Field{
			{Name: "kind", Type: Word, Ops: Any, Words: kinds, Sort: true},
			{Name: "about", Type: Text, Ops: Any, Sort: true},
			{Name: "state", Type: Word, Ops: Any, Words: []string{"open", "acknowledged", "over"}},
			{Name: "began", Type: Time, Ops: From | Until, Since: "since", Until: "until", Sort: true},
			{Name: "id", Sort: true},
		},
		Order: Order{Field: "id", Descending: true},
	}
}
