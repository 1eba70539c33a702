package api

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// ozekiAccepted is what clients of Ozeki's look for in an answer.
const ozekiAccepted = "Message accepted for delivery"

// ozekiError is what is wrong with a whole request.
type ozekiError struct {
	status int
	text   string
}

// Error implements error.
func (e *ozekiError) Error() string { return e.text }

func ozekiRefuse(status int, text string) *ozekiError { return &ozekiError{status, text} }

// ozekiPaths registers the paths under which Ozeki's HTTP interface has been.
func (s *httpServer) ozekiPaths(d *dialectPaths) {
	for _, path := range []string{"/api", "/httpapi", "/ozeki"} {
		d.handle(path, s.ozekiServe)
	}
}

// ozekiRefused answers requests from where Ozeki's interface may not be used.
func ozekiRefused(w http.ResponseWriter, r *http.Request) {
	f, _ := ozekiQuery(r.URL.RawQuery)
	_ = f.write(w, ozekiLogin(account.ErrCredentials))
}

// ozekiSays answers what is wrong beyond the parameters.
func ozekiSays(w http.ResponseWriter, r *http.Request, p *problem) {
	f, _ := ozekiQuery(r.URL.RawQuery)
	_ = f.write(w, ozekiRefuse(p.Status, p.Detail))
}

// ozekiServe is GET and POST of Ozeki's HTTP interface.
//
//  1. The parameters are read, their names in any case (ozeki_read.go).
//  2. username and password, or ozmsUserInfo, become an account.
//  3. action says what is done (ozekiActions).
//  4. The answer has the form that responseformat asks for (ozeki_answer.go).
func (s *httpServer) ozekiServe(w http.ResponseWriter, r *http.Request) {
	f, bad := s.ozekiRead(w, r)
	if bad != nil {
		_ = f.write(w, bad)
		return
	}
	do := s.ozekiAction(f.action())
	if do == nil {
		_ = f.write(w, ozekiRefuse(http.StatusBadRequest, "Unknown action: "+clip(f.get("action"))))
		return
	}
	a, err := s.password(r, f.get("username"), f.get("password"))
	if err != nil {
		_ = f.write(w, ozekiLogin(err))
		return
	}
	if p := s.beginOf(a); p != nil {
		_ = f.write(w, ozekiRefuse(p.Status, p.Detail))
		return
	}
	defer a.EndRequest()
	do(w, r, f, a)
}

// ozekiDoes is what does an action and answers it.
type ozekiDoes func(http.ResponseWriter, *http.Request, ozekiRequest, *account.Account)

// ozekiAction returns what does an action, nil if there is none of that name.
func (s *httpServer) ozekiAction(name string) ozekiDoes {
	switch name {
	case "sendmessage", "sendmessages":
		return ozekiAnswers(s.ozekiSend)
	case "receivemessage":
		return s.ozekiReceive
	case "deletemessage":
		return ozekiAnswers(s.ozekiDelete)
	case "getcredits":
		return ozekiAnswers(s.ozekiGetCredits)
	case "setcredits":
		return ozekiAnswers(s.ozekiSetCredits)
	case "addcredits":
		return ozekiAnswers(s.ozekiAddCredits)
	}
	return nil
}

// ozekiAnswers writes what an action returns.
func ozekiAnswers(do func(*http.Request, ozekiRequest, *account.Account) ([]ozekiRow, *ozekiError)) ozekiDoes {
	return func(w http.ResponseWriter, r *http.Request, f ozekiRequest, a *account.Account) {
		rows, bad := do(r, f, a)
		_ = f.write(w, bad, rows...)
	}
}

// ozekiLogin is the answer to an error of login.
func ozekiLogin(err error) *ozekiError {
	switch {
	case errors.Is(err, account.ErrCredentials) || errors.Is(err, errAddress):
		return ozekiRefuse(http.StatusUnauthorized, "Username or password is incorrect")
	case errors.Is(err, errSlowDown):
		return ozekiRefuse(http.StatusTooManyRequests, err.Error())
	}
	return ozekiRefuse(http.StatusServiceUnavailable, "the password could not be verified in time")
}

// ozekiTypes are the message types that Kurir sends: encoding and class by what
// follows SMS:TEXT. It is the one table of them.
var ozekiTypes = map[string]gsm.Encoding{"": gsm.Auto, ":GSM7BIT": gsm.GSM7, ":UCS2": gsm.UCS2}

// content reads messagetype and messagedata.
func (f ozekiRequest) content() (c message.Content, bad *ozekiError) {
	kind := strings.ToUpper(strings.TrimSpace(f.get("messagetype")))
	if kind == "" {
		kind = "SMS:TEXT"
	}
	c.Class = gsm.NoClass
	rest, isText := strings.CutPrefix(kind, "SMS:TEXT")
	if before, digit, classed := strings.Cut(rest, ":CLASS"); classed && len(digit) == 1 && digit[0] >= '0' && digit[0] <= '3' {
		rest, c.Class = before, int8(digit[0]-'0')
	}
	want, known := ozekiTypes[rest]
	if known = known && isText; !known && kind != ozekiBinary {
		return c, ozekiRefuse(http.StatusBadRequest, "Message type is not supported: "+clip(kind)+"; SMS:TEXT is, with :GSM7BIT or :UCS2 and :CLASS0 to :CLASS3, and "+ozekiBinary)
	}
	data, given := f.given("messagedata")
	if !given {
		return c, f.missing("messagedata")
	}
	text, ok := plainText(data, f.get("charset"))
	if !ok {
		return c, ozekiRefuse(http.StatusBadRequest, "The parameter messagedata is not in its charset")
	}
	if !known {
		return c, ozekiParseOctets(text, &c)
	}
	c.Text, c.Want = text, want
	return c, nil
}

// submission builds what all recipients have in common.
func (f ozekiRequest) submission(a *account.Account, now time.Time) (s gateway.Submission, bad *ozekiError) {
	s = gateway.Submission{Account: a, Via: message.ViaOzeki, From: strings.TrimSpace(f.get("originator"))}
	if s.Content, bad = f.content(); bad != nil {
		return s, bad
	}
	s.Content.Extra = a.Extra(s.Content.Extra)
	if s.SendAt, s.Validity, bad = f.times(now); bad != nil {
		return s, bad
	}
	s.Priority, _ = message.ParsePriority(a.Priority) // checked with the configuration
	s.Receipts = receiptsNamed[""]
	if a.Webhook != "" {
		s.Target = message.Target{Kind: message.WebhookTarget, Account: a.Name, Address: a.Webhook}
	}
	return s, nil
}

// ozekiSend is action=sendmessage: a report for each recipient. With messagecount
// it is for as many messages, whose parameters have numbers from 0 behind their
// names; none is accepted if something is wrong with the parameters of one.
func (s *httpServer) ozekiSend(r *http.Request, f ozekiRequest, a *account.Account) ([]ozekiRow, *ozekiError) {
	messages, bad := f.messages()
	if bad != nil {
		return nil, bad
	}
	most, bad := f.count("maxresponse", maxMessages)
	if bad != nil {
		return nil, bad
	}
	var subs []*gateway.Submission
	var numbers []string
	for _, m := range messages {
		to := m.recipients()
		switch {
		case len(to) == 0:
			return nil, m.missing("recipient")
		case len(numbers)+len(to) > maxMessages:
			return nil, ozekiRefuse(http.StatusBadRequest, "There are too many recipients; "+itoa(maxMessages)+" are possible")
		}
		numbers = append(numbers, to...)
		common, bad := m.submission(a, s.Now())
		if bad != nil {
			return nil, bad
		}
		subs = append(subs, toEach(&common, to)...)
	}
	for _, sub := range subs {
		sub.Batch = len(subs) > 1
	}
	results, p := s.submit(subs)
	if p != nil {
		return nil, ozekiRefuse(http.StatusServiceUnavailable, p.Detail)
	}
	rows := make([]ozekiRow, min(len(results), most))
	for i := range rows {
		code, text, id := "0", ozekiAccepted, results[i].ID.String()
		if failure := results[i].Failure; failure != nil {
			code, text, id = itoa(int64(failure.Kind)), failure.Error(), ""
		}
		rows[i] = ozekiRow{"acceptreport", []ozekiField{{"statuscode", code}, {"statusmessage", text}, {"messageid", id}, {"recipient", numbers[i]}}}
	}
	return rows, nil
}
