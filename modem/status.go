package modem

import (
	"fmt"
	"time"
)

// State is how far a modem has come.
type State uint8

// The states.
const (
	StateDown      State = iota // no device answers
	StateStarting               // a device is open and being prepared
	StateBlocked                // the SIM is missing, locked or broken
	StateSearching              // ready, but without a network
	StateReady                  // registered with a network
)

var stateNames = [...]string{"down", "starting", "blocked", "searching", "ready"}

// String gives the word for the state.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Registration is what AT+CREG says. 3GPP TS 27.007 7.2.
type Registration uint8

// The registrations.
const (
	RegisteredNot     Registration = 0
	RegisteredHome    Registration = 1
	RegisteredSearch  Registration = 2
	RegisteredDenied  Registration = 3
	RegisteredUnknown Registration = 4
	RegisteredRoaming Registration = 5
	RegisteredSMSHome Registration = 6 // for short messages only
	RegisteredSMSRoam Registration = 7 // for short messages only
)

var registrationNames = [...]string{
	"not registered, and not searching", "registered at home", "searching", "the network denies registration", "out of coverage, or unknown",
	"registered, roaming", "registered at home for short messages", "registered for short messages, roaming",
}

// String says it in words.
func (r Registration) String() string {
	if int(r) < len(registrationNames) {
		return registrationNames[r]
	}
	return fmt.Sprintf("registration %d", uint8(r))
}

// Registered says that messages can be sent.
func (r Registration) Registered() bool {
	return r == RegisteredHome || r >= RegisteredRoaming && r <= RegisteredSMSRoam
}

// Roaming says that the network is a foreign one.
func (r Registration) Roaming() bool { return r == RegisteredRoaming || r == RegisteredSMSRoam }

// NoSignal is a signal strength that is not known.
const NoSignal = -1

// Status is a modem as people want to see it.
type Status struct {
	State  State
	Since  time.Time // of State
	Device string    // where it was found last
	Stable string    // a name of that device that stays

	Maker, Model, Revision string
	IMEI, IMSI, SIM        string // SIM is the serial number of the card (ICCID); empty where the modem does not tell
	Number                 string // the SIM's own, configured or as the SIM says

	Registration Registration
	Operator     string
	Signal       int    // 0 (-113 dBm or less) to 31 (-51 dBm or more), NoSignal
	Centre       string // service centre that messages without one of their own get
	Notify       string // setting of AT+CNMI in force; empty: the storage is polled

	Memory      string // storage in use: SM, ME, MT
	Used, Total int    // messages in it, and how many it takes
	Waiting     int    // messages handed over and not yet acknowledged

	Sent, Received, Reports uint64
	Restarts                uint64 // how often the modem had to be opened anew
	Error                   string // the last
	ErrorAt                 time.Time
}

// DBm is the strength of the signal; false if it is not known. 3GPP TS 27.007 8.5.
func (s *Status) DBm() (int, bool) {
	if s.Signal < 0 || s.Signal > 31 {
		return 0, false
	}
	return -113 + 2*s.Signal, true
}

// Status gives the modem as it is now.
func (m *Modem) Status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.status
	s.Waiting = len(m.kept)
	return s
}

// change changes the status, and tells the handler if it is one that matters to
// people: not each message and each step of the signal.
func (m *Modem) change(do func(s *Status)) {
	m.mu.Lock()
	before := m.status
	do(&m.status)
	if m.status.State != before.State {
		m.status.Since = time.Now()
	}
	after := m.status
	m.mu.Unlock()
	if m.handler.Changed != nil && (before.State != after.State || before.Registration != after.Registration ||
		before.Operator != after.Operator || before.Error != after.Error || before.Device != after.Device) {
		m.handler.Changed(after)
	}
}
