package api

import (
	"net/http"
	"strconv"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// deadLetterPaths registers what is about what customers' servers did not take:
// ordinary accounts see, replay and remove their own.
func (s *httpServer) deadLetterPaths() {
	s.rest("/v1/webhooks/dead", methods{
		http.MethodGet: anyone(account.WebhooksRead, s.listDeadLetters), http.MethodDelete: anyone(account.WebhooksWrite, s.removeDeadLetters),
	})
	s.rest("/v1/webhooks/dead/{n}", methods{http.MethodDelete: anyone(account.WebhooksWrite, s.removeDeadLetter)})
	s.rest("/v1/webhooks/replay", methods{http.MethodPost: anyone(account.WebhooksWrite, s.postReplay)})

	s.describe("GET /v1/webhooks/dead", description{
		name: "listDeadLetters", summary: "What was called for in vain until it was too old, or was refused for good (410)",
		text: "They stay until they are replayed or removed, or as old as messages may be. `since` and `until` are about when they were given up.",
		list: &listing{"dead", resource.DeadLetters(), deadView{}}, examples: []example{{call: "/v1/webhooks/dead?kind=webhook&limit=1"}},
	})
	s.describe("DELETE /v1/webhooks/dead", description{
		name: "removeDeadLetters", summary: "Remove dead letters: all of an account, or those that the filters name",
		text: "The messages stay as they are. Accounts that may administrate say whose: `account`.", answers: map[int]any{http.StatusOK: removedView{}},
		query: []parameter{
			{"account", "whose; needed of accounts that may administrate", nil},
			{"kind", "of target, several with commas", nil},
			{"address", "without user and query", nil},
			{"message", "id of a message or of one from a phone", nil},
			{"since", "given up then or later", nil},
			{"until", "given up before", nil},
		}, also: []int{http.StatusGatewayTimeout}, examples: []example{{call: "/v1/webhooks/dead?message=06y30tp6r0008"}},
	})
	s.describe("DELETE /v1/webhooks/dead/{n}", description{
		name: "removeDeadLetter", summary: "Remove a dead letter by its number", answers: map[int]any{http.StatusOK: removedView{}},
		also: []int{http.StatusGatewayTimeout}, examples: []example{{call: "/v1/webhooks/dead/2"}},
	})
	s.describe("POST /v1/webhooks/replay", description{
		name: "replayWebhooks", summary: "Call customers' servers again with what they took, or with dead letters",
		text: "A range of time (when messages were accepted or came), ids, or `dead`. `to_current` has what goes to a webhook go to the one that the account has now, also what " +
			"is owed still to another address. Accounts that may administrate say whose; `*` is for all. The answer is the job that does it, as of `POST /v1/queues/push`.",
		body: replayBody{}, answers: map[int]any{http.StatusAccepted: jobView{}}, also: []int{http.StatusConflict},
		examples: []example{
			{name: "range", call: "/v1/webhooks/replay", body: `{"from":"2026-11-01T10:00:00Z","to":"2026-11-01T11:00:00Z","address":"https://shop.example/sms"}`},
			{name: "refused", call: "/v1/webhooks/replay", body: `{"kinds":["inbound"]}`, status: http.StatusUnprocessableEntity},
		},
	})
}

// deadView is a dead letter.
type deadView struct {
	Number int64 `json:"number"`
	toldView
	Account string `json:"account"`
	Kind    string `json:"kind"`
	Address string `json:"address"`
	Owed    string `json:"owed_since" doc:"when it was to be told first"`
	At      string `json:"at" doc:"when it was given up"`
	Tries   int    `json:"attempts" doc:"calls that were made"`
	Status  uint32 `json:"status,omitempty" doc:"of HTTP, the last; left out when there was no answer"`
	Error   string `json:"error,omitempty" doc:"the last answer, or why there was none"`
}

func viewDead(d *gateway.DeadLetter) deadView {
	return deadView{
		toldView: toldOf(d.ID, d.State, d.Inbound, int(d.Index), d.Kind),
		Number:   d.Number, Account: d.Account, Kind: d.Kind.String(), Address: d.Address, Owed: showTime(d.Since), At: showTime(d.At),
		Tries: d.Tries, Status: d.Code, Error: d.Text,
	}
}

// deadFilter puts a hookFilter into the gateway's terms.
func (f *hookFilter) dead() gateway.DeadFilter {
	return gateway.DeadFilter{
		Accounts: f.accounts, Kinds: f.kinds, Address: f.address, ID: f.id, Since: f.since, Until: f.until, Oldest: f.oldest, After: f.after,
	}
}

// listDeadLetters is GET /v1/webhooks/dead.
func (s *httpServer) listDeadLetters(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.DeadLetters()
	q, f, p := s.hookQuery(r, a, noun, nobodyKnown)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	dead := f.dead()
	dead.Limit = f.limit + 1
	found, err := s.Queues.Dead(ctx, dead)
	if err != nil {
		return readProblem(err, "dead letter")
	}
	more := len(found) > f.limit
	return answerHooks(s, w, r, "dead", noun, q, found[:min(len(found), f.limit)], more, func(d *gateway.DeadLetter) (int64, deadView) { return d.Number, viewDead(d) })
}

// nobodyKnown says that no account is known by rows alone.
func nobodyKnown(string, string) bool { return false }

// removedView is how many were removed.
type removedView struct {
	Removed int64 `json:"removed"`
}

// removeDeadLetters is DELETE /v1/webhooks/dead.
func (s *httpServer) removeDeadLetters(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	noun := resource.DeadLetters()
	_, f, p := s.hookQuery(r, a, noun, nobodyKnown)
	switch {
	case p != nil:
		return p
	case len(f.accounts) == 0:
		return faulty(http.StatusBadRequest, codeRequired, "account", "account is missing: whose dead letters are removed")
	}
	for _, name := range []string{"limit", "cursor", "sort"} {
		if r.URL.Query().Has(name) {
			return faulty(http.StatusBadRequest, codeUnknownQuery, name, "%s is for lists; all that the filters name is removed", name)
		}
	}
	return s.removeDead(w, r, a, f.dead())
}

// removeDeadLetter is DELETE /v1/webhooks/dead/{n}.
func (s *httpServer) removeDeadLetter(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	f := gateway.DeadFilter{}
	var err error
	if f.Number, err = strconv.ParseInt(r.PathValue("n"), 10, 64); err != nil || f.Number <= 0 {
		return faulty(http.StatusNotFound, codeNotFound, "n", "there is no dead letter %q", clip(r.PathValue("n")))
	}
	if !a.Admin {
		f.Accounts = []string{a.Name}
	}
	return s.removeDead(w, r, a, f)
}

func (s *httpServer) removeDead(w http.ResponseWriter, r *http.Request, a *account.Account, f gateway.DeadFilter) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	n, err := s.Queues.RemoveDead(ctx, f)
	switch {
	case err != nil:
		return readProblem(err, "dead letter")
	case n == 0 && f.Number != 0:
		return readProblem(gateway.ErrNotFound, "dead letter")
	case n > 0:
		s.Log.Info("dead letters are removed", "letters", n, "by", a.Actor())
	}
	return answerJSON(w, &removedView{n})
}

// replayBody is the body of POST /v1/webhooks/replay.
type replayBody struct {
	Account *string   `json:"account"`
	Kinds   []string  `json:"kinds" enum:"receipts,inbound" doc:"what is told again; left out: both"`
	From    askedTime `json:"from"`
	To      askedTime `json:"to"`
	IDs     []string  `json:"ids"`
	Dead    bool      `json:"dead" doc:"only dead letters"`
	Address string    `json:"address" doc:"only what goes to this address, which is named without user and query"`
	Current bool      `json:"to_current" doc:"to the webhook that the account has now"`
}

// postReplay is POST /v1/webhooks/replay.
func (s *httpServer) postReplay(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body replayBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	push := pushBody{Account: body.Account, Kinds: body.Kinds, From: body.From, To: body.To, IDs: body.IDs, GivenUp: body.Dead}
	req, p := s.pushRequest(&push, a, true)
	switch {
	case p != nil:
		return p
	case !body.Dead && !body.Current && len(req.IDs) == 0 && req.From.IsZero() && req.To.IsZero():
		return faulty(http.StatusUnprocessableEntity, codeRequired, "from", "nothing says what is replayed: from, to or both, ids, dead or to_current")
	}
	req.Called, req.Address, req.ToCurrent = true, gateway.ShownURL(body.Address), body.Current
	if body.Current {
		switch to := s.Accounts().ByName(req.Account); {
		case to == nil:
			return faulty(http.StatusUnprocessableEntity, codeBadValue, "to_current", "to_current is for one account: say which")
		case to.Webhook == "":
			return faulty(http.StatusUnprocessableEntity, codeBadValue, "to_current", "the account %q has no webhook", to.Name)
		}
	}
	return s.beginPush(w, r, a, req)
}
