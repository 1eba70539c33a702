package load

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// httpClient sends over one connection that is kept alive, one request at a time. It patches a request that was
// prepared before.
type httpClient struct {
	turns
	host    string
	head    []byte // of a stream, whose request is a chunk
	request []byte
	key     int     // place of the number in the idempotency key; 0 for none
	numbers [][]int // places of the number in the references, per message of the request
	to      []int   // place of the recipient, likewise
	conn    net.Conn
	wire    *wire
	accept  []bool
	hook    *webhook
}

// serveHTTP sends over one connection, and over another when that breaks, until there is nothing more to send; then
// it waits for the end of the run.
func (r *run) serveHTTP(ctx context.Context, number int, hook *webhook) error {
	c := &httpClient{turns: r.turns(number), hook: hook}
	if err := c.build(r.opt.PerRequest); err != nil {
		return err
	}
	defer func() {
		if c.conn != nil {
			c.conn.Close()
		}
	}()
	if err := c.dial(ctx); err != nil && !r.opt.Reconnect {
		return err
	}
	if r.opt.Stream {
		return c.streamed(ctx, c.stream(ctx))
	}
	return c.each(ctx, func(message uint32, n int) error { return c.send(ctx, message, n) })
}

// DeniedError is the end of a run over HTTP whose requests the gateway does not let in.
type DeniedError struct {
	Status int // 401 or 403
}

// Error implements error.
func (e *DeniedError) Error() string {
	if e.Status == http.StatusUnauthorized {
		return "the gateway answers HTTP 401: it does not know the key, or user and password"
	}
	return "the gateway answers HTTP 403: it does not let this account, or this address, send"
}

// send makes one request of n messages and books its answer.
func (c *httpClient) send(ctx context.Context, message uint32, n int) error {
	r := c.run
	defer r.answered.Add(int64(n))
	if n < r.opt.PerRequest { // the last request is shorter
		short := *c
		if err := short.build(n); err != nil {
			return err
		}
		short.conn, short.wire = c.conn, c.wire
		defer func() { c.conn, c.wire = short.conn, short.wire }()
		return short.exchange(ctx, message, n)
	}
	return c.exchange(ctx, message, n)
}

// exchange writes the request and reads the answer. A connection that the server had closed meanwhile is replaced
// once, if nothing of an answer has come.
func (c *httpClient) exchange(ctx context.Context, message uint32, n int) error {
	c.patch(message, n)
	fresh := c.conn == nil
	for {
		if c.conn == nil {
			if err := c.dial(ctx); err != nil {
				return err
			}
		}
		c.conn.SetDeadline(time.Now().Add(c.run.opt.AnswerTime))
		_, err := c.conn.Write(c.request)
		var h head
		var body []byte
		if err == nil {
			h, body, err = c.wire.read()
		}
		if err != nil {
			c.conn.Close()
			c.conn = nil
			if fresh || !errors.Is(err, io.EOF) {
				return err
			}
			fresh = true
			continue
		}
		if h.closing {
			c.conn.Close()
			c.conn = nil
		}
		code := status(h.first)
		c.book(message, n, code, body)
		if code == http.StatusUnauthorized || code == http.StatusForbidden {
			return &DeniedError{Status: code}
		}
		return nil
	}
}

func (c *httpClient) dial(ctx context.Context) error {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", c.host)
	if err != nil {
		return err
	}
	c.conn, c.wire = conn, newWire(conn)
	return nil
}

// book counts what became of the messages of a request.
func (c *httpClient) book(message uint32, n, code int, body []byte) {
	now := c.run.now()
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	if code/100 != 2 {
		for i := range n {
			c.tally.refused(message+uint32(i), "HTTP "+strconv.Itoa(code), now)
		}
		return
	}
	if n == 1 {
		c.tally.accepted(message, now)
		return
	}
	c.accept = append(c.accept[:0], make([]bool, n)...)
	for {
		_, rest, found := bytes.Cut(body, []byte(`"index":`))
		if !found {
			break
		}
		end := bytes.IndexAny(rest, ",}")
		if i, err := strconv.Atoi(string(rest[:max(0, end)])); err == nil && i < n && bytes.HasPrefix(rest[end:], []byte(`,"id"`)) {
			c.accept[i] = true
		}
		body = rest
	}
	for i, ok := range c.accept {
		if ok {
			c.tally.accepted(message+uint32(i), now)
		} else {
			c.tally.refused(message+uint32(i), "HTTP "+strconv.Itoa(code)+", but not this message", now)
		}
	}
}

// patch writes numbers and recipients of the messages into the request.
func (c *httpClient) patch(message uint32, n int) {
	r := c.run
	if c.key > 0 {
		putNumber(c.request[c.key:c.key+numberLen], uint64(message))
	}
	for i := range n {
		for _, at := range c.numbers[i] {
			putNumber(c.request[at:at+numberLen], uint64(message)+uint64(i))
		}
		r.opt.recipient(c.request[c.to[i]:c.to[i]+r.digits], r.first, message+uint32(i))
	}
}

// build writes a request of n messages and notes the places to patch.
func (c *httpClient) build(n int) error {
	o := &c.run.opt
	u, err := url.Parse(o.Address)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	c.host = u.Host
	if u.Port() == "" {
		c.host += ":80"
	}
	to := strings.Repeat("_", c.run.digits) // in no reference and no filler, and the same in an address
	if o.Kind == Kannel {
		c.request = c.kannel(u, to)
	} else if c.request, err = c.rest(u, to, n); err != nil {
		return err
	}
	c.places(to, n)
	return nil
}

// places notes the places to patch.
func (c *httpClient) places(to string, n int) {
	c.numbers, c.to = make([][]int, n), make([]int, n)
	placeholder := []byte(c.run.name + "-" + strings.Repeat("0", numberLen))
	at, toAt := 0, 0
	if c.run.opt.Idempotent {
		c.key = bytes.Index(c.request, placeholder) + runLen + 1
		at = c.key + numberLen
	}
	each := bytes.Count(c.request[at:], placeholder) / n
	for i := range n {
		for range each {
			at += bytes.Index(c.request[at:], placeholder)
			c.numbers[i] = append(c.numbers[i], at+runLen+1)
			at += len(placeholder)
		}
		toAt += bytes.Index(c.request[toAt:], []byte(to))
		c.to[i] = toAt
		toAt += len(to)
	}
}

// restMessage is a message of POST /v1/messages.
type restMessage struct {
	To        string `json:"to"`
	From      string `json:"from"`
	Text      string `json:"text"`
	Reference string `json:"reference,omitempty"`
	Webhook   string `json:"webhook,omitempty"`
	Receipts  string `json:"receipts,omitempty"`
}

// rest makes a request to POST /v1/messages.
func (c *httpClient) rest(u *url.URL, to string, n int) ([]byte, error) {
	o := &c.run.opt
	text := o.text(c.run.name)
	m := restMessage{To: "+" + to, From: o.From, Text: text, Receipts: "none"}
	if o.Receipts {
		m.Reference, m.Webhook, m.Receipts = text[:referenceLen], c.hook.address("/"), "final"
	}
	var body []byte
	var err error
	media := "application/json"
	switch {
	case o.Stream:
		media = "application/x-ndjson"
		if body, err = json.Marshal(m); err == nil {
			body = bytes.Repeat(append(body, '\n'), n)
		}
	case o.PerRequest == 1:
		body, err = json.Marshal(m)
	default:
		list := make([]restMessage, n)
		for i := range list {
			list[i] = m
		}
		body, err = json.Marshal(map[string]any{"messages": list})
	}
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	head := fmt.Appendf(nil, "POST %s/v1/messages HTTP/1.1\r\nHost: %s\r\n%s\r\nContent-Type: %s\r\n", strings.TrimSuffix(u.Path, "/"), u.Host, o.authorization(), media)
	if o.Idempotent {
		head = fmt.Appendf(head, "Idempotency-Key: %s\r\n", text[:referenceLen])
	}
	if o.Stream {
		c.head = append(head, "Transfer-Encoding: chunked\r\n\r\n"...)
		return append(fmt.Appendf(nil, "%x\r\n", len(body)), append(body, "\r\n"...)...), nil // a chunk
	}
	return append(fmt.Appendf(head, "Content-Length: %d\r\n\r\n", len(body)), body...), nil
}

// authorization is the header by which REST knows the account.
func (o *Options) authorization() string {
	if o.Key == "" {
		return "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(o.SystemID+":"+o.Password))
	}
	return "Authorization: Bearer " + o.Key
}

// kannel makes a request to sendsms. The recipient's placeholder survives the encoding of the address.
func (c *httpClient) kannel(u *url.URL, to string) []byte {
	o := &c.run.opt
	q := url.Values{"username": {o.SystemID}, "password": {o.Password}, "to": {to}, "from": {o.From}, "text": {o.text(c.run.name)}}
	if o.Receipts {
		const delivered, undelivered, rejected = 1, 2, 16
		q.Set("dlr-mask", strconv.Itoa(delivered|undelivered|rejected))
		q.Set("dlr-url", c.hook.address("/kannel?reference="+c.run.name+"-"+strings.Repeat("0", numberLen)+"&state=%d"))
	}
	path := strings.TrimSuffix(u.Path, "/")
	if path == "" {
		path = "/cgi-bin/sendsms"
	}
	return fmt.Appendf(nil, "GET %s?%s HTTP/1.1\r\nHost: %s\r\n\r\n", path, q.Encode(), u.Host)
}
