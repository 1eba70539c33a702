package web

import (
	"net/http"
	"strings"
)

// policyOf is the policy of content with the origins whose pages may show ours in a frame.
func policyOf(frames []string) string {
	if len(frames) == 0 {
		return policy + "'none'"
	}
	return policy + "'self' " + strings.Join(frames, " ")
}

// framed has the cookie sent also where another site shows the page in a frame, which browsers do over TLS only. Each site that shows
// it has a sign-in of its own (CHIPS), as browsers keep cookies of frames apart. Requests of other sites are refused by
// http.CrossOriginProtection, whatever the cookie.
func (v *visit) framed(c *http.Cookie) {
	if v.secure() && len(v.Frames()) > 0 {
		c.SameSite, c.Partitioned = http.SameSiteNoneMode, true
	}
}
