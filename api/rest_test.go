package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/resource"
)

// Every mistake in a request has its status and names its field.
func TestPostMistakes(t *testing.T) {
	t.Parallel()
	many := `["` + strings.Repeat(`1","`, maxMessages) + `1"]`
	for _, c := range []struct {
		name, body  string
		status      int
		code, field string
	}{
		{"no JSON", `to=1`, 400, "bad_json", ""},
		{"empty body", ``, 400, "bad_json", ""},
		{"cut", `{"to":"1","text":"x`, 400, "bad_json", "text"},
		{"an array", `[]`, 400, "wrong_type", ""},
		{"more than one value", `{"to":"1","text":"x"} {}`, 400, "bad_json", ""},
		{"comma at the end", `{"to":"1","text":"x",}`, 400, "bad_json", ""},
		{"unknown field", `{"to":"1","text":"x","txet":"y"}`, 400, "unknown_field", "txet"},
		{"field in capitals", `{"To":"1","text":"x"}`, 400, "unknown_field", "To"},
		{"field twice", `{"to":"1","text":"x","text":"y"}`, 400, "given_twice", "text"},
		{"to is a number", `{"to":46701234567,"text":"x"}`, 400, "wrong_type", "to"},
		{"to holds a number", `{"to":["1",2],"text":"x"}`, 400, "wrong_type", "to"},
		{"text is null", `{"to":"1","text":null}`, 400, "wrong_type", "text"},
		{"max_parts too high", `{"to":"1","text":"x","max_parts":256}`, 400, "wrong_type", "max_parts"},
		{"class too high", `{"to":"1","text":"x","class":4}`, 400, "wrong_type", "class"},
		{"class without a number", `{"to":"1","text":"x","class":"1"}`, 400, "wrong_type", "class"},
		{"flash and another class", `{"to":"1","text":"x","class":1,"flash":true}`, 422, "bad_content", "class"},
		{"class with a zero in front", `{"to":"1","text":"x","class":01}`, 400, "bad_json", ""},
		{"port with a zero in front", `{"to":"1","text":"x","ports":{"to":00}}`, 400, "bad_json", "ports"},
		{"replace type 0", `{"to":"1","text":"x","replace_type":0}`, 400, "wrong_type", "replace_type"},
		{"replace type too high", `{"to":"1","text":"x","replace_type":8}`, 400, "wrong_type", "replace_type"},
		{"port too high", `{"to":"1","text":"x","ports":{"to":65536}}`, 400, "wrong_type", "ports.to"},
		{"port twice", `{"to":"1","text":"x","ports":{"to":1,"to":2}}`, 400, "given_twice", "ports.to"},
		{"ports without to", `{"to":"1","text":"x","ports":{"from":1}}`, 400, "required", "ports.to"},
		{"ports with something else", `{"to":"1","text":"x","ports":{"to":1,"by":2}}`, 400, "unknown_field", "ports.by"},
		{"ports and udh", `{"to":"1","text":"x","ports":{"to":1},"udh":"0605040b8423f0"}`, 422, "bad_content", "ports"},
		{"flash is a string", `{"to":"1","text":"x","flash":"yes"}`, 400, "wrong_type", "flash"},
		{"invalid UTF-8", "{\"to\":\"1\",\"text\":\"\xff\"}", 400, "bad_utf8", "text"},
		{"invalid UTF-8 after an escape", "{\"to\":\"1\",\"text\":\"\\n\xff\"}", 400, "bad_utf8", "text"},
		{"half a surrogate pair", `{"to":"1","text":"\ud83d!"}`, 400, "bad_json", "text"},
		{"control character", "{\"to\":\"1\",\"text\":\"a\nb\"}", 400, "bad_json", "text"},
		{"unknown escape", `{"to":"1","text":"\x"}`, 400, "bad_json", "text"},
		{"atomic inside messages", `{"messages":[{"to":"1","text":"x","atomic":true}]}`, 400, "unknown_field", "atomic"},
		{"text beside messages", `{"messages":[{"to":"1","text":"x"}],"text":"y"}`, 400, "bad_value", "text"},
		{"no messages", `{"messages":[]}`, 422, "required", "messages"},
		{"messages is an object", `{"messages":{}}`, 400, "wrong_type", "messages"},
		{"no to", `{"text":"x"}`, 422, "bad_recipient", "to"},
		{"to is empty", `{"to":"","text":"x"}`, 422, "bad_recipient", "to"},
		{"to has no elements", `{"to":[],"text":"x"}`, 422, "bad_recipient", "to"},
		{"too many", `{"to":` + many + `,"text":"x"}`, 422, "too_many", "to"},
		{"no text", `{"to":"1"}`, 422, "bad_content", "text"},
		{"text is empty", `{"to":"1","text":""}`, 422, "bad_content", "text"},
		{"unknown priority", `{"to":"1","text":"x","priority":"now"}`, 422, "bad_content", "priority"},
		{"hours without when", `{"to":"1","text":"x","hours":{"zone":"recipient"}}`, 422, "bad_content", "hours"},
		{"hours that are none", `{"to":"1","text":"x","hours":{"when":"noon"}}`, 422, "bad_content", "hours"},
		{"hours on Mars", `{"to":"1","text":"x","hours":{"when":"08:00-20:00","zone":"Mars"}}`, 422, "bad_content", "hours"},
		{"hours with more", `{"to":"1","text":"x","hours":{"times":"08:00-20:00"}}`, 400, "unknown_field", "hours.times"},
		{"hours twice", `{"to":"1","text":"x","hours":{"when":"sat","when":"sun"}}`, 400, "given_twice", "hours.when"},
		{"unknown encoding", `{"to":"1","text":"x","encoding":"ebcdic"}`, 422, "bad_content", "encoding"},
		{"send_at without zone", `{"to":"1","text":"x","send_at":"2026-11-05T08:30:00"}`, 422, "bad_content", "send_at"},
		{"validity without unit", `{"to":"1","text":"x","validity":"24"}`, 422, "bad_content", "validity"},
		{"validity of nothing", `{"to":"1","text":"x","validity":"0s"}`, 422, "bad_content", "validity"},
		{"unknown receipts", `{"to":"1","text":"x","receipts":"some"}`, 422, "bad_content", "receipts"},
		{"long reference", `{"to":"1","text":"x","reference":"` + strings.Repeat("r", 129) + `"}`, 422, "bad_content", "reference"},
		{"webhook is no address", `{"to":"1","text":"x","webhook":"ftp://example.com/"}`, 422, "bad_content", "webhook"},
		{"webhook is private", `{"to":"1","text":"x","webhook":"http://10.1.2.3/"}`, 422, "bad_content", "webhook"},
		{"webhook is local", `{"to":"1","text":"x","webhook":"http://localhost/"}`, 422, "bad_content", "webhook"},
		{"data and text", `{"to":"1","text":"x","data":"00"}`, 422, "bad_content", "data"},
		{"data is no hex", `{"to":"1","data":"0g"}`, 422, "bad_content", "data"},
		{"data as text", `{"to":"1","data":"00","encoding":"ucs2"}`, 422, "bad_content", "encoding"},
		{"udh without its length", `{"to":"1","data":"00","udh":"0003000201"}`, 422, "bad_content", "udh"},
	} {
		f := &fakeGateway{}
		w := asAcme(NewHTTP(f.options()), "POST", "/v1/messages", c.body)
		d := readProblemDocument(t, w)
		if w.Code != c.status || d.Code != c.code {
			t.Errorf("%s: %d %s, want %d %s: %s", c.name, w.Code, d.Code, c.status, c.code, w.Body)
		}
		if field := first(d); field != c.field {
			t.Errorf("%s: field %q, want %q: %s", c.name, field, c.field, w.Body)
		}
		if len(f.accepted) > 0 {
			t.Errorf("%s: handed over nevertheless", c.name)
		}
	}
}

func first(d problemDocument) string {
	if len(d.Errors) == 0 {
		return ""
	}
	return d.Errors[0].Field
}

// Mistakes around the body, and on other paths.
func TestRequestMistakes(t *testing.T) {
	t.Parallel()
	h := NewHTTP((&fakeGateway{}).options())
	const body = `{"to":"1","text":"x"}`
	for _, c := range []struct {
		name, method, target, body, contentType string
		status                                  int
		code, field                             string
	}{
		{"form", "POST", "/v1/messages", "to=1&text=x", "application/x-www-form-urlencoded", 415, "content_type", ""},
		{"form without anything", "POST", "/v1/messages", "", "application/x-www-form-urlencoded", 400, "bad_json", ""},
		{"form that is a list", "POST", "/v1/messages", " []", "application/x-www-form-urlencoded", 400, "wrong_type", ""},
		{"text", "POST", "/v1/messages", body, "text/plain", 415, "content_type", ""},
		{"latin1", "POST", "/v1/messages", body, "application/json; charset=iso-8859-1", 415, "content_type", ""},
		{"query on POST", "POST", "/v1/messages?dry=1", body, "application/json", 400, "unknown_parameter", "dry"},
		{"method", "PUT", "/v1/messages", body, "", 405, "method_not_allowed", ""},
		{"method on a message", "POST", "/v1/messages/0000000000001", body, "", 405, "method_not_allowed", ""},
		{"path", "GET", "/v1/message", "", "", 404, "not_found", ""},
		{"root", "GET", "/", "", "", 404, "not_found", ""},
		{"no id", "GET", "/v1/messages/abc", "", "", 404, "not_found", "id"},
		{"unknown id", "GET", "/v1/messages/0000000000001", "", "", 404, "not_found", "id"},
		{"unknown id to trace", "GET", "/v1/messages/0000000000001/trace", "", "", 404, "not_found", "id"},
		{"unknown id to cancel", "DELETE", "/v1/messages/0000000000001", "", "", 404, "not_found", "id"},
		{"unknown inbound id", "GET", "/v1/inbound/0000000000001", "", "", 404, "not_found", "id"},
		{"unknown parameter", "GET", "/v1/messages?stat=queued", "", "", 400, "bad_value", "stat"},
		{"parameter twice", "GET", "/v1/messages?to=1&to=2", "", "", 400, "bad_value", "to"},
		{"unknown state", "GET", "/v1/messages?state=gone", "", "", 400, "bad_value", "state"},
		{"bad time", "GET", "/v1/messages?since=yesterday", "", "", 400, "bad_value", "since"},
		{"bad limit", "GET", "/v1/messages?limit=0", "", "", 400, "bad_value", "limit"},
		{"large limit", "GET", "/v1/messages?limit=1001", "", "", 400, "bad_value", "limit"},
		{"bad cursor", "GET", "/v1/messages?cursor=abc", "", "", 400, "bad_value", "cursor"},
		{"bad order", "GET", "/v1/inbound?sort=up", "", "", 400, "bad_value", "sort"},
		{"bad escape", "GET", "/v1/inbound?to=%zz", "", "", 400, "bad_value", ""},
	} {
		w := asAcme(h, c.method, c.target, c.body, "Content-Type", c.contentType)
		d := readProblemDocument(t, w)
		if w.Code != c.status || d.Code != c.code || first(d) != c.field {
			t.Errorf("%s: %d %s %q, want %d %s %q: %s", c.name, w.Code, d.Code, first(d), c.status, c.code, c.field, w.Body)
		}
		if c.status == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s: no Allow", c.name)
		}
	}
}

// What the gateway refuses has the status of its kind.
func TestFailureStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind   message.FailureKind
		status int
		wait   bool
	}{
		{message.BadRecipient, 422, false},
		{message.BadSender, 422, false},
		{message.BadContent, 422, false},
		{message.NoRoute, 422, false},
		{message.NotPermitted, 403, false},
		{message.Overloaded, 429, true},
		{message.LimitReached, 429, true},
		{message.NoMoney, 402, false},
		{message.NoPrice, 422, false},
		{message.Blocked, 403, false},
		{message.OptedOut, 403, false},
		{message.NotOpened, 403, false},
		{message.Repeated, 422, false},
		{message.StoreFull, 503, true},
	} {
		f := &fakeGateway{refuse: func(*gateway.Submission) *message.Failure { return message.Fail(c.kind, "to", "because") }}
		w := asAcme(NewHTTP(f.options()), "POST", "/v1/messages", `{"to":["1","2"],"text":"x"}`)
		d := readProblemDocument(t, w)
		if w.Code != c.status || (w.Header().Get("Retry-After") != "") != c.wait {
			t.Errorf("%s: status %d, Retry-After %q", c.kind.Code(), w.Code, w.Header().Get("Retry-After"))
		}
		if len(d.Errors) != 2 || d.Errors[1].To != "2" || d.Errors[1].Code != c.kind.Code() || d.Errors[1].Detail != "because" {
			t.Errorf("%s: errors %+v", c.kind.Code(), d.Errors)
		}
	}
}

func TestGoldenAnswers(t *testing.T) {
	t.Parallel()
	refuse := func(s *gateway.Submission) *message.Failure {
		if s.To == "12a" {
			return message.Fail(message.BadRecipient, "to", "12a has letters")
		}
		return nil
	}
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{
			"one", `{"to":"+46701234567","text":"hi"}`, 202,
			`{"messages":[{"id":"06rqap7800000","to":"+46701234567","state":"queued","parts":1,"encoding":"gsm7"}],"errors":[]}`,
		},
		{
			"one good, one bad", `{"to":["12a","46701234567"],"text":"hi"}`, 202,
			`{"messages":[{"id":"06rqap7800000","to":"+46701234567","state":"queued","parts":1,"encoding":"gsm7"}],` +
				`"errors":[{"to":"12a","field":"to","code":"bad_recipient","detail":"12a has letters"}]}`,
		},
		{
			"several", `{"messages":[{"to":"1","text":"a"},{"to":"2"},{"to":"12a","text":"c"},{"to":"4","text":"d"}]}`, 202,
			`{"messages":[{"index":0,"id":"06rqap7800000","to":"+1","state":"queued","parts":1,"encoding":"gsm7"},` +
				`{"index":3,"id":"06rqap7800001","to":"+4","state":"queued","parts":1,"encoding":"gsm7"}],` +
				`"errors":[{"index":1,"to":"2","field":"text","code":"bad_content","detail":"text is missing or empty"},` +
				`{"index":2,"to":"12a","field":"to","code":"bad_recipient","detail":"12a has letters"}]}`,
		},
		{
			"none", `{"to":"12a","text":"hi"}`, 422,
			`{"type":"/problems/bad_recipient","title":"A recipient is not valid","status":422,"code":"bad_recipient","detail":"12a has letters",` +
				`"errors":[{"to":"12a","field":"to","code":"bad_recipient","detail":"12a has letters"}]}`,
		},
		{
			"atomic", `{"atomic":true,"messages":[{"to":"1","text":"a"},{"to":"2"}]}`, 422,
			`{"type":"/problems/bad_content","title":"The content is not acceptable","status":422,"code":"bad_content","detail":"text is missing or empty",` +
				`"errors":[{"index":1,"to":"2","field":"text","code":"bad_content","detail":"text is missing or empty"},` +
				`{"index":0,"to":"1","field":"atomic","code":"withheld","detail":"another message of this request was refused, and the request is atomic"}]}`,
		},
		{
			"field inside messages", `{"messages":[{"to":"1","text":"a"},{"to":"1","text":7}]}`, 400,
			`{"type":"/problems/wrong_type","title":"A value is of the wrong type","status":400,"code":"wrong_type","detail":"text must be a string, not a number",` +
				`"errors":[{"index":1,"field":"text","code":"wrong_type","detail":"text must be a string, not a number"}]}`,
		},
	} {
		f := &fakeGateway{refuse: refuse}
		w := asAcme(NewHTTP(f.options()), "POST", "/v1/messages", c.body)
		if w.Code != c.status {
			t.Errorf("%s: status %d", c.name, w.Code)
		}
		if diff := cmp.Diff(c.want, strings.TrimSuffix(w.Body.String(), "\n")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, diff)
		}
	}
}

// Everything that a request may say reaches the gateway.
func TestPostFields(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	o := f.options()
	o.Guard = NewGuard()
	o.Guard.Replace([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, nil)
	h := NewHTTP(o)
	w := asAcme(h, "POST", "/v1/messages", `{"to":["+46 70","46701234567"],"from":"Örn","text":"\u20ac \ud83d\ude00 \"\\\/\b\f\n\r\t",
		"send_at":"2026-11-05T08:30:00+01:00","validity":"24h","priority":"urgent","flash":true,"encoding":"ucs2",
		"reference":"r1","webhook":"http://127.0.0.1:9/hook","receipts":"all","dialog":true,"hours":{"when":["mon-fri 08:00-20:00","sat"],"zone":"Europe/Oslo"}}`, "Content-Type", "application/json; charset=utf-8")
	if w.Code != 202 || len(f.accepted) != 2 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s := f.accepted[0]
	account := s.Account
	s.Account = nil
	want := gateway.Submission{
		Via: message.ViaREST, From: "Örn", To: "+46 70", Reference: "r1", Dialog: true, Batch: true,
		Content:  message.Content{Text: "€ 😀 \"\\/\b\f\n\r\t", Want: gsm.UCS2, Class: 0},
		Priority: message.Urgent, SendAt: time.Date(2026, 11, 5, 7, 30, 0, 0, time.UTC), Validity: 24 * time.Hour,
		Receipts: message.ReceiptFinal | message.ReceiptIntermediate, Hours: &message.Hours{Times: []string{"mon-fri 08:00-20:00", "sat"}, Zone: "Europe/Oslo"},
		Target: message.Target{Kind: message.WebhookTarget, Account: "acme", Address: "http://127.0.0.1:9/hook"},
	}
	if diff := cmp.Diff(want, s); diff != "" || account.Name != "acme" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	f.accepted = nil
	w = asAcme(h, "POST", "/v1/messages", `{"to":"1","data":"0605040b8423f0","udh":"0605040b8423f0"}`)
	if w.Code != 202 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	octets := []byte{6, 5, 4, 0x0b, 0x84, 0x23, 0xf0}
	if c := f.accepted[0].Content; c.Want != gsm.Binary || !bytes.Equal(c.Data, octets) || !bytes.Equal(c.Header, octets) || c.Class != -1 {
		t.Errorf("content %+v", c)
	}
	for body, want := range map[string]message.Content{
		`{"to":"1","text":"x","class":2,"replace_type":7}`:                     {Text: "x", Class: 2, Extra: &message.Extra{ProtocolID: 0x47}},
		`{"to":"1","text":"x","class":0,"flash":true,"replace_type":1}`:        {Text: "x", Class: 0, Extra: &message.Extra{ProtocolID: 0x41}},
		`{"to":"1","text":"x","flash":true}`:                                   {Text: "x", Class: 0},
		`{"to":"1","text":"x","flash":false,"ports":{"to":5505,"from":65535}}`: {Text: "x", Class: -1, Header: []byte{6, 5, 4, 0x15, 0x81, 0xff, 0xff}},
		`{"to":"1","data":"00ff","ports":{"to":0}}`:                            {Data: []byte{0, 0xff}, Want: gsm.Binary, Class: -1, Header: []byte{6, 5, 4, 0, 0, 0, 0}},
	} {
		f.accepted = nil
		if w := asAcme(h, "POST", "/v1/messages", body); w.Code != 202 {
			t.Fatalf("%s: %d %s", body, w.Code, w.Body)
		}
		if diff := cmp.Diff(want, f.accepted[0].Content); diff != "" {
			t.Errorf("%s (-want +got)\n%s", body, diff)
		}
	}
	if s := f.accepted[0]; s.Receipts != message.ReceiptFinal || s.Priority != message.Normal || !s.Target.IsZero() {
		t.Errorf("defaults %+v", s)
	}
}

// curl -d calls everything a form.
func TestPostByCurl(t *testing.T) {
	t.Parallel()
	w := asAcme(NewHTTP((&fakeGateway{}).options()), "POST", "/v1/messages", ` {"to":"1","text":"x"}`, "Content-Type", "application/x-www-form-urlencoded")
	if w.Code != 202 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestReadBack(t *testing.T) {
	t.Parallel()
	id := message.NewIDs(0, 0).Next(testEpoch)
	ms := testEpoch.UnixMilli()
	m := &message.Message{
		ID: id, Account: "acme", Via: message.ViaREST, From: message.Address{Number: "ACME", TON: message.TONAlphanumeric},
		To:      message.Address{Number: "46701234567", TON: message.TONInternational},
		Content: message.Content{Text: "hi", Class: -1}, Encoding: gsm.GSM7, Parts: 1, Priority: message.Normal, Links: []string{"op1"}, Expires: ms + 1000,
	}
	m.State, m.Final = message.Undeliverable, ms+500
	m.Log = message.AppendEvent(m.Log, id, message.Event{Kind: message.EventGranted, At: ms + 1, Text: "op1"})
	m.Log = message.AppendEvent(m.Log, id, message.Event{Kind: message.EventTaken, At: ms + 2, Text: "abc"})
	m.Log = message.AppendEvent(m.Log, id, message.Event{Kind: message.EventReport, At: ms + 500, State: message.Undeliverable, Code: 7, Text: "abc"})
	var asked gateway.Filter
	o := (&fakeGateway{}).options()
	o.Message = func(_ context.Context, account string, want message.ID) (*message.Message, error) {
		if account != "acme" || want != id {
			return nil, gateway.ErrNotFound
		}
		return m, nil
	}
	o.Messages = func(_ context.Context, f gateway.Filter) ([]*message.Message, message.ID, error) {
		asked = f
		return []*message.Message{m}, id, nil
	}
	o.Cancel = func(context.Context, string, message.ID) (*message.Message, error) {
		return nil, message.Fail(message.NotPermitted, "id", "the message is delivered")
	}
	o.InboundMessage = func(_ context.Context, account string, id message.ID) (*message.Inbound, error) {
		return &message.Inbound{ID: id, Account: account, Received: ms, Content: message.Content{Text: "yes"}, Encoding: gsm.GSM7, Parts: 1, Link: "op1"}, nil
	}
	o.Trace = func(ctx context.Context, m *message.Message) (*gateway.Trace, error) {
		return &gateway.Trace{Message: m, Events: []gateway.TraceEntry{{At: testEpoch, What: "accepted"}}}, nil
	}
	o.InboundList = func(context.Context, gateway.Filter) ([]*message.Inbound, message.ID, error) {
		return []*message.Inbound{{ID: id}}, 0, nil
	}
	h := NewHTTP(o)
	const doc = `{"id":"06rqap7800000","state":"undeliverable","to":"+46701234567","from":"ACME","text":"hi","encoding":"gsm7","parts":1,` +
		`"priority":"normal","via":"rest","created":"2026-11-05T08:30:00.000Z","expires":"2026-11-05T08:30:01.000Z",` +
		`"final":"2026-11-05T08:30:00.500Z","link":"op1","operator_ids":["abc"],"error":{"code":"undeliverable","detail":"the operator could not deliver it","operator_code":7}}`
	for _, c := range []struct {
		method, target string
		status         int
		want           string
	}{
		{"GET", "/v1/messages/" + id.String(), 200, doc},
		{"GET", "/v1/messages/" + strings.ToUpper(id.String()), 200, doc},
		{"GET", "/v1/messages/" + id.String() + "/trace", 200, `{"message":` + doc + `,"links":["op1"],"routes":[],"events":[{"at":"2026-11-05T08:30:00Z","what":"accepted"}]}`},
		{"GET", "/v1/messages?state=queued,undeliverable&to=%2B46701234567&from=ACME&reference=r&since=2026-11-05&limit=7&sort=id", 200, `{"cursor":"CURSOR","messages":[` + doc + `],"next":"/v1/messages?cursor=CURSOR&from=ACME&limit=7&reference=r&since=2026-11-05&sort=id&state=queued%2Cundeliverable&to=%2B46701234567"}`},
		{"GET", "/v1/inbound?sort=id", 200, `{"cursor":"INBOUND","inbound":[{"id":"06rqap7800000","from":"","to":"","text":"","encoding":"auto","parts":0,"received":""}]}`},
		{"GET", "/v1/inbound/" + id.String(), 200, `{"id":"06rqap7800000","from":"","to":"","text":"yes","encoding":"gsm7","parts":1,"received":"2026-11-05T08:30:00.000Z","link":"op1"}`},
	} {
		w := asAcme(h, c.method, c.target, "")
		c.want = strings.ReplaceAll(c.want, "CURSOR", resource.Messages().Cursor(resource.Query{Order: resource.Order{Field: "id"}}, int64(id)))
		c.want = strings.ReplaceAll(c.want, "INBOUND", resource.Inbound().Cursor(resource.Query{Order: resource.Order{Field: "id"}}, int64(id)))
		if diff := cmp.Diff(c.want, strings.TrimSuffix(w.Body.String(), "\n")); w.Code != c.status || diff != "" {
			t.Errorf("%s %s: %d (-want +got)\n%s", c.method, c.target, w.Code, diff)
		}
	}
	want := gateway.Filter{
		Account: "acme", States: []message.State{message.Queued, message.Undeliverable}, To: message.Address{Number: "46701234567"},
		From: message.Address{Number: "ACME"}, Reference: "r", Since: time.Date(2026, 11, 5, 0, 0, 0, 0, time.UTC), Limit: 7, Oldest: true,
	}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("filter (-want +got)\n%s", diff)
	}
	if w := asAcme(h, "DELETE", "/v1/messages/"+id.String(), ""); w.Code != 409 || readProblemDocument(t, w).Code != codeFinal {
		t.Errorf("cancel: %d %s", w.Code, w.Body)
	}
}

// Why a message cannot be cancelled: it is final, or an operator has it; and
// why one cannot be read.
func TestCancelRefused(t *testing.T) {
	t.Parallel()
	m := testMessage()
	o := (&fakeGateway{}).options()
	var readErr error
	o.Message = func(context.Context, string, message.ID) (*message.Message, error) { return m, readErr }
	o.Cancel = func(context.Context, string, message.ID) (*message.Message, error) {
		return nil, message.Fail(message.NotPermitted, "id", "the message is %s", m.State)
	}
	h := NewHTTP(o)
	for state, want := range map[message.State]string{
		message.Delivered: "already_final", message.Deleted: "already_final", message.Sending: "too_late", message.Enroute: "too_late",
	} {
		m.State = state
		w := asAcme(h, "DELETE", "/v1/messages/"+m.ID.String(), "")
		if w.Code != 409 || readProblemDocument(t, w).Code != want {
			t.Errorf("%s: %d %s", state, w.Code, w.Body)
		}
	}
	for want, err := range map[string]error{"timeout": fmt.Errorf("read: %w", context.DeadlineExceeded), "unreadable": errors.New("disk I/O error")} {
		readErr = err
		w := asAcme(h, "GET", "/v1/messages/"+m.ID.String(), "")
		if w.Code != 503 || readProblemDocument(t, w).Code != want || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

// TestPatchMessage: what has not left is sent at another time; what cannot be
// says which field is wrong, or that it is too late.
func TestPatchMessage(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	var asked gateway.Replacement
	o.Change = func(_ context.Context, id message.ID, r *gateway.Replacement) (*message.Message, error) {
		asked = *r
		switch id {
		case 1:
			return &message.Message{ID: 1, Account: "acme", SendAt: r.SendAt.UnixMilli(), Progress: message.Progress{State: message.Scheduled}}, nil
		case 2:
			return nil, message.Fail(message.NotPermitted, "id", "the message is enroute")
		case 3:
			return nil, message.Fail(message.BadContent, "send_at", "the time lies more than a year ahead")
		}
		return nil, gateway.ErrNotFound
	}
	h := NewHTTP(o)
	for _, c := range []struct {
		id, body    string
		status      int
		code, field string
	}{
		{"0000000000001", `{"send_at":"2026-11-05T08:30:00+01:00","validity":"6h"}`, 200, "", ""},
		{"0000000000001", `{"send_at":"2026-11-05T08:30:00"}`, 422, "bad_content", "send_at"},
		{"0000000000001", `{"validity":"soon"}`, 422, "bad_content", "validity"},
		{"0000000000001", `{}`, 422, "required", "send_at"},
		{"0000000000002", `{"validity":"6h"}`, 409, "too_late", "id"},
		{"0000000000003", `{"send_at":"2036-11-05T08:30:00+01:00"}`, 422, "bad_content", "send_at"},
		{"0000000000004", `{"validity":"6h"}`, 404, "not_found", "id"},
	} {
		w := ask(h, "PATCH", "/v1/messages/"+c.id, c.body, "Authorization", "Bearer acme-key")
		if w.Code != c.status || c.code != "" && (!strings.Contains(w.Body.String(), `"code":"`+c.code+`"`) || !strings.Contains(w.Body.String(), `"field":"`+c.field+`"`)) {
			t.Errorf("%s %s: %d %s", c.id, c.body, w.Code, w.Body)
		}
		if c.status == 200 && (asked.Account.Name != "acme" || asked.Validity != 6*time.Hour || !asked.SendAt.Equal(time.Date(2026, 11, 5, 7, 30, 0, 0, time.UTC)) ||
			!strings.Contains(w.Body.String(), `"state":"scheduled"`)) {
			t.Errorf("asked %+v, answered %s", asked, w.Body)
		}
	}
}
