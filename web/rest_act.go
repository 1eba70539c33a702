package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
)

// filledPath puts the parts of the page's own path into those in braces of another.
func (v *visit) filledPath(path string) string {
	for {
		before, rest, found := strings.Cut(path, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return path
		}
		path = before + url.PathEscape(v.r.PathValue(name)) + after
	}
}

// restAct is an act that is one request of REST without a body: its method and path, with {parts} of the page's path, and the page
// that is shown when it is done.
func restAct(method, path, back string) func(*visit) {
	return func(v *visit) { v.act(method, path, nil, back) }
}

// act makes one request of REST, and leads to a page when it is done or says why it was refused. Whoever came from another page of
// the console is led back there.
func (v *visit) act(method, path string, body any, back string) {
	got := v.rest(method, v.filledPath(path), nil, body, nil)
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect(v.backFrom(v.filledPath(back)))
}

// backFrom is the page of the console on which an act was asked for, else the one that is given. What was shown as the answer to
// another act is no page to lead back to.
func (v *visit) backFrom(otherwise string) string {
	from, err := url.Parse(v.r.Referer())
	if err != nil || from.Host != v.r.Host {
		return otherwise
	}
	at := path.Clean(strings.TrimPrefix(from.Path, v.Proxied(v.r).Prefix))
	if at != consolePath && !strings.HasPrefix(at, consolePath+"/") || !v.hasPage(at) {
		return otherwise
	}
	return (&url.URL{Path: at, RawQuery: from.RawQuery}).RequestURI()
}

// hasPage tells whether something is shown at a path.
func (s *Server) hasPage(path string) bool {
	_, pattern := s.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	return pattern != everyPath && strings.HasPrefix(pattern, http.MethodGet+" ")
}

// filledIn gives the fields of a form that are filled in, of those that are named.
func (v *visit) filledIn(names ...string) map[string]any {
	body := map[string]any{}
	for _, name := range names {
		if text := strings.TrimSpace(v.r.PostForm.Get(name)); text != "" {
			body[name] = text
		}
	}
	return body
}

// replay has a customer's server called again with what a dead letter holds.
func (v *visit) replay() {
	asked := v.r.URL.Query()
	v.act(http.MethodPost, "/v1/webhooks/replay", map[string]any{"account": asked.Get("account"), "ids": []string{asked.Get("id")}, "dead": true}, "/console/webhooks/dead")
}
