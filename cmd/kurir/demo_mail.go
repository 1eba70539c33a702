package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	netsmtp "net/smtp"
	"net/textproto"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"kurir/config"
	"kurir/mail"
)

// demoMailServer stands in the file of the demo for its own mail server.
const demoMailServer = "127.0.0.1:2526"

// demoMails is the mail server of the demo: it keeps the last mails that the gateway
// sends, and shows them on a page on which they are answered.
type demoMails struct {
	Gateway string // where the gateway takes mails; set before the page is asked for
	Open    bool   // the page may send mails

	server *smtp.Server

	mu    sync.Mutex
	mails []*demoMail // the newest last
	count int
}

// demoMail is one of them.
type demoMail struct {
	Number                             int
	To, From, Subject, Text, AnswersTo string
}

const (
	demoMostMails = 100
	demoMailSize  = 1 << 20
)

// startDemoMails starts it on a free port and has the file's mail go there; nil where the file sends
// none, or by another server.
func startDemoMails(ctx context.Context, file *config.File) (*demoMails, error) {
	if file.Mail == nil || file.Mail.Server != demoMailServer {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the mail server: %w", err)
	}
	m := &demoMails{}
	m.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &demoMailSession{of: m}, nil }))
	m.server.Domain, m.server.MaxMessageBytes, m.server.EnableSMTPUTF8 = "mail.example.com", demoMailSize, true
	m.server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	go func() { _ = m.server.Serve(listener) }()
	file.Adjust(func(f *config.File) {
		if f.Mail != nil {
			f.Mail.Server = listener.Addr().String()
		}
	})
	return m, nil
}

// Close ends it; nil may be closed.
func (m *demoMails) Close() {
	if m != nil {
		_ = m.server.Close()
	}
}

// demoMailSession is a connection to it.
type demoMailSession struct {
	of *demoMails
	to string
}

func (s *demoMailSession) Reset()                               { s.to = "" }
func (s *demoMailSession) Logout() error                        { return nil }
func (s *demoMailSession) Mail(string, *smtp.MailOptions) error { return nil }

// Rcpt implements smtp.Session.
func (s *demoMailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}

// Data implements smtp.Session.
func (s *demoMailSession) Data(r io.Reader) error {
	letter, err := mail.Read(r, mail.Limits{Bytes: demoMailSize})
	if err != nil {
		return fmt.Errorf("read the mail: %w", err)
	}
	kept := &demoMail{To: s.to, From: letter.From.Name + " <" + letter.From.Addr + ">", Subject: letter.Subject, Text: letter.Text}
	if len(letter.ReplyTo) > 0 {
		kept.AnswersTo = letter.ReplyTo[0].Addr
	}
	s.of.keep(kept)
	return nil
}

func (m *demoMails) keep(one *demoMail) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	one.Number = m.count
	if m.mails = append(m.mails, one); len(m.mails) > demoMostMails {
		m.mails = slices.Delete(m.mails, 0, 1)
	}
}

// Handler is the page: GET shows the mails, POST sends one.
func (m *demoMails) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { m.show(w, http.StatusOK, "") })
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, demoMailSize)
		if !m.Open {
			m.show(w, http.StatusForbidden, "mails are sent from this page only where others do not reach it")
			return
		}
		if err := m.send(r.PostFormValue("from"), r.PostFormValue("to"), r.PostFormValue("subject"), r.PostFormValue("text")); err != nil {
			m.show(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		w.Header().Set("Location", "./") // http.Redirect would go by the path, which has been shortened
		w.WriteHeader(http.StatusSeeOther)
	})
	return http.NewCrossOriginProtection().Handler(mux) // another page sends nothing by this one
}

func (m *demoMails) show(w http.ResponseWriter, status int, refused string) {
	m.mu.Lock()
	mails := slices.Clone(m.mails)
	m.mu.Unlock()
	slices.Reverse(mails)
	var page bytes.Buffer
	if err := demoMailPage.Execute(&page, map[string]any{"Mails": mails, "Open": m.Open, "Refused": refused}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// send hands a mail to the gateway, or says what that answered.
func (m *demoMails) send(from, to, subject, text string) error {
	letter := mail.Message{
		From: from, To: []string{to}, Subject: subject, Text: text, Auto: mail.AutoNo, Date: time.Now(), ID: fmt.Sprintf("%d@mail.example.com", time.Now().UnixNano()),
	}
	err := netsmtp.SendMail(m.Gateway, nil, from, []string{to}, letter.Bytes())
	if refused, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("the gateway answers %d %s", refused.Code, refused.Msg)
	}
	return err
}

var demoMailPage = template.Must(template.New("mails").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Mails</title>
<style>
body { font: 16px/1.4 system-ui, sans-serif; max-width: 46em; margin: 2em auto; padding: 0 1em }
article, form { border: 1px solid #bbb; border-radius: 6px; padding: .6em 1em; margin: 1em 0 }
article form { border: 0; padding: 0 } pre { white-space: pre-wrap; font: inherit } dl { display: grid; grid-template-columns: 5em minmax(0, 1fr) } dt { color: #666 }
dd { margin: 0; overflow-wrap: anywhere } label { display: block }
input, textarea { font: inherit; width: 100%; box-sizing: border-box; margin: .2em 0 } .no { color: #b00 }
</style>
<h1>Mails</h1>
<p>What the gateway sends by mail comes here, whoever it is to. The phones are <a href="../phones/">there</a>. <a href="./">Look again</a>.</p>
{{with .Refused}}<p class="no">{{.}}</p>{{end}}
{{if .Open}}<form method="post"><b>Write to a phone</b>
<label>From <input name="from" value="anna@example.com"></label><label>To <input name="to" value="0701234567@sms.example.com"></label>
<label>Subject <input name="subject"></label><label>Text <textarea name="text" rows="2"></textarea></label><button>Send</button></form>{{end}}
{{$open := .Open}}{{range .Mails}}<article id="m{{.Number}}"><dl><dt>To</dt><dd>{{.To}}</dd><dt>From</dt><dd>{{.From}}</dd><dt>Subject</dt><dd>{{.Subject}}</dd></dl><pre>{{.Text}}</pre>
{{if and $open .AnswersTo}}<form method="post"><input type="hidden" name="from" value="{{.To}}"><input type="hidden" name="to" value="{{.AnswersTo}}">
<input type="hidden" name="subject" value="Re: {{.Subject}}"><label>Answer <textarea name="text" rows="2"></textarea></label><button>Answer</button></form>{{end}}
</article>{{else}}<p>None yet.</p>{{end}}
</html>
`))
