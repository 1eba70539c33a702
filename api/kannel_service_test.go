package api

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// serviceItem is a message from a phone that is owed to a service.
func serviceItem(t *testing.T, service string, answers uint8, change func(*message.Inbound)) *gateway.Item {
	t.Helper()
	in := &message.Inbound{
		ID: message.NewIDs(0, 0).Next(testEpoch), Link: "op1", Account: "acme", Rule: "info", Received: testEpoch.UnixMilli(),
		From: message.Address{Number: "46701234567", TON: message.TONInternational}, To: message.Address{Number: "72456"},
		Content: message.Content{Text: "Info  två *3", Class: -1}, Encoding: gsm.GSM7,
	}
	if change != nil {
		change(in)
	}
	target := message.Target{Kind: message.ServiceTarget, Account: "acme", Address: service, Mask: answers}
	in.Targets = []message.Target{target}
	return &gateway.Item{Inbound: in, Target: target}
}

// serve gives an item to a KannelService.
func serve(t *testing.T, item *gateway.Item) gateway.Delivered {
	t.Helper()
	told := make(chan gateway.Delivered, 1)
	accounts := account.NewDirectory([]account.Account{{Name: "acme", Password: "secret"}}, nil)
	k := NewKannelService(KannelServiceOptions{
		KannelOptions: KannelOptions{Guard: loopback(), Told: func(l []gateway.Delivered) { told <- l[0] }},
		Accounts:      func() *account.Directory { return accounts },
	})
	defer k.Close()
	k.Deliver("acme", []*gateway.Item{item})
	return <-told
}

// TestKannelServiceCalls holds what a service is told, by GET, POST and XML.
func TestKannelServiceCalls(t *testing.T) {
	t.Parallel()
	unicode := func(in *message.Inbound) { in.Content.Text, in.Encoding = "Ж x", gsm.UCS2 }
	binary := func(in *message.Inbound) {
		in.Content = message.Content{Data: []byte{0, 0xFF}, Header: []byte("\x06\x05\x04\x0b\x84\x23\xf0"), Class: 1, Extra: &message.Extra{
			ServiceType: "WAP", ProtocolID: 65, TLVs: []message.TLV{{Tag: 0x1400, Value: []byte{1}}},
		}}
		in.Encoding = gsm.Binary
	}
	for _, c := range []struct {
		name, service string
		change        func(*message.Inbound)
		target, body  string
		head          map[string]string
	}{
		{"words", `"get_url":"URL/in/%k?r=%s&a=%a&r2=%r"`, nil, "/in/Info?r=tv%C3%A5&a=Info+tv%C3%A5+%2A3&r2=%2A3", "", nil},
		{"word without its star", `"get_url":"URL/?x=%s,%S,%s"`, nil, "/?x=tv%C3%A5,~3,", "", nil},
		{
			"all else", `"get_url":"URL/?%p,%P,%q,%Q,%t,%T,%i,%I,%n,%c,%C,%m,%M,%O,%d,%u%B%o%F%f%R%v%V%D%#smpp#x#,%b,%A,%%,%z"`, nil,
			"/?%2B46701234567,72456,%2B46701234567,72456,2026-11-05+08:30:00,1793867400,op1,06rqap7800000,info,0,UTF-8,-1,-1,00,-1,,Info++tv%C3%A5+%2A3,Info++tv%C3%A5+%2A3,%,%z", "", nil,
		},
		{"UCS-2", `"get_url":"URL/?%a,%c,%C"`, unicode, "/?%04%16%00+%00x,2,UTF-16BE", "", nil},
		{"UCS-2 recoded", `"get_url":"URL/?%a,%c,%C","mo_recode":true`, unicode, "/?%D0%96+x,0,UTF-8", "", nil},
		{"octets", `"get_url":"URL/?%b,%c,%C,%m,%B,%u,%#smpp#0x1400#"`, binary, "/?%00%FF,1,8-BIT,1,WAP,%06%05%04%0B%84%23%F0,hex%3A01", "", nil},
		{"GET with the sender", `"get_url":"URL/","send_sender":true`, nil, "/", "", map[string]string{"X-Kannel-From": "72456"}},
		{"POST", `"post_url":"URL/post?n=%n","name":"shop","send_sender":true`, nil, "/post?n=shop", "Info  två *3", map[string]string{
			"Content-Type": `text/plain; charset="UTF-8"`, "X-Kannel-From": "72456", "X-Kannel-To": "+46701234567", "X-Kannel-Time": "2026-11-05 08:30:00",
			"X-Kannel-Smsc": "op1", "X-Kannel-Coding": "0", "X-Kannel-Service": "shop",
		}},
		{"POST of UCS-2", `"post_url":"URL/"`, unicode, "/", "\x04\x16\x00 \x00x", map[string]string{
			"Content-Type": `text/plain; charset="UTF-16BE"`, "X-Kannel-Coding": "2", "X-Kannel-To": "+46701234567", "X-Kannel-Time": "2026-11-05 08:30:00",
			"X-Kannel-Smsc": "op1", "X-Kannel-Service": "info",
		}},
		{"POST of octets", `"post_url":"URL/"`, binary, "/", "\x00\xff", map[string]string{
			"Content-Type": "application/octet-stream", "X-Kannel-Coding": "1", "X-Kannel-Udh": "%06%05%04%0B%84%23%F0", "X-Kannel-Mclass": "1",
			"X-Kannel-Pid": "65", "X-Kannel-Binfo": "WAP", "X-Kannel-Meta-Data": "?smpp?0x1400=hex%3A01", "X-Kannel-To": "+46701234567",
			"X-Kannel-Time": "2026-11-05 08:30:00", "X-Kannel-Smsc": "op1", "X-Kannel-Service": "info",
		}},
		{"XML", `"post_xml":"URL/","send_sender":true`, binary, "/", `<?xml version="1.0" encoding="ISO-8859-1"?>
<message cid="1">
	<submit>
  		<oa>  		<number>72456</number>
</oa>
  		<da>  		<number>+46701234567</number>
</da>
  		<udh>%06%05%04%0B%84%23%F0</udh>
  		<ud>%00%FF</ud>
  		<pid>65</pid>
  		<dcs>  		<mclass>1</mclass>
  		<coding>1</coding>
</dcs>
  		<at><year>2026</year><month>11</month><day>05</day><hour>08</hour><minute>30</minute><second>00</second><timezone>0</timezone></at>
  		<from>  		<account>op1</account>
</from>
  		<to>  		<service>info</service>
</to>
  		<meta-data>?smpp?0x1400=hex%3A01</meta-data>
	</submit>
</message>
`, map[string]string{"Content-Type": "text/xml"}},
	} {
		h := newHook(t)
		d := serve(t, serviceItem(t, "{"+strings.ReplaceAll(c.service, "URL", h.URL)+"}", 0, c.change))
		if d.Verdict != gateway.Acknowledged || len(h.targets) != 1 {
			t.Errorf("%s: %+v after %d requests", c.name, d, len(h.targets))
			continue
		}
		if h.targets[0] != c.target || h.bodies[0] != c.body {
			t.Errorf("%s: %s\n%s\nwant %s\n%s", c.name, h.targets[0], h.bodies[0], c.target, c.body)
		}
		got := map[string]string{}
		for name := range maps.Keys(h.headers[0]) {
			if strings.HasPrefix(name, "X-Kannel") || name == "Content-Type" {
				got[name] = h.headers[0].Get(name)
			}
		}
		if c.head == nil {
			c.head = map[string]string{}
		}
		if diff := cmp.Diff(c.head, got); diff != "" {
			t.Errorf("%s: headers (-want +got)\n%s", c.name, diff)
		}
	}
}

// TestKannelServiceAnswers holds what becomes of a service's answer.
func TestKannelServiceAnswers(t *testing.T) {
	t.Parallel()
	text := func(s string) *gateway.Submission {
		return &gateway.Submission{Priority: message.High, Content: message.Content{Text: s, Class: -1}}
	}
	long := strings.Repeat("0123456789", 20)
	for _, c := range []struct {
		name, service, typed, body string
		head                       []string
		want                       *gateway.Submission
	}{
		{"text", "", "text/plain", " Hej på dig\n", nil, text("Hej på dig")},
		{"text in Latin-1 that says nothing", "", "text/plain", "Hej p\xe5 dig", nil, text("Hej på dig")},
		{"text in a charset", "", "text/plain; charset=windows-1251", "\xc6", nil, text("Ж")},
		{"text in a charset of nobody", "", "text/plain; charset=klingon", "x", nil, text("Result could not be represented as an SMS message.")},
		{"a page", "", "text/html; charset=utf-8", "<html><!-- <b>not</b> this -->\n<body>A &amp; B<br>\n\n  &aring;</body></html>", nil, text("A & B å")},
		{"part of a page", `"prefix":"<b>","suffix":"</b>"`, "text/html", "<i>x</i><b>this</b> that", nil, text("this")},
		{"a page without the part", `"prefix":"<u>","suffix":"</u>"`, "text/html", "<b>all</b>", nil, text("all")},
		{"a picture", "", "image/png", "x", nil, text("Result could not be represented as an SMS message.")},
		{"a picture, in own words", `"reply_couldnotrepresent":"Nej"`, "image/png", "x", nil, text("Nej")},
		{"empty", "", "text/plain", " ", nil, text("<Empty reply from service provider>")},
		{"empty, in own words", `"reply_emptymessage":"Tomt"`, "text/plain", "", nil, text("Tomt")},
		{"empty, omitted", `"omit_empty":true`, "text/plain", "", nil, nil},
		{"header and footer", `"header":"A: ","footer":" /B"`, "text/plain", "x", nil, text("A: x /B")},
		{"too long", "", "text/plain", long, nil, text(long[:160])},
		{"too long, with a footer", `"footer":"!"`, "text/plain", long, nil, text(long[:159] + "!")},
		{"two parts", `"max_messages":2`, "text/plain", long, nil, text(long)},
		{"octets", "", "application/octet-stream", "\x00\xff", nil, &gateway.Submission{
			Priority: message.High, Content: message.Content{Data: []byte("\x00\xff"), Class: -1, Want: gsm.Binary},
		}},
		{"headers that do not count", "", "text/plain", "x", []string{"X-Kannel-MClass", "0"}, text("x")},
		{"headers", `"accept_x_kannel_headers":true`, "text/plain", "x", []string{
			"X-Kannel-MClass", "0", "X-Kannel-Validity", "60", "X-Kannel-Priority", "0", "X-Kannel-Account", "tag", "X-Kannel-To", "1",
			"X-Kannel-DLR-Mask", "1", "X-Kannel-DLR-URL", "http://127.0.0.1/%d",
		}, &gateway.Submission{
			Priority: message.Bulk, Content: message.Content{Text: "x", Class: 0}, Validity: time.Hour, Reference: "tag", Receipts: message.ReceiptSuccess,
			Target: message.Target{Kind: message.KannelTarget, Account: "acme", Address: "http://127.0.0.1/%d", Mask: 1},
		}},
		{"headers that cannot be", `"accept_x_kannel_headers":true`, "text/plain", "x", []string{"X-Kannel-MClass", "9"}, text("Result could not be represented as an SMS message.")},
		{"XML", "", "text/xml", "<message><submit><da><number>1</number></da><ud>x</ud><dcs><mclass>1</mclass></dcs></submit></message>", nil, text("x")},
		{"XML that counts", `"accept_x_kannel_headers":true`, "text/xml", "<message><submit><ud>x</ud><dcs><mclass>1</mclass></dcs></submit></message>", nil, &gateway.Submission{
			Priority: message.High, Content: message.Content{Text: "x", Class: 1},
		}},
		{"broken XML", "", "text/xml", "<message>", nil, text("Result could not be represented as an SMS message.")},
		{"endless", "", "text/plain", strings.Repeat("x", 50<<10), nil, text("Result could not be represented as an SMS message.")},
	} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) {
			for pair := range slices.Chunk(c.head, 2) {
				w.Header().Set(pair[0], pair[1])
			}
			w.Header().Set("Content-Type", c.typed)
			_, _ = io.WriteString(w, c.body)
		}
		service := `{"get_url":"` + h.URL + `"`
		if c.service != "" {
			service += "," + c.service
		}
		d := serve(t, serviceItem(t, service+"}", 5, nil))
		if diff := cmp.Diff(c.want, d.Answer); d.Verdict != gateway.Acknowledged || d.Reply != "" || diff != "" {
			t.Errorf("%s: %v %q (-want +got)\n%s", c.name, d.Verdict, d.Reply, diff)
		}
	}
}

// TestKannelServiceFails holds when a service is called again, and what the phone is told when it is not.
func TestKannelServiceFails(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, service string
		status, tries int
		answers       uint8
		verdict       gateway.Verdict
		reply         string
	}{
		{"202", "", 202, 0, 0, gateway.Acknowledged, ""},
		{"204 is none of Kannel's", "", 204, 0, 5, gateway.TryLater, ""},
		{"500", "", 500, 9, 5, gateway.TryLater, ""},
		{"500 before the last try", `,"tries":3`, 500, 1, 5, gateway.TryLater, ""},
		{"500 at the last try", `,"tries":3`, 500, 2, 5, gateway.Acknowledged, "Could not fetch content, sorry."},
		{"500 at the last try, in own words", `,"tries":1,"reply_couldnotfetch":"Senare"`, 500, 0, 5, gateway.Acknowledged, "Senare"},
		{"500 at the last try, nobody answers", `,"tries":1`, 500, 0, 0, gateway.GiveUp, ""},
		{"410", "", 410, 0, 5, gateway.Acknowledged, "Could not fetch content, sorry."},
		{"410, nobody answers", "", 410, 0, 0, gateway.GiveUp, ""},
	} {
		h := newHook(t)
		h.answer = func(w http.ResponseWriter, _ *http.Request, _ []byte) { w.WriteHeader(c.status) }
		item := serviceItem(t, `{"get_url":"`+h.URL+`","omit_empty":true`+c.service+"}", c.answers, nil)
		item.Tries = c.tries
		if d := serve(t, item); d.Verdict != c.verdict || d.Reply != c.reply || d.Answer != nil {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
	if d := serve(t, serviceItem(t, "http://127.0.0.1/", 0, nil)); d.Verdict != gateway.GiveUp {
		t.Errorf("a target that is no service: %+v", d)
	}
}

// Whatever a service answers, it is an answer within its bounds or none.
func FuzzKannelReply(f *testing.F) {
	f.Add("text/html", "<p>x &amp; y</p><!--", "X-Kannel-Coding", "2")
	f.Add("text/xml", "<message><submit><ud>x</ud></submit></message>", "X-Kannel-UDH", "%05")
	f.Add("application/octet-stream", strings.Repeat("\xff", 300), "X-Kannel-MWI", "3")
	accounts := account.NewDirectory([]account.Account{{Name: "acme"}}, nil)
	k := NewKannelService(KannelServiceOptions{Accounts: func() *account.Directory { return accounts }})
	f.Fuzz(func(t *testing.T, typed, body, name, value string) {
		s := &gateway.Service{GetURL: "http://127.0.0.1/", Headers: true, MaxMessages: 2, Header: "a", Footer: "b"}
		sub := k.answer(s, &message.Inbound{Account: "acme"}, &call{answered: []byte(body), typed: typed, head: http.Header{http.CanonicalHeaderKey(name): {value}}})
		if sub == nil {
			t.Fatal("no answer")
		}
		if size, err := gsm.Measure(sub.Content.Text, sub.Content.Want); len(sub.Content.Data) == 0 && (err != nil || size.Parts > 2) {
			t.Errorf("%d parts, %v", size.Parts, err)
		}
	})
}
