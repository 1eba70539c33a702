package netns

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// here is the namespace of the thread that opens it.
const here = "/proc/thread-self/ns/net"

// create makes a namespace. It lives as long as the file is open, or something runs in it.
func create() (*os.File, error) {
	var made *os.File
	err := aside(func() error {
		if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("unshare", err)
		}
		file, err := os.Open(here)
		made = file
		return err
	})
	return made, err
}

// within calls f on a thread that is in the namespace.
func within(namespace *os.File, f func() error) error {
	return aside(func() error {
		if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			return os.NewSyscallError("setns", err)
		}
		return f()
	})
}

// aside calls f, which moves its thread to another namespace, and brings the thread back. A thread that cannot be
// brought back ends with its goroutine.
func aside(f func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open(here)
		if err != nil {
			runtime.UnlockOSThread()
			result <- err
			return
		}
		defer home.Close()
		err = f()
		if back := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); back == nil {
			runtime.UnlockOSThread()
		} else if err == nil {
			err = fmt.Errorf("leaving the namespace: %w", back)
		}
		result <- err
	}()
	return <-result
}
