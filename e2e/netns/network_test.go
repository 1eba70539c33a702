package netns

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kurir/pgtest"
)

// As a server or a client this binary is one of two processes that talk over a network.
const (
	roleVariable    = "NETNS_ROLE"
	addressVariable = "NETNS_ADDRESS"
)

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(roleVariable) {
	case "server":
		err = serve(os.Getenv(addressVariable))
	case "client":
		err = talk(os.Getenv(addressVariable))
	default:
		os.Exit(m.Run())
	}
	fmt.Println("end:", err)
}

// serve says on its output what it hears, and tells it back.
func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		fmt.Println(lines.Text())
		if _, err := fmt.Fprintln(conn, lines.Text()); err != nil {
			return err
		}
	}
	return io.EOF
}

// talk sends what comes on its input, and says on its output what it is told.
func talk(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	go func() { _, _ = io.Copy(conn, os.Stdin) }()
	_, err = io.Copy(os.Stdout, conn)
	return err
}

// TestCuts: two processes on two hosts talk; a cut is one-way, and silent; what was lost arrives after it.
func TestCuts(t *testing.T) {
	t.Parallel()
	network := New(t)
	a, b := network.Host(t, "a"), network.Host(t, "b")
	address := b.Address() + ":7000"
	server := program(t, b, "server", address)
	server.want("listening")
	client := program(t, a, "client", address)
	both := func(text string) {
		t.Helper()
		client.tell(text)
		server.want(text)
		client.want(text)
	}
	both("one")

	network.Cut(t, b, a)
	client.tell("two")
	server.want("two")
	client.wantNothing()
	network.Heal(t, b, a)
	client.want("two")

	network.Cut(t, a, b)
	client.tell("three")
	server.wantNothing()
	network.Heal(t, a, b)
	server.want("three")
	client.want("three")

	network.Cut(t, a, b)
	network.Cut(t, b, a)
	client.tell("four")
	server.wantNothing()
	network.Heal(t, a, b)
	network.Heal(t, b, a)
	server.want("four")
	client.want("four")
	both("five")
}

// TestCutIsOneWay: without TCP, which needs both ways, what is said one way passes and what is said the other way does not.
func TestCutIsOneWay(t *testing.T) {
	t.Parallel()
	network := New(t)
	a, b, c := network.Host(t, "a"), network.Host(t, "b"), network.Host(t, "c")
	network.Cut(t, a, b)
	ends := map[*Host]net.PacketConn{}
	for _, h := range []*Host{a, b, c} {
		err := h.Do(func() (err error) {
			ends[h], err = net.ListenPacket("udp", h.Address()+":7000")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		defer ends[h].Close()
	}
	for _, pair := range [][2]*Host{{a, b}, {b, a}, {a, c}, {c, a}, {b, c}, {c, b}} {
		from, to := pair[0], pair[1]
		if _, err := ends[from].WriteTo([]byte(from.name), ends[to].LocalAddr()); err != nil {
			t.Fatal(err)
		}
		lost := from == a && to == b
		limit := 10 * time.Second
		if lost {
			limit = 200 * time.Millisecond
		}
		_ = ends[to].SetReadDeadline(time.Now().Add(limit))
		n, _, err := ends[to].ReadFrom(make([]byte, 10))
		if passed := err == nil && n == len(from.name); passed == lost {
			t.Errorf("from %s to %s: passed %v, want %v (%v)", from.name, to.name, passed, !lost, err)
		}
	}
}

// TestListenAndDial: this process can be a server on one host and a client on another, and neither is on its own network.
func TestListenAndDial(t *testing.T) {
	t.Parallel()
	network := New(t)
	a, b := network.Host(t, "a"), network.Host(t, "b")
	listener, err := b.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := a.DialContext(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if got, _, _ := net.SplitHostPort(peer.RemoteAddr().String()); got != a.Address() {
		t.Errorf("the client is %s, want %s", got, a.Address())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if c, err := new(net.Dialer).DialContext(ctx, "tcp", listener.Addr().String()); err == nil {
		c.Close()
		t.Error("the network can be reached from outside")
	}
}

// TestPostgreSQL: a database on one host and its synchronous standby on another; while they are cut off, nothing is acknowledged.
func TestPostgreSQL(t *testing.T) {
	t.Parallel()
	network := New(t)
	node, one, two := network.Host(t, "node"), network.Host(t, "one"), network.Host(t, "two")
	primary := pgtest.StartAt(t, pgtest.Place{Namespace: one.Namespace(), Address: one.Address()}, pgtest.NoSync)
	primary.StandbyAt(t, pgtest.Place{Namespace: two.Namespace(), Address: two.Address()}, pgtest.Synchronous)
	conn, err := node.DialContext(t.Context(), "tcp", primary.Address())
	if err != nil {
		t.Fatalf("the database cannot be reached from another host: %v", err)
	}
	conn.Close()
	network.Cut(t, one, two)
	written := make(chan struct{})
	go func() {
		primary.Ask(t, "CREATE TABLE one (n bigint)")
		close(written)
	}()
	select {
	case <-written:
		t.Error("a commit was acknowledged that the standby cannot have")
	case <-time.After(300 * time.Millisecond):
	}
	network.Heal(t, one, two)
	<-written
}

// TestNothingRemains: when a test is over, its namespaces are gone, and this machine's own network is as it was.
func TestNothingRemains(t *testing.T) {
	t.Parallel()
	var inside []string
	t.Run("user", func(t *testing.T) {
		network := New(t)
		a, b := network.Host(t, "a"), network.Host(t, "b")
		program(t, a, "server", a.Address()+":7000").want("listening")
		for _, namespace := range []*os.File{network.hub, a.namespace, b.namespace} {
			link, err := os.Readlink(path(namespace))
			if err != nil {
				t.Fatal(err)
			}
			inside = append(inside, link)
		}
		for _, link := range inside {
			if !inUse(link) {
				t.Errorf("%s is nowhere open, so this test cannot see whether it goes", link)
			}
		}
	})
	for _, link := range inside {
		if inUse(link) {
			t.Errorf("%s is still in use", link)
		}
	}
	own, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range own {
		if i.Name == "br0" || strings.HasPrefix(i.Name, "port") {
			t.Errorf("this machine has got an interface %s", i.Name)
		}
	}
}

// inUse tells whether a process is in a namespace or has it open.
func inUse(link string) bool {
	var files []string
	for _, pattern := range []string{"/proc/[0-9]*/ns/net", "/proc/[0-9]*/task/*/ns/net", "/proc/[0-9]*/fd/*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return true
		}
		files = append(files, found...)
	}
	for _, f := range files {
		if target, err := os.Readlink(f); err == nil && target == link {
			return true
		}
	}
	return false
}

// talker is a process on a host.
type talker struct {
	t     *testing.T
	in    io.Writer
	lines chan string
}

func program(t *testing.T, host *Host, role, address string) *talker {
	t.Helper()
	line := host.Command(os.Args[0])
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, addressVariable+"="+address)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &talker{t: t, in: in, lines: make(chan string, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	})
	return p
}

func (p *talker) tell(text string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, text); err != nil {
		p.t.Fatal(err)
	}
}

func (p *talker) want(text string) {
	p.t.Helper()
	select {
	case got := <-p.lines:
		if got != text {
			p.t.Errorf("said %q, want %q", got, text)
		}
	case <-time.After(20 * time.Second):
		p.t.Fatalf("said nothing, want %q", text)
	}
}

func (p *talker) wantNothing() {
	p.t.Helper()
	select {
	case got := <-p.lines:
		p.t.Errorf("said %q, want nothing", got)
	case <-time.After(300 * time.Millisecond):
	}
}
