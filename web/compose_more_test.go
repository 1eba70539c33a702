package web

import (
	archive "archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// file makes a form with a file, as a browser sends it, and gives its media type.
func file(t *testing.T, name, content string, fields ...string) (io.Reader, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("sheet", name)
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	return &body, w.FormDataContentType()
}

// uploads sends a form to the handler itself, which sees how much of it is read.
func (b *tab) uploads(body io.Reader, kind string, length int64) answer {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, b.URL+"/compose/file", body)
	r.Header.Set("Content-Type", kind)
	if r.ContentLength = length; length < 0 {
		r.TransferEncoding = []string{"chunked"}
	}
	at, err := url.Parse(b.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(at) {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	b.web.Handler().ServeHTTP(w, r)
	return answer{w.Code, w.Header().Get("Location"), w.Body.String(), w.Header()}
}

// safe demands that nothing that was sent is markup.
func (a *answer) safe(t *testing.T) {
	t.Helper()
	if found := regexp.MustCompile(`(?i)<script>|<img src=x|<b>x`).FindString(a.body); found != "" {
		t.Errorf("what somebody has sent is markup: %s in %s", found, a.body)
	}
}

var token = regexp.MustCompile(`name="file" value="(\w+)"`)

// A file gives recipients whose columns stand for placeholders: which rows get what is shown, and which get nothing and why, and the
// good ones are sent to after a question. Its name, its columns and what is in them are never markup, and it is nobody else's.
func TestComposeFile(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "bo": "sender", "other:olle": "sender"})
	b := s.as("anna")
	csv := "Name;Mobil;Sum <b>x\n" + evil + ";070-123 45 67;1,50\nBo;12x;2\nCecilia;+46701234569;\nAgain;0701234567;7\nEva;0701234570;9\n"
	a := b.uploads(whole(file(t, evil+".csv", csv, "text", "Hi {name}, {sum__b_x} is due", "to", "", "once", "1")))
	a.wants(t, http.StatusOK, "2 of 5 rows", `<option value="1" selected>Mobil`, "{sum__b_x}", html.EscapeString("Hi "+evil+", 1,50 is due"),
		"Hi Eva, 9 is due", "Row 3:", "no phone number", "Row 4:", "nothing for {sum__b_x}", "Row 5:", "as in row 2")
	a.safe(t)
	of := token.FindStringSubmatch(a.body)[1]
	form := []string{"once", "1", "file", of, "to", "", "text", "Hi {name}, {sum__b_x} is due"}
	a = b.do("/compose", append(form, "act", "send")...)
	a.wants(t, http.StatusOK, "It goes to 2 phones", `name="file" value="`+of+`"`, `value="confirm"`)
	a.safe(t)
	if len(s.core.subs) != 0 {
		t.Error("it was sent without an answer")
	}
	for _, who := range []string{"bo", "other:olle"} {
		a = s.as(who).do("/compose", append(form, "act", "confirm")...)
		a.wants(t, http.StatusUnprocessableEntity, "not there any more")
	}
	a = b.do("/compose/count", form...)
	a.wants(t, http.StatusOK, "1 SMS")
	a.safe(t)
	a = b.do("/compose", append(form, "act", "confirm")...)
	if len(s.core.subs) != 2 || !strings.HasPrefix(a.to, "/sendings/web-") || s.core.subs[0].Content.Text != "Hi "+evil+", 1,50 is due" || s.core.subs[1].To != "0701234570" {
		t.Errorf("%d %s: %+v", a.status, a.to, s.core.subs)
	}
	a = b.do("/compose", append(form, "column", "2", "act", "preview")...)
	a.wants(t, http.StatusOK, `<option value="2" selected>`, "0 of 5 rows")
	a = b.do("/compose", append(form, "act", "nofile")...)
	if a.wants(t, http.StatusOK); strings.Contains(a.body, `id="sheet"`) {
		t.Error("the file stays")
	}
	a = b.uploads(whole(file(t, "numbers.txt", "0701234567\n0701234568\n", "text", "Hi")))
	a.wants(t, http.StatusOK, "2 of 2 rows")
}

// whole gives the arguments of uploads for a form that does not say how long it is.
func whole(body io.Reader, kind string) (io.Reader, string, int64) { return body, kind, -1 }

// endless is a body that never ends, and counts what is read of it.
type endless struct {
	head io.Reader
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	if n, err := e.head.Read(p); err == nil {
		return n, nil
	}
	for i := range p {
		p[i] = "0701234567\n"[(e.read+int64(i))%11]
	}
	e.read += int64(len(p))
	return len(p), nil
}

// A file of 1 GB is refused before it is read, one that does not say its length after few octets, and a workbook that unpacks to far
// more than it is, too; the form stays as it was.
func TestComposeFileRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	b := s.as("anna")
	_, kind := file(t, "x.csv", "")
	boundary := strings.TrimPrefix(kind, "multipart/form-data; boundary=")
	head := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"sheet\"; filename=\"x.csv\"\r\n\r\n"
	for _, length := range []int64{1 << 30, -1} {
		body := &endless{head: strings.NewReader(head)}
		a := b.uploads(body, kind, length)
		if most := map[int64]int64{1 << 30: 0, -1: uploadMost + 4*uploadForm}[length]; a.status < 400 || body.read > most {
			t.Errorf("%d octets: %d after %d were read", length, a.status, body.read)
		}
	}
	var bomb bytes.Buffer
	z := archive.NewWriter(&bomb)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		f, err := z.Create(name)
		for range 40 {
			if err == nil {
				_, err = f.Write(make([]byte, 1<<20))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	a := b.uploads(whole(file(t, "bomb.xlsx", bomb.String(), "text", "Kept", "to", "0701234567")))
	a.wants(t, http.StatusUnprocessableEntity, "cannot be used", ">Kept</textarea>")
	a = b.uploads(whole(file(t, "x.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")))
	a.wants(t, http.StatusUnprocessableEntity, "neither CSV nor a workbook")
	a = b.uploads(strings.NewReader("nothing"), "multipart/form-data", 0)
	a.wants(t, http.StatusBadRequest)
	a = b.uploads(whole(file(t, "many.csv", strings.Repeat("0701234567\n", maxRecipients+2))))
	a.wants(t, http.StatusUnprocessableEntity, "more than")
}

// What is kept of files is bounded: by user, in number and in octets, and ends with time.
func TestDrafts(t *testing.T) {
	t.Parallel()
	s, now := newDrafts(), time.Now()
	var tokens []string
	for i := range 200 {
		d := &draft{user: fmt.Sprint("user", i/10), account: "acme", size: 3 << 20}
		s.keep(d, now)
		tokens = append(tokens, d.token)
	}
	octets, of := 0, map[string]int{}
	for _, d := range s.list {
		octets += d.size
		of[d.user]++
	}
	if octets > draftsOctets || len(s.list) > draftsMost || of["user19"] > draftsOf || of["user19"] == 0 {
		t.Errorf("%d octets of %d files, %d of one user", octets, len(s.list), of["user19"])
	}
	if s.find(tokens[199], "user19", "acme", now) == nil || s.find(tokens[199], "user18", "acme", now) != nil || s.find(tokens[199], "user19", "b", now) != nil || s.find("", "user19", "acme", now) != nil {
		t.Error("a file is somebody else's, or not there")
	}
	if s.find(tokens[199], "user19", "acme", now.Add(draftLife+1)) != nil {
		t.Error("a file stays for ever")
	}
}

// Names of columns become placeholders, no two the same, and the column of the phone is found by its name or by what is in it.
func TestRecognise(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	v := &visit{Server: s.web, account: &account.Account{Name: "acme"}}
	for name, test := range map[string]struct {
		rows  []string
		vars  string
		phone int
		left  int
	}{
		"by name":    {[]string{"Namn|Tel.nr|Mobil-nummer", "A|08-1|0701234567"}, "namn tel.nr mobil-nummer", 2, 1},
		"by content": {[]string{"a|b", "12|0701234567"}, "a b", 1, 1},
		"no names":   {[]string{"x|0701234567", "y|0701234568"}, "a b", 1, 2},
		"the same":   {[]string{"a|A|1:|", "x|y|z|0701234567"}, "a a_b column_c d", 3, 1},
	} {
		d := &draft{}
		for i, row := range test.rows {
			d.rows = append(d.rows, draftRow{i + 1, strings.Split(row, "|")})
		}
		d.recognise(v.number)
		var vars []string
		for _, c := range d.columns {
			vars = append(vars, c.Var)
		}
		if strings.Join(vars, " ") != test.vars || d.phone != test.phone || len(d.rows) != test.left {
			t.Errorf("%s: %v, phone in %d, %d rows", name, vars, d.phone, len(d.rows))
		}
	}
}

// Recipients are offered by name and number, those written to lately for nothing, as JSON of the account alone; lines that are none
// are pointed out, all at once.
func TestComposeRecipients(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.core.groups, s.core.list = []string{"Nurses"}, written("acme", 3, "x")
	one := &gateway.Contact{}
	one.Name, one.Mobile, one.ID = evil+", MD", "+46701234567", 7
	s.core.contacts = []*gateway.Contact{one}
	b := s.as("anna")
	a := b.do("/compose/suggest?q=nu")
	var list []suggestion
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list) != 2 || list[0].Value != "group:Nurses" || list[1].Value != "contact:"+message.ID(7).String() || list[1].Label != one.Name {
		t.Errorf("%+v %v", list, err)
	}
	if a.safe(t); !strings.Contains(a.header.Get("Content-Type"), "json") {
		t.Error("suggestions are no JSON")
	}
	other := &gateway.Contact{}
	other.Name, other.Mobile, other.ID = one.Name, "+46701234569", 8
	s.core.own = []*gateway.Contact{other}
	a = b.do("/compose/suggest?q=nu")
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list) != 3 || list[1].Value != "+46701234569" || list[2].Value != "+46701234567" {
		t.Errorf("one name in both books: %+v %v", list, err)
	}
	s.core.contacts = nil
	a = b.do("/compose/suggest?q=nu")
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list) != 2 || list[1].Label != one.Name {
		t.Errorf("the user's own contact: %+v %v", list, err)
	}
	s.core.own = nil
	a = b.do("/compose/suggest?q=")
	if err := json.Unmarshal([]byte(a.body), &list); err != nil || len(list) != 3 {
		t.Errorf("lately: %+v %v", list, err)
	}
	a = b.do("/compose", "to", "", "text", "", "find", "Nu", "act", "find")
	a.wants(t, http.StatusOK, `value="add:group:Nurses"`)
	a = b.do("/compose", "to", "070-123 45 67\n12a\n+46 70 765 43 21; 12%34\nNurses", "text", "Hi", "act", "send")
	a.wants(t, http.StatusUnprocessableEntity, "Line 2:", "12a", "Line 3:", "12%34")
	if len(s.core.subs) != 0 || strings.Contains(a.body, "Line 4:") {
		t.Error("a list with mistakes is sent, or a good line is none")
	}
	a = b.do("/compose/count", "to", "0701234567\n"+evil, "text", "Hi")
	a.wants(t, http.StatusOK, "1 SMS", "data-bad=")
	a.safe(t)
	a = b.do("/compose/count", "to", "0701234567\n72456\n07012\ncontact:12", "text", "Hi")
	a.wants(t, http.StatusOK, "<strong>07012</strong> – few digits")
	if strings.Contains(a.body, "<strong>72456</strong>") || strings.Contains(a.body, "contact:12</strong>") {
		t.Error("a short number of a route, or a name, is asked about")
	}
	a = b.do("/compose", "to", "0701234567", "text", "“a” “b”", "act", "plain:“")
	a.wants(t, http.StatusOK, "&#34;a” &#34;b”</textarea>")
}

// A template is put in the place of the text with a field for each placeholder; what is written again is what was sent.
func TestComposeTemplates(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "eva": "groups", "bo": "project"})
	one := &gateway.Template{Template: directory.Template{Name: evil, Text: "Hi {name|friend}, {day}?", Texts: map[string]string{"sv": "Hej {name|du}, {day}?"}}}
	s.core.templates = []*gateway.Template{one}
	b := s.as("anna")
	a := b.do("/compose", "to", "", "text", "", "template", evil, "act", "template")
	a.wants(t, http.StatusOK, "Hi {name|friend}, {day}?</textarea>", `name="var.day"`, `name="var.name"`, `name="fill" value="1" checked`)
	a.safe(t)
	a = b.do("/compose", "once", "1", "to", "0701234567", "text", "On {day}", "fill", "1", "var.day", "Monday", "act", "send")
	if a.status != http.StatusSeeOther || s.core.addressed.Variables["day"] != "Monday" || !s.core.addressed.Filled {
		t.Errorf("%d %s: %+v", a.status, a.body, s.core.addressed)
	}
	a = b.do("/compose", "text", "On {day}", "saveas", "x", "act", "save")
	a.wants(t, http.StatusForbidden)
	a = s.as("eva").do("/compose", "text", "A { brace", "saveas", "x", "act", "save")
	if a.wants(t, http.StatusOK, "kept as the template x"); s.core.kept.Text != "A {{ brace" {
		t.Errorf("kept is %+v", s.core.kept)
	}
	a = s.as("eva").do("/compose", "text", "On {day}", "fill", "1", "saveas", evil, "act", "save")
	if a.safe(t); s.core.kept.Text != "On {day}" {
		t.Errorf("kept is %+v", s.core.kept)
	}
	s.core.list = written("acme", 2, evil)
	a = b.do("/compose?again=" + s.core.list[1].ID.String())
	a.wants(t, http.StatusOK, html.EscapeString(evil)+"</textarea>", "46700000001</textarea>")
	a.safe(t)
	a = b.do("/compose?again=web-x")
	a.wants(t, http.StatusOK, "46700000001")
	a = b.do("/compose?again=" + message.ID(99).String())
	a.wants(t, http.StatusNotFound)
}

// A sending has a page with its states, and its acts are done with its job and with what waits, of the account alone.
func TestSendings(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "eva": "project"})
	job := gateway.MailingJob{Job: gateway.Job{ID: 9, By: "acme/" + evil, State: gateway.JobRunning}, Account: "acme", Reference: "web-abc", Expected: 3000}
	job.Accepted, job.Refused = 1000, map[string]int64{"opted_out": 2}
	job.Errors = []gateway.MailingError{{To: evil, Code: "opted_out", Detail: evil}}
	s.core.mailings = []gateway.MailingJob{job}
	s.core.tally = gateway.Tally{States: map[message.State]int64{message.Delivered: 700, message.Queued: 300}, Whole: true}
	s.core.list = written("acme", 2, "x")
	for _, m := range s.core.list {
		m.Reference = "web-def"
	}
	b := s.as("anna")
	a := b.do("/sendings")
	a.wants(t, http.StatusOK, "/sendings/web-abc", "being sent", "/sendings/web-def", "data-live")
	a = b.do("/sendings/web-abc")
	a.wants(t, http.StatusOK, "700 of 2998 are over", `max="2998" value="700"`, "delivered", "/sendings/web-abc/pause", "/sendings/web-abc/cancel", "data-live")
	a.safe(t)
	if strings.Contains(a.body, "/resume") {
		t.Error("what runs can go on")
	}
	for act, want := range map[string]gateway.QueueAct{"pause": gateway.ActPause, "resume": gateway.ActResume, "cancel": gateway.ActCancel} {
		s.core.acts, s.core.done = nil, nil
		a := b.do("/sendings/web-abc/"+act, "x", "")
		if a.to != "/sendings/web-abc" || len(s.core.acts) != 1 || s.core.acts[0].Act != want || s.core.acts[0].Filter.Reference != "web-abc" || s.core.acts[0].Filter.Account != "acme" || strings.Join(s.core.done, " ") != act {
			t.Errorf("%s: %d %s %+v %v", act, a.status, a.to, s.core.acts, s.core.done)
		}
	}
	s.core.mailings[0].State = gateway.JobPaused
	a = b.do("/sendings/" + message.ID(9).String())
	a.wants(t, http.StatusOK, "paused", "/resume")
	a = s.as("eva").do("/sendings/web-abc")
	if a.wants(t, http.StatusOK); strings.Contains(a.body, "/pause") || strings.Contains(a.body, "/cancel") {
		t.Error("who may not send is offered to pause")
	}
	s.core.mailings, s.core.tally = nil, gateway.Tally{Whole: true}
	a = b.do("/sendings/nothing")
	a.wants(t, http.StatusNotFound)
}

// What is to be sent later is listed, and its time changed by REST, which keeps for how long it is tried.
func TestScheduled(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender"})
	s.core.list = written("acme", 1, evil)
	m := s.core.list[0]
	m.State, m.SendAt, m.Expires = message.Scheduled, time.Date(2030, 1, 1, 9, 0, 0, 0, time.UTC).UnixMilli(), time.Date(2030, 1, 1, 11, 0, 0, 0, time.UTC).UnixMilli()
	var asked []string
	s.rest = func(by *account.Account, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.Path+" "+r.URL.RawQuery+string(body))
		if r.Method == http.MethodGet {
			fmt.Fprintf(w, `{"messages":[{"id":%q,"to":"+4670","text":%q,"send_at":"2030-01-01T09:00:00Z"}]}`, m.ID, evil)
		}
	}
	b := s.as("anna")
	a := b.do("/scheduled")
	a.wants(t, http.StatusOK, "/scheduled/"+m.ID.String(), "/sent/"+m.ID.String()+"/cancel")
	a.safe(t)
	path := "/scheduled/" + m.ID.String()
	a = b.do(path)
	a.wants(t, http.StatusOK, `type="datetime-local"`)
	a.safe(t)
	if a = b.do(path, "at", "2030-02-01T10:00", "zone", "Europe/Stockholm"); a.to != "/scheduled" || asked[len(asked)-1] != "PATCH /v1/messages/"+m.ID.String()+` {"send_at":"2030-02-01T10:00:00+01:00","validity":"2h0m0s"}` {
		t.Errorf("%d %s %v", a.status, a.to, asked)
	}
	a = b.do(path, "at", "soon")
	a.wants(t, http.StatusUnprocessableEntity, "cannot be read")
	m.State = message.Queued
	if a = b.do(path); a.to != "/sent/"+m.ID.String() {
		t.Errorf("one that has its turn: %d %s", a.status, a.to)
	}
}
