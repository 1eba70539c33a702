package modem

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// dtrPort is a port whose line DTR can be dropped, by which many modems reset.
type dtrPort interface {
	SetDTR(on bool) error
}

// DefaultSpeed is that of a serial device in bits a second; USB devices do not care.
const DefaultSpeed = 115200

// OpenDevice opens a serial device, USB device or pty by its path, or a TCP
// serial server as tcp:host:port. A device that another program of this kind
// has open is refused.
func OpenDevice(ctx context.Context, device string, speed int) (io.ReadWriteCloser, error) {
	address, ok := strings.CutPrefix(device, "tcp:")
	if !ok {
		return openSerial(device, speed)
	}
	dialer := net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", strings.TrimPrefix(address, "//"))
	if err != nil {
		return nil, fmt.Errorf("connect to the serial server: %w", err)
	}
	return conn, nil
}

// candidates expands patterns of devices. Two paths to the same device count as
// one, and the first stands.
func candidates(patterns []string) []string {
	var list []string
	seen := map[string]bool{}
	add := func(device, same string) {
		if !seen[same] {
			seen[same] = true
			list = append(list, device)
		}
	}
	for _, pattern := range patterns {
		if strings.HasPrefix(pattern, "tcp:") || !strings.ContainsAny(pattern, "*?[") {
			add(pattern, resolved(pattern))
			continue
		}
		names, _ := filepath.Glob(pattern) // a pattern that is wrong finds nothing
		slices.Sort(names)
		for _, name := range names {
			add(name, resolved(name))
		}
	}
	return list
}

// resolved follows links; a name that leads nowhere is itself.
func resolved(name string) string {
	if path, err := filepath.EvalSymlinks(name); err == nil {
		return path
	}
	return name
}

// stablePath gives a name of a device that stays the same when the device is
// plugged in again, if the system keeps one.
func stablePath(device string) string {
	if strings.HasPrefix(device, "tcp:") {
		return device
	}
	for _, folder := range []string{"/dev/serial/by-id", "/dev/serial/by-path"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			if name := filepath.Join(folder, e.Name()); resolved(name) == resolved(device) {
				return name
			}
		}
	}
	return device
}
