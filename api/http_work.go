package api

import (
	"fmt"
	"net/http"
	"strings"

	"kurir/account"
	"kurir/message"
)

// Requests that are served at a time when nothing else is configured. Those that
// stay, such as streams, are not counted.
const (
	DefaultRequests        = 4096 // in all
	DefaultAccountRequests = 1024 // of one account
)

// Bounds on the head of a request beyond maxHeader.
const (
	maxHeaders = 100  // names of headers
	maxParams  = 1000 // parameters in the query
)

// tooMuch is the problem of a request whose head has more than anybody needs.
func tooMuch(r *http.Request) *problem {
	if len(r.Header) > maxHeaders {
		return &problem{
			Status: http.StatusRequestHeaderFieldsTooLarge, Code: codeTooLarge,
			Detail: fmt.Sprintf("the request has more than %d headers", maxHeaders),
		}
	}
	if r.URL.RawQuery != "" && strings.Count(r.URL.RawQuery, "&") >= maxParams {
		return &problem{Status: http.StatusBadRequest, Code: codeTooMany, Detail: fmt.Sprintf("the query has more than %d parameters", maxParams)}
	}
	return nil
}

// begin takes a place among the requests at work; it is given back by end. The
// problem is that there is none.
func (s *httpServer) begin() *problem {
	most := s.Settings().Requests
	if most == 0 {
		most = DefaultRequests
	}
	if s.working.Add(1) <= most {
		return nil
	}
	s.working.Add(-1)
	return &problem{
		Status: http.StatusServiceUnavailable, Code: message.Overloaded.Code(), RetryAfter: 1,
		Detail: "the server is at work on as many requests as it takes; try again later",
	}
}

func (s *httpServer) end() { s.working.Add(-1) }

// beginOf takes a place among the requests of an account; it is given back by
// Account.EndRequest.
func (s *httpServer) beginOf(a *account.Account) *problem {
	most := s.Settings().AccountRequests
	if most == 0 {
		most = DefaultAccountRequests
	}
	if a.BeginRequest(most) {
		return nil
	}
	return &problem{
		Status: http.StatusTooManyRequests, Code: message.Overloaded.Code(), RetryAfter: 1,
		Detail: fmt.Sprintf("%d requests of the account are at work, and that is all it may have at a time; try again when some are answered", most),
	}
}
