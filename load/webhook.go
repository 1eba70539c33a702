package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"time"
)

// webhook listens for receipts over HTTP, acknowledges and counts them.
type webhook struct {
	run      *run
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	shut  bool
}

// maxHooks is the number of connections at a time.
const maxHooks = 1000

// listen opens the address for receipts.
func (r *run) listen() (*webhook, error) {
	address := r.opt.Webhook
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("load: listen for receipts on %s: %w", address, err)
	}
	h := &webhook{run: r, listener: l, conns: map[net.Conn]struct{}{}}
	h.wg.Go(h.accept)
	return h, nil
}

// address is that of a path on the listener.
func (h *webhook) address(path string) string { return "http://" + h.listener.Addr().String() + path }

func (h *webhook) accept() {
	for {
		conn, err := h.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(50 * time.Millisecond) // out of file descriptors, for instance
			continue
		}
		h.mu.Lock()
		if h.shut || len(h.conns) >= maxHooks {
			h.mu.Unlock()
			conn.Close()
			continue
		}
		h.conns[conn] = struct{}{}
		h.mu.Unlock()
		h.wg.Go(func() {
			h.serve(conn)
			conn.Close()
			h.mu.Lock()
			delete(h.conns, conn)
			h.mu.Unlock()
		})
	}
}

// close ends all connections.
func (h *webhook) close() {
	h.listener.Close()
	h.mu.Lock()
	h.shut = true
	for conn := range h.conns {
		conn.Close()
	}
	h.mu.Unlock()
	h.wg.Wait()
}

// serve answers the requests of one connection.
func (h *webhook) serve(conn net.Conn) {
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	t := h.run.tally()
	w := newWire(conn)
	for {
		head, body, err := w.read()
		if err != nil {
			if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
				t.mu.Lock()
				t.failed("receipt: " + plain(err))
				t.mu.Unlock()
			}
			return
		}
		h.book(t, head.first, body)
		if _, err := io.WriteString(conn, ok); err != nil || head.closing {
			return
		}
	}
}

// book counts the receipt of one request.
func (h *webhook) book(t *tally, line, body []byte) {
	r := h.run
	reference, state := quoted(body, `"reference":"`), quoted(body, `"state":"`)
	if _, query, ok := bytes.Cut(line, []byte("?")); ok && bytes.HasPrefix(line, []byte("GET /kannel?")) {
		query, _, _ = bytes.Cut(query, []byte(" "))
		if q, err := url.ParseQuery(string(query)); err == nil {
			reference, state = []byte(q.Get("reference")), []byte("dlr "+q.Get("state"))
		}
	}
	now := r.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	message, ok := numberOf(reference, r.name)
	if !ok || message >= r.sent() {
		t.unknown++
		return
	}
	t.state(string(state))
	t.receipted(message, now)
}

// quoted gives the string that follows a key in JSON; words and references have nothing that is escaped.
func quoted(body []byte, key string) []byte {
	_, rest, ok := bytes.Cut(body, []byte(key))
	if !ok {
		return nil
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return value
}
