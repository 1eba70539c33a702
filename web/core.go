package web

import (
	"context"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
	"kurir/rota"
)

// Core is what the pages need of *gateway.Gateway.
type Core interface {
	composeCore
	sendingCore
	sentCore
	dutyCore
	talksCore
	noteCore
}

// composeCore is what writing messages takes.
type composeCore interface {
	Submit(ctx context.Context, subs []*gateway.Submission) ([]gateway.Result, error)
	KnownNumber(a message.Address) bool
	Preview(sub *gateway.Submission) (*gateway.Preview, *message.Failure)
	AddressSome(ctx context.Context, m *gateway.Mailing, most int) (list []gateway.Addressed, more bool, err error)
	Mail(ctx context.Context, by string, m *gateway.Mailing, key *gateway.Answering[gateway.MailingJob]) (gateway.MailingJob, error)
	FindGroup(ctx context.Context, account, named string) (*gateway.Group, error)
	FindContact(ctx context.Context, account, named string) (*gateway.Contact, error)
	Groups(ctx context.Context, f gateway.PeopleFilter) ([]*gateway.Group, error)
	Contacts(ctx context.Context, f gateway.PeopleFilter) ([]*gateway.Contact, error)
	Templates(ctx context.Context, f gateway.PeopleFilter) ([]*gateway.Template, error)
	FindTemplate(ctx context.Context, account, named string) (*gateway.Template, error)
	PutTemplate(ctx context.Context, of gateway.PeopleOf, id message.ID, revision int64, edit func(*directory.Template) error, key *gateway.Answering[*gateway.Template]) (*gateway.Template, error)
}

// sendingCore is what the pages of sendings to many take.
type sendingCore interface {
	Mailings(account string) []gateway.MailingJob
	PauseMailing(ctx context.Context, account string, id message.ID) (gateway.MailingJob, error)
	ResumeMailing(ctx context.Context, account string, id message.ID) (gateway.MailingJob, error)
	StopMailing(ctx context.Context, account string, id message.ID) (gateway.MailingJob, error)
	Tally(ctx context.Context, account, reference string) (gateway.Tally, error)
	Act(by string, req gateway.ActRequest, key *gateway.Answering[gateway.ActJob]) (gateway.ActJob, error)
}

// sentCore is what the list of messages and the story of each take.
type sentCore interface {
	Messages(ctx context.Context, f gateway.Filter) ([]*message.Message, message.ID, error)
	Message(ctx context.Context, account string, id message.ID) (*message.Message, error)
	Trace(ctx context.Context, m *message.Message) (*gateway.Trace, error)
	Cancel(ctx context.Context, account string, id message.ID) (*message.Message, error)
}

// dutyCore is what the page of who is on duty takes.
type dutyCore interface {
	Rotas() *rota.Set
	Escalations(ctx context.Context, account string) ([]*gateway.Escalation, error)
	AcknowledgeEscalation(ctx context.Context, account string, id message.ID, by string) (*gateway.Escalation, error)
}

// noteCore is what the audit takes of what is no change of a setting.
type noteCore interface {
	WriteAudit(ctx context.Context, a gateway.Audit) error
}

// talksCore is what the badge of conversations takes.
type talksCore interface {
	UnreadConversations(ctx context.Context, account string, most int) (int, error)
}
