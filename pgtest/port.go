package pgtest

import (
	"fmt"
	"os"
	"syscall"
)

// port is a port on loopback that stays ours while the server is down. A socket is bound to it and never listens: with
// SO_REUSEADDR on both, the server's may listen beside it, and the kernel gives the port to nobody else, neither to
// one who asks for any port nor to a connection on its way out, which could otherwise meet itself.
type port struct {
	number int
	file   *os.File
}

func reservePort() (*port, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "reserved port")
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		file.Close()
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		file.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	address, err := syscall.Getsockname(fd)
	if err != nil {
		file.Close()
		return nil, os.NewSyscallError("getsockname", err)
	}
	ours, ok := address.(*syscall.SockaddrInet4)
	if !ok {
		file.Close()
		return nil, fmt.Errorf("the kernel bound to %T", address)
	}
	return &port{number: ours.Port, file: file}, nil
}

func (p *port) free() { p.file.Close() }
