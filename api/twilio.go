package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/message"
)

// twilioPaths registers the Messages resource of Twilio's API 2010-04-01.
func (s *httpServer) twilioPaths(d *dialectPaths) {
	d.handle("/Accounts/{sid}/{rest...}", s.twilio)
	d.handle("/Accounts/{account}", s.twilioAccount)
	d.handle("/", func(w http.ResponseWriter, r *http.Request) { twilioNotFound(r).write(w) })
}

// twilioError is an error of Twilio's: its status, its code and a sentence.
type twilioError struct {
	status, code int
	text         string
}

// Error implements error.
func (e *twilioError) Error() string { return e.text }

// write answers in Twilio's form.
func (e *twilioError) write(w http.ResponseWriter) {
	if after := retryAfter(e.status); after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	if e.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="Twilio API"`)
	}
	body, err := marshal(map[string]any{
		"code": e.code, "message": e.text, "status": e.status, "more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(e.code),
	})
	if err == nil {
		writeJSON(w, e.status, body)
	}
}

// Codes of Twilio's errors.
const (
	twilioBadRequest   = 20001
	twilioAuth         = 20003
	twilioMethod       = 20004
	twilioNoMoney      = 20005 // the account is not active
	twilioNotComplete  = 20009
	twilioNoResource   = 20404
	twilioTooMany      = 20429
	twilioInternal     = 20500
	twilioLater        = 20503
	twilioBadTo        = 21211
	twilioBadFrom      = 21212
	twilioCountry      = 21408
	twilioNoBody       = 21602
	twilioNoFrom       = 21603
	twilioNoTo         = 21604
	twilioFrom         = 21606 // may not be used
	twilioBadCallback  = 21609
	twilioOptedOut     = 21610
	twilioNoRoute      = 21612
	twilioLongBody     = 21617
	twilioMedia        = 21620
	twilioQueueFull    = 30001
	twilioUnreachable  = 30003
	twilioBlocked      = 30004
	twilioUnknownPhone = 30005
	twilioFiltered     = 30007
	twilioUnknown      = 30008
	twilioNotCanceled  = 30409
)

func twilioRefuse(status, code int, text string) *twilioError {
	return &twilioError{status, code, text}
}

func twilioNotFound(r *http.Request) *twilioError {
	return twilioRefuse(http.StatusNotFound, twilioNoResource, "The requested resource "+shortened(r.URL.Path, maxDetail)+" was not found")
}

// twilioRefused answers requests from where the dialect may not be used.
func twilioRefused(w http.ResponseWriter, _ *http.Request) {
	twilioRefuse(http.StatusForbidden, twilioAuth, "This API may not be used from this address").write(w)
}

// twilioSays is the answer to what is wrong beyond Twilio's parameters.
func twilioSays(w http.ResponseWriter, _ *http.Request, p *problem) { twilioProblem(p).write(w) }

func twilioProblem(p *problem) *twilioError {
	code := twilioBadRequest
	switch p.Status {
	case http.StatusTooManyRequests:
		code = twilioTooMany
	case http.StatusServiceUnavailable:
		code = twilioLater
	case http.StatusNotFound:
		code = twilioNoResource
	case http.StatusInternalServerError:
		code = twilioInternal
	}
	return twilioRefuse(p.Status, code, p.Detail)
}

// twilioFailures is the one table from what the gateway says of a new message to
// Twilio's errors. Temporary failures that are not in it are twilioLater, others
// twilioBadRequest.
var twilioFailures = map[message.FailureKind]twilioError{
	message.BadRecipient: {http.StatusBadRequest, twilioBadTo, ""},
	message.BadSender:    {http.StatusBadRequest, twilioFrom, ""},
	message.NoRoute:      {http.StatusBadRequest, twilioNoRoute, ""},
	message.NotOpened:    {http.StatusBadRequest, twilioCountry, ""},
	message.OptedOut:     {http.StatusBadRequest, twilioOptedOut, ""},
	message.Blocked:      {http.StatusBadRequest, twilioNoRoute, ""},
	message.NoMoney:      {http.StatusForbidden, twilioNoMoney, ""},
	message.NoPrice:      {http.StatusBadRequest, twilioCountry, ""},
	message.LimitReached: {http.StatusTooManyRequests, twilioTooMany, ""},
	message.Overloaded:   {http.StatusTooManyRequests, twilioTooMany, ""},
	message.Throttled:    {http.StatusTooManyRequests, twilioTooMany, ""},
}

// twilioFailure is the answer to a message that is not accepted.
func twilioFailure(f *message.Failure) *twilioError {
	e, known := twilioFailures[f.Kind]
	switch {
	case known:
	case f.Kind.Temporary():
		e = twilioError{http.StatusServiceUnavailable, twilioLater, ""}
	default:
		e = twilioError{http.StatusBadRequest, twilioBadRequest, ""}
	}
	e.text = f.Error()
	return &e
}

// twilioCodes is the one table from why a message did not arrive to Twilio's
// error_code. What is not in it is twilioUnknown.
var twilioCodes = map[message.FailureKind]int{
	message.Throttled:    twilioQueueFull,
	message.Busy:         twilioQueueFull,
	message.Overloaded:   twilioQueueFull,
	message.Absent:       twilioUnreachable,
	message.MemoryFull:   twilioUnreachable,
	message.TooOld:       twilioUnreachable,
	message.BadRecipient: twilioUnknownPhone,
	message.BadSender:    twilioFrom,
	message.Blocked:      twilioBlocked,
	message.OptedOut:     twilioOptedOut,
	message.Refused:      twilioFiltered,
	message.NoRoute:      twilioNoRoute,
}

// twilio answers everything about the messages of an account.
//
//  1. Basic is the account's SID and token, or an API key and its secret; the SID
//     in the path has to be the account's.
//  2. What stands behind it says what is asked for, with .json or without.
//  3. Errors of any kind are JSON with Twilio's code.
func (s *httpServer) twilio(w http.ResponseWriter, r *http.Request) {
	a, e := s.twilioLogin(r, r.PathValue("sid"))
	if e == nil {
		defer a.EndRequest()
		e = s.twilioResource(w, r, a, strings.TrimSuffix(r.PathValue("rest"), ".json"))
	}
	if e != nil {
		e.write(w)
	}
}

// twilioLogin finds the account of a request and takes a place among its
// requests, which the caller gives back.
func (s *httpServer) twilioLogin(r *http.Request, sid string) (*account.Account, *twilioError) {
	name, password, ok := r.BasicAuth()
	if !ok {
		return nil, twilioRefuse(http.StatusUnauthorized, twilioAuth, "Authenticate")
	}
	a, err := s.login(r, "twilio "+name, func(context.Context) (*account.Account, error) {
		if a := s.Accounts().ByTwilio(name, password); a != nil && a.Twilio.AccountSID == sid {
			return a, nil
		}
		return nil, account.ErrCredentials
	})
	switch {
	case err == nil:
		if p := s.beginOf(a); p != nil {
			return nil, twilioProblem(p)
		}
		return a, nil
	case errors.Is(err, errSlowDown):
		return nil, twilioRefuse(http.StatusTooManyRequests, twilioTooMany, "Too many requests")
	case errors.Is(err, errAddress):
		return nil, twilioRefuse(http.StatusForbidden, twilioAuth, "This account may not be used from this address")
	}
	return nil, twilioRefuse(http.StatusUnauthorized, twilioAuth, "Authentication Error - invalid username")
}

// twilioResource is what is behind an account in a path.
func (s *httpServer) twilioResource(w http.ResponseWriter, r *http.Request, a *account.Account, path string) *twilioError {
	name, rest, one := strings.Cut(path, "/")
	if name != "Messages" {
		return twilioNotFound(r)
	}
	if !one {
		switch r.Method {
		case http.MethodGet:
			return s.twilioList(w, r, a)
		case http.MethodPost:
			return s.twilioCreate(w, r, a)
		}
		return twilioNoMethod(w, "GET, POST")
	}
	sid, sub, _ := strings.Cut(rest, "/")
	id, ok := parseTwilioSID(sid)
	switch {
	case !ok:
		return twilioNotFound(r)
	case sub == "Media" && r.Method == http.MethodGet:
		return s.twilioMediaList(w, r, a, id)
	case sub != "":
		return twilioNotFound(r)
	}
	switch r.Method {
	case http.MethodGet:
		return s.twilioFetch(w, r, a, id)
	case http.MethodPost:
		return s.twilioUpdate(w, r, a, id)
	case http.MethodDelete:
		return s.twilioDelete(w, r, a, id)
	}
	return twilioNoMethod(w, "GET, POST, DELETE")
}

func twilioNoMethod(w http.ResponseWriter, allow string) *twilioError {
	w.Header().Set("Allow", allow)
	return twilioRefuse(http.StatusMethodNotAllowed, twilioMethod, "Method not allowed; "+allow+" are")
}

// twilioAccount is GET of an account, by which clients check that they can sign in.
func (s *httpServer) twilioAccount(w http.ResponseWriter, r *http.Request) {
	sid := strings.TrimSuffix(r.PathValue("account"), ".json")
	a, e := s.twilioLogin(r, sid)
	if e == nil {
		defer a.EndRequest()
		if r.Method != http.MethodGet {
			e = twilioNoMethod(w, "GET")
		}
	}
	if e != nil {
		e.write(w)
		return
	}
	base := twilioBase(r, a)
	body, err := marshal(map[string]any{
		"sid": sid, "owner_account_sid": sid, "friendly_name": a.Name, "status": "active", "type": "Full", "uri": base + ".json",
		"subresource_uris": map[string]string{"messages": base + "/Messages.json"},
	})
	if err == nil {
		writeJSON(w, http.StatusOK, body)
	}
}

// twilioSIDPrefix is how the SID of a message begins, also of one from a phone.
// 32 digits of the id follow.
const twilioSIDPrefix = "SM"

func twilioSID(id message.ID) string {
	digits := strconv.FormatUint(uint64(id), 16)
	return twilioSIDPrefix + strings.Repeat("0", 32-len(digits)) + digits
}

func parseTwilioSID(sid string) (message.ID, bool) {
	digits, ok := strings.CutPrefix(sid, twilioSIDPrefix)
	if !ok || len(digits) != 32 {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 16, 63)
	return message.ID(n), err == nil && n > 0
}

// twilioForm reads the form of a POST.
func (s *httpServer) twilioForm(w http.ResponseWriter, r *http.Request, a *account.Account) (url.Values, *twilioError) {
	body, p := s.readBody(w, r, a)
	if p != nil {
		return nil, twilioProblem(p)
	}
	defer body.free(s)
	form, err := url.ParseQuery(strings.ReplaceAll(string(body.b), ";", "%3B"))
	if err != nil {
		return nil, twilioRefuse(http.StatusBadRequest, twilioBadRequest, "The form is malformed")
	}
	return form, nil
}
