package web

import (
	"net/http"
	"net/url"
	"strings"
)

// entriesView is what the page of a number list shows.
type entriesView struct {
	Name     string
	Path     string
	Settings string
	Changes  bool
	Rows     []row
	Next     string
	Find     string // a number or name that was looked for
	Found    row    // nil where nothing was
	Done     row    // of what was added and removed
	Problem  *problem
	Add      string // as it was typed, when it was refused
	Note     string
}

// entriesPage shows the entries of a number list that do not stand in its file, and looks for one in both.
func (v *visit) entriesPage() {
	shown := &entriesView{Find: strings.TrimSpace(v.r.URL.Query().Get("find"))}
	if shown.Find != "" {
		got := v.rest(http.MethodGet, v.listPath()+"/"+url.PathEscape(shown.Find), nil, nil, nil)
		if shown.Problem = got.problem(); shown.Problem == nil {
			_ = got.read(&shown.Found) // what cannot be read is shown as not found
		}
	}
	v.showEntries(http.StatusOK, shown)
}

func (v *visit) listPath() string {
	return "/v1/lists/" + url.PathEscape(v.r.PathValue("name")) + "/entries"
}

func (v *visit) showEntries(status int, shown *entriesView) {
	shown.Name = v.r.PathValue("name")
	shown.Path = listsPath + "/" + url.PathEscape(shown.Name)
	shown.Settings = settingsPath + "/lists/" + url.PathEscape(shown.Name)
	shown.Changes = v.changesSettings()
	asked := url.Values{"limit": {rowsOfPage}}
	if cursor := v.r.URL.Query().Get("cursor"); cursor != "" {
		asked.Set("cursor", cursor)
	}
	got := v.rest(http.MethodGet, v.listPath(), asked, nil, nil)
	var page map[string]any
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	if err := got.read(&page); err == nil {
		shown.Rows = rowsOf(page, "entries")
		if cursor, _ := page["cursor"].(string); cursor != "" {
			shown.Next = shown.Path + "?cursor=" + url.QueryEscape(cursor)
		}
	}
	if shown.Problem != nil {
		status = shown.Problem.Status
	}
	v.render(status, "entries", "lists.title", shown)
}

// changeEntries adds and removes entries: what was typed or pasted, one a line or between commas.
func (v *visit) changeEntries() {
	typed := v.r.PostForm
	shown := &entriesView{Add: typed.Get("entries"), Note: typed.Get("note")}
	entries := splitEntries(shown.Add)
	body := map[string]any{"add": entries, "note": strings.TrimSpace(shown.Note)}
	if typed.Get("do") == "remove" {
		body = map[string]any{"remove": entries}
	}
	got := v.rest(http.MethodPost, v.listPath(), nil, body, nil)
	if shown.Problem = got.problem(); shown.Problem == nil {
		shown.Add, shown.Note = "", ""
		_ = got.read(&shown.Done) // the list below shows what became of it
	}
	v.showEntries(http.StatusOK, shown)
}

// splitEntries gives the entries of a list that is typed or pasted. What stands behind # in a line is for people.
func splitEntries(text string) []string {
	entries := []string{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for entry := range strings.FieldsFuncSeq(line, func(r rune) bool { return strings.ContainsRune(",;\r\n\t", r) }) {
			if entry = strings.TrimSpace(entry); entry != "" {
				entries = append(entries, entry)
			}
		}
	}
	return entries
}
