package web

import (
	"context"

	"kurir/gateway"
	"kurir/message"
)

// Core is what the pages need of *gateway.Gateway.
type Core interface {
	composeCore
	sentCore
	dutyCore
	noteCore
}

// composeCore is what writing messages takes.
type composeCore interface {
	Submit(ctx context.Context, subs []*gateway.Submission) ([]gateway.Result, error)
	Preview(sub *gateway.Submission) (*gateway.Preview, *message.Failure)
	AddressSome(ctx context.Context, m *gateway.Mailing, most int) (list []gateway.Addressed, more bool, err error)
	Mail(ctx context.Context, by string, m *gateway.Mailing, key *gateway.Answering[gateway.MailingJob]) (gateway.MailingJob, error)
	FindGroup(ctx context.Context, account, named string) (*gateway.Group, error)
	FindContact(ctx context.Context, account, named string) (*gateway.Contact, error)
	Groups(ctx context.Context, f gateway.PeopleFilter) ([]*gateway.Group, error)
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
	Escalations(ctx context.Context, account string) ([]*gateway.Escalation, error)
	AcknowledgeEscalation(ctx context.Context, account string, id message.ID, by string) (*gateway.Escalation, error)
}

// noteCore is what the audit takes of what is no change of a setting.
type noteCore interface {
	WriteAudit(ctx context.Context, a gateway.Audit) error
}
