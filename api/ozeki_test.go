package api

import (
	"context"
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

const ozekiBase = "/api?action=sendmessage&username=acme&password=secret"

// ozekiXML is an answer of Ozeki NG's with some data.
func ozekiXML(action, data string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<!DOCTYPE smsapi PUBLIC "-//OZEKI//DTD XML 1.0//EN" "http://www.ozekisms.com/DTD/smsapi.xml">` + "\n" +
		"<response>\n   <action>" + action + "</action>\n   <data>\n" + data + "   </data>\n</response>\n"
}

func ozekiReport(code, text, id, recipient string) string {
	return "      <acceptreport>\n         <statuscode>" + code + "</statuscode>\n         <statusmessage>" + text + "</statusmessage>\n" +
		"         <messageid>" + id + "</messageid>\n         <recipient>" + recipient + "</recipient>\n      </acceptreport>\n"
}

func ozekiWrong(code, text string) string {
	return "      <errorcode>" + code + "</errorcode>\n      <errormessage>" + text + "</errormessage>\n"
}

func TestOzekiAnswers(t *testing.T) {
	t.Parallel()
	const good = "Message accepted for delivery"
	for _, c := range []struct {
		target string
		status int
		want   string // %id and %2 are the ids of the first and second message
	}{
		{ozekiBase + "&recipient=1&messagetype=SMS:TEXT&messagedata=Hello+World", 200, ozekiXML("sendmessage", ozekiReport("0", good, "%id", "1"))},
		{ozekiBase + "&recipient=%2B1,9&messagedata=x", 200, ozekiXML("sendmessage", ozekiReport("0", good, "%id", "+1")+ozekiReport("12", "no route leads to the recipient", "", "9"))},
		{"/httpapi?ACTION=sendMessage&UserName=acme&Password=secret&Recepient=1&messageData=x", 200, ozekiXML("sendmessage", ozekiReport("0", good, "%id", "1"))},
		{"/ozeki?action=sendMessage&ozmsUserInfo=acme:secret&recepient=1&messageData=x", 200, "<Response>\n   <Action>sendMessage</Action>\n   <Data>\n" +
			"      <AcceptReport>\n         <StatusCode>0</StatusCode>\n         <StatusText></StatusText>\n         <MessageID>%id</MessageID>\n         <Recipient>1</Recipient>\n      </AcceptReport>\n   </Data>\n</Response>\n"},
		{"/ozeki?action=sendMessage&ozmsUserInfo=acme:wrong&recepient=1&messageData=x", 401, "<Response>\n   <Action>sendMessage</Action>\n   <Data>\n" +
			"      <AcceptReport>\n         <StatusCode>401</StatusCode>\n         <StatusText>Username or password is incorrect</StatusText>\n      </AcceptReport>\n   </Data>\n</Response>\n"},
		{ozekiBase + "&recipient=%2B1,2&messagedata=x&responseformat=html&continueurl=http%3A%2F%2Fwww.example.com/%3Fa%26b", 200, "<HTML>\n<HEAD>\n   <TITLE>SMS</TITLE>\n</HEAD>\n<BODY>\n\n" +
			"Status code: 0<br>\nStatus message: " + good + "<br>\nMessage ID: %id<br>\nRecipient: +1<br>\n<br>\n" +
			"Status code: 0<br>\nStatus message: " + good + "<br>\nMessage ID: %2<br>\nRecipient: 2<br>\n<br>\n" +
			"<a href='http://www.example.com/?a&amp;b'>Click here to continue</a>\n\n</BODY>\n</HTML>\n"},
		{ozekiBase + "&recipient=1&messagedata=x&responseformat=urlencoded", 200, "action=sendmessage&statuscode=0&statusmessage=Message+accepted+for+delivery&messageid=%id&recipient=1\n"},
		{"/api?action=sendmessages&username=acme&password=secret&messagecount=2&recepient0=1&messagetype0=SMS:TEXT&messagedata0=a&recipient1=2&messagedata1=b", 200, ozekiXML("sendmessages", ozekiReport("0", good, "%id", "1")+ozekiReport("0", good, "%2", "2"))},
		{ozekiBase + "&messagecount=2&recipient0=1,2&recipient1=3&messagedata=x&maxresponse=1", 200, ozekiXML("sendmessage", ozekiReport("0", good, "%id", "1"))},
		{ozekiBase + "&messagecount=2&recipient0=1&messagedata=x", 400, ozekiXML("sendmessage", ozekiWrong("400", "The parameter recipient1 is missing"))},
		{ozekiBase + "&messagecount=1&recipient0=1", 400, ozekiXML("sendmessage", ozekiWrong("400", "The parameter messagedata0 is missing"))},
		{ozekiBase + "&messagecount=1001&recipient=1&messagedata=x", 400, ozekiXML("sendmessage", ozekiWrong("400", "There are too many messages; 1000 are possible"))},
		{ozekiBase + "&messagecount=two&recipient=1&messagedata=x", 400, ozekiXML("sendmessage", ozekiWrong("400", "The parameter messagecount is no number from 1: two"))},
		{ozekiBase + "&messagedata=x", 400, ozekiXML("sendmessage", ozekiWrong("400", "The parameter recipient is missing"))},
		{ozekiBase + "&recipient=1", 400, ozekiXML("sendmessage", ozekiWrong("400", "The parameter messagedata is missing"))},
		{ozekiBase + "&recipient=1&messagedata=x&messagetype=SMS:WAPPUSH", 400, ozekiXML("sendmessage", ozekiWrong("400", "Message type is not supported: SMS:WAPPUSH; SMS:TEXT is, with :GSM7BIT or :UCS2 and :CLASS0 to :CLASS3, and SMS:BINARY:XML"))},
		{ozekiBase + "&recipient=1&messagedata=x&vp=2011.07.26.+10:07:58", 400, ozekiXML("sendmessage", ozekiWrong("400", "The parameter vp is no time to come such as 2030.07.26. 10:07:58"))},
		{ozekiBase + "&recipient=1&messagedata=100%", 400, ozekiXML("sendmessage", ozekiWrong("400", "A parameter is not URL-encoded"))},
		{"/api?action=sendmessage&username=acme&password=x&recipient=1", 401, ozekiXML("sendmessage", ozekiWrong("401", "Username or password is incorrect"))},
		{"/api?action=sendmessage&username=walled&password=secret&recipient=1", 401, ozekiXML("sendmessage", ozekiWrong("401", "Username or password is incorrect"))},
		{"/api?action=%3Cb%3E&username=acme&password=secret", 400, ozekiXML("&lt;b&gt;", ozekiWrong("400", "Unknown action: &lt;b&gt;"))},
		{"/api?action=getcredits&username=acme&password=secret&useraccount=root", 403, ozekiXML("getcredits", ozekiWrong("403", "There is no such account, or it is not yours: root"))},
		{"/api?action=setcredits&username=acme&password=secret&newbalance=5", 403, ozekiXML("setcredits", ozekiWrong("403", "Only an administrator may change balances"))},
	} {
		f := &fakeGateway{refuse: func(s *gateway.Submission) *message.Failure {
			if s.To == "9" {
				return &message.Failure{Kind: message.NoRoute}
			}
			return nil
		}}
		w := ask(NewHTTP(f.options()), "GET", c.target, "")
		first := message.NewIDs(0, 0).Next(testEpoch)
		want := strings.NewReplacer("%id", first.String(), "%2", (first + 1).String()).Replace(c.want)
		if diff := cmp.Diff(want, w.Body.String()); w.Code != c.status || diff != "" {
			t.Errorf("%s: %d (-want +got)\n%s", c.target, w.Code, diff)
		}
	}
	for _, method := range []string{"PUT", "HEAD"} {
		if w := ask(NewHTTP((&fakeGateway{}).options()), method, ozekiBase+"&recipient=1&messagedata=x", ""); w.Code != 405 {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

func TestOzekiFields(t *testing.T) {
	t.Parallel()
	text := func(s string, want gsm.Encoding, class int8) message.Content {
		return message.Content{Text: s, Want: want, Class: class}
	}
	octets := func(dcs uint8, pid uint8, class int8) message.Content {
		c := message.Content{Header: []byte{6, 5, 4, 11, 0x84, 0x23, 0xf0}, Data: []byte{0xea, 6}, Want: gsm.Binary, Class: class}
		if dcs|pid != 0 {
			c.Extra = &message.Extra{Coding: dcs, ProtocolID: pid}
		}
		return c
	}
	end := time.Now().Add(2 * time.Hour).Truncate(time.Second)
	for query, want := range map[string]gateway.Submission{
		"messagedata=h%C3%A5&originator=ACME":               {From: "ACME", Content: text("hå", gsm.Auto, -1)},
		"messagedata=h%E5":                                  {Content: text("hå", gsm.Auto, -1)},
		"messagedata=h%C3%A5&charset=iso-8859-1":            {Content: text("hÃ¥", gsm.Auto, -1)},
		"messagedata=x&messagetype=sms:text:class0":         {Content: text("x", gsm.Auto, 0)},
		"messagedata=x&messagetype=SMS:TEXT:GSM7BIT":        {Content: text("x", gsm.GSM7, -1)},
		"messagedata=x&messagetype=SMS:TEXT:GSM7BIT:CLASS2": {Content: text("x", gsm.GSM7, 2)},
		"messagedata=x&messagetype=SMS:TEXT:UCS2":           {Content: text("x", gsm.UCS2, -1)},
		"messagedata=x&messagetype=SMS:TEXT:UCS2:CLASS3":    {Content: text("x", gsm.UCS2, 3)},
		"messagetype=SMS:BINARY:XML&messagedata=" + url.QueryEscape("<sms>\r\n <pid>00</pid>\r\n <dcs>F5</dcs><udh>0605040B8423F0</udh><ud>ea06</ud></sms>"): {Content: octets(0xf5, 0, 1)},
		"messagetype=sms:binary:xml&messagedata=" + url.QueryEscape("<sms><pid>7f</pid><dcs>04</dcs><udh>0605040B8423F0</udh><ud>EA 06</ud></sms>"):          {Content: octets(0, 0x7f, -1)},
		"messagetype=SMS:BINARY:XML&messagedata=" + url.QueryEscape("<sms><udh>0605040B8423F0</udh><ud>EA06</ud></sms>"):                                     {Content: octets(0, 0, -1)},
		"messagedata=x&vp=" + end.Format("2006.01.02.+15:04:05"):                                                                                             {Content: text("x", gsm.Auto, -1), Validity: 2 * time.Hour},
	} {
		f := &fakeGateway{}
		w := ask(NewHTTP(f.options()), "POST", "/api", "action=sendmessage&username=acme&password=secret&recipient=1&"+query, "Content-Type", "application/x-www-form-urlencoded")
		if w.Code != 200 || len(f.accepted) != 1 {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
			continue
		}
		got := f.accepted[0]
		got.Account = nil
		got.Validity = got.Validity.Round(time.Minute)
		want.To, want.Via, want.Priority, want.Receipts = "1", message.ViaOzeki, message.Normal, receiptsNamed[""]
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", query, diff)
		}
	}
	for _, data := range []string{"x", "<sms><ud>0</ud></sms>", "<sms><ud>zz</ud></sms>", "<sms><dcs>08</dcs><ud>00</ud></sms>", "<sms><pid>0000</pid></sms>", "<mms/>"} {
		f := &fakeGateway{}
		if w := ask(NewHTTP(f.options()), "GET", ozekiBase+"&recipient=1&messagetype=SMS:BINARY:XML&messagedata="+url.QueryEscape(data), ""); w.Code != 400 || len(f.accepted) > 0 {
			t.Errorf("%s: %d %s", data, w.Code, w.Body)
		}
	}
	f := &fakeGateway{}
	at := end.Format("2006.01.02.+15:04:05")
	if w := ask(NewHTTP(f.options()), "GET", ozekiBase+"&recipient=1&messagedata=x&sendondate="+at, ""); w.Code != 200 || !f.accepted[0].SendAt.Equal(end) {
		t.Errorf("sendondate: %d %s", w.Code, w.Body)
	}
	if w := ask(NewHTTP(f.options()), "GET", ozekiBase+"&recipient=1&messagedata=x&sendondate="+at+"&vp="+at, ""); w.Code != 400 {
		t.Errorf("valid until it is sent: %d %s", w.Code, w.Body)
	}
}

func TestOzekiCredits(t *testing.T) {
	t.Parallel()
	balance := message.Amount(123_000_000)
	o := (&fakeGateway{}).options()
	o.Money.Balances = func(name string) []gateway.BalanceState {
		if name != "acme" {
			return nil
		}
		return []gateway.BalanceState{{Account: "acme", Payer: "acme", Has: true, Balance: balance}}
	}
	o.Money.TopUp = func(_ context.Context, u gateway.TopUp) (gateway.TopUpState, bool, error) {
		if u.Account != "acme" || u.By != "root" || u.Key == "" {
			return gateway.TopUpState{}, false, gateway.ErrNoBalance
		}
		balance += u.Amount
		return gateway.TopUpState{}, false, nil
	}
	h := NewHTTP(o)
	const admin = "&username=root&password=secret&useraccount=acme"
	for _, c := range []struct{ query, action, name, balance string }{
		{"action=getcredits&username=acme&password=secret", "getcredits", "acme", "123"},
		{"action=getcredits" + admin, "getcredits", "acme", "123"},
		{"action=addcredits" + admin + "&add=244", "addcredits", "acme", "367"},
		{"action=addcredits" + admin + "&add=-66.5", "addcredits", "acme", "300.5"},
		{"action=setcredits" + admin + "&newbalance=500", "setcredits", "acme", "500"},
		{"action=setcredits" + admin + "&newbalance=", "setcredits", "acme", "500"},
		{"action=getcredits&username=root&password=secret", "getcredits", "root", "-1"},
	} {
		want := ozekiXML(c.action, "      <account>\n         <username>"+c.name+"</username>\n         <balance>"+c.balance+"</balance>\n      </account>\n")
		if w := ask(h, "GET", "/api?"+c.query, ""); w.Code != 200 || w.Body.String() != want {
			t.Errorf("%s: %d %s", c.query, w.Code, w.Body)
		}
	}
	for query, status := range map[string]int{
		"action=addcredits&username=root&password=secret&add=5":         409, // root has no balance
		"action=addcredits" + admin + "&add=much":                       400,
		"action=setcredits" + admin + "&newbalance=much":                400,
		"action=getcredits&username=root&password=secret&useraccount=x": 403,
	} {
		if w := ask(h, "GET", "/api?"+query, ""); w.Code != status {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

// Whatever stands in the address, there is an answer.
func FuzzOzeki(f *testing.F) {
	f.Add("action=sendmessage&recipient=1,2&messagedata=x&messagetype=SMS:TEXT:UCS2:CLASS0&vp=2030.01.01. 00:00:00")
	f.Add("action=receivemessage&limit=1&afterdownload=delete&folder=inbox")
	f.Add("action=deletemessage&messageid=06y317kmc0000,x")
	f.Add("action=sendmessage&messagecount=2&recipient0=1&messagetype=SMS:BINARY:XML&messagedata=<sms><ud>00</ud></sms>")
	f.Add("action=getcredits&responseformat=html&continueurl=http://x/'><b>")
	g := &fakeGateway{}
	h := NewHTTP(g.options())
	f.Fuzz(func(t *testing.T, query string) {
		g.accepted = nil // or it takes all memory
		r := httptest.NewRequest("GET", "/api", nil)
		r.URL.RawQuery = "username=acme&password=secret&" + query
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.Len() == 0 || w.Code >= 500 {
			t.Errorf("%d %q", w.Code, w.Body)
		}
	})
}
