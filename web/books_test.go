package web

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"kurir/account"
)

// attack is what strangers write wherever they can.
const attack = `<script>alert(1)</script>"onload='x`

// booksREST answers as REST does, with names, numbers and texts that are somebody's attack.
func booksREST(asked *[]string) func(*account.Account, http.ResponseWriter, *http.Request) {
	quoted := strings.NewReplacer(`"`, `\"`).Replace(attack)
	line := `{"id":"0708tvs8c0001","out":false,"at":"2026-11-30T03:44:46Z","ours":"` + quoted + `","text":"` + quoted + `","case":"` + quoted + `","parts":1}`
	contact := `{"id":"0708tvs8c0000","name":"` + quoted + `","mobile":"+46701234567","mail":"` + quoted + `","note":"` + quoted + `","fields":{"ward":"` + quoted + `"},"revision":7}`
	return func(by *account.Account, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*asked = append(*asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("If-Match")+" "+string(body)))
		switch {
		case strings.HasSuffix(r.URL.Path, "/groups") && r.Method == http.MethodGet && r.URL.Path != "/v1/groups":
			_, _ = io.WriteString(w, `{"groups":[{"id":"0708tvs8c0002","name":"`+quoted+`","book":"own"}]}`)
		case r.URL.Path == "/v1/contacts/import":
			_, _ = io.WriteString(w, `{"results":[{"line":2,"result":"made"},{"line":3,"result":"refused","field":"mobile","detail":"`+quoted+`"}],"lines":2,"made":1,"refused":1}`)
		case r.URL.Path == "/v1/contacts/duplicates":
			_, _ = io.WriteString(w, `{"duplicates":[{"value":"`+quoted+`","contacts":[`+contact+`,`+contact+`]}]}`)
		case r.URL.Path == "/v1/contacts" && r.Method == http.MethodGet:
			_, _ = io.WriteString(w, `{"contacts":[`+contact+`]}`)
		case strings.HasPrefix(r.URL.Path, "/v1/contacts"):
			_, _ = io.WriteString(w, contact)
		case strings.HasSuffix(r.URL.Path, "/members") && r.Method == http.MethodGet:
			_, _ = io.WriteString(w, `{"members":[{"kind":"contact","to":"contact:0708tvs8c0000","id":"0708tvs8c0000","name":"`+quoted+`"}]}`)
		case strings.HasPrefix(r.URL.Path, "/v1/groups"):
			_, _ = io.WriteString(w, `{"id":"0708tvs8c0002","name":"`+quoted+`","note":"`+quoted+`","members":1,"revision":3}`)
		case r.URL.Path == "/v1/conversations":
			_, _ = io.WriteString(w, `{"conversations":[{"number":"+46701234567","name":"`+quoted+`","unread":2,"last":`+line+`},{"number":"`+quoted+`","unread":0}],"unread":1}`)
		case strings.HasSuffix(r.URL.Path, "/messages") || strings.HasSuffix(r.URL.Path, "/seen"):
			_, _ = io.WriteString(w, `{}`)
		default:
			_, _ = io.WriteString(w, `{"contact":"0708tvs8c0000","book":"own","number":"+46701234567","name":"`+quoted+`","unread":2,"answers":true,"from":"`+quoted+`","lines":[`+line+`,{"id":"0708tvs8c0003","out":true,"at":"2026-11-30T03:44:46Z","hidden":true,"state":"delivered"}]}`)
		}
	}
}

// TestBooks: the pages of address books and conversations ask REST for what they show and change, of the right book, and show what
// strangers have written as text.
func TestBooks(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "groups", "bert": "sender"})
	var asked []string
	s.rest = booksREST(&asked)
	anna, bert := s.as("anna"), s.as("bert")
	for _, path := range []string{
		"/contacts", "/own/contacts", "/contacts/0708tvs8c0000", "/own/contacts/0708tvs8c0000", "/contacts/duplicates", "/groups/0708tvs8c0002",
		"/conversations", "/conversations?search=x", "/conversations/+46701234567",
	} {
		a := anna.do(path)
		if strings.HasPrefix(path, "/conversations/") && !strings.Contains(a.body, `href="/own/contacts/0708tvs8c0000"`) {
			t.Errorf("%s leads to no contact of the own book: %s", path, a.body)
		}
		if a.status != http.StatusOK || !strings.Contains(a.body, "&lt;script&gt;") || strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, `"onload`) {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	for _, test := range []struct {
		by   *tab
		path string
		form []string
		want string // what REST is asked
	}{
		{bert, "/own/contacts/new", []string{"name", "Bo", "mobile", "070", "fields", "ward: 4", "addresses", "mail: bo@x.se (home)", "usual", "mail"}, `POST /v1/contacts?book=own  {"addresses":[{"kind":"mail","address":"bo@x.se","label":"home"}],"fields":{"ward":"4"},"language":"","mail":"","mobile":"070","name":"Bo","note":"","pager":"","usual":"mail"}`},
		{anna, "/contacts/0708tvs8c0000", []string{"name", "Bo", "revision", "7"}, `PATCH /v1/contacts/0708tvs8c0000 "7" {"addresses":[],"fields":{"ward":null},"language":"","mail":"","mobile":"","name":"Bo","note":"","pager":"","usual":""}`},
		{anna, "/contacts/0708tvs8c0000/delete", []string{"x", ""}, "DELETE /v1/contacts/0708tvs8c0000"},
		{anna, "/groups/0708tvs8c0002/members", []string{"add", "Anna, +46701\ngroup:x"}, `POST /v1/groups/0708tvs8c0002/members  {"add":["contact:Anna","+46701","group:x"]}`},
		{anna, "/contacts/duplicates", []string{"keep", "a", "with", "b", "by", "name"}, `POST /v1/contacts/a/merge  {"with":["b"]}`},
		{bert, "/conversations/+46701234567", []string{"text", "We come", "once", "1"}, `POST /v1/conversations/+46701234567/messages  {"text":"We come"}`},
		{bert, "/conversations/+46701234567/seen", []string{"x", ""}, `POST /v1/conversations/+46701234567/seen  {"unread":true}`},
	} {
		asked = nil
		a := test.by.do(test.path, test.form...)
		if a.status != http.StatusSeeOther || !strings.Contains(strings.Join(asked, "\n"), test.want) {
			t.Errorf("%s: %d, asked %q, want %s", test.path, a.status, asked, test.want)
		}
	}
	asked = nil
	bert.do("/conversations/+46701234567", "text", "We come", "once", "1")
	if len(asked) > 0 {
		t.Errorf("sent twice: %q", asked)
	}
	anna.do("/conversations/+46701234567")
	if got := strings.Join(asked, "\n"); !strings.Contains(got, `/seen  {"until":"0708tvs8c0001"}`) {
		t.Errorf("it is not marked as read: %s", got)
	}
	if a := bert.do("/contacts/0708tvs8c0000", "name", "x"); a.status != http.StatusForbidden {
		t.Errorf("a sender changes the company's book: %d", a.status)
	}
	if a := bert.do("/conversations"); !strings.Contains(a.body, `id="unread">3`) {
		t.Error("the menu has no badge")
	}
}

// TestImportPage: a file is tried, and brought in when the user has seen what would happen.
func TestImportPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "groups"})
	var asked []string
	s.rest = booksREST(&asked)
	anna := s.as("anna")
	body, kind := file(t, attack+".csv", "name,mobile\nBo,1\n", "group", "Team", "repeats", "skip")
	a := anna.posts("/contacts/import", body, kind)
	if a.status != http.StatusOK || !strings.Contains(asked[0], "POST /v1/contacts/import?dry_run=true&group=Team&repeats=skip  name,mobile") || strings.Contains(a.body, "<script>alert") {
		t.Fatalf("%d %q %s", a.status, asked, a.body)
	}
	_, after, _ := strings.Cut(a.body, `name="token" value="`)
	token, _, _ := strings.Cut(after, `"`)
	asked = nil
	if a = anna.do("/contacts/import/do", "token", token, "group", "Team", "repeats", "skip"); a.status != http.StatusOK || !strings.HasPrefix(asked[0], "POST /v1/contacts/import?group=Team&repeats=skip") {
		t.Errorf("%d %q", a.status, asked)
	}
	if a = anna.do("/contacts/import/do", "token", "other"); a.status != http.StatusGone {
		t.Errorf("%d", a.status)
	}
}

// TestImportNewGroup: a group that is not there is made when the file is brought in, and before that is only said.
func TestImportNewGroup(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "groups"})
	var asked []string
	there := false
	s.rest = func(_ *account.Account, w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.URL.RequestURI())
		switch {
		case r.URL.Path == "/v1/groups":
			there = true
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":"0708tvs8c0002"}`)
		case r.URL.Query().Has("group") && !there:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"status":404,"detail":"there is no group","errors":[{"field":"group","detail":"there is no group"}]}`)
		default:
			_, _ = io.WriteString(w, `{"results":[],"lines":1,"made":1}`)
		}
	}
	anna := s.as("anna")
	body, kind := file(t, "a.csv", "name,mobile\nBo,1\n", "group", "Team")
	a := anna.posts("/contacts/import", body, kind)
	a.wants(t, http.StatusOK, "There is no group Team yet. It is made.", "1 new")
	if there {
		t.Fatal("to try it has made a group")
	}
	_, after, _ := strings.Cut(a.body, `name="token" value="`)
	token, _, _ := strings.Cut(after, `"`)
	asked = nil
	a = anna.do("/contacts/import/do", "token", token, "group", "Team")
	a.wants(t, http.StatusOK, "The group Team was made.", "1 new")
	if got := strings.Join(asked, "\n"); got != "POST /v1/contacts/import?group=Team\nPOST /v1/groups\nPOST /v1/contacts/import?group=Team" {
		t.Error(got)
	}
}

// posts sends a form as it is.
func (b *tab) posts(path string, body io.Reader, kind string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.URL+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	got, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer got.Body.Close()
	text, _ := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header.Get("Location"), string(text), got.Header}
}
