package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// asset is a file beside the pages.
type asset struct {
	body    []byte
	zipped  func() []byte // with gzip, made when it is first asked for; nil where that is no shorter
	version string        // changes with the body
}

// readAssets gives the files by name.
func readAssets() (map[string]asset, error) {
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return nil, fmt.Errorf("list the files beside the pages: %w", err)
	}
	assets := map[string]asset{}
	for _, e := range entries {
		body, err := fs.ReadFile(files, "static/"+e.Name())
		if err != nil {
			return nil, fmt.Errorf("read the files beside the pages: %w", err)
		}
		sum := sha256.Sum256(body)
		assets[e.Name()] = asset{body, sync.OnceValue(func() []byte { return squeezedBest(body) }), hex.EncodeToString(sum[:6])}
	}
	return assets, nil
}

// squeezedBest compresses as well as can be what is kept.
func squeezedBest(body []byte) []byte {
	w, err := gzip.NewWriterLevel(nil, gzip.BestCompression)
	if err != nil {
		return nil
	}
	return squeezed(w, body)
}

// zippedFrom is how many octets an answer has before it is compressed: less fits into one packet anyway.
const zippedFrom = 1400

// squeezed compresses with a writer that is free; nil where that is not worth it.
func squeezed(w *gzip.Writer, body []byte) []byte {
	if len(body) < zippedFrom {
		return nil
	}
	var out bytes.Buffer
	w.Reset(&out)
	if _, err := w.Write(body); err != nil || w.Close() != nil || out.Len() >= len(body) {
		return nil
	}
	return out.Bytes()
}

// zipPage is zip for what is made anew each time.
func (s *Server) zipPage(page []byte) []byte {
	w, free := s.zippers.Get().(*gzip.Writer)
	if !free {
		var err error
		if w, err = gzip.NewWriterLevel(nil, gzip.BestSpeed); err != nil {
			return nil
		}
	}
	defer s.zippers.Put(w)
	return squeezed(w, page)
}

// zips tells whether the browser takes what is compressed with gzip, and says that the answer depends on that.
func (v *visit) zips() bool {
	v.w.Header().Add("Vary", "Accept-Encoding")
	return strings.Contains(v.r.Header.Get("Accept-Encoding"), "gzip")
}

// asset serves a file; one that is asked for by its version does not change.
func (v *visit) asset() {
	name := v.r.PathValue("file")
	a, known := v.assets[name]
	if !known {
		http.NotFound(v.w, v.r)
		return
	}
	if v.r.URL.Query().Get("v") == a.version {
		v.w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := a.body
	if v.zips() {
		if zipped := a.zipped(); zipped != nil {
			body = zipped
			v.w.Header().Set("Content-Encoding", "gzip")
		}
	}
	http.ServeContent(v.w, v.r, name, time.Time{}, bytes.NewReader(body))
}

// writePage answers with a page that has been made, compressed where that is worth it.
func (v *visit) writePage(status int, page []byte) {
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if p, below := v.w.(*prefixed); below {
		page = p.place(page)
	}
	if v.zips() {
		if zipped := v.zipPage(page); zipped != nil {
			v.w.Header().Set("Content-Encoding", "gzip")
			page = zipped
		}
	}
	v.w.WriteHeader(status)
	_, _ = v.w.Write(page) // a client that has gone needs no answer
}
