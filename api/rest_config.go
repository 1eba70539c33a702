package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
	"kurir/route"
)

// ConfigOptions is what /v1/config and /v1/audit are made of.
type ConfigOptions struct {
	Rows   func(ctx context.Context, kind string) ([]resource.Row, error)
	Change func(ctx context.Context, c resource.Change) (resource.Row, error)
	Audits func(ctx context.Context, f gateway.AuditFilter) (list []gateway.Audit, next int64, err error)
	// Routes gives the rules that there would be by a change of one of them, which it does not make; the errors are those of Change.
	// Without it none is thought about.
	Routes func(ctx context.Context, c resource.Change) ([]route.Rule, error)
	// Schema says which fields a setting may have, for /openapi.json; without it any.
	Schema func(noun resource.Setting) *resource.Schema
}

// byNumber handles a noun of which there is one by the first, others by the second; nil is a method that cannot be.
func (s *httpServer) byNumber(one, several restHandler) restHandler {
	return func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
		noun, known := resource.SettingOf(r.PathValue("noun"))
		h, allow := several, "GET, POST"
		if noun.Single {
			h, allow = one, "GET, PUT, PATCH, DELETE"
			r.SetPathValue("name", noun.Kind)
		}
		if h == nil && known {
			return &problem{
				Status: http.StatusMethodNotAllowed, Code: codeMethod, Allow: allow,
				Detail: notPossible(r.Method, allow),
			}
		}
		if h == nil {
			h = s.listSettings // says that there is no such noun
		}
		return h(w, r, a)
	}
}

// settingView is a setting in answers.
type settingView struct {
	Name      string         `json:"name"`
	Source    string         `json:"source"`
	Place     string         `json:"place,omitempty"`
	Position  int64          `json:"position,omitempty"`
	Revision  int64          `json:"revision,omitempty"`
	ChangedAt string         `json:"changed_at,omitempty"`
	ChangedBy string         `json:"changed_by,omitempty"`
	Value     map[string]any `json:"value,omitempty"`
	Warnings  []string       `json:"warnings,omitempty"`
}

func viewSetting(r *resource.Row) settingView {
	return settingView{r.Name, r.Source, r.Place, r.Position, r.Revision, seenTime(r.ChangedAt), r.ChangedBy, r.Value, r.Warnings}
}

// answerSetting answers with one setting and its revision as ETag.
func answerSetting(w http.ResponseWriter, status int, r *resource.Row) *problem {
	body, tag, err := settingAnswer(r)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	if tag != "" {
		w.Header().Set("ETag", tag)
	}
	writeJSON(w, status, body)
	return nil
}

// settingAnswer is the body and the ETag that tell of a setting.
func settingAnswer(r *resource.Row) (body []byte, tag string, err error) {
	view := viewSetting(r)
	if body, err = marshal(&view); err == nil && r.Revision > 0 {
		tag = etagOf(r.Revision)
	}
	return body, tag, err
}

// madeAt is where a setting is that was made at a path.
func madeAt(path string, row *resource.Row) string { return path + "/" + url.PathEscape(row.Name) }

func (s *httpServer) listNouns(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	var nouns []nounView
	for _, n := range resource.Settings() {
		nouns = append(nouns, nounView{n.Kind, n.Key, n.Ordered, n.Single})
	}
	return answerJSON(w, &nounsView{nouns})
}

func (s *httpServer) listSettings(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	kind := r.PathValue("noun")
	noun, _ := resource.SettingOf(kind) // one that there is not: find says so
	find := func() ([]resource.Row, *problem) {
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		rows, err := s.Config.Rows(ctx, kind)
		return rows, changeProblem(err)
	}
	cell := func(row *resource.Row, field string) any {
		switch field {
		case "source":
			return row.Source
		case "changed_by":
			return row.ChangedBy
		case "changed_at":
			return row.ChangedAt
		case "order":
			return row.Order
		}
		return row.Name
	}
	return listRows(s, w, r, a, kind, resource.Configured(noun), find, cell, viewSetting)
}

func (s *httpServer) getSetting(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	rows, err := s.Config.Rows(ctx, r.PathValue("noun"))
	if p := changeProblem(err); p != nil {
		return p
	}
	name := r.PathValue("name")
	for i := range rows {
		if name != "" && strings.TrimPrefix(rows[i].Name, "+") == strings.TrimPrefix(name, "+") {
			return answerSetting(w, http.StatusOK, &rows[i])
		}
	}
	if noun, _ := resource.SettingOf(r.PathValue("noun")); noun.Single && name == noun.Kind {
		return changeProblem(resource.Refuse(resource.Missing, "", "nothing is said of %s in the file or over REST: what docs/configuration.md says of that holds", name))
	}
	return changeProblem(resource.Refuse(resource.Missing, "", "there is no %s/%s", r.PathValue("noun"), clip(name)))
}

// changeBy makes the handler of a change whose body is a setting, or for a Patch what changes of it.
func (s *httpServer) changeBy(action resource.Action) restHandler {
	return func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
		c, p := wantedChange(r, a, action)
		if p != nil {
			return p
		}
		if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); action == resource.Patch && strings.EqualFold(strings.TrimSpace(t), "application/merge-patch+json") {
			r.Header.Set("Content-Type", "application/json") // RFC 7396 is all that this can be
		}
		r.URL.RawQuery = "" // wantedChange has read it
		if p := s.readJSON(w, r, a, &c.Value); p != nil {
			return p
		}
		made := madeKey(&c)
		show := func(row *resource.Row) {
			if made != "" {
				row.Value["key"] = made
			}
		}
		if key := keptWith(w); key != nil {
			c.Keyed, c.Answer = key, func(row *resource.Row) []byte {
				show(row)
				body, tag, _ := settingAnswer(row) // what cannot be written is not written in the answer either
				kept := appendAnswer(nil, http.StatusCreated, s.link(r, madeAt(r.URL.Path, row)), tag, body)
				if made != "" {
					return sealAnswer(key, kept)
				}
				return kept
			}
		}
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		row, err := s.Config.Change(ctx, c)
		if p := changeProblem(err); p != nil {
			return p
		}
		show(&row)
		status := http.StatusOK
		if action == resource.Create {
			status = http.StatusCreated
			w.Header().Set("Location", s.link(r, madeAt(r.URL.Path, &row)))
		}
		return answerSetting(w, status, &row)
	}
}

func (s *httpServer) deleteSetting(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	c, p := wantedChange(r, a, resource.Delete)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	row, err := s.Config.Change(ctx, c)
	if p := changeProblem(err); p != nil {
		return p
	}
	return answerJSON(w, &deletedView{row.Name, row.Revision})
}

// wantedChange reads path, parameters and If-Match of a change.
func wantedChange(r *http.Request, a *account.Account, action resource.Action) (resource.Change, *problem) {
	c := resource.Change{Action: action, Kind: r.PathValue("noun"), Name: r.PathValue("name"), By: a.Actor()}
	params, p := parseQuery(r)
	if p != nil {
		return c, p
	}
	for name, values := range params {
		if name != "position" || action == resource.Delete {
			return c, faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here", clip(name))
		}
		n, err := strconv.ParseInt(values[0], 10, 32)
		if err != nil || n < 1 {
			return c, faulty(http.StatusBadRequest, codeBadValue, name, "the position is not a number from 1")
		}
		c.Position = n
	}
	match := r.Header.Get("If-Match")
	if match == "" {
		return c, nil
	}
	n, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	if err != nil || n < 1 {
		return c, faulty(http.StatusPreconditionFailed, codeOutdated, "If-Match", "If-Match is not the ETag of a setting, such as \"12\"")
	}
	c.Revision = n
	return c, nil
}

// changeProblem is the answer to the error of a change; nil for none.
func changeProblem(err error) *problem {
	var refused *resource.Refusal
	var f *message.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return refusedChange(refused)
	case errors.As(err, &f):
		return failed(f)
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the database did not answer in time; read the setting again before the change is repeated"}
	}
	return readProblem(err, "setting")
}

// refusedChange is the answer to a refused change.
func refusedChange(refused *resource.Refusal) *problem {
	status, code := http.StatusUnprocessableEntity, codeBadValue
	switch refused.Reason {
	case resource.Invalid:
	case resource.NoNoun, resource.Missing:
		status, code = http.StatusNotFound, codeNotFound
	case resource.Taken:
		status, code = http.StatusConflict, codeTaken
	case resource.OfFile:
		status, code = http.StatusConflict, codeInFile
	case resource.Outdated:
		status, code = http.StatusPreconditionFailed, codeOutdated
	case resource.Needed:
		status, code = http.StatusConflict, codeNeeded
	}
	p := &problem{Status: status, Code: code, Detail: refused.Error()}
	for _, one := range refused.Problems {
		p.Errors = append(p.Errors, fieldError{Index: -1, Field: one.Field, Code: code, Detail: one.Error()})
	}
	return p
}
