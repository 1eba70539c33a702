package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/resource"
)

// settingView is what the page of one setting shows.
type settingView struct {
	Kind     string // routes
	Key      string // field of its name
	Name     string // empty for a new one
	Base     string // of its list; empty for what there is one of
	Action   string // where the form goes
	Row      *settingRow
	Form     *form
	JSON     string // in place of Form: all of it
	AsJSON   bool
	New      bool
	Nameless bool     // a new one has no field for its name
	Kinds    []string // of links, for a new one: which it is to be
	InFile   bool
	Changes  bool // the user may change it
	Saved    bool
	Deletes  bool
	Revision int64
	Conflict []settingConflict
	Dry      *dryRun // beside a route or an inbound rule
	Taken    string  // where the route stands in the file that takes every message before a new one
	Secret   string  // an API key that was made, shown this once
}

// settingConflict is a field that somebody else has changed since the form was opened.
type settingConflict struct{ Field, Theirs, Yours string }

// schemaOf gives the schema of a setting; of a link it goes by the kind of its value.
func (v *visit) schemaOf(s resource.Setting, linkKind string) *resource.Schema {
	schema := v.Schema(s)
	for _, one := range schema.OneOf {
		for _, p := range one.Properties {
			if p.Name == "kind" && len(p.Schema.Enum) > 0 && p.Schema.Enum[0] == linkKind {
				return one
			}
		}
	}
	if len(schema.OneOf) > 0 && len(schema.Properties) == 0 {
		return schema.OneOf[0]
	}
	return schema
}

// commonFields are those that most fill in, by kind; of others whatever is filled in is shown.
func commonFields(kind string) []string {
	return strings.Fields(map[string]string{
		"routes":     "to account from via fallback",
		"inbound":    "to keyword account do",
		"accounts":   "password senders sender numbers webhook parent prices balance rate",
		"connectors": "kind hosts system_id password user account sessions window rate",
		"users":      "account role password mail language until",
		"keys":       "account scopes expires note",
		"notices":    "text kind start end accounts",
		"lists":      "kind of accounts routes",
		"prices":     "currency csv",
		"rotas":      "account zone layers else",
		"schedules":  "account at zone to text",
		"filters":    "url timeout unanswered",
		"replies":    "within digits",
		"retries":    "first longest tries age",
		"series":     "format restart",
		"aliases":    "to",
		"mail":       "server from tls user password default",
		"alarms":     "mail sms webhook off link_down queue_age",
		"dimensions": "values required",
		"tlvs":       "tag type max",
		"traffic":    "countries recipient_hour growth series",
	}[kind])
}

// settingPage shows one setting.
func (v *visit) settingPage(s resource.Setting) {
	have, p := v.setting(s, v.r.PathValue("name"))
	if p != nil {
		v.refused(p)
		return
	}
	v.showSetting(http.StatusOK, v.viewOf(s, have, have.Value), nil)
}

// newSetting shows the form of one that is to be made.
func (v *visit) newSetting(s resource.Setting) {
	value := map[string]any{}
	if s.Kind == "connectors" {
		if value["kind"] = v.r.URL.Query().Get("kind"); value["kind"] == "" {
			value["kind"] = "smpp"
		}
	}
	if s.Kind == "keys" && v.account != nil {
		value["account"] = v.account.Name
	}
	v.showSetting(http.StatusOK, v.viewOf(s, nil, value), nil)
}

// takesAll finds the route of the file that takes every message, behind which all that are made here stand; empty for none.
func (v *visit) takesAll() string {
	got := v.rest(http.MethodGet, "/v1/config/routes", url.Values{"source": {resource.InFile}, "limit": {strconv.Itoa(resource.MaxLimit)}}, nil, nil)
	var page struct{ Routes []settingRow }
	if !got.ok() || got.read(&page) != nil {
		return ""
	}
	for _, r := range page.Routes {
		all := r.Value["to"] == nil || r.Value["to"] == "*"
		for field := range r.Value {
			all = all && slices.Contains([]string{"name", "to", "via", "fallback"}, field)
		}
		if all {
			return strings.TrimSpace(r.Name + " " + r.Place)
		}
	}
	return ""
}

// viewOf makes the view of a setting with what is in its form; have is nil for a new one.
func (v *visit) viewOf(s resource.Setting, have *settingRow, value map[string]any) *settingView {
	kind, _ := value["kind"].(string)
	schema := v.schemaOf(s, kind)
	shown := &settingView{Kind: s.Kind, Key: s.Key, Base: settingsOf(s.Kind), Row: have, New: have == nil, Changes: v.sees(account.ChangeSettings)}
	shown.Action = shown.Base
	if have != nil {
		shown.Name, shown.InFile, shown.Revision = have.Name, have.Source == resource.InFile, have.Revision
		shown.Action += "/" + url.PathEscape(have.Name)
		shown.Deletes = have.Source == resource.OverAPI && shown.Changes
		shown.Changes = shown.Changes && !shown.InFile
	} else {
		shown.Nameless = s.Key == ""
		if s.Kind == "routes" {
			shown.Taken = v.takesAll()
		}
		if s.Kind == "connectors" {
			for _, one := range v.Schema(s).OneOf {
				shown.Kinds = append(shown.Kinds, one.Properties[slicesIndex(one.Properties, "kind")].Schema.Enum[0])
			}
		}
	}
	if s.Single {
		shown.Base = ""
	}
	if shown.AsJSON = v.r.URL.Query().Has("json") || v.r.PostForm.Has(":all"); shown.AsJSON {
		shown.JSON = indented(value)
	}
	o := formOptions{
		say: func(key string, args ...any) string { return v.words(v.lang(), key, args...) }, help: v.helped,
		common: commonFields(s.Kind), key: s.Key, kind: s.Kind, named: have != nil, names: v.namesOf(schema), keeps: !shown.Changes,
	}
	shown.Form = buildForm(schema, value, o)
	shown.Dry = v.dryBeside(s)
	return shown
}

// slicesIndex is the place of a property.
func slicesIndex(properties resource.Properties, name string) int {
	for i, p := range properties {
		if p.Name == name {
			return i
		}
	}
	return 0
}

// showSetting shows the page, with what REST says is wrong.
func (v *visit) showSetting(status int, shown *settingView, p *problem) {
	if p != nil {
		shown.Form.show(p)
		status = p.Status
	}
	v.render(status, "setting", "kind."+shown.Kind, shown)
}

// typedSetting reads what was typed into the form of a setting.
func (v *visit) typedSetting(s resource.Setting, keep bool) (map[string]any, []formWrong) {
	typed := v.r.PostForm
	say := func(key string, args ...any) string { return v.words(v.lang(), key, args...) }
	if typed.Has(":all") {
		var value map[string]any
		if err := json.Unmarshal([]byte(typed.Get(":all")), &value); err != nil {
			return map[string]any{}, []formWrong{{"JSON", say("form.nojson", err)}}
		}
		return value, nil
	}
	for _, field := range kindTimes(s.Kind) {
		if typed.Has(field) {
			typed.Set(field, typedInstant(typed.Get(field), typed.Get(":zone")))
		}
	}
	return readForm(v.schemaOf(s, typed.Get("kind")), typed, keep, say)
}

// saveSetting puts what was typed in place of a setting, or does what else the form's buttons do.
func (v *visit) saveSetting(s resource.Setting) { v.saved(s, v.r.PathValue("name")) }

// makeSetting makes a setting of what was typed, likewise.
func (v *visit) makeSetting(s resource.Setting) { v.saved(s, "") }

func (v *visit) saved(s resource.Setting, name string) {
	typed := v.r.PostForm
	add, remove, try := typed.Get(":add"), typed.Get(":remove"), typed.Has(":try")
	value, wrong := v.typedSetting(s, add != "" || remove != "")
	var have *settingRow
	if name != "" {
		var p *problem
		if have, p = v.setting(s, name); p != nil {
			v.refused(p)
			return
		}
		if s.Key != "" && value[s.Key] == nil && !s.Single {
			value[s.Key] = have.Name // its input is not sent
		}
	}
	if add != "" {
		alterList(value, add, true)
	} else if remove != "" {
		alterList(value, remove, false)
	}
	shown := v.viewOf(s, have, value)
	if typed.Has(":all") && len(wrong) > 0 {
		shown.JSON = typed.Get(":all")
	}
	shown.Form.showWrong(wrong)
	if revision, err := strconv.ParseInt(typed.Get(":revision"), 10, 64); err == nil {
		shown.Revision = revision
	}
	switch {
	case add != "" || remove != "":
		v.showSetting(http.StatusOK, shown, nil)
	case len(wrong) > 0:
		v.showSetting(http.StatusUnprocessableEntity, shown, nil)
	case try:
		v.tryBeside(s, shown, value)
		v.showSetting(http.StatusOK, shown, nil)
	case !v.sees(account.ChangeSettings):
		v.fail(http.StatusForbidden, "error.right")
	default:
		v.writeSetting(s, shown, value)
	}
}

// writeSetting gives REST a setting, and shows what became of it.
func (v *visit) writeSetting(s resource.Setting, shown *settingView, value map[string]any) {
	method, path := http.MethodPut, restSetting(s, shown.Name)
	switch {
	case !shown.New:
	case s.Key != "":
		method, path = http.MethodPost, "/v1/config/"+s.Kind
	default:
		name := strings.TrimSpace(v.r.PostForm.Get(":name"))
		if p := v.freeName(s, name); p != nil {
			v.showSetting(p.Status, shown, p)
			return
		}
		path = restSetting(s, name)
	}
	got := v.rest(method, path, nil, value, ifMatch(shown.Revision))
	p := got.problem()
	if p == nil {
		v.settingSaved(s, shown, got)
		return
	}
	if p.Status == http.StatusPreconditionFailed {
		v.conflict(s, shown, value)
	}
	v.showSetting(p.Status, shown, p)
}

// freeName is the problem of a name that another one has, or that is none.
func (v *visit) freeName(s resource.Setting, name string) *problem {
	if name == "" {
		return &problem{Status: http.StatusUnprocessableEntity, Detail: v.words(v.lang(), "settings.noname")}
	}
	if have, _ := v.setting(s, name); have != nil {
		return &problem{Status: http.StatusConflict, Detail: v.words(v.lang(), "settings.taken", name)}
	}
	return nil
}

// settingSaved shows a setting as it is now, or goes on to the list where nothing is to be said of it.
func (v *visit) settingSaved(s resource.Setting, before *settingView, got *restAnswer) {
	now, p := v.readSetting(got)
	if p != nil {
		v.refused(p)
		return
	}
	key, _ := now.Value["key"].(string)
	if now.Value != nil && !strings.HasPrefix(key, "***") && s.Kind == "keys" && before.New {
		now.Value["key"] = "***"
	} else {
		key = ""
	}
	if len(now.Warnings) == 0 && key == "" && !s.Single && before.New {
		v.redirect(settingsOf(s.Kind))
		return
	}
	shown := v.viewOf(s, now, now.Value)
	shown.Saved, shown.Secret, shown.AsJSON = true, key, before.AsJSON
	v.showSetting(http.StatusOK, shown, nil)
}

// readSetting reads a setting that REST answers, with its warnings in the user's language.
func (v *visit) readSetting(got *restAnswer) (*settingRow, *problem) {
	var row settingRow
	if err := json.Unmarshal(got.body.Bytes(), &row); err != nil {
		return nil, &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
	}
	if row.Value == nil {
		row.Value = map[string]any{}
	}
	for i := range row.Warnings {
		row.Warnings[i] = v.inWords(row.Warnings[i])
	}
	return &row, nil
}

// conflict compares what was typed with what somebody else has saved meanwhile; to save once more puts the former in place of the latter.
func (v *visit) conflict(s resource.Setting, shown *settingView, value map[string]any) {
	now, p := v.setting(s, shown.Name)
	if p != nil {
		return
	}
	shown.Row, shown.Revision = now, now.Revision
	for _, name := range resource.Differences(now.Value, value) {
		if reflect.DeepEqual(now.Value[name], value[name]) {
			continue
		}
		shown.Conflict = append(shown.Conflict, settingConflict{name, shownValue(now.Value[name]), shownValue(value[name])})
	}
}

// shownValue is a value in a table of differences.
func shownValue(value any) string {
	if text, ok := scalarText(value); ok {
		return text
	}
	return indented(value)
}
