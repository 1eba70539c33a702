package e2e

import (
	"encoding/xml"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"kurir/simulator"
)

// ozekiAnswer is an answer of Ozeki's interface in XML.
type ozekiAnswer struct {
	Action  string `xml:"action"`
	Reports []struct {
		Code      string `xml:"statuscode"`
		Text      string `xml:"statusmessage"`
		ID        string `xml:"messageid"`
		Recipient string `xml:"recipient"`
	} `xml:"data>acceptreport"`
	Deleted []struct {
		Code string `xml:"statuscode"`
		ID   string `xml:"messageid"`
	} `xml:"data>deletereport"`
	Messages []struct {
		ID   string `xml:"messageid"`
		From string `xml:"originator"`
		To   string `xml:"recipient"`
		Type string `xml:"messagetype"`
		Data string `xml:"messagedata"`
	} `xml:"data>message"`
	Balance string `xml:"data>account>balance"`
}

// ozeki is a program written for Ozeki: it calls curl with the addresses that Ozeki's pages show, but for whose they are.
type ozeki struct {
	t    *testing.T
	base string
}

func (o ozeki) curl(args ...string) string {
	o.t.Helper()
	out, err := exec.Command("curl", append([]string{"-gsS"}, args...)...).Output()
	if err != nil {
		o.t.Fatalf("curl: %v", err)
	}
	return string(out)
}

// get calls with parameters behind name and password.
func (o ozeki) get(action, more string) (a ozekiAnswer) {
	o.t.Helper()
	out := o.curl(o.base + "/api?action=" + action + "&username=" + account + "&password=" + password + more)
	if err := xml.Unmarshal([]byte(out), &a); err != nil || a.Action != action {
		o.t.Fatalf("%s%s: %v in %s", action, more, err, out)
	}
	return a
}

// inbox fetches, and returns the ids and what was written.
func (o ozeki) inbox(more string) (ids, texts []string) {
	o.t.Helper()
	for _, m := range o.get("receivemessage", more).Messages {
		ids, texts = append(ids, m.ID), append(texts, m.From+" "+m.To+" "+m.Type+" "+m.Data)
	}
	return ids, texts
}

// TestOzekiCurl: the requests that Ozeki's pages show, by curl: what is sent arrives as it should, and what phones write is fetched,
// survives a kill and goes when it is deleted.
func TestOzekiCurl(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{account: ", mailbox: true"})
	linked(t, sim)
	o := ozeki{t, "http://" + s.http}

	t.Run("send", func(t *testing.T) { ozekiSends(t, o, sim) })

	phone := func(from, text string) {
		t.Helper()
		if err := sim.Inject(simulator.Inbound{From: from, To: strings.TrimPrefix(service, "+"), Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"+46701000009 " + service + " SMS:TEXT Hello world " + textMark, "+46701000008 " + service + " SMS:TEXT <Hej> & å ä ö " + textMark}
	phone("46701000009", "Hello world "+textMark)
	var ids, texts []string
	eventually(t, "the first message is in the inbox", func() bool {
		ids, texts = o.inbox("&folder=inbox&limit=2")
		return len(ids) == 1
	})
	phone("46701000008", "<Hej> & å ä ö "+textMark)
	eventually(t, "the second message is in the inbox", func() bool {
		ids, texts = o.inbox("&folder=inbox&limit=2")
		return len(ids) == 2
	})
	if !slices.Equal(texts, want) {
		t.Errorf("fetched %q", texts)
	}
	s.proc.kill()
	s.start()
	if again, same := o.inbox(""); !slices.Equal(again, ids) || !slices.Equal(same, texts) {
		t.Errorf("after a kill %v %q, before %v %q", again, same, ids, texts)
	}
	if first, _ := o.inbox("&folder=inbox&limit=1&afterdownload=delete"); !slices.Equal(first, ids[:1]) {
		t.Errorf("the first is %v of %v", first, ids)
	}
	if rest, _ := o.inbox(""); !slices.Equal(rest, ids[1:]) {
		t.Errorf("left are %v of %v", rest, ids)
	}
	form := o.curl(o.base+"/httpapi", "--data-urlencode", "action=receivemessage", "-d", "username="+account+"&password="+password+"&responseformat=urlencoded")
	if !strings.HasPrefix(form, "action=receivemessage&messageid="+ids[1]+"&originator=%2B46701000008&") || !strings.Contains(form, "&messagedata=%3CHej%3E+%26+%C3%A5+%C3%A4+%C3%B6+") {
		t.Errorf("as a form: %s", form)
	}
	if d := o.get("deletemessage", "&folder=inbox&messageid="+ids[1]+","+ids[0]).Deleted; len(d) != 2 || d[0].Code != "0" || d[1].Code != "404" {
		t.Errorf("deleted: %+v", d)
	}
	s.proc.kill() // what was said to be deleted stays so
	s.start()
	if rest, _ := o.inbox(""); len(rest) != 0 {
		t.Errorf("after all were deleted there are %v", rest)
	}
}

// ozekiSends are the examples of sendmessage and getcredits.
func ozekiSends(t *testing.T, o ozeki, sim *simulator.Simulator) {
	const wap = "%3Csms%3E%0D%0A++++%3Cpid%3E00%3C%2Fpid%3E%0D%0A++++%3Cdcs%3EF5%3C%2Fdcs%3E%0D%0A++++%3Cudh%3E0605040B8423F0%3C%2Fudh%3E%0D%0A++++" +
		"%3Cud%3EEA0601AE02056A0045C60C037761702E6F7A656B692E6875000801034F7A656B69000101%3C%2Fud%3E%0D%0A%3C%2Fsms%3E"
	last := func(number, text string) (m simulator.Message) {
		eventually(t, "a message for "+number, func() bool {
			list := sim.Messages(simulator.Filter{To: number, Text: text, Newest: true, Limit: 1})
			if len(list) == 1 {
				m = list[0]
			}
			return len(list) == 1
		})
		return m
	}
	for i, c := range []struct {
		more    string
		numbers []string // in the answer
		at      string   // the phone that is looked at
		good    func(m simulator.Message) bool
	}{
		{"&recipient=06203105366&messagetype=SMS:TEXT&messagedata=Hello+World", []string{"06203105366"}, "466203105366", func(m simulator.Message) bool {
			return m.Text == "Hello World "+textMark && m.From.Addr == "Kurir"
		}},
		{"&originator=%2B36201112222&recipient=%2B36201234567,%2B36202222222&messagedata=Hello", []string{"+36201234567", "+36202222222"}, "36202222222", func(m simulator.Message) bool {
			return m.From == simulator.Address{TON: 1, NPI: 1, Addr: "36201112222"} && m.To[0] == simulator.Address{TON: 1, NPI: 1, Addr: "36202222222"}
		}},
		{"&messagecount=2&recipient0=06203105367&messagetype0=SMS:TEXT&messagedata0=Hello+World&recipient1=06202222222&messagetype1=SMS:TEXT&messagedata1=Second+Message", []string{"06203105367", "06202222222"}, "466202222222", func(m simulator.Message) bool {
			return m.Text == "Second Message"
		}},
		{"&recipient=0701000001&messagetype=SMS:TEXT:CLASS0&messagedata=Hello", []string{"0701000001"}, "46701000001", func(m simulator.Message) bool { return m.Flash }},
		{"&recipient=0701000002&messagetype=SMS:TEXT:UCS2&messagedata=Hello", []string{"0701000002"}, "46701000002", func(m simulator.Message) bool { return m.DataCoding == 8 }},
		{"&recipient=0701000003&messagetype=SMS:TEXT:GSM7BIT:CLASS2&messagedata=Hello", []string{"0701000003"}, "46701000003", func(m simulator.Message) bool { return m.DataCoding == 0x12 || m.DataCoding == 0xF2 }},
		{"&recipient=06203105368&messagetype=SMS:BINARY:XML&messagedata=" + wap, []string{"06203105368"}, "466203105368", func(m simulator.Message) bool {
			return m.DataCoding == 0xF5 && fmt.Sprintf("%X", m.Header) == "0605040B8423F0" && m.ProtocolID == 0 && m.ESMClass == 0x40 &&
				fmt.Sprintf("%X", m.Octets) == "0605040B8423F0EA0601AE02056A0045C60C037761702E6F7A656B692E6875000801034F7A656B69000101"
		}},
	} {
		more := c.more
		if strings.HasSuffix(more, "messagedata=Hello+World") || strings.HasSuffix(more, "messagedata=Hello") {
			more += "+" + textMark
		}
		var got []string
		for _, r := range o.get("sendmessage", more).Reports {
			got = append(got, r.Recipient)
			if r.Code != "0" || r.Text != "Message accepted for delivery" || r.ID == "" {
				t.Errorf("%d: %+v", i, r)
			}
		}
		if !slices.Equal(got, c.numbers) {
			t.Errorf("%d: reports for %v, want %v", i, got, c.numbers)
		}
		if m := last(c.at, ""); !c.good(m) {
			t.Errorf("%d: %s brings %+v", i, c.more, m)
		}
	}
	if b := o.get("getcredits", "").Balance; b != "-1" {
		t.Errorf("credits: %q", b)
	}
	user := "ozmsUserInfo=" + account + ":" + password
	if old := o.curl(o.base + "/ozeki?action=sendMessage&" + user + "&recepient=06203105369&messageData=hello+world"); !strings.Contains(old, "<StatusCode>0</StatusCode>") {
		t.Errorf("Message Server 6: %s", old)
	}
	if old := o.curl(o.base + "/ozeki?action=getCredits&" + user); !strings.Contains(old, "<Action>getCredits</Action>") {
		t.Errorf("Message Server 6: %s", old)
	}
	page := o.curl(o.base+"/ozeki", "-d", "_charset_=iso-8859-1&action=sendMessage&username="+account+"&password="+password+"&messageType=SMS:TEXT&recepient=0701000004&messageData=h%E5&responseformat=html")
	if m := last("46701000004", ""); m.Text != "hå" || !strings.Contains(page, "Message accepted for delivery<br>") {
		t.Errorf("a form of a browser's: %q, %s", m.Text, page)
	}
}
