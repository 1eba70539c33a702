package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// written is some lines of a stream that were written at once: the number of the first message, and how many.
type written struct {
	message uint32
	n       int
}

// stream sends one request with a message in each line, and reads a result for each at the same time, in order.
func (c *httpClient) stream(ctx context.Context) error {
	r := c.run
	if c.conn == nil {
		return errors.New("no connection")
	}
	c.conn.SetDeadline(time.Now().Add(r.opt.AnswerTime))
	if _, err := c.conn.Write(c.head); err != nil {
		return err
	}
	lines := make(chan written, r.opt.Window/r.opt.PerRequest) // those without a result: its size is the window
	ended := make(chan error, 1)
	stopped, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		ended <- c.results(lines)
	}()
	err := c.writeLines(stopped, lines)
	if err != nil {
		c.conn.Close()
	}
	close(lines)
	return errors.Join(<-ended, err)
}

// streamed waits for the end of the run when a stream is over, and books why it ended early.
func (c *httpClient) streamed(ctx context.Context, err error) error {
	if denied := (*DeniedError)(nil); errors.As(err, &denied) {
		c.run.stop()
		return err
	}
	if err != nil && ctx.Err() == nil {
		c.tally.mu.Lock()
		c.tally.failed("stream: " + plain(err))
		c.tally.mu.Unlock()
		return err
	}
	<-ctx.Done()
	return nil
}

// writeLines writes until there is nothing more to send.
func (c *httpClient) writeLines(ctx context.Context, lines chan<- written) error {
	short := *c
	for {
		due, n, more := c.next(ctx)
		if !more {
			_, err := c.conn.Write([]byte("0\r\n\r\n"))
			return err
		}
		select {
		case lines <- written{due.message, n}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if c.run.opt.Rate == 0 { // room was waited for
			now := c.run.now()
			for i := range n {
				c.run.ledger.sending(due.message+uint32(i), now)
			}
		}
		from := c
		if n < c.run.opt.PerRequest { // the last lines
			if err := short.build(n); err != nil {
				return err
			}
			from = &short
		}
		from.patch(due.message, n)
		c.conn.SetDeadline(time.Now().Add(c.run.opt.AnswerTime))
		if _, err := c.conn.Write(from.request); err != nil {
			return err
		}
	}
}

// results books the results of lines until the last one.
func (c *httpClient) results(lines <-chan written) error {
	from := bufio.NewReaderSize(c.conn, 64<<10)
	resp, err := http.ReadResponse(from, nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		c.booked(lines, "HTTP "+strconv.Itoa(resp.StatusCode))
		if resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden {
			return &DeniedError{Status: resp.StatusCode}
		}
		return fmt.Errorf("the stream was answered with %s", resp.Status)
	}
	body := bufio.NewReaderSize(httputil.NewChunkedReader(from), 64<<10)
	for w := range lines {
		c.tally.mu.Lock()
		now := c.run.now()
		for i := range w.n {
			if body.Buffered() == 0 { // the next one is still to come
				c.tally.mu.Unlock()
				_, err = body.Peek(1)
				c.tally.mu.Lock()
				now = c.run.now()
			}
			var line []byte
			if err == nil {
				line, err = body.ReadSlice('\n')
			}
			if err != nil || bytes.HasPrefix(line, []byte(`{"summary":`)) {
				c.tally.mu.Unlock()
				return fmt.Errorf("the stream ended early: %w: %s", errors.Join(io.ErrUnexpectedEOF, err), line)
			}
			message := w.message + uint32(i)
			if bytes.Contains(line, []byte(`,"id":"`)) {
				c.tally.accepted(message, now)
			} else {
				c.tally.refused(message, "in the stream: "+codeOf(line), now)
			}
		}
		c.tally.mu.Unlock()
		c.run.answered.Add(int64(w.n))
	}
	return nil
}

// booked books lines that are not answered one by one.
func (c *httpClient) booked(lines <-chan written, why string) {
	for w := range lines {
		c.tally.mu.Lock()
		for i := range w.n {
			c.tally.refused(w.message+uint32(i), why, c.run.now())
		}
		c.tally.mu.Unlock()
		c.run.answered.Add(int64(w.n))
	}
}

// codeOf returns the code of a line with an error.
func codeOf(line []byte) string {
	_, rest, _ := bytes.Cut(line, []byte(`"code":"`))
	code, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(code)
}
