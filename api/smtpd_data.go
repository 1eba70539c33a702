package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"kurir/account"
	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
	"kurir/route"
)

// smtpCounts is what the server has done.
type smtpCounts struct {
	mails    atomic.Int64 // that were accepted
	messages atomic.Int64 // that these became
	later    atomic.Int64 // mails that were put off, 4xx
	never    atomic.Int64 // mails that were refused, 5xx
	refused  atomic.Int64 // MAIL and RCPT that were
	signIns  atomic.Int64 // that failed
	dropped  atomic.Int64 // answers to phones that no person wrote
	causes   smtpRefusals // of mails and commands that were not taken
}

// Data implements smtp.Session: it reads a mail and answers when its messages are on disk.
func (s *smtpSession) Data(r io.Reader) error {
	s.conn.busy.Store(true)
	defer s.conn.busy.Store(false)
	s.conn.allow(s.s.o.MaxSize)
	answer := s.take(r)
	if answer.Code/100 != 2 {
		s.s.counts.causes.count(answer)
	}
	switch {
	case answer.Code/100 == 2:
		s.refused = 0
		s.s.counts.mails.Add(1)
	case answer.Code/100 == 4:
		s.s.counts.later.Add(1)
	default:
		s.s.counts.never.Add(1)
		s.s.o.Log.Info("mail to phones refused", "account", s.of.Name, "author", clip(s.author), "peer", s.peer, "code", answer.Code, "why", answer.Message)
	}
	s.conn.allow(0)
	return answer
}

// take reads a mail and makes messages of it; the answer is the reply, also to what was accepted.
func (s *smtpSession) take(r io.Reader) *smtp.SMTPError {
	lines := &smtpLines{r: r}
	letter, err := mail.Read(lines, mail.Limits{Bytes: s.s.o.MaxSize})
	if err == nil {
		_, err = io.Copy(io.Discard, lines)
	}
	if no := s.unread(err, lines); no != nil {
		return no
	}
	if s.to[0].answers != nil {
		return s.takeAnswer(letter)
	}
	text, no := s.text(letter)
	if no != nil {
		return no
	}
	subs, no := s.submissions(letter, text)
	if no != nil {
		return no
	}
	return s.accept(subs)
}

// unread is the reply to what cannot be read as a mail; nil where there is nothing wrong.
func (s *smtpSession) unread(err error, lines *smtpLines) *smtp.SMTPError {
	reply := (*smtp.SMTPError)(nil)
	switch {
	case errors.As(err, &reply):
		return smtpRefuse(552, "5.3.4", "the mail has more than %d octets", s.s.o.MaxSize)
	case errors.Is(err, smtp.ErrTooLongLine):
		return smtpRefuse(554, "5.6.0", "the mail has a line of more than %d octets", smtpMaxLine)
	case lines.bare:
		return smtpRefuse(554, "5.6.0", "a line of the mail ends with CR or LF alone (RFC 5321 2.3.8)")
	case err != nil:
		return smtpRefuse(451, "4.4.2", "the mail did not come to its end in time; send it again") // who has hung up does not hear it
	}
	return nil
}

// smtpMostHops is how many servers a mail may have passed (RFC 5321 6.3).
const smtpMostHops = 50

// smtpCircles is the reply to a mail that has.
func smtpCircles() *smtp.SMTPError {
	return smtpRefuse(554, "5.4.6", "the mail has passed more than %d servers: it goes in circles", smtpMostHops)
}

// text makes the text of a mail by the rule of the account or the domain written to.
func (s *smtpSession) text(letter *mail.Letter) (string, *smtp.SMTPError) {
	if len(letter.Headers("Received")) > smtpMostHops {
		return "", smtpCircles()
	}
	switch origin, why := letter.Origin(s.author); origin {
	case mail.Replied, mail.Bounced, mail.Notified:
		return "", smtpRefuse(550, "5.7.1", "automatic answers are not sent to phones: %s", why)
	}
	common, subject, err := mail.ParseSubject(letter.Subject)
	if err != nil {
		return "", smtpRefuse(554, "5.6.0", "%v", err)
	}
	letter.Subject = subject
	now := s.s.o.Now()
	for i := range s.to {
		r := &s.to[i]
		r.options = common.With(r.options)
		if at, err := r.options.When(now.In(s.of.Location())); err != nil {
			return "", smtpRefuse(554, "5.6.0", "<%s>: %v", r.written, err)
		} else if !at.IsZero() && at.Before(now) {
			return "", smtpRefuse(554, "5.6.0", "<%s>: at=%s is past", r.written, r.options.At)
		}
	}
	rule := MailRule(s.mail)
	text := rule.Text(letter)
	if text == "" {
		return "", smtpRefuse(554, "5.6.0", "the mail has no text that could be sent")
	}
	return text, nil
}

// MailRule is how an account has mails made into texts.
func MailRule(m *account.Mail) *mail.Rule {
	return &mail.Rule{
		Form: mail.Form(m.Text), Template: m.Template, KeepSignature: m.KeepSignature, KeepQuoted: m.KeepQuoted, KeepDisclaimers: m.KeepDisclaimers,
		Disclaimers: m.Disclaimers, ListAttachments: m.ListAttachments,
	}
}

// smtpSubmission is one message of a mail.
type smtpSubmission struct {
	*gateway.Submission
	of     *smtpRecipient // that stands for it
	member bool           // of a group, of which some may fail
}

// submissions makes a message to each phone that the recipients stand for. Members of a group that have no number are left out.
func (s *smtpSession) submissions(letter *mail.Letter, text string) ([]smtpSubmission, *smtp.SMTPError) {
	now := s.s.o.Now()
	var all []smtpSubmission
	for i := range s.to {
		r := &s.to[i]
		if !r.person() {
			all = append(all, smtpSubmission{Submission: s.submission(r, text, now), of: r})
			continue
		}
		phones, no := s.phones(r)
		if no != nil {
			return nil, no
		}
		one := *r
		for i := range phones {
			one.to = phones[i].To
			sub := s.submission(&one, text, now)
			sub.Escalates = phones[i].Escalates
			all = append(all, smtpSubmission{Submission: sub, of: r, member: true})
		}
	}
	all = s.once(all)
	if len(all) > maxMessages {
		return nil, smtpRefuse(554, "5.5.3", "the recipients are %d phones; a mail may be for %d", len(all), maxMessages)
	}
	reference := letter.ID
	if len(reference) > maxReference {
		reference = ""
	}
	costs := s.costs(letter)
	for i := range all {
		all[i].Reference, all[i].Dimensions = reference, costs
		s.notify(all[i].Submission, all[i].of, letter)
		all[i].Atomic, all[i].Batch = true, len(all) > 1
	}
	return all, nil
}

// once leaves out the messages to phones that are named already for the same time, where one of the two is not a number that the author wrote.
func (s *smtpSession) once(all []smtpSubmission) []smtpSubmission {
	type named struct {
		phone string
		at    time.Time
	}
	have, kept := map[named]int{}, all[:0]
	for i := range all {
		one := all[i]
		to := named{one.To, one.SendAt}
		if n, err := route.Normalise(one.To, s.of.Country); err == nil {
			to.phone = n.Number
		}
		if at, twice := have[to]; twice && (one.member || kept[at].member) {
			if kept[at].Escalates == nil {
				kept[at].Escalates = one.Escalates
			}
			continue
		}
		have[to] = len(kept)
		kept = append(kept, one)
	}
	return kept
}

// phones gives the phones that a contact or group stands for.
func (s *smtpSession) phones(r *smtpRecipient) (phones []gateway.Addressed, no *smtp.SMTPError) {
	ctx, cancel := context.WithTimeout(context.Background(), s.s.o.AcceptWait)
	defer cancel()
	list, more, err := s.s.core.AddressSome(ctx, &gateway.Mailing{Account: s.of.Name, To: []gateway.MailTo{{To: r.to}}}, maxMessages)
	switch {
	case err != nil:
		return nil, smtpRefuse(451, "4.3.0", "the database did not answer in time; try again later")
	case more:
		return nil, smtpRefuse(554, "5.5.3", "<%s>: is more than %d phones; send to it over the API", r.written, maxMessages)
	}
	var why *message.Failure
	for i := range list {
		if why = list[i].Failure; why == nil {
			phones = append(phones, list[i])
		}
	}
	switch {
	case len(phones) > 0:
		return phones, nil
	case why != nil && len(list) == 1:
		return nil, smtpFailed(r.written, why)
	}
	return nil, smtpRefuse(550, "5.1.1", "<%s>: nobody in it has a number", r.written)
}

// costs reads what the cost of a mail is put down to: X-Kurir-Cost-1 to 4, in the order of the server's dimensions.
func (s *smtpSession) costs(letter *mail.Letter) map[string]string {
	var costs map[string]string
	for i, name := range s.s.o.Dimensions().Names() {
		if value := letter.Header(fmt.Sprintf("X-Kurir-Cost-%d", i+1)); value != "" {
			if costs == nil {
				costs = map[string]string{}
			}
			costs[name] = value
		}
	}
	return costs
}

// accept hands the messages of a mail over: all of them are accepted, or none. A member of a group that may not be written to
// for good, such as one who opted out, does not keep the message from the others.
func (s *smtpSession) accept(all []smtpSubmission) *smtp.SMTPError {
	if over, most := s.s.authors.take(s.of, s.mail, s.author, len(all), s.s.o.Now()); over != "" {
		return smtpRefuse(452, "4.7.1", "<%s> may write %d messages a %s, and they are used up", s.author, most, over)
	}
	taken := len(all)
	good, answer := s.try(all)
	if answer == nil && len(good) < len(all) {
		for i := range good {
			good[i].Batch = len(good) > 1
		}
		_, answer = s.try(good)
	}
	if answer == nil {
		answer = smtpRefuse(451, "4.3.0", "the recipients have changed meanwhile; try again later")
	}
	if answer.Code == 250 {
		taken -= len(good)
	}
	if taken > 0 {
		s.s.authors.giveBack(s.of, s.mail, s.author, taken)
	}
	return answer
}

// try hands messages over and waits. Without an answer some members of groups failed, and good are the others.
func (s *smtpSession) try(all []smtpSubmission) (good []smtpSubmission, answer *smtp.SMTPError) {
	subs := make([]*gateway.Submission, len(all))
	for i := range all {
		subs[i] = all[i].Submission
	}
	results, ok := await(s.s.core.Accept, subs, s.s.o.AcceptWait)
	if !ok {
		return nil, smtpRefuse(451, "4.3.0", "the gateway could not write to its database in time; try again later")
	}
	var left *smtp.SMTPError // why a member was left out
	for i := range results {
		f := results[i].Failure
		switch {
		case f == nil || f.Kind == message.Withheld:
			good = append(good, all[i])
		case all[i].member && !f.Kind.Temporary():
			left = smtpFailed(all[i].of.written, f)
		default:
			return nil, smtpFailed(all[i].of.written, f)
		}
	}
	switch {
	case len(good) == 0:
		return nil, left
	case left != nil:
		return good, nil
	}
	s.s.counts.messages.Add(int64(len(all)))
	if len(all) == 1 {
		return good, smtpRefuse(250, "2.0.0", "accepted as message %s", results[0].ID)
	}
	return good, smtpRefuse(250, "2.0.0", "accepted as %d messages, the first is %s", len(all), results[0].ID)
}

// smtpLines reads a mail and notes whether a line of it ends with CR or LF alone. What one server takes for the end of a line, or
// of the mail, and another does not, smuggles commands: go-smtp ends a mail at CR LF . CR LF alone, and such a mail is refused.
type smtpLines struct {
	r    io.Reader
	cr   bool // the last octet was CR
	bare bool
}

// Read implements io.Reader.
func (l *smtpLines) Read(b []byte) (int, error) {
	n, err := l.r.Read(b)
	for _, c := range b[:n] {
		if l.cr != (c == '\n') {
			l.bare = true
		}
		l.cr = c == '\r'
	}
	return n, err
}
