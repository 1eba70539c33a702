package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"kurir/simulator"
)

// A port that is taken is no riddle: the error says what to give instead.
func TestSimulateBusyPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	opt := simulator.Options{HTTP: l.Addr().String()}
	if err := simulate(t.Context(), &bytes.Buffer{}, simulated{Options: opt}); err == nil || !strings.HasSuffix(err.Error(), "choose another address with --smpp, --ucp, --cimd2 or --http") {
		t.Errorf("it says %v", err)
	}
}
