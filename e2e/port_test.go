package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"syscall"
	"testing"
)

var ports struct {
	sync.Mutex
	given map[int]bool
}

// freePort gives a port of 127.0.0.1 that nobody listens on and that is given to no other test. It is below the
// range from which the system takes ports for outgoing connections, so that it stays free while a server that
// is to come back on it is down.
func freePort(t testing.TB) int {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	if ports.given == nil {
		ports.given = map[int]bool{}
	}
	for range 1000 {
		port := 12000 + rand.IntN(20000)
		if ports.given[port] || !isFree(fmt.Sprintf("127.0.0.1:%d", port)) {
			continue
		}
		ports.given[port] = true
		return port
	}
	t.Fatal("no port is free")
	return 0
}

// isFree tells whether nobody listens on an address. No program is started meanwhile: from when it is forked until it runs it has what this
// process has open, so that a listener that is closed here would be there for a moment longer.
func isFree(addr string) bool {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// letGo waits until an address on which this process has listened before is free: a program that was just started then may have it still.
func letGo(t testing.TB, addr string) {
	t.Helper()
	eventually(t, addr+" is free again", func() bool { return isFree(addr) })
}

// freeAddr is freePort with the host.
func freeAddr(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", freePort(t))
}

// listening waits until somebody listens on the address.
func listening(t testing.TB, addr string) {
	t.Helper()
	eventually(t, "somebody listens on "+addr, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}
