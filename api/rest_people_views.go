package api

import (
	"time"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// contactView is a contact in answers. Exports have these columns, and an import takes them.
type contactView struct {
	ID       message.ID        `json:"id"`
	Name     string            `json:"name"`
	Mobile   string            `json:"mobile,omitempty"`
	Pager    string            `json:"pager,omitempty"`
	Mail     string            `json:"mail,omitempty"`
	Language string            `json:"language,omitempty"`
	Fields   map[string]string `json:"fields,omitempty"`
	Note     string            `json:"note,omitempty"`

	Addresses []directory.ContactAddress `json:"addresses,omitempty"`
	Usual     string                     `json:"usual,omitempty"`

	Revision  int64  `json:"revision"`
	ChangedAt string `json:"changed_at"`
	ChangedBy string `json:"changed_by"`
}

func viewContact(c *gateway.Contact) (message.ID, contactView) {
	return c.ID, contactView{c.ID, c.Name, c.Mobile, c.Pager, c.Mail, c.Language, c.Fields, c.Note, c.Addresses, c.Usual, c.Revision, changedAt(&c.Owned), c.ChangedBy}
}

// groupView is a group in answers.
type groupView struct {
	ID        message.ID `json:"id"`
	Name      string     `json:"name"`
	Note      string     `json:"note,omitempty"`
	Members   int64      `json:"members"`
	Revision  int64      `json:"revision"`
	ChangedAt string     `json:"changed_at"`
	ChangedBy string     `json:"changed_by"`
}

func viewGroup(c *gateway.Group) (message.ID, groupView) {
	return c.ID, groupView{c.ID, c.Name, c.Note, c.Members, c.Revision, changedAt(&c.Owned), c.ChangedBy}
}

// templateView is a template in answers.
type templateView struct {
	ID        message.ID        `json:"id"`
	Name      string            `json:"name"`
	Text      string            `json:"text"`
	Texts     map[string]string `json:"texts,omitempty"`
	Note      string            `json:"note,omitempty"`
	Required  []string          `json:"required,omitempty"` // variables without which no message can be made of it
	Optional  []string          `json:"optional,omitempty"`
	Revision  int64             `json:"revision"`
	ChangedAt string            `json:"changed_at"`
	ChangedBy string            `json:"changed_by"`
}

func viewTemplate(t *gateway.Template) (message.ID, templateView) {
	required, optional := t.Variables()
	return t.ID, templateView{t.ID, t.Name, t.Text, t.Texts, t.Note, required, optional, t.Revision, changedAt(&t.Owned), t.ChangedBy}
}

func changedAt(o *gateway.Owned) string { return seenTime(time.UnixMilli(o.ChangedAt)) }

// memberView is a member of a group: To is how it is written where recipients are named.
type memberView struct {
	Kind   string      `json:"kind"`
	To     string      `json:"to"`
	ID     *message.ID `json:"id,omitempty"`
	Name   string      `json:"name,omitempty"`
	Mobile string      `json:"mobile,omitempty"`
}

func viewMember(m *gateway.GroupMember) (message.ID, memberView) {
	key, _ := m.Key()
	v := memberView{Kind: m.Kind.String(), To: m.To, Name: m.Name}
	if m.ID != 0 {
		v.To, v.ID = v.Kind+":"+m.ID.String(), &m.ID
	}
	if m.Contact != nil {
		v.Name, v.Mobile = m.Contact.Name, m.Contact.Number()
	}
	return message.ID(key), v
}
