package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kurir/account"
	"kurir/signin"
)

const (
	mailsAtOnce = 4                // resets that are being sent
	mailTime    = 30 * time.Second // of one
	resetAgain  = 2 * time.Minute  // before the same user gets another
)

// ErrNoMail means that mail cannot be sent: no server for it is configured, or the address of the pages is not known.
var ErrNoMail = errors.New("mail cannot be sent: it takes mail: {server, from} and http: {base_url}")

// forgotForm is what the page shows that sends a link to another password.
type forgotForm struct {
	Name, Error string
	Sent        bool
}

// mails tells whether mail can be sent to users. The address of links in it is the one of the file: what a request says of it could
// be anybody's.
func (s *Server) mails() bool { return s.Base() != "" && s.CanMail() }

func (v *visit) forgotPage() {
	if !v.mails() {
		v.fail(http.StatusNotFound, "forgot.none")
		return
	}
	v.render(http.StatusOK, "forgot", "forgot.title", &forgotForm{})
}

// forgot sends a link to another password to whoever has that name or mail address. What it answers, and after which time, does not
// depend on whether there is somebody; each time is slowed down as a failed sign-in is.
func (v *visit) forgot() {
	name := strings.TrimSpace(v.r.PostForm.Get("name"))
	addr, claim := v.addr(), "forgot "+strings.ToLower(name)
	switch {
	case !v.mails():
		v.fail(http.StatusNotFound, "forgot.none")
		return
	case name == "":
		v.render(http.StatusUnprocessableEntity, "forgot", "forgot.title", &forgotForm{Error: "forgot.name"})
		return
	case !v.MayTry(addr, claim):
		v.render(http.StatusTooManyRequests, "forgot", "forgot.title", &forgotForm{Name: name, Error: "signin.slow"})
		return
	}
	var found []*account.User
	for _, u := range v.Accounts().Users() {
		if u.Mail != "" && u.Invitable(v.Now()) && (u.Name == name || strings.EqualFold(u.Mail, name)) {
			found = append(found, u)
		}
	}
	if len(found) > 0 {
		v.later(func(ctx context.Context) {
			for _, u := range found {
				v.sendReset(ctx, u)
			}
		})
	}
	v.Failed(v.r.Context(), addr, claim)
	v.render(http.StatusOK, "forgot", "forgot.title", &forgotForm{Name: name, Sent: true})
}

// later does something after the request, unless so much is being done already.
func (s *Server) later(do func(ctx context.Context)) {
	select {
	case s.doing <- struct{}{}:
	default:
		s.Log.Warn("a mail to a user was not sent", "error", "too many are being sent")
		return
	}
	s.done.Go(func() {
		defer func() { <-s.doing }()
		ctx, cancel := context.WithTimeout(context.Background(), mailTime)
		defer cancel()
		do(ctx)
	})
}

// Wait waits until what is done after requests has been done.
func (s *Server) Wait() { s.done.Wait() }

// sendReset sends a user a link to another password, unless the user has just got one.
func (s *Server) sendReset(ctx context.Context, u *account.User) {
	token, err := s.resetToken(ctx, u)
	if err == nil && token == "" {
		return
	}
	if err == nil {
		lang := mailLanguage(u)
		err = s.Mail(ctx, u.Mail, s.words(lang, "mail.reset.subject"), s.words(lang, "mail.reset.text", u.Name, s.linkTo(token), int(signin.ResetLife.Minutes())))
	}
	if err != nil {
		s.Log.Warn("a mail to a user was not sent", "user", u.Name, "error", err)
		return
	}
	s.Log.Info("a link to another password was sent by mail", "user", u.Name)
}

// resetToken makes a link, and gives its token; empty if the user has just got one. One after the other, so that of two requests at
// the same moment the second sees the link of the first.
func (s *Server) resetToken(ctx context.Context, u *account.User) (token string, err error) {
	s.resets.Lock()
	defer s.resets.Unlock()
	made, err := s.People.Links(ctx)
	if err != nil || made[u.Name].Kind == signin.Reset && made[u.Name].Until.Sub(s.Now()) > signin.ResetLife-resetAgain {
		return "", err
	}
	token, _, err = s.People.MakeLink(signin.Reset, u)
	return token, err
}

// mailLanguage is that of mails to a user: English where the user has none.
func mailLanguage(u *account.User) string {
	if u.Language == "" {
		return "en"
	}
	return u.Language
}

// linkTo is the address to which a link of an invitation or a reset leads.
func (s *Server) linkTo(token string) string {
	return strings.TrimSuffix(s.Base(), "/") + "/password?token=" + url.QueryEscape(token)
}

// Invitation is what came of inviting somebody.
type Invitation struct {
	Link   string // the whole address, or its path where the address of the pages is not known
	Until  time.Time
	Mailed bool
	Mail   error // why not, if it was not; nil if the user has no address
}

// Invite makes a link by which a user who has no password, or has forgotten it, gives one; it goes by mail where that can be. by
// is who invites. Links that the user had before are not good any more.
func (s *Server) Invite(ctx context.Context, u *account.User, by string) (*Invitation, error) {
	token, until, err := s.People.MakeLink(signin.Invite, u)
	if err != nil {
		return nil, err
	}
	v := &Invitation{Link: s.linkTo(token), Until: until}
	switch {
	case u.Mail == "":
	case !s.mails():
		v.Mail = ErrNoMail
	default:
		lang := mailLanguage(u)
		v.Mail = s.Mail(ctx, u.Mail, s.words(lang, "mail.invite.subject"), s.words(lang, "mail.invite.text", by, u.Name, v.Link, showTime(until)))
		v.Mailed = v.Mail == nil
	}
	s.Note(ctx, by, u.Name, "invite")
	return v, nil
}
