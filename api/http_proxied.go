package api

import (
	"context"
	"net/http"
	"strings"
)

// Proxied is what a reverse proxy that is trusted says of a request for the web pages.
type Proxied struct {
	Prefix string // path in front of ours that it takes off, such as /kurir; also that of base_url. Empty: none
	User   string // who has signed in there; empty: nobody, or it is no proxy that is trusted
}

type proxiedKey struct{}

// ProxiedOf gives what is known of a request that the HTTP server serves.
func ProxiedOf(r *http.Request) Proxied {
	p, _ := r.Context().Value(proxiedKey{}).(Proxied)
	return p
}

// maxProxied bounds what is read of such a header, in octets.
const maxProxied = 256

// proxied gives a request what is said of it, by base_url and by a proxy that is trusted; the headers of anybody else are taken away.
// It comes before unwrap, which puts the client's address in the proxy's place.
func (h *HTTPSettings) proxied(r *http.Request) *http.Request {
	said := Proxied{Prefix: h.Prefix}
	if len(h.Trusted) > 0 && h.trusts(remoteAddr(r)) {
		if h.Base == "" {
			said.Prefix = CleanPrefix(last(r.Header["X-Forwarded-Prefix"]))
		}
		if h.UserHeader != "" {
			said.User = oneValue(r.Header.Values(h.UserHeader))
		}
	}
	r.Header.Del("X-Forwarded-Prefix")
	if h.UserHeader != "" {
		r.Header.Del(h.UserHeader)
	}
	if said == (Proxied{}) {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), proxiedKey{}, said))
}

// oneValue gives the value of a header that stands once: of two the client may have written one.
func oneValue(values []string) string {
	if len(values) != 1 || len(values[0]) > maxProxied {
		return ""
	}
	return strings.TrimSpace(values[0])
}

// CleanPrefix gives a path in front of ours without a slash at its end; empty for what is none, or has signs that have no place
// in one.
func CleanPrefix(path string) string {
	path = strings.TrimRight(path, "/")
	const signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/%"
	if path == "" || path[0] != '/' || len(path) > maxProxied || strings.Trim(path, signs) != "" || strings.Contains(path, "//") || strings.Contains(path, "/.") {
		return ""
	}
	return path
}
