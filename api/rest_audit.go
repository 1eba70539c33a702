package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
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
	s.rest("/v1/audit", methods{http.MethodGet: anyone(account.AuditRead, s.listAudits)})
	s.describe("GET /v1/audit", description{
		name: "listAudit", summary: "Who changed what, newest first",
		text: "An account sees the changes of what is its own, whoever made them; a user of the web pages those of the accounts below as well; administrators all. " +
			"Of what the operator of the server decides for an account, such as its routes, it sees which fields were changed, and not to what.",
		list:     &listing{"audit", resource.Audits(), auditView{}},
		examples: []example{{call: "/v1/audit?noun=lists&limit=1"}},
	})
}

// listAudits is GET /v1/audit: who changed what, the newest first.
func (s *httpServer) listAudits(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
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
	found, next, err := s.Config.Audits(ctx, gateway.AuditFilter{
		Kind: q.Text("noun"), Name: q.Text("name"), Who: q.Text("who"), Accounts: s.auditedOf(a),
		Oldest: !q.Order.Descending, After: q.After, Limit: q.Limit,
	})
	if err != nil {
		return readProblem(err, "change")
	}
	rows := make([]auditView, 0, len(found))
	for i := range found {
		view := viewAudit(&found[i])
		if !a.Admin {
			s.withhold(&view, a)
		}
		rows = append(rows, view)
	}
	page := map[string]any{"audit": rows}
	if next != 0 {
		page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), q, next), noun.Cursor(q, next)
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

// auditedOf gives the accounts whose changes who acts sees; nil for all.
func (s *httpServer) auditedOf(a *account.Account) []string {
	if a.Admin {
		return nil
	}
	names := []string{a.Name}
	if a.User() == "" {
		return names
	}
	for _, below := range s.Accounts().Below(a.Name) {
		if below.Name != a.Name {
			names = append(names, below.Name)
		}
	}
	return names
}

// shownToAccounts says, by noun, of which fields an account sees what they were and are: those that it says itself, or sees elsewhere.
// A noun without fields here shows none, one with "*" all.
func shownToAccounts() map[string][]string {
	return map[string][]string{
		"users":     {"*"},
		"keys":      {"*"},
		"rotas":     {"*"},
		"schedules": {"*"},
		"accounts": {
			"name", "web", "contacts", "senders", "sender", "long_sender", "addresses", "numbers", "webhook", "mailbox", "mail_to", "dlr_url",
			"validity", "hours", "max_parts", "opt_out", "zone", "country", "second_factor", "rate", "limits", "balance",
		},
	}
}

// shownWith says which scope it takes to see the values of a noun, or of a field of one.
func shownWith() map[string]account.Scope {
	return map[string]account.Scope{"users": account.UsersRead, "keys": account.KeysRead, "accounts balance": account.MoneyRead}
}

// withhold takes out of a change what an account is not told: values of fields that are the operator's affair or that the key may not
// read elsewhere, texts from who sees none, and, of what goes from one account to another, how it is with the one that is somebody
// else's.
func (s *httpServer) withhold(v *auditView, a *account.Account) {
	shown, accounts := shownToAccounts()[v.Noun], s.Accounts()
	lacks := func(what string) bool {
		scope, needed := shownWith()[what]
		return needed && a.Key() != nil && !a.Key().May(scope)
	}
	if v.Noun == "schedules" && !a.SeesTexts() || lacks(v.Noun) {
		shown = nil
	}
	for _, values := range []map[string]any{v.Before, v.After} {
		if of, moves := values["account"]; moves {
			if name, isText := of.(string); !isText || !a.ActsFor(name, accounts) {
				clear(values)
			}
		}
		maps.DeleteFunc(values, func(field string, _ any) bool {
			return !slices.Contains(shown, "*") && !slices.Contains(shown, field) || lacks(v.Noun+" "+field)
		})
	}
}
