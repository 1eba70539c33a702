package message

import "fmt"

// State is where a message stands. The numbers are stored: never renumber.
type State uint8

// The states. From Delivered on they are final.
const (
	Scheduled     State = 0  // accepted, to be sent later
	Queued        State = 1  // accepted, waits for a link
	Sending       State = 2  // granted to a session, no answer on disk
	Enroute       State = 3  // the operator took it, a receipt is awaited
	Buffered      State = 4  // told of one that is enroute: the operator waits for the phone, or says so on the way; no message stands in it
	Delivered     State = 8  // on the phone, says the operator
	Sent          State = 9  // the operator took it and no receipt was asked
	Expired       State = 10 // its validity ended first
	Deleted       State = 11 // cancelled
	Undeliverable State = 12 // given up for good
	Rejected      State = 13 // refused by the operator or the phone
	Unknown       State = 14 // the operator never said what became of it
)

// stateInfo is the one table of states: name, legal successors, and the value
// and text by which SMPP knows them (SMPP 3.4 5.2.28 and appendix B).
var stateInfo = [...]struct {
	name string
	next []State
	smpp uint8
	stat string
}{
	Scheduled:     {"scheduled", []State{Queued, Sending, Expired, Deleted, Undeliverable, Rejected}, 1, "ENROUTE"},
	Queued:        {"queued", []State{Sending, Scheduled, Enroute, Delivered, Sent, Expired, Deleted, Undeliverable, Rejected, Unknown}, 1, "ENROUTE"},
	Sending:       {"sending", []State{Queued, Enroute, Delivered, Sent, Expired, Deleted, Undeliverable, Rejected, Unknown}, 1, "ENROUTE"},
	Enroute:       {"enroute", []State{Queued, Delivered, Expired, Deleted, Undeliverable, Rejected, Unknown}, 1, "ENROUTE"},
	Buffered:      {"buffered", nil, 1, "ENROUTE"},
	Delivered:     {"delivered", nil, 2, "DELIVRD"},
	Sent:          {"sent", nil, 6, "ACCEPTD"},
	Expired:       {"expired", nil, 3, "EXPIRED"},
	Deleted:       {"deleted", nil, 4, "DELETED"},
	Undeliverable: {"undeliverable", nil, 5, "UNDELIV"},
	Rejected:      {"rejected", nil, 8, "REJECTD"},
	Unknown:       {"unknown", nil, 7, "UNKNOWN"},
}

// States lists all states that a message may stand in, in the order of a message's life.
func States() []State {
	return []State{Scheduled, Queued, Sending, Enroute, Delivered, Sent, Expired, Deleted, Undeliverable, Rejected, Unknown}
}

func (s State) known() bool { return int(s) < len(stateInfo) && stateInfo[s].name != "" }

// String returns the state's name in the API, in lower case.
func (s State) String() string {
	if !s.known() {
		return fmt.Sprintf("state(%d)", uint8(s))
	}
	return stateInfo[s].name
}

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Final tells whether the message's life is over.
func (s State) Final() bool { return s >= Delivered }

// CanBecome tells whether a message in state s may come to stand in next.
func (s State) CanBecome(next State) bool {
	if !s.known() {
		return false
	}
	for _, n := range stateInfo[s].next {
		if n == next {
			return true
		}
	}
	return false
}

// SMPP returns the state as SMPP tells it in receipts and query_sm_resp:
// message_state (SMPP 3.4 5.2.28) and the text after "stat:" (appendix B).
func (s State) SMPP() (value uint8, stat string) {
	if !s.known() {
		return 7, "UNKNOWN"
	}
	return stateInfo[s].smpp, stateInfo[s].stat
}

// StateFromSMPP returns the state that an operator's message_state means
// (SMPP 3.4 5.2.28, SMPP 5.0 4.7.15). Scheduled, enroute and accepted are all
// Enroute: not final.
func StateFromSMPP(value uint8) State {
	switch value {
	case 0, 1, 6:
		return Enroute
	case 2:
		return Delivered
	case 3:
		return Expired
	case 4:
		return Deleted
	case 5, 9:
		return Undeliverable
	case 8:
		return Rejected
	}
	return Unknown
}

// ParseState reads what String wrote.
func ParseState(name string) (State, error) {
	for _, s := range States() {
		if stateInfo[s].name == name {
			return s, nil
		}
	}
	return 0, fmt.Errorf("%q is no state; the states are scheduled, queued, sending, enroute, delivered, sent, expired, deleted, undeliverable, rejected, unknown", name)
}
