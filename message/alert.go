package message

// Alert is what an operator says of a phone unasked (SMPP 3.4 4.12).
type Alert struct {
	Phone  Address
	Stated bool  // the operator says how the phone is, in Status
	Status uint8 // ms_availability_status (SMPP 3.4 5.3.2.30): 0 available, 1 denied, 2 unavailable
}

// Reachable tells whether the phone can be reached; one of which nothing is
// said can.
func (a *Alert) Reachable() bool { return !a.Stated || a.Status == 0 }
