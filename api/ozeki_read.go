package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ozekiRequest are the parameters of a request by their names in lower case.
type ozekiRequest struct {
	values map[string]string
	number string // of the message that it is about, which stands behind names of parameters; empty for all
	old    bool   // of Message Server 6, which answers otherwise
}

// ozekiParams is how many parameters of a request are looked at.
const ozekiParams = 10 * maxMessages

// ozekiNames are other names of parameters: Message Server 6 had the first.
var ozekiNames = map[string]string{
	"recepient": "recipient", "login": "username", "_charset_": "charset", "messageids": "messageid", "msgid": "messageid",
}

// given returns a parameter: that of the message, else that of all.
func (f ozekiRequest) given(name string) (value string, is bool) {
	if f.number != "" {
		if value, is = f.values[name+f.number]; is {
			return value, true
		}
	}
	value, is = f.values[name]
	return value, is
}

func (f ozekiRequest) get(name string) string {
	value, _ := f.given(name)
	return value
}

func (f ozekiRequest) missing(name string) *ozekiError {
	return ozekiRefuse(http.StatusBadRequest, "The parameter "+name+f.number+" is missing")
}

// count reads a parameter that is a number from 1; one above most is most, as is
// none at all.
func (f ozekiRequest) count(name string, most int) (int, *ozekiError) {
	given := strings.TrimSpace(f.get(name))
	if given == "" {
		return most, nil
	}
	n, err := strconv.Atoi(given)
	if err != nil || n < 1 {
		return 0, ozekiRefuse(http.StatusBadRequest, "The parameter "+name+" is no number from 1: "+clip(given))
	}
	return min(n, most), nil
}

// messages are the requests that one with messagecount stands for.
func (f ozekiRequest) messages() ([]ozekiRequest, *ozekiError) {
	if f.get("messagecount") == "" {
		return []ozekiRequest{f}, nil
	}
	n, bad := f.count("messagecount", maxMessages+1)
	switch {
	case bad != nil:
		return nil, bad
	case n > maxMessages:
		return nil, ozekiRefuse(http.StatusBadRequest, "There are too many messages; "+itoa(maxMessages)+" are possible")
	}
	list := make([]ozekiRequest, n)
	for i := range list {
		list[i] = f
		list[i].number = strconv.Itoa(i)
	}
	return list, nil
}

func (f ozekiRequest) action() string { return strings.ToLower(strings.TrimSpace(f.get("action"))) }

// ozekiQuery reads URL-encoded parameters; the first of several with one name
// counts. A semicolon is a character like others.
func ozekiQuery(raw string) (ozekiRequest, *ozekiError) {
	f := ozekiRequest{values: map[string]string{}}
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		if err != nil || err2 != nil {
			return f, ozekiRefuse(http.StatusBadRequest, "A parameter is not URL-encoded")
		}
		name = strings.ToLower(name)
		plain := strings.TrimRight(name, "0123456789")
		if other := ozekiNames[plain]; other != "" {
			name = other + name[len(plain):]
		}
		if _, twice := f.values[name]; !twice && pair != "" && len(f.values) < ozekiParams {
			f.values[name] = value
		}
	}
	if user, old := f.values["ozmsuserinfo"]; old {
		f.old = true
		f.values["username"], f.values["password"], _ = strings.Cut(user, ":")
	}
	return f, nil
}

// ozekiRead reads a GET's address, or a POST's form and its address.
func (s *httpServer) ozekiRead(w http.ResponseWriter, r *http.Request) (ozekiRequest, *ozekiError) {
	switch r.Method {
	case http.MethodGet: // not HEAD, which is to change nothing (RFC 9110 9.2.1)
		return ozekiQuery(r.URL.RawQuery)
	case http.MethodPost:
	default:
		w.Header().Set("Allow", "GET, POST")
		return ozekiRequest{}, ozekiRefuse(http.StatusMethodNotAllowed, "GET and POST are possible here")
	}
	body, p := s.readBody(w, r, nil)
	if p != nil {
		return ozekiRequest{}, ozekiRefuse(p.Status, p.Detail)
	}
	defer body.free(s)
	return ozekiQuery(string(body.b) + "&" + r.URL.RawQuery)
}

// recipients are the numbers, between commas; a plus that was not encoded has
// become a space.
func (f ozekiRequest) recipients() (numbers []string) {
	given := f.get("recipient")
	plus := strings.HasPrefix(given, " ")
	for number := range strings.SplitSeq(given, ",") {
		trimmed := strings.TrimSpace(number)
		if plus && strings.HasPrefix(number, " ") && trimmed != "" {
			trimmed = "+" + trimmed
		}
		if trimmed != "" {
			numbers = append(numbers, trimmed)
		}
	}
	return numbers
}

// ozekiTimes are the forms of times, in the server's time zone.
var ozekiTimes = []string{"2006.01.02. 15:04:05", time.DateTime}

// times reads sendondate, when the message is sent, and vp, until when it is
// valid.
func (f ozekiRequest) times(now time.Time) (at time.Time, validity time.Duration, bad *ozekiError) {
	read := func(name string) (t time.Time) {
		given := strings.TrimSpace(f.get(name))
		if given == "" {
			return t
		}
		for _, form := range ozekiTimes {
			if t, err := time.ParseInLocation(form, given, time.Local); err == nil && t.After(now) {
				return t
			}
		}
		bad = ozekiRefuse(http.StatusBadRequest, "The parameter "+name+" is no time to come such as 2030.07.26. 10:07:58")
		return t
	}
	at = read("sendondate")
	if end := read("vp"); !end.IsZero() {
		from := now
		if at.After(now) {
			from = at
		}
		if validity = end.Sub(from); validity <= 0 {
			bad = ozekiRefuse(http.StatusBadRequest, "The message would be sent after the end of its validity")
		}
	}
	return at, validity, bad
}
