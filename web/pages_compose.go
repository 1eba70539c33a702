package web

import (
	"context"
	"net/url"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// actOnMailing is an act of the gateway on a request to many.
type actOnMailing = func(ctx context.Context, account string, id message.ID) (gateway.MailingJob, error)

// pagesOfCompose are those of writing messages, of what is to be sent later, and of sendings to many.
func pagesOfCompose() []page {
	const send, see = account.SendMessages, account.SeeMessages
	return []page{
		{pattern: "GET /compose", right: send, menu: "nav.new", serve: (*visit).composePage},
		{pattern: "POST /compose", right: send, serve: (*visit).compose},
		{pattern: "POST /compose/count", right: send, serve: (*visit).count},
		{pattern: "POST /compose/file", right: send, uploads: true, serve: (*visit).upload},
		{pattern: "GET /compose/suggest", right: send, serve: (*visit).suggestions},
		{pattern: "GET /scheduled", right: see, menu: "nav.scheduled", list: scheduledList()},
		{pattern: "GET /scheduled/{id}", right: send, serve: (*visit).scheduledPage},
		{pattern: "POST /scheduled/{id}", right: send, serve: (*visit).reschedule},
		{pattern: "GET /sendings", right: see, menu: "nav.sendings", serve: (*visit).sendingsPage},
		{pattern: "GET /sendings/{id}", right: see, serve: (*visit).sendingPage},
		{pattern: "POST /sendings/{id}/pause", right: send, serve: (*visit).pauseSending},
		{pattern: "POST /sendings/{id}/resume", right: send, serve: (*visit).resumeSending},
		{pattern: "POST /sendings/{id}/cancel", right: send, serve: (*visit).cancelSending},
	}
}

// scheduledList is what is to be sent later.
func scheduledList() *listPage {
	return &listPage{
		title: "scheduled.title", lead: "scheduled.lead", rest: "/v1/messages", query: url.Values{"state": {message.Scheduled.String()}}, rows: "messages", noun: resource.Messages,
		columns: []column{
			{field: "send_at", kind: aTime}, {field: "to"}, {field: "text", kind: longText, right: account.SeeTexts}, {field: "reference"},
		},
		filters: []string{"to", "reference"}, link: "/scheduled/{id}", names: "to", live: 10,
		rowActs: []rowAct{{path: "/sent/{id}/cancel", words: "scheduled.cancel", right: account.SendMessages}},
	}
}
