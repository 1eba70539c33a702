package simulator

import (
	"bytes"
	"slices"
)

// What happens to a simulated modem from outside.

// Unplug ends the connection, as when a device is pulled out.
func (m *Modem) Unplug() {
	m.mu.Lock()
	l := m.line
	m.mu.Unlock()
	if l != nil {
		l.cut()
	}
}

// Hang makes it answer nothing any more but AT+CFUN=1,1, which ends that.
func (m *Modem) Hang(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hung = on
}

// PowerOff locks the SIM, if it has a PIN, as a power cut does, and ends the connection.
func (m *Modem) PowerOff() {
	m.mu.Lock()
	m.sim.locked, m.storing = m.opt.PIN != "", false
	m.mu.Unlock()
	m.Unplug()
}

// SetNetwork changes the registration, as AT+CREG has it (1 home, 5 roaming, 2
// searching, 3 denied), and the strength of the signal (0 to 31, 99 unknown).
func (m *Modem) SetNetwork(registration, signal int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.network, m.signal = registration, signal
	if m.line != nil && m.line.creg > 0 {
		m.unsolicited("+CREG: %d", registration)
	}
	m.admit()
}

// Ring calls the modem; it rings so many times.
func (m *Modem) Ring(from string, times int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for range times {
		m.unsolicited("RING")
		if m.line != nil && m.line.clip && from != "" {
			m.unsolicited(`+CLIP: "%s",145,,,,0`, from)
		}
	}
}

// Say makes the modem say something of itself.
func (m *Modem) Say(line string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unsolicited("%s", line)
}

// Put puts a PDU into a place of a storage, as if it had been there before.
func (m *Modem) Put(memory string, index, status int, pdu []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.memories[memory][index] = &storedMessage{status: status, pdu: bytes.Clone(pdu)}
}

// Stored counts the messages of a storage, and those that wait at the network.
func (m *Modem) Stored(memory string) (stored, held int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.memories[memory]), len(m.held)
}

// Deleted counts the messages that were deleted.
func (m *Modem) Deleted() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.deleted
}

// SentPDUs gives the PDUs of what was sent, with the service centre's address.
func (m *Modem) SentPDUs() [][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.sent)
}

// Commands gives the command lines that came.
func (m *Modem) Commands() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.told)
}

// PINTries is how often a wrong PIN may still be given.
func (m *Modem) PINTries() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sim.tries
}

// CentreAddress is the service centre of the SIM.
func (m *Modem) CentreAddress() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.opt.Centre
}

// Number is the SIM's own.
func (m *Modem) Number() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.opt.Number
}
