package resource

import "slices"

// TrafficReport is the report of how much was sent and received.
func TrafficReport() *Noun {
	return report("traffic", []string{"period", "account", "link", "network"}, "accepted", "parts", "delivered", "sent", "failed", "inbound")
}

// QualityReport is the report of what became of messages.
func QualityReport() *Noun {
	return report("quality", []string{"period", "account", "link", "network", "failure"}, "ended", "delivered", "undeliverable", "rejected", "expired", "unknown", "delivered_part")
}

// ResponseReport is the report of how long answers of operators and deliveries took.
func ResponseReport() *Noun {
	return report("response", []string{"period", "account", "link"}, "answers", "answer_p50_ms", "answer_p99_ms", "deliveries", "delivery_p50_ms", "delivery_p99_ms")
}

// AccountsReport is the report of accounts by how much they send.
func AccountsReport() *Noun {
	n := report("account", []string{"account", "period"}, "accepted", "parts", "delivered", "failed", "inbound", "delivered_part")
	n.Order = Order{Field: "accepted", Descending: true}
	return n
}

// AvailabilityReport is the report of when links and interfaces were there.
func AvailabilityReport() *Noun {
	n := report("availability", []string{"period", "kind", "name"}, "available_part", "down_s", "outages")
	n.Fields = slices.DeleteFunc(n.Fields, func(f Field) bool { return f.Name == "account" || f.Name == "link" || f.Name == "network" })
	n.Fields = append(n.Fields,
		Field{Name: "kind", Type: Word, Ops: Any, Words: []string{"interface", "link"}, Sort: true},
		Field{Name: "name", Type: Text, Ops: Any, Sort: true},
	)
	n.Order = Order{Field: "kind"}
	return n
}

// report is a report with a row for each of what it is by. figures are what it can be sorted by, besides.
func report(name string, by []string, figures ...string) *Noun {
	n := &Noun{
		Name: name,
		Fields: []Field{
			{Name: "by", Type: Word, Ops: Any, Words: by},
			{Name: "step", Type: Word, Ops: Equal, Words: []string{"hour", "day", "month"}},
			{Name: "zone", Type: Text, Ops: Equal},
			{Name: "at", Type: Time, Ops: From | Until, Since: "since", Until: "until"},
			{Name: "account", Type: Text, Ops: Any, Sort: true},
			{Name: "link", Type: Text, Ops: Any, Of: "link", Sort: true},
			{Name: "network", Type: Text, Ops: Any, Sort: true},
			{Name: "period", Sort: true},
		},
		Order: Order{Field: "period"},
		Limit: MaxLimit,
	}
	for _, f := range figures {
		n.Fields = append(n.Fields, Field{Name: f, Sort: true})
	}
	return n
}
