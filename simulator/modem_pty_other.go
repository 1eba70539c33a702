//go:build !linux

package simulator

import "errors"

// PTY is a pseudo-terminal that stands for a serial device.
type PTY struct{}

var errNoPTY = errors.New("pseudo-terminals are made on Linux only")

// OpenPTY says that there are none here.
func OpenPTY(string) (*PTY, error) { return nil, errNoPTY }

// Path is empty.
func (p *PTY) Path() string { return "" }

// Read fails.
func (p *PTY) Read([]byte) (int, error) { return 0, errNoPTY }

// Write fails.
func (p *PTY) Write([]byte) (int, error) { return 0, errNoPTY }

// Close does nothing.
func (p *PTY) Close() error { return nil }
