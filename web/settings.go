package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/resource"
)

// settingRow is a setting as REST answers it.
type settingRow struct {
	Name      string         `json:"name"`
	Source    string         `json:"source"`
	Place     string         `json:"place"`
	Position  int64          `json:"position"`
	Revision  int64          `json:"revision"`
	ChangedAt string         `json:"changed_at"`
	ChangedBy string         `json:"changed_by"`
	Value     map[string]any `json:"value"`
	Warnings  []string       `json:"warnings"`
}

// kindsView is what the page of all kinds shows.
type kindsView struct{ Kinds []kindView }

type kindView struct{ Path, Name, Words, Doc, DocLang string }

// kindsPage lists the kinds of settings.
func (v *visit) kindsPage() {
	shown := &kindsView{}
	all := resource.Settings()
	slices.SortStableFunc(all, func(a, b resource.Setting) int { return kindRank(a) - kindRank(b) })
	for _, s := range all {
		path := settingsOf(s.Kind)
		if s.Single {
			path += "/" + s.Kind
		}
		one := kindView{Path: path, Name: s.Kind, Words: v.words(v.lang(), "kind."+s.Kind)}
		one.Doc, one.DocLang = v.helped(v.Schema(s).Description)
		shown.Kinds = append(shown.Kinds, one)
	}
	v.render(http.StatusOK, "settings", "nav.settings", shown)
}

// kindRank orders kinds for people: what most change comes first, what there is one of last.
func kindRank(s resource.Setting) int {
	first := []string{"accounts", "users", "keys", "connectors", "routes", "inbound", "lists", "prices", "rotas", "schedules", "notices"}
	switch at := slices.Index(first, s.Kind); {
	case at >= 0:
		return at
	case s.Single:
		return len(first) + 1
	}
	return len(first)
}

// settingColumns are those of a list of settings.
func settingColumns() []column {
	return []column{
		{field: "name"},
		{field: "fields", kind: longText, show: func(_ *visit, r row) string { return summary(r) }},
		{field: "source", kind: aWord, show: func(v *visit, r row) string {
			if place := r.text("place"); place != "" {
				return v.words(v.lang(), "settings.infile", place)
			}
			return v.words(v.lang(), "settings.here")
		}},
		{field: "changed_by"},
		{field: "changed_at", kind: aTime},
	}
}

// summary is a setting in one line: its first fields.
func summary(r row) string {
	value, _ := r.at("value").(map[string]any)
	var parts []string
	for _, name := range sortedKeys(value) {
		switch text := textOf(value[name]); {
		case name == "name", text == "", strings.HasPrefix(text, "***"), len(parts) == 6:
		default:
			parts = append(parts, name+": "+clipped(text, 60))
		}
	}
	return strings.Join(parts, " · ")
}

// clipped is the beginning of a text of more than so many characters.
func clipped(text string, most int) string {
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// settingsList shows the settings of a kind, in their order.
func (v *visit) settingsList(s resource.Setting) {
	base := settingsOf(s.Kind)
	switch {
	case s.Single:
		v.redirect(base + "/" + s.Kind)
		return
	case !strings.HasPrefix(v.r.URL.Path, base):
		v.redirect(base)
		return
	case v.r.URL.Query().Has("new"):
		v.newSetting(s)
		return
	}
	made := func(r row) bool { return r.text("source") == resource.OverAPI }
	l := &listPage{
		title: "kind." + s.Kind, rest: "/v1/config/" + s.Kind, rows: s.Kind, link: base + "/{name}", columns: settingColumns(),
		noun:    func() *resource.Noun { return resource.Configured(s) },
		filters: []string{"name", "source", "changed_by"},
		acts:    []listAct{{path: base + "?new", words: "settings.new", right: account.ChangeSettings}},
	}
	switch s.Kind {
	case "routes":
		l.lead, l.acts = "settings.order", append(l.acts, listAct{path: consolePath + "/dry-run", words: "dry.title"})
	case "inbound":
		l.lead, l.acts = "settings.order", append(l.acts, listAct{path: consolePath + "/dry-run?inbound", words: "dry.inbound"})
	case "notices":
		l.lead = "settings.notices"
	}
	if s.Ordered {
		l.rowActs = []rowAct{
			{path: base + "/{name}/up", words: "settings.up", right: account.ChangeSettings, when: func(r row) bool { return made(r) && r.text("position") != "1" }},
			{path: base + "/{name}/down", words: "settings.down", right: account.ChangeSettings, when: made},
		}
	}
	v.listPage(l)
}

// setting reads one setting; nil where REST has none, and for what there is one of also where nothing is said yet.
func (v *visit) setting(s resource.Setting, name string) (*settingRow, *problem) {
	got := v.rest(http.MethodGet, restSetting(s, name), nil, nil, nil)
	if p := got.problem(); p != nil {
		if s.Single && p.Status == http.StatusNotFound {
			return &settingRow{Name: s.Kind, Value: map[string]any{}}, nil
		}
		return nil, p
	}
	return v.readSetting(got)
}

// restSetting is the path of a setting over REST.
func restSetting(s resource.Setting, name string) string {
	if s.Single {
		return "/v1/config/" + s.Kind
	}
	return "/v1/config/" + s.Kind + "/" + url.PathEscape(name)
}

// moveSetting puts a setting before or behind its neighbour among those that are not in the file.
func (v *visit) moveSetting(s resource.Setting, by int64) {
	name := v.r.PathValue("name")
	have, p := v.setting(s, name)
	if p != nil {
		v.refused(p)
		return
	}
	position := url.Values{"position": {strconv.FormatInt(max(have.Position+by, 1), 10)}}
	got := v.rest(http.MethodPatch, restSetting(s, name), position, map[string]any{}, ifMatch(have.Revision))
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect(settingsOf(s.Kind))
}

// deleteSetting deletes a setting unless others name it.
func (v *visit) deleteSetting(s resource.Setting) {
	revision, _ := strconv.ParseInt(v.r.PostForm.Get(":revision"), 10, 64)
	got := v.rest(http.MethodDelete, restSetting(s, v.r.PathValue("name")), nil, nil, ifMatch(revision))
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	if s.Single {
		v.redirect(settingsPath)
		return
	}
	v.redirect(settingsOf(s.Kind))
}

// ifMatch is the header by which a change is made of one revision alone; 0 of any.
func ifMatch(revision int64) http.Header {
	if revision == 0 {
		return nil
	}
	return http.Header{"If-Match": {fmt.Sprintf("%q", strconv.FormatInt(revision, 10))}}
}

// namesOf gives the names of the settings that fields of a schema name, by kind: what their inputs propose.
func (v *visit) namesOf(schema *resource.Schema) map[string][]string {
	names := map[string][]string{}
	var look func(s *resource.Schema)
	look = func(s *resource.Schema) {
		if s.Names != "" && names[s.Names] == nil {
			names[s.Names] = v.settingNames(s.Names)
		}
		for _, p := range s.Properties {
			look(p.Schema)
		}
		if s.Items != nil {
			look(s.Items)
		}
	}
	look(schema)
	return names
}

// mostNames is how many names an input proposes.
const mostNames = 500

func (v *visit) settingNames(kind string) []string {
	got := v.rest(http.MethodGet, "/v1/config/"+kind, url.Values{"limit": {strconv.Itoa(mostNames)}}, nil, nil)
	var page map[string]any
	if !got.ok() || got.read(&page) != nil {
		return []string{}
	}
	names := []string{}
	for _, r := range rowsOf(page, kind) {
		if name := r.text("name"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
