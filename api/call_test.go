package api

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"

	"kurir/gateway"
	"kurir/message"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	g := NewGuard()
	g.Replace([]netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")}, []string{"http://192.168.0.1/hook"})
	for address, ok := range map[string]bool{
		"https://example.com/x":      true,
		"http://93.184.215.14:8080/": true,
		"http://10.1.2.3/":           true,
		"http://192.168.0.1/hook":    true, // in the file
		"http://192.168.0.1/other":   false,
		"http://10.2.0.1/":           false,
		"http://127.0.0.1/":          false,
		"http://localhost:80/":       false,
		"http://0.0.0.0/":            false,
		"http://169.254.169.254/":    false,
		"http://100.64.0.1/":         false,
		"http://172.31.255.255/":     false,
		"http://224.0.0.1/":          false,
		"http://255.255.255.255/":    false,
		"http://[::1]/":              false,
		"http://[::]/":               false,
		"http://[::ffff:127.0.0.1]/": false,
		"http://[fe80::1]/":          false,
		"http://[fd00::1]/":          false,
		"http://[64:ff9b::a00:1]/":   false, // NAT64 of 10.0.0.1
		"http://[2002:7f00:1::]/":    false, // 6to4 of 127.0.0.1
		"http://[::127.0.0.1]/":      false, // as IPv4 was once written in IPv6
		"http://[2606:2800::1]/":     true,
		"file:///etc/passwd":         false,
		"http://":                    false,
		"//example.com":              false,
		"http://exa mple.com/":       false,
		"http://exämple.com/":        false,
		"http://[fe80::1%25eth0]/":   false,
		"http://example.com/" + strings.Repeat("x", maxCallURL): false,
	} {
		if err := g.Check(address); (err == nil) != ok {
			t.Errorf("%.40s: %v", address, err)
		}
	}
}

// What counts is the address that a name resolves to when it is called: a name
// that leads to loopback passes Check and is not dialled.
func TestGuardHoldsWhenDialling(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	address := strings.Replace(h.URL, "127.0.0.1", "localhost", 1)
	g := NewGuard()
	d := deliverOne(t, WebhookOptions{Guard: g}, stateItem(testMessage(), message.WebhookTarget, address, 0))[0]
	if d.Verdict != gateway.TryLater || !strings.Contains(d.Text, "webhooks.allow") || len(h.targets) != 0 {
		t.Errorf("%+v after %d requests", d, len(h.targets))
	}
	// The same address in the file is trusted, and its connection is not lent
	// to calls that are not.
	g.Replace(nil, []string{address})
	told := make(chan gateway.Delivered, 1)
	w := NewWebhook(WebhookOptions{Guard: g, Told: func(l []gateway.Delivered) { told <- l[0] }})
	defer w.Close()
	for path, want := range map[string]gateway.Verdict{"": gateway.Acknowledged, "/other": gateway.TryLater} {
		w.Deliver("acme", []*gateway.Item{stateItem(testMessage(), message.WebhookTarget, address+path, 0)})
		if d := <-told; d.Verdict != want {
			t.Errorf("%q: %+v", path, d)
		}
	}
}

// BenchmarkWebhook is whole calls to a listener in this process, which reads
// and answers by hand so that the figure is the caller's.
func BenchmarkWebhook(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go answerAll(c)
		}
	}()
	done := make(chan struct{}, 1)
	var left atomic.Int64
	w := NewWebhook(WebhookOptions{
		Guard: loopback(), Secret: signing("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
		Told: func(list []gateway.Delivered) {
			if list[0].Verdict != gateway.Acknowledged {
				b.Error(list[0].Text)
			}
			if left.Add(-1) == 0 {
				done <- struct{}{}
			}
		},
	})
	defer w.Close()
	items := make([]*gateway.Item, 200)
	for i := range items {
		m := testMessage()
		m.ID += message.ID(i)
		items[i] = stateItem(m, message.WebhookTarget, "http://"+l.Addr().String()+"/hook", 0)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += len(items) {
		left.Store(int64(len(items)))
		w.Deliver("acme", items)
		<-done
	}
}

func answerAll(c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	for {
		length := 0
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			if line == "\r\n" {
				break
			}
			_, _ = fmt.Sscanf(line, "Content-Length: %d", &length)
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if _, err := io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}
