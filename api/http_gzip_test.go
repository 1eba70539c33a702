package api

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/message"
)

func zip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// Bodies may be compressed; the limit is on what comes out.
func TestZippedBody(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.MaxBody = 64 << 10
	h := NewHTTP(o)
	const good = `{"to":"1","text":"x"}`
	broken := []byte(zip(strings.Repeat(good, 100)))
	broken[len(broken)/2] ^= 0xff
	for _, c := range []struct {
		name, coding, body string
		status             int
		code               string
	}{
		{"gzip", "gzip", zip(good), 202, ""},
		{"its other name", "X-GZIP", zip(good), 202, ""},
		{"two members", "gzip", zip(good[:7]) + zip(good[7:]), 202, ""},
		{"not compressed", "Identity", good, 202, ""},
		{"not gzip", "gzip", good, 400, "content_encoding"},
		{"broken", "gzip", string(broken), 400, "content_encoding"},
		{"cut", "gzip", zip(good)[:20], 400, "bad_value"},
		{"nothing", "gzip", "", 400, "bad_json"},
		{"up to the limit", "gzip", zip(good + strings.Repeat(" ", 64<<10-len(good))), 202, ""},
		{"one octet more", "gzip", zip(good + strings.Repeat(" ", 64<<10-len(good)+1)), 413, "too_large"},
		{"another coding", "br", good, 415, "content_encoding"},
		{"one around the other", "gzip, gzip", zip(zip(good)), 415, "content_encoding"},
	} {
		w := asAcme(h, "POST", "/v1/messages", c.body, "Content-Encoding", c.coding)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		} else if c.code != "" && readProblemDocument(t, w).Code != c.code {
			t.Errorf("%s: %s", c.name, w.Body)
		}
		if c.status == 415 && w.Header().Get("Accept-Encoding") != "gzip, identity" {
			t.Errorf("%s: %v", c.name, w.Header())
		}
	}
	stream := strings.Repeat(goodLine, 2000)
	w := asAcme(h, "POST", "/v1/messages", zip(stream), append(ndjson, "Content-Encoding", "gzip")...)
	if lines, sum := readStream(t, w.Body.String()); len(lines) != 2000 || !sum.Complete {
		t.Errorf("stream: %d lines, %+v", len(lines), sum)
	}
	w = asAcme(h, "POST", "/v1/messages", zip(stream)[:100], append(ndjson, "Content-Encoding", "gzip")...)
	if _, sum := readStream(t, w.Body.String()); sum.Complete || sum.Code != "bad_value" {
		t.Errorf("stream that is cut: %+v", sum)
	}
	w = ask(h, "POST", "/cgi-bin/sendsms", zip("username=acme&password=secret&to=1&text=x"), "Content-Encoding", "gzip", "Content-Type", "application/x-www-form-urlencoded")
	if w.Code != 202 {
		t.Errorf("sendsms: %d %s", w.Code, w.Body)
	}
	w = ask(h, "POST", "/cgi-bin/sendsms", "x", "Content-Encoding", "br", "Content-Type", "text/plain")
	if w.Code != 415 || w.Body.String() != "Unsupported content-type, rejected" {
		t.Errorf("sendsms: %d %s", w.Code, w.Body)
	}
	if n := h.(*httpServer).bodies.inUse(); n != 0 {
		t.Errorf("%d octets of bodies are still counted", n)
	}
}

// Answers are compressed when they are large and the client takes it, and those of
// dialects never.
func TestZippedAnswer(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.Messages = func(_ context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
		list := make([]*message.Message, min(f.Limit, 50))
		for i := range list {
			list[i] = &message.Message{ID: message.ID(i + 1), Account: "acme", Content: message.Content{Text: "hello"}}
		}
		return list, 0, nil
	}
	h := NewHTTP(o)
	var many strings.Builder
	for i := range 500 {
		fmt.Fprintf(&many, `,{"to":"+4670%07d","text":"x"}`, i)
	}
	batch := `{"messages":[` + many.String()[1:] + `]}`
	for _, c := range []struct {
		method, target, body, accept string
		zipped                       bool
	}{
		{"GET", "/v1/messages?limit=50", "", "gzip, deflate, br", true},
		{"GET", "/v1/messages?limit=50&format=ndjson", "", "gzip", true},
		{"GET", "/v1/messages?limit=50&format=csv", "", "gzip", true},
		{"GET", "/v1/messages?limit=50", "", "", false},
		{"GET", "/v1/messages?limit=50", "", "gzip;q=0", false},
		{"GET", "/v1/messages?limit=1", "", "gzip", false},
		{"POST", "/v1/messages", batch, "gzip", true},
		{"POST", "/v1/messages", `{"to":"1","text":"x"}`, "gzip", false},
		{"GET", "/cgi-bin/sendsms?" + strings.Repeat("x", 4000), "", "gzip", false},
	} {
		plain := asAcme(h, c.method, c.target, c.body)
		w := asAcme(h, c.method, c.target, c.body, "Accept-Encoding", c.accept)
		if zipped := w.Header().Get("Content-Encoding") == "gzip"; zipped != c.zipped {
			t.Errorf("%s %.60s, %q: compressed %v", c.method, c.target, c.accept, zipped)
			continue
		}
		if dialect := strings.HasPrefix(c.target, "/cgi-bin"); dialect && w.Header().Get("Vary") != "" {
			t.Errorf("%.40s: Vary %q", c.target, w.Header().Get("Vary"))
		}
		if !c.zipped {
			continue
		}
		gz, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(gz)
		if err != nil || len(body) != plain.Body.Len() || w.Header().Get("Vary") != "Accept-Encoding" || w.Code != plain.Code {
			t.Errorf("%s %s: %d octets, want %d, %v %v", c.method, c.target, len(body), plain.Body.Len(), err, w.Header())
		}
	}
	if worthZipping("text/event-stream") || worthZipping("application/octet-stream") {
		t.Error("streams of events are kept back to be compressed")
	}
}

// A bomb is not unpacked further than the limit.
func TestBombIsNotUnpacked(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.MaxBody = 1 << 20
	s := NewHTTP(o).(*httpServer)
	r := httptest.NewRequest("POST", "/v1/messages", strings.NewReader(zip(strings.Repeat("x", 32<<20))))
	r.Header.Set("Content-Encoding", "gzip")
	if r.ContentLength > s.MaxBody {
		t.Fatalf("the bomb has %d octets", r.ContentLength)
	}
	before := s.bodies.inUse()
	if _, p := s.readBody(httptest.NewRecorder(), r, nil); p == nil || p.Code != codeTooLarge {
		t.Errorf("%v", p)
	}
	rest, _ := io.ReadAll(r.Body)
	if len(rest) == 0 {
		t.Error("all of it was read")
	}
	if s.bodies.inUse() != before {
		t.Error("octets are still counted")
	}
}
