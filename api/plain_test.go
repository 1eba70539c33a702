package api

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// plainServer is a server whose accounts are acme, with a password, and desk, from the address of tests without one.
func plainServer(f *fakeGateway) http.Handler {
	o := f.options()
	set := account.NewDirectory([]account.Account{
		{Name: "acme", Password: "secret", Sender: "ACME", Webhook: "http://127.0.0.1:9/hook"},
		{Name: "wide", PlainFrom: []string{"192.0.0.0/8"}},
		{Name: "desk", PlainFrom: []string{"192.0.2.0/24"}, Priority: "high"},
	}, nil)
	o.Accounts = func() *account.Directory { return set }
	return NewHTTP(o)
}

const plainAs = "/sms?user=acme&password=secret"

// TestPlainAnswers holds a line for each number, and statuses by which scripts tell success from failure.
func TestPlainAnswers(t *testing.T) {
	t.Parallel()
	refuse := func(s *gateway.Submission) *message.Failure {
		switch s.To {
		case "bad":
			return &message.Failure{Kind: message.BadRecipient, Field: "to", Text: "no\r\nnumber"}
		case "busy":
			return &message.Failure{Kind: message.StoreFull}
		}
		return nil
	}
	for _, c := range []struct {
		target string
		status int
		want   string // with ID for ids
	}{
		{plainAs + "&numbers=1,2;3&text=hi", 200, "1;ID\n2;ID\n3;ID\n"},
		{plainAs + "&numbers=1&numbers=2&text=hi", 200, "1;ID\n2;ID\n"},
		{plainAs + "&numbers=1,,%202%20,&text=hi", 200, "1;ID\n2;ID\n"},
		{plainAs + "&numbers=+46701,+46702&text=hi", 200, "+46701;ID\n+46702;ID\n"},
		{plainAs + "&numbers=2025550100,%202025550101&text=hi", 200, "2025550100;ID\n2025550101;ID\n"},
		{plainAs + "&numbers=1,bad&text=hi", 200, "1;ID\nbad;ERROR no  number\n"},
		{plainAs + "&numbers=bad&text=hi", 422, "bad;ERROR no  number\n"},
		{plainAs + "&numbers=busy&text=hi", 503, "busy;ERROR "},
		{plainAs + "&numbers=1&text=hi&nocache=17", 200, "1;ID\n"},
		{plainAs + "&text=hi", 422, "ERROR numbers is missing"},
		{plainAs + "&numbers=1", 422, "ERROR text is missing"},
		{plainAs + "&numbers=1&text=hi&charset=klingon", 422, "ERROR the text is not in the charset"},
		{plainAs + "&numbers=1&text=hi&flash=often", 422, "ERROR flash"},
		{plainAs + "&numbers=1&text=hi&priority=9", 422, "ERROR "},
		{plainAs + "&numbers=1&text=hi&reference=" + strings.Repeat("r", 129), 422, "ERROR reference"},
		{plainAs + "&numbers=" + strings.Repeat("1,", 1001) + "&text=hi", 422, "ERROR a request may have at most 1000 numbers"},
		{plainAs + "&numbers=1&text=100%", 400, "ERROR a parameter is malformed"},
		{"/sms?user=acme&password=wrong&numbers=1&text=hi", 401, "ERROR user or password is wrong"},
		{"/sms?numbers=1&text=hi", 200, "1;ID\n"},
		{"/?numbers=1&text=hi", 200, "1;ID\n"},
		{"/?x=1", 404, "{"},
		{"/other?numbers=1&text=hi", 404, "{"},
	} {
		w := ask(plainServer(&fakeGateway{refuse: refuse}), "GET", c.target, "")
		got := w.Body.String()
		for _, line := range strings.Split(got, "\n") {
			if _, id, ok := strings.Cut(line, ";"); ok && len(id) == 13 {
				got = strings.Replace(got, id, "ID", 1)
			}
		}
		if w.Code != c.status || !strings.HasPrefix(got, c.want) || strings.HasSuffix(c.want, "\n") && got != c.want {
			t.Errorf("%.80s: %d %q, want %d %q", c.target, w.Code, got, c.status, c.want)
		}
		if w.Code == 503 && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", c.target)
		}
	}
	if w := ask(plainServer(&fakeGateway{}), "HEAD", plainAs+"&numbers=1&text=hi", ""); w.Code != 405 {
		t.Errorf("HEAD: %d", w.Code)
	}
}

// TestPlainMessage holds what every parameter does to the message.
func TestPlainMessage(t *testing.T) {
	t.Parallel()
	states := message.Target{Kind: message.WebhookTarget, Account: "acme", Address: "http://127.0.0.1:9/hook"}
	base := gateway.Submission{Via: message.ViaPlain, To: "1", Priority: message.Normal, Receipts: receiptsNamed[""], Target: states}
	base.Content.Class, base.Content.Text = -1, "hi"
	with := func(change func(*gateway.Submission)) gateway.Submission {
		s := base
		change(&s)
		return s
	}
	for _, c := range []struct {
		fields string
		want   gateway.Submission
	}{
		{"number=1&message=hi", base},
		{"to=1&text=hi", base},
		{"numbers=1&text=hi&from=Desk", with(func(s *gateway.Submission) { s.From = "Desk" })},
		{"numbers=1&text=hi&flash=1", with(func(s *gateway.Submission) { s.Content.Class = 0 })},
		{"numbers=1&text=hi&flash=false", base},
		{"numbers=1&text=hi&priority=urgent", with(func(s *gateway.Submission) { s.Priority = message.Urgent })},
		{"numbers=1&text=hi&reference=r7", with(func(s *gateway.Submission) { s.Reference = "r7" })},
		{"numbers=1&text=%C3%A5", with(func(s *gateway.Submission) { s.Content.Text = "å" })},
		{"numbers=1&text=%E5", with(func(s *gateway.Submission) { s.Content.Text = "å" })},
		{"numbers=1&text=%C3%A5&charset=iso-8859-1", with(func(s *gateway.Submission) { s.Content.Text = "Ã¥" })},
		{"numbers=1&text=a;b", with(func(s *gateway.Submission) { s.Content.Text = "a;b" })},
	} {
		for _, post := range []bool{false, true} {
			f := &fakeGateway{}
			if post {
				ask(plainServer(f), "POST", plainAs, c.fields, "Content-Type", "application/x-www-form-urlencoded")
			} else {
				ask(plainServer(f), "GET", plainAs+"&"+c.fields, "")
			}
			if len(f.accepted) != 1 {
				t.Fatalf("%s: %d submissions", c.fields, len(f.accepted))
			}
			got := f.accepted[0]
			got.Account = nil
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(gateway.Submission{})); diff != "" {
				t.Errorf("%s (post %v): %s", c.fields, post, diff)
			}
		}
	}
}

// TestPlainByAddress holds whose a request without a password is, and that pages of other sites cannot make one.
func TestPlainByAddress(t *testing.T) {
	t.Parallel()
	send := func(remote string, header ...string) (string, int) {
		f := &fakeGateway{}
		h := plainServer(f)
		w := ask(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.RemoteAddr = remote
			h.ServeHTTP(w, r)
		}), "GET", "/?"+url.Values{"numbers": {"1"}, "text": {"x"}}.Encode(), "", header...)
		if len(f.accepted) == 0 {
			return "", w.Code
		}
		return f.accepted[0].Account.Name, w.Code
	}
	for _, c := range []struct {
		remote, account string
		status          int
		header          []string
	}{
		{"192.0.2.7:1", "desk", 200, nil},
		{"192.168.0.1:1", "wide", 200, nil},
		{"198.51.100.1:1", "", 401, nil},
		{"192.0.2.7:1", "desk", 200, []string{"Sec-Fetch-Site", "none"}},
		{"192.0.2.7:1", "", 403, []string{"Sec-Fetch-Site", "cross-site"}},
		{"192.0.2.7:1", "", 403, []string{"Origin", "http://evil.example"}},
		{"192.0.2.7:1", "acme", 200, []string{"Sec-Fetch-Site", "cross-site", "Authorization", "Basic YWNtZTpzZWNyZXQ="}},
		{"192.0.2.7:1", "", 401, []string{"Authorization", "Basic YWNtZTp3cm9uZw=="}},
	} {
		if name, status := send(c.remote, c.header...); name != c.account || status != c.status {
			t.Errorf("%s %v: %q %d, want %q %d", c.remote, c.header, name, status, c.account, c.status)
		}
	}
}
