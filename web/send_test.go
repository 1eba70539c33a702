package web

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// texts that would be markup if they were not escaped.
const evil = `<script>alert("1")</script>&<img src=x onerror=y>`

// A message is sent with what the form says, as the user's account, once.
func TestCompose(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.core.groups, s.core.size = []string{"Nurses"}, 3
	b := s.as("anna")
	a := b.do("/compose")
	a.wants(t, http.StatusOK, `value="add:group:Nurses"`, "<option>Clinic</option>", `name="once" value="`)
	once := regexp.MustCompile(`name="once" value="(\w+)"`).FindStringSubmatch(a.body)[1]
	form := []string{"once", once, "to", "070-123 45 67", "text", "Hej\r\ndu", "from", "Clinic", "flash", "1", "at", "2026-12-24T18:00", "zone", "Europe/Stockholm", "act", "send"}
	if a = b.do("/compose", form...); a.to != "/sent/0000000000001" {
		t.Fatalf("sent: %d %s %s", a.status, a.to, a.body)
	}
	if a = b.do("/compose", form...); a.to != "/sent/0000000000001" || len(s.core.subs) != 1 {
		t.Errorf("sent again: %d %s, %d messages", a.status, a.to, len(s.core.subs))
	}
	sub := s.core.subs[0]
	at := time.Date(2026, 12, 24, 17, 0, 0, 0, time.UTC)
	if sub.Account.Name != "acme" || sub.To != "070-123 45 67" || sub.Content.Text != "Hej\ndu" || sub.From != "Clinic" || sub.Content.Class != 0 || !sub.SendAt.Equal(at) || sub.Via != message.ViaWeb {
		t.Errorf("it is %+v", sub)
	}
	a = b.do("/compose", "once", "2", "to", "Nurses; Anna,0707654321", "text", "Hej", "act", "send")
	if !strings.HasPrefix(a.to, "/sendings/web-") || len(s.core.subs) != 6 || !s.core.subs[5].Batch || s.core.subs[5].Reference == "" || s.core.subs[5].Content.Class != -1 {
		t.Errorf("to several: %d %s %s, %d messages", a.status, a.to, a.body, len(s.core.subs))
	}
	for want, form := range map[string][]string{
		"Write who it is for.":   {"to", " ,;", "text", "Hej"},
		"Write a message.":       {"to", "0701234567", "text", ""},
		"contact of the name":    {"to", evil, "text", evil},
		"The time cannot be rea": {"to", "0701234567", "text", "Hej", "at", "soon"},
	} {
		a := b.do("/compose", append(form, "act", "send")...)
		a.wants(t, http.StatusUnprocessableEntity, want)
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
			t.Errorf("%q: what was written is markup: %s", want, a.body)
		}
	}
	s.core.refuse = message.Fail(message.BadSender, "from", "the sender %q is not permitted", "X")
	a = b.do("/compose", "once", "3", "to", "0701234567", "text", "Hej", "act", "send")
	a.wants(t, http.StatusUnprocessableEntity, "is not permitted", ">Hej</textarea>")
	a = b.do("/compose", "once", "4", "to", "0701234567,0707654321", "text", "Hej", "act", "send")
	a.wants(t, http.StatusOK, "Not all was accepted", "0707654321")
}

// The act buttons work without a script: preview, plain characters, a group.
func TestComposeActs(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.core.groups = []string{"Nurses"}
	b := s.as("anna")
	a := b.do("/compose", "to", "0701234567", "text", "Hej “du", "act", "preview")
	a.wants(t, http.StatusOK, "from character 5 on", "“ becomes &#34;", `value="plain"`)
	a = b.do("/compose", "to", "0701234567", "text", "Hej “du", "act", "plain")
	a.wants(t, http.StatusOK, "Hej &#34;du</textarea>", "plain alphabet")
	a = b.do("/compose/count", "to", "", "text", "Hej “du")
	a.wants(t, http.StatusOK, "<strong>1 SMS</strong>")
	if strings.Contains(a.body, "<html") {
		t.Error("the script gets a whole page")
	}
	a = b.do("/compose", "to", "0701234567", "text", "Hej", "act", "add:group:Nurses")
	a.wants(t, http.StatusOK, "0701234567\ngroup:Nurses</textarea>")
	if len(s.core.subs) != 0 {
		t.Error("something was sent")
	}
}

// What is large is asked about first, and what is larger than a request is a job.
func TestConfirm(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.core.groups, s.core.size = []string{"All"}, confirmAbove+1
	b := s.as("anna")
	a := b.do("/compose", "once", "1", "to", "All", "text", evil, "act", "send")
	a.wants(t, http.StatusOK, "It goes to 21 phones, as 21 SMS in all.", `value="confirm"`, `name="once" value="1"`, html.EscapeString("<script>"))
	if len(s.core.subs) != 0 {
		t.Error("it was sent without an answer")
	}
	if a = b.do("/compose", "once", "1", "to", "All", "text", "Hej", "act", "confirm"); len(s.core.subs) != 21 || a.status != http.StatusSeeOther {
		t.Errorf("confirmed: %d, %d messages", a.status, len(s.core.subs))
	}
	s.core.size = atOnce + 1
	a = b.do("/compose", "once", "2", "to", "All", "text", "Hej", "act", "send")
	a.wants(t, http.StatusOK, "more than 1000 phones")
	if a = b.do("/compose", "once", "2", "to", "All", "text", "Hej", "act", "confirm"); s.core.jobs != 1 || len(s.core.subs) != 21 || a.status != http.StatusSeeOther {
		t.Errorf("a job: %d, %d jobs, %d messages", a.status, s.core.jobs, len(s.core.subs))
	}
}

// written makes messages of an account.
func written(account string, n int, text string) (list []*message.Message) {
	for i := range n {
		list = append(list, &message.Message{
			ID: message.ID(i + 1), Account: account, To: message.Address{TON: 1, NPI: 1, Number: fmt.Sprintf("4670%07d", i)}, Content: message.Content{Text: text, Class: -1}, Parts: 1,
		})
	}
	return list
}

// The list has the account's messages alone, page by page, with texts as they are, for those who may see them.
func TestSent(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "eva": "project", "other:olle": "sender"})
	s.core.list = written("acme", 30, evil)
	b := s.as("anna")
	a := b.do("/sent?to=&state=&since=&sort=")
	a.wants(t, http.StatusOK, html.EscapeString(`<script>alert("1")</script>`), `rel="next"`)
	if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
		t.Error("a text is markup")
	}
	if n := strings.Count(a.body, `<td class="to">`); n != 25 || s.core.filter.Account != "acme" {
		t.Errorf("a page of %d messages of %q", n, s.core.filter.Account)
	}
	next := html.UnescapeString(regexp.MustCompile(`href="([^"]+)" rel="next"`).FindStringSubmatch(a.body)[1])
	a = b.do(next)
	a.wants(t, http.StatusOK, "First page")
	if n := strings.Count(a.body, `<td class="to">`); n != 5 || strings.Contains(a.body, `rel="next"`) {
		t.Errorf("the second page has %d messages", n)
	}
	s.core.asked, s.core.contacts = nil, []*gateway.Contact{{Contact: directory.Contact{Name: evil, Mobile: s.core.list[0].To.String()}}}
	s.core.own = []*gateway.Contact{{Contact: directory.Contact{Name: "of her own", Pager: s.core.list[1].To.String()}}}
	a = b.do("/sent")
	a.wants(t, http.StatusOK, `<span class="name">`+html.EscapeString(`<script>alert("1")</script>`), `<span class="name">of her own</span>`)
	if len(s.core.asked) != 1 || len(s.core.asked[0].Mobiles) == 0 || strings.Contains(a.body, "<script>alert") {
		t.Errorf("contacts were asked for by %+v", s.core.asked)
	}
	s.core.contacts, s.core.own = nil, nil
	a = b.do("/sent?state=delivered&to=0701234567&since=2026-11-01")
	a.wants(t, http.StatusOK)
	if f := s.core.filter; len(f.States) != 1 || f.To.Number != "46701234567" || f.Since.IsZero() {
		t.Errorf("the filter is %+v", f)
	}
	a = b.do("/sent?account=other&state=lost")
	a.wants(t, http.StatusBadRequest, "account", "state")
	a = s.as("eva").do("/sent")
	a.wants(t, http.StatusOK)
	if strings.Contains(a.body, "alert(") {
		t.Error("a user without that right sees texts")
	}
	a = s.as("other:olle").do("/sent")
	a.wants(t, http.StatusOK, "No messages.")
}

// The page of a message tells its story, in the user's language; nobody sees another account's.
func TestMessage(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "eva": "project", "other:olle": "sender"})
	s.core.list = written("acme", 1, evil)
	s.core.list[0].State = message.Undeliverable
	path := "/sent/" + s.core.list[0].ID.String()
	b := s.as("anna")
	a := b.do(path)
	a.wants(t, http.StatusOK, "accepted and is on disk", "(link op1)", "&#43;3s"[:5], "the phone is off", "code 27", "quotes the text", "not delivered")
	if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<b>words") {
		t.Error("a text is markup")
	}
	a = b.with(http.Header{"Accept-Language": {"sv-SE,sv;q=0.9"}}, path)
	a.wants(t, http.StatusOK, "Vad som hände", "telefonen är avstängd", "kom inte fram")
	a = s.as("eva").do(path)
	a.wants(t, http.StatusOK, "The text is not shown.")
	if strings.Contains(a.body, "alert(") || strings.Contains(a.body, "quotes the text") {
		t.Error("a user without that right sees the text")
	}
	for _, gone := range []string{"/sent/nothing", "/sent/0000000000009"} {
		a = b.do(gone)
		a.wants(t, http.StatusNotFound)
	}
	a = s.as("other:olle").do(path)
	a.wants(t, http.StatusNotFound)
	a = s.as("other:olle").do(path+"/cancel", "x", "")
	a.wants(t, http.StatusNotFound)
	s.core.list[0].State = message.Scheduled
	a = b.do(path)
	a.wants(t, http.StatusOK, path+"/cancel")
	if a = b.do(path+"/cancel", "x", ""); a.to != path || s.core.list[0].State != message.Deleted {
		t.Errorf("cancelled: %d %s, %v", a.status, a.to, s.core.list[0].State)
	}
}
