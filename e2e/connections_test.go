package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// dialFrom connects from the n-th address of the loopback network, because the server limits how many connections
// one address may have.
func dialFrom(n int, addr string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(n/500+1))}, Timeout: patience}
	return d.Dial("tcp", addr)
}

// TestManyConnections opens thousands of connections that say nothing, or half of something, and leaves them.
// Each may cost 64 KiB at most, and who behaves is served meanwhile.
func TestManyConnections(t *testing.T) {
	total := 10_000
	if inCI() {
		total = 5_000
	}
	sim := startSimulator(t, simulator.Options{})
	const slowKey = secretMark + "-slow-key-0123456789" // of an account whose requests at work are as many as it may have
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), accounts: []string{`{name: slow, api_keys: [` + slowKey + `], senders: ["*"], sender: Slow}`}})
	linked(t, sim)
	s.becomes(s.send("+46701000001", "ref-0 "+textMark), "delivered")
	stop := neighbour(t, s)
	before := s.memory()

	head := "POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\nAuthorization: Bearer " + slowKey + "\r\n"
	bind := frame(t, smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: password}})
	const forBind, forHead, forBody = 30 * time.Second, 10 * time.Second, time.Minute // for which the server waits
	kinds := []struct {
		addr, say string
		lasts     time.Duration
	}{
		{s.smpp, "", forBind},                      // idle
		{s.smpp, string(bind[:20]), forBind},       // half a bind
		{s.smpp, "\x00\x00\x10\x00", forBind},      // the length of something large
		{s.http, "", forHead},                      // idle
		{s.http, head[:40], forHead},               // half a head
		{s.http, head + "\r\n{\"to\":\"", forBody}, // half a body
	}
	var mu sync.Mutex
	var open []net.Conn
	var until []time.Time // each has to be open
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	held := func() (n int) {
		now := time.Now()
		for _, at := range until {
			if at.After(now) {
				n++
			}
		}
		return n
	}
	var dialling sync.WaitGroup
	refused := 0
	for w := range 8 {
		dialling.Go(func() {
			for i := w; i < total; i += 8 {
				kind := kinds[i%len(kinds)]
				began := time.Now()
				c, err := dialFrom(i, kind.addr)
				if err == nil {
					_, err = io.WriteString(c, kind.say)
				}
				mu.Lock()
				if err != nil {
					refused++
				} else {
					open, until = append(open, c), append(until, began.Add(kind.lasts))
				}
				mu.Unlock()
			}
		})
	}
	dialling.Wait()
	if refused > total/100 {
		t.Errorf("%d of %d connections were refused", refused, total)
	}
	eventually(t, "the server has taken them", func() bool { return s.metric("process_open_fds") > float64(held())*0.9 })
	n := held() // on a slow machine the first of them have been given up by now
	if n < total/2 {
		t.Fatalf("of %d connections %d are open at a time: they came too slowly", total, n)
	}
	each := (s.memory() - before) / int64(n)
	t.Logf("%d connections, %d octets of memory each", n, each)
	if each > 64<<10 {
		t.Errorf("a connection costs %d octets, at most 65536 may be", each)
	}
	if status, _ := s.get("/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d", status)
	}
	s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")
	stop()
	s.proc.stop()
}

// TestSlowReaders: customers who ask and do not read the answers cost no memory and hold up nobody.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{accounts: []string{
		fmt.Sprintf(`{name: slow, password: %sslow, senders: ["*"], sender: Slow, smpp: {sessions: 20, window: 100}}`, secretMark),
	}})
	linked(t, sim)
	stop := neighbour(t, s)
	before := s.memory()
	bind := frame(t, smpp.PDU{Sequence: 1, Body: &smpp.Bind{Mode: smpp.Transceiver, SystemID: "slow", Password: secretMark + "slow", Version: 0x34}})
	ask := frame(t, smpp.PDU{Sequence: 7, Body: shortText("46708000001", "ref "+textMark)})
	block := make([]byte, 0, 1<<20)
	for len(block) < 1<<20 {
		block = append(block, ask...)
	}
	var slow sync.WaitGroup
	for range 10 {
		c, err := net.Dial("tcp", s.smpp)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.(*net.TCPConn).SetReadBuffer(4096)
		_, _ = c.Write(bind)
		slow.Go(func() {
			// It writes without ever reading, until the server takes no more.
			_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
			for range 8 {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		})
	}
	for range 10 {
		c, err := net.Dial("tcp", s.http)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.(*net.TCPConn).SetReadBuffer(4096)
		slow.Go(func() {
			_ = c.SetWriteDeadline(time.Now().Add(5 * time.Second))
			for range 20_000 {
				if _, err := io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
					return
				}
			}
		})
	}
	slow.Wait()
	if after := s.memory(); after > before+200<<20 { // under the race detector everything costs several times as much
		t.Errorf("memory grew from %d to %d MiB", before>>20, after>>20)
	}
	stop()
	s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")
}
