package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// head is what matters in the head of an HTTP request or response.
type head struct {
	first   []byte // request line or status line; valid until the next read
	length  int    // of the body; -1 for chunked
	closing bool
}

// wire reads HTTP/1.1 from one connection with buffers of its own: a client and a server in as little as this
// generator needs of them.
type wire struct {
	in    *bufio.Reader
	first []byte
	body  []byte
}

func newWire(r io.Reader) *wire { return &wire{in: bufio.NewReaderSize(r, 32<<10)} }

// maxHTTPBody is the longest body that is read.
const maxHTTPBody = 64 << 20

// read reads one request or response with its body; both are valid until the next call.
func (w *wire) read() (h head, body []byte, err error) {
	line, err := w.line()
	if err != nil {
		return h, nil, err
	}
	w.first = append(w.first[:0], line...)
	h.first = w.first
	for {
		if line, err = w.line(); err != nil {
			return h, nil, noEOF(err)
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if h.length, err = strconv.Atoi(string(value)); err != nil || h.length < 0 || h.length > maxHTTPBody {
				return h, nil, fmt.Errorf("content-length %q", value)
			}
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			h.length = -1
		case bytes.EqualFold(name, []byte("connection")):
			h.closing = bytes.EqualFold(value, []byte("close"))
		}
	}
	w.body = w.body[:0]
	if h.length >= 0 {
		err = w.more(h.length)
	} else {
		err = w.chunks()
	}
	return h, w.body, noEOF(err)
}

// noEOF makes an end in the middle an error of its own.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// line reads one line without its end.
func (w *wire) line() ([]byte, error) {
	line, err := w.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// more appends so many octets to the body.
func (w *wire) more(n int) error {
	start := len(w.body)
	if cap(w.body) < start+n {
		w.body = append(make([]byte, 0, 2*(start+n)), w.body...)
	}
	w.body = w.body[:start+n]
	_, err := io.ReadFull(w.in, w.body[start:])
	return err
}

// chunks reads a body in chunks.
func (w *wire) chunks() error {
	for {
		line, err := w.line()
		if err != nil {
			return err
		}
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimSpace(size)), 16, 31)
		if err != nil || int(n)+len(w.body) > maxHTTPBody {
			return fmt.Errorf("chunk of %q octets", size)
		}
		if err := w.more(int(n)); err != nil {
			return err
		}
		if _, err := w.line(); err != nil || n == 0 {
			return err
		}
	}
}

// status reads the code out of a status line, 0 if it has none.
func status(line []byte) int {
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
		return 0
	}
	code, _ := strconv.Atoi(string(line[9:12]))
	return code
}
