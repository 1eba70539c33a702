package mail

import (
	"bytes"
	"strings"
)

// mostDeliveries bounds the recipients that are taken from a report.
const mostDeliveries = 1000

// readDeliveries reads the content of a message/delivery-status: a group of
// fields for the mail, then one per recipient (RFC 3464 2.1).
func readDeliveries(body []byte) []Delivery {
	var all []Delivery
	s := newSource(bytes.NewReader(body), int64(len(body)))
	for groups := 0; s.left > 0 && len(all) < mostDeliveries && groups < 10*mostDeliveries; groups++ {
		budget := len(body)
		fields, _ := readFields(s, &budget)
		d := Delivery{
			Recipient:  typed(fields, "Original-Recipient"),
			Original:   get(fields, "Original-Recipient"),
			Action:     firstWord(get(fields, "Action")),
			Status:     firstWord(get(fields, "Status")),
			Diagnostic: typed(fields, "Diagnostic-Code"),
		}
		if final := typed(fields, "Final-Recipient"); final != "" {
			d.Recipient = final
		}
		d.Status, _, _ = strings.Cut(d.Status, " ")
		if d.Recipient != "" {
			all = append(all, d)
		}
		s.held = nil // a line that is no field
	}
	return all
}

// typed gives the value of a field that has a type before it: rfc822; anna@example.se.
func typed(fields []field, name string) string {
	value := get(fields, name)
	if _, after, found := strings.Cut(value, ";"); found {
		value = after
	}
	return strings.Trim(decodeWords(value), "<>")
}
