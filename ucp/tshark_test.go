package ucp

import (
	"testing"

	"kurir/tsharktest"
)

// Wireshark understands everything that we send.
func TestTshark(t *testing.T) {
	t.Parallel()
	var frames [][]byte
	for _, p := range everyPDU() {
		frames = append(frames, mustAppend(t, p))
	}
	frames = append(frames, digestVectors()...)
	tsharktest.Read(t, tsharktest.Protocol{Port: 5000, Layer: "ucp", Header: "Universal Computer Protocol", Bad: "incorrect"}, frames,
		"AdC: 46701234567", "Operation: Submit short message (51)", "Operation: Session management (60)", "AMsg: hello",
		"Error code: Message not found in SMSC (27)", "NT: All notifications", "DDT: Dec 30, ", "SCTS: Nov 29, 2026 17:00:00",
		"Rsn: Absent subscriber (107)", "Type of service: GSM UDH information (0x01)", "Data: 050003070201")
}
