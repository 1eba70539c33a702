package modem

import (
	"io"
	"net"
	"slices"
	"testing"
)

// TestTraceHidesSecrets: what is written in secret is not in the trace, nor is its echo; what comes later is.
func TestTraceHidesSecrets(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	go func() { _, _ = io.Copy(io.Discard, theirs) }()
	var seen []string
	d := &dialogue{port: ours, trace: func(_ bool, line string) { seen = append(seen, line) }}
	if err := d.write("0011AB\x1A", true); err != nil {
		t.Fatal(err)
	}
	d.heard("> 0011AB")
	d.heard("+CMGS: 7")
	if err := d.write("AT\r", false); err != nil {
		t.Fatal(err)
	}
	d.heard("0011AB")
	if want := []string{"***", "***", "+CMGS: 7", "AT", "0011AB"}; !slices.Equal(seen, want) {
		t.Errorf("%q, want %q", seen, want)
	}
}
