package api

import (
	"errors"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// plainRequest are the fields of a request of the plain interface, under the
// names that they have in an address or a form. Text is in the charset that the
// request says.
type plainRequest struct{ url.Values }

// plainNames are the parameters by what they mean, the first that is given
// counts. It is the one table of the dialect; others are ignored, as scripts add
// what they like against caches.
var plainNames = map[string][]string{
	"numbers":   {"numbers", "number", "to"},
	"text":      {"text", "message"},
	"from":      {"from", "sender"},
	"user":      {"user", "username"},
	"password":  {"password", "pass"},
	"charset":   {"charset"},
	"flash":     {"flash"},
	"priority":  {"priority"},
	"reference": {"reference"},
}

// get returns a field, empty if it is not there.
func (r plainRequest) get(what string) string {
	for _, name := range plainNames[what] {
		if v := r.Values.Get(name); v != "" {
			return v
		}
	}
	return ""
}

// plainPaths registers the path of the plain interface; / itself has it too,
// on a port of its own, and by plainOr where other pages are.
func (s *httpServer) plainPaths(d *dialectPaths) {
	if d.prefix != "" {
		d.handle("", s.plainSend)
	}
	if d.own {
		d.handleAt("/{$}", s.plainSend)
		return
	}
	s.plainRoot = d.guarded(s.plainSend)
}

// plainOr has requests to / itself that name numbers answered by the plain
// interface, and others by next.
func (s *httpServer) plainOr(next http.Handler) http.Handler {
	if s.plainRoot == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.plainTakes(r) {
			s.plainRoot(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// plainTakes tells whether a request to / is for the plain interface.
func (s *httpServer) plainTakes(r *http.Request) bool {
	return s.plainRoot != nil && r.URL.Path == "/" && (plainAsks(r.URL.RawQuery) || r.Method == http.MethodPost && isForm(r))
}

// plainAsks tells whether numbers are in an address.
func plainAsks(query string) bool {
	for pair := range strings.SplitSeq(query, "&") {
		if name, _, _ := strings.Cut(pair, "="); name == "numbers" {
			return true
		}
	}
	return false
}

// plainSend is GET and POST of the plain interface: for scripts and devices
// that can call an address and no more.
//
//  1. The fields are read from the address and a form.
//  2. user and password become an account, or Basic does, or the address that
//     the request comes from.
//  3. Each number becomes a submission; all are handed over at once.
//  4. A line is answered for each: number;id or number;ERROR and why.
func (s *httpServer) plainSend(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost { // not HEAD, which is to change nothing (RFC 9110 9.2.1)
		w.Header().Set("Allow", "GET, POST")
		plainProblem(w, &problem{Status: http.StatusMethodNotAllowed, Detail: "GET and POST are possible here"})
		return
	}
	f, p := s.plainRead(w, r)
	if p != nil {
		plainProblem(w, p)
		return
	}
	a, p := s.plainAccount(r, f)
	if p != nil {
		plainProblem(w, p)
		return
	}
	if p := s.beginOf(a); p != nil {
		plainProblem(w, p)
		return
	}
	defer a.EndRequest()
	common, p := f.submission(a)
	if p != nil {
		plainProblem(w, p)
		return
	}
	s.plainSubmit(w, r, common, f.numbers())
}

// plainRead reads address and form; what stands in the form counts first.
func (s *httpServer) plainRead(w http.ResponseWriter, r *http.Request) (plainRequest, *problem) {
	raw := r.URL.RawQuery
	if r.Method == http.MethodPost {
		if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); r.ContentLength != 0 && (err != nil || media != "application/x-www-form-urlencoded") {
			return plainRequest{}, &problem{Status: http.StatusUnsupportedMediaType, Detail: "the body must be a form (application/x-www-form-urlencoded)"}
		}
		body, p := s.readBody(w, r, nil)
		if p != nil {
			return plainRequest{}, p
		}
		defer body.free(s)
		raw = strings.Trim(string(body.b)+"&"+raw, "&")
	}
	values, err := url.ParseQuery(strings.ReplaceAll(raw, ";", "%3B")) // a character like others, and between numbers
	if err != nil {
		return plainRequest{}, &problem{Status: http.StatusBadRequest, Detail: "a parameter is malformed: % must be followed by two hexadecimal digits"}
	}
	return plainRequest{values}, nil
}

// plainAccount signs in: by user and password, by Basic, or by address. An
// address is not enough for what a browser sends on behalf of another site's
// page, for its user does not know of it.
func (s *httpServer) plainAccount(r *http.Request, f plainRequest) (*account.Account, *problem) {
	name, password := f.get("user"), f.get("password")
	basicName, basicPassword, basic := r.BasicAuth()
	switch {
	case name != "" || password != "":
	case basic:
		name, password = basicName, basicPassword
	default:
		a := s.Accounts().ByPlainAddress(remoteAddr(r))
		switch {
		case a == nil:
			return nil, unauthorized("user and password are missing, and no account may send from this address without them")
		case fromOtherSite(r):
			return nil, &problem{Status: http.StatusForbidden, Detail: "a page of another site may not send for this address; give user and password"}
		}
		return a, nil
	}
	a, err := s.password(r, name, password)
	if errors.Is(err, account.ErrCredentials) {
		return nil, unauthorized("user or password is wrong")
	}
	return a, loginProblem(err)
}

// fromOtherSite tells whether a browser says that another site's page made the
// request (Fetch Metadata).
func fromOtherSite(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		origin := r.Header.Get("Origin")
		return origin != "" && origin != "http://"+r.Host && origin != "https://"+r.Host
	}
	return true
}

// numbers returns those that are asked for, without spaces around them and
// without empty ones. Repeated parameters and commas and semicolons in them
// separate numbers.
func (f plainRequest) numbers() (numbers []string) {
	for _, name := range plainNames["numbers"] {
		for _, given := range f.Values[name] {
			// A plus that was not encoded has become a space. Behind a comma people write spaces themselves.
			plus := strings.HasPrefix(given, " ")
			for _, number := range strings.FieldsFunc(given, func(c rune) bool { return c == ',' || c == ';' }) {
				trimmed := strings.TrimSpace(number)
				if plus && strings.HasPrefix(number, " ") && trimmed != "" {
					trimmed = "+" + trimmed
				}
				if trimmed != "" {
					numbers = append(numbers, trimmed)
				}
			}
		}
	}
	return numbers
}

// submission builds what all numbers have in common.
func (f plainRequest) submission(a *account.Account) (s gateway.Submission, p *problem) {
	s = gateway.Submission{Account: a, Via: message.ViaPlain, From: f.get("from"), Reference: f.get("reference")}
	numbers := f.numbers()
	switch {
	case len(numbers) == 0:
		return s, faulty(http.StatusUnprocessableEntity, codeRequired, "numbers", "numbers is missing: one or several, with commas between them")
	case len(numbers) > maxMessages:
		return s, faulty(http.StatusUnprocessableEntity, codeTooMany, "numbers", "a request may have at most %d numbers, this one has %d", maxMessages, len(numbers))
	case len(s.Reference) > maxReference:
		return s, faulty(http.StatusUnprocessableEntity, codeBadValue, "reference", "reference is longer than %d octets", maxReference)
	}
	text, ok := plainText(f.get("text"), f.get("charset"))
	switch {
	case !ok:
		return s, faulty(http.StatusUnprocessableEntity, codeBadValue, "charset", "the text is not in the charset %q, or that is not known", clip(f.get("charset")))
	case text == "":
		return s, faulty(http.StatusUnprocessableEntity, codeRequired, "text", "text is missing or empty")
	}
	s.Content = message.Content{Text: text, Class: -1, Extra: a.Extra(nil)}
	if flash := f.get("flash"); flash != "" {
		shown, err := strconv.ParseBool(flash)
		if err != nil {
			return s, faulty(http.StatusUnprocessableEntity, codeBadValue, "flash", "flash is neither 1 nor 0")
		}
		if shown {
			s.Content.Class = 0
		}
	}
	priority := f.get("priority")
	if priority == "" {
		priority = a.Priority
	}
	var failure *message.Failure
	if s.Priority, failure = message.ParsePriority(clip(priority)); failure != nil {
		return s, faulty(http.StatusUnprocessableEntity, codeBadValue, "priority", "%s", failure.Error())
	}
	s.Receipts = receiptsNamed[""]
	if a.Webhook != "" {
		s.Target = message.Target{Kind: message.WebhookTarget, Account: a.Name, Address: a.Webhook}
	}
	return s, nil
}

// plainText reads a text whose charset may not be said: UTF-8 if it can be
// that, else ISO-8859-1, in which everything is a text.
func plainText(text, charset string) (string, bool) {
	if charset == "" && !utf8.ValidString(text) {
		charset = "iso-8859-1"
	}
	return decodeCharset(text, charset)
}

// plainSubmit hands over a submission per number and answers a line for each.
func (s *httpServer) plainSubmit(w http.ResponseWriter, r *http.Request, common gateway.Submission, numbers []string) {
	results, p := s.submit(toEach(&common, numbers))
	if p != nil {
		plainProblem(w, p)
		return
	}
	var kinds []message.FailureKind
	var errs []fieldError
	var lines strings.Builder
	for i := range results {
		lines.WriteString(printable([]byte(clip(numbers[i]))) + ";")
		if f := results[i].Failure; f != nil {
			kinds = append(kinds, f.Kind)
			errs = append(errs, fieldError{Detail: f.Error()})
			lines.WriteString(plainError(f.Error()))
			continue
		}
		lines.WriteString(results[i].ID.String() + "\n")
	}
	status := http.StatusOK
	if len(kinds) == len(results) {
		refused := refusal(kinds, errs)
		status = refused.Status
		plainRetry(w, refused)
	}
	plain(w, status, lines.String())
}

// plainError is how a line says why.
func plainError(why string) string {
	return "ERROR " + printable([]byte(shortened(why, maxDetail))) + "\n"
}

func plainRetry(w http.ResponseWriter, p *problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
}

// plainProblem answers what is wrong with the whole request, in one line.
func plainProblem(w http.ResponseWriter, p *problem) {
	plainRetry(w, p)
	if p.Challenge {
		w.Header().Set("WWW-Authenticate", `Basic realm="kurir", charset="UTF-8"`)
	}
	plain(w, p.Status, plainError(p.Detail))
}

// plainSays answers what is wrong beyond the parameters.
func plainSays(w http.ResponseWriter, _ *http.Request, p *problem) { plainProblem(w, p) }

// plainRefused answers requests from where the plain interface may not be used.
func plainRefused(w http.ResponseWriter, _ *http.Request) {
	plainProblem(w, &problem{Status: http.StatusForbidden, Detail: "this interface may not be used from this address"})
}
