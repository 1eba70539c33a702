package e2e

import (
	"fmt"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"kurir/simulator"
)

// mailTo are the settings of a server that sends by a mailHook.
func mailTo(h *mailHook, more string) string {
	return `mail: {server: "` + h.Addr + `", tls: none, from: sms@example.se, domain: sms.example.se` + more + "}\n"
}

// writeTo has a phone write to a number.
func writeTo(t testing.TB, sim *simulator.Simulator, to, text string) {
	t.Helper()
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: strings.TrimPrefix(to, "+"), Text: text}); err != nil {
		t.Fatal(err)
	}
}

// headOf reads the head of a mail.
func (m *received) headOf(t testing.TB) mail.Header {
	t.Helper()
	read, err := mail.ReadMessage(strings.NewReader(m.Data))
	if err != nil {
		t.Fatalf("%v\n%s", err, m.Data)
	}
	return read.Header
}

// TestMailOut: what a phone writes becomes a mail to whom a rule, the file of aliases, the text or the account says, and explain says so
// beforehand. The file is read again when it changes.
func TestMailOut(t *testing.T) {
	t.Parallel()
	post := startMailHook(t)
	aliases := filepath.Join(t.TempDir(), "aliases")
	writeAliases := func(text string) { // at once, for half a file may be read
		t.Helper()
		if err := os.Rename(writeFile(t, aliases+".new", text), aliases); err != nil {
			t.Fatal(err)
		}
	}
	writeAliases("desk: desk@example.se\n+46737494950: number@example.se\n12: extended@example.se\n")
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		account: `, admin: true, mail_to: [acme@example.se]`,
		more: mailTo(post, ", aliases: "+aliases+`, addresses: ["*@example.se"], extended: ["`+service+`"], default: [{to: nobody@example.se}]`) +
			"series: [{name: cases, format: \"C-{n:3}\"}]\n",
		inbound: []string{"{keyword: alarm, do: [{register: cases}, {mail: [anna@example.se, bo@example.se]}]}"},
	})
	eventually(t, "the link is up", func() bool { return s.linkOf("op1").State == "up" })
	explain := func(to, text string) string {
		t.Helper()
		out, code := run(t, ours, s.dir, s.binary, "inbound", "explain", "--to", to, "--from", "+46701234567", "--text", text, "--server", s.base, "--key", apiKey)
		if code != 0 {
			t.Errorf("explain: %d, %s", code, out)
		}
		return out
	}
	for _, c := range []struct{ number, text, to, step string }{
		{service, "desk: the first " + textMark, "desk@example.se", "word alias"},
		{service, "eva@example.se the second " + textMark, "eva@example.se", "address in the text"},
		{service, "eve@example.com the third " + textMark, "acme@example.se", ""},
		{"+46737494950", "the fourth " + textMark, "number@example.se", "number alias"},
		{service + "12", "the fifth " + textMark, "extended@example.se", "extended number"},
		{"+46737494959", "the sixth " + textMark, "nobody@example.se", "default mailbox"},
	} {
		if out := explain(c.number, c.text); c.step != "" && !strings.Contains(out, "* "+c.step) || !strings.Contains(out, "1. mail to "+c.to) {
			t.Errorf("explain of %q: %s", c.text, out)
		}
		writeTo(t, sim, c.number, c.text)
		if m := post.receive(t, c.text); m.To[0] != c.to || m.From != "sms@example.se" {
			t.Errorf("%q went from %s to %v; want %s", c.text, m.From, m.To, c.to)
		}
	}

	caseMails(t, sim, post)

	writeAliases("desk: desk@example.se\nother: late@example.se\n")
	eventually(t, "the file is read again", func() bool { return strings.Contains(explain(service, "other"), "mail to late@example.se") })
	writeAliases("other late@example.se\n")
	eventually(t, "the mistake is in the log", func() bool { return strings.Contains(s.proc.out.String(), "has no colon") })
	if out := explain(service, "other"); !strings.Contains(out, "mail to late@example.se") {
		t.Errorf("with a mistake in the file: %s", out)
	}
}

// caseMails has a phone write what a rule gives a case number and sends to two: each mail says so, is from the phone and has an address
// for answers and an id of its own.
func caseMails(t *testing.T, sim *simulator.Simulator, post *mailHook) {
	t.Helper()
	writeTo(t, sim, service, "Alarm! åäö "+textMark)
	ids := map[string]bool{}
	for range 2 {
		m := post.receive(t, "C-001")
		head := m.headOf(t)
		ids[head.Get("Message-Id")] = true
		from, err := mail.ParseAddress(head.Get("From"))
		if err != nil || from.Name != "+46701234567" || from.Address != "sms@example.se" {
			t.Errorf("it is from %s", head.Get("From"))
		}
		if got := head.Get("Reply-To"); !regexp.MustCompile(`^sms\+[0-9a-z]{13}-[a-z2-7]{16}@sms\.example\.se$`).MatchString(got) {
			t.Errorf("it is answered at %q", got)
		}
		if got := head.Get("Subject"); got != "[C-001] SMS from +46701234567" || head.Get("Auto-Submitted") == "" {
			t.Errorf("the head is %v", head)
		}
	}
	if len(ids) != 2 {
		t.Errorf("two mails have the ids %v", ids)
	}
}

// TestMailOutFaults: while the mail server is away or refuses for now mails wait, over kill -9 too, and none is lost; what it refuses
// for good is a dead letter with its sentence.
func TestMailOutFaults(t *testing.T) {
	t.Parallel()
	post := startMailHook(t)
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{
		account: `, admin: true, mail_to: [acme@example.se]`,
		inbound: []string{"{keyword: gone, do: [{mail: gone@example.se}]}"},
		more:    mailTo(post, ""),
	})
	eventually(t, "the link is up", func() bool { return s.linkOf("op1").State == "up" })
	post.refusing(func(to string) *smtp.SMTPError {
		if to == "gone@example.se" {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox here"}
		}
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 2, 0}, Message: "come back later"}
	})
	writeTo(t, sim, service, "gone "+textMark)
	writeTo(t, sim, service, "later "+textMark)
	eventually(t, "the dead letter is there", func() bool {
		_, list := s.get("/v1/webhooks/dead?kind=mail")
		return strings.Contains(list, "no such mailbox here") && strings.Contains(list, `"address":"gone@example.se"`)
	})
	eventually(t, "the other has been refused", func() bool {
		_, list := s.get("/v1/webhooks/attempts?kind=mail&failed=true")
		return strings.Contains(list, "come back later")
	})
	post.refusing(nil)
	post.receive(t, "later "+textMark)

	post.stop()
	want := map[string]bool{}
	for i := range 5 {
		text := fmt.Sprintf("away-%d %s", i, textMark)
		want[text] = true
		writeTo(t, sim, service, text)
	}
	eventually(t, "all are in the inbox", func() bool {
		_, list := s.get("/v1/inbound?limit=100")
		return strings.Count(list, "away-") == len(want)
	})
	s.proc.kill()
	post.start(t)
	s.start()
	for len(want) > 0 {
		m := post.receive(t, "away-")
		for text := range want {
			if strings.Contains(m.Data, text) {
				delete(want, text) // one may come twice
			}
		}
	}
}
