package api

import (
	"encoding/json"
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// auditView is who changed what.
type auditView struct {
	Number int64    `json:"number"`
	At     string   `json:"at"`
	Who    string   `json:"who"`
	Noun   string   `json:"noun"`
	Name   string   `json:"name"`
	Action string   `json:"action"`
	Fields []string `json:"fields,omitempty"`

	Before map[string]any `json:"before,omitempty" doc:"the fields that the change has changed as they were, secrets as stars"`
	After  map[string]any `json:"after,omitempty" doc:"the same as they are after it"`
}

// auditPaths registers who changed what.
func (s *httpServer) auditPaths() {
	s.rest("/v1/audit", methods{http.MethodGet: admins(account.ConfigRead, s.listAudits)})
	s.describe("GET /v1/audit", description{
		name: "listAudit", summary: "Who changed what, newest first", list: &listing{"audit", resource.Audits(), auditView{}},
		examples: []example{{call: "/v1/audit?noun=lists&limit=1"}},
	})
}

// listAudits is GET /v1/audit: who changed what, the newest first.
func (s *httpServer) listAudits(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	params, p := parseQuery(r)
	if p != nil {
		return p
	}
	noun := resource.Audits()
	q, wrong := noun.Parse(params, "")
	if len(wrong) > 0 {
		return badParameters(wrong)
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	found, err := s.Config.Audits(ctx, gateway.AuditFilter{
		Kind: q.Text("noun"), Name: q.Text("name"), Who: q.Text("who"), Oldest: !q.Order.Descending, After: q.After, Limit: q.Limit + 1,
	})
	if err != nil {
		return readProblem(err, "change")
	}
	more := len(found) > q.Limit
	if more {
		found = found[:q.Limit]
	}
	rows := make([]auditView, 0, len(found))
	for _, a := range found {
		rows = append(rows, viewAudit(&a))
	}
	page := map[string]any{"audit": rows}
	if more {
		last := found[len(found)-1].Number
		page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), q, last), noun.Cursor(q, last)
	}
	return answerJSON(w, page)
}

// viewAudit is a change as it is shown. What was kept before values were has none.
func viewAudit(a *gateway.Audit) auditView {
	v := auditView{Number: a.Number, At: seenTime(time.UnixMilli(a.At)), Who: a.Who, Noun: a.Kind, Name: a.Name, Action: a.Action, Fields: a.Fields}
	var values resource.Audited
	if json.Unmarshal([]byte(a.Data), &values) == nil {
		v.Before, v.After = values.Before, values.After
	}
	return v
}
