package netns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Network is some hosts and the switch between them.
type Network struct {
	hub   *os.File
	mu    sync.Mutex
	hosts []*Host
}

// Host is a machine as far as the network is concerned.
type Host struct {
	name      string
	address   string
	namespace *os.File
}

// New makes a network without hosts, and removes it when the test is over. It skips the test where namespaces may not be
// made; where ip, nft or nsenter are not installed too, but fails it with CI=true.
func New(tb testing.TB) *Network {
	tb.Helper()
	if os.Getuid() != 0 {
		tb.Skip("a network of namespaces needs root")
	}
	for _, name := range []string{"ip", "nft", "nsenter"} {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			tb.Fatalf("%s is not installed; CI=true, so nothing may be left out (make peers installs it)", name)
		}
		tb.Skipf("%s is not installed; make peers installs it", name)
	}
	hub, err := create()
	if errors.Is(err, syscall.EPERM) {
		tb.Skipf("network namespaces may not be made here: %v", err)
	}
	if err != nil {
		tb.Fatalf("making a network namespace: %v", err)
	}
	n := &Network{hub: hub}
	tb.Cleanup(n.remove)
	if err := run(hub, "ip", "link add br0 type bridge\nlink set lo up\nlink set br0 up\n", "-batch", "-"); err != nil {
		tb.Fatalf("making the switch of a network: %v", err)
	}
	return n
}

// remove closes the last hold on the namespaces, with which all that is in them goes.
func (n *Network) remove() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, h := range n.hosts {
		h.namespace.Close()
	}
	n.hub.Close()
}

// ruleset drops what comes from the addresses in the set lost.
const ruleset = `table ip cut {
	set lost { type ipv4_addr; }
	chain input {
		type filter hook input priority raw;
		ip saddr @lost drop
	}
}
`

// Host adds a host.
func (n *Network) Host(tb testing.TB, name string) *Host {
	tb.Helper()
	namespace, err := create()
	if err != nil {
		tb.Fatalf("making host %s: %v", name, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	number := len(n.hosts) + 1
	h := &Host{name: name, address: fmt.Sprintf("10.66.0.%d", number), namespace: namespace}
	n.hosts = append(n.hosts, h)
	cable := fmt.Sprintf("link add port%[1]d type veth peer name eth0 netns %[2]s\nlink set port%[1]d master br0\nlink set port%[1]d up\n", number, h.Namespace())
	card := fmt.Sprintf("addr add %s/24 dev eth0\nlink set lo up\nlink set eth0 up\n", h.address)
	err = errors.Join(
		run(n.hub, "ip", cable, "-batch", "-"),
		run(namespace, "ip", card, "-batch", "-"),
		run(namespace, "nft", ruleset, "-f", "-"))
	if err != nil {
		tb.Fatalf("making host %s: %v", name, err)
	}
	return h
}

// Cut loses whatever one host sends to another from now on, on connections that are there too. Call it twice to cut both ways.
func (n *Network) Cut(tb testing.TB, from, to *Host) {
	tb.Helper()
	if err := to.rule("add", from); err != nil {
		tb.Fatalf("cutting %s off from %s: %v", from.name, to.name, err)
	}
}

// Heal ends a Cut. TCP sends again what was lost when it next tries to, which after a cut of a minute may be a minute later.
func (n *Network) Heal(tb testing.TB, from, to *Host) {
	tb.Helper()
	if err := to.rule("delete", from); err != nil {
		tb.Fatalf("healing the network from %s to %s: %v", from.name, to.name, err)
	}
}

func (h *Host) rule(verb string, from *Host) error {
	return run(h.namespace, "nft", fmt.Sprintf("%s element ip cut lost { %s }\n", verb, from.address), "-f", "-")
}

// Address is the host's address on the network.
func (h *Host) Address() string { return h.address }

// Namespace is a file that stands for the host's namespace, for nsenter --net and the like, as long as the test runs.
func (h *Host) Namespace() string { return path(h.namespace) }

func path(namespace *os.File) string {
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), namespace.Fd())
}

// Command is a program with its arguments as it is run on this host: nsenter, which becomes the program, so that process number and
// signals are the program's own.
func (h *Host) Command(name string, args ...string) []string {
	return enter(h.namespace, name, args...)
}

func enter(namespace *os.File, name string, args ...string) []string {
	return append([]string{"nsenter", "--net=" + path(namespace), "--", name}, args...)
}

// run runs a program in a namespace to its end.
func run(namespace *os.File, name, input string, args ...string) error {
	line := enter(namespace, name, args...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stdin = strings.NewReader(input)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, text)
	}
	return nil
}

// Do calls f on a thread of this host: what listens or dials in it, without another goroutine, is on the host's network and
// stays there.
func (h *Host) Do(f func() error) error { return within(h.namespace, f) }

// Listen listens on the host at a port, or at one that the kernel chooses for port 0.
func (h *Host) Listen(port int) (listener net.Listener, err error) {
	err = h.Do(func() error {
		listener, err = net.Listen("tcp4", fmt.Sprintf("%s:%d", h.address, port))
		return err
	})
	return listener, err
}

// DialContext connects from the host, as http.Transport and others want it. The address has to be in digits.
func (h *Host) DialContext(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = h.Do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}
