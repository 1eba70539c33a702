package api

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// webhookPaths registers what is called for accounts over HTTP: webhooks and the
// dialects' callbacks. Ordinary accounts see their own.
func (s *httpServer) webhookPaths() {
	s.rest("/v1/webhooks", methods{http.MethodGet: anyone(account.WebhooksRead, s.listWebhooks)})
	s.rest("/v1/webhooks/attempts", methods{http.MethodGet: anyone(account.WebhooksRead, s.listAttempts)})

	s.deadLetterPaths()

	s.describe("GET /v1/webhooks", description{
		name: "listWebhooks", summary: "Addresses that are called, or were since the start, and what came of it",
		text: "An address is shown without user and query. `owed` is what the account is owed by that kind of target, whatever the address.",
		list: &listing{"webhooks", resource.Webhooks(), hookView{}}, examples: []example{{call: "/v1/webhooks?kind=webhook"}},
	})
	s.describe("GET /v1/webhooks/attempts", description{
		name: "listAttempts", summary: "Calls that were made since the start, newest first",
		text: "Of an account the last 2,000 that were taken and the last 2,000 that failed, fewer when many accounts are called. " +
			"`message` is the id of a message or of one from a phone.",
		list: &listing{"attempts", resource.Attempts(), attemptView{}}, examples: []example{{call: "/v1/webhooks/attempts?failed=true&limit=2"}},
	})
}

// hookView is an address that is called for an account.
type hookView struct {
	Account   string     `json:"account"`
	Kind      string     `json:"kind"`
	Address   string     `json:"address,omitempty"`
	Current   bool       `json:"current" doc:"it is the account's webhook now"`
	Owed      int64      `json:"owed"`
	Succeeded int64      `json:"succeeded"`
	Failed    int64      `json:"failed"`
	Taken     string     `json:"last_success,omitempty"`
	Error     *errorView `json:"last_failure,omitempty"`
	Resting   string     `json:"resting_until,omitempty" doc:"it has not answered the last calls"`
}

// hookRow is a hookView and what it is filtered by.
type hookRow struct{ hookView }

func (h *hookRow) cell(field string) any {
	switch field {
	case "account":
		return h.Account
	case "kind":
		return h.Kind
	case "current":
		return h.Current
	case "resting":
		return h.Resting != ""
	}
	return h.Failed
}

// listWebhooks is GET /v1/webhooks.
func (s *httpServer) listWebhooks(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	owed := inTime(s, r, a, s.Queues.Owed)
	find := func() ([]hookRow, *problem) {
		queues, p := owed()
		if p != nil {
			return nil, p
		}
		return s.hookRows(a, queues), nil
	}
	return listRows(s, w, r, a, "webhooks", resource.Webhooks(), find, (*hookRow).cell, func(h *hookRow) hookView { return h.hookView })
}

// hookRows are the addresses that were called for who an account may see, the
// webhooks that they have now, and what else is owed to somebody who is called.
func (s *httpServer) hookRows(a *account.Account, queues []gateway.OwedQueue) (rows []hookRow) {
	type place struct{ account, kind string }
	owed := map[place]int64{}
	for _, q := range queues {
		if q.Kind.Called() && q.Owed > 0 {
			owed[place{q.Account, q.Kind.String()}] = q.Owed
		}
	}
	seen := map[place]bool{}
	add := func(v hookView) {
		seen[place{v.Account, v.Kind}] = true
		v.Owed = owed[place{v.Account, v.Kind}]
		rows = append(rows, hookRow{v})
	}
	current := map[string]string{} // address by account
	for _, one := range s.Accounts().All() {
		if one.Webhook != "" && (a.Admin || one.Name == a.Name) {
			current[one.Name] = gateway.ShownURL(one.Webhook)
		}
	}
	for _, h := range s.Attempts.called(scope(a)) {
		v := hookView{
			Account: h.account, Kind: h.kind.String(), Address: h.shown, Succeeded: h.taken, Failed: h.failed, Taken: showTime(h.lastTaken), Resting: seenTime(h.rests()),
		}
		if h.last.at != 0 {
			v.Error = &errorView{At: showTime(h.last.at), Code: h.last.code, Text: h.last.text}
		}
		if v.Current = h.kind == message.WebhookTarget && current[h.account] == h.shown; v.Current {
			delete(current, h.account)
		}
		add(v)
	}
	for name, address := range current { // not called yet
		add(hookView{Account: name, Kind: message.WebhookTarget.String(), Address: address, Current: true})
	}
	for at := range owed { // before the start
		if !seen[at] {
			add(hookView{Account: at.account, Kind: at.kind})
		}
	}
	slices.SortFunc(rows, func(x, y hookRow) int {
		return cmp.Or(strings.Compare(x.Account, y.Account), strings.Compare(x.Kind, y.Kind), strings.Compare(x.Address, y.Address))
	})
	return rows
}

// attemptView is a call that was made.
type attemptView struct {
	toldView
	Account string `json:"account"`
	Kind    string `json:"kind"`
	Address string `json:"address"`
	At      string `json:"at"`
	Took    uint32 `json:"took_ms"`
	Try     uint32 `json:"attempt" doc:"from 1; those count too that were put off because the server did not answer others"`
	Status  uint32 `json:"status,omitempty" doc:"of HTTP, or the reply code of SMTP; left out when there was no answer"`
	Error   string `json:"error,omitempty" doc:"what it answered, or why there was no answer"`
	Verdict string `json:"verdict" enum:"taken,later,given_up"`
	Again   string `json:"again_at,omitempty" doc:"when it is called again"`
}

func viewAttempt(m *madeAttempt) attemptView {
	v := attemptView{
		toldView: toldOf(m.id, m.state, m.inbound, int(m.index), m.hook.kind), Account: m.account, Kind: m.hook.kind.String(), Address: m.hook.shown, At: showTime(m.at), Took: m.took, Try: m.try, Status: m.code,
		Error: m.text, Verdict: "taken", Again: showTime(m.again),
	}
	switch {
	case m.gaveUp:
		v.Verdict = "given_up"
	case !m.ok:
		v.Verdict = "later"
	}
	return v
}

// toldView is what is told: a state of a message, or a message from a phone.
type toldView struct {
	Webhook string     `json:"webhook_id,omitempty" doc:"header webhook-id, of webhooks"`
	Message message.ID `json:"message,omitzero" doc:"id of the message whose state it is"`
	State   string     `json:"state,omitempty" doc:"of the message, that is told"`
	Inbound message.ID `json:"inbound,omitzero" doc:"the message from a phone that is told"`
}

func toldOf(id message.ID, state message.State, inbound bool, index int, kind message.TargetKind) toldView {
	v := toldView{Webhook: stateHookID(id, state), Message: id, State: state.String()}
	if inbound {
		v = toldView{Webhook: inboundHookID(id, index), Inbound: id}
	}
	if kind != message.WebhookTarget {
		v.Webhook = ""
	}
	return v
}

// readHookFilter makes a hookFilter of a query.
func readHookFilter(q *resource.Query) (f hookFilter, p *problem) {
	f = hookFilter{oldest: !q.Order.Descending, after: q.After, limit: q.Limit}
	for _, filter := range q.Filters {
		switch first := filter.Values[0]; {
		case filter.Op == resource.From:
			f.since = first.Time
		case filter.Op == resource.Until:
			f.until = first.Time
		case filter.Field == "account":
			for _, v := range filter.Values {
				f.accounts = append(f.accounts, v.Text)
			}
		case filter.Field == "kind":
			for _, kind := range message.TargetKinds() {
				if slices.ContainsFunc(filter.Values, func(v resource.Value) bool { return v.Text == kind.String() }) {
					f.kinds = append(f.kinds, kind)
				}
			}
		case filter.Field == "address":
			f.address = gateway.ShownURL(first.Text)
		case filter.Field == "failed":
			f.failed = first.Text
		case filter.Field == "message":
			id, err := message.ParseID(first.Text)
			if err != nil {
				return f, faulty(http.StatusBadRequest, codeBadValue, "message", "%q: %v", clip(first.Text), err)
			}
			f.id = id
		}
	}
	return f, nil
}

// hookQuery reads the parameters of a list of attempts or dead letters, which an
// account sees its own of. has tells whether an account is known by its rows.
func (s *httpServer) hookQuery(r *http.Request, a *account.Account, noun *resource.Noun, has func(field, name string) bool) (q resource.Query, f hookFilter, p *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return q, f, p
	}
	q, wrong := noun.Parse(params, "")
	if len(wrong) > 0 {
		return q, f, badParameters(wrong)
	}
	if p := unknownNames(s, a, noun, &q, has); p != nil {
		return q, f, p
	}
	f, p = readHookFilter(&q)
	if !a.Admin {
		f.accounts = []string{a.Name}
	}
	return q, f, p
}

// answerHooks answers with a page of rows, each with its position.
func answerHooks[T, V any](s *httpServer, w http.ResponseWriter, r *http.Request, key string, noun *resource.Noun, q resource.Query, found []T, more bool, show func(*T) (int64, V)) *problem {
	rows, page := make([]V, 0, len(found)), map[string]any{}
	for i := range found {
		at, v := show(&found[i])
		rows, page["cursor"] = append(rows, v), noun.Cursor(q, at)
		if more {
			page["next"] = noun.Next(s.link(r, r.URL.Path), q, at)
		}
	}
	page[key] = rows
	return answerJSON(w, page)
}

// listAttempts is GET /v1/webhooks/attempts.
func (s *httpServer) listAttempts(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.Attempts()
	q, f, p := s.hookQuery(r, a, noun, s.calledName)
	if p != nil {
		return p
	}
	found, more := s.Attempts.list(&f)
	return answerHooks(s, w, r, "attempts", noun, q, found, more, func(m *madeAttempt) (int64, attemptView) { return m.number, viewAttempt(m) })
}

// calledName tells whether an account is known by its calls, though it may be in
// the configuration no more.
func (s *httpServer) calledName(field, name string) bool {
	return field == "account" && slices.ContainsFunc(s.Attempts.called(name), func(h calledHook) bool { return h.account == name })
}
