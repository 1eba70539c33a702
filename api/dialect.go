package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Dialect is what holds for the HTTP interface of another gateway, such as
// Kannel's, on this server.
type Dialect struct {
	Off      bool           // it is not there
	Own      bool           // it is served where nothing else is, and not on the HTTP port
	Path     string         // in front of its paths; empty for that of the dialect, / for nothing
	Networks []netip.Prefix // from which requests may come; nil for anywhere
}

// dialect is one of the interfaces that this server can imitate.
type dialect struct {
	name  string // that of its message.Interface
	path  string // where its paths begin when nothing is said
	paths func(s *httpServer, d *dialectPaths)
	// refuse is the dialect's answer to requests from networks that may not use it.
	refuse http.HandlerFunc
	// say is its answer to a request with which more is wrong than it knows: the server or the account has too many
	// at work, its head is too large, or Kurir failed.
	say sayer
}

// sayer says a problem in the words of an interface.
type sayer func(w http.ResponseWriter, r *http.Request, p *problem)

// dialects are all that there are: the one place where a new one is entered.
func dialects() []dialect {
	return []dialect{
		{name: "kannel", path: "/cgi-bin", paths: (*httpServer).kannelPaths, refuse: kannelRefused, say: kannelSays},
		{name: "kannel_admin", path: "/kannel", paths: (*httpServer).kannelAdminPaths, refuse: kannelAdminRefused, say: kannelAdminSays},
		{name: "jasmin", path: "", paths: (*httpServer).jasminPaths, refuse: jasminRefused, say: jasminSays},
		{name: "jasmin_rest", path: "", paths: (*httpServer).jasminRESTPaths, refuse: jasminRESTRefused, say: jasminRESTSays},
		{name: "ozeki", path: "", paths: (*httpServer).ozekiPaths, refuse: ozekiRefused, say: ozekiSays},
		{name: "twilio", path: "/2010-04-01", paths: (*httpServer).twilioPaths, refuse: twilioRefused, say: twilioSays},
		{name: "plain", path: "/sms", paths: (*httpServer).plainPaths, refuse: plainRefused, say: plainSays},
	}
}

// dialectPaths is where a dialect registers its paths.
type dialectPaths struct {
	s      *httpServer
	mux    *http.ServeMux
	prefix string
	own    bool // nothing else is on this mux, so that paths that Kurir has itself are free
	set    Dialect
	refuse http.HandlerFunc
	say    sayer
}

// handle registers a path behind those that the dialect begins with.
// Of one that ends in a slash, the path without it is served too: ServeMux would
// redirect it.
func (d *dialectPaths) handle(path string, h http.HandlerFunc) {
	d.handleAt(d.prefix+path, h)
	if path == "/" && d.prefix != "" {
		d.handleAt(d.prefix, h)
	}
}

// handleAt registers a pattern of ServeMux, unless it is taken: what Kurir has
// itself stays, and of two dialects at one path the first counts.
func (d *dialectPaths) handleAt(pattern string, h http.HandlerFunc) {
	path := strings.TrimSuffix(pattern, "{$}")
	if strings.HasSuffix(pattern, "/") {
		path += "~" // something behind it, of which no other pattern knows
	}
	_, there := d.mux.Handler(&http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}})
	if there == pattern || pattern == "/" && !d.own {
		return
	}
	d.mux.HandleFunc(pattern, d.guarded(h))
	d.s.sayers[sayerAt{d.mux, pattern}] = d.say
}

// sayerAt is where a sayer is the one: a pattern of a mux.
type sayerAt struct {
	mux     *http.ServeMux
	pattern string
}

// say answers a request that is not served in the words of the interface that it
// is for.
func (s *httpServer) say(w http.ResponseWriter, r *http.Request, mux *http.ServeMux, p *problem) {
	_, pattern := mux.Handler(r)
	say := s.sayers[sayerAt{mux, pattern}]
	switch {
	case say != nil:
		say(w, r, p)
	case mux == s.mux && s.plainTakes(r):
		plainSays(w, r, p)
	default:
		p.write(w)
	}
}

// guarded has the dialect refuse requests from networks that may not use it.
func (d *dialectPaths) guarded(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !mayCome(d.set.Networks, remoteAddr(r)) {
			d.refuse(w, r)
			return
		}
		if p := d.s.begin(); p != nil {
			d.say(w, r, p)
			return
		}
		defer d.s.end()
		h(w, r)
	}
}

// mayCome tells whether an address is in one of the networks; nil are all.
func mayCome(networks []netip.Prefix, addr netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return networks == nil
}

// mountDialects registers the dialects on the HTTP port, and gives those that are to be served on ports of their own.
func (s *httpServer) mountDialects() map[string]http.Handler {
	own := map[string]http.Handler{}
	for _, d := range dialects() {
		set := s.Dialects[d.name]
		if set.Off {
			continue
		}
		at := &dialectPaths{s: s, mux: s.mux, prefix: d.path, own: set.Own, set: set, refuse: d.refuse, say: d.say}
		if set.Path != "" {
			at.prefix = set.Path
		}
		if at.prefix == "/" {
			at.prefix = ""
		}
		if set.Own {
			at.mux = http.NewServeMux()
			own[d.name] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, at.mux, at.mux) })
		}
		d.paths(s, at)
	}
	return own
}
