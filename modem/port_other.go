//go:build !linux

package modem

import (
	"errors"
	"io"
)

// openSerial says that serial devices are known on Linux only.
func openSerial(string, int) (io.ReadWriteCloser, error) {
	return nil, errors.New("serial devices are opened on Linux only; elsewhere name a serial server as tcp:host:port")
}
