package api

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// AnswerListener returns a listener for NewHTTPServer whose connections say in
// the interface's own words what net/http answers by itself, in plain text,
// before any handler sees the request: a head that is no HTTP (400) or too long
// (431). It is the outermost one, around TLS.
func AnswerListener(l net.Listener) net.Listener { return answerListener{l} }

type answerListener struct{ net.Listener }

// Accept returns the next connection.
func (l answerListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return AnswerConn(c), nil
}

// AnswerConn returns one such connection.
func AnswerConn(c net.Conn) net.Conn { return &answerConn{Conn: c} }

// answerConn replaces answers of net/http's own. The server reads and writes a
// connection at different times, so the field needs no lock: an answer follows
// the reading of the request.
type answerConn struct {
	net.Conn
	kannel bool // the last request that began with a read was for Kannel's paths
}

// Read notes which interface a request is for.
func (c *answerConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if target, ok := requestTarget(p[:n]); ok {
		c.kannel = bytes.HasPrefix(target, []byte("/cgi-bin/"))
	}
	return n, err
}

// requestTarget returns what follows the method if b begins with a request
// line (RFC 9112 3).
func requestTarget(b []byte) ([]byte, bool) {
	for i := range min(len(b), len("OPTIONS ")) {
		if b[i] == ' ' {
			return b[i+1:], i > 0 && i+1 < len(b) && b[i+1] == '/'
		}
		if b[i] < 'A' || b[i] > 'Z' {
			break
		}
	}
	return nil, false
}

// ownHead is how net/http's own answers go on behind their first line, and no
// other answer does: handlers' have a Date.
var ownHead = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// Write writes an answer, another one in place of net/http's own.
func (c *answerConn) Write(p []byte) (int, error) {
	const version = "HTTP/1.1 "
	line := bytes.IndexByte(p, '\r')
	if line < len(version)+3 || !bytes.HasPrefix(p[line:], ownHead) || string(p[:len(version)]) != version {
		return c.Conn.Write(p)
	}
	status, err := strconv.Atoi(string(p[len(version) : len(version)+3]))
	if err != nil {
		return c.Conn.Write(p)
	}
	if _, err := c.Conn.Write(c.own(status, string(p[line+len(ownHead):]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// own is the answer in place of net/http's, which said text.
func (c *answerConn) own(status int, text string) []byte {
	media, body := "text/html", kannelNoSuch
	if !c.kannel {
		media = "application/problem+json"
		_, why, found := strings.Cut(text, ": ")
		if !found {
			why = "the request is malformed"
		}
		p := &problem{Status: status, Code: codeBadRequest, Detail: why}
		if status == http.StatusRequestHeaderFieldsTooLarge {
			p.Code, p.Detail = codeTooLarge, "the head of the request is larger than "+sizeText(maxHeader)
		}
		body = string(p.append(nil))
	}
	return []byte("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\nContent-Type: " + media +
		"\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n" + body)
}
