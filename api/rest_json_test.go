package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/message"
)

// The reader agrees with encoding/json on what is JSON, and takes every string
// for the same text.
func FuzzJSONReader(f *testing.F) {
	for _, seed := range []string{
		`{"to":"1","text":"x"}`, `{"to":["1","2"],"text":"\u00e5\ud83d\ude00","flash":false,"atomic":true}`,
		`{"messages":[{"to":"1","text":"a"},{"to":[],"text":"b"}]}`, ` {"text" : "\"\\\/\b\f\n\r\t" } `, `{`, `{"to":[`, `{"a":1}`, `{"text":"\ud800"}`,
		`{"to":"1","class":01}`, `{"text":"x","ports":{"to":00}}`, `{"text":"x","max_parts":012}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		req, p := readRequest(in)
		if p != nil {
			if p.Status < 400 || p.Detail == "" {
				t.Errorf("problem %+v", p)
			}
			if !json.Valid(p.append(nil)) {
				t.Errorf("the problem document is no JSON: %s", p.append(nil))
			}
			return
		}
		type one struct {
			To        any
			From      string
			Text      string
			Reference string
		}
		var want struct {
			one
			Messages []one
		}
		if err := json.Unmarshal(in, &want); err != nil {
			t.Fatalf("read %+v where encoding/json says %v", req, err)
		}
		if !req.several {
			want.Messages = []one{want.one}
		}
		for i, m := range req.messages {
			if w := want.Messages[i]; m.text != w.Text || m.from != w.From || m.reference != w.Reference {
				t.Errorf("read %+v, want %+v", m, w)
			}
		}
	})
}

// discard is a ResponseWriter that keeps nothing.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

func BenchmarkPostMessages(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("to=%d", n), func(b *testing.B) {
			o := (&fakeGateway{}).options()
			o.Accept = func(subs []*gateway.Submission, done gateway.Done) {
				results := make([]gateway.Result, len(subs))
				for i := range results {
					results[i] = gateway.Result{ID: message.ID(i + 1), To: message.Address{Number: subs[i].To}, Parts: 1}
				}
				done(results)
			}
			h := NewHTTP(o)
			body := []byte(`{"to":["` + strings.Join(slices.Repeat([]string{"+46701234567"}, n), `","`) + `"],"from":"ACME","text":"` + strings.Repeat("x", 100) + `"}`)
			r := httptest.NewRequest("POST", "/v1/messages", nil)
			r.Header.Set("Authorization", "Bearer acme-key")
			r.Header.Set("Content-Type", "application/json")
			reader := bytes.NewReader(body)
			r.Body = http.NoBody
			w := &discard{h: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				reader.Reset(body)
				r.Body = struct {
					*bytes.Reader
					nopClose
				}{reader, nopClose{}}
				r.ContentLength = int64(len(body))
				h.ServeHTTP(w, r)
			}
		})
	}
}

type nopClose struct{}

func (nopClose) Close() error { return nil }
