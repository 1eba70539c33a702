package api

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

const kannelBase = "/cgi-bin/sendsms?username=acme&password=secret"

// Every answer of sendsms, as its clients compare them.
func TestKannelAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, target string
		status       int
		text         string
	}{
		{"good", kannelBase + "&to=%2B46701234567&text=hi", 202, kannelAccepted},
		{"user and pass", "/cgi-bin/sendsms?user=acme&pass=secret&to=1&text=hi", 202, kannelAccepted},
		{"empty text", kannelBase + "&to=1&text=", 202, kannelAccepted},
		{"unknown parameters are ignored", kannelBase + "&to=1&text=hi&colour=red", 202, kannelAccepted},
		{"several", kannelBase + "&to=1+2%203&text=hi", 202, kannelAccepted},
		{"wrong password", "/cgi-bin/sendsms?username=acme&password=x&to=1&text=hi", 403, "Authorization failed for sendsms"},
		{"no password", "/cgi-bin/sendsms?username=acme&to=1&text=hi", 403, "Authorization failed for sendsms"},
		{"unknown user", "/cgi-bin/sendsms?username=nobody&password=x&to=1", 403, "Authorization failed for sendsms"},
		{"address", "/cgi-bin/sendsms?username=walled&password=secret&to=1", 403, "Authorization failed for sendsms"},
		{"no to", kannelBase + "&text=hi", 400, "Missing receiver number, rejected"},
		{"empty to", kannelBase + "&to=&text=hi", 400, "Empty receiver number not allowed, rejected"},
		{"blank to", kannelBase + "&to=+&text=hi", 400, "Empty receiver number not allowed, rejected"},
		{"letters in to", kannelBase + "&to=46x&text=hi", 400, "Garbage 'to' field, rejected."},
		{"no sender", "/cgi-bin/sendsms?username=mute&password=secret&to=1&text=hi", 400, "Sender missing and no global set, rejected"},
		{"udh without its length", kannelBase + "&to=1&text=hi&udh=%00%03", 400, "UDH field misformed, rejected"},
		{"udh too long", kannelBase + "&to=1&udh=%8c" + strings.Repeat("a", 140), 400, "UDH field is too long, rejected"},
		{"account", kannelBase + "&to=1&text=hi&account=a%5Bb", 400, "Account field misformed or too long, rejected"},
		{"long account", kannelBase + "&to=1&text=hi&account=" + strings.Repeat("a", 65), 400, "Account field misformed or too long, rejected"},
		{"dlr-url", kannelBase + "&to=1&text=hi&dlr-mask=31&dlr-url=ftp://example.com/", 400, "DLR-URL field misformed, rejected"},
		{"short dlr-url", kannelBase + "&to=1&text=hi&dlr-mask=31&dlr-url=http://", 400, "DLR-URL field misformed, rejected"},
		{"private dlr-url", kannelBase + "&to=1&text=hi&dlr-mask=31&dlr-url=http://10.0.0.1/%25d", 400, "DLR-URL field misformed, rejected"},
		{"dlr-url that hides its host", kannelBase + "&to=1&text=hi&dlr-mask=31&dlr-url=http://8.8.8.8%2540127.0.0.1/x", 400, "DLR-URL field misformed, rejected"},
		{"dlr-url with a NUL", kannelBase + "&to=1&text=hi&dlr-mask=31&dlr-url=http://127.0.0.1%2500.example.com/", 400, "DLR-URL field misformed, rejected"},
		{"dlr-url that no escape mends", kannelBase + "&to=1&text=hi&dlr-mask=31&dlr-url=http://example.com/%25zz", 400, "DLR-URL field misformed, rejected"},
		{"dlr-url with escapes", kannelBase + "&to=46701234567&text=hi&dlr-mask=31&dlr-url=http://example.com/%25d/%25%23smpp%23x%23/%2520%3Fa%3D%25A%26b%3D%25zz", 202, "0: Accepted for delivery"},
		{"dlr-mask", kannelBase + "&to=1&text=hi&dlr-mask=64", 400, "DLR-Mask field misformed, rejected"},
		{"dlrmask", kannelBase + "&to=1&text=hi&dlrmask=x", 400, "DLR-Mask field misformed, rejected"},
		{"mclass", kannelBase + "&to=1&text=hi&mclass=4", 400, "MClass field misformed, rejected"},
		{"pid", kannelBase + "&to=1&text=hi&pid=256", 400, "PID field misformed, rejected"},
		{"rpi", kannelBase + "&to=1&text=hi&rpi=3", 400, "RPI field misformed, rejected"},
		{"alt-dcs", kannelBase + "&to=1&text=hi&alt-dcs=2", 400, "Alt-DCS field misformed, rejected"},
		{"mwi", kannelBase + "&to=1&text=hi&mwi=8", 400, "MWI field misformed, rejected"},
		{"coding", kannelBase + "&to=1&text=hi&coding=3", 400, "Coding field misformed, rejected"},
		{"compress", kannelBase + "&to=1&text=hi&compress=2", 400, "Compress field misformed, rejected"},
		{"validity", kannelBase + "&to=1&text=hi&validity=soon", 400, "Validity field misformed, rejected"},
		{"deferred", kannelBase + "&to=1&text=hi&deferred=-2", 400, "Deferred field misformed, rejected"},
		{"priority", kannelBase + "&to=1&text=hi&priority=4", 400, "Priority field misformed, rejected"},
		{"unset by -1", kannelBase + "&to=1&text=hi&mclass=-1&pid=-1&rpi=-1&alt-dcs=-1&mwi=-1&coding=-1&compress=-1&validity=-1&deferred=-1&dlr-mask=-1", 202, kannelAccepted},
		{"charset", kannelBase + "&to=1&text=hi&charset=klingon", 400, "Charset or body misformed, rejected"},
		{"invalid UTF-8", kannelBase + "&to=1&text=%ff", 400, "Charset or body misformed, rejected"},
		{"no word of Kurir's own", kannelBase + "&to=1&text=abc&meta-data=" + url.QueryEscape("?kurir?hidden=1"), 400, kannelBadMeta},
		{"secret that is neither", kannelBase + "&to=1&text=abc&meta-data=" + url.QueryEscape("?kurir?secret=maybe"), 400, kannelBadMeta},
		{"half a UTF-16 character", kannelBase + "&to=1&text=abc&coding=2", 400, "Charset or body misformed, rejected"},
		{"percent", kannelBase + "&to=1&text=100%", 400, "Charset or body misformed, rejected"},
		{"other path", "/cgi-bin/sendmail", 404, "Unknown request."},
	} {
		w := ask(NewHTTP((&fakeGateway{}).options()), "GET", c.target, "")
		if w.Code != c.status || w.Body.String() != c.text {
			t.Errorf("%s: %d %q, want %d %q", c.name, w.Code, w.Body, c.status, c.text)
		}
		h := w.Header()
		if h.Get("Content-Type") != "text/html" || h.Get("Pragma") != "no-cache" || h.Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: headers %v", c.name, h)
		}
		if (h.Get("X-Message-Id") != "") != (c.status == 202) {
			t.Errorf("%s: X-Message-Id %q", c.name, h.Get("X-Message-Id"))
		}
	}
}

// What the gateway refuses, in Kannel's words.
func TestKannelFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failure message.Failure
		to      string
		status  int
		text    string
	}{
		{message.Failure{Kind: message.NoRoute, Field: "to"}, "1", 403, "Not routable. Do not try again."},
		{message.Failure{Kind: message.NotPermitted}, "1", 403, "Not routable. Do not try again."},
		{message.Failure{Kind: message.NoMoney}, "1", 403, "Not sent: the balance does not suffice."},
		{message.Failure{Kind: message.NoPrice, Field: "to"}, "1", 403, "Not sent: the price list has no price for the recipient."},
		{message.Failure{Kind: message.LimitReached, Text: "more tomorrow"}, "1", 503, "Temporal failure, try again later. more tomorrow"},
		{message.Failure{Kind: message.StoreFull}, "1", 503, "Temporal failure, try again later."},
		{message.Failure{Kind: message.Overloaded}, "1", 503, "Temporal failure, try again later."},
		{message.Failure{Kind: message.StoreFull}, "1+2", 503, "Temporal failure, try again later."},
		{message.Failure{Kind: message.BadRecipient, Field: "to"}, "1", 400, "Number(s) has/have been denied by white- and/or black-lists."},
		{message.Failure{Kind: message.Blocked, Field: "to"}, "1", 400, "Number(s) has/have been denied by white- and/or black-lists."},
		{message.Failure{Kind: message.OptedOut, Field: "to"}, "1", 400, "Number(s) has/have been denied by white- and/or black-lists."},
		{message.Failure{Kind: message.Blocked, Field: "from", Text: "the sender is blocked"}, "1", 403, "Not sent: the sender is blocked."},
		{message.Failure{Kind: message.BadSender, Field: "from", Text: "the account may not send as BANK"}, "1", 403, "Not sent: the account may not send as BANK."},
		{message.Failure{Kind: message.BadContent, Field: "text"}, "1", 400, "Charset or body misformed, rejected"},
		{message.Failure{Kind: message.BadContent, Field: "validity"}, "1", 400, "Validity field misformed, rejected"},
		{message.Failure{Kind: message.NoRoute, Field: "to"}, "1+2", 500, "Sending failed. Failed receivers are: 1 2"},
	} {
		f := &fakeGateway{refuse: func(*gateway.Submission) *message.Failure { return &c.failure }}
		w := ask(NewHTTP(f.options()), "GET", kannelBase+"&text=hi&to="+c.to, "")
		if w.Code != c.status || w.Body.String() != c.text {
			t.Errorf("%s to %s: %d %q, want %d %q", c.failure.Kind.Code(), c.to, w.Code, w.Body, c.status, c.text)
		}
		if (w.Header().Get("Retry-After") != "") != (c.status == 503) {
			t.Errorf("%s: Retry-After %q", c.failure.Kind.Code(), w.Header().Get("Retry-After"))
		}
	}
	f := &fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
		if s.To == "2" {
			return &message.Failure{Kind: message.NoRoute}
		}
		return nil
	}}
	w := ask(NewHTTP(f.options()), "GET", kannelBase+"&text=hi&to=1+2+3", "")
	if w.Code != 202 || w.Body.String() != kannelAccepted || len(strings.Fields(w.Header().Get("X-Message-Id"))) != 2 || w.Header().Get("X-Failed-Receivers") != "2" {
		t.Errorf("one of three refused: %d %q %v", w.Code, w.Body, w.Header())
	}
}

// What a request says reaches the gateway, in every form that there is.
func TestKannelFields(t *testing.T) {
	t.Parallel()
	octets := "\x06\x05\x04\x0b\x84\x23\xf0"
	for _, c := range []struct {
		name, method, target, body string
		header                     []string
		want                       gateway.Submission
	}{
		{
			name: "plain", method: "GET", target: kannelBase + "&to=1&from=ACME&text=hej+%C3%A5&account=tag&priority=3&validity=60&mclass=0",
			want: gateway.Submission{
				From: "ACME", To: "1", Reference: "tag", Priority: message.Urgent, Validity: time.Hour,
				Content: message.Content{Text: "hej å", Class: 0},
			},
		},
		{
			name: "latin1", method: "GET", target: kannelBase + "&to=1&text=%E5&charset=ISO-8859-1",
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "å", Class: -1}},
		},
		{
			name: "UTF-16BE as courier sends it", method: "GET", target: kannelBase + "&to=1&coding=2&text=%00h%D8%3D%DE%00",
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "h😀", Class: -1, Want: gsm.UCS2}},
		},
		{
			name: "UTF-8 with coding 2", method: "GET", target: kannelBase + "&to=1&coding=2&charset=UTF-8&text=h%C3%A5",
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "hå", Class: -1, Want: gsm.UCS2}},
		},
		{
			name: "semicolon", method: "GET", target: kannelBase + "&to=1&text=a;b&from=F",
			want: gateway.Submission{From: "F", To: "1", Priority: message.Normal, Content: message.Content{Text: "a;b", Class: -1}},
		},
		{
			name: "flash", method: "GET", target: kannelBase + "&to=1&text=x&flash=true",
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "x", Class: 0}},
		},
		{
			name: "flash that is none", method: "GET", target: kannelBase + "&to=1&text=x&flash=perhaps",
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "x", Class: -1}},
		},
		{
			name: "octets", method: "GET", target: kannelBase + "&to=1&text=%00%FF&udh=" + url.QueryEscape(octets),
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Data: []byte("\x00\xff"), Header: []byte(octets), Class: -1, Want: gsm.Binary}},
		},
		{
			name: "text with a header", method: "GET", target: kannelBase + "&to=1&coding=0&text=x&udh=" + url.QueryEscape(octets),
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "x", Header: []byte(octets), Class: -1}},
		},
		{
			name: "report", method: "GET", target: kannelBase + "&to=1&text=x&dlr-mask=27&dlr-url=" + url.QueryEscape("http://127.0.0.1:9/d?s=%d&id=%I"),
			want: gateway.Submission{
				To: "1", Priority: message.Normal, Content: message.Content{Text: "x", Class: -1},
				Receipts: message.ReceiptFinal | message.ReceiptIntermediate,
				Target:   message.Target{Kind: message.KannelTarget, Account: "acme", Address: "http://127.0.0.1:9/d?s=%d&id=%I", Mask: 27},
			},
		},
		{
			name: "report to the account's address", method: "GET", target: kannelBase + "&to=1&text=x&dlr-mask=1&dlr-url=",
			want: gateway.Submission{
				To: "1", Priority: message.Normal, Content: message.Content{Text: "x", Class: -1}, Receipts: message.ReceiptSuccess,
				Target: message.Target{Kind: message.KannelTarget, Account: "acme", Address: "http://127.0.0.1:1/dlr?d=%d", Mask: 1},
			},
		},
		{
			name: "what is Kurir's own", method: "GET", target: kannelBase + "&to=1&text=x&meta-data=" + url.QueryEscape("?other?a=b?kurir?tag=news&secret=1&dialog=true"),
			want: gateway.Submission{
				To: "1", Priority: message.Normal, Content: message.Content{Text: "x", Class: -1}, Tag: "news", Secret: true, Dialog: true,
			},
		},
		{
			name: "form", method: "POST", target: "/cgi-bin/sendsms?username=acme", body: "password=secret&to=1&text=h%C3%A5",
			header: []string{"Content-Type", "application/x-www-form-urlencoded"},
			want:   gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "hå", Class: -1}},
		},
		{
			name: "text", method: "POST", target: "/cgi-bin/sendsms", body: "h\xe5",
			header: []string{
				"Content-Type", "text/plain; charset=iso-8859-1", "X-Kannel-Username", "acme", "X-Kannel-Password", "secret",
				"X-Kannel-To", "1", "X-Kannel-From", "F", "X-Kannel-UDH", "06 05 04 0b 84 23 f0", "X-Kannel-MClass", "1", "X-Kannel-Priority", "0",
			},
			want: gateway.Submission{From: "F", To: "1", Priority: message.Bulk, Content: message.Content{Text: "hå", Header: []byte(octets), Class: 1}},
		},
		{
			name: "octet stream", method: "POST", target: "/cgi-bin/sendsms", body: "\x00\xff",
			header: []string{"Content-Type", "application/octet-stream", "X-Kannel-Username", "acme", "X-Kannel-Password", "secret", "X-Kannel-To", "1"},
			want:   gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Data: []byte("\x00\xff"), Class: -1, Want: gsm.Binary}},
		},
		{
			name: "XML", method: "POST", target: "/cgi-bin/sendsms", header: []string{"Content-Type", "text/xml"},
			body: `<?xml version="1.0"?><message><submit><oa><number>F</number></oa><da><number>1</number></da><ud>h&#229;</ud>` +
				`<dcs><mclass>2</mclass><coding>2</coding></dcs><vp><delay>60</delay></vp>` +
				`<statusrequest><dlr-mask>3</dlr-mask><dlr-url>http://127.0.0.1:9/%d</dlr-url></statusrequest>` +
				`<from><user>acme</user><pass>secret</pass><account>tag</account></from></submit></message>`,
			want: gateway.Submission{
				From: "F", To: "1", Reference: "tag", Priority: message.Normal, Validity: time.Hour,
				Content: message.Content{Text: "hå", Class: 2, Want: gsm.UCS2}, Receipts: message.ReceiptFinal,
				Target: message.Target{Kind: message.KannelTarget, Account: "acme", Address: "http://127.0.0.1:9/%d", Mask: 3},
			},
		},
		{
			name: "XML in Latin-1", method: "POST", target: "/cgi-bin/sendsms", header: []string{"Content-Type", "text/xml"},
			body: "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><message><submit><da><number>1</number></da><ud>h\xe5</ud>" +
				"<from><user>acme</user><pass>secret</pass></from></submit></message>",
			want: gateway.Submission{To: "1", Priority: message.Normal, Content: message.Content{Text: "hå", Class: -1}},
		},
	} {
		f := &fakeGateway{}
		o := f.options()
		o.Guard = NewGuard()
		o.Guard.Replace([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, nil)
		w := ask(NewHTTP(o), c.method, c.target, c.body, c.header...)
		if w.Code != 202 || len(f.accepted) != 1 {
			t.Errorf("%s: %d %q", c.name, w.Code, w.Body)
			continue
		}
		got := f.accepted[0]
		c.want.Via = message.ViaKannel
		got.Account = nil
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestKannelPostMistakes(t *testing.T) {
	t.Parallel()
	h := NewHTTP((&fakeGateway{}).options())
	for _, c := range []struct {
		method, contentType, body string
		status                    int
		text                      string
	}{
		{"POST", "", "x", 400, "Invalid content-type"},
		{"POST", "image/png", "x", 415, "Unsupported content-type, rejected"},
		{"POST", "text/xml", "<message>", 400, "Charset or body misformed, rejected"},
		{"POST", "text/xml", "<message><reply/></message>", 400, "Charset or body misformed, rejected"},
		{"PUT", "text/plain", "x", 405, "Unknown request."},
		{"HEAD", "", "", 405, "Unknown request."},
		{"POST", "text/plain", strings.Repeat("x", 11<<20), 413, "Charset or body misformed, rejected"},
		{"POST", "text/plain; announced", strings.Repeat("x", 11<<20), 413, "Charset or body misformed, rejected"},
		{"POST", "text/xml", `<?xml version="1.0" encoding="x-none"?><message><submit/></message>`, 400, "Charset or body misformed, rejected"},
	} {
		r := httptest.NewRequest(c.method, "/cgi-bin/sendsms", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.contentType)
		if c.status == 413 && c.contentType == "text/plain" {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.status || w.Body.String() != c.text {
			t.Errorf("%s %s: %d %q, want %d %q", c.method, c.contentType, w.Code, w.Body, c.status, c.text)
		}
	}
}

// A message whose validity is over before it may go is refused.
func TestKannelNeverValid(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"deferred=10&validity=10": "Validity field misformed, rejected",
		"deferred=10&validity=5":  "Validity field misformed, rejected",
		"deferred=10":             kannelAccepted,
		"deferred=10&validity=0":  kannelAccepted,
		"deferred=0&validity=5":   kannelAccepted,
	} {
		if w := ask(NewHTTP((&fakeGateway{}).options()), "GET", kannelBase+"&to=1&text=x&"+query, ""); w.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", query, w.Code, w.Body, want)
		}
	}
}

// Somebody who is wrong too often is told to come again: with 403 a client
// drops its message.
func TestKannelTooManyFailures(t *testing.T) {
	t.Parallel()
	if a := kannelLogin(errSlowDown); a.status != 503 || a.text != "Temporal failure, try again later." {
		t.Errorf("%d %q", a.status, a.text)
	}
	if a := kannelLogin(account.ErrCredentials); a.status != 403 || a.text != "Authorization failed for sendsms" {
		t.Errorf("%d %q", a.status, a.text)
	}
}

// The headers that name receivers stay shorter than any proxy's limit.
func TestKannelManyReceivers(t *testing.T) {
	t.Parallel()
	for n, named := range map[int]bool{100: true, 101: false, 1000: false} {
		f := &fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
			if s.To == "2" {
				return &message.Failure{Kind: message.NoRoute}
			}
			return nil
		}}
		w := ask(NewHTTP(f.options()), "GET", kannelBase+"&text=hi&to="+strings.Repeat("1+2+", n/2)+strings.Repeat("1", n%2), "")
		_, ids := w.Header()["X-Message-Id"]
		_, failed := w.Header()["X-Failed-Receivers"]
		if w.Code != 202 || len(f.accepted) != n || ids != named || failed != named {
			t.Errorf("%d receivers: %d, %d accepted, ids %t, failed %t", n, w.Code, len(f.accepted), ids, failed)
		}
	}
}

func TestKannelDeferred(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	before := time.Now()
	w := ask(NewHTTP(f.options()), "GET", kannelBase+"&to=1&text=x&deferred=10&validity=25", "")
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s := f.accepted[0]
	if wait := s.SendAt.Sub(before); wait < 10*time.Minute || wait > 11*time.Minute || s.Validity != 15*time.Minute {
		t.Errorf("sent in %v, valid for %v", wait, s.Validity)
	}
}

// kannelStates are the lives of messages and what a dlr-mask hears of them.
func TestKannelValues(t *testing.T) {
	t.Parallel()
	took := message.Event{Kind: message.EventTaken, Text: "abc"}
	for _, c := range []struct {
		name  string
		state message.State
		log   []message.Event
		mask  uint8
		want  []int
	}{
		{"taken", message.Enroute, []message.Event{took}, 31, []int{8}},
		{"taken, not asked", message.Enroute, []message.Event{took}, 3, nil},
		{"buffered before 8 was told", message.Buffered, []message.Event{took, {Kind: message.EventReport, State: message.Enroute}}, 31, []int{8, 4}},
		{"buffered before 8 was told, 4 not asked", message.Buffered, []message.Event{took, {Kind: message.EventReport, State: message.Enroute}}, 8, []int{8}},
		{"buffered after it", message.Buffered, []message.Event{
			took, {Kind: message.EventTold, State: message.Enroute, Code: 200}, {Kind: message.EventReport, State: message.Enroute},
		}, 31, []int{4}},
		{"delivered before the answer was told", message.Delivered, []message.Event{took}, 31, []int{8, 1}},
		{"delivered after it", message.Delivered, []message.Event{took, {Kind: message.EventTold, State: message.Enroute, Code: 200}}, 31, []int{1}},
		{"delivered, failures asked", message.Delivered, []message.Event{took}, 2, nil},
		{"undeliverable by receipt", message.Undeliverable, []message.Event{took, {Kind: message.EventReport, At: 1, State: message.Undeliverable}}, 3, []int{2}},
		{"refused", message.Rejected, []message.Event{{Kind: message.EventFailed, Failure: message.Refused, Code: 11}}, 31, []int{16}},
		{"refused, only failures asked", message.Rejected, []message.Event{{Kind: message.EventFailed, Failure: message.Refused, Code: 11}}, 2, []int{16}},
		{"refused, only success asked", message.Rejected, []message.Event{{Kind: message.EventFailed, Failure: message.Refused, Code: 11}}, 1, nil},
		{"expired", message.Expired, nil, 31, []int{2}},
		{"sent", message.Sent, []message.Event{took}, 31, []int{8}},
	} {
		m := testMessage()
		m.Log = nil
		for _, e := range c.log {
			e.At += testEpoch.UnixMilli()
			m.Log = message.AppendEvent(m.Log, m.ID, e)
		}
		d := digest(m)
		if diff := cmp.Diff(c.want, kannelValues(c.state, &d, c.mask)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

func TestKannelEscapes(t *testing.T) {
	t.Parallel()
	m := testMessage()
	d := digest(m)
	for pattern, want := range map[string]string{
		"d=%d": "d=1",
		"%A":   "id%3Aabc+sub%3A001+dlvrd%3A001+submit+date%3A2611050830+done+date%3A2611050830+stat%3ADELIVRD+err%3A000+text%3A",
		"%F":   "abc", "%I": "06rqap7800000", "%i": "op1", "%n": "acme", "%o": "r1",
		"%p": "%2B46701234567", "%P": "ACME", "%q": "%2B46701234567",
		"%t": "2026-11-05+08:30:00", "%T": "1793867400", "%B": "000", "%c": "0", "%C": "UTF-8", "%m": "-1",
		"100%%": "100%", "%z": "%z", "a%20b": "a%20b", "%#x": "%#x", "end%": "end%",
		"%#smpp#dlr_err#!": "000!", "%#smpp#other#!": "!", "%#other#dlr_err#!": "!", "%D": "%3Fsmpp%3Fdlr_err%3D000",
		"%k,%s,%S,%r": "id%3Aabc,sub%3A001,dlvrd:001,submit+date%3A2611050830+done+date%3A2611050830+stat%3ADELIVRD+err%3A000+text%3A",
		"%a":          "id%3Aabc+sub%3A001+dlvrd%3A001+submit+date%3A2611050830+done+date%3A2611050830+stat%3ADELIVRD+err%3A000+text%3A",
		"%f":          "", "%M": "-1", "%O": "00", "%u": "", "%V": "", "%Q": "ACME",
		"%R": url.QueryEscape("http://x/%d"),
	} {
		got := kannelReport(m, &d, 1, &message.Target{Address: "http://x/%d"}, nil).fill(pattern)
		if got != want {
			t.Errorf("%s: %s, want %s", pattern, got, want)
		}
	}
	d.rejectedBy, d.failure = 11, message.BadRecipient
	if got := kannelReply(m, &d, 16); got != "NACK/0x0000000b/the recipient's number is not valid" {
		t.Errorf("refused: %s", got)
	}
	if got := kannelReply(m, &d, 8); got != "ACK/" {
		t.Errorf("taken: %s", got)
	}
}

func TestKannelCallback(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]gateway.Verdict{200: gateway.Acknowledged, 202: gateway.Acknowledged, 204: gateway.TryLater, 500: gateway.TryLater} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(status) }
		told := make(chan gateway.Delivered, 1)
		k := NewKannelCallback(KannelOptions{Guard: loopback(), Told: func(l []gateway.Delivered) { told <- l[0] }})
		k.Deliver("acme", []*gateway.Item{stateItem(testMessage(), message.KannelTarget, h.URL+"/dlr?s=%d&id=%F&to=%p", 25)})
		d := <-told
		k.Close()
		asked := []string{"/dlr?s=8&id=abc&to=%2B46701234567", "/dlr?s=1&id=abc&to=%2B46701234567"}
		if want != gateway.Acknowledged {
			asked = asked[:1]
		}
		if diff := cmp.Diff(asked, h.targets); d.Verdict != want || diff != "" {
			t.Errorf("%d: %+v (-want +got)\n%s", status, d, diff)
		}
	}
}

// An address whose escapes name each other a thousand times over is given up
// before it takes memory.
func TestKannelCallbackTooLong(t *testing.T) {
	t.Parallel()
	told := make(chan gateway.Delivered, 1)
	k := NewKannelCallback(KannelOptions{Guard: loopback(), Told: func(l []gateway.Delivered) { told <- l[0] }})
	defer k.Close()
	address := "http://127.0.0.1/" + strings.Repeat("%R", 900)
	k.Deliver("acme", []*gateway.Item{stateItem(testMessage(), message.KannelTarget, address, 1)})
	if d := <-told; d.Verdict != gateway.GiveUp || !strings.Contains(d.Text, "too long") {
		t.Errorf("%+v", d)
	}
}

// TestKannelFailedReceivers: what is no number is not repeated at any length.
func TestKannelFailedReceivers(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{refuse: func(*gateway.Submission) *message.Failure { return &message.Failure{Kind: message.BadRecipient} }}
	w := ask(NewHTTP(f.options()), "GET", kannelBase+"&text=hi&to="+strings.Repeat("1", 100_000), "")
	if n := len(w.Header().Get("X-Failed-Receivers")); n > 100 {
		t.Errorf("X-Failed-Receivers has %d octets", n)
	}
}

// Whatever stands in the address or the body, there is an answer of Kannel's.
func FuzzKannel(f *testing.F) {
	f.Add("to=1&text=hi&coding=2&udh=%05%00%03%01%02%01&dlr-mask=31&dlr-url=http://127.0.0.1/%25d", "")
	f.Add("validity=-1&deferred=10&charset=utf-16&text=%ff%fe", "<message><submit><da><number>1</number></da><ud>x</ud></submit></message>")
	g := &fakeGateway{}
	h := NewHTTP(g.options())
	f.Fuzz(func(t *testing.T, query, body string) {
		g.accepted = nil // or it takes all memory
		r := httptest.NewRequest("GET", "/cgi-bin/sendsms", nil)
		r.URL.RawQuery = "username=acme&password=secret&" + query
		if body != "" {
			r = httptest.NewRequest("POST", "/cgi-bin/sendsms", strings.NewReader(body))
			r.Header.Set("Content-Type", "text/xml")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.Len() == 0 || w.Code >= 500 {
			t.Errorf("%d %q", w.Code, w.Body)
		}
		fillEscapes(query, func(byte, string) (string, bool) { return "", query != "" })
	})
}
