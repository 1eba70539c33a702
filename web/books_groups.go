package web

import (
	"net/http"
	"net/url"
	"strings"
)

// membersOfPage is how many members of a group a page shows.
const membersOfPage = "50"

// groupView is a group as its page shows it.
type groupView struct {
	*book
	ID, Revision, Name, Note, Members string
	Rows                              []memberRow
	Next                              string
	First                             bool
	Add                               string // what was written into the field
	Problem                           *problem
	Done                              bool
}

// memberRow is a member.
type memberRow struct{ Text, Mobile, Kind, To, Path string }

func (v *visit) newGroupPage() {
	v.render(http.StatusOK, "group", "books.newgroup", &groupView{book: v.book()})
}

func (v *visit) readGroup() *groupView {
	fields := v.r.PostForm
	return &groupView{
		book: v.book(), ID: v.r.PathValue("id"), Revision: fields.Get("revision"),
		Name: strings.TrimSpace(fields.Get("name")), Note: strings.TrimSpace(strings.ReplaceAll(fields.Get("note"), "\r\n", "\n")),
	}
}

// newGroup makes a group.
func (v *visit) newGroup() {
	g := v.readGroup()
	made := v.rest(http.MethodPost, "/v1/groups", g.query, map[string]any{"name": g.Name, "note": g.Note}, nil)
	if g.Problem = made.problem(); g.Problem != nil {
		v.render(g.Problem.Status, "group", "books.newgroup", g)
		return
	}
	var r row
	if made.read(&r) != nil {
		v.redirect(g.Path + "/groups")
		return
	}
	v.redirect(g.Path + "/groups/" + url.PathEscape(r.text("id")))
}

func (v *visit) restGroup(more string) string {
	return "/v1/groups/" + url.PathEscape(v.r.PathValue("id")) + more
}

// groupPage shows a group and who is in it.
func (v *visit) groupPage() {
	g := &groupView{book: v.book(), Done: v.r.URL.Query().Has("kept")}
	v.showGroup(http.StatusOK, g)
}

// showGroup shows a group as it is, but for what is filled in already.
func (v *visit) showGroup(status int, g *groupView) {
	var r row
	if !v.get(v.restGroup(""), g.query, &r) {
		return
	}
	if g.ID = r.text("id"); g.Revision == "" {
		g.Revision, g.Name, g.Note = r.text("revision"), r.text("name"), r.text("note")
	}
	g.Members = r.text("members")
	query := g.with("limit", membersOfPage)
	if cursor := v.r.URL.Query().Get("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	g.First = !query.Has("cursor")
	var page map[string]any
	if !v.get(v.restGroup("/members"), query, &page) {
		return
	}
	for _, m := range rowsOf(page, "members") {
		one := memberRow{Text: m.text("name"), Mobile: m.text("mobile"), Kind: m.text("kind"), To: m.text("to")}
		if one.Text == "" {
			one.Text = one.To
		}
		if id := url.PathEscape(m.text("id")); id != "" && one.Kind != "number" {
			one.Path = "/" + one.Kind + "s/" + id // the account's; what is the user's own is found there too
			if g.Own() {
				one.Path = ""
			}
		}
		g.Rows = append(g.Rows, one)
	}
	if cursor, _ := page["cursor"].(string); cursor != "" && page["next"] != nil {
		g.Next = v.r.URL.Path + "?cursor=" + url.QueryEscape(cursor)
	}
	v.render(status, "group", "books.group", g)
}

// changeGroup keeps name and note.
func (v *visit) changeGroup() {
	g := v.readGroup()
	got := v.rest(http.MethodPatch, v.restGroup(""), g.query, map[string]any{"name": g.Name, "note": g.Note}, http.Header{"If-Match": {`"` + g.Revision + `"`}})
	if g.Problem = got.problem(); g.Problem != nil {
		v.showGroup(g.Problem.Status, g)
		return
	}
	v.redirect(g.Path + "/groups/" + url.PathEscape(g.ID) + "?kept=1")
}

// changeMembers adds who is written in a field, or takes one out.
func (v *visit) changeMembers() {
	g := &groupView{book: v.book(), Add: v.r.PostForm.Get("add")}
	body := map[string][]string{}
	if out := v.r.PostForm.Get("remove"); out != "" {
		body["remove"] = []string{out}
	}
	for _, one := range strings.FieldsFunc(g.Add, func(r rune) bool { return strings.ContainsRune(",;\n\r\t", r) }) {
		if one = strings.TrimSpace(one); one != "" {
			body["add"] = append(body["add"], v.member(one))
		}
	}
	got := v.rest(http.MethodPost, v.restGroup("/members"), g.query, body, nil)
	if g.Problem = got.problem(); g.Problem != nil {
		v.showGroup(g.Problem.Status, g)
		return
	}
	v.redirect(g.Path + "/groups/" + url.PathEscape(v.r.PathValue("id")))
}

// member writes a member as REST has it: names are of contacts where nothing else is said.
func (v *visit) member(text string) string {
	if strings.Contains(text, ":") || strings.Trim(text, "+0123456789 -()/.") == "" {
		return text
	}
	return "contact:" + text
}

// deleteGroup deletes a group, not who is in it.
func (v *visit) deleteGroup() {
	b := v.book()
	if p := v.rest(http.MethodDelete, v.restGroup(""), b.query, nil, nil).problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect(b.Path + "/groups")
}
