package api

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

const (
	twilioTestSID = "AC0123456789abcdef0123456789abcdef"
	twilioTestKey = "SK0123456789abcdef0123456789abcdef"
	twilioTest    = "/2010-04-01/Accounts/" + twilioTestSID
)

// twilioServer is a server with one account for clients of Twilio.
func twilioServer(f *fakeGateway) (http.Handler, *account.Account) {
	o := f.options()
	set := account.NewDirectory([]account.Account{{
		Name: "app", Sender: "APP", Twilio: account.Twilio{AccountSID: twilioTestSID, AuthToken: "token", Keys: []account.TwilioKey{{SID: twilioTestKey, Secret: "key"}}},
	}, {
		Name: "mute", Twilio: account.Twilio{AccountSID: "AC" + strings.Repeat("f", 32), AuthToken: "token"},
	}}, nil)
	o.Accounts = func() *account.Directory { return set }
	o.Message = func(_ context.Context, _ string, id message.ID) (*message.Message, error) {
		return &message.Message{ID: id, Parts: 1, Progress: message.Progress{State: message.Queued}}, nil
	}
	return NewHTTP(o), set.ByName("app")
}

// twilioPost sends a form.
func twilioPost(h http.Handler, path, user, password string, form url.Values) (status, code int) {
	r := http.Header{}
	q := http.Request{Header: r}
	q.SetBasicAuth(user, password)
	w := ask(h, "POST", path, form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Authorization", r.Get("Authorization"))
	var body struct{ Code int }
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w.Code, body.Code
}

// TestTwilioSignsIn holds who may, and that a path of another account is not opened.
func TestTwilioSignsIn(t *testing.T) {
	t.Parallel()
	other := "/2010-04-01/Accounts/AC" + strings.Repeat("f", 32)
	for _, c := range []struct {
		path, user, password string
		status               int
	}{
		{twilioTest, twilioTestSID, "token", 201},
		{twilioTest, twilioTestKey, "key", 201},
		{twilioTest, twilioTestSID, "key", 401},
		{twilioTest, twilioTestKey, "token", 401},
		{twilioTest, "app", "token", 401},
		{twilioTest, twilioTestSID, "", 401},
		{other, twilioTestSID, "token", 401},
	} {
		h, _ := twilioServer(&fakeGateway{})
		if status, code := twilioPost(h, c.path+"/Messages.json", c.user, c.password, url.Values{"To": {"1"}, "Body": {"x"}}); status != c.status || status == 401 && code != 20003 {
			t.Errorf("%s %s: %d %d, want %d", c.user, c.password, status, code, c.status)
		}
	}
}

// TestTwilioCreate holds what every parameter does to the message, and which error is whose.
func TestTwilioCreate(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)
	simplify := message.TextRules{Unicode: message.UnicodeSimplify}
	base := gateway.Submission{Via: message.ViaTwilio, To: "1", Priority: message.Normal, Receipts: message.ReceiptFinal}
	base.Content.Class, base.Content.Text = -1, "x"
	with := func(change func(*gateway.Submission)) *gateway.Submission {
		s := base
		change(&s)
		return &s
	}
	for _, c := range []struct {
		name, value string
		want        *gateway.Submission // nil for an error
		code        int
	}{
		{"From", "+46737494900", with(func(s *gateway.Submission) { s.From = "+46737494900" }), 0},
		{"From", "whatsapp:1", nil, 21212},
		{"To", "", nil, 21604},
		{"To", "messenger:1", nil, 21211},
		{"Body", "", nil, 21602},
		{"Body", strings.Repeat("å", 1600), with(func(s *gateway.Submission) { s.Content.Text = strings.Repeat("å", 1600) }), 0},
		{"Body", strings.Repeat("å", 1601), nil, 21617},
		{"MessagingServiceSid", "MG1", with(func(s *gateway.Submission) { s.Tag = "MG1" }), 0},
		{"StatusCallback", "http://192.0.43.8/x", with(func(s *gateway.Submission) {
			s.Target = message.Target{Kind: message.TwilioTarget, Account: "app", Address: "http://192.0.43.8/x"}
			s.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		}), 0},
		{"StatusCallback", "http://10.0.0.1/", nil, 21609},
		{"ValidityPeriod", "90", with(func(s *gateway.Submission) { s.Validity = 90 * time.Second }), 0},
		{"ValidityPeriod", "0", nil, 20001},
		{"ValidityPeriod", "36001", nil, 20001},
		{"ScheduleType", "fixed", &base, 0},
		{"ScheduleType", "loose", nil, 20001},
		{"SendAt", at.Format(time.RFC3339), with(func(s *gateway.Submission) { s.SendAt = at }), 0},
		{"SendAt", "tomorrow", nil, 20001},
		{"SmartEncoded", "true", with(func(s *gateway.Submission) { s.Text = &simplify }), 0},
		{"SmartEncoded", "False", &base, 0},
		{"SmartEncoded", "maybe", nil, 20001},
		{"ContentRetention", "discard", with(func(s *gateway.Submission) { s.Secret = true }), 0},
		{"ContentRetention", "retain", &base, 0},
		{"ContentRetention", "burn", nil, 20001},
		{"MediaUrl", "http://192.0.43.8/x.png", nil, 21620},
		{"ContentSid", "HX1", nil, 20001},
		{"SendAsMms", "true", nil, 21620},
		{"SendAsMms", "false", &base, 0},
		{"ProvideFeedback", "true", &base, 0},
		{"Tomorrow", "new", &base, 0},
	} {
		f := &fakeGateway{}
		h, a := twilioServer(f)
		form := url.Values{"To": {"1"}, "Body": {"x"}}
		form.Set(c.name, c.value)
		status, code := twilioPost(h, twilioTest+"/Messages.json", twilioTestSID, "token", form)
		if c.want == nil {
			if status != 400 || code != c.code || len(f.accepted) > 0 {
				t.Errorf("%s=%.20s: %d %d, want 400 %d", c.name, c.value, status, code, c.code)
			}
			continue
		}
		if status != 201 || len(f.accepted) != 1 {
			t.Errorf("%s=%.20s: %d %d", c.name, c.value, status, code)
			continue
		}
		want := *c.want
		want.Account = a
		if diff := cmp.Diff(want, f.accepted[0], cmp.Comparer(func(x, y *account.Account) bool { return x == y })); diff != "" {
			t.Errorf("%s=%.20s: %s", c.name, c.value, diff)
		}
	}
}

// TestTwilioFailures holds Twilio's codes for what the gateway refuses.
func TestTwilioFailures(t *testing.T) {
	t.Parallel()
	for kind, want := range map[message.FailureKind][2]int{
		message.BadRecipient: {400, 21211}, message.BadSender: {400, 21606}, message.NoRoute: {400, 21612}, message.OptedOut: {400, 21610},
		message.NotOpened: {400, 21408}, message.LimitReached: {429, 20429}, message.Overloaded: {429, 20429}, message.StoreFull: {503, 20503},
		message.NoMoney: {403, 20005}, message.BadContent: {400, 20001},
	} {
		h, _ := twilioServer(&fakeGateway{refuse: func(*gateway.Submission) *message.Failure { return &message.Failure{Kind: kind} }})
		if status, code := twilioPost(h, twilioTest+"/Messages.json", twilioTestSID, "token", url.Values{"To": {"1"}, "Body": {"x"}}); status != want[0] || code != want[1] {
			t.Errorf("%s: %d %d, want %v", kind.Code(), status, code, want)
		}
	}
	h, _ := twilioServer(&fakeGateway{})
	if _, code := twilioPost(h, "/2010-04-01/Accounts/AC"+strings.Repeat("f", 32)+"/Messages", "AC"+strings.Repeat("f", 32), "token", url.Values{"To": {"1"}, "Body": {"x"}}); code != 21603 {
		t.Errorf("no sender: %d", code)
	}
}

// TestTwilioSignature: the example of Twilio's documentation of its request validation.
func TestTwilioSignature(t *testing.T) {
	t.Parallel()
	form := url.Values{
		"CallSid": {"CA1234567890ABCDE"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}, "Caller": {"+14158675309"},
	}
	if got := twilioSignature("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form); got != "RSOYDt4T1cUTdK1PDd93/VVr8B8=" {
		t.Errorf("got %q", got)
	}
}

func TestTwilioSIDs(t *testing.T) {
	t.Parallel()
	for _, id := range []message.ID{1, 1 << 40, 1<<63 - 1} {
		if got, ok := parseTwilioSID(twilioSID(id)); got != id || !ok || len(twilioSID(id)) != 34 {
			t.Errorf("%d: %s, %d %v", id, twilioSID(id), got, ok)
		}
	}
	for _, sid := range []string{"", "SM", "MM" + strings.Repeat("0", 31) + "1", "SM" + strings.Repeat("0", 32), "SM" + strings.Repeat("f", 32), "SM" + strings.Repeat("g", 32)} {
		if _, ok := parseTwilioSID(sid); ok {
			t.Errorf("%q is taken for a message", sid)
		}
	}
}

// TestTwiML holds which text answers a phone.
func TestTwiML(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"": "", "hello": "", "<Response/>": "", "<Other><Message>x</Message></Other>": "",
		"<Response><Message>Hej &amp; välkommen</Message></Response>":                             "Hej & välkommen",
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Message> a </Message></Response>": "a",
		"<Response><Message><Body>b</Body><Media>http://x</Media></Message></Response>":           "b",
		"<Response><Message>one</Message><Message>two</Message></Response>":                       "one\ntwo",
		"<Response><Sms>old</Sms></Response>":                                                     "old",
		"<Response><Redirect>http://x</Redirect></Response>":                                      "",
		"<Response><Message>" + strings.Repeat("x", maxReply+1) + "</Message></Response>":         "",
	} {
		if got := twimlReply([]byte(body)); got != want {
			t.Errorf("%.60q: %q, want %q", body, got, want)
		}
	}
}

// TestTwilioQuery holds how lists are asked for.
func TestTwilioQuery(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	for query, want := range map[string]twilioQuery{
		"":                                   {size: 50},
		"PageSize=7&To=%2B46701":             {size: 7, Filter: gateway.Filter{To: message.Address{Number: "46701"}}},
		"PageSize=5000":                      {size: 1000},
		"DateSent=2026-11-28":                {size: 50, Filter: gateway.Filter{Since: day, Until: day.AddDate(0, 0, 1)}},
		"DateSent%3E=2026-11-28":             {size: 50, Filter: gateway.Filter{Since: day}},
		"DateSent%3C=2026-11-28":             {size: 50, Filter: gateway.Filter{Until: day.Add(time.Second)}},
		"DateSent%3C=2026-11-28T00:00:00Z":   {size: 50, Filter: gateway.Filter{Until: day.Add(time.Second)}},
		"Page=1&PageToken=PA" + twilioSID(9): {size: 50, page: 1, Filter: gateway.Filter{After: 9}},
	} {
		values, _ := url.ParseQuery(query)
		got, e := readTwilioQuery(values)
		if e != nil {
			t.Errorf("%s: %v", query, e)
			continue
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(twilioQuery{})); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	for _, query := range []string{"PageSize=0", "PageSize=x", "Page=-1", "Page=2", "PageToken=x", "DateSent=soon", "DateSent!=2026-11-28"} {
		values, _ := url.ParseQuery(query)
		if _, e := readTwilioQuery(values); e == nil || e.code != 20001 {
			t.Errorf("%s: %v", query, e)
		}
	}
}
