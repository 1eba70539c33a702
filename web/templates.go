package web

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"sync"
)

//go:embed templates static
var files embed.FS

// sharedTemplates have what all pages are made of.
func sharedTemplates() []string {
	return []string{"templates/layout.html", "templates/parts.html", "templates/form.html"}
}

// templates are those of the pages. Each page's is parsed when it is first made: a server that starts, or takes over from another, carries
// messages before it has parsed forty pages. It is safe for concurrent use.
type templates struct {
	shared func() (*template.Template, error)

	mu    sync.Mutex
	pages map[string]*template.Template // those that were parsed, by name of the page
}

func newTemplates() *templates {
	return &templates{
		shared: sync.OnceValues(func() (*template.Template, error) { return template.ParseFS(files, sharedTemplates()...) }),
		pages:  map[string]*template.Template{},
	}
}

// of gives a page's templates.
func (t *templates) of(page string) (*template.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if parsed := t.pages[page]; parsed != nil {
		return parsed, nil
	}
	shared, err := t.shared()
	if err != nil {
		return nil, fmt.Errorf("parse what the pages share: %w", err)
	}
	own, err := shared.Clone()
	if err != nil {
		return nil, fmt.Errorf("copy what the pages share: %w", err)
	}
	if own, err = own.ParseFS(files, "templates/"+page+".html"); err != nil {
		return nil, fmt.Errorf("parse the page %s: %w", page, err)
	}
	t.pages[page] = own
	return own, nil
}

// make writes what a template of a page makes of data.
func (t *templates) make(w io.Writer, page, name string, data any) error {
	parsed, err := t.of(page)
	if err != nil {
		return err
	}
	return parsed.ExecuteTemplate(w, name, data)
}
