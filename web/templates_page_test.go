package web

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"kurir/account"
)

// TestTemplatesPages: who keeps templates makes, changes and deletes them over REST, with a text for each language; a sender sees them.
func TestTemplatesPages(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "groups", "bert": "sender"})
	const one = `{"id":"0708tvs8c0004","name":"Ward","text":"Come to {ward}","texts":{"de":"Kommen"},"note":"of mine","revision":3}`
	var asked []string
	s.rest = func(_ *account.Account, w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = append(asked, strings.TrimSpace(r.Method+" "+r.URL.Path+" "+r.Header.Get("If-Match")+" "+string(body)))
		switch {
		case r.Method == http.MethodGet && r.URL.Path == "/v1/templates":
			_, _ = io.WriteString(w, `{"templates":[`+one+`]}`)
		case r.Header.Get("If-Match") == `"2"`:
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = io.WriteString(w, `{"status":412,"detail":"somebody else has changed it"}`)
		default:
			_, _ = io.WriteString(w, one)
		}
	}
	anna, bert := s.as("anna"), s.as("bert")
	a := anna.do("/templates")
	a.wants(t, http.StatusOK, "Come to {ward}", `href="/templates/0708tvs8c0004"`, `href="/templates/new"`)
	a = anna.do("/templates/0708tvs8c0004")
	a.wants(t, http.StatusOK, ">Come to {ward}</textarea>", `name="text.de" rows="4" lang="de">Kommen</textarea>`, `name="text.sv"`)
	a = bert.do("/templates/0708tvs8c0004")
	if a.wants(t, http.StatusOK, "Come to {ward}"); strings.Contains(a.body, "textarea") {
		t.Error("a sender is offered a form")
	}
	if a = bert.do("/templates/0708tvs8c0004", "name", "x"); a.status != http.StatusForbidden {
		t.Errorf("a sender changes a template: %d", a.status)
	}
	asked = nil
	if a = anna.do("/templates/new", "name", " Bed ", "text", "Bed {n}", "text.sv", "Säng {n}", "text.en", "", "note", ""); a.to != "/templates" {
		t.Errorf("made: %d %s", a.status, a.body)
	}
	if a = anna.do("/templates/0708tvs8c0004", "revision", "3", "name", "Ward", "text", "a\r\nb", "text.de", "", "text.sv", "s"); a.to != "/templates/0708tvs8c0004?kept=1" {
		t.Errorf("changed: %d %s", a.status, a.body)
	}
	a = anna.do("/templates/0708tvs8c0004", "revision", "2", "name", "Ward", "text", "mine")
	a.wants(t, http.StatusPreconditionFailed, "somebody else has changed it", ">mine</textarea>")
	if a = anna.do("/templates/0708tvs8c0004/delete", "", ""); a.to != "/templates" {
		t.Errorf("deleted: %d %s", a.status, a.body)
	}
	want := []string{
		`POST /v1/templates  {"name":"Bed","note":"","text":"Bed {n}","texts":{"sv":"Säng {n}"}}`,
		`PATCH /v1/templates/0708tvs8c0004 "3" {"name":"Ward","note":"","text":"a\nb","texts":{"de":null,"en":null,"sv":"s"}}`,
		`PATCH /v1/templates/0708tvs8c0004 "2" {"name":"Ward","note":"","text":"mine","texts":{"en":null,"sv":null}}`,
		`DELETE /v1/templates/0708tvs8c0004`,
	}
	if got := strings.Join(asked, "\n"); got != strings.Join(want, "\n") {
		t.Error(got)
	}
}
