package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"kurir/simulator"
)

// streaming begins POST /v1/messages with a message in each line over a connection of its own.
func streaming(t *testing.T, s *server) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.http)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: kurir\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: 1000000000000\r\n\r\n", apiKey)
	return conn
}

// peakMemory follows the resident memory of the server until the function that it returns is called, which gives the most.
func (s *server) peakMemory() func() int64 {
	ctx, cancel := context.WithCancel(s.t.Context())
	var most atomic.Int64
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			most.Store(max(most.Load(), s.memory()))
			<-tick.C
		}
	}()
	return func() int64 {
		cancel()
		<-done
		return most.Load()
	}
}

// TestStreamLong sends 20,000 messages in one request, with KURIR_LONG=1 a million, while links send: every line has its result, in
// order, memory does not follow the number of lines, and every message goes out once. Then a client that stops reading is not read
// from either, and one that goes away has what it was told of; who behaves notices neither.
func TestStreamLong(t *testing.T) {
	t.Parallel()
	n := 20_000
	if long() {
		n = 1_000_000
	}
	sim := startSimulator(t, simulator.Options{Phones: -1, Keep: -1})
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), link: ", window: 500, sessions: 2"})
	linked(t, sim)
	for range 200 {
		s.send("+46709000001", "warm "+textMark)
	}
	before, peak, took := s.memory(), s.peakMemory(), stopwatch()

	in, out := io.Pipe()
	go func() {
		_, err := out.Write(streamLines(n))
		_ = out.CloseWithError(err)
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.base+"/v1/messages", in)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+apiKey)
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	results := json.NewDecoder(bufio.NewReaderSize(resp.Body, 1<<16))
	var half int64
	for i := range n {
		if i == n/2 {
			half = s.memory()
		}
		var l streamed
		if err := results.Decode(&l); err != nil || l.Line != i+1 || (l.ID == "") != (i%1000 == 999) {
			t.Fatalf("result %d is %+v %v", i+1, l, err)
		}
	}
	var end streamed
	if err := results.Decode(&end); err != nil || end.Summary == nil || !end.Summary.Complete || end.Summary.Accepted != n-n/1000 || end.Summary.Errors != n/1000 {
		t.Fatalf("the end is %+v %v", end, err)
	}
	accepting, most, good := took(), peak(), n-n/1000
	within(t, 10*time.Minute, "all messages are with the operator", func() bool { return sim.Stats().Accepted >= int64(good+200) })
	t.Logf("%d lines in %v, %.0f a second, with the operator after %v; memory %.1f MiB, before %.1f", n, accepting, float64(n)/accepting.Seconds(), took(), float64(most)/(1<<20), float64(before)/(1<<20))
	if sent := sim.Stats().Accepted; sent != int64(good+200) {
		t.Errorf("%d messages went out, want %d", sent, good+200)
	}
	if most > before+192<<20 || long() && most > half+half/8 {
		t.Errorf("memory grew from %d to %d MiB, %d of them in the second half", before>>20, most>>20, (most-half)>>20)
	}
	s.streamUnread(t)
	s.streamLeft(t)
	s.proc.stop()
}

// streamUnread: of a client that does not read, lines are soon not taken any more, and others are served as ever.
func (s *server) streamUnread(t *testing.T) {
	conn := streaming(t, s)
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	lines, written := streamLines(10_000), 0
	for written < 1<<30 {
		_ = conn.SetWriteDeadline(time.Now().Add(2 * time.Second))
		m, err := conn.Write(lines)
		written += m
		if err != nil {
			break
		}
	}
	took := time.Hour
	for range 5 { // one of which the machine lets be
		began := stopwatch()
		s.send("+46709000001", "beside "+textMark)
		took = min(took, began())
	}
	t.Logf("a client that does not read could write %.1f MiB; a message beside it took %v", float64(written)/(1<<20), took)
	if written > 64<<20 || took > time.Second {
		t.Errorf("%d MiB were taken from a client that does not read; a message beside it took %v", written>>20, took)
	}
}

// streamLeft: what was accepted of a client that goes away is there, under the ids that it was told.
func (s *server) streamLeft(t *testing.T) {
	conn := streaming(t, s)
	go func() { _, _ = conn.Write(streamLines(100_000)) }()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	results, last := json.NewDecoder(resp.Body), streamed{}
	for range 4999 {
		last = streamed{}
		if err := results.Decode(&last); err != nil {
			t.Fatal(err)
		}
		if last.ID != "" && last.Line%100 == 1 {
			if status, text := s.get("/v1/messages/" + last.ID); status != http.StatusOK {
				t.Fatalf("line %d, %s: %d %s", last.Line, last.ID, status, text)
			}
		}
	}
	_ = conn.Close()
	s.becomes(last.ID, "sent")
	s.send("+46709000001", "after "+textMark)
}
