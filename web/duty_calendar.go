package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"time"

	"kurir/account"
	"kurir/rota"
)

// How much a calendar has that is subscribed to.
const (
	calendarSince = 31 * 24 * time.Hour
	calendarUntil = 92 * 24 * time.Hour
)

// calendarMark is what proves that a user was shown the address of a calendar: without the key nobody can make one, and another
// password of the user ends it. Empty where there is no key.
func (v *visit) calendarMark(u *account.User, name string) string {
	if v.Key == nil {
		return ""
	}
	key, err := v.Key(v.r.Context())
	if err != nil || len(key) == 0 {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{"calendar of a rota", u.Name, u.Account, name, u.Password.Reveal()} {
		mac.Write([]byte(part + "\x00"))
	}
	return hex.EncodeToString(mac.Sum(nil)[:20])
}

// calendarAddress is where the user subscribes to a rota; empty for none, and where the user acts for another account.
func (v *visit) calendarAddress(p *rota.Plan) string {
	mark := v.calendarMark(v.user, p.Rota.Name)
	if mark == "" || p.Rota.Account != v.user.Account {
		return ""
	}
	return "/duty/calendar/" + url.PathEscape(v.user.Name) + "/" + url.PathEscape(p.Rota.Name) + "/" + mark + ".ics"
}

// calendar serves a rota to a calendar that has subscribed to it: calendars know no cookies, so the address says for whom it is.
func (v *visit) calendar() {
	u := v.Accounts().UserByName(v.r.PathValue("user"))
	if u == nil || !u.Admitted(v.Now()) || !u.May(account.SeeMessages) {
		http.NotFound(v.w, v.r)
		return
	}
	p := v.Core.Rotas().Find(u.Account, v.r.PathValue("name"))
	a := v.Accounts().ByName(u.Account)
	mark := v.calendarMark(u, v.r.PathValue("name"))
	if p == nil || a == nil || mark == "" || !a.Looks().Sees(v.page.function()) || !hmac.Equal([]byte(mark+".ics"), []byte(v.r.PathValue("mark"))) {
		http.NotFound(v.w, v.r)
		return
	}
	now := v.Now()
	body, err := p.Calendar(now.Add(-calendarSince), now.Add(calendarUntil), now)
	if err != nil {
		http.Error(v.w, "the calendar could not be made", http.StatusServiceUnavailable)
		return
	}
	v.w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
	v.w.Header().Set("Content-Disposition", `inline; filename="rota.ics"`)
	_, _ = v.w.Write(body) // a client that has gone needs no answer
}
