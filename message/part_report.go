package message

// PartReport is what a message's log says of one of its parts.
type PartReport struct {
	State     State  // final, as its receipt had it; the zero State while there is none
	Code      uint32 // of the network or operator, from the receipt
	At        int64  // when the receipt came, Unix milliseconds
	Delivered int    // parts that were delivered by then, this one included
	Told      bool   // the customer was told of this part alone, or will not be
}

// PartReports returns what is known of each part of a message. What was pushed
// is to be told anew as a whole.
func PartReports(m *Message) []PartReport {
	parts := make([]PartReport, m.Parts)
	delivered := 0
	events, _ := DecodeLog(m.Log, m.ID)
	for _, e := range events {
		if e.Kind == EventPushed && e.Part == 0 {
			for i := range parts {
				parts[i].Told = false
			}
		}
		if e.Part == 0 || int(e.Part) > len(parts) || !e.State.Final() {
			continue
		}
		p := &parts[e.Part-1]
		switch e.Kind {
		case EventReport:
			if p.State.Final() {
				continue // the first stands
			}
			if e.State == Delivered {
				delivered++
			}
			p.State, p.Code, p.At, p.Delivered = e.State, e.Code, e.At, delivered
		case EventTold, EventToldTooOld:
			p.Told = true
		}
	}
	for i := range parts {
		if !parts[i].State.Final() {
			parts[i].Delivered = delivered
		}
	}
	return parts
}
