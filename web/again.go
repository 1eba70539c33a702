package web

import (
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// batchPrefix begins the references that messages to several get here.
const batchPrefix = "web-"

// againReads is how many messages of a sending are looked at for whom it went to.
const againReads = 10

// again is a form with what was sent: a message by its id, or all with a reference; nil where there is none. The text is left out
// where the user may not see it.
func (v *visit) again(named string) *composeForm {
	if !v.user.May(account.SeeMessages) {
		return nil
	}
	f := readCompose(nil)
	if id, err := message.ParseID(named); err == nil {
		m, err := v.Core.Message(v.r.Context(), v.account.Name, id)
		if err != nil {
			return nil
		}
		v.as(f, m)
		f.To = m.To.String()
		return f
	}
	filter := gateway.Filter{Account: v.account.Name, Reference: named, Oldest: true, Limit: 1000}
	var to []string
	for range againReads {
		list, next, err := v.Core.Messages(v.r.Context(), filter)
		if err != nil {
			return nil
		}
		for _, m := range list {
			if len(to) == 0 {
				v.as(f, m)
			}
			to = append(to, m.To.String())
		}
		if filter.After = next; next == 0 {
			break
		}
	}
	if len(to) == 0 {
		return nil
	}
	f.To = strings.Join(to, "\n")
	return f
}

// as takes over how a message was written.
func (v *visit) as(f *composeForm, m *message.Message) {
	if !m.Secret() && v.user.May(account.SeeTexts) {
		f.Text = m.Content.Text
	}
	f.Flash = m.Content.Class == 0
	if from := m.From.String(); from != v.account.Sender {
		choice, free := senders(v.account)
		for _, one := range choice {
			free = free || one == from
		}
		if free {
			f.From = from
		}
	}
}
