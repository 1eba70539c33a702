package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// streamLine is a line of the answer as a client reads it.
type streamLine struct {
	Line                int
	ID, To, State       string
	Field, Code, Detail string
	Parts               int
	Encoding            string
	Summary             *streamSummary
}

type streamSummary struct {
	Lines, Accepted, Parts, Errors, Unlisted int
	Complete                                 bool
	NextLine                                 int `json:"next_line"`
	Code, Detail                             string
}

func readStream(t *testing.T, body string) (lines []streamLine, sum streamSummary) {
	t.Helper()
	for text := range strings.Lines(body) {
		var l streamLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("no JSON: %v in %q", err, text)
		}
		lines = append(lines, l)
	}
	if len(lines) == 0 || lines[len(lines)-1].Summary == nil {
		t.Fatalf("no summary at the end of %s", body)
	}
	return lines[:len(lines)-1], *lines[len(lines)-1].Summary
}

var ndjson = []string{"Content-Type", "application/x-ndjson"}

// Each line has its result, in order, and a mistake stays with its line.
func TestStreamLines(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
		if s.To == "+46709999999" {
			return message.Fail(message.NoRoute, "to", "no route leads there")
		}
		return nil
	}}
	h := NewHTTP(f.options())
	body := strings.Join([]string{
		`{"to":"+46701111111","text":"one"}` + "\r",
		``,
		`{"to":"+46702222222","text":"two"`,
		`{"to":["+46703333331","+46703333332"],"text":"three","reference":"r"}`,
		`{"to":"+46704444444","text":"four","atomic":true}`,
		`[]`,
		`{"to":"+46709999999","text":"five"}`,
		`{"to":"+46705555555","text":"` + strings.Repeat("x", maxLine) + `"}`,
		`{"text":"no to"}`,
		`{"to":"+46706666666","text":"six","validity":"soon"}`,
		`{"to":"+46707777777","text":"the last has no end"}`,
	}, "\n")
	w := asAcme(h, "POST", "/v1/messages", body, ndjson...)
	if w.Code != 200 || w.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Fatalf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	lines, sum := readStream(t, w.Body.String())
	var got []string
	for _, l := range lines {
		what := l.State
		if l.ID == "" {
			what = l.Code + " " + l.Field
		}
		got = append(got, fmt.Sprintf("%d %s %s", l.Line, l.To, what))
	}
	want := []string{
		"1 +46701111111 queued", "3  bad_json ", "4 +46703333331 queued", "4 +46703333332 queued", "5  unknown_field atomic", "6  wrong_type ",
		"7 +46709999999 no_route to", "8  too_large ", "9  bad_recipient to", "10 +46706666666 bad_content validity", "11 +46707777777 queued",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if want := (streamSummary{Lines: 11, Accepted: 4, Parts: 4, Errors: 7, Complete: true}); sum != want {
		t.Errorf("summary %+v, want %+v", sum, want)
	}
	// In the same words as alone.
	alone := readProblemDocument(t, asAcme(h, "POST", "/v1/messages", `{"to":"+46706666666","text":"six","validity":"soon"}`))
	if lines[9].Detail != alone.Detail {
		t.Errorf("%q, alone %q", lines[9].Detail, alone.Detail)
	}
	if got := lines[1].Detail; got != `the line ends where a comma or '}' is expected` {
		t.Errorf("%q", got)
	}
	// Only what is wrong, when all was read.
	w = asAcme(h, "POST", "/v1/messages?summary=true", body, ndjson...)
	if lines, again := readStream(t, w.Body.String()); len(lines) != 7 || again != sum {
		t.Errorf("%d lines, %+v", len(lines), again)
	}
	for query, want := range map[string]int{"?summary=yes": 400, "?sumary=true": 400, "?summary=false": 200} {
		if w := asAcme(h, "POST", "/v1/messages"+query, body, "Content-Type", "application/ndjson; charset=utf-8"); w.Code != want {
			t.Errorf("%s: %d", query, w.Code)
		}
	}
	if n := h.(*httpServer).bodies.inUse(); n != 0 {
		t.Errorf("%d octets are still counted", n)
	}
	h.(*httpServer).bodies.all = h.(*httpServer).MaxBodies
	if w := asAcme(h, "POST", "/v1/messages", body, ndjson...); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("without memory: %d %s", w.Code, w.Body)
	}
}

// A summary lists only so many mistakes.
func TestStreamSummaryIsBounded(t *testing.T) {
	t.Parallel()
	const n = 16_000
	w := asAcme(NewHTTP((&fakeGateway{}).options()), "POST", "/v1/messages?summary=true", strings.Repeat(`{"text":"x"}`+"\n", n), ndjson...)
	lines, sum := readStream(t, w.Body.String())
	if sum.Errors != n || sum.Unlisted == 0 || len(lines)+sum.Unlisted != n || w.Body.Len() > maxListed+1000 {
		t.Errorf("%d lines, %d octets, %+v", len(lines), w.Body.Len(), sum)
	}
}

// streamClient is a client on a connection without any buffer.
type streamClient struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	resp *http.Response
	h    *httpServer
}

// pipes is a listener of connections within the process.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}
func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{} }

// inStream runs a test with a client that has sent the head of a stream, in a
// bubble of its own.
func inStream(t *testing.T, o func(*HTTPOptions), query string, test func(t *testing.T, c *streamClient)) {
	t.Helper()
	inPipe(t, o, "POST /v1/messages"+query+" HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer acme-key\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n", test)
}

// inPipe is inStream for any request.
func inPipe(t *testing.T, o func(*HTTPOptions), head string, test func(t *testing.T, c *streamClient)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		opt := (&fakeGateway{}).options()
		if o != nil {
			o(&opt)
		}
		l := make(pipes)
		h := NewHTTP(opt)
		srv := NewHTTPServer(h, slog.New(slog.DiscardHandler))
		var served sync.WaitGroup
		served.Go(func() { _ = srv.Serve(l) })
		ours, theirs := net.Pipe()
		l <- theirs
		c := &streamClient{t: t, conn: ours, in: bufio.NewReader(ours), h: h.(*httpServer)}
		c.write(head)
		defer func() {
			_ = ours.Close()
			close(l)
			_ = srv.Close()
			served.Wait()
		}()
		test(t, c)
	})
}

func (c *streamClient) write(text string) bool {
	_, err := io.WriteString(c.conn, text)
	return err == nil
}

// send sends lines as one chunk.
func (c *streamClient) send(lines string) bool {
	return c.write(fmt.Sprintf("%x\r\n%s\r\n", len(lines), lines))
}

// line reads one line of the answer.
func (c *streamClient) line() (l streamLine) {
	c.t.Helper()
	if c.resp == nil {
		var err error
		if c.resp, err = http.ReadResponse(c.in, nil); err != nil {
			c.t.Fatal(err)
		}
		c.in = bufio.NewReader(c.resp.Body)
	}
	text, err := c.in.ReadString('\n')
	if err != nil {
		c.t.Fatalf("%q: %v", text, err)
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		c.t.Fatal(err)
	}
	return l
}

// rest reads all lines up to the summary.
func (c *streamClient) rest() (n int, s streamSummary) {
	c.t.Helper()
	for {
		if l := c.line(); l.Summary != nil {
			return n, *l.Summary
		}
		n++
	}
}

const goodLine = `{"to":"+46701234567","text":"x"}` + "\n"

// Results come while the client still sends, however slowly.
func TestStreamIsFullDuplex(t *testing.T) {
	t.Parallel()
	inStream(t, nil, "", func(t *testing.T, c *streamClient) {
		for i := range 20 {
			c.send(goodLine[:10])
			time.Sleep(streamIdle - time.Second)
			c.send(goodLine[10:])
			if l := c.line(); l.Line != i+1 || l.ID == "" {
				t.Fatalf("%+v", l)
			}
			time.Sleep(streamIdle / 2)
		}
		c.write("0\r\n\r\n")
		if _, s := c.rest(); !s.Complete || s.Accepted != 20 {
			t.Errorf("%+v", s)
		}
		// The connection can be used again.
		go c.write("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n")
		_, _ = io.Copy(io.Discard, c.resp.Body)
	})
}

// A client that falls silent is told so, and what it had sent stays.
func TestStreamFallsSilent(t *testing.T) {
	t.Parallel()
	inStream(t, nil, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine + goodLine[:10])
		n, s := c.rest()
		if n != 1 || s.Complete || s.NextLine != 2 || s.Code != codeTimeout {
			t.Errorf("%d lines, %+v", n, s)
		}
	})
}

// A connection that is cut takes nothing that was accepted back, and half a line
// is no message.
func TestStreamIsCut(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	inStream(t, func(o *HTTPOptions) { o.Accept = f.Accept }, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine + goodLine)
		c.line()
		c.send(goodLine + strings.TrimSpace(goodLine)) // whole JSON, but not a whole line
		_ = c.conn.Close()
		synctest.Wait()
		if len(f.accepted) != 3 {
			t.Errorf("%d messages were handed over", len(f.accepted))
		}
	})
}

// A client that reads only when it has sent everything is not shut in: it learns
// from where to go on.
func TestStreamIsNotRead(t *testing.T) {
	t.Parallel()
	const n = 12_000
	inStream(t, nil, "", func(t *testing.T, c *streamClient) {
		many := strings.Repeat(goodLine, 100)
		for range n / 100 {
			if !c.send(many) {
				t.Fatal("the server does not read on")
			}
		}
		c.write("0\r\n\r\n")
		got, s := c.rest()
		if s.Complete || s.Code != codeNotRead || got == 0 || got == n || got != s.Accepted || s.NextLine != got+1 || s.Lines != got {
			t.Errorf("%d results, %+v", got, s)
		}
	})
	// Who wants the summary alone may do so with any number.
	inStream(t, nil, "?summary=true", func(t *testing.T, c *streamClient) {
		many := strings.Repeat(goodLine, 100)
		for range n / 100 {
			c.send(many)
		}
		c.write("0\r\n\r\n")
		if got, s := c.rest(); got != 0 || !s.Complete || s.Accepted != n {
			t.Errorf("%d results, %+v", got, s)
		}
	})
	// Who never reads is cut off.
	inStream(t, nil, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine)
		c.write("0\r\n\r\n")
		start := time.Now()
		time.Sleep(2 * streamIdle)
		if _, err := http.ReadResponse(c.in, nil); err == nil {
			t.Errorf("the answer still comes after %v", time.Since(start))
		}
	})
}

// What is refused for the moment is tried again, in order, and what is not is not.
func TestStreamTriesAgain(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	tokens, asked := 0, 0
	f := &fakeGateway{}
	f.refuse = func(s *gateway.Submission) *message.Failure {
		mu.Lock()
		defer mu.Unlock()
		if asked++; s.To == "+46700000000" {
			return message.Fail(message.LimitReached, "", "no more today")
		}
		if tokens == 0 {
			return message.Fail(message.Overloaded, "", "slower")
		}
		tokens--
		return nil
	}
	inStream(t, func(o *HTTPOptions) { o.Accept = f.Accept }, "", func(t *testing.T, c *streamClient) {
		over := make(chan struct{})
		defer close(over)
		go func() { // 20 a second
			for {
				select {
				case <-over:
					return
				case <-time.After(time.Second):
				}
				mu.Lock()
				tokens = 20
				mu.Unlock()
			}
		}()
		go func() {
			for i := range 2000 {
				to := "+46701234567"
				if i%100 == 99 {
					to = "+46700000000"
				}
				c.send(fmt.Sprintf(`{"to":%q,"text":"x"}`+"\n", to))
			}
			c.write("0\r\n\r\n")
		}()
		for i := range 2000 {
			if l := c.line(); l.Line != i+1 || (l.Code == "limit_reached") != (i%100 == 99) {
				t.Fatalf("line %d: %+v", i+1, l)
			}
		}
		if _, s := c.rest(); !s.Complete || s.Accepted != 1980 || s.Errors != 20 {
			t.Errorf("%+v", s)
		}
		if asked > 4*2000 {
			t.Errorf("the gateway was asked %d times for 2000 messages", asked)
		}
	})
	// When nothing passes for long the stream gives up.
	f = &fakeGateway{refuse: func(*gateway.Submission) *message.Failure { return message.Fail(message.StoreFull, "", "full") }}
	inStream(t, func(o *HTTPOptions) { o.Accept = f.Accept }, "", func(t *testing.T, c *streamClient) {
		start := time.Now()
		go func() {
			for range 10_000 {
				c.send(goodLine)
			}
			c.write("0\r\n\r\n")
		}()
		got, s := c.rest()
		if s.Complete || s.Code != "store_full" || s.Accepted != 0 || got != s.Errors || s.NextLine != got+1 {
			t.Errorf("%d lines, %+v", got, s)
		}
		if took := time.Since(start); took < streamPatience || took > streamPatience+2*time.Second {
			t.Errorf("gave up after %v", took)
		}
		_, _ = io.Copy(io.Discard, c.conn)
	})
}

// However many lines come, only so many are under way.
func TestStreamIsBounded(t *testing.T) {
	t.Parallel()
	const n = 12_000
	var mu sync.Mutex
	var waiting []func()
	under, most := 0, 0
	slow := func(subs []*gateway.Submission, done gateway.Done) {
		mu.Lock()
		defer mu.Unlock()
		under += len(subs)
		most = max(most, under)
		waiting = append(waiting, func() { under -= len(subs); done(make([]gateway.Result, len(subs))) })
	}
	inStream(t, func(o *HTTPOptions) { o.Accept = slow }, "", func(t *testing.T, c *streamClient) {
		go func() {
			for range n / 100 {
				c.send(strings.Repeat(goodLine, 100))
			}
			c.write("0\r\n\r\n")
		}()
		over := make(chan struct{})
		go func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(10 * time.Millisecond):
				}
				mu.Lock()
				for _, done := range waiting {
					done()
				}
				waiting = nil
				mu.Unlock()
			}
		}()
		got, s := c.rest()
		if got != n || !s.Complete || s.Accepted != n {
			t.Errorf("%d results, %+v", got, s)
		}
		if most > streamPieces*pieceMessages || most < pieceMessages {
			t.Errorf("%d messages under way", most)
		}
		close(over)
	})
}

// A stream ends when the server does, and when its account has no right any more.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	closing, end := context.WithCancel(t.Context())
	inStream(t, func(o *HTTPOptions) { o.Closing = closing }, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine)
		c.line()
		end()
		if _, s := c.rest(); s.Complete || s.Code != "stopping" || s.NextLine != 2 {
			t.Errorf("%+v", s)
		}
	})
	accounts := account.NewDirectory(testAccounts(), nil)
	inStream(t, func(o *HTTPOptions) { o.Accounts = func() *account.Directory { return accounts } }, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine)
		c.line()
		accounts = account.NewDirectory(testAccounts()[1:], nil)
		time.Sleep(2 * streamTrust)
		go func() {
			c.send(goodLine)
			c.write("0\r\n\r\n")
		}()
		if _, s := c.rest(); s.Complete || s.Code != codeUnauthorized || s.NextLine != 2 {
			t.Errorf("%+v", s)
		}
	})
	// The database hangs.
	inStream(t, func(o *HTTPOptions) { o.Accept = (&fakeGateway{hang: true}).Accept }, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine)
		if l := c.line(); l.Code != codeTimeout {
			t.Errorf("%+v", l)
		}
		c.send(goodLine)
		c.write("0\r\n\r\n")
		if _, s := c.rest(); s.Complete || s.Code != codeTimeout || s.NextLine != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// An account has only so many streams open, and does not shut others out.
func TestStreamsOfAccount(t *testing.T) {
	t.Parallel()
	h := NewHTTP((&fakeGateway{}).options())
	s := h.(*httpServer)
	for range streamsOfAccount {
		if p := s.streams.begin("acme"); p != nil {
			t.Fatal(p)
		}
	}
	if w := asAcme(h, "POST", "/v1/messages", goodLine, ndjson...); w.Code != 429 || w.Header().Get("Retry-After") == "" {
		t.Errorf("one more: %d %s", w.Code, w.Body)
	}
	if w := ask(h, "POST", "/v1/messages", goodLine, append(ndjson, "Authorization", "Bearer mute-key")...); w.Code != 200 {
		t.Errorf("another account's: %d %s", w.Code, w.Body)
	}
	s.streams.end("acme")
	if w := asAcme(h, "POST", "/v1/messages", goodLine, ndjson...); w.Code != 200 {
		t.Errorf("after one has ended: %d %s", w.Code, w.Body)
	}
	if len(s.streams.open) != 1 || len(s.streams.pieces) != 0 {
		t.Errorf("%v, %d pieces are still counted", s.streams.open, len(s.streams.pieces))
	}
}

// A key that is revoked keeps no stream: its places and memory are free, and its
// client has the end of the answer at once, also one that sends nothing more.
func TestStreamOfRevokedKey(t *testing.T) {
	t.Parallel()
	var revoked atomic.Bool
	inStream(t, func(o *HTTPOptions) {
		before, after := o.Accounts, account.NewDirectory(nil, nil)
		o.Accounts = func() *account.Directory {
			if revoked.Load() {
				return after
			}
			return before()
		}
	}, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine)
		c.line()
		revoked.Store(true)
		time.Sleep(2 * streamTrust)
		c.send(goodLine)
		began := time.Now()
		if _, s := c.rest(); s.Complete || s.Code != codeUnauthorized {
			t.Errorf("%+v", s)
		}
		_, _ = io.Copy(io.Discard, c.in)
		if took := time.Since(began); took > time.Second {
			t.Errorf("the answer ended after %v", took)
		}
		c.wantFree()
	})
}

// wantFree checks that nothing is counted for streams.
func (c *streamClient) wantFree() {
	c.t.Helper()
	synctest.Wait()
	c.h.streams.mu.Lock()
	defer c.h.streams.mu.Unlock()
	if n := len(c.h.streams.open); n != 0 || c.h.bodies.inUse() != 0 {
		c.t.Errorf("%d accounts have streams, %d octets are counted", n, c.h.bodies.inUse())
	}
}

// A stream that is stopped gives its place back before its client has read why, and
// does not read on for ever.
func TestStreamIsStopped(t *testing.T) {
	t.Parallel()
	inStream(t, func(o *HTTPOptions) { o.Accept = (&fakeGateway{hang: true}).Accept }, "", func(t *testing.T, c *streamClient) {
		c.send(goodLine)
		time.Sleep(c.h.Timeout + time.Second) // no answer to the first: nothing more is taken
		c.send(goodLine)
		c.wantFree()
		began := time.Now()
		for time.Since(began) < time.Hour && c.send(goodLine) {
			time.Sleep(time.Second)
		}
		if took := time.Since(began); took > streamDrain+2*time.Second {
			t.Errorf("it was read for %v", took)
		}
	})
}
