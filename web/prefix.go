package web

import (
	"bytes"
	"net/http"
	"strings"
)

// addressed are the attributes whose values are addresses. Those of others, such as value, may be what people wrote.
func addressed() []string {
	return []string{"href", "src", "action", "formaction", "hx-get", "hx-post", "hx-delete", "hx-push-url", "sse-connect", "data-url", "data-suggest", "data-href", "data-src", "data-stream"}
}

// prefixed writes answers for a browser that reaches the pages below a path: pages are made with addresses from the root, and get
// the path in front here, all in one place. What people wrote cannot look like an attribute: html/template writes a quotation
// mark of theirs as &#34;.
type prefixed struct {
	http.ResponseWriter
	prefix string
	began  bool
	placed bool // what is written has the path already
}

// place puts the path into a page before it is written, which may compress it.
func (p *prefixed) place(page []byte) []byte {
	p.placed = true
	return below(page, p.prefix, `="`)
}

// Unwrap lets http.ResponseController reach what is behind it.
func (p *prefixed) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// WriteHeader writes the head, with the addresses in it.
func (p *prefixed) WriteHeader(status int) {
	if !p.began {
		p.began = true
		for _, name := range []string{"Location", "Hx-Redirect", "Hx-Location", "Hx-Push-Url"} {
			if to := p.Header().Get(name); isPath(to) {
				p.Header().Set(name, p.prefix+to)
			}
		}
	}
	p.ResponseWriter.WriteHeader(status)
}

// Write writes a piece of the body, of which a page has one.
func (p *prefixed) Write(body []byte) (int, error) {
	if !p.began {
		p.WriteHeader(http.StatusOK)
	}
	kind, _, _ := strings.Cut(p.Header().Get("Content-Type"), ";")
	value := `="`
	switch {
	case p.placed || kind != "text/html" && kind != eventStream:
		return p.ResponseWriter.Write(body)
	case kind == eventStream:
		value = `=\"` // pieces of pages come as JSON
	}
	if _, err := p.ResponseWriter.Write(below(body, p.prefix, value)); err != nil {
		return 0, err
	}
	return len(body), nil
}

// isPath tells whether an address is a path of this server, not another server.
func isPath(to string) bool {
	return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
}

// below puts a path in front of the addresses of a page, in which the values of attributes begin so.
func below(body []byte, prefix, value string) []byte {
	var out bytes.Buffer
	out.Grow(len(body) + 1024)
	for {
		at := bytes.Index(body, []byte(value+"/"))
		if at < 0 {
			out.Write(body)
			return out.Bytes()
		}
		rest := at + len(value)
		out.Write(body[:rest])
		if isAddress(body[:at]) && !bytes.HasPrefix(body[rest:], []byte("//")) {
			out.WriteString(prefix)
		}
		body = body[rest:]
	}
}

// isAddress tells whether what stands before the value of an attribute ends with the name of one that has an address.
func isAddress(before []byte) bool {
	name := before[bytes.LastIndexAny(before, " \n\t<>\"'")+1:]
	name = bytes.TrimPrefix(name, []byte(`\n`)) // a line of a piece that comes as JSON
	for _, known := range addressed() {
		if string(name) == known {
			return true
		}
	}
	return false
}
