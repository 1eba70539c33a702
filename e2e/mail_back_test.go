package e2e

import (
	"fmt"
	"net/smtp"
	"os/exec"
	"strings"
	"testing"

	"kurir/simulator"
)

// deskKey is the key of the account for which mails are taken.
const deskKey = "the-key-of-the-desk"

// mailBothWays is a server that takes mails, for answers too, and sends them by a mailHook. Phones answer who wrote last.
func mailBothWays(t *testing.T, sim *simulator.Simulator, more string) (s *server, post *mailHook, addr string) {
	t.Helper()
	post, addr = startMailHook(t), freeAddr(t)
	s = startServer(t, sim, serverOptions{
		more: fmt.Sprintf("smtp: {listen: %q, domains: [sms.example.se]}\nreplies: [{number: %q}]\n", addr, service) + mailTo(post, "") +
			"series: [{name: cases, format: \"C-{n:3}\"}]\n",
		inbound:  []string{"{keyword: alarm, do: [{register: cases}, {mail: duty@example.se}]}"},
		account:  ", admin: true",
		accounts: []string{fmt.Sprintf("{name: desk, password: %s, api_keys: [%s], senders: [\"*\"], sender: %q, mail: {authors: [\"*@example.se\"], networks: [127.0.0.0/8]%s}}", password, deskKey, service, more)},
	})
	linked(t, sim)
	return s, post, addr
}

// sendMail hands a mail over as a mail server does, or gives its refusal.
func sendMail(addr, from, to, data string) error {
	return smtp.SendMail(addr, nil, from, []string{to}, []byte(strings.ReplaceAll(data, "\n", "\r\n")))
}

// mailed sends a mail that has to be taken.
func mailed(t *testing.T, addr, from, to, data string) {
	t.Helper()
	if err := sendMail(addr, from, to, data); err != nil {
		t.Fatalf("the mail to %s is refused: %v", to, err)
	}
}

// quoting is an answer as mail programs write it.
func quoting(text, subject string) string {
	return "Subject: Re: " + subject + "\nMessage-ID: <" + strings.ReplaceAll(text, " ", ".") + "@example.se>\n\n" + text + "\n\n" +
		"On Mon, 30 Nov 2026 at 09:12, +46701234567 <sms@example.se> wrote:\n> quoted " + textMark + "\n-- \nAnna\nExample Ltd\n"
}

// TestMailRoundTrip: a mail becomes an SMS, the phone's answer a mail to its author, his answer an SMS from the same number, and so on; who
// had the mail forwarded answers as well, and gets what the phone says next. The server is killed between.
func TestMailRoundTrip(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s, post, addr := mailBothWays(t, sim, "")
	const phone = "46701234567"
	mailed(t, addr, "anna@example.se", "0701234567@sms.example.se", "Subject: Visit\nMessage-ID: <first@example.se>\n\nWhen do you come? "+textMark+"\n")
	arrived(t, sim, phone, "Visit\nWhen do you come? "+textMark)

	writeTo(t, sim, service, "at ten "+textMark)
	m := post.receive(t, "at ten")
	head := m.headOf(t)
	if m.To[0] != "anna@example.se" || head.Get("In-Reply-To") != "<first@example.se>" {
		t.Errorf("it went to %v, %v", m.To, head)
	}
	token := head.Get("Reply-To")
	if _, err := exec.LookPath("swaks"); err != nil {
		missing(t, "swaks is not installed")
	}
	out, err := exec.Command("swaks", "--server", addr, "--from", "anna@example.se", "--to", token, "--header", "Subject: Re: SMS", "--body", "Fine "+textMark).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "250 2.0.0 accepted as message") {
		t.Fatalf("swaks: %v\n%s", err, out)
	}
	arrived(t, sim, phone, "Fine "+textMark)

	s.proc.kill()
	s.start()
	linked(t, sim)
	for range 2 { // a mail server that got no answer sends it again
		mailed(t, addr, "eva@elsewhere.org", token, quoting("Eva comes "+textMark, "SMS"))
	}
	arrived(t, sim, phone, "Eva comes "+textMark)
	if sent := sim.Messages(simulator.Filter{To: phone, Newest: true, Limit: 10}); len(sent) != 3 || sent[0].From.Addr != strings.TrimPrefix(service, "+") {
		t.Errorf("the phone has %d messages, the last from %s", len(sent), sent[0].From.Addr)
	}
	writeTo(t, sim, service, "welcome Eva "+textMark)
	if m := post.receive(t, "welcome Eva"); m.To[0] != "eva@elsewhere.org" {
		t.Errorf("what the phone says to the last writer went to %v", m.To)
	}

	writeTo(t, sim, service, "alarm "+textMark)
	m = post.receive(t, "C-001")
	mailed(t, addr, "duty@example.se", m.headOf(t).Get("Reply-To"), quoting("Seen "+textMark, "[C-001] SMS"))
	arrived(t, sim, phone, "Seen "+textMark)
	writeTo(t, sim, service, "thanks "+textMark)
	if m := post.receive(t, "thanks"); m.To[0] != "duty@example.se" || m.headOf(t).Get("Subject") != "[C-001] SMS from +46701234567" {
		t.Errorf("the case goes on to %v as %s", m.To, m.headOf(t).Get("Subject"))
	}
	if err := sendMail(addr, "eva@elsewhere.org", "0701234567@sms.example.se", quoting("Not permitted", "x")); err == nil || !strings.Contains(err.Error(), "5.7.1") {
		t.Errorf("who may answer writes to other phones: %v", err)
	}
	stopsAutomatic(t, sim, addr, token)
}

// stopsAutomatic has programs answer: the phone hears nothing of it, and nobody is written to.
func stopsAutomatic(t *testing.T, sim *simulator.Simulator, addr, token string) {
	t.Helper()
	before := len(sim.Messages(simulator.Filter{Limit: 100}))
	mailed(t, addr, "anna@example.se", token, "Auto-Submitted: auto-replied\nSubject: Out of office\nMessage-ID: <ooo@example.se>\n\nI am away.\n")
	mailed(t, addr, "anna@example.se", token, "X-Kurir-ID: 1\nSubject: Back again\nMessage-ID: <loop@example.se>\n\nI am a loop.\n")
	if err := sendMail(addr, "", token, "Subject: Undelivered Mail\n\nNo such user.\n"); err == nil {
		t.Error("a bounce is taken")
	}
	if err := sendMail(addr, "anna@example.se", strings.Replace(token, "-", "-a", 1), quoting("Guessed", "x")); err == nil || !strings.Contains(err.Error(), "5.1.1") {
		t.Errorf("an address that nobody was given: %v", err)
	}
	if n := len(sim.Messages(simulator.Filter{Limit: 100})); n != before {
		t.Errorf("%d messages more are on phones", n-before)
	}
}

// dsn hands a mail over with parameters of RCPT, as servers that speak DSN do.
func dsn(t *testing.T, addr, to, parameters, text string) {
	t.Helper()
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	say := func(code int, format string, args ...any) {
		t.Helper()
		id, err := c.Text.Cmd(format, args...)
		if err != nil {
			t.Fatal(err)
		}
		c.Text.StartResponse(id)
		defer c.Text.EndResponse(id)
		if _, _, err := c.Text.ReadResponse(code); err != nil {
			t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
		}
	}
	if err := c.Hello("client.example.se"); err != nil {
		t.Fatal(err)
	}
	say(250, "MAIL FROM:<anna@example.se> RET=HDRS ENVID=QQ314159")
	say(250, "RCPT TO:<%s> %s", to, parameters)
	say(354, "DATA")
	say(250, "Subject: %s\r\nMessage-ID: <%s@example.se>\r\n\r\n%s\r\n.", text, text, textMark)
}

// TestMailReports: a mail whose SMS fails later comes back to its author with what went wrong, and a receipt comes where DSN asks for one;
// both are on disk with the message, and wait while the mail server is away and Kurir is killed. Who wants nothing gets nothing.
func TestMailReports(t *testing.T) {
	t.Parallel()
	const phone, dead = "0701234567@sms.example.se", "0701299605@sms.example.se" // that is undeliverable
	sim := startSimulator(t, simulator.Options{})
	s, post, addr := mailBothWays(t, sim, "")
	about := func(m received, action, subject string) {
		t.Helper()
		head := m.headOf(t)
		if m.From != "" || len(m.To) != 1 || m.To[0] != "anna@example.se" || head.Get("Subject") != subject || !strings.Contains(m.Data, "\r\nAction: "+action+"\r\n") {
			t.Errorf("a mail from %q to %v:\n%s", m.From, m.To, m.Data)
		}
	}
	dsn(t, addr, dead, "NOTIFY=NEVER", "silent-1")
	dsn(t, addr, dead, "NOTIFY=SUCCESS", "silent-2")
	mailed(t, addr, "anna@example.se", phone, "Subject: silent-3\n\n"+textMark+"\n")
	mailed(t, addr, "anna@example.se", dead, "Auto-Submitted: auto-generated\nSubject: silent-4\n\n"+textMark+"\n")
	mailed(t, addr, "anna@example.se", dead, "Subject: failing\nMessage-ID: <failing@example.se>\n\n"+textMark+"\n")
	m := post.receive(t, "failing")
	about(m, "failed", "Not delivered: SMS to +46701299605")
	if !strings.Contains(m.Data, "Your SMS to +46701299605 was not delivered: the recipient's number") || !strings.Contains(m.Data, "Status: 5.1.1\r\n") || m.headOf(t).Get("In-Reply-To") != "<failing@example.se>" {
		t.Errorf("what a person reads:\n%s", m.Data)
	}
	dsn(t, addr, phone, "NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob@Example.COM", "received")
	m = post.receive(t, "received")
	about(m, "delivered", "Delivered: SMS to +46701234567")
	if !strings.Contains(m.Data, "Original-Envelope-Id: QQ314159\r\n") || !strings.Contains(m.Data, "Original-Recipient: RFC822;Bob@Example.COM\r\n") {
		t.Errorf("what a program reads:\n%s", m.Data)
	}

	post.stop()
	dsn(t, addr, phone, "NOTIFY=SUCCESS", "late-receipt")
	dsn(t, addr, dead, "NOTIFY=FAILURE", "late-bounce")
	eventually(t, "both have ended", func() bool {
		_, list := (&rest{t: t, base: s.base, key: deskKey, client: s.client}).get("/v1/messages?limit=100")
		return strings.Count(list, `"state":"delivered"`) == 3 && strings.Count(list, `"state":"undeliverable"`) == 4
	})
	s.proc.kill()
	post.start(t)
	s.start()
	for waiting := map[string]bool{"late-receipt": true, "late-bounce": true}; len(waiting) > 0; {
		m := post.receive(t, "late-")
		for text := range waiting {
			if strings.Contains(m.Data, text) {
				delete(waiting, text)
			}
		}
	}
	for { // of the others nothing came
		select {
		case m := <-post.mails:
			if strings.Contains(m.Data, "silent-") {
				t.Errorf("told unasked:\n%s", m.Data)
			}
			continue
		default:
		}
		break
	}
}
