package cimd2

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// port is where tshark is told to look for CIMD2.
const port = 9971

// pcap writes packets as one TCP connection, each as a segment.
func pcap(t *testing.T, packets []*Packet) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0) // raw IP
	sequence := uint32(1)
	for i, p := range packets {
		frame := encode(t, p)
		size := 40 + len(frame)
		for _, n := range []int{i, 0, size, size} { // seconds, microseconds, captured, original
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		out = append(out, 0x45, 0, byte(size>>8), byte(size), 0, byte(i), 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2)
		out = append(out, 0x80, 0, port>>8, port&0xff)
		out = binary.BigEndian.AppendUint32(out, sequence)
		out = append(out, 0, 0, 0, 1, 0x50, 0x18, 0xff, 0xff, 0, 0, 0, 0)
		out = append(out, frame...)
		sequence += uint32(len(frame))
	}
	return out
}

// Wireshark understands everything that we send.
func TestTshark(t *testing.T) {
	t.Parallel()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tshark is not installed (apt-get install tshark)")
		}
		t.Skip("tshark is not installed (apt-get install tshark): our bytes are not judged by a foreign program")
	}
	file := filepath.Join(t.TempDir(), "x.pcap")
	packets := everyPacket(t)
	for _, f := range fixtures(t) {
		p, err := Decode(f.frame)
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	if err := os.WriteFile(file, pcap(t, packets), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tshark, "-r", file, "-d", "tcp.port==9971,cimd", "-V")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, b)
	}
	dissected := string(b)
	if n := strings.Count(dissected, "\nComputer Interface to Message Distribution"); n != len(packets) {
		t.Errorf("tshark found %d packets of %d", n, len(packets))
	}
	packet := ""
	for line := range strings.Lines(dissected) {
		switch {
		case strings.HasPrefix(line, "Frame "):
			packet = "" // of the lower protocols we made up no more than was needed
		case strings.HasPrefix(line, "Computer Interface"):
			packet = strings.TrimSpace(line)
		}
		for _, bad := range []string{"Malformed", "Expert Info (Error", "Expert Info (Warn", "incorrect"} {
			if packet != "" && strings.Contains(line, bad) {
				t.Errorf("%s: %s", packet, strings.TrimSpace(line))
			}
		}
	}
	for _, want := range []string{
		"Operation Code: 3\n", "Operation Code: 23\n", "Destination Address: +46701234567", "User Identity: acme",
		"Window Size: 128", "Status Code:  delivery failed (3)", "Absent subscriber (29)", "Incorrect destination address (300)",
		"User Data Header: 050003070201", "User Data Binary: 041F0440", "Service Center Time Stamp: 261121212647",
	} {
		if !strings.Contains(dissected, want) {
			t.Errorf("tshark does not say %q", want)
		}
	}
}
