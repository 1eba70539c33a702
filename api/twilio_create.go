package api

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// twilioParameters is the one table of what a new message may have. Those
// without a function are taken and do nothing: they are about what Kurir does
// not have, such as pictures, short links and risk scores.
var twilioParameters = map[string]func(t *twilioMessage, value string) *twilioError{
	"To":                  (*twilioMessage).to,
	"From":                (*twilioMessage).from,
	"MessagingServiceSid": (*twilioMessage).service,
	"Body":                (*twilioMessage).body,
	"StatusCallback":      (*twilioMessage).callback,
	"ValidityPeriod":      (*twilioMessage).validity,
	"ScheduleType":        (*twilioMessage).schedule,
	"SendAt":              (*twilioMessage).sendAt,
	"SmartEncoded":        (*twilioMessage).smart,
	"ContentRetention":    (*twilioMessage).retention,
	"MediaUrl":            (*twilioMessage).media,
	"ContentSid":          (*twilioMessage).template,
	"SendAsMms":           (*twilioMessage).mms,
	"ContentVariables":    nil, "ApplicationSid": nil, "MaxPrice": nil, "ProvideFeedback": nil, "Attempt": nil, "ForceDelivery": nil,
	"AddressRetention": nil, "PersistentAction": nil, "ShortenUrls": nil, "RiskCheck": nil,
}

// twilioMessage is a message on its way from a form to a submission.
type twilioMessage struct {
	gateway.Submission
	guard      *Guard
	hasService bool
}

// Limits of Twilio's.
const (
	twilioMostBody     = 1600  // characters
	twilioMostValidity = 36000 // seconds
)

func (t *twilioMessage) to(v string) *twilioError {
	if strings.Contains(v, ":") { // whatsapp:, messenger: and the like
		return twilioRefuse(http.StatusBadRequest, twilioBadTo, "Invalid 'To' Phone Number: "+clip(v))
	}
	t.To = v
	return nil
}

func (t *twilioMessage) from(v string) *twilioError {
	if strings.Contains(v, ":") {
		return twilioRefuse(http.StatusBadRequest, twilioBadFrom, "The 'From' number "+clip(v)+" is not a valid phone number, shortcode, or alphanumeric sender ID")
	}
	t.From = v
	return nil
}

// service is a word for the rules of routes: the sender is the account's.
func (t *twilioMessage) service(v string) *twilioError {
	if message.NameProblem(v) != "" {
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "The Messaging Service Sid "+clip(v)+" is invalid")
	}
	t.Tag, t.hasService = v, true
	return nil
}

func (t *twilioMessage) body(v string) *twilioError {
	if utf8.RuneCountInString(v) > twilioMostBody {
		return twilioRefuse(http.StatusBadRequest, twilioLongBody, "The concatenated message body exceeds the 1600 character limit")
	}
	t.Content.Text = v
	return nil
}

func (t *twilioMessage) callback(v string) *twilioError {
	if err := t.guard.Check(v); err != nil {
		return twilioRefuse(http.StatusBadRequest, twilioBadCallback, "The 'StatusCallback' URL "+clip(v)+" is not a valid URL: "+err.Error())
	}
	t.Target = message.Target{Kind: message.TwilioTarget, Account: t.Account.Name, Address: v}
	t.Receipts = receiptsNamed["all"]
	return nil
}

func (t *twilioMessage) validity(v string) *twilioError {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > twilioMostValidity {
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "ValidityPeriod must be a number of seconds between 1 and 36000")
	}
	t.Validity = time.Duration(n) * time.Second
	return nil
}

func (t *twilioMessage) schedule(v string) *twilioError {
	if v != "fixed" {
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "ScheduleType must be fixed")
	}
	return nil
}

func (t *twilioMessage) sendAt(v string) *twilioError {
	at, err := time.Parse(time.RFC3339, v)
	if err != nil {
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "SendAt must be a time as in 2026-11-05T08:30:00Z")
	}
	t.SendAt = at
	return nil
}

// smart has characters that need Unicode written plainly where that can be done.
func (t *twilioMessage) smart(v string) *twilioError {
	on, e := twilioTruth("SmartEncoded", v)
	if e != nil || !on {
		return e
	}
	var rules message.TextRules
	if own := t.Account.TextRules(message.ViaTwilio); own != nil {
		rules = *own
	}
	rules.Unicode = max(rules.Unicode, message.UnicodeSimplify)
	t.Text = &rules
	return nil
}

func (t *twilioMessage) retention(v string) *twilioError {
	switch v {
	case "retain":
	case "discard":
		t.Secret = true
	default:
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "ContentRetention must be retain or discard")
	}
	return nil
}

func (t *twilioMessage) media(string) *twilioError {
	return twilioRefuse(http.StatusBadRequest, twilioMedia, "MediaUrl: this gateway sends texts, no media")
}

func (t *twilioMessage) template(string) *twilioError {
	return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "ContentSid: this gateway has no content templates of that kind; give Body")
}

func (t *twilioMessage) mms(v string) *twilioError {
	if on, e := twilioTruth("SendAsMms", v); e != nil || !on {
		return e
	}
	return twilioRefuse(http.StatusBadRequest, twilioMedia, "SendAsMms: this gateway sends texts, no media")
}

// twilioTruth reads what clients write for yes and no.
func twilioTruth(name, v string) (bool, *twilioError) {
	on, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil {
		return false, twilioRefuse(http.StatusBadRequest, twilioBadRequest, name+" must be true or false")
	}
	return on, nil
}

// readTwilio makes a submission of a form. What stands twice counts once;
// parameters that are not known are ignored, as Twilio's clients bring new ones.
func readTwilio(a *account.Account, guard *Guard, form url.Values) (*twilioMessage, *twilioError) {
	t := &twilioMessage{guard: guard}
	t.Account, t.Via, t.Receipts = a, message.ViaTwilio, receiptsNamed[""]
	t.Content.Class = -1
	t.Content.Extra = a.Extra(nil)
	for _, name := range slices.Sorted(maps.Keys(form)) { // of two mistakes the same is told each time
		read, value := twilioParameters[name], form.Get(name)
		if read == nil || value == "" {
			continue
		}
		if e := read(t, value); e != nil {
			return nil, e
		}
	}
	switch {
	case t.To == "":
		return nil, twilioRefuse(http.StatusBadRequest, twilioNoTo, "A 'To' phone number is required.")
	case t.Content.Text == "":
		return nil, twilioRefuse(http.StatusBadRequest, twilioNoBody, "Message body is required.")
	case t.From == "" && a.Sender == "":
		return nil, twilioRefuse(http.StatusBadRequest, twilioNoFrom, "A 'From' phone number is required.")
	}
	var f *message.Failure
	if t.Priority, f = message.ParsePriority(a.Priority); f != nil {
		t.Priority = message.Normal // Validate has told the operator
	}
	return t, nil
}

// twilioCreate is POST of a message.
func (s *httpServer) twilioCreate(w http.ResponseWriter, r *http.Request, a *account.Account) *twilioError {
	form, e := s.twilioForm(w, r, a)
	if e != nil {
		return e
	}
	t, e := readTwilio(a, s.Guard, form)
	if e != nil {
		return e
	}
	results, p := s.submit([]*gateway.Submission{&t.Submission})
	if p != nil {
		return twilioRefuse(http.StatusServiceUnavailable, twilioLater, p.Detail)
	}
	if f := results[0].Failure; f != nil {
		return twilioFailure(f)
	}
	m, e := s.twilioMessage(r, a, results[0].ID)
	if e != nil {
		return e
	}
	v := viewTwilio(m, a, twilioBase(r, a))
	// Twilio's first status: with a service it still chooses the sender.
	switch {
	case m.State == message.Scheduled:
	case t.hasService:
		v.Status = "accepted"
	default:
		v.Status = "queued"
	}
	return writeTwilio(w, http.StatusCreated, v)
}

func writeTwilio(w http.ResponseWriter, status int, v any) *twilioError {
	body, err := marshal(v)
	if err != nil {
		return twilioRefuse(http.StatusInternalServerError, twilioInternal, "the answer could not be written")
	}
	writeJSON(w, status, body)
	return nil
}
