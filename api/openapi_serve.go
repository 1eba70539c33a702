package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
)

// madeDocument is /openapi.json for an address of the server.
type madeDocument struct {
	base string
	keptFile
}

// getDocument serves /openapi.json, to everybody: it says nothing that is not in
// the handbook. It is made when it is first asked for, and when the address of the
// server is another.
func (s *httpServer) getDocument() http.HandlerFunc {
	var made atomic.Pointer[madeDocument]
	return func(w http.ResponseWriter, r *http.Request) {
		if p := readOnly(r); p != nil {
			p.write(w)
			return
		}
		doc, base := made.Load(), s.Settings().Base
		if doc == nil || doc.base != base {
			body, err := marshal(s.document())
			if err != nil {
				(&problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the document could not be written"}).write(w)
				return
			}
			doc = &madeDocument{base, keep(jsonMedia, body)}
			made.Store(doc)
		}
		doc.serve(w, r)
	}
}

// keptFile is what is the same for all who ask, which may keep it and ask whether
// it is still so.
type keptFile struct {
	media, tag string
	body       []byte
}

func keep(media string, body []byte) keptFile {
	sum := sha256.Sum256(body)
	return keptFile{media, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, body}
}

func (f *keptFile) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", f.tag)
	h.Set("Cache-Control", "no-cache")
	if matches(r, f.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.media)
	h.Set("Content-Length", strconv.Itoa(len(f.body)))
	_, _ = w.Write(f.body) // net/http keeps it back from HEAD; a client that has gone needs no answer
}

// readOnly is the problem of another method than GET and HEAD; nil for these.
func readOnly(r *http.Request) *problem {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	return &problem{
		Status: http.StatusMethodNotAllowed, Code: codeMethod, Allow: "GET, HEAD",
		Detail: r.Method + " is not possible here; GET is",
	}
}

// matches tells whether who asks has what bears the tag (RFC 9110 13.1.2).
func matches(r *http.Request, tag string) bool {
	for have := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if have = strings.TrimSpace(have); have == "*" || strings.TrimPrefix(have, "W/") == tag {
			return true
		}
	}
	return false
}
