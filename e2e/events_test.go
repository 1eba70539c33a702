package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kurir/simulator"
)

// followed is what a client of GET /v1/events has got.
type followed struct {
	mu     sync.Mutex
	last   string // id to go on from
	states map[string][]string
	phones map[string]int // of messages from phones, by id
	events int
	opened int // streams
}

// follow runs curl again and again, each time from where the one before ended, until ctx ends.
func (f *followed) follow(ctx context.Context, t *testing.T, s *server) {
	for ctx.Err() == nil {
		args := []string{"-sSNf", "-H", "Authorization: Bearer " + apiKey, "http://" + s.http + "/v1/events"}
		f.mu.Lock()
		if f.last != "" {
			args = append(args, "-H", "Last-Event-ID: "+f.last)
		}
		f.mu.Unlock()
		curl := exec.CommandContext(ctx, "curl", args...)
		out, err := curl.StdoutPipe()
		if err == nil {
			err = curl.Start()
		}
		if err != nil {
			t.Errorf("curl: %v", err)
			return
		}
		f.read(t, bufio.NewReader(out))
		_ = curl.Wait() // it ends with the server
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// read takes what a stream says until it ends. An event that did not come whole is none, as the standard says.
func (f *followed) read(t *testing.T, in *bufio.Reader) {
	var id, data string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			data = value
		case "retry":
			f.mu.Lock()
			f.opened++
			f.mu.Unlock()
		case "":
			f.take(t, id, data)
			id, data = "", ""
		}
	}
}

func (f *followed) take(t *testing.T, id, data string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == "" {
		return
	}
	if data == "" {
		f.last = id
		return
	}
	if id <= f.last {
		t.Errorf("event %s comes behind %s", id, f.last)
	}
	f.last = id
	f.events++
	var e struct {
		Type string
		Data viewed
	}
	switch err := json.Unmarshal([]byte(data), &e); {
	case err != nil:
		t.Errorf("%v in %s", err, data)
	case e.Type == "message.inbound":
		f.phones[e.Data.ID]++
	default:
		f.states[e.Data.ID] = append(f.states[e.Data.ID], e.Data.State)
	}
}

// counts tells how many streams have been opened and how many events came.
func (f *followed) counts() (streams, events int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.opened, f.events
}

// TestEventsOverKills follows events with curl while the program carries messages and is killed again and again: from
// stream to stream, as documented, everything that is on disk comes exactly once, in order.
func TestEventsOverKills(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	random := faults(t)
	sim := startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})
	h := startHook(t)
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), link: ", sessions: 2, window: 20"})
	linked(t, sim)
	l := newLedger()
	l.book(t, h)

	f := &followed{states: map[string][]string{}, phones: map[string]int{}}
	load, stopLoad := context.WithCancel(t.Context())
	following, stop := context.WithCancel(t.Context())
	var senders, follower sync.WaitGroup
	defer func() { stopLoad(); senders.Wait(); stop(); follower.Wait() }()
	follower.Go(func() { f.follow(following, t, s) })
	eventually(t, "the stream is open", func() bool { n, _ := f.counts(); return n > 0 })
	var numbers atomic.Int64
	for range 3 {
		senders.Go(func() {
			(&poster{servers: []*server{s}, ledger: l, to: func() string { return fmt.Sprintf("4670%07d", numbers.Add(1)) }, dlr: h.URL}).run(load)
		})
	}
	written := 0
	senders.Go(func() { written = writeFromPhones(load, t, sim) })
	for i := range 6 {
		streams, events := f.counts()
		eventually(t, "events come", func() bool { _, n := f.counts(); return n > events+50 })
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		if i == 5 {
			s.proc.stop()
		} else {
			s.proc.kill()
		}
		judge(t, s.proc.name, s.proc.out.String())
		s.launch()
		s.proc.out.wait(t, "kurir starts")
		eventually(t, "the stream goes on", func() bool { n, _ := f.counts(); return n > streams })
	}
	stopLoad()
	senders.Wait()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool {
		_, open := l.counts()
		return open == 0
	})
	s.over(1)
	twice := compareInbound(t, s, written)
	messages := map[string]string{}
	s.pages(url.Values{"limit": {"1000"}}, func(v viewed) { messages[v.ID] = v.State })
	eventually(t, "the stream has told of everything", func() bool {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.states) >= len(messages) && len(f.phones) >= written+twice
	})
	stop()
	follower.Wait()
	for id, state := range messages {
		if got := f.states[id]; len(got) != 1 || got[0] != state {
			t.Errorf("%s is %s and has events %v", id, state, got)
		}
		delete(f.states, id)
	}
	if len(f.states) > 0 {
		t.Errorf("events of messages that there are not: %v", f.states)
	}
	if len(f.phones) != written+twice {
		t.Errorf("%d messages from phones came, %d are in the inbox", len(f.phones), written+twice)
	}
	for id, n := range f.phones {
		if n != 1 {
			t.Errorf("the message %s from a phone came %d times", id, n)
		}
	}
	t.Logf("%d events in %d streams, of %d messages and %d texts from phones", f.events, f.opened, len(messages), written)
}
