package api

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"kurir/message"
)

// Codes of mistakes that are no message.Failure: they stand in problem
// documents as "code" and are stable.
const (
	codeBadJSON       = "bad_json"
	codeUnknownField  = "unknown_field"
	codeWrongType     = "wrong_type"
	codeRequired      = "required"
	codeBadValue      = "bad_value"
	codeBadUTF8       = "bad_utf8"
	codeTooMany       = "too_many"
	codeTwice         = "given_twice"
	codeUnknownQuery  = "unknown_parameter"
	codeNotFound      = "not_found"
	codeMethod        = "method_not_allowed"
	codeContentType   = "content_type"
	codeEncoding      = "content_encoding"
	codeBadRequest    = "bad_request"
	codeTooLarge      = "too_large"
	codeUnauthorized  = "unauthorized"
	codeAddress       = "address_not_allowed"
	codeTooManyLogins = "too_many_failures"
	codeNotAdmin      = "not_admin"
	codeScope         = "scope_missing"
	codeLinkState     = "link_state"
	codeRunning       = "already_running"
	codeFinal         = "already_final"
	codeNotFinal      = "not_final"
	codeTooLate       = "too_late"
	codeUnreadable    = "unreadable"
	codeTimeout       = "timeout"
	codeNotRead       = "answer_not_read"
	codeInternal      = "internal"
	codeRefused       = "nothing_accepted"
	codeNoBalance     = "no_balance"
	codeKeyTaken      = "key_taken"
	codeUnderWay      = "under_way"
	codeNoOptOut      = "no_opt_out"
	codeTaken         = "taken"
	codeInFile        = "in_file"
	codeOutdated      = "outdated"
	codeNeeded        = "needed"
	codeGone          = "gone"
)

// fieldError is one mistake: which recipient or field, and why. Index is the
// place within "messages" of the request, -1 where that form was not used.
type fieldError struct {
	Index  int
	To     string
	Field  string
	Code   string
	Detail string
}

// problem is what is wrong with a request, as an RFC 9457 problem document.
// The members "type" and "title" are those of the kind of mistake that "code"
// names (problem_kinds.go); "errors" names the fields.
type problem struct {
	Status     int
	Code       string
	Detail     string
	Errors     []fieldError
	RetryAfter int    // seconds; 0 for no such header
	Allow      string // methods, for 405
	Challenge  bool   // WWW-Authenticate, for 401
}

// Error implements error.
func (p *problem) Error() string { return p.Detail }

// faulty returns a problem that blames one field of a request.
func faulty(status int, code, field, format string, args ...any) *problem {
	detail := fmt.Sprintf(format, args...)
	p := &problem{Status: status, Code: code, Detail: detail}
	if field != "" {
		p.Errors = []fieldError{{Index: -1, Field: field, Code: code, Detail: detail}}
	}
	return p
}

// notPossible says which methods there are instead.
func notPossible(method, allow string) string {
	i := strings.LastIndex(allow, ", ")
	if i < 0 {
		return method + " is not possible here; only " + allow + " is"
	}
	return method + " is not possible here; only " + allow[:i] + " and " + allow[i+2:] + " are"
}

// Bounds on a problem document, for what is wrong may be as long as what was sent.
const (
	maxDetail = 1000 // octets of a text, and of a field's name
	maxErrors = maxMessages
)

// write answers the request with the problem document.
func (p *problem) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if wait := cmp.Or(p.RetryAfter, retryAfter(p.Status)); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(wait))
	}
	if p.Allow != "" {
		h.Set("Allow", p.Allow)
	}
	if p.Challenge {
		h.Add("WWW-Authenticate", `Bearer realm="kurir"`)
		h.Add("WWW-Authenticate", `Basic realm="kurir", charset="UTF-8"`)
	}
	body := p.append(nil)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(p.Status)
	_, _ = w.Write(body) // a client that has gone needs no answer
}

// append appends the document to dst.
func (p *problem) append(dst []byte) []byte {
	kind, known := kindOf(p.Code)
	if !known {
		kind.title = http.StatusText(p.Status)
	}
	dst = append(dst, `{"type":"`...)
	if known {
		dst = append(append(dst, problemsPath...), kind.code...)
	} else {
		dst = append(dst, "about:blank"...) // RFC 9457 4.2.1
	}
	dst = append(dst, `","title":`...)
	dst = appendJSONString(dst, kind.title)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(p.Status), 10)
	dst = append(dst, `,"code":`...)
	dst = appendJSONString(dst, p.Code)
	dst = append(dst, `,"detail":`...)
	dst = appendJSONString(dst, shortened(p.Detail, maxDetail))
	if len(p.Errors) > 0 {
		dst = append(dst, `,"errors":`...)
		dst = appendFieldErrors(dst, p.Errors[:min(len(p.Errors), maxErrors)])
	}
	return append(dst, "}\n"...)
}

// shortened is s if it has at most so many octets, else its beginning, without half a character.
func shortened(s string, octets int) string {
	if len(s) <= octets {
		return s
	}
	for octets > 0 && !utf8.RuneStart(s[octets]) {
		octets--
	}
	return s[:octets]
}

func appendFieldErrors(dst []byte, errs []fieldError) []byte {
	dst = append(dst, '[')
	for i, e := range errs {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		if e.Index >= 0 {
			dst = append(dst, `"index":`...)
			dst = strconv.AppendInt(dst, int64(e.Index), 10)
			dst = append(dst, ',')
		}
		dst = append(appendFieldError(dst, &e), '}')
	}
	return append(dst, ']')
}

// appendFieldError appends the members of a mistake but its index.
func appendFieldError(dst []byte, e *fieldError) []byte {
	if e.To != "" {
		dst = append(dst, `"to":`...)
		dst = appendJSONString(dst, e.To)
		dst = append(dst, ',')
	}
	if e.Field != "" {
		dst = append(dst, `"field":`...)
		dst = appendJSONString(dst, shortened(e.Field, maxDetail))
		dst = append(dst, ',')
	}
	dst = append(dst, `"code":`...)
	dst = appendJSONString(dst, e.Code)
	dst = append(dst, `,"detail":`...)
	return appendJSONString(dst, shortened(e.Detail, maxDetail))
}

// appendJSONString appends s as a JSON string. What needs no escape is copied.
func appendJSONString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			quoted, _ := json.Marshal(s) // a string always marshals; invalid UTF-8 becomes U+FFFD
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// failureStatus is the one table from what the gateway says to HTTP. What is
// not in it is the customer's mistake in the message: 422.
var failureStatus = map[message.FailureKind]int{
	message.NotPermitted: http.StatusForbidden,
	message.Blocked:      http.StatusForbidden,
	message.OptedOut:     http.StatusForbidden,
	message.NotOpened:    http.StatusForbidden,
	message.NoMoney:      http.StatusPaymentRequired,
	message.LimitReached: http.StatusTooManyRequests,
	message.Overloaded:   http.StatusTooManyRequests,
	message.Throttled:    http.StatusTooManyRequests,
	message.StoreFull:    http.StatusServiceUnavailable,
	message.Busy:         http.StatusServiceUnavailable,
	message.Stopping:     http.StatusServiceUnavailable,
	message.LinkDown:     http.StatusServiceUnavailable,
}

// statusOf returns the HTTP status of a failure.
func statusOf(kind message.FailureKind) int {
	if status, ok := failureStatus[kind]; ok {
		return status
	}
	return http.StatusUnprocessableEntity
}

// failed is the problem of a request about no single message.
func failed(f *message.Failure) *problem {
	status := statusOf(f.Kind)
	return &problem{Status: status, Code: f.Kind.Code(), Detail: f.Error(), RetryAfter: retryAfter(status)}
}

// retryAfter returns how many seconds a client should wait after that status,
// 0 when waiting does not help.
func retryAfter(status int) int {
	switch status {
	case http.StatusTooManyRequests:
		return 1
	case http.StatusServiceUnavailable:
		return 5
	}
	return 0
}

// refusal is the problem of a request of which nothing was accepted: the
// status that gives most hope of all its errors' (503, 429), else 403 or 402 if
// that is what all of them are, else 422. Messages that were only withheld because of
// others do not count.
func refusal(kinds []message.FailureKind, errs []fieldError) *problem {
	best, causes, cause, unpaid := 0, 0, 0, 0
	for i, kind := range kinds {
		if kind == message.Withheld {
			continue
		}
		causes, cause = causes+1, i
		best = max(best, hope(statusOf(kind)))
		if kind == message.NoMoney {
			unpaid++
		}
	}
	status := [...]int{http.StatusForbidden, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusTooManyRequests, http.StatusServiceUnavailable}[best]
	if unpaid > 0 && unpaid == causes {
		status = http.StatusPaymentRequired
	}
	p := &problem{Status: status, Code: codeRefused, Detail: "no message was accepted; see errors", Errors: errs, RetryAfter: retryAfter(status)}
	if causes == 1 {
		p.Code, p.Detail = errs[cause].Code, errs[cause].Detail
	}
	return p
}

// hope orders statuses: the higher, the more a later attempt is worth.
func hope(status int) int {
	switch status {
	case http.StatusServiceUnavailable:
		return 4
	case http.StatusTooManyRequests:
		return 3
	case http.StatusForbidden:
		return 1
	}
	return 2
}
