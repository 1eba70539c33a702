package modem

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// serialPort is a device whose reads end when it is closed.
type serialPort struct {
	*os.File
}

// openSerial opens a device raw: eight bits, no echo, no flow control by software.
func openSerial(device string, speed int) (io.ReadWriteCloser, error) {
	// Without O_NONBLOCK the open of a serial line waits for a carrier, and reads could not be ended.
	f, err := os.OpenFile(device, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open the modem: %w", err)
	}
	p := serialPort{f}
	if err := p.control(func(fd int) error { return prepare(fd, speed) }); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("open the modem %s: %w", device, err)
	}
	return p, nil
}

// control does something with the file descriptor.
func (p serialPort) control(do func(fd int) error) error {
	raw, err := p.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	if err := raw.Control(func(fd uintptr) { inner = do(int(fd)) }); err != nil {
		return err
	}
	return inner
}

// prepare locks the device and sets the line.
func prepare(fd, speed int) error {
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return errors.New("another program, or another link, has the device")
	}
	t, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if errors.Is(err, unix.ENOTTY) {
		return errors.New("it is no serial device")
	}
	if err != nil {
		return err
	}
	rate, ok := speeds()[speed]
	if !ok {
		return fmt.Errorf("a serial line has no speed of %d bits a second", speed)
	}
	t.Iflag = unix.IGNBRK
	t.Oflag, t.Lflag = 0, 0
	t.Cflag = t.Cflag&^(unix.CBAUD|unix.CSIZE|unix.PARENB|unix.CSTOPB) | unix.CS8 | unix.CREAD | unix.CLOCAL | unix.HUPCL | rate
	t.Ispeed, t.Ospeed = rate, rate
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return unix.IoctlSetTermios(fd, unix.TCSETS, t)
}

func speeds() map[int]uint32 {
	return map[int]uint32{
		0: unix.B115200, 1200: unix.B1200, 2400: unix.B2400, 4800: unix.B4800, 9600: unix.B9600, 19200: unix.B19200,
		38400: unix.B38400, 57600: unix.B57600, 115200: unix.B115200, 230400: unix.B230400, 460800: unix.B460800, 921600: unix.B921600,
	}
}

// SetDTR sets or drops the line DTR. A pty has none.
func (p serialPort) SetDTR(on bool) error {
	request := uint(unix.TIOCMBIC)
	if on {
		request = unix.TIOCMBIS
	}
	return p.control(func(fd int) error {
		err := unix.IoctlSetPointerInt(fd, request, unix.TIOCM_DTR)
		if errors.Is(err, unix.ENOTTY) || errors.Is(err, unix.EINVAL) {
			return nil
		}
		return err
	})
}
