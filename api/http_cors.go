package api

import (
	"net/http"
	"slices"
	"strings"
)

// What pages of other origins may send and read, and for how many seconds a
// browser remembers that.
const (
	corsMethods = "GET, POST, PUT, PATCH, DELETE"
	corsHeaders = "Authorization, Content-Type, Content-Encoding, Accept-Language, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID"
	corsExposed = "ETag, Location, Retry-After, WWW-Authenticate, Idempotent-Replayed, RateLimit, RateLimit-Policy, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset"
	corsMaxAge  = "600"
)

// cors lets pages of the origins that are configured use the REST interface (Fetch Standard, 3.2 HTTP-CORS protocol). It
// answers the question that a browser asks first itself: then it is true.
func (h *HTTPSettings) cors(w http.ResponseWriter, r *http.Request) (answered bool) {
	if !strings.HasPrefix(r.URL.Path, "/v1/") && r.URL.Path != "/openapi.json" {
		return false
	}
	header, origin := w.Header(), r.Header.Get("Origin")
	header.Add("Vary", "Origin")
	everybody := slices.Contains(h.CORS, "*")
	switch {
	case origin == "" || !everybody && !slices.Contains(h.CORS, origin):
		return false
	case slices.Contains(h.CORS, origin): // named: the browser may send what it remembers of this server too
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	default:
		header.Set("Access-Control-Allow-Origin", "*")
	}
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		header.Set("Access-Control-Expose-Headers", corsExposed)
		return false
	}
	header.Set("Access-Control-Allow-Methods", corsMethods)
	header.Set("Access-Control-Allow-Headers", corsHeaders)
	header.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return true
}
