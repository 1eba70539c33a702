package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"time"
)

// asset is a file beside the pages.
type asset struct {
	body    []byte
	version string // changes with the body
}

func (s *Server) readAssets() error {
	entries, err := fs.ReadDir(files, "static")
	if err != nil {
		return err
	}
	for _, e := range entries {
		body, err := fs.ReadFile(files, "static/"+e.Name())
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		s.assets[e.Name()] = asset{body, hex.EncodeToString(sum[:6])}
	}
	return nil
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
	http.ServeContent(v.w, v.r, name, time.Time{}, bytes.NewReader(a.body))
}
