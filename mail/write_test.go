package mail

import (
	"bytes"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestMessageRoundTrip: what is written reads back, with what a line break or a
// quote in a value could do.
func TestMessageRoundTrip(t *testing.T) {
	t.Parallel()
	m := testMail()
	m.FromName, m.ReplyTo = `Jour "drift", Åre`, "svar+0123abcd@example.com"
	m.Subject = "Ärende 4711: " + strings.Repeat("mycket långt ", 20)
	m.InReplyTo, m.References = "0@example.com", []string{"a@example.com", "0@example.com"}
	m.Auto = AutoNo
	m.Extra = [][2]string{{"X-Kurir-Number", "+46701234567"}, {"Subject", "two"}, {"X-Evil\r\nBcc", "x"}, {"X-Line", "a\r\nBcc: y@example.com"}}
	raw := m.Bytes()
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if len(line) > 200 {
			t.Errorf("a line of %d octets", len(line))
		}
	}
	if _, err := netmail.ReadMessage(bytes.NewReader(raw)); err != nil {
		t.Fatal(err)
	}
	l, err := Read(bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if l.From != (Address{m.FromName, m.From}) || len(l.ReplyTo) != 1 || l.ReplyTo[0].Addr != m.ReplyTo {
		t.Errorf("from %+v, reply to %+v", l.From, l.ReplyTo)
	}
	if l.Subject != strings.TrimSpace(m.Subject) || l.Text != m.Text || l.ID != m.ID || !l.Date.Equal(m.Date) {
		t.Errorf("%q %q %s %s", l.Subject, l.Text, l.ID, l.Date)
	}
	if diff := cmp.Diff(append([]string{m.InReplyTo}, m.References...), append(l.InReplyTo, l.References...)); diff != "" {
		t.Error(diff)
	}
	if l.Header("X-Kurir-Number") != "+46701234567" || l.Header("Bcc") != "" || len(l.Headers("Subject")) != 1 || l.Header("X-Line") != "a Bcc: y@example.com" {
		t.Errorf("fields %+v", l.fields)
	}
	if origin, why := l.Origin(m.From); origin != Person {
		t.Errorf("a person's mail is %s: %s", origin, why)
	}
}

// TestReport: a report reads as what it says, whatever the original's header
// has in it, and is never answered.
func TestReport(t *testing.T) {
	t.Parallel()
	r := Report{
		Message: Message{
			From: "kurir@sms.example.se", FromName: "Kurir", To: []string{"anna@example.se"}, Subject: "Not sent: Länken är nere",
			Text: "Your message to 070123456 was not sent: the number is on the list of those who want none.\n",
			ID:   "r1@sms.example.se", InReplyTo: "1@example.se", References: []string{"1@example.se"}, Date: time.Unix(1796100000, 0).UTC(),
		},
		Host: "sms.example.se", Arrival: time.Unix(1796099990, 0).UTC(),
		About: []Delivery{
			{"070123456@sms.example.se", "rfc822; 070 123456@example.se", "failed", "5.7.1", "numret är spärrat"},
			{"070123457@sms.example.se", "", "delayed", "4.4.1", ""},
		},
		Original: []byte("From: anna@example.se\r\nMessage-ID: <1@example.se>\r\nSubject: L\xc3\xa4nken\r\nX: --=_r1_sms.example.se\r\n--=_r1_sms.example.se--: x\r\n\r\nsecret body\r\n"),
	}
	raw := r.Bytes()
	if bytes.Contains(raw, []byte("secret body")) {
		t.Error("the body came back")
	}
	l, err := Read(bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if l.Text != r.Text || l.BouncedID != "1@example.se" || len(l.Defects) > 0 {
		t.Errorf("text %q, about %q, defects %q", l.Text, l.BouncedID, l.Defects)
	}
	if diff := cmp.Diff(r.About, l.Bounces); diff != "" {
		t.Error(diff)
	}
	for _, path := range []string{"", "kurir@sms.example.se"} {
		if origin, _ := l.Origin(path); origin != Bounced || origin.Answerable() || !origin.Reaction() {
			t.Errorf("a report is %s", origin)
		}
	}
}
