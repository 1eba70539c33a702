package web

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"kurir/directory"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/rota"
)

// core is a gateway that keeps what it is given.
type core struct {
	Core // what no test asks for

	asked  []gateway.PeopleFilter // for contacts of the account
	noted  []string               // what the audit has: who, user, action
	mu     sync.Mutex
	subs   []gateway.Submission
	jobs   int
	list   []*message.Message
	filter gateway.Filter
	groups []string
	size   int // phones of a group
	refuse *message.Failure
	alarms []*gateway.Escalation

	contacts  []*gateway.Contact
	own       []*gateway.Contact // of the user
	templates []*gateway.Template
	mailings  []gateway.MailingJob
	tally     gateway.Tally
	acts      []gateway.ActRequest // on what waits
	done      []string             // with jobs
	mailed    *gateway.Mailing     // the last
	addressed *gateway.Mailing     // likewise
	kept      directory.Template   // likewise
	rotas     *rota.Set
}

func (c *core) Submit(_ context.Context, subs []*gateway.Submission) (results []gateway.Result, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range subs {
		c.subs = append(c.subs, *s)
		results = append(results, gateway.Result{ID: message.ID(len(c.subs)), Failure: c.refuse})
	}
	return results, nil
}

func (c *core) KnownNumber(a message.Address) bool { return a.Number == "72456" }

func (c *core) Preview(sub *gateway.Submission) (*gateway.Preview, *message.Failure) {
	p := &gateway.Preview{Size: gsm.Size{Encoding: gsm.GSM7, Parts: 1 + len(sub.Content.Text)/160, Left: 7}}
	if at := strings.Index(sub.Content.Text, "“"); at >= 0 {
		p.Size.Encoding, p.First, p.Unicode = gsm.UCS2, at+1, []gsm.Replaced{{Rune: '“', By: `"`, Count: 1}}
		p.Simplified = &gsm.Size{Encoding: gsm.GSM7, Parts: 1}
	}
	return p, nil
}

func (c *core) AddressSome(_ context.Context, m *gateway.Mailing, most int) (list []gateway.Addressed, more bool, err error) {
	c.addressed = m
	for i, to := range m.To {
		n := 1
		if strings.HasPrefix(to.To, "group:") {
			n = c.size
		}
		for k := range n {
			if len(list) == most {
				return list, true, nil
			}
			number := to.To
			if n > 1 {
				number = fmt.Sprintf("+4670000%04d", k)
			}
			text := m.Common.Content.Text
			for name, value := range to.Variables {
				text = strings.ReplaceAll(text, "{"+name+"}", value)
			}
			list = append(list, gateway.Addressed{Index: i, Named: to.To, To: number, Text: text})
		}
	}
	return list, false, nil
}

func (c *core) Mail(_ context.Context, _ string, m *gateway.Mailing, _ *gateway.Answering[gateway.MailingJob]) (gateway.MailingJob, error) {
	c.jobs++
	c.mailed = m
	return gateway.MailingJob{}, nil
}

func (c *core) Messages(_ context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
	c.filter = f
	var page []*message.Message
	for _, m := range c.list {
		if m.Account == f.Account && m.ID > f.After {
			page = append(page, m)
		}
	}
	if len(page) > f.Limit {
		return page[:f.Limit], page[f.Limit-1].ID, nil
	}
	return page, 0, nil
}

func (c *core) Message(_ context.Context, account string, id message.ID) (*message.Message, error) {
	for _, m := range c.list {
		if m.ID == id && m.Account == account {
			return m, nil
		}
	}
	return nil, gateway.ErrNotFound
}

func (c *core) Trace(_ context.Context, m *message.Message) (*gateway.Trace, error) {
	return &gateway.Trace{Message: m, Events: []gateway.TraceEntry{
		{At: m.ID.Time(), What: "accepted"},
		{At: m.ID.Time().Add(time.Second), What: "granted", Link: "op1"},
		{At: m.ID.Time().Add(3 * time.Second), What: "failed", Link: "op1", Failure: message.Absent, Code: 27, Text: "<b>words</b>"},
		{At: m.ID.Time().Add(4 * time.Second), What: "simplified", Text: "quotes the text"},
	}}, nil
}

func (c *core) Cancel(_ context.Context, _ string, id message.ID) (*message.Message, error) {
	for _, m := range c.list {
		if m.ID == id {
			m.State = message.Deleted
		}
	}
	return nil, nil
}

func (c *core) FindGroup(_ context.Context, _, named string) (*gateway.Group, error) {
	for _, g := range c.groups {
		if g == named {
			return &gateway.Group{}, nil
		}
	}
	return nil, gateway.ErrNotFound
}

func (c *core) FindContact(_ context.Context, _, named string) (*gateway.Contact, error) {
	if named == "Anna" {
		return &gateway.Contact{}, nil
	}
	return nil, gateway.ErrNotFound
}

// ofAccount tells whether a book is the account's, not a user's own.
func ofAccount(book string) bool { return !strings.Contains(book, "\x1f") }

func (c *core) Groups(_ context.Context, f gateway.PeopleFilter) (list []*gateway.Group, err error) {
	if !ofAccount(f.Account) {
		return nil, nil
	}
	for _, name := range c.groups {
		g := &gateway.Group{}
		g.Name = name
		list = append(list, g)
	}
	return list, nil
}

func (c *core) Contacts(_ context.Context, f gateway.PeopleFilter) ([]*gateway.Contact, error) {
	if !ofAccount(f.Account) {
		return c.own, nil
	}
	c.asked = append(c.asked, f)
	return c.contacts, nil
}

func (c *core) Templates(context.Context, gateway.PeopleFilter) ([]*gateway.Template, error) {
	return c.templates, nil
}

func (c *core) FindTemplate(_ context.Context, _, named string) (*gateway.Template, error) {
	for _, t := range c.templates {
		if t.Name == named {
			return t, nil
		}
	}
	return nil, gateway.ErrNotFound
}

func (c *core) PutTemplate(_ context.Context, _ gateway.PeopleOf, _ message.ID, _ int64, edit func(*directory.Template) error, _ *gateway.Answering[*gateway.Template]) (*gateway.Template, error) {
	c.kept = directory.Template{}
	return nil, edit(&c.kept)
}

func (c *core) PauseMailing(context.Context, string, message.ID) (gateway.MailingJob, error) {
	c.done = append(c.done, "pause")
	return gateway.MailingJob{}, nil
}

func (c *core) ResumeMailing(context.Context, string, message.ID) (gateway.MailingJob, error) {
	c.done = append(c.done, "resume")
	return gateway.MailingJob{}, nil
}

func (c *core) StopMailing(context.Context, string, message.ID) (gateway.MailingJob, error) {
	c.done = append(c.done, "cancel")
	return gateway.MailingJob{}, nil
}

func (c *core) Act(_ string, req gateway.ActRequest, _ *gateway.Answering[gateway.ActJob]) (gateway.ActJob, error) {
	c.acts = append(c.acts, req)
	return gateway.ActJob{}, nil
}

func (c *core) Mailings(string) []gateway.MailingJob { return c.mailings }

func (c *core) Tally(context.Context, string, string) (gateway.Tally, error) { return c.tally, nil }

func (c *core) Escalations(context.Context, string) ([]*gateway.Escalation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.alarms, nil
}

func (c *core) AcknowledgeEscalation(_ context.Context, account string, id message.ID, by string) (*gateway.Escalation, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.alarms {
		if e.ID == id && e.Account == account {
			e.State, e.By = gateway.EscalationTaken, by
			return e, nil
		}
	}
	return nil, gateway.ErrNotFound
}

// WriteAudit puts something on record.
func (c *core) WriteAudit(_ context.Context, a gateway.Audit) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.noted = append(c.noted, a.Who+" "+a.Name+" "+a.Action)
	return nil
}

func (c *core) Rotas() *rota.Set { return c.rotas }
