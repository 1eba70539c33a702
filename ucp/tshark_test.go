package ucp

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pcap writes frames as one TCP connection to a port.
func pcap(port int, frames [][]byte) []byte {
	out := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	out = append(out, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 101, 0, 0, 0) // raw IP
	sequence := uint32(1)
	for i, frame := range frames {
		size := 40 + len(frame)
		for _, n := range []int{i, 0, size, size} { // seconds, microseconds, captured, original
			out = binary.LittleEndian.AppendUint32(out, uint32(n))
		}
		out = append(out, 0x45, 0, byte(size>>8), byte(size), 0, byte(i), 0, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2)
		out = append(out, 0x80, 0, byte(port>>8), byte(port))
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
	var frames [][]byte
	for _, p := range everyPDU() {
		frames = append(frames, mustAppend(t, p))
	}
	frames = append(frames, digestVectors()...)
	file := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(file, pcap(5000, frames), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tshark, "-r", file, "-d", "tcp.port==5000,ucp", "-o", "tcp.desegment_tcp_streams:TRUE", "-V")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, b)
	}
	dissected := string(b)
	if n := strings.Count(dissected, "Universal Computer Protocol\n"); n != len(frames) {
		t.Errorf("tshark found %d frames of %d", n, len(frames))
	}
	pdu := 0
	inPDU := false
	for line := range strings.Lines(dissected) {
		switch {
		case strings.HasPrefix(line, "Frame "):
			inPDU = false // of the lower protocols we made up no more than was needed
		case strings.HasPrefix(line, "Universal Computer Protocol"):
			inPDU = true
			pdu++
		}
		for _, bad := range []string{"Malformed", "Expert Info (Error", "Expert Info (Warn", "incorrect"} {
			if inPDU && strings.Contains(line, bad) {
				t.Errorf("%s: %s", frames[pdu-1], strings.TrimSpace(line))
			}
		}
	}
	for _, want := range []string{
		"AdC: 46701234567", "Operation: Submit short message (51)", "Operation: Session management (60)", "AMsg: hello",
		"Error code: Message not found in SMSC (27)", "NT: All notifications", "DDT: Dec 30, ", "SCTS: Nov 29, 2026 17:00:00",
		"Rsn: Absent subscriber (107)", "Type of service: GSM UDH information (0x01)", "Data: 050003070201",
	} {
		if !strings.Contains(dissected, want) {
			t.Errorf("tshark does not say %q", want)
		}
	}
}
