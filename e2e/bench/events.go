package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// So many streams of events are open at a time, of so many accounts; each account
// sends so many messages, whose end all of its streams are told.
const (
	eventStreams  = 5000
	eventAccounts = 100
	eventMessages = 100
)

// events measures the memory of the gateway with many open streams of events, idle
// and while they are told something, and that every stream is told all of it.
func events(ctx context.Context, o options) (resident int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := newRig(ctx, o, o.kurir, scenario{name: "events", listeners: eventAccounts})
	if err != nil {
		return 0, err
	}
	defer r.close()
	before, err := r.gateway.usage()
	if err != nil {
		return 0, err
	}
	var told atomic.Int64
	var reading sync.WaitGroup
	defer reading.Wait()
	defer cancel()
	for i := range eventStreams {
		conn, in, err := r.follow(ctx, i%eventAccounts)
		if err != nil {
			return 0, fmt.Errorf("stream %d: %w", i+1, err)
		}
		context.AfterFunc(ctx, func() { _ = conn.Close() })
		reading.Go(func() {
			for {
				line, err := in.ReadSlice('\n')
				if err != nil && err != bufio.ErrBufferFull {
					return
				}
				if bytes.HasPrefix(line, []byte("data:")) {
					told.Add(1)
				}
			}
		})
	}
	idle, err := r.gateway.usage()
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for i := range eventAccounts {
		to := strings.TrimSuffix(strings.Repeat(`"+46701000001",`, eventMessages), ",")
		if err := r.postAs(ctx, fmt.Sprintf("events-%d", i), "/v1/messages", `{"to":[`+to+`],"from":"Bench","text":"hello"}`, &struct{}{}); err != nil {
			return 0, err
		}
	}
	const all = eventStreams * eventMessages
	err = until(ctx, "the events", func() bool {
		if u, err := r.gateway.usage(); err == nil {
			resident = max(resident, u.resident)
		}
		return told.Load() >= all
	})
	fmt.Printf("%-18s %d streams of %d accounts: resident %d MiB without, %d MiB idle, %d MiB at most while told; %d of %d events in %.1f s\n", "events",
		eventStreams, eventAccounts, before.resident>>20, idle.resident>>20, resident>>20, told.Load(), all, time.Since(began).Seconds())
	return resident, err
}

// follow opens a stream of an account's events.
func (r *rig) follow(ctx context.Context, account int) (net.Conn, *bufio.Reader, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", r.http)
	if err != nil {
		return nil, nil, err
	}
	in := bufio.NewReaderSize(conn, 1024)
	fmt.Fprintf(conn, "GET /v1/events HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer events-%d\r\n\r\n", r.http, account)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the gateway answered %s", resp.Status)
	}
	return conn, in, nil // the chunks' own lines are read over
}
