package e2e

import (
	"net"
	"os/exec"
	"sync"
	"testing"
)

// TestFreePort: a port that is given is free at once, also while programs are started: each has for a moment what this process has open.
func TestFreePort(t *testing.T) {
	t.Parallel()
	_ = exec.Command("/bin/true").Run() // with the first one Go tries once what the kernel can, by a process that no lock knows of
	over := make(chan struct{})
	var starting sync.WaitGroup
	for range 4 {
		starting.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					_ = exec.Command("/bin/true").Run()
				}
			}
		})
	}
	for range 1000 {
		l, err := net.Listen("tcp", freeAddr(t))
		if err != nil {
			t.Error(err)
			break
		}
		l.Close()
	}
	close(over)
	starting.Wait()
}
