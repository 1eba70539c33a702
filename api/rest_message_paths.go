package api

import (
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// messagePaths serves messages to phones.
func (s *httpServer) messagePaths() {
	s.rest("/v1/messages", methods{http.MethodGet: anyone(account.MessagesRead, s.listMessages), http.MethodPost: anyone(account.MessagesWrite, s.postMessages)})
	s.rest("/v1/messages/{id}", methods{
		http.MethodGet: anyone(account.MessagesRead, s.getMessage), http.MethodPatch: anyone(account.MessagesWrite, s.patchMessage),
		http.MethodDelete: anyone(account.MessagesWrite, s.cancelMessage),
	})
	s.rest("/v1/messages/{id}/query", methods{http.MethodPost: admins(account.MessagesWrite, s.askOperator)})
	s.rest("/v1/messages/{id}/trace", methods{http.MethodGet: anyone(account.MessagesRead, s.getTrace)})
	s.rest("/v1/messages/{id}/text", methods{http.MethodDelete: anyone(account.MessagesWrite, s.eraseText)})
	s.rest("/v1/messages/{id}/resend", methods{http.MethodPost: anyone(account.MessagesWrite, s.resendMessage)})

	s.describe("POST /v1/messages", description{
		name: "sendMessages", summary: "Send messages",
		text: "One text to one or more recipients, or several texts under `messages`. 202 as soon as one message is accepted, which means that it is on disk; " +
			"those that are not stand under `errors`. As `application/x-ndjson` a message stands in each line, without end, and a result comes back for each.",
		body: schemaOf(newMessages), answers: map[int]any{http.StatusAccepted: acceptedView{}, http.StatusOK: lines{"a result for each recipient, and a summary at the end", schemaOf(streamedLine)}},
		bodies: map[string]any{ndjsonMedia: lines{"a message in each line, as many as you like", schemaOf(messageOfSeveral)}},
		query:  []parameter{{"summary", "of a message in each line: nothing is answered until all are read, then mistakes and the sum alone", &resource.Schema{Type: "boolean"}}}, also: []int{http.StatusPaymentRequired},
		examples: []example{
			{name: "one", call: "/v1/messages", body: `{"to":"+46701234567","from":"ACME","text":"Hello","validity":"2h"}`, status: http.StatusAccepted},
			{name: "several", call: "/v1/messages", body: `{"messages":[{"to":["+46701234567","+46707654321"],"text":"Hello"},{"to":"12a","text":"Hej","reference":"order 4711"}]}`, status: http.StatusAccepted},
			{name: "lines", call: "/v1/messages", body: streamExample, sends: ndjsonMedia, media: ndjsonMedia, status: http.StatusOK},
			{name: "refused", call: "/v1/messages", body: `{"to":"12a","text":"Hello"}`, status: http.StatusUnprocessableEntity},
		},
	})
	s.describe("GET /v1/messages", description{
		name: "listMessages", summary: "Messages that were sent", text: exportText,
		list: &listing{"messages", resource.Messages(), messageView{}}, tables: tables, query: exported, needs: inLanguage,
		examples: []example{
			{name: "delivered", call: "/v1/messages?state=delivered,sent&limit=2"},
			{name: "table", call: "/v1/messages?to=%2B46701234567&since=2026-01-01&format=csv", media: csvMedia},
		},
	})
	s.describe("GET /v1/messages/{id}", description{
		name: "getMessage", summary: "A message as it stands", answers: map[int]any{http.StatusOK: messageView{}}, needs: inLanguage,
		examples: []example{
			{name: "delivered", call: "/v1/messages/06y30tp6r0001"},
			{name: "refused", call: "/v1/messages/0000000000001", status: http.StatusNotFound},
		},
	})
	s.describe("PATCH /v1/messages/{id}", description{
		name: "changeMessage", summary: "Send a message at another time, or try it for another time",
		text: "As long as no operator has it: 409 after that.", body: patchBody{},
		answers: map[int]any{http.StatusOK: messageView{}}, also: []int{http.StatusConflict},
		examples: []example{{call: "/v1/messages/06y30tp6r0002", body: `{"validity":"6h"}`}},
	})
	s.describe("DELETE /v1/messages/{id}", description{
		name: "cancelMessage", summary: "Cancel a message",
		text:    "As long as no operator has it, or with `cancel: true` on its link he gives it back: 409 after that.",
		answers: map[int]any{http.StatusOK: messageView{}}, also: []int{http.StatusConflict},
		examples: []example{
			{name: "scheduled", call: "/v1/messages/06y30tp6r0003"},
			{name: "refused", call: "/v1/messages/06y30tp6r0001", status: http.StatusConflict},
		},
	})
	s.describe("GET /v1/messages/{id}/trace", description{
		name: "traceMessage", summary: "What happened to a message, when and why", answers: map[int]any{http.StatusOK: messageTraceView{}}, needs: inLanguage,
		examples: []example{{call: "/v1/messages/06y30tp6r0001/trace"}},
	})
	s.describe("DELETE /v1/messages/{id}/text", description{
		name: "eraseText", summary: "Erase the text of a message that is over, for good",
		answers: map[int]any{http.StatusNoContent: nil}, also: []int{http.StatusConflict},
		examples: []example{{name: "refused", call: "/v1/messages/0000000000001/text", status: http.StatusNotFound}},
	})
	s.describe("POST /v1/messages/{id}/resend", description{
		name: "resendMessage", summary: "Send a message that did not arrive again, as a new one",
		answers: map[int]any{http.StatusAccepted: resultView{}}, also: []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusPaymentRequired, http.StatusGatewayTimeout},
		examples: []example{
			{name: "undeliverable", call: "/v1/messages/06y30tp6r0004/resend"},
			{name: "refused", call: "/v1/messages/06y30tp6r0001/resend", status: http.StatusConflict},
		},
	})
	s.describe("POST /v1/messages/{id}/query", description{
		name: "queryMessage", summary: "Ask the operator what became of a message (query_sm)",
		text:    "His answer is booked like a receipt. 409 for a message that is not `enroute`.",
		answers: map[int]any{http.StatusOK: messageView{}}, also: []int{http.StatusConflict},
		examples: []example{{name: "refused", call: "/v1/messages/06y30tp6r0001/query", status: http.StatusConflict}},
	})
}

// streamExample are messages in lines, of which one is wrong.
const streamExample = `{"to":"+46701234567","text":"Hello","reference":"order 4711"}
{"to":"12a","text":"Hello","reference":"order 4712"}
`

// What lists have that can be exported (rest_export.go).
const exportText = "With `format`, or by the header Accept, the whole list comes as a table, row by row as it is read."

var (
	tables     = []string{csvMedia, ndjsonMedia}
	exported   = []parameter{{"format", "of the answer: a page of JSON, or the whole list as a table", oneOf("json", asCSV, asNDJSON, asXLSX)}}
	inLanguage = []string{"Accept-Language"}
)

// messageTraceView is what happened to a message.
type messageTraceView struct {
	Message messageView          `json:"message"`
	Links   []string             `json:"links" doc:"by which it may go, in order"`
	Routes  []ruleView           `json:"routes" doc:"rules that were looked at, in order"`
	Events  []gateway.TraceEntry `json:"events"`
	Waits   *gateway.Waits       `json:"waits,omitempty" doc:"what it waits for"`
}
