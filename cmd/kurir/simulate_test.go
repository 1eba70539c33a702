package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
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

// A modem is on a device that can be opened, by the link asked for too.
func TestSimulateModem(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "modem")
	pty, err := simulator.OpenPTY("")
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	pty.Close()
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- simulate(ctx, in, simulated{modems: []string{link, "auto"}})
		in.Close()
	}()
	var devices []string
	for lines := bufio.NewScanner(out); len(devices) < 2 && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "modem   "); ok {
			device, number, _ := strings.Cut(rest, "  ")
			devices = append(devices, device)
			if !strings.HasPrefix(number, "+4673700000") {
				t.Errorf("the number is %q", number)
			}
		}
	}
	if len(devices) != 2 || devices[0] != link || !strings.HasPrefix(devices[1], "/dev/pts/") {
		t.Errorf("modems at %q", devices)
	}
	if _, err := os.Stat(link); err != nil {
		t.Error(err)
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := simulate(t.Context(), io.Discard, simulated{modems: []string{t.TempDir()}}); err == nil {
		t.Error("a folder is taken for a link")
	}
}
