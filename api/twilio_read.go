package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// twilioView is a message as Twilio shows it.
type twilioView struct {
	SID                 string            `json:"sid"`
	AccountSID          string            `json:"account_sid"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	From                *string           `json:"from"`
	To                  string            `json:"to"`
	Body                string            `json:"body"`
	Status              string            `json:"status"`
	NumSegments         string            `json:"num_segments"`
	NumMedia            string            `json:"num_media"`
	Direction           string            `json:"direction"`
	DateCreated         string            `json:"date_created"`
	DateUpdated         string            `json:"date_updated"`
	DateSent            *string           `json:"date_sent"`
	Price               *string           `json:"price"`
	PriceUnit           *string           `json:"price_unit"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	URI                 string            `json:"uri"`
	APIVersion          string            `json:"api_version"`
	Subresources        map[string]string `json:"subresource_uris"`

	id message.ID
}

const twilioVersion = "2010-04-01"

// twilioStates is the one table of our states and Twilio's. A message that is
// refused for good before an operator had it is failed there, one of which the
// network says no is undelivered.
var twilioStates = map[message.State]string{
	message.Scheduled:     "scheduled",
	message.Queued:        "queued",
	message.Sending:       "sending",
	message.Enroute:       "sent",
	message.Sent:          "sent",
	message.Unknown:       "sent", // Twilio has no word for a receipt that never came
	message.Delivered:     "delivered",
	message.Undeliverable: "undelivered",
	message.Expired:       "undelivered",
	message.Rejected:      "failed",
	message.Deleted:       "canceled",
}

// twilioTime writes a time as RFC 2822 has it; Twilio's are in UTC.
func twilioTime(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("Mon, 02 Jan 2006 15:04:05 +0000")
}

// twilioBase is the path of an account's resources as the client wrote it.
func twilioBase(r *http.Request, a *account.Account) string {
	before, _, _ := strings.Cut(r.URL.Path, "/Accounts/")
	return before + "/Accounts/" + a.Twilio.AccountSID
}

// viewTwilio shows a message of ours.
func viewTwilio(m *message.Message, a *account.Account, base string) *twilioView {
	d := digest(m)
	v := &twilioView{
		id: m.ID, To: m.To.String(), Body: m.Content.Text, Status: twilioStates[m.State], Direction: "outbound-api",
		NumSegments: strconv.Itoa(int(m.Parts)), DateUpdated: twilioTime(max(m.Final, d.reportedAt, d.takenAt, m.ID.Millis())),
	}
	v.common(m.ID, a, base)
	if from := m.From.String(); from != "" {
		v.From = &from
	}
	if strings.HasPrefix(m.Tag(), "MG") {
		service := m.Tag()
		v.MessagingServiceSID = &service
	}
	if m.Secret() {
		v.Body = ""
	}
	if d.takenAt != 0 {
		sent := twilioTime(d.takenAt)
		v.DateSent = &sent
	}
	if p := viewPrice(m); p != nil {
		v.PriceUnit = &p.Currency
		if p.Charged != 0 {
			price := (-p.Charged).String()
			v.Price = &price
		}
	}
	v.ErrorCode, v.ErrorMessage = twilioWhy(m.State, &d)
	return v
}

// twilioWhy is error_code and error_message of a message that did not arrive.
func twilioWhy(state message.State, d *logDigest) (*int, *string) {
	switch state {
	case message.Undeliverable, message.Expired, message.Rejected:
	default:
		return nil, nil
	}
	why := d.error(state)
	if why == nil {
		return nil, nil
	}
	code := cmp.Or(twilioCodes[why.kind], twilioUnknown)
	if why.kind == message.NoFailure && state == message.Expired {
		code = twilioUnreachable
	}
	return &code, &why.Detail
}

// viewTwilioInbound shows a message from a phone.
func viewTwilioInbound(in *message.Inbound, a *account.Account, base string) *twilioView {
	from := in.From.String()
	v := &twilioView{
		id: in.ID, From: &from, To: in.To.String(), Body: in.Content.Text, Status: "received", Direction: "inbound",
		NumSegments: strconv.Itoa(max(1, int(in.Parts))), DateUpdated: twilioTime(in.Received),
	}
	sent := twilioTime(in.Received)
	v.DateSent = &sent
	v.common(in.ID, a, base)
	return v
}

func (v *twilioView) common(id message.ID, a *account.Account, base string) {
	sid := twilioSID(id)
	v.SID, v.AccountSID, v.NumMedia, v.APIVersion = sid, a.Twilio.AccountSID, "0", twilioVersion
	v.DateCreated = twilioTime(id.Millis())
	v.URI = base + "/Messages/" + sid + ".json"
	v.Subresources = map[string]string{"media": base + "/Messages/" + sid + "/Media.json"}
}

// deletedByCustomer tells whether the customer has deleted a message that is over.
func deletedByCustomer(m *message.Message) bool {
	events, _ := message.DecodeLog(m.Log, m.ID)
	return slices.ContainsFunc(events, func(e message.Event) bool { return e.Kind == message.EventErased && e.Code != 0 })
}

// twilioMessage reads a message of ours.
func (s *httpServer) twilioMessage(r *http.Request, a *account.Account, id message.ID) (*message.Message, *twilioError) {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Message(ctx, a.Name, id)
	switch {
	case err == nil && !deletedByCustomer(m):
		return m, nil
	case err == nil, errors.Is(err, gateway.ErrNotFound):
		return nil, twilioNotFound(r)
	}
	return nil, twilioUnread()
}

func twilioUnread() *twilioError {
	return twilioRefuse(http.StatusServiceUnavailable, twilioLater, "The database did not answer in time; try again later")
}

// twilioFetch is GET of a message, of ours or from a phone.
func (s *httpServer) twilioFetch(w http.ResponseWriter, r *http.Request, a *account.Account, id message.ID) *twilioError {
	m, e := s.twilioMessage(r, a, id)
	if e == nil {
		return writeTwilio(w, http.StatusOK, viewTwilio(m, a, twilioBase(r, a)))
	}
	if e.status != http.StatusNotFound {
		return e
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	in, err := s.InboundMessage(ctx, a.Name, id)
	switch {
	case err == nil:
		return writeTwilio(w, http.StatusOK, viewTwilioInbound(in, a, twilioBase(r, a)))
	case errors.Is(err, gateway.ErrNotFound):
		return e
	}
	return twilioUnread()
}

// twilioMediaList is GET of the media of a message, of which there are none.
func (s *httpServer) twilioMediaList(w http.ResponseWriter, r *http.Request, a *account.Account, id message.ID) *twilioError {
	uri := twilioBase(r, a) + "/Messages/" + twilioSID(id) + "/Media.json?PageSize=50&Page=0"
	return writeTwilio(w, http.StatusOK, map[string]any{
		"media_list": []any{}, "page": 0, "page_size": 50, "start": 0, "end": 0, "uri": uri, "first_page_uri": uri,
		"next_page_uri": nil, "previous_page_uri": nil,
	})
}

// twilioUpdate is POST of a message: Body= erases its text, Status=canceled
// cancels it.
func (s *httpServer) twilioUpdate(w http.ResponseWriter, r *http.Request, a *account.Account, id message.ID) *twilioError {
	form, e := s.twilioForm(w, r, a)
	if e != nil {
		return e
	}
	if _, e := s.twilioMessage(r, a, id); e != nil {
		return e
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	body, redact := form["Body"]
	var err error
	code := twilioNotComplete
	switch status := form.Get("Status"); {
	case status == "canceled":
		code = twilioNotCanceled
		_, err = s.Cancel(ctx, a.Name, id)
	case status != "":
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "Status can be changed to canceled only")
	case !redact:
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "Nothing is to be changed: give Body or Status")
	case body[0] != "":
		return twilioRefuse(http.StatusBadRequest, twilioBadRequest, "Body can be changed to an empty text only")
	default:
		err = s.Erase(ctx, a.Name, id, false)
	}
	if e := twilioChange(err, code); e != nil {
		return e
	}
	m, e := s.twilioMessage(r, a, id)
	if e != nil {
		return e
	}
	return writeTwilio(w, http.StatusOK, viewTwilio(m, a, twilioBase(r, a)))
}

// twilioDelete is DELETE of a message that is over: its text is erased, and it is
// shown to the customer's clients of Twilio no more.
func (s *httpServer) twilioDelete(w http.ResponseWriter, r *http.Request, a *account.Account, id message.ID) *twilioError {
	if _, e := s.twilioMessage(r, a, id); e != nil {
		return e
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	if e := twilioChange(s.Erase(ctx, a.Name, id, true), twilioNotComplete); e != nil {
		return e
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// twilioChange is the answer to why a message could not be changed.
func twilioChange(err error, code int) *twilioError {
	var f *message.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f) && !f.Kind.Temporary():
		return twilioRefuse(http.StatusBadRequest, code, f.Error())
	}
	return twilioUnread()
}

// twilioQuery is what a list is asked for.
type twilioQuery struct {
	gateway.Filter
	size, page int
}

const (
	twilioPage     = 50
	twilioMostPage = 1000
)

// readTwilioQuery reads the parameters of a list. Those of ours and those from
// phones are both newest first, so one id says where the next page of both begins.
func readTwilioQuery(q url.Values) (t twilioQuery, e *twilioError) {
	bad := func(name string) (twilioQuery, *twilioError) {
		return t, twilioRefuse(http.StatusBadRequest, twilioBadRequest, "The parameter "+name+" is invalid")
	}
	t.size = twilioPage
	var err error
	if v := q.Get("PageSize"); v != "" {
		if t.size, err = strconv.Atoi(v); err != nil || t.size < 1 {
			return bad("PageSize")
		}
		t.size = min(t.size, twilioMostPage)
	}
	if v := q.Get("Page"); v != "" {
		if t.page, err = strconv.Atoi(v); err != nil || t.page < 0 {
			return bad("Page")
		}
	}
	if v := q.Get("PageToken"); v != "" {
		id, ok := parseTwilioSID(strings.TrimPrefix(v, "PA"))
		if !ok {
			return bad("PageToken")
		}
		t.After = id
	}
	if t.page > 0 && t.After == 0 {
		return bad("PageToken")
	}
	t.To.Number, t.From.Number = strings.TrimPrefix(q.Get("To"), "+"), strings.TrimPrefix(q.Get("From"), "+")
	for name, values := range q {
		field, ok := strings.CutPrefix(name, "DateSent")
		if !ok || values[0] == "" {
			continue
		}
		day, err := time.Parse(time.DateOnly, values[0])
		precise := err != nil
		if precise {
			if day, err = time.Parse(time.RFC3339, values[0]); err != nil {
				return bad("DateSent")
			}
		}
		end := day.AddDate(0, 0, 1)
		if precise {
			end = day.Add(time.Second)
		}
		// "DateSent>" and "DateSent<" come with the = of the query behind them, so that the moment itself is meant, too; of
		// a day it is its beginning in both.
		switch strings.Trim(field, "= ") {
		case "":
			t.Since, t.Until = day, end
		case ">":
			t.Since = day
		case "<":
			t.Until = day.Add(time.Second)
		default:
			return bad(name)
		}
	}
	return t, nil
}

// twilioList is GET of the messages, of ours and from phones.
func (s *httpServer) twilioList(w http.ResponseWriter, r *http.Request, a *account.Account) *twilioError {
	q, e := readTwilioQuery(r.URL.Query())
	if e != nil {
		return e
	}
	q.Account, q.Limit = a.Name, q.size
	base := twilioBase(r, a)
	rows, more, e := s.twilioRows(r.Context(), &q, a, base)
	if e != nil {
		return e
	}
	params := r.URL.Query()
	params.Set("PageSize", strconv.Itoa(q.size))
	page := func(n int, token string) string {
		params.Set("Page", strconv.Itoa(n))
		params.Del("PageToken")
		if token != "" {
			params.Set("PageToken", token)
		}
		return base + "/Messages.json?" + params.Encode()
	}
	list := map[string]any{
		"messages": rows, "page": q.page, "page_size": q.size, "start": q.page * q.size, "end": q.page*q.size + max(0, len(rows)-1),
		"uri": page(q.page, r.URL.Query().Get("PageToken")), "first_page_uri": page(0, ""), "next_page_uri": nil, "previous_page_uri": nil,
	}
	if more != 0 {
		list["next_page_uri"] = page(q.page+1, "PA"+twilioSID(more))
	}
	return writeTwilio(w, http.StatusOK, list)
}

// twilioRows merges a page of both lists; more is where the next one begins.
func (s *httpServer) twilioRows(ctx context.Context, q *twilioQuery, a *account.Account, base string) (rows []*twilioView, more message.ID, e *twilioError) {
	ctx, cancel := lasting(ctx, s.Timeout)
	defer cancel()
	sent, nextSent, err := s.Messages(ctx, q.Filter)
	if err != nil {
		return nil, 0, twilioUnread()
	}
	came, nextCame, err := s.InboundList(ctx, q.Filter)
	if err != nil {
		return nil, 0, twilioUnread()
	}
	// What lies behind the place up to which a list was read is not known of it yet.
	known := max(nextSent, nextCame)
	rows = []*twilioView{}
	for _, m := range sent {
		if m.ID >= known && !deletedByCustomer(m) {
			rows = append(rows, viewTwilio(m, a, base))
		}
	}
	for _, in := range came {
		if in.ID >= known {
			rows = append(rows, viewTwilioInbound(in, a, base))
		}
	}
	slices.SortFunc(rows, func(x, y *twilioView) int { return cmp.Compare(y.id, x.id) })
	if len(rows) > q.size {
		return rows[:q.size], rows[q.size-1].id, nil
	}
	return rows, known, nil
}
