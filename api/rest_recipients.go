package api

import (
	"context"
	"errors"
	"net/http"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// maxVariables is how many variables one message, or one recipient, may have.
const maxVariables = 100

// restPeople is what a message of POST /v1/messages says of people: contacts and groups among its recipients, a template,
// variables, texts of single recipients. Most messages have none of it.
type restPeople struct {
	template   string
	language   string
	variables  map[string]string
	recipients []gateway.MailTo
}

// withPeople makes room for it.
func (m *restMessage) withPeople() *restPeople {
	if m.people == nil {
		m.people = &restPeople{}
	}
	return m.people
}

// namesPeople tells whether a contact, group or rota is among recipients.
func namesPeople(to []string) bool {
	for _, t := range to {
		if len(t) > 5 && (t[0] == 'c' || t[0] == 'g' || t[0] == 'r') {
			if kind, _ := directory.ParseRecipient(t); kind != directory.NumberRecipient {
				return true
			}
		}
	}
	return false
}

// peopleMember reads the value of one field about people.
func (r *jsonReader) peopleMember(p *restPeople, bit uint32) {
	switch bit {
	case seenTemplate:
		p.template = r.str()
	case seenLanguage:
		p.language = r.str()
	case seenVariables:
		p.variables = r.variables("variables")
	case seenRecipients:
		p.recipients = r.eachRecipient()
	}
}

// variables reads an object of texts and numbers; field is how mistakes call it.
func (r *jsonReader) variables(field string) map[string]string {
	all := map[string]string{}
	if !r.open('{', "an object") {
		return nil
	}
	for first := true; r.more('}', &first); {
		r.field = field
		name := string(r.name())
		r.field = field + "." + clip(name)
		_, twice := all[name]
		problem := directory.VariableProblem(name)
		switch {
		case twice:
			r.fail(codeTwice, "%s is given twice", r.field)
		case problem != "":
			r.fail(codeBadValue, "%s %s", r.field, problem)
		case len(all) == maxVariables:
			r.fail(codeTooMany, "%s may have at most %d members", field, maxVariables)
		}
		all[name] = r.textOrNumber()
		r.field = field
	}
	return all
}

// eachRecipient reads "recipients".
func (r *jsonReader) eachRecipient() (all []gateway.MailTo) {
	if !r.open('[', "an array of objects") {
		return nil
	}
	for first := true; r.more(']', &first); {
		if len(all) == maxMessages {
			r.tooMany("recipients")
			return nil
		}
		all = append(all, r.recipient())
	}
	return all
}

// recipient reads one of "recipients".
func (r *jsonReader) recipient() (to gateway.MailTo) {
	r.field = "recipients"
	if !r.open('{', "an object") {
		return to
	}
	seen := map[string]bool{}
	for first := true; r.more('}', &first); {
		r.field = "recipients"
		name := string(r.name())
		r.field = "recipients." + clip(name)
		switch {
		case seen[name]:
			r.fail(codeTwice, "%s is given twice", r.field)
		case name == "to":
			to.To = r.str()
		case name == "text":
			to.Text = r.str()
		case name == "variables":
			to.Variables = r.variables("recipients.variables")
		default:
			r.unknown(name, []string{"to", "text", "variables"})
		}
		seen[name] = true
	}
	r.field = "recipients"
	return to
}

// addressing is what contacts and groups of a request are found by.
type addressing struct {
	s   *httpServer
	ctx context.Context // the request's
}

// mailingOf makes of a message with people what the gateway finds its phones by. The failure is one of all its recipients.
func (d *addressing) mailingOf(m *restMessage, a *account.Account) (*gateway.Mailing, *message.Failure) {
	ask := m.people
	mail := &gateway.Mailing{
		Account: a.Name, User: a.User(), To: ask.recipients, Variables: ask.variables, Language: ask.language,
		Filled: m.seen&(seenTemplate|seenVariables|seenRecipients) != 0,
	}
	if m.seen&seenRecipients == 0 {
		mail.To = make([]gateway.MailTo, len(m.to))
		for i, to := range m.to {
			mail.To[i].To = to
		}
	}
	switch {
	case d.s == nil || d.s.People == nil:
		return mail, message.Fail(message.NotPermitted, "to", "contacts, groups, templates and variables are not known here")
	case m.seen&seenRecipients != 0 && len(m.to) > 0:
		return mail, message.Fail(message.BadContent, "recipients", "to and recipients exclude each other")
	case len(mail.To) == 0:
		return mail, message.Fail(message.BadRecipient, "to", "to is missing or empty")
	case m.seen&seenTemplate != 0 && (m.text != "" || m.data != ""):
		return mail, message.Fail(message.BadContent, "template", "template and text exclude each other, and so do template and data")
	case m.seen&seenLanguage != 0 && m.seen&seenTemplate == 0:
		return mail, message.Fail(message.BadContent, "language", "language says in which language a template is used, and none is named")
	case mail.Filled && m.data != "":
		return mail, message.Fail(message.BadContent, "data", "variables are put into texts, not into data")
	}
	if m.seen&seenTemplate != 0 {
		t, f := d.template(a.Name, ask.template)
		if f != nil {
			return mail, f
		}
		mail.Template = &t.Template
	}
	common := *m
	if common.text == "" && common.data == "" { // that of each recipient is looked at when it is made
		common.text = standIn(mail)
	}
	var f *message.Failure
	mail.Common, f = common.submission(a, d.s.Guard, d.s.TLVs())
	mail.Common.Content.Text = m.text
	return mail, f
}

// template finds a template by its name or id.
func (d *addressing) template(account, named string) (*gateway.Template, *message.Failure) {
	ctx, cancel := lasting(d.ctx, d.s.Timeout)
	defer cancel()
	t, err := d.s.People.FindTemplate(ctx, account, named)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return nil, message.Fail(message.BadContent, "template", "there is no template %q", clip(named))
	case err != nil:
		return nil, unreadPeople()
	}
	return t, nil
}

// unreadPeople is the failure of a message for which the database could not be read.
func unreadPeople() *message.Failure {
	return &message.Failure{Kind: message.Busy, Text: "the database could not be read; try again later"}
}

// standIn is a text in place of that of all, where each recipient has its own.
func standIn(mail *gateway.Mailing) string {
	if mail.Template != nil {
		return mail.Template.Text
	}
	for i := range mail.To {
		if mail.To[i].Text == "" {
			return "" // so that it is missed
		}
	}
	return mail.To[0].Text
}

// addPeople makes the submissions of one message with people, at most so many that a request has not more than it may.
// What is for more phones, and the whole request, becomes a mailing.
func (b *batch) addPeople(index int, m *restMessage, a *account.Account) {
	mail, failure := b.mailingOf(m, a)
	most := maxMessages
	if b.stream == 0 {
		most -= len(b.subs)
	}
	var list []gateway.Addressed
	more := false
	if failure == nil {
		ctx, cancel := lasting(b.ctx, b.s.Timeout)
		defer cancel()
		var err error
		if list, more, err = b.s.People.AddressSome(ctx, mail, most); err != nil {
			failure = unreadPeople()
		}
	}
	switch {
	case more && !b.several && !b.atomic:
		b.mailing = mail
		return
	case more:
		failure = message.Fail(message.BadRecipient, "to", "the recipients are more than %d phones; send that message alone, and not atomic", maxMessages)
	case failure == nil && len(list) == 0:
		failure = message.Fail(message.BadRecipient, "to", "nobody is in %.80q", mail.To[0].To)
	}
	if failure != nil {
		b.fail(index, firstOf(mail.To), failure)
		return
	}
	common := mail.Common
	common.Atomic, common.Batch, common.Stream, common.Link = b.atomic, b.together || len(list) > 1, b.stream, b.link
	made := make([]gateway.Submission, len(list))
	for i := range list {
		one := &list[i]
		if one.Failure == nil && one.Text == "" && len(common.Content.Data)+len(common.Content.Header) == 0 {
			one.Failure = message.Fail(message.BadContent, "text", "text is missing or empty")
		}
		if one.Failure != nil {
			b.fail(index, one.Named, one.Failure)
			continue
		}
		made[i] = common
		made[i].To, made[i].Content.Text, made[i].Escalates = one.To, one.Text, one.Escalates
		b.subs = append(b.subs, &made[i])
		if b.several {
			b.at = append(b.at, index)
		}
	}
}

// first is what the first phone of a message with people would get.
func (d *addressing) first(m *restMessage, a *account.Account) (gateway.Submission, *message.Failure) {
	mail, f := d.mailingOf(m, a)
	if f != nil {
		return mail.Common, f
	}
	ctx, cancel := lasting(d.ctx, d.s.Timeout)
	defer cancel()
	list, _, err := d.s.People.AddressSome(ctx, mail, 1)
	switch {
	case err != nil:
		return mail.Common, unreadPeople()
	case len(list) == 0:
		return mail.Common, message.Fail(message.BadRecipient, "to", "nobody is in %.80q", mail.To[0].To)
	}
	mail.Common.To, mail.Common.Content.Text = list[0].To, list[0].Text
	return mail.Common, list[0].Failure
}

// firstOf is by which a message is called that is refused for all its recipients.
func firstOf(to []gateway.MailTo) string {
	if len(to) == 0 {
		return ""
	}
	return to[0].To
}

// postMailing answers a request for more phones than one request sends to: with the job that does it.
func (s *httpServer) postMailing(w http.ResponseWriter, r *http.Request, a *account.Account, b *batch) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	b.mailing.Common.Link = b.link
	answer := func(job gateway.MailingJob) *jobAnswer {
		return &jobAnswer{s.jobAt(r, job.ID), map[string]any{"messages": []any{}, "errors": []any{}, "job": viewMailing(&job)}}
	}
	job, err := s.People.Mail(ctx, a.Name, b.mailing, answering(w, func(job gateway.MailingJob) []byte { return answer(job).kept() }))
	var f *message.Failure
	switch {
	case errors.Is(err, gateway.ErrTooManyMailings):
		return &problem{Status: http.StatusTooManyRequests, Code: codeRunning, Detail: err.Error(), RetryAfter: 30}
	case errors.As(err, &f):
		return failed(f)
	case errors.Is(err, gateway.ErrStopped):
		return failed(&message.Failure{Kind: message.Stopping})
	case err != nil:
		return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the database did not answer in time; /v1/jobs shows whether the request was taken"}
	}
	return answer(job).write(w)
}

// mailingView is a large request in answers.
type mailingView struct {
	ID        message.ID             `json:"id"`
	Job       string                 `json:"job" enum:"send"`
	State     string                 `json:"state"`
	By        string                 `json:"by"`
	Account   string                 `json:"account"`
	Reference string                 `json:"reference,omitempty"`
	Began     string                 `json:"began"`
	Ended     string                 `json:"ended,omitempty"`
	Looked    int64                  `json:"looked_at"`
	Expected  int64                  `json:"expected,omitempty" doc:"about how many phones there are"`
	Messages  int64                  `json:"messages"`
	Refused   int64                  `json:"refused"`
	Refusals  map[string]int64       `json:"refusals,omitempty"` // how many by the code of the error
	Errors    []gateway.MailingError `json:"errors,omitempty"`   // the first of them
	Error     string                 `json:"error,omitempty"`
}

func viewMailing(j *gateway.MailingJob) *mailingView {
	v := &mailingView{
		ID: j.ID, Job: "send", State: string(j.State), By: j.By, Account: j.Account, Reference: j.Reference, Began: seenTime(j.Began), Ended: seenTime(j.Ended),
		Looked: j.Looked, Expected: j.Expected, Messages: j.Accepted, Refusals: j.MailingCounts.Refused, Errors: j.Errors, Error: j.MailingCounts.Error,
	}
	for _, n := range j.MailingCounts.Refused {
		v.Refused += n
	}
	return v
}
