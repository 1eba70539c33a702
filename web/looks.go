package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"strings"
	"sync/atomic"

	"kurir/account"
)

// looksPath is where stylesheets and logos of accounts are, by their version: whoever has not been shown one cannot ask for it.
const looksPath = "/looks/"

// dressed is what an account's looks are served as.
type dressed struct {
	sheet, logo string // names of the files; empty for none
}

// wardrobe has the files of the looks of all accounts in force. It does not change; another configuration makes another.
type wardrobe struct {
	of    *account.Directory
	files map[string]look
	worn  map[wear]dressed // most accounts look as the one above does
}

// wear is what counts of looks for their files.
type wear struct{ logo, color, band string }

func wearOf(l *account.Looks) wear { return wear{l.Logo, l.Color, l.Band} }

// look is a stylesheet or a logo.
type look struct {
	media string
	body  []byte
}

// closet keeps the wardrobe of the configuration in force.
type closet struct{ now atomic.Pointer[wardrobe] }

// wardrobe gives the files of all looks.
func (s *Server) wardrobe() *wardrobe {
	all := s.Accounts()
	w := s.closet.now.Load()
	if w != nil && w.of == all {
		return w
	}
	w = &wardrobe{of: all, files: map[string]look{}, worn: map[wear]dressed{}}
	for _, a := range all.All() {
		if _, known := w.worn[wearOf(a.Looks())]; !known {
			w.worn[wearOf(a.Looks())] = w.dress(a.Looks())
		}
	}
	s.closet.now.Store(w)
	return w
}

// dress makes the files of looks.
func (w *wardrobe) dress(l *account.Looks) (d dressed) {
	if text := sheetOf(l); text != "" {
		d.sheet = w.put(look{"text/css; charset=utf-8", []byte(text)}, ".css")
	}
	if body, media, err := account.ReadLogo(l.Logo); err == nil && l.Logo != "" {
		d.logo = w.put(look{media, body}, "."+strings.TrimPrefix(media, "image/"))
	}
	return d
}

func (w *wardrobe) put(l look, ending string) string {
	sum := sha256.Sum256(append([]byte(l.media), l.body...))
	name := hex.EncodeToString(sum[:12]) + ending
	w.files[name] = l
	return name
}

// lookFile serves a stylesheet or a logo. Its name changes with it.
func (v *visit) lookFile() {
	l, known := v.wardrobe().files[v.r.PathValue("file")]
	if !known {
		http.NotFound(v.w, v.r)
		return
	}
	h := v.w.Header()
	h.Set("Content-Type", l.media)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = v.w.Write(l.body) // a client that has gone needs no answer
}

// hostAccount is the account whose pages are at the host that the browser has asked for; nil for none.
func (v *visit) hostAccount() *account.Account {
	host := v.r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return v.Accounts().ByHost(host)
}

// looks is how the pages look: as those of the user's account, or before signing in as those of the host.
func (v *visit) looks() *account.Looks {
	of := v.hostAccount()
	if v.user != nil {
		of = v.Accounts().ByName(v.user.Account)
	}
	if of == nil {
		return &account.Looks{}
	}
	return of.Looks()
}

// atHost tells whether a user may be at the host that the browser has asked for: at that of an account its users, those of
// accounts below and who sees to all accounts; others where the account is open.
func (v *visit) atHost(u *account.User) bool {
	of := v.hostAccount()
	return of == nil || of.Web.Open || u.May(account.Everywhere) || v.Accounts().Within(u.Account, of.Name)
}

// shows tells whether a page is among the functions that the user's account has.
func (v *visit) shows(p *page) bool { return v.looks().Sees(p.function()) }

// function names what a page is part of, as web: {functions} of an account does; empty for what everybody has.
func (p *page) function() string {
	first, _, _ := strings.Cut(strings.TrimPrefix(p.path(), "/"), "/")
	return map[string]string{
		"compose": "compose", "sendings": "compose", "sent": "sent", "conversations": "conversations", "inbox": "conversations", "contacts": "contacts", "groups": "contacts",
		"own": "contacts", "books": "contacts", "templates": "templates", "schedules": "schedules", "scheduled": "schedules", "duty": "rota", "reports": "reports",
	}[first]
}

// Brand is the name at the top of the pages.
func (v *view) Brand() string {
	if name := v.looks().Name; name != "" {
		return name
	}
	return "Kurir"
}

// Logo is the address of the picture beside it.
func (v *view) Logo() string {
	if d := v.wardrobe().worn[wearOf(v.looks())]; d.logo != "" {
		return looksPath + d.logo
	}
	return v.Asset("icon.svg")
}

// Sheet is the address of the stylesheet of the account's colours; empty for none.
func (v *view) Sheet() string {
	if d := v.wardrobe().worn[wearOf(v.looks())]; d.sheet != "" {
		return looksPath + d.sheet
	}
	return ""
}
