package alarm

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Settings says what is an alarm and who is told.
type Settings struct {
	// QueueAge is how long a message may wait for its link, whatever the reason, 10s to 24h. 0: 5m.
	QueueAge time.Duration `yaml:"queue_age" example:"5m"`
	// LinkDown is how long a link, or one modem of a link, may be down outside its maintenance, 5s to 24h. 0: 2m.
	LinkDown time.Duration `yaml:"link_down" example:"2m"`
	// ErrorRate is of how many of a hundred answers of an operator in the last five minutes may be failures, 1 to 100.
	// 0: 50.
	ErrorRate int `yaml:"error_rate" example:"50"`
	// ErrorLeast is how many answers of five minutes there must be for that. 0: 50.
	ErrorLeast int `yaml:"error_least" example:"50"`
	// Disk is how many of a hundred octets of the data folder's disk must be free, 1 to 90. 0: 10.
	Disk int `yaml:"disk" example:"10"`
	// Certificate is how long before its end a certificate of ours is an alarm, up to 365d. 0: 14d.
	Certificate time.Duration `yaml:"certificate" example:"14d"`
	// Clock is by how much the clock may jump or be wrong, 100ms to 1h. 0: 2s.
	Clock time.Duration `yaml:"clock" example:"2s"`
	// Off is kinds that are no alarm: queue_age, link_down, error_rate, balance, disk, certificate, clock, traffic, modem, escalation.
	// Empty: all are.
	Off []string `yaml:"off"`
	// Webhook is the URL that each event is told to when it begins and when it is over. Empty: none.
	Webhook string `yaml:"webhook"`
	// WebhookSecret signs those calls as docs/webhooks.md says. Empty: unsigned.
	WebhookSecret message.Secret `yaml:"webhook_secret"`
	// Mail is who is told by mail.
	Mail Mail `yaml:"mail"`
	// SMS is who is told of what begins on the phone.
	SMS SMS `yaml:"sms"`
}

// Mail is who is told by mail, and by which server.
type Mail struct {
	message.MailServer
	// To is the recipients' addresses.
	To []string `yaml:"to" example:"[duty@example.com]"`
}

// SMS is who is told by SMS.
type SMS struct {
	// Account is whose messages they are: they go by the routes and are paid as all of its messages. Empty: no SMS.
	Account string `yaml:"account" example:"acme"`
	// From is the sender. Empty: the account's.
	From string `yaml:"from"`
	// To is the recipients' numbers.
	To []string `yaml:"to" example:"[+46701234567]"`
}

// WithDefaults returns the settings with every threshold filled in.
func (s Settings) WithDefaults() Settings {
	span := func(field *time.Duration, def time.Duration) {
		if *field == 0 {
			*field = def
		}
	}
	number := func(field *int, def int) {
		if *field == 0 {
			*field = def
		}
	}
	span(&s.QueueAge, 5*time.Minute)
	span(&s.LinkDown, 2*time.Minute)
	number(&s.ErrorRate, 50)
	number(&s.ErrorLeast, 50)
	number(&s.Disk, 10)
	span(&s.Certificate, 14*24*time.Hour)
	span(&s.Clock, 2*time.Second)
	return s
}

// Watches tells whether a kind is an alarm.
func (s *Settings) Watches(k Kind) bool { return !slices.Contains(s.Off, string(k)) }

// Validate reports what is wrong. That the account exists is for the caller to see.
func (s *Settings) Validate(report func(field, problem string)) {
	span := func(field string, d, least, most time.Duration) {
		if d != 0 && (d < least || d > most) {
			report(field, fmt.Sprintf("%v is not between %v and %v", d, least, most))
		}
	}
	number := func(field string, n, most int) {
		if n < 0 || n > most {
			report(field, fmt.Sprintf("%d is not between 1 and %d", n, most))
		}
	}
	span("queue_age", s.QueueAge, 10*time.Second, 24*time.Hour)
	span("link_down", s.LinkDown, 5*time.Second, 24*time.Hour)
	number("error_rate", s.ErrorRate, 100)
	number("error_least", s.ErrorLeast, 1_000_000)
	number("disk", s.Disk, 90)
	span("certificate", s.Certificate, time.Hour, 365*24*time.Hour)
	span("clock", s.Clock, 100*time.Millisecond, time.Hour)
	for i, word := range s.Off {
		if !slices.Contains(Kinds(), Kind(word)) {
			report(fmt.Sprintf("off[%d]", i), fmt.Sprintf("%q is no kind of alarm; there are %v", word, Kinds()))
		}
	}
	if w := s.Webhook; w != "" && !strings.HasPrefix(w, "http://") && !strings.HasPrefix(w, "https://") {
		report("webhook", fmt.Sprintf("%q is no URL that begins with http:// or https://", w))
	}
	s.Mail.validate(report)
	s.SMS.validate(report)
}

func (m *Mail) validate(report func(field, problem string)) {
	within := func(field, problem string) { report("mail."+field, problem) }
	if m.Server == "" && len(m.To) > 0 {
		within("server", "is missing: the host:port of an SMTP server")
		return
	}
	m.MailServer.Validate(within)
	if m.Server != "" && len(m.To) == 0 {
		within("to", "is missing: name who is told")
	}
	for i, to := range m.To {
		if problem := message.MailboxProblem(to); problem != "" {
			within(fmt.Sprintf("to[%d]", i), problem)
		}
	}
}

func (s *SMS) validate(report func(field, problem string)) {
	switch {
	case s.Account == "" && (len(s.To) > 0 || s.From != ""):
		report("sms.account", "is missing: name the account whose messages they are")
	case s.Account != "" && len(s.To) == 0:
		report("sms.to", "is missing: name who is told")
	}
}
