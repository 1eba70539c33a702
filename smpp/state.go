package smpp

// Role is the side of a session.
type Role uint8

// The two sides. An SMSC is any server that ESMEs bind to, a gateway towards its customers for instance.
const (
	ESME Role = 1 << iota
	SMSC
)

// String gives "ESME" or "SMSC".
func (r Role) String() string {
	if r == SMSC {
		return "SMSC"
	}
	return "ESME"
}

// peer is the other side.
func (r Role) peer() Role { return ESME | SMSC ^ r }

// State is the state of a session (SMPP 3.4 2.2). Each is a bit, so that rules are sets.
type State uint8

// The states. Unbinding follows an unbind of either side until the connection is closed.
const (
	StateOpen State = 1 << iota
	StateBoundTX
	StateBoundRX
	StateBoundTRX
	StateUnbinding
	StateClosed
)

const (
	stateBound  = StateBoundTX | StateBoundRX | StateBoundTRX
	stateSubmit = StateBoundTX | StateBoundTRX
	stateGet    = StateBoundRX | StateBoundTRX
	stateLive   = StateOpen | stateBound | StateUnbinding
)

// Bound reports whether a bind is in force.
func (s State) Bound() bool { return s&stateBound != 0 }

// String gives the specification's name.
func (s State) String() string {
	switch s {
	case StateOpen:
		return "OPEN"
	case StateBoundTX:
		return "BOUND_TX"
	case StateBoundRX:
		return "BOUND_RX"
	case StateBoundTRX:
		return "BOUND_TRX"
	case StateUnbinding:
		return "UNBINDING"
	}
	return "CLOSED"
}

// state gives the state that a bind of this mode leads to.
func (m BindMode) state() State {
	switch m {
	case Transmitter:
		return StateBoundTX
	case Receiver:
		return StateBoundRX
	}
	return StateBoundTRX
}

// requestRule says who may send a request, in which states, and since which version.
type requestRule struct {
	esme, smsc State
	since      Version // 0: ever
}

// requestRules is the operation matrix of SMPP 3.4 2.3 (table 2-1) and SMPP 5.0 2.4. It is kinder than the specification
// in three points: enquire_link and unbind are welcome at any time, and what came with SMPP 3.4 also from a peer that
// has bound with 3.3.
var requestRules = [...]requestRule{
	CommandBindReceiver:      {esme: StateOpen},
	CommandBindTransmitter:   {esme: StateOpen},
	CommandBindTransceiver:   {esme: StateOpen},
	CommandOutbind:           {smsc: StateOpen},
	CommandUnbind:            {esme: stateLive, smsc: stateLive},
	CommandEnquireLink:       {esme: stateLive, smsc: stateLive},
	CommandSubmitSM:          {esme: stateSubmit},
	CommandSubmitMulti:       {esme: stateSubmit},
	CommandDataSM:            {esme: stateSubmit, smsc: stateGet},
	CommandDeliverSM:         {smsc: stateGet},
	CommandQuerySM:           {esme: stateSubmit},
	CommandCancelSM:          {esme: stateSubmit},
	CommandReplaceSM:         {esme: stateSubmit},
	CommandAlertNotification: {smsc: stateGet},
	CommandBroadcastSM:       {esme: stateSubmit, since: Version50},
	CommandQueryBroadcastSM:  {esme: stateSubmit, since: Version50},
	CommandCancelBroadcastSM: {esme: stateSubmit, since: Version50},
}

// allowed reports whether a side may send a request in a state, with a version in force (0: none yet).
func allowed(id CommandID, from Role, in State, v Version) bool {
	if id >= CommandID(len(requestRules)) {
		return false
	}
	rule := requestRules[id]
	if v != 0 && v < rule.since {
		return false
	}
	if from == SMSC {
		return rule.smsc&in != 0
	}
	return rule.esme&in != 0
}
