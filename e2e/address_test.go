package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/e2e/netns"
)

// moving is an address that keepalived gives to one of two servers, by the file of the folder deploy.
type moving struct {
	address string
	network *netns.Network
	client  *netns.Host
	hosts   [2]*netns.Host
	servers [2]*server
	alive   [2]*process // keepalived
}

func newMoving(t *testing.T) *moving {
	t.Helper()
	daemon := program(t, "/usr/sbin/keepalived", "keepalived")
	lookPath(t, "curl", "curl")
	m := &moving{address: "10.66.0.100", network: netns.New(t)}
	m.client = m.network.Host(t, "client")
	for i, name := range []string{"a", "b"} {
		m.hosts[i] = m.network.Host(t, name)
		s := prepareServer(t, nil, serverOptions{binary: plainBinary(t), connectors: []string{}, on: m.hosts[i]})
		text, err := os.ReadFile(s.path())
		if err != nil {
			t.Fatal(err)
		}
		s.write(strings.Replace(string(text), s.http, ":8080", 1)) // on all addresses, as the file says
		s.start()
		m.servers[i] = s
	}
	for i := range m.hosts {
		path := deployed(t, "keepalived.conf", m.address, [3]*netns.Host{m.hosts[0], m.hosts[1], m.client})
		dir := filepath.Dir(path)
		m.alive[i] = onHost(t, m.hosts[i], dir, daemon, "--dont-fork", "--log-console", "--log-detail", "--vrrp",
			"--use-file="+path, "--pid="+dir+"/pid", "--vrrp_pid="+dir+"/vrrp.pid")
	}
	return m
}

// holder is the host that has the address; -1 for none or both.
func (m *moving) holder(t *testing.T) int {
	t.Helper()
	found := -1
	for i, h := range m.hosts {
		line := h.Command("ip", "-4", "-oneline", "address", "show", "eth0")
		text, err := exec.Command(line[0], line[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("ip address: %v: %s", err, text)
		}
		if strings.Contains(string(text), m.address+"/") {
			if found >= 0 {
				return -1
			}
			found = i
		}
	}
	return found
}

// answers waits until a server answers at the address, and says how long that took.
func (m *moving) answers(t *testing.T, when string) {
	t.Helper()
	took := stopwatch()
	eventually(t, "a server answers at the address "+when, func() bool {
		c := &http.Client{Timeout: time.Second, Transport: &http.Transport{DialContext: m.client.DialContext, DisableKeepAlives: true}}
		resp, err := c.Get("http://" + m.address + ":8080/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	t.Logf("%s a server answers at the address after %v", when, took().Round(10*time.Millisecond))
}

// TestMovingAddress: an address is at a server that is ready; when that is killed, or its machine is gone, at the other. While none
// is ready it stays where it is, and somebody says so.
func TestMovingAddress(t *testing.T) {
	t.Parallel()
	m := newMoving(t)
	m.answers(t, "at first")
	first := -1
	eventually(t, "the address is at one server", func() bool { first = m.holder(t); return first >= 0 })
	second := 1 - first
	m.servers[first].proc.kill()
	m.answers(t, "when the server was killed")
	eventually(t, "the address is at the other, and there alone", func() bool { return m.holder(t) == second })

	m.servers[second].proc.kill()
	m.alive[second].out.wait(t, `Changing effective priority from 100 to 50`)
	calm := time.NewTimer(5 * time.Second) // longer than it takes to move
	<-calm.C
	if h := m.holder(t); h != second {
		t.Errorf("when no server is ready the address is at %d, want %d, where it was", h, second)
	}
	m.servers[first].start()
	m.answers(t, "when one was started")
	eventually(t, "the address is at the one that is ready, and there alone", func() bool { return m.holder(t) == first })
	n := m.alive[second].out.size()
	m.servers[second].start()
	m.alive[second].out.waitAfter(t, n, `Changing effective priority from 50 to 100`)
	if h := m.holder(t); h != first {
		t.Errorf("the address is at %d, want %d: that the other is back moves nothing", h, first)
	}
	line := m.hosts[first].Command("ip", "link", "set", "eth0", "down") // the machine is gone
	if text, err := exec.Command(line[0], line[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("ip link: %v: %s", err, text)
	}
	m.answers(t, "when the machine was gone")
}
