package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kurir/e2e/netns"
)

// pauses is the longest time in which one customer had no message accepted.
type pauses struct {
	mu      sync.Mutex
	last    time.Time
	longest time.Duration
}

func (p *pauses) accepted() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !p.last.IsZero() {
		p.longest = max(p.longest, now.Sub(p.last))
	}
	p.last = now
}

// before tells whether the last was accepted before a time.
func (p *pauses) before(t time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last.Before(t)
}

// take returns the longest, and begins anew.
func (p *pauses) take() (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	longest, p.longest = max(p.longest, time.Since(p.last)), 0
	return longest.Round(time.Millisecond)
}

// repeater sends one message after the other over REST from a host, each with a key, and repeats a request under its key
// until it is accepted.
type repeater struct {
	base   string
	prefix string
	hook   string
	from   *netns.Host
	ledger *ledger
	to     func() string
	pauses pauses
}

func (p *repeater) run(ctx context.Context) {
	client := &http.Client{Timeout: 8 * time.Second, Transport: &http.Transport{DialContext: p.from.DialContext}}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil {
		ref := p.ledger.next(p.prefix)
		body, _ := json.Marshal(map[string]string{"to": "+" + p.to(), "text": ref + " " + textMark, "webhook": p.hook})
		for ctx.Err() == nil && !p.post(ctx, client, ref, string(body)) {
			<-tick.C
		}
		<-tick.C
	}
}

// post tells whether the message was accepted.
func (p *repeater) post(ctx context.Context, client *http.Client, ref, body string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+"/v1/messages", strings.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Idempotency-Key", ref)
	resp, err := client.Do(req)
	if err != nil {
		p.ledger.refuse("no answer to " + p.prefix)
		return false
	}
	defer resp.Body.Close()
	var answer struct{ Messages []viewed }
	if resp.StatusCode != http.StatusAccepted || json.NewDecoder(resp.Body).Decode(&answer) != nil || len(answer.Messages) != 1 {
		p.ledger.refuse(fmt.Sprintf("%d to %s", resp.StatusCode, p.prefix))
		return false
	}
	p.ledger.accept(answer.Messages[0].ID, ref)
	p.pauses.accepted()
	return true
}

// behind is a customer over SMPP, or one over HTTP, behind something that finds the living server.
type behind struct {
	name   string
	most   time.Duration // that he may have to wait when a server dies
	pauses *pauses
}

// TestBalancers: customers over SMPP and HTTP behind HAProxy, and over HTTP behind nginx, both with the files of the folder
// deploy, go on while a server is killed, is stopped in good order, and loses its power. Requests that are repeated with their key
// are accepted once.
func TestBalancers(t *testing.T) {
	t.Parallel()
	x := newCluster(t)
	haproxy, nginx := x.network.Host(t, "haproxy"), x.network.Host(t, "nginx")
	addresses := []string{x.client.Address(), x.hosts[0].Address(), x.hosts[1].Address(), x.hosts[2].Address()}
	x.start(t, serverOptions{
		http:    fmt.Sprintf(", proxy: [%s], trusted_proxies: [%s]", haproxy.Address(), nginx.Address()),
		smpp:    fmt.Sprintf(", proxy: [%s]", haproxy.Address()),
		account: fmt.Sprintf(", addresses: [%s]", strings.Join(addresses, ", ")), // a balancer's own address is not among them
	})
	startHAProxy(t, haproxy, x.hosts)
	startNginx(t, nginx, x.hosts)
	listens(x.client, haproxy.Address()+":2775")
	listens(x.client, nginx.Address()+":8080")
	l := newLedger()
	hook := hookOn(t, x.client)
	l.book(t, hook)

	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()
	to := someone()
	var customers []behind
	for i := range 3 {
		p := new(pauses)
		c := &customer{ledger: l, window: 10, to: to, dial: x.client.DialContext, taken: p.accepted}
		bound.Go(func() { c.run(load, stay, haproxy.Address()+":2775") })
		customers = append(customers, behind{fmt.Sprintf("SMPP behind HAProxy, %d", i), 10 * time.Second, p})
	}
	for _, way := range []struct {
		name, prefix string
		host         *netns.Host
		most         time.Duration
	}{{"HTTP behind HAProxy", "h", haproxy, 10 * time.Second}, {"HTTP behind nginx", "n", nginx, 15 * time.Second}} {
		p := &repeater{base: "http://" + way.host.Address() + ":8080", prefix: way.prefix, hook: hook.URL, from: x.client, ledger: l, to: to}
		senders.Go(func() { p.run(load) })
		customers = append(customers, behind{way.name, way.most, &p.pauses})
	}
	all := func(when string) {
		t.Helper()
		since, waits := time.Now(), ""
		defer func() {
			if t.Failed() {
				t.Logf("%s, %s waits", when, waits)
			}
		}()
		eventually(t, "every customer has messages accepted "+when, func() bool {
			for _, c := range customers {
				if c.pauses.before(since) {
					waits = c.name
					return false
				}
			}
			return true
		})
	}
	all("at first")
	x.clientsAreKnown(t)
	fault := func(name string, f func()) {
		t.Helper()
		for _, c := range customers {
			c.pauses.take()
		}
		f()
		all("after " + name)
		for _, c := range customers {
			if took := c.pauses.take(); took > c.most {
				t.Errorf("%s: %s waits for %v, at most %v are allowed", name, c.name, took, c.most)
			} else {
				t.Logf("%s: %s waits for %v", name, c.name, took)
			}
		}
	}
	fault("kill -9", func() { x.nodes[1].proc.kill() })
	x.back(t, 1)
	fault("SIGTERM", func() { x.nodes[2].proc.stop() })
	x.back(t, 2)
	all("after the restarts")
	if status, _ := clientOf(x.client, "http://"+haproxy.Address()+":8080").get("/readyz"); status != http.StatusNotFound {
		t.Errorf("/readyz is answered with %d through HAProxy", status)
	}
	fault("power cut", func() { x.dies(t, 0, haproxy, nginx); x.nodes[0].proc.signal(syscall.SIGKILL) })
	stopLoad()
	senders.Wait()
	for _, h := range []*netns.Host{x.operator, x.client, haproxy} { // the machine is back, so that the others' systems learn what has become of their connections
		x.network.Heal(t, x.hosts[0], h)
		x.network.Heal(t, h, x.hosts[0])
	}
	defer func() {
		if t.Failed() {
			l.explain(t, x.nodes[1], x.sim)
		}
	}()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool {
		_, open := l.counts()
		return open == 0
	})
	x.namesLeadOn(t)
	compareSent(t, x.nodes[1], x.sim, l, 2*clusterSessions*2*clusterWindow)
	times := map[string]int{}
	x.nodes[1].pages(url.Values{"limit": {"1000"}}, func(v viewed) {
		ref, _, _ := strings.Cut(v.Text, " ")
		times[ref]++
	})
	for ref, n := range times {
		if n > 1 && !strings.HasPrefix(ref, "s") {
			t.Errorf("%s was accepted %d times, though it was repeated with its key", ref, n)
		}
	}
}

// namesLeadOn: a client that finds two addresses under one name goes to the second when the server at the first is gone.
func (x *cluster) namesLeadOn(t *testing.T) {
	t.Helper()
	gone, there := x.nodes[0], x.nodes[1]
	addresses := strings.TrimSuffix(gone.http, ":8080") + "," + strings.TrimSuffix(there.http, ":8080")
	line := x.client.Command(lookPath(t, "curl", "curl"), "--silent", "--show-error", "--max-time", "10", "--resolve", "kurir.test:8080:"+addresses, "http://kurir.test:8080/readyz")
	text, err := exec.Command(line[0], line[1:]...).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(text), "ready") {
		t.Errorf("by the name of two servers, of which the first is gone: %v %s", err, text)
	}
}

// clientsAreKnown looks whether the servers see the client behind a balancer, and not the balancer.
func (x *cluster) clientsAreKnown(t *testing.T) {
	t.Helper()
	n := 0
	for _, s := range x.nodes {
		status, text := s.get("/v1/sessions")
		if status != http.StatusOK {
			t.Fatalf("GET /v1/sessions: %d %s", status, text)
		}
		n += strings.Count(text, `"`+x.client.Address()+":")
	}
	if n != 3 {
		t.Errorf("of 3 customers who are bound through HAProxy the servers see %d at their own address", n)
	}
}

// clientOf is a client of the HTTP interfaces at an address, on a host.
func clientOf(host *netns.Host, base string) *rest {
	return &rest{base: base, key: apiKey, client: &http.Client{Transport: &http.Transport{DialContext: host.DialContext}, Timeout: 10 * time.Second}}
}

// hookOn is a hook that listens on a host.
func hookOn(t *testing.T, host *netns.Host) *hook {
	t.Helper()
	listener, err := host.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	h := &hook{calls: make(chan call, 100_000)}
	h.Server = httptest.NewUnstartedServer(http.HandlerFunc(h.serve))
	h.Listener.Close()
	h.Listener = listener
	h.Start()
	t.Cleanup(h.Close)
	return h
}
