package api

import (
	"errors"
	"sync/atomic"

	"github.com/emersion/go-smtp"
	"github.com/prometheus/client_golang/prometheus"

	"kurir/gateway"
)

// smtpCause is why a mail, an author or a recipient was refused, roughly.
type smtpCause uint8

const (
	causePermission smtpCause = iota // who may write to whom
	causeAddress                     // a recipient that cannot be written to
	causeLimit                       // too much of something
	causeContent                     // a mail that cannot be sent
	causeLater                       // the server cannot now
	causeOther
	smtpCauses
)

// String is the cause as it stands in metrics.
func (c smtpCause) String() string {
	return [...]string{"permission", "address", "limit", "content", "unavailable", "other"}[c]
}

// smtpCauseOf reads the cause from a reply: by its enhanced code (RFC 3463 3).
func smtpCauseOf(e *smtp.SMTPError) smtpCause {
	class, subject, detail := e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2]
	switch {
	case subject == 7 && class == 4, subject == 3 && detail == 4, subject == 5 && detail == 3:
		return causeLimit // 4.7.1, 5.3.4, 4.5.3 and 5.5.3
	case subject == 7:
		return causePermission
	case subject == 1:
		return causeAddress
	case subject == 6, subject == 4:
		return causeContent
	case subject == 3:
		return causeLater
	}
	return causeOther
}

// smtpRefusals counts what was refused by cause.
type smtpRefusals [smtpCauses]atomic.Int64

func (r *smtpRefusals) count(e *smtp.SMTPError) { r[smtpCauseOf(e)].Add(1) }

// mailOutCounts is what became of mails to people.
type mailOutCounts struct{ sent, later, never atomic.Int64 }

func (c *mailOutCounts) count(v gateway.Verdict) {
	switch v {
	case gateway.Acknowledged:
		c.sent.Add(1)
	case gateway.GiveUp:
		c.never.Add(1)
	default:
		c.later.Add(1)
	}
}

// MailOutMetrics are the figures of mails to people, on /metrics.
func MailOutMetrics(m *MailOut) []prometheus.Collector {
	var list []prometheus.Collector
	for result, n := range map[string]*atomic.Int64{"sent": &m.counts.sent, "later": &m.counts.later, "refused": &m.counts.never} {
		list = append(list, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "kurir_mail_out_total", Help: "Mails to people, by what came of handing them over: sent, later (tried again) or refused.", ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(n.Load()) }))
	}
	return append(list, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "kurir_mail_out_waiting", Help: "Mails to people that wait in memory or are under way; more may wait on disk.",
	}, func() float64 { return float64(m.queue.waits()) }))
}

// waits is how many items wait or are under way.
func (q *callQueue) waits() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, a := range q.accounts {
		n += len(a.items) + len(a.active)
	}
	return n
}

// MailStatus says how mail is, both ways; each part is nil where it is not configured.
type MailStatus struct {
	Phones *MailToPhones `json:"to_phones,omitempty" doc:"mails that become messages; left out without smtp"`
	People *MailToPeople `json:"to_people,omitempty" doc:"what phones write, as mail; left out without mail"`
}

// MailToPhones is how mails to phones are, since the start.
type MailToPhones struct {
	Listening   bool  `json:"listening" doc:"mails are taken; without it the server is not ready"`
	Connections int   `json:"connections" doc:"that are open"`
	Accepted    int64 `json:"accepted" doc:"mails, since the start"`
	Later       int64 `json:"later" doc:"put off, 4xx"`
	Refused     int64 `json:"refused" doc:"5xx"`
	Messages    int64 `json:"messages" doc:"that the accepted ones became"`
}

// MailToPeople is how mails to people are, since the start.
type MailToPeople struct {
	Waiting int   `json:"waiting" doc:"in memory and under way; more may be owed on disk"`
	Sent    int64 `json:"sent" doc:"mails that the mail server has taken, since the start"`
	Later   int64 `json:"later" doc:"tries that are made again"`
	Refused int64 `json:"refused" doc:"by the mail server, for good"`
}

// Seen is how mails to phones are.
func (s *SMTPServer) Seen() *MailToPhones {
	return &MailToPhones{
		Listening: s.serving.Load(), Connections: len(s.open()),
		Accepted: s.counts.mails.Load(), Later: s.counts.later.Load(), Refused: s.counts.never.Load(), Messages: s.counts.messages.Load(),
	}
}

// Seen is how mails to people are.
func (m *MailOut) Seen() *MailToPeople {
	return &MailToPeople{Waiting: m.queue.waits(), Sent: m.counts.sent.Load(), Later: m.counts.later.Load(), Refused: m.counts.never.Load()}
}

var errNoMail = errors.New("mails to phones are not taken: the listener under smtp is not there")

// ready says why the server is not: it accepts no messages, or does not listen where it should.
func (s *httpServer) ready() error {
	if err := s.accepts(); err != nil {
		return err
	}
	if v := s.mailStatus(); v != nil && v.Phones != nil && !v.Phones.Listening {
		return errNoMail
	}
	return nil
}

// mailStatus is how mail is; nil where none is configured.
func (s *httpServer) mailStatus() *MailStatus {
	if s.Status == nil || s.Status.Mail == nil {
		return nil
	}
	v := s.Status.Mail()
	if v.Phones == nil && v.People == nil {
		return nil
	}
	return &v
}
