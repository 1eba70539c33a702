package simulator

import (
	"fmt"
	"os"
	"strconv"
	"sync"

	"golang.org/x/sys/unix"
)

// PTY is a pseudo-terminal that stands for a serial device.
type PTY struct {
	path, link string
	master     *os.File
	held       *os.File // the other side, held open so that it outlives who opens and closes it
	once       sync.Once
}

// OpenPTY makes one. With a link, a name that leads to it is made, in place of a
// link that is there already; nothing else is replaced.
func OpenPTY(link string) (*PTY, error) {
	p, err := openPTY()
	if err != nil {
		return nil, fmt.Errorf("make a pseudo-terminal: %w", err)
	}
	if link == "" {
		return p, nil
	}
	if info, err := os.Lstat(link); err == nil && info.Mode()&os.ModeSymlink != 0 {
		_ = os.Remove(link)
	}
	if err := os.Symlink(p.path, link); err != nil {
		p.Close()
		return nil, fmt.Errorf("link the modem to %s: %w", link, err)
	}
	p.link = link
	return p, nil
}

func openPTY() (*PTY, error) {
	// Without O_NONBLOCK a read could not be ended.
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	raw, err := master.SyscallConn()
	if err != nil {
		_ = master.Close()
		return nil, err
	}
	number, inner := 0, error(nil)
	err = raw.Control(func(fd uintptr) {
		if inner = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); inner == nil {
			number, inner = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err == nil {
		err = inner
	}
	p := &PTY{master: master, path: "/dev/pts/" + strconv.Itoa(number)}
	if err == nil {
		p.held, err = os.OpenFile(p.path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	}
	if err == nil {
		err = makeRaw(p.held)
	}
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// makeRaw lets octets through as they are, before anybody else sets the terminal.
func makeRaw(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS)
		if err != nil {
			inner = err
			return
		}
		t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
		t.Cflag = t.Cflag&^(unix.CSIZE|unix.PARENB) | unix.CS8
		inner = unix.IoctlSetTermios(int(fd), unix.TCSETS, t)
	})
	if err != nil {
		return err
	}
	return inner
}

// Path is the name of the device: the link, if there is one.
func (p *PTY) Path() string {
	if p.link != "" {
		return p.link
	}
	return p.path
}

// Read reads what the program that has the device open has written.
func (p *PTY) Read(b []byte) (int, error) { return p.master.Read(b) }

// Write writes to it.
func (p *PTY) Write(b []byte) (int, error) { return p.master.Write(b) }

// Close takes the device away, as if it were pulled out.
func (p *PTY) Close() error {
	var err error
	p.once.Do(func() {
		if p.link != "" {
			_ = os.Remove(p.link)
		}
		if p.held != nil {
			_ = p.held.Close()
		}
		err = p.master.Close()
	})
	return err
}
