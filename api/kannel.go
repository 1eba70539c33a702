package api

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// Answers of Kannel's sendsms, as its clients compare them.
const (
	kannelAccepted   = "0: Accepted for delivery"
	kannelDenied     = "Authorization failed for sendsms"
	kannelNoRoute    = "Not routable. Do not try again."
	kannelLater      = "Temporal failure, try again later."
	kannelNotSent    = "Sending failed."
	kannelNoTo       = "Missing receiver number, rejected"
	kannelEmptyTo    = "Empty receiver number not allowed, rejected"
	kannelBadTo      = "Garbage 'to' field, rejected."
	kannelNumbers    = "Number(s) has/have been denied by white- and/or black-lists."
	kannelNoSender   = "Sender missing and no global set, rejected"
	kannelBadText    = "Charset or body misformed, rejected"
	kannelBadUDH     = "UDH field misformed, rejected"
	kannelLongUDH    = "UDH field is too long, rejected"
	kannelBadAccount = "Account field misformed or too long, rejected"
	kannelBadURL     = "DLR-URL field misformed, rejected"
	kannelBadType    = "Invalid content-type"
	kannelOtherType  = "Unsupported content-type, rejected"
	kannelNoSuch     = "Unknown request."
)

// kannelAnswer is an answer of sendsms: a status and one line of text.
type kannelAnswer struct {
	status int
	text   string
}

// Error implements error.
func (k *kannelAnswer) Error() string { return k.text }

func kannelRefuse(status int, text string) *kannelAnswer { return &kannelAnswer{status, text} }

// misformed is the answer to a field with a value out of range.
func misformed(field string) *kannelAnswer {
	return &kannelAnswer{http.StatusBadRequest, field + " field misformed, rejected"}
}

// write answers in Kannel's form.
func (k *kannelAnswer) write(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/html")
	h.Set("Pragma", "no-cache")
	h.Set("Cache-Control", "no-cache")
	h.Set("Content-Length", strconv.Itoa(len(k.text)))
	if after := retryAfter(k.status); after > 0 {
		h.Set("Retry-After", strconv.Itoa(after))
	}
	w.WriteHeader(k.status)
	_, _ = w.Write([]byte(k.text)) // a client that has gone needs no answer
}

// kannelPaths registers what Kannel's smsbox has behind /cgi-bin.
func (s *httpServer) kannelPaths(d *dialectPaths) {
	d.handle("/sendsms", s.kannelSend)
	d.handle("/", kannelUnknown)
}

// kannelRefused answers requests from where Kannel's interface may not be used.
func kannelRefused(w http.ResponseWriter, _ *http.Request) {
	kannelRefuse(http.StatusForbidden, kannelDenied).write(w)
}

// kannelSays is the answer to what is wrong beyond Kannel's fields.
func kannelSays(w http.ResponseWriter, _ *http.Request, p *problem) { kannelProblem(p).write(w) }

func kannelProblem(p *problem) *kannelAnswer {
	switch p.Status {
	case http.StatusUnsupportedMediaType:
		return kannelRefuse(p.Status, kannelOtherType)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return kannelRefuse(http.StatusServiceUnavailable, kannelLater)
	case http.StatusInternalServerError:
		return kannelRefuse(p.Status, kannelNotSent)
	case http.StatusNotFound:
		return kannelRefuse(p.Status, kannelNoSuch)
	}
	return kannelRefuse(p.Status, kannelBadText)
}

func kannelUnknown(w http.ResponseWriter, _ *http.Request) {
	kannelRefuse(http.StatusNotFound, kannelNoSuch).write(w)
}

// kannelSend is GET and POST /cgi-bin/sendsms.
//
//  1. The fields are read from the address, a form, headers or XML
//     (kannel_read.go).
//  2. username and password become an account.
//  3. Each receiver becomes a submission; all are handed over at once.
//  4. One answer is given for all, as Kannel does: accepted if any was. The ids
//     stand in X-Message-Id, receivers that were refused in X-Failed-Receivers, up
//     to kannelNamed of them.
func (s *httpServer) kannelSend(w http.ResponseWriter, r *http.Request) {
	f, bad := s.kannelRead(w, r)
	if bad != nil {
		bad.write(w)
		return
	}
	a, err := s.password(r, f.first("username", "user"), f.first("password", "pass"))
	if err != nil {
		kannelLogin(err).write(w)
		return
	}
	if p := s.beginOf(a); p != nil {
		kannelProblem(p).write(w)
		return
	}
	defer a.EndRequest()
	receivers, bad := f.receivers()
	if bad != nil {
		bad.write(w)
		return
	}
	common, bad := f.submission(a, s.Guard, s.TLVs(), s.Dimensions(), s.Now())
	if bad != nil {
		bad.write(w)
		return
	}
	s.kannelSubmit(common, receivers, w).write(w)
}

// kannelLogin is the answer to an error of login. Too many failures pass, so
// they are temporary: 403 would make a client drop its message.
func kannelLogin(err error) *kannelAnswer {
	if errors.Is(err, account.ErrCredentials) || errors.Is(err, errAddress) {
		return kannelRefuse(http.StatusForbidden, kannelDenied)
	}
	return kannelRefuse(http.StatusServiceUnavailable, kannelLater)
}

// kannelNamed is up to how many receivers the headers name each of them: most
// clients and proxies read no header of more than a few kilobytes.
const kannelNamed = 100

// kannelSubmit hands over a submission per receiver and returns the answer for
// all of them.
func (s *httpServer) kannelSubmit(common gateway.Submission, receivers []string, w http.ResponseWriter) *kannelAnswer {
	results, p := s.submit(toEach(&common, receivers))
	if p != nil {
		return kannelRefuse(http.StatusServiceUnavailable, kannelLater)
	}
	tellRate(w, common.Account)
	var ids, failed []string
	var failure *message.Failure
	for i := range results {
		if f := results[i].Failure; f != nil {
			failed = append(failed, clip(receivers[i]))
			failure = f
			continue
		}
		ids = append(ids, results[i].ID.String())
	}
	named := len(receivers) <= kannelNamed
	if named && len(failed) > 0 {
		w.Header().Set("X-Failed-Receivers", strings.Join(failed, " "))
	}
	if len(ids) > 0 {
		if named {
			w.Header().Set("X-Message-Id", strings.Join(ids, " "))
		}
		return kannelRefuse(http.StatusAccepted, kannelAccepted)
	}
	answer := kannelFailure(failure)
	if len(receivers) > 1 && answer.status != http.StatusServiceUnavailable {
		return kannelRefuse(http.StatusInternalServerError, kannelNotSent+" Failed receivers are: "+strings.Join(failed, " "))
	}
	return answer
}

// kannelFailures is the one table from what the gateway says to Kannel's
// words. Temporary failures that are not in it are kannelLater, others
// kannelNoRoute.
var kannelFailures = map[message.FailureKind]kannelAnswer{
	message.BadRecipient: {http.StatusBadRequest, kannelNumbers},
	message.BadContent:   {http.StatusBadRequest, kannelBadText},
}

// kannelFields says which answer a field at fault has, where it is not that of
// its kind.
var kannelFields = map[string]*kannelAnswer{
	"validity": misformed("Validity"),
	"send_at":  misformed("Deferred"),
	"udh":      {http.StatusBadRequest, kannelBadUDH},
	"webhook":  {http.StatusBadRequest, kannelBadURL},
}

func kannelFailure(f *message.Failure) *kannelAnswer {
	if answer, ok := kannelFields[f.Field]; ok {
		return answer
	}
	if answer, ok := kannelFailures[f.Kind]; ok {
		return &answer
	}
	switch {
	case (f.Kind == message.Blocked || f.Kind == message.OptedOut) && f.Field != "from":
		return kannelRefuse(http.StatusBadRequest, kannelNumbers)
	case f.Kind == message.LimitReached:
		return kannelRefuse(http.StatusServiceUnavailable, kannelLater+" "+f.Error())
	case f.Kind.Temporary():
		return kannelRefuse(http.StatusServiceUnavailable, kannelLater)
	case f.Kind == message.BadSender, f.Kind == message.NoMoney, f.Kind == message.NoPrice, f.Kind == message.Blocked, f.Kind == message.NotOpened, f.Kind == message.Repeated, f.Kind == message.BadDimension: // Kannel has no words for them
		return kannelRefuse(http.StatusForbidden, "Not sent: "+f.Error()+".")
	}
	return kannelRefuse(http.StatusForbidden, kannelNoRoute)
}

// kannelNumbersAllowed are the characters of a receiver (Kannel's
// sendsms-chars).
const kannelNumbersAllowed = "0123456789 +-"

// receivers returns the numbers in "to", separated by white space.
func (f kannelFieldsGiven) receivers() ([]string, *kannelAnswer) {
	to, given := f["to"]
	if !given {
		return nil, kannelRefuse(http.StatusBadRequest, kannelNoTo)
	}
	numbers := strings.Fields(to)
	if len(numbers) == 0 {
		return nil, kannelRefuse(http.StatusBadRequest, kannelEmptyTo)
	}
	for _, number := range numbers {
		if strings.Trim(number, kannelNumbersAllowed) != "" || strings.Trim(number, "+-") == "" {
			return nil, kannelRefuse(http.StatusBadRequest, kannelBadTo)
		}
	}
	if len(numbers) > maxMessages {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadTo)
	}
	return numbers, nil
}

// submission builds what all receivers have in common.
func (f kannelFieldsGiven) submission(a *account.Account, guard *Guard, tlvs *message.TLVDictionary, costs *message.CostDimensions, now time.Time) (s gateway.Submission, bad *kannelAnswer) {
	from := strings.TrimSpace(f["from"])
	if from == "" && a.Sender == "" {
		return s, kannelRefuse(http.StatusBadRequest, kannelNoSender)
	}
	if s, bad = f.described(a, guard, tlvs, costs, now); bad != nil {
		return s, bad
	}
	s.Account, s.Via, s.From = a, message.ViaKannel, from
	return s, nil
}

// described builds what fields say of a message besides its addresses.
func (f kannelFieldsGiven) described(a *account.Account, guard *Guard, tlvs *message.TLVDictionary, costs *message.CostDimensions, now time.Time) (s gateway.Submission, bad *kannelAnswer) {
	if s.Reference = f["account"]; len(s.Reference) > 64 || strings.ContainsAny(s.Reference, "[]\r\n") {
		return s, kannelRefuse(http.StatusBadRequest, kannelBadAccount)
	}
	if s.Content, bad = f.content(); bad != nil {
		return s, bad
	}
	validity, bad := f.number("Validity", -1, 1<<20, "validity")
	if bad != nil {
		return s, bad
	}
	deferred, bad := f.number("Deferred", -1, 1<<20, "deferred")
	if bad != nil {
		return s, bad
	}
	if validity > 0 {
		s.Validity = time.Duration(validity) * time.Minute
	}
	if deferred > 0 {
		if validity > 0 && validity <= deferred {
			return s, misformed("Validity") // it would be over before it begins
		}
		s.SendAt = now.Add(time.Duration(deferred) * time.Minute)
		s.Validity = max(0, s.Validity-time.Duration(deferred)*time.Minute) // Kannel counts both from now
	}
	if s.Priority, bad = f.priority(a); bad != nil {
		return s, bad
	}
	s.Link = a.Kannel.Link(f["smsc"])
	if s.Content.Extra, bad = f.extra(&s.Content, tlvs); bad != nil {
		return s, bad
	}
	s.Content.Extra = a.Extra(s.Content.Extra)
	if s.Dimensions, bad = f.dimensions(costs); bad != nil {
		return s, bad
	}
	if bad = f.own(&s); bad != nil {
		return s, bad
	}
	s.Target, bad = f.target(a, guard)
	s.Receipts = receiptsOf(s.Target.Mask)
	return s, bad
}

// priority reads 0 to 3; none given is the account's.
func (f kannelFieldsGiven) priority(a *account.Account) (message.Priority, *kannelAnswer) {
	n, bad := f.number("Priority", 0, 3, "priority")
	if bad != nil {
		return 0, bad
	}
	if n >= 0 {
		return message.Priority(n), nil
	}
	p, failure := message.ParsePriority(a.Priority)
	if failure != nil {
		return message.Normal, nil // Validate has told the operator
	}
	return p, nil
}

// target reads where reports go and which.
func (f kannelFieldsGiven) target(a *account.Account, guard *Guard) (t message.Target, bad *kannelAnswer) {
	mask, bad := f.number("DLR-Mask", -1, 63, "dlr-mask", "dlrmask")
	if bad != nil {
		return t, bad
	}
	address := f.first("dlr-url", "dlrurl")
	if address != "" {
		// The guard looks at the address with a value for each escape that will have one.
		if len(address) < 8 || !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
			return t, kannelRefuse(http.StatusBadRequest, kannelBadURL)
		}
		if !guard.Trusted(address) && guard.Check(fillEscapes(address, kannelReportHas)) != nil {
			return t, kannelRefuse(http.StatusBadRequest, kannelBadURL)
		}
	} else {
		address = a.DLRURL
	}
	if mask <= 0 || address == "" {
		return t, nil
	}
	return message.Target{Kind: message.KannelTarget, Account: a.Name, Address: address, Mask: uint8(mask)}, nil
}

// content reads text, charset, coding, udh and mclass.
func (f kannelFieldsGiven) content() (c message.Content, bad *kannelAnswer) {
	c.Class = -1
	if udh := f["udh"]; udh != "" {
		switch {
		case len(udh) > 140:
			return c, kannelRefuse(http.StatusBadRequest, kannelLongUDH)
		case int(udh[0]) != len(udh)-1:
			return c, kannelRefuse(http.StatusBadRequest, kannelBadUDH)
		}
		c.Header = []byte(udh)
	}
	class, bad := f.number("MClass", -1, 3, "mclass")
	if bad != nil {
		return c, bad
	}
	if c.Class = int8(class); class < 0 && (f["flash"] == "1" || f["flash"] == "true") {
		c.Class = 0 // Kannel does not read flash, so no value of it is a mistake
	}
	coding, bad := f.number("Coding", -1, 2, "coding")
	if bad != nil {
		return c, bad
	}
	if coding < 0 && c.Header != nil {
		coding = 1 // Kannel: octets, when there is a header and nothing else is said
	}
	charset := f["charset"]
	switch coding {
	case 1:
		c.Want, c.Data = gsm.Binary, []byte(f["text"])
		return c, nil
	case 2:
		c.Want = gsm.UCS2
		if charset == "" {
			charset = "UTF-16BE"
		}
	}
	text, ok := decodeCharset(f["text"], charset)
	if !ok {
		return c, kannelRefuse(http.StatusBadRequest, kannelBadText)
	}
	c.Text = text
	return c, nil
}

// number reads a field that is a number from low to high, -1 if it is absent
// or empty. The first of several names is the one that counts.
func (f kannelFieldsGiven) number(field string, low, high int, names ...string) (int, *kannelAnswer) {
	value := strings.TrimSpace(f.first(names...))
	if value == "" {
		return -1, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		return -1, misformed(field)
	}
	return n, nil
}
