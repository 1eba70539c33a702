package api

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// CallerFiles is how many connections the callers of one kind of target may
// hold: those that carry a call and those kept for the next.
const CallerFiles = maxCalls + maxIdle

const (
	maxCalls      = 500      // under way in all
	maxAnswerHead = 64 << 10 // octets of an answer's head and body together
	maxAnswerText = 200      // octets of an answer's body kept for the trace
	maxIdlePer    = 64       // connections kept open per address and in all
	maxIdle       = 1024     //
	keepIdle      = time.Minute
	dialTimeout   = 5 * time.Second
	callUserAgent = "Kurir"
)

// httpCaller makes HTTP/1.1 requests to customers' servers over connections
// that it keeps open. It is written by hand because net/http's client takes
// about three times the processor time for a request of a few hundred octets.
//
// It follows no redirect, uses no proxy, and reads a bounded answer. A request
// on a kept connection that the peer had closed meanwhile is made once more on
// a new one; whoever is called knows repeats by their id.
type httpCaller struct {
	guard   *Guard
	timeout time.Duration // of a whole call
	tls     *tls.Config   // nil for the system's roots
	breaker breaker

	mu    sync.Mutex
	idle  map[callKey][]*callConn // the latest used last
	count int
	sweep *time.Timer // runs while there are idle connections
	done  bool
}

// callKey is what may share a connection. Trusted and other calls never do:
// the connection of a trusted one may lead where others may not.
type callKey struct {
	https   bool
	trusted bool
	host    string
}

// callConn is a connection and what it reads and writes with.
type callConn struct {
	net.Conn
	r     *bufio.Reader
	left  int // octets that the answer may still have
	out   []byte
	used  bool // carried a request before
	since time.Time
}

// Read reads at most what the answer may still have.
func (c *callConn) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errLongAnswer
	}
	if len(p) > c.left {
		p = p[:c.left]
	}
	n, err := c.Conn.Read(p)
	c.left -= n
	return n, err
}

var errLongAnswer = errors.New("the answer is too long")

// call is one request to make.
type call struct {
	method  string
	address string
	agent   string // User-Agent; empty for ours
	trusted bool   // the address stands in the file
	header  []byte // lines ending in CRLF
	body    []byte

	want     int    // octets of the answer's body that are read into answered
	answered []byte // nil where it has more
	typed    string // its Content-Type
	head     http.Header
}

func newHTTPCaller(guard *Guard, timeout time.Duration, roots *tls.Config) *httpCaller {
	return &httpCaller{guard: guard, timeout: timeout, tls: roots, idle: map[callKey][]*callConn{}, breaker: breaker{silent: map[callKey]*silence{}}}
}

// do makes a request and returns the answer's status and the beginning of its
// body, or why there is none: a *restingError if no call was made because the
// server has not answered those before, an addressError if none ever can be.
func (h *httpCaller) do(c *call) (status int, text string, err error) {
	u, err := parseCallURL(c.address)
	if err != nil {
		return 0, "", err
	}
	key := keyOf(u, c.trusted)
	if err := h.breaker.enter(key); err != nil {
		return 0, "", err
	}
	defer func() {
		var forbidden forbiddenError
		h.breaker.leave(key, status != 0 || errors.As(err, &forbidden))
	}()
	deadline := time.Now().Add(h.timeout)
	for {
		conn := h.take(key)
		if conn == nil {
			if conn, err = h.dial(key, u.Hostname(), deadline); err != nil {
				return 0, "", err
			}
		}
		var stale bool
		status, text, stale, err = h.exchange(conn, key, c, u, deadline)
		if !stale {
			return status, text, err
		}
	}
}

func keyOf(u *url.URL, trusted bool) callKey {
	return callKey{https: u.Scheme == "https", host: hostPort(u), trusted: trusted}
}

// rests tells until when the server of an address is not called, because it
// does not answer; the zero time if it is.
func (h *httpCaller) rests(address string) time.Time {
	u, err := parseCallURL(address)
	if err != nil {
		return time.Time{}
	}
	return h.breaker.rests(keyOf(u, h.guard.Trusted(address)))
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	return net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
}

// dial opens a connection. Unless the address is trusted, the one that the
// name resolved to must be permitted.
func (h *httpCaller) dial(key callKey, name string, deadline time.Time) (*callConn, error) {
	d := net.Dialer{Timeout: dialTimeout, Deadline: deadline}
	if !key.trusted {
		d.Control = func(_, address string, _ syscall.RawConn) error {
			ap, err := netip.ParseAddrPort(address)
			if err != nil {
				return err
			}
			if !h.guard.permits(ap.Addr()) {
				return forbiddenError{ap.Addr()}
			}
			return nil
		}
	}
	conn, err := d.Dial("tcp", key.host)
	if err != nil {
		return nil, err
	}
	if key.https {
		if conn, err = h.secure(conn, name, deadline); err != nil {
			return nil, err
		}
	}
	c := &callConn{Conn: conn}
	c.r = bufio.NewReaderSize(c, 2<<10)
	return c, nil
}

// secure starts TLS.
func (h *httpCaller) secure(conn net.Conn, name string, deadline time.Time) (net.Conn, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if h.tls != nil {
		cfg = h.tls.Clone()
	}
	cfg.ServerName, cfg.NextProtos = name, []string{"http/1.1"}
	secured := tls.Client(conn, cfg)
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// exchange writes the request and reads the answer. stale means that a kept
// connection had been closed before it carried anything back.
func (h *httpCaller) exchange(conn *callConn, key callKey, c *call, u *url.URL, deadline time.Time) (status int, text string, stale bool, err error) {
	_ = conn.SetDeadline(deadline) // fails on a closed connection only, as the write then does
	conn.left = maxAnswerHead
	conn.out = appendRequest(conn.out[:0], c, u)
	if _, err = conn.Write(conn.out); err == nil {
		_, err = conn.r.Peek(1)
	}
	if err != nil {
		_ = conn.Close()
		var late net.Error
		return 0, "", conn.used && !(errors.As(err, &late) && late.Timeout()), err
	}
	status, text, keep, err := readAnswer(conn, c)
	if !keep {
		_ = conn.Close()
		return status, text, false, err
	}
	conn.used = true
	h.put(key, conn)
	return status, text, false, nil
}

// appendRequest appends a request as it goes on the wire.
func appendRequest(out []byte, c *call, u *url.URL) []byte {
	out = append(out, c.method...)
	out = append(out, ' ')
	out = append(out, u.RequestURI()...)
	out = append(out, " HTTP/1.1\r\nHost: "...)
	out = append(out, u.Host...)
	out = append(out, "\r\nUser-Agent: "...)
	out = append(out, cmp.Or(c.agent, callUserAgent)...)
	out = append(out, "\r\n"...)
	if u.User != nil {
		password, _ := u.User.Password()
		out = append(out, "Authorization: Basic "...)
		out = base64.StdEncoding.AppendEncode(out, []byte(u.User.Username()+":"+password))
		out = append(out, "\r\n"...)
	}
	out = append(out, c.header...)
	if c.method == http.MethodPost {
		out = append(out, "Content-Length: "...)
		out = strconv.AppendInt(out, int64(len(c.body)), 10)
		out = append(out, "\r\n"...)
	}
	out = append(out, "\r\n"...)
	return append(out, c.body...)
}

// readAnswer reads one answer; keep tells whether the connection can be used
// again.
func readAnswer(conn *callConn, c *call) (status int, text string, keep bool, err error) {
	for range 5 { // 1xx answers come before the real one (RFC 9110 15.2)
		var answer *http.Response
		if answer, err = http.ReadResponse(conn.r, &http.Request{Method: c.method}); err != nil {
			return 0, "", false, fmt.Errorf("read the answer: %w", err)
		}
		if answer.StatusCode < 200 && answer.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		head, err := io.ReadAll(io.LimitReader(answer.Body, int64(max(c.want, maxAnswerText))))
		more := int64(0)
		if err == nil {
			more, err = io.Copy(io.Discard, answer.Body)
		}
		if c.want > 0 && more == 0 && err == nil {
			c.answered, c.typed, c.head = head, answer.Header.Get("Content-Type"), answer.Header
		}
		head = head[:min(len(head), maxAnswerText)]
		keep := err == nil && !answer.Close && answer.StatusCode >= 200 && conn.r.Buffered() == 0
		return answer.StatusCode, printable(head), keep, nil
	}
	return 0, "", false, errors.New("only preliminary answers came")
}

// printable makes one line of the beginning of an answer.
func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, strings.TrimSpace(strings.ToValidUTF8(string(b), "")))
}

// take returns a kept connection, nil if there is none.
func (h *httpCaller) take(key callKey) *callConn {
	h.mu.Lock()
	defer h.mu.Unlock()
	kept := h.idle[key]
	if len(kept) == 0 {
		return nil
	}
	conn := kept[len(kept)-1]
	h.idle[key] = kept[:len(kept)-1]
	h.count--
	return conn
}

// put keeps a connection for the next call, or closes it when there are enough.
func (h *httpCaller) put(key callKey, conn *callConn) {
	conn.since = time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.done || h.count >= maxIdle || len(h.idle[key]) >= maxIdlePer {
		_ = conn.Close()
		return
	}
	h.idle[key] = append(h.idle[key], conn)
	h.count++
	if h.sweep == nil {
		h.sweep = time.AfterFunc(keepIdle, h.closeOld)
	}
}

// closeOld closes connections that were not used for a while.
func (h *httpCaller) closeOld() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, kept := range h.idle {
		old := 0
		for old < len(kept) && (h.done || time.Since(kept[old].since) >= keepIdle) {
			_ = kept[old].Close()
			old++
		}
		h.count -= old
		if old == len(kept) {
			delete(h.idle, key)
			continue
		}
		h.idle[key] = append(kept[:0], kept[old:]...)
	}
	if h.sweep = nil; h.count > 0 && !h.done {
		h.sweep = time.AfterFunc(keepIdle/2, h.closeOld)
	}
}

// close closes what is kept; calls under way finish.
func (h *httpCaller) close() {
	h.mu.Lock()
	h.done = true
	if h.sweep != nil {
		h.sweep.Stop()
	}
	h.mu.Unlock()
	h.closeOld()
}
