package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// What is idle: so many sessions of customers, and as many of links.
const (
	idleSessions = 1000
	idleLinks    = 100
	idleAccounts = 10
)

// idle measures the memory of the gateway for each session that is bound and
// has nothing to do: of customers and of links, plain and over TLS.
func idle(ctx context.Context, o options) (map[string]int64, error) {
	each := map[string]int64{}
	for _, kind := range []string{"", "-tls"} {
		if err := idleKind(ctx, o, kind, each); err != nil {
			return nil, fmt.Errorf("idle%s: %w", kind, err)
		}
	}
	return each, nil
}

// idleRig is a gateway with many accounts and links, and the operator, which
// is this process.
type idleRig struct {
	rig
	operator string
	tls      *tls.Config // nil: plain
	peers    peers
}

func idleKind(ctx context.Context, o options, kind string, each map[string]int64) (err error) {
	r := &idleRig{}
	if r.dir, err = os.MkdirTemp("", "kurir-bench-"); err != nil {
		return err
	}
	defer r.close()
	defer r.peers.close()
	if kind != "" {
		if r.tls, err = selfSigned(r.dir); err != nil {
			return err
		}
	}
	if err := r.serve(ctx, o.kurir); err != nil {
		return err
	}
	before, err := r.settled(ctx)
	if err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		open func(context.Context) error
	}{{"link" + kind, r.openLinks}, {"customer" + kind, r.openCustomers}} {
		if err := step.open(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		after, err := r.settled(ctx)
		if err != nil {
			return err
		}
		each[step.what] = (after.resident - before.resident) / idleSessions
		fmt.Printf("%-18s an idle session (%s): %.1f KiB resident, %.1f KiB of it in use; %d sessions\n", "idle", step.what,
			float64(each[step.what])/1024, float64(after.inUse-before.inUse)/idleSessions/1024, idleSessions)
		before = after
	}
	return nil
}

// serve starts the gateway; its links find nobody yet.
func (r *idleRig) serve(ctx context.Context, program string) (err error) {
	if err = freePorts(&r.http, &r.smpp, &r.pprof, &r.operator); err != nil {
		return err
	}
	server, client := "", ""
	if r.tls != nil {
		server = fmt.Sprintf(", tls: {cert: %s, key: %s}", filepath.Join(r.dir, certFile), filepath.Join(r.dir, keyFile))
		client = ", tls: {insecure: true}"
	}
	var text strings.Builder
	fmt.Fprintf(&text, "data: %s\nhttp: {listen: %s}\nsmpp: {listen: %s%s}\nlog: {level: warn}\nconnectors:\n", filepath.Join(r.dir, "data"), r.http, r.smpp, server)
	for i := range idleLinks {
		fmt.Fprintf(&text, "  - {name: op%d, kind: smpp, hosts: [%s], system_id: kurir, password: secret, sessions: %d, enquire_link: 2s, reconnect: 1s%s}\n",
			i, r.operator, idleSessions/idleLinks, client)
	}
	text.WriteString("accounts:\n")
	for i := range idleAccounts {
		fmt.Fprintf(&text, "  - {name: bench-%d, password: secret, senders: [\"*\"], smpp: {sessions: %d}}\n", i, idleSessions/idleAccounts)
	}
	text.WriteString("routes:\n  - {to: \"*\", via: [op0]}\n")
	file := filepath.Join(r.dir, "kurir.yaml")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return err
	}
	if r.gateway, err = start(r.dir, "gateway", program, "serve", "-c", file, "--pprof", r.pprof); err != nil {
		return err
	}
	return until(ctx, "the gateway", func() bool {
		_, err := get(ctx, "http://"+r.http+"/healthz")
		return err == nil && listens(r.pprof)
	})
}

// openLinks begins to be the operator and waits for all sessions of all links.
func (r *idleRig) openLinks(ctx context.Context) error {
	if err := r.peers.listen(r.operator, r.tls); err != nil {
		return err
	}
	return until(ctx, "the sessions of the links", func() bool {
		page, err := get(ctx, "http://"+r.http+"/metrics")
		return err == nil && linkSessions(page) == idleSessions
	})
}

// linkSessions sums up a metric.
func linkSessions(page string) (n int) {
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, "kurir_link_sessions{"); ok {
			_, value, _ := strings.Cut(rest, "} ")
			one, _ := strconv.Atoi(strings.TrimSpace(value))
			n += one
		}
	}
	return n
}

// openCustomers binds the customers' sessions.
func (r *idleRig) openCustomers(ctx context.Context) error {
	for i := range idleSessions {
		if err := r.peers.bind(ctx, r.smpp, fmt.Sprintf("%s-%d", account, i%idleAccounts), r.tls); err != nil {
			return fmt.Errorf("session %d: %w", i+1, err)
		}
	}
	return nil
}

// footprint is the memory of the gateway.
type footprint struct{ inUse, resident int64 }

// settled returns the least memory in some seconds, after collection.
func (r *idleRig) settled(ctx context.Context) (f footprint, err error) {
	const rounds = 6
	for range rounds {
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return f, ctx.Err()
		}
		inUse, err := r.inUse(ctx)
		if err != nil {
			return f, err
		}
		u, err := r.gateway.usage()
		if err != nil {
			return f, err
		}
		if f.resident == 0 || u.resident < f.resident {
			f.resident = u.resident
		}
		if f.inUse == 0 || inUse < f.inUse {
			f.inUse = inUse
		}
	}
	return f, nil
}

// inUse collects garbage and returns heap and stacks in use, by Go's profiler.
func (r *idleRig) inUse(ctx context.Context) (n int64, err error) {
	page, err := get(ctx, "http://"+r.pprof+"/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	for lines := bufio.NewScanner(strings.NewReader(page)); lines.Scan(); {
		for _, name := range []string{"# HeapAlloc = ", "# Stack = "} {
			if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
				value, _, _ := strings.Cut(rest, " ")
				one, err := strconv.ParseInt(value, 10, 64)
				if err != nil {
					return 0, fmt.Errorf("read the heap profile: %w", err)
				}
				n += one
			}
		}
	}
	return n, nil
}
