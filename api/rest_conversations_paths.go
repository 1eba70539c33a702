package api

import (
	"net/http"

	"kurir/account"
	"kurir/resource"
)

// conversationPaths registers what people and phones write to each other.
func (s *httpServer) conversationPaths() {
	s.rest("/v1/conversations", methods{http.MethodGet: anyone(account.InboundRead, s.listConversations)})
	s.rest("/v1/conversations/{number}", methods{http.MethodGet: anyone(account.InboundRead, s.getConversation)})
	s.rest("/v1/conversations/{number}/messages", methods{http.MethodPost: anyone(account.MessagesWrite, s.answerConversation)})
	s.rest("/v1/conversations/{number}/seen", methods{http.MethodPost: anyone(account.MessagesWrite, s.seeConversation)})

	number := map[string]string{"number": "the phone"}
	common := []parameter{
		{"nobody", "of phones that wrote to nobody's number; of administrators only", oneOf("true", "false")},
		{name: "before", text: "what the page before said"},
		{"limit", "rows, 1 to 100; left out: 25", &resource.Schema{Type: "integer"}},
	}
	s.describe("GET /v1/conversations", description{
		name: "listConversations", summary: "What phones and users of the web pages write to each other, the newest first",
		text: "Of accounts with users. A search looks for the beginning of a number or name, a case number, and words in texts; " +
			"of texts it looks at a bounded number a page, so that a page may be short and still have `before`.",
		query: append([]parameter{
			{"unread", "those with unread messages", oneOf("true", "false")},
			{name: "search", text: "number, name, case number or words"},
		}, common...),
		answers: map[int]any{http.StatusOK: conversationsPage{}}, also: []int{http.StatusGatewayTimeout}, examples: []example{{call: "/v1/conversations?limit=2"}},
	})
	s.describe("GET /v1/conversations/{number}", description{
		name: "getConversation", summary: "One of them, line by line, the newest first", vars: number, query: common,
		answers: map[int]any{http.StatusOK: conversationPage{}}, also: []int{http.StatusGatewayTimeout}, examples: []example{{call: "/v1/conversations/+46701234567?limit=2"}},
	})
	s.describe("POST /v1/conversations/{number}/messages", description{
		name: "answerConversation", summary: "Write to the phone, from the number that it wrote to last", vars: number,
		text: "Where the phone answered a dialog it is from that dialog's number; where it has not written, from the account's sender.",
		body: answerBody{}, answers: map[int]any{http.StatusAccepted: answeredView{}},
		also:     []int{http.StatusConflict, http.StatusUnprocessableEntity, http.StatusPaymentRequired, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/conversations/+46701234567/messages", body: `{"text":"We come at ten."}`}},
	})
	s.describe("POST /v1/conversations/{number}/seen", description{
		name: "seeConversation", summary: "Mark it as read or unread, for all users of the account", vars: number, query: common[:1],
		body: seenBody{}, answers: map[int]any{http.StatusOK: seenBody{}}, also: []int{http.StatusUnprocessableEntity, http.StatusServiceUnavailable, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/conversations/+46701234567/seen", body: `{"unread":true}`}},
	})
}
