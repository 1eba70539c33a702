package smpp

import "fmt"

// MessageState is the message_state of query_sm_resp and of receipts (SMPP 3.4 5.2.28).
type MessageState uint8

// The states. Scheduled and Skipped came with SMPP 5.0.
const (
	MessageScheduled     MessageState = 0
	MessageEnroute       MessageState = 1
	MessageDelivered     MessageState = 2
	MessageExpired       MessageState = 3
	MessageDeleted       MessageState = 4
	MessageUndeliverable MessageState = 5
	MessageAccepted      MessageState = 6
	MessageUnknown       MessageState = 7
	MessageRejected      MessageState = 8
	MessageSkipped       MessageState = 9
)

var stateNames = [...]string{
	"SCHEDULED", "ENROUTE", "DELIVERED", "EXPIRED", "DELETED", "UNDELIVERABLE", "ACCEPTED", "UNKNOWN", "REJECTED", "SKIPPED",
}

// stateStats are the words of a receipt's text (SMPP 3.4 appendix B).
var stateStats = [...]string{
	"SCHEDLD", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED",
}

// String gives the specification's name, such as "DELIVERED".
func (s MessageState) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("message_state %d", uint8(s))
}

// Stat gives the word that a receipt's text has for the state, such as "DELIVRD".
func (s MessageState) Stat() string {
	if int(s) < len(stateStats) {
		return stateStats[s]
	}
	return stateStats[MessageUnknown]
}

// Final reports whether the message will not change its state any more.
func (s MessageState) Final() bool {
	return s != MessageScheduled && s != MessageEnroute && s != MessageAccepted
}
