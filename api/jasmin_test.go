package api

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

const jasminBase = "/send?username=acme&password=secret"

// jasminOptions are fakeGateway's with a guard that permits this machine.
func jasminOptions(f *fakeGateway) HTTPOptions {
	o := f.options()
	o.Guard = loopback()
	return o
}

// Every answer of /send to a request that is none, as its clients compare them.
func TestJasminAnswers(t *testing.T) {
	t.Parallel()
	h := NewHTTP(jasminOptions(&fakeGateway{}))
	for _, c := range []struct {
		target string
		status int
		text   string
	}{
		{"/send", 400, "Mandatory argument [to] is not found."},
		{"/send?to=1", 400, "Mandatory argument [username] is not found."},
		{"/send?to=1&username=acme", 400, "Mandatory argument [password] is not found."},
		{"/send?username=acme&password=secret", 400, "Mandatory argument [to] is not found."},
		{"/send?colour=red&to=x", 400, "Argument [colour] is unknown."},
		{jasminBase + "&to=1&content=x&colour=red", 400, "Argument [colour] is unknown."},
		{jasminBase + "&to=x&content=x&colour=red", 400, "Argument [to] has an invalid value: [x]."},
		{jasminBase + "&to=%2B%2B1&content=x", 400, "Argument [to] has an invalid value: [++1]."},
		{jasminBase + "&to=1%202&content=x", 400, "Argument [to] has an invalid value: [1 2]."},
		{"/send?username=&password=secret&to=1&content=x", 400, "Argument [username] has an invalid value: []."},
		{jasminBase + "&to=1&content=x&coding=11", 400, "Argument [coding] has an invalid value: [11]."},
		{jasminBase + "&to=1&content=x&coding=08", 400, "Argument [coding] has an invalid value: [08]."},
		{jasminBase + "&to=1&content=x&priority=4", 400, "Argument [priority] has an invalid value: [4]."},
		{jasminBase + "&to=1&content=x&sdt=tomorrow", 400, "Argument [sdt] has an invalid value: [tomorrow]."},
		{jasminBase + "&to=1&content=x&sdt=200101000000000%2B", 400, "Argument [sdt] has an invalid value: [200101000000000+]."},
		{jasminBase + "&to=1&content=x&validity-period=1h", 400, "Argument [validity-period] has an invalid value: [1h]."},
		{jasminBase + "&to=1&content=x&validity-period=0", 400, "Argument [validity-period] has an invalid value: [0]."},
		{jasminBase + "&to=1&content=x&validity-period=10&sdt=000000002000000R", 400, "Argument [validity-period] has an invalid value: [10]."},
		{jasminBase + "&to=1&content=x&dlr=maybe", 400, "Argument [dlr] has an invalid value: [maybe]."},
		{jasminBase + "&to=1&content=x&dlr-url=ftp://127.0.0.1/", 400, "Argument [dlr-url] has an invalid value: [ftp://127.0.0.1/]."},
		{jasminBase + "&to=1&content=x&dlr-url=http://10.0.0.1/", 400, "Argument [dlr-url] has an invalid value: [http://10.0.0.1/]."},
		{jasminBase + "&to=1&content=x&dlr-level=4", 400, "Argument [dlr-level] has an invalid value: [4]."},
		{jasminBase + "&to=1&content=x&dlr-method=PUT", 400, "Argument [dlr-method] has an invalid value: [PUT]."},
		{jasminBase + "&to=1&content=x&tags=a_b", 400, "Argument [tags] has an invalid value: [a_b]."},
		{jasminBase + "&to=1", 400, "content or hex-content not present."},
		{jasminBase + "&to=1&content=x&hex-content=00", 400, "content and hex-content cannot be used both in same request."},
		{jasminBase + "&to=1&hex-content=0x", 400, "Invalid hex-content data: '0x'"},
		{jasminBase + "&to=1&hex-content=012&coding=8", 400, "Invalid hex-content data: '012'"},
		{jasminBase + "&to=1&hex-content=012345&coding=8", 400, "Invalid hex-content data: '012345'"},
		{jasminBase + "&to=1&content=%FF", 400, "Argument [content] has an invalid value: [not UTF-8]."},
		{jasminBase + "&to=1&content=abc&coding=8", 400, "Argument [content] has an invalid value: [half a character of UTF-16]."},
		{jasminBase + "&to=1&content=x&custom_tlvs=%5B1%5D", 400, "Argument [custom_tlvs] has an invalid value: [[1]]."},
		{jasminBase + "&to=1&content=x&custom_tlvs=x", 400, "Argument [custom_tlvs] has an invalid value: [x]."},
		{"/send?username=acme&password=wrong&to=1&content=x", 403, "Authentication failure for username:acme"},
		{"/send?username=walled&password=secret&to=1&content=x", 403, "Authentication failure for username:walled"},
		{"/send?username=acme&password=secret&to=1&content=100%", 400, "Unknown error: the arguments are not URL-encoded"},
	} {
		w := ask(h, "GET", c.target, "")
		if want := `Error "` + c.text + `"`; w.Code != c.status || w.Body.String() != want || w.Header().Get("Content-Type") != "text/plain" {
			t.Errorf("%s: %d %s %v, want %d %s", c.target, w.Code, w.Body, w.Header(), c.status, want)
		}
	}
	for _, c := range []struct{ method, media, body, text string }{
		{"POST", "application/json", "[]", "Unknown error: the body is no JSON object"},
		{"POST", "application/json", `{"to": 1`, "Unknown error: the body is no JSON object"},
		{"POST", "application/json", `{"to": [1], "username": "acme", "password": "secret", "content": "x"}`, "Argument [to] has an invalid value: [[1]]."},
		{"POST", "application/json", `{"to": 1.5, "username": "acme", "password": "secret", "content": "x"}`, "Argument [to] has an invalid value: [1.5]."},
		{"POST", "application/json", `{"to": null}`, "Mandatory argument [to] is not found."},
		{"PUT", "", "", "Unknown error: PUT is not possible here; GET and POST are"},
		{"HEAD", "", "", "Unknown error: HEAD is not possible here; GET and POST are"},
	} {
		if w := ask(h, c.method, "/send", c.body, "Content-Type", c.media); w.Code/100 != 4 || w.Body.String() != `Error "`+c.text+`"` {
			t.Errorf("%s %s: %d %s, want %s", c.method, c.body, w.Code, w.Body, c.text)
		}
	}
}

// What the gateway refuses, in Jasmin's words.
func TestJasminFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failure message.Failure
		status  int
		text    string
	}{
		{message.Failure{Kind: message.NoRoute, Field: "to"}, 412, "No route found"},
		{message.Failure{Kind: message.NoMoney}, 403, "Cannot charge submit_sm, check RouterPB log file for details"},
		{message.Failure{Kind: message.NoPrice, Field: "to"}, 403, "Cannot charge submit_sm, check RouterPB log file for details"},
		{message.Failure{Kind: message.Overloaded}, 403, "User throughput exceeded"},
		{message.Failure{Kind: message.LimitReached}, 403, "User throughput exceeded"},
		{message.Failure{Kind: message.StoreFull}, 500, "Cannot send submit_sm, check SMPPClientManagerPB log file for details"},
		{message.Failure{Kind: message.Stopping}, 500, "Cannot send submit_sm, check SMPPClientManagerPB log file for details"},
		{message.Failure{Kind: message.BadRecipient, Field: "to"}, 400, "Value filter failed for user [acme] (destination_address filter mismatch)."},
		{message.Failure{Kind: message.Blocked, Field: "to"}, 400, "Value filter failed for user [acme] (destination_address filter mismatch)."},
		{message.Failure{Kind: message.Blocked, Field: "from"}, 400, "Value filter failed for user [acme] (source_address filter mismatch)."},
		{message.Failure{Kind: message.OptedOut, Field: "to"}, 400, "Value filter failed for user [acme] (destination_address filter mismatch)."},
		{message.Failure{Kind: message.BadSender, Field: "from"}, 400, "Value filter failed for user [acme] (source_address filter mismatch)."},
		{message.Failure{Kind: message.BadContent, Field: "text"}, 400, "Value filter failed for user [acme] (content filter mismatch)."},
		{message.Failure{Kind: message.BadContent, Field: "validity"}, 400, "Value filter failed for user [acme] (validity_period filter mismatch)."},
		{message.Failure{Kind: message.BadContent, Field: "send_at"}, 400, "Authorization failed for user [acme] (Setting schedule delivery time not authorized)."},
		{message.Failure{Kind: message.NotPermitted}, 400, "Authorization failed for user [acme] (Cannot send MT messages)."},
		{message.Failure{Kind: message.BadDimension, Text: "cost_centre is missing"}, 400, "Unknown error: cost_centre is missing"},
	} {
		f := &fakeGateway{refuse: func(*gateway.Submission) *message.Failure { return &c.failure }}
		w := ask(NewHTTP(f.options()), "GET", jasminBase+"&content=hi&to=1", "")
		if w.Code != c.status || w.Body.String() != `Error "`+c.text+`"` || w.Header().Get("X-Error") != c.failure.Error() {
			t.Errorf("%s: %d %s, X-Error %q, want %d %s", c.failure.Kind.Code(), w.Code, w.Body, w.Header().Get("X-Error"), c.status, c.text)
		}
	}
	f := &fakeGateway{refuse: func(*gateway.Submission) *message.Failure {
		return &message.Failure{Kind: message.BadSender, Field: "from"}
	}}
	w := ask(NewHTTP(f.options()), "GET", "/send?username=mute&password=secret&content=hi&to=1", "")
	if want := `Error "Mandatory argument [from] is not found."`; w.Code != 400 || w.Body.String() != want {
		t.Errorf("without a sender: %d %s", w.Code, w.Body)
	}
}

// What a request says reaches the gateway, by GET, by form and as JSON.
func TestJasminFields(t *testing.T) {
	t.Parallel()
	dlr := func(mask uint8) message.Target {
		return message.Target{Kind: message.JasminTarget, Account: "acme", Address: "http://127.0.0.1:9/d?x=1", Mask: mask}
	}
	text := func(s string) message.Content { return message.Content{Text: s, Class: -1} }
	const dlrURL = `"dlr-url": "http://127.0.0.1:9/d?x=1", `
	for _, c := range []struct {
		name, args, json string // of the arguments as a query, or as members of JSON
		want             gateway.Submission
	}{
		{"plain", "to=%2B46701&from=ACME&content=hej+%C3%A5&priority=3&tags=702,1&dlr=no", `"to": "+46701", "from": "ACME", "content": "hej å", "priority": 3, "tags": "702,1", "dlr": "no"`, gateway.Submission{
			From: "ACME", To: "+46701", Priority: message.Urgent, Tag: "702", Content: text("hej å"),
		}},
		{"validity", "to=1&content=x&validity-period=60", `"to": 1, "content": "x", "validity-period": 60`, gateway.Submission{Validity: time.Hour, Content: text("x")}},
		{"level 1 is the default", "to=1&content=x&dlr-url=http://127.0.0.1:9/d?x=1", dlrURL + `"to": 1, "content": "x"`, gateway.Submission{
			Content: text("x"), Receipts: message.ReceiptIntermediate | message.ReceiptFailure, Target: dlr(1),
		}},
		{"level 2 by GET", "to=1&content=x&dlr=yes&dlr-level=2&dlr-method=get&dlr-url=http://127.0.0.1:9/d?x=1", dlrURL + `"to": 1, "content": "x", "dlr": "yes", "dlr-level": 2, "dlr-method": "GET"`, gateway.Submission{
			Content: text("x"), Receipts: message.ReceiptFinal, Target: dlr(2 | message.JasminGet),
		}},
		{"level 3", "to=1&content=x&dlr-level=3&dlr-method=Post&dlr-url=http://127.0.0.1:9/d?x=1", dlrURL + `"to": 1, "content": "x", "dlr-level": "3", "dlr-method": "post"`, gateway.Submission{
			Content: text("x"), Receipts: message.ReceiptFinal | message.ReceiptIntermediate, Target: dlr(3),
		}},
		{"a level without an address", "to=1&content=x&dlr-level=3", `"to": 1, "content": "x", "dlr-level": 3`, gateway.Submission{Content: text("x")}},
		{"UCS-2 in hexadecimal digits", "to=1&coding=8&hex-content=0623063106460628", `"to": 1, "coding": 8, "hex-content": "0623063106460628"`, gateway.Submission{
			Content: message.Content{Text: "أرنب", Class: -1, Want: gsm.UCS2},
		}},
		{"UCS-2 as octets, or as characters of JSON", "to=1&coding=8&content=%00h%D8%3D%DE%00", `"to": 1, "coding": "8", "content": "h😀"`, gateway.Submission{
			Content: message.Content{Text: "h😀", Class: -1, Want: gsm.UCS2},
		}},
		{"septets", "to=1&hex-content=0065", `"to": 1, "hex-content": "0065"`, gateway.Submission{Content: text("@e")}},
		{"Latin-1", "to=1&coding=3&content=h%E5", `"to": 1, "coding": 3, "content": "hå"`, gateway.Submission{Content: text("hå")}},
		{"ASCII", "to=1&coding=1&content=ha", `"to": 1, "coding": 1, "content": "ha"`, gateway.Submission{Content: text("ha")}},
		{"octets", "to=1&coding=4&hex-content=00ff", `"to": 1, "coding": 4, "hex-content": "00ff"`, gateway.Submission{
			Content: message.Content{Data: []byte("\x00\xff"), Class: -1, Want: gsm.Binary},
		}},
		{"octets, the other coding", "to=1&coding=2&content=ab", `"to": 1, "coding": 2, "content": "ab"`, gateway.Submission{
			Content: message.Content{Data: []byte("ab"), Class: -1, Want: gsm.Binary},
		}},
		{"Cyrillic", "to=1&coding=6&content=%BF%E0", `"to": 1, "coding": 6, "content": "Пр"`, gateway.Submission{Content: text("Пр")}},
		{"Hebrew", "to=1&coding=7&content=%E9", `"to": 1, "coding": 7, "content": "י"`, gateway.Submission{Content: text("י")}},
		{"JIS", "to=1&coding=5&content=%24%22", `"to": 1, "coding": 5, "content": "あ"`, gateway.Submission{Content: text("あ")}},
		{"ISO-2022-JP", "to=1&coding=10&content=%1B%24B%24%22", `"to": 1, "coding": 10, "content": "あ"`, gateway.Submission{Content: text("あ")}},
		{"kanji", "to=1&coding=13&hex-content=3021", `"to": 1, "coding": 13, "hex-content": "3021"`, gateway.Submission{Content: text("丂")}},
		{"Korean", "to=1&coding=14&content=%B0%A1", `"to": 1, "coding": 14, "content": "가"`, gateway.Submission{Content: text("가")}},
		{"pictograms", "to=1&coding=9&hex-content=01", `"to": 1, "coding": 9, "hex-content": "01"`, gateway.Submission{
			Content: message.Content{Data: []byte{1}, Class: -1, Want: gsm.Binary, Extra: &message.Extra{Coding: 9}},
		}},
		{
			"TLVs by tag", "to=1&content=x&custom_tlvs=" + url.QueryEscape(`{"0x1400":"ref","0x1401:Int8":1401778070000018542}`),
			`"to": 1, "content": "x", "from": null, "coding": null, "custom_tlvs": {"0x1400": "ref", "0x1401:Int8": 1401778070000018542}`,
			gateway.Submission{
				Content: message.Content{Text: "x", Class: -1, Extra: &message.Extra{TLVs: []message.TLV{
					{Tag: 0x1400, Value: []byte("ref")}, {Tag: 0x1401, Value: []byte("\x13\x74\x1d\xba\x4c\x48\xa4\x6e")},
				}}},
			},
		},
		{
			"TLVs in a list", "to=1&content=x&custom_tlvs=" + url.QueryEscape(`[[12288,1,"COctetString","b"],[12289,2,"Int2",5000],[12290,null,"Int1",7],[12291,4,"Int4","0x10"]]`),
			`"to": 1, "content": "x", "custom_tlvs": [[12288, null, "COctetString", "b"], [12289, 2, "Int2", 5000], [12290, null, "Int1", 7], [12291, 4, "Int4", "0x10"]]`,
			gateway.Submission{
				Content: message.Content{Text: "x", Class: -1, Extra: &message.Extra{TLVs: []message.TLV{
					{Tag: 12288, Value: []byte("b\x00")}, {Tag: 12289, Value: []byte("\x13\x88")}, {Tag: 12290, Value: []byte{7}}, {Tag: 12291, Value: []byte{0, 0, 0, 16}},
				}}},
			},
		},
	} {
		if c.want.To == "" {
			c.want.To, c.want.Priority = "1", message.Normal
		}
		c.want.Via = message.ViaJasmin
		for form, request := range map[string][]string{
			"GET":  {"GET", jasminBase + "&" + strings.ReplaceAll(c.args, "?", "%3F"), "", ""},
			"form": {"POST", "/send?username=acme", "password=secret&" + c.args, "application/x-www-form-urlencoded"},
			"JSON": {"POST", "/send", `{"username": "acme", "password": "secret", ` + c.json + `}`, "application/json"},
		} {
			f := &fakeGateway{}
			w := ask(NewHTTP(jasminOptions(f)), request[0], request[1], request[2], "Content-Type", request[3])
			if w.Code != 200 || len(f.accepted) != 1 {
				t.Errorf("%s, %s: %d %s", c.name, form, w.Code, w.Body)
				continue
			}
			if want := `Success "` + f.last.UUID() + `"`; w.Body.String() != want {
				t.Errorf("%s, %s: %s, want %s", c.name, form, w.Body, want)
			}
			got := f.accepted[0]
			got.Account = nil
			if got.Validity > time.Hour-time.Second && got.Validity <= time.Hour {
				got.Validity = time.Hour
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s, %s: (-want +got)\n%s", c.name, form, diff)
			}
		}
	}
}

// sdt says when, and both it and validity-period count from now.
func TestJasminScheduled(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	before := time.Now()
	w := ask(NewHTTP(f.options()), "GET", jasminBase+"&to=1&content=x&sdt=000000001000000R&validity-period=25", "")
	if w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	s := f.accepted[0]
	if wait := s.SendAt.Sub(before); wait < 10*time.Minute || wait > 11*time.Minute || s.Validity < 14*time.Minute || s.Validity > 15*time.Minute {
		t.Errorf("sent in %v, valid for %v", wait, s.Validity)
	}
}

// Whatever stands in the address or the body, there is an answer of Jasmin's.
func FuzzJasmin(f *testing.F) {
	f.Add("to=1&content=hi&coding=8&dlr-level=2&dlr-url=http://127.0.0.1/", `{"to":1,"content":"x","custom_tlvs":[[12288,null,"Int2",5]]}`)
	f.Add("to=%2B1&hex-content=00ff&tags=1,2&sdt=000000000100000R", `{"messages":[{"to":[1,2],"content":"x"}],"globals":{"from":"a"}}`)
	f.Add("to=1&content=x&custom_tlvs={\"0x1400:Int8\":1}", `{"messages":{"to":null}}`)
	g := &fakeGateway{}
	o := jasminOptions(g)
	o.Preview = func(*gateway.Submission) (*gateway.Preview, *message.Failure) { return &gateway.Preview{}, nil }
	h := NewHTTP(o)
	f.Fuzz(func(t *testing.T, query, body string) {
		g.accepted = nil // or it takes all memory
		for _, path := range []string{"/send", "/rate", "/balance"} {
			for _, r := range []struct{ method, media string }{{"GET", ""}, {"POST", ""}, {"POST", "application/json"}} {
				req := httptest.NewRequest(r.method, path, strings.NewReader(body))
				req.URL.RawQuery = "username=acme&password=secret&" + query
				req.Header.Set("Content-Type", r.media)
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				if w.Body.Len() == 0 || w.Code >= 500 {
					t.Errorf("%s %s: %d %q", r.method, path, w.Code, w.Body)
				}
			}
		}
	})
}
