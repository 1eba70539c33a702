package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// Answers of Jasmin's HTTP interface, as its clients compare them.
const (
	jasminNoRoute  = "No route found"
	jasminCharge   = "Cannot charge submit_sm, check RouterPB log file for details"
	jasminFast     = "User throughput exceeded"
	jasminNotSent  = "Cannot send submit_sm, check SMPPClientManagerPB log file for details"
	jasminNoText   = "content or hex-content not present."
	jasminTwoTexts = "content and hex-content cannot be used both in same request."
	jasminPong     = "Jasmin/PONG"
)

// jasminAnswer is an answer of Jasmin's: of an error the text between the
// quotes, and why, where Jasmin's words do not say it.
type jasminAnswer struct {
	status int
	text   string
	why    string
}

// Error implements error.
func (a *jasminAnswer) Error() string { return a.text }

func jasminRefuse(status int, text string) *jasminAnswer {
	return &jasminAnswer{status: status, text: text}
}

// said is the answer as /send writes it.
func (a *jasminAnswer) said() string {
	if a.status == http.StatusOK {
		return `Success "` + a.text + `"`
	}
	return `Error "` + a.text + `"`
}

// writeJasmin answers with a body of some type. Jasmin's texts of some failures
// say little; the header X-Error has the sentence.
func writeJasmin(w http.ResponseWriter, a *jasminAnswer, media, body string) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if a.why != "" {
		h.Set("X-Error", printable([]byte(a.why)))
	}
	if after := retryAfter(a.status); after > 0 {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(body)) // a client that has gone needs no answer
}

// write answers as /send does.
func (a *jasminAnswer) write(w http.ResponseWriter) { writeJasmin(w, a, "text/plain", a.said()) }

// jasminPaths registers what Jasmin's HTTP interface has.
func (s *httpServer) jasminPaths(d *dialectPaths) {
	d.handle("/send", s.jasminSend)
	d.handle("/rate", s.jasminRate)
	d.handle("/balance", s.jasminBalance)
	d.handle("/ping", jasminPing)
	if d.own || d.prefix != "" { // else these are Kurir's own
		d.handle("/metrics", s.jasminMetrics)
		d.handle("/{$}", s.jasminRoot)
		d.handle("/", jasminNoPage)
	}
}

// jasminRefused answers requests from where Jasmin's interface may not be used.
func jasminRefused(w http.ResponseWriter, r *http.Request) {
	jasminUnknownUser(r.URL.Query().Get("username")).write(w)
}

// jasminSays answers what is wrong beyond Jasmin's arguments, on pages but /send
// with the text alone.
func jasminSays(w http.ResponseWriter, r *http.Request, p *problem) {
	if a := jasminProblem(p); strings.HasSuffix(r.URL.Path, "/rate") || strings.HasSuffix(r.URL.Path, "/balance") {
		a.writeJSON(w, "")
	} else {
		a.write(w)
	}
}

func jasminProblem(p *problem) *jasminAnswer {
	switch p.Status {
	case http.StatusTooManyRequests:
		return &jasminAnswer{http.StatusForbidden, jasminFast, p.Detail}
	case http.StatusServiceUnavailable, http.StatusInternalServerError:
		return &jasminAnswer{http.StatusInternalServerError, jasminNotSent, p.Detail}
	}
	return jasminRefuse(p.Status, "Unknown error: "+p.Detail)
}

func jasminUnknownUser(name string) *jasminAnswer {
	return jasminRefuse(http.StatusForbidden, "Authentication failure for username:"+clip(name))
}

func jasminPing(w http.ResponseWriter, _ *http.Request) {
	writeJasmin(w, &jasminAnswer{status: http.StatusOK}, "text/plain", jasminPong)
}

// jasminRoot says which version this is.
func (s *httpServer) jasminRoot(w http.ResponseWriter, _ *http.Request) {
	version := "Kurir"
	if s.Status != nil && s.Status.Version != "" {
		version += " " + s.Status.Version
	}
	writeJasmin(w, &jasminAnswer{status: http.StatusOK}, "text/plain", version)
}

func jasminNoPage(w http.ResponseWriter, _ *http.Request) {
	jasminRefuse(http.StatusNotFound, "Unknown error: there is nothing at this path").write(w)
}

// jasminSend is GET and POST /send.
//
//  1. The arguments are read (jasmin_read.go) and looked at in Jasmin's order.
//  2. The content is read by its coding.
//  3. username and password become an account.
//  4. The arguments become a submission (jasmin_fields.go), which is handed over.
func (s *httpServer) jasminSend(w http.ResponseWriter, r *http.Request) {
	s.jasmin.requests.Add(1)
	args, bad := s.jasminRead(w, r)
	if bad == nil {
		bad = args.check(jasminToSend)
	}
	if bad != nil {
		bad.write(w)
		return
	}
	one := jasminMessage{args: args}
	if bad = one.content(); bad != nil {
		bad.write(w)
		return
	}
	a, bad := s.jasminLogin(r, args)
	if bad == nil {
		defer a.EndRequest()
		bad = one.submission(a, s)
	}
	if bad != nil {
		bad.write(w)
		return
	}
	s.jasminSubmit([]*jasminMessage{&one})
	one.answer.write(w)
}

// jasminLogin finds the account of a request and takes a place among its
// requests, which the caller gives back.
func (s *httpServer) jasminLogin(r *http.Request, args *jasminArgs) (*account.Account, *jasminAnswer) {
	name := args.values["username"]
	a, err := s.password(r, name, args.values["password"])
	if err == nil {
		if p := s.beginOf(a); p != nil {
			return nil, jasminProblem(p)
		}
		return a, nil
	}
	s.jasmin.unknown.Add(1)
	switch {
	case errors.Is(err, account.ErrCredentials) || errors.Is(err, errAddress):
		return nil, jasminUnknownUser(name)
	case errors.Is(err, errSlowDown): // temporary: with the above a client would drop its message
		return nil, &jasminAnswer{http.StatusForbidden, jasminFast, err.Error()}
	}
	return nil, &jasminAnswer{http.StatusInternalServerError, jasminNotSent, "the password could not be verified in time"}
}

// jasminSubmit hands over messages and gives each its answer.
func (s *httpServer) jasminSubmit(list []*jasminMessage) {
	subs := make([]*gateway.Submission, len(list))
	for i, one := range list {
		subs[i] = &one.sub
	}
	results, p := s.submit(subs)
	for i, one := range list {
		switch {
		case p != nil:
			one.answer = &jasminAnswer{http.StatusInternalServerError, jasminNotSent, p.Detail}
		case results[i].Failure != nil:
			one.answer = jasminFailure(results[i].Failure, one)
		default:
			one.answer = jasminRefuse(http.StatusOK, results[i].ID.UUID())
		}
		s.jasmin.answered(one.answer)
	}
}

// jasminFailures is the one table from what the gateway says to Jasmin's
// answers; %u is the user. What is not in it and temporary is jasminNotSent,
// anything else says itself in X-Error what it is.
var jasminFailures = map[message.FailureKind]jasminAnswer{
	message.NoRoute:      {status: http.StatusPreconditionFailed, text: jasminNoRoute},
	message.NoMoney:      {status: http.StatusForbidden, text: jasminCharge},
	message.NoPrice:      {status: http.StatusForbidden, text: jasminCharge},
	message.Overloaded:   {status: http.StatusForbidden, text: jasminFast},
	message.Throttled:    {status: http.StatusForbidden, text: jasminFast},
	message.LimitReached: {status: http.StatusForbidden, text: jasminFast},
	message.BadRecipient: {status: http.StatusBadRequest, text: jasminFilter("destination_address")},
	message.Blocked:      {status: http.StatusBadRequest, text: jasminFilter("destination_address")},
	message.OptedOut:     {status: http.StatusBadRequest, text: jasminFilter("destination_address")},
	message.NotOpened:    {status: http.StatusBadRequest, text: jasminFilter("destination_address")},
	message.BadSender:    {status: http.StatusBadRequest, text: jasminFilter("source_address")},
	message.BadContent:   {status: http.StatusBadRequest, text: jasminFilter("content")},
	message.Repeated:     {status: http.StatusBadRequest, text: jasminFilter("content")},
	message.NotPermitted: {status: http.StatusBadRequest, text: "Authorization failed for user [%u] (Cannot send MT messages)."},
}

func jasminFilter(what string) string {
	return "Value filter failed for user [%u] (" + what + " filter mismatch)."
}

// jasminFaulty says which answer a field at fault has, where it is not that of
// the kind of failure.
var jasminFaulty = map[string]string{
	"from":     jasminFilter("source_address"),
	"priority": jasminFilter("priority"),
	"validity": jasminFilter("validity_period"),
	"send_at":  "Authorization failed for user [%u] (Setting schedule delivery time not authorized).",
}

// jasminFailure is the answer to what the gateway refuses.
func jasminFailure(f *message.Failure, one *jasminMessage) *jasminAnswer {
	a, known := jasminFailures[f.Kind]
	switch text, ofField := jasminFaulty[f.Field]; {
	case f.Field == "from" && !one.args.has("from") && one.sub.Account.Sender == "":
		a = jasminAnswer{status: http.StatusBadRequest, text: "Mandatory argument [from] is not found."}
	case ofField && !f.Kind.Temporary() && f.Kind != message.NoRoute:
		a = jasminAnswer{status: http.StatusBadRequest, text: text}
	case known:
	case f.Kind.Temporary():
		a = jasminAnswer{status: http.StatusInternalServerError, text: jasminNotSent}
	default:
		a = jasminAnswer{status: http.StatusBadRequest, text: "Unknown error: " + f.Error()}
	}
	a.text, a.why = strings.ReplaceAll(a.text, "%u", one.sub.Account.Name), f.Error()
	return &a
}

// jasminCounts are the figures of Jasmin's /metrics.
type jasminCounts struct {
	requests, unknown, routes, fast, charges, failed, good atomic.Int64
}

// answered counts what became of a message.
func (c *jasminCounts) answered(a *jasminAnswer) {
	switch {
	case a.status == http.StatusOK:
		c.good.Add(1)
	case a.text == jasminNoRoute:
		c.routes.Add(1)
	case a.text == jasminFast:
		c.fast.Add(1)
	case a.text == jasminCharge:
		c.charges.Add(1)
	case a.status >= http.StatusInternalServerError:
		c.failed.Add(1)
	}
}
