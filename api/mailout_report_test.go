package api

import (
	"bytes"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// reported is the item of a message that Anna wrote as a mail.
func reported(state message.State, events ...message.Event) *gateway.Item {
	back := message.MailReturn{Author: "anna@example.se", Recipient: "0701234567@sms.example.se", Original: "RFC822;Bob@Example.COM", Envelope: "QQ314159"}
	m := &message.Message{
		ID: message.NewIDs(0, 0).Next(testEpoch), Via: message.ViaSMTP, To: message.Address{TON: message.TONInternational, Number: "46701234567"}, Reference: "1@example.se",
		Content: message.Content{Text: "Fire in\nthe kitchen " + strings.Repeat("å", 100)},
	}
	m.State, m.Final = state, testEpoch.UnixMilli()
	for _, e := range events {
		e.At = testEpoch.UnixMilli()
		m.Log = message.AppendEvent(m.Log, m.ID, e)
	}
	m.Target = message.Target{Kind: message.MailTarget, Account: "acme", Address: back.Address()}
	return &gateway.Item{Message: m, State: state, Since: testEpoch.UnixMilli(), Target: m.Target}
}

// TestMailReports: each state becomes a report that a program reads as what it is, with what RFC 3464 asks for, and a person as well; it
// is from nobody, so that nothing answers it.
func TestMailReports(t *testing.T) {
	t.Parallel()
	failed := func(kind message.FailureKind) message.Event {
		return message.Event{Kind: message.EventFailed, Failure: kind}
	}
	for _, test := range []struct {
		item                          *gateway.Item
		action, status, subject, says string
	}{
		{reported(message.Delivered), "delivered", "2.0.0", "Delivered: SMS to +46701234567", "has arrived"},
		{reported(message.Sent), "relayed", "2.0.0", "Sent: SMS to +46701234567", "does not tell whether"},
		{reported(message.Buffered), "delayed", "4.0.0", "Delayed: SMS to +46701234567", "not arrived yet"},
		{reported(message.Undeliverable), "failed", "5.0.0", "Not delivered: SMS to +46701234567", "was not delivered: the operator could not deliver it."},
		{reported(message.Expired), "failed", "5.4.7", "Not delivered: SMS to +46701234567", "when its validity ended"},
		{reported(message.Rejected, failed(message.BadRecipient)), "failed", "5.1.1", "Not delivered: SMS to +46701234567", "was not delivered: "},
		{reported(message.Undeliverable, failed(message.StoreFull)), "failed", "5.3.1", "Not delivered: SMS to +46701234567", "was not delivered: "},
		{reported(message.Deleted), "failed", "5.0.0", "Not delivered: SMS to +46701234567", "was deleted before"},
	} {
		r := report(mailSettingsOf(), test.item)
		if from, to := r.Envelope(); from != "" || len(to) != 1 || to[0] != "anna@example.se" {
			t.Errorf("it is from %q to %q", from, to)
		}
		raw := r.Bytes()
		l, err := mail.Read(bytes.NewReader(raw), mail.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Bounces) != 1 || l.Bounces[0].Action != test.action || l.Bounces[0].Status != test.status || l.Bounces[0].Recipient != "0701234567@sms.example.se" ||
			l.Bounces[0].Original != "RFC822;Bob@Example.COM" || l.BouncedID != "1@example.se" || len(l.Defects) > 0 {
			t.Errorf("%s: a program reads %+v, about %q, %q", test.action, l.Bounces, l.BouncedID, l.Defects)
		}
		if l.Subject != test.subject || !strings.Contains(l.Text, test.says) || !strings.Contains(l.Text, "Text: Fire in the kitchen ååå") {
			t.Errorf("%s: a person reads %q, %s", test.action, l.Subject, l.Text)
		}
		if !bytes.Contains(raw, []byte("\r\nOriginal-Envelope-Id: QQ314159\r\n")) || bytes.Contains(raw, []byte(strings.Repeat("å", 70))) {
			t.Errorf("%s", raw)
		}
		if origin, _ := l.Origin(""); origin != mail.Bounced {
			t.Errorf("it is taken for that of a %s", origin)
		}
	}
	hidden := reported(message.Expired)
	hidden.Message.Special = &message.Special{Secret: true}
	if text := report(mailSettingsOf(), hidden).Text; strings.Contains(text, "kitchen") {
		t.Errorf("a secret text is told: %s", text)
	}
}

// TestMailOutReports: a report goes out as other mail does; of what is under way none is written.
func TestMailOutReports(t *testing.T) {
	t.Parallel()
	f := &fakeMails{}
	m, told := startMailOut(t, f, mailSettingsOf())
	m.Deliver("acme", []*gateway.Item{reported(message.Enroute)})
	if d := <-told; d.Verdict != gateway.Acknowledged || d.Text == "" {
		t.Errorf("under way: %+v", d)
	}
	m.Deliver("acme", []*gateway.Item{reported(message.Delivered)})
	if d := <-told; d.Verdict != gateway.Acknowledged || d.Code != mailTaken {
		t.Errorf("delivered: %+v", d)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) != 1 {
		t.Fatalf("%d mails", len(f.got))
	}
	if _, is := f.got[0].(*mail.Report); !is {
		t.Errorf("it is %T", f.got[0])
	}
}
