package api

import (
	"cmp"
	"embed"
	"net/http"
	"path"
	"sync"
)

// docsFiles are the page that shows /openapi.json: Swagger UI (npm swagger-ui-dist
// 5.35.0, Apache-2.0, with its NOTICE) and what starts it.
//
//go:embed docs
var docsFiles embed.FS

// docsPolicy lets the page load what is its own, and nothing of others. Swagger UI
// has its pictures as data.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// docsPage serves /docs, to everybody.
func (s *httpServer) docsPage() http.HandlerFunc {
	files := sync.OnceValue(readDocs)
	return func(w http.ResponseWriter, r *http.Request) {
		if p := readOnly(r); p != nil {
			p.write(w)
			return
		}
		if r.URL.Path == "/docs" {
			w.Header().Set("Location", "docs/") // also where a proxy has it below another path
			w.WriteHeader(http.StatusMovedPermanently)
			return
		}
		file, known := files()[cmp.Or(r.PathValue("file"), "index.html")]
		if !known {
			s.notFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", docsPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		file.serve(w, r)
	}
}

// readDocs gives the files of the page by their names.
func readDocs() map[string]keptFile {
	files := map[string]keptFile{}
	entries, _ := docsFiles.ReadDir("docs") // embedded
	for _, e := range entries {
		body, _ := docsFiles.ReadFile("docs/" + e.Name())
		files[e.Name()] = keep(cmp.Or(docsMedia[path.Ext(e.Name())], "text/plain; charset=utf-8"), body)
	}
	return files
}

// docsMedia are the media types of the page's files by how their names end; others
// are texts.
var docsMedia = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".png": "image/png",
}
