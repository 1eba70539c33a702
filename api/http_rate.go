package api

import (
	"math"
	"net/http"
	"time"

	"kurir/account"
)

// tellRate shows an account's rate and what is left of it
// (draft-ietf-httpapi-ratelimit-headers-09); nothing for an account without one.
func tellRate(w http.ResponseWriter, a *account.Account) {
	if a.Rate <= 0 {
		return
	}
	left, full, ok := a.Allowance(time.Now())
	if !ok {
		return
	}
	quota, window := int64(a.Rate), int64(1)
	if quota < 1 {
		quota, window = 1, int64(math.Ceil(1/a.Rate))
	}
	h := w.Header()
	h.Set("RateLimit-Policy", `"rate";q=`+itoa(quota)+`;w=`+itoa(window)+`;qu="parts"`)
	h.Set("RateLimit", `"rate";r=`+itoa(int64(left))+`;t=`+itoa(int64(full)))
}
