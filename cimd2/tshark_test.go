package cimd2

import (
	"testing"

	"kurir/tsharktest"
)

// Wireshark understands everything that we send.
func TestTshark(t *testing.T) {
	t.Parallel()
	var frames [][]byte
	for _, p := range everyPacket(t) {
		frames = append(frames, encode(t, p))
	}
	for _, f := range fixtures(t) {
		p, err := Decode(f.frame)
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, encode(t, p))
	}
	tsharktest.Read(t, tsharktest.Protocol{Port: 9971, Layer: "cimd", Header: "Computer Interface to Message Distribution", Bad: "incorrect"}, frames,
		"Operation Code: 3\n", "Operation Code: 23\n", "Destination Address: +46701234567", "User Identity: acme",
		"Window Size: 128", "Status Code:  delivery failed (3)", "Absent subscriber (29)", "Incorrect destination address (300)",
		"User Data Header: 050003070201", "User Data Binary: 041F0440", "Service Center Time Stamp: 261121212647")
}
