// Package tsharktest has Wireshark's tshark read frames of a protocol, so that a program of others judges our octets.
// Tests alone import it.
package tsharktest

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Protocol says how tshark is to read frames.
type Protocol struct {
	Port   int    // TCP port that the frames go to
	Layer  string // tshark's name of the protocol
	Header string // what its description of a frame begins with
	Bad    string // a word beyond the usual that says that it stumbled
	// Pardon tells whether a line with such a word is none of our faults: frame is the line that the description of the
	// frame begins with. nil: none is.
	Pardon func(frame, line string) bool
}

// Read has tshark describe frames that go over one TCP connection, each in a segment of its own. The test fails where it has found
// fewer or more, or stumbles, and where it does not say all of want. Without tshark the test is skipped; with CI=true it fails.
func Read(t *testing.T, p Protocol, frames [][]byte, want ...string) {
	t.Helper()
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("tshark is not installed (apt-get install tshark)")
		}
		t.Skip("tshark is not installed (apt-get install tshark): our bytes are not judged by a foreign program")
	}
	file := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(file, pcap(p.Port, frames), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tshark, "-r", file, "-d", "tcp.port=="+strconv.Itoa(p.Port)+","+p.Layer, "-o", "tcp.desegment_tcp_streams:TRUE", "-V")
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	b, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tshark: %v\n%s", err, b)
	}
	said := string(b)
	if n := strings.Count(said, "\n"+p.Header); n != len(frames) {
		t.Errorf("tshark found %d frames of %d", n, len(frames))
	}
	p.judge(t, said)
	for _, text := range want {
		if !strings.Contains(said, text) {
			t.Errorf("tshark does not say %q", text)
		}
	}
}

// judge looks for lines in which tshark says that it could not read something.
func (p *Protocol) judge(t *testing.T, said string) {
	t.Helper()
	frame := "" // of the lower protocols we make up no more than is needed: they are not looked at
	for line := range strings.Lines(said) {
		switch {
		case strings.HasPrefix(line, "Frame "):
			frame = ""
		case strings.HasPrefix(line, p.Header):
			frame = strings.TrimSpace(line)
		}
		for _, bad := range []string{"Malformed", "Expert Info (Error", "Expert Info (Warn", p.Bad} {
			if frame != "" && strings.Contains(line, bad) && (p.Pardon == nil || !p.Pardon(frame, line)) {
				t.Errorf("%s: %s", frame, strings.TrimSpace(line))
			}
		}
	}
}

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
