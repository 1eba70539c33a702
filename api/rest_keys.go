package api

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/resource"
)

const keyNoun = "keys"

// keyPaths registers what accounts do with their own API keys, and
// administrators with those of all.
func (s *httpServer) keyPaths() {
	s.rest("/v1/keys", methods{http.MethodGet: anyone(account.KeysRead, s.listKeys), http.MethodPost: anyone(account.KeysWrite, s.postKey)})
	s.rest("/v1/keys/{name}", methods{http.MethodGet: anyone(account.KeysRead, s.getKey), http.MethodDelete: anyone(account.KeysWrite, s.deleteKey)})
	s.rest("/v1/keys/{name}/rotate", methods{http.MethodPost: anyone(account.KeysWrite, s.rotateKey)})

	made := []int{http.StatusConflict, http.StatusGatewayTimeout}
	s.describe("GET /v1/keys", description{
		name: "listKeys", summary: "API keys that are things of their own", list: &listing{"keys", resource.Keys(), keyView{}}, examples: []example{{call: "/v1/keys?limit=1"}},
	})
	s.describe("POST /v1/keys", description{
		name: "createKey", summary: "Make an API key", text: "`key` stands in this answer and in no other. It may no more than the key with which it is made.",
		body: keyBody{}, answers: map[int]any{http.StatusCreated: keyView{}}, also: made,
		examples: []example{
			{name: "sends", call: "/v1/keys", body: `{"name":"web","scopes":["messages:write"],"note":"web shop"}`},
			{name: "refused", call: "/v1/keys", body: `{"name":"web2","scopes":["messages:send"]}`, status: http.StatusUnprocessableEntity},
		},
	})
	s.describe("GET /v1/keys/{name}", description{
		name: "getKey", summary: "An API key, without its secret", answers: map[int]any{http.StatusOK: keyView{}}, examples: []example{{call: "/v1/keys/acme:report"}},
	})
	s.describe("DELETE /v1/keys/{name}", description{
		name: "revokeKey", summary: "Revoke an API key: it is not taken any more", answers: map[int]any{http.StatusOK: deletedView{}}, also: made,
		examples: []example{{call: "/v1/keys/acme:report"}},
	})
	s.describe("POST /v1/keys/{name}/rotate", description{
		name: "rotateKey", summary: "Give an API key another secret", text: "The one before is taken for a day yet, or for as long as `keep` says.",
		body: rotateBody{}, answers: map[int]any{http.StatusOK: keyView{}}, also: made, examples: []example{{call: "/v1/keys/acme:report/rotate", body: `{"keep":"1h"}`}},
	})
}

// keyView is an API key in answers.
type keyView struct {
	Name      string   `json:"name"`
	Account   string   `json:"account"`
	Key       string   `json:"key,omitempty"` // once, when it is made
	Scopes    []string `json:"scopes,omitempty" doc:"left out: all that its account may"`
	Addresses []string `json:"addresses,omitempty" doc:"from which it is taken; left out: those of its account"`
	Expires   string   `json:"expires,omitempty"`
	Previous  string   `json:"previous_expires,omitempty" doc:"until when the secret before is taken"`
	Note      string   `json:"note,omitempty"`
	Source    string   `json:"source"`
	ChangedAt string   `json:"changed_at,omitempty"`
	ChangedBy string   `json:"changed_by,omitempty"`
	Used      string   `json:"last_used,omitempty"`
}

func (s *httpServer) viewKey(row *resource.Row) keyView {
	text := func(field string) string {
		v, _ := row.Value[field].(string)
		return v
	}
	texts := func(field string) (list []string) {
		items, _ := row.Value[field].([]any)
		for _, item := range items {
			list = append(list, fmt.Sprint(item))
		}
		return list
	}
	view := keyView{
		Name: row.Name, Account: keyOwner(row), Scopes: texts("scopes"), Addresses: texts("addresses"), Expires: text("expires"), Previous: text("previous_expires"),
		Note: text("note"), Source: row.Source, ChangedAt: seenTime(row.ChangedAt), ChangedBy: row.ChangedBy,
	}
	if k := s.Accounts().KeyByName(row.Name); k != nil {
		view.Used = seenTime(k.Used())
	}
	return view
}

func keyOwner(row *resource.Row) string {
	owner, _ := row.Value["account"].(string)
	return owner
}

// keyRows gives the keys that an account may see.
func (s *httpServer) keyRows(ctx context.Context, a *account.Account) ([]resource.Row, *problem) {
	ctx, cancel := lasting(ctx, s.Timeout)
	defer cancel()
	rows, err := s.Config.Rows(ctx, keyNoun)
	if p := changeProblem(err); p != nil {
		return nil, p
	}
	return slices.DeleteFunc(rows, func(row resource.Row) bool { return !a.Admin && keyOwner(&row) != a.Name }), nil
}

func (s *httpServer) listKeys(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]resource.Row, *problem) { return s.keyRows(r.Context(), a) }
	cell := func(row *resource.Row, field string) any {
		if field == "account" {
			return keyOwner(row)
		}
		return row.Name
	}
	return listRows(s, w, r, a, "keys", resource.Keys(), find, cell, s.viewKey)
}

// keyNamed finds the key that a path names.
func (s *httpServer) keyNamed(r *http.Request, a *account.Account) (*resource.Row, *problem) {
	rows, p := s.keyRows(r.Context(), a)
	if p != nil {
		return nil, p
	}
	name := r.PathValue("name")
	at := slices.IndexFunc(rows, func(row resource.Row) bool { return row.Name == name })
	if at < 0 {
		detail := "there is no key " + clip(name)
		if whole := a.Name + ":" + name; slices.ContainsFunc(rows, func(row resource.Row) bool { return row.Name == whole }) {
			detail += "; its whole name is " + whole
		}
		return nil, &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: detail}
	}
	return &rows[at], nil
}

func (s *httpServer) getKey(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	row, p := s.keyNamed(r, a)
	if p != nil {
		return p
	}
	return answerJSON(w, s.viewKey(row))
}

// keyBody is the body of POST /v1/keys.
type keyBody struct {
	Account   string   `json:"account"`
	Name      string   `json:"name"`
	Scopes    []string `json:"scopes"`
	Addresses []string `json:"addresses"`
	Expires   string   `json:"expires"`
	Note      string   `json:"note"`
}

// value gives the fields as they stand in the configuration.
func (b *keyBody) value(secret string) map[string]any {
	v := map[string]any{"name": b.Name, "account": b.Account, "key": secret, "expires": b.Expires, "note": b.Note}
	for field, texts := range map[string][]string{"scopes": b.Scopes, "addresses": b.Addresses} {
		list := make([]any, len(texts))
		for i := range texts {
			list[i] = texts[i]
		}
		v[field] = list
	}
	maps.DeleteFunc(v, func(_ string, value any) bool {
		list, isList := value.([]any)
		return value == "" || isList && len(list) == 0
	})
	return v
}

// postKey makes a key, which is shown this once.
func (s *httpServer) postKey(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body keyBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	if body.Account == "" {
		body.Account = a.Name
	}
	if p := s.unknownAccount(a, "account", body.Account); p != nil {
		return p
	}
	if body.Name == "" {
		body.Name = strings.ToLower(rand.Text()[:8])
	}
	if !strings.HasPrefix(body.Name, body.Account+":") {
		body.Name = body.Account + ":" + body.Name // so that nobody learns which names others have
	}
	wanted := account.Key{Scopes: body.Scopes, Addresses: body.Addresses, Expires: body.Expires}
	if k := a.Key(); k != nil {
		k.Bequeath(&wanted)
		body.Addresses, body.Expires = wanted.Addresses, wanted.Expires
	}
	if p := exceeding(a, &wanted); p != nil {
		return p
	}
	if p := s.keyRoom(r.Context(), a); p != nil {
		return p
	}
	secret := account.NewKeySecret()
	change := resource.Change{Action: resource.Create, Kind: keyNoun, Name: body.Name, Value: body.value(secret), By: a.Actor()}
	return s.changeKey(w, r, a, change, secret, http.StatusCreated)
}

// changeKey makes a change and answers with the key, its secret shown.
func (s *httpServer) changeKey(w http.ResponseWriter, r *http.Request, a *account.Account, c resource.Change, secret string, status int) *problem {
	if p := s.keyChanges.pause(a); p != nil {
		return p
	}
	location := ""
	if status == http.StatusCreated {
		location = s.link(r, "/v1/keys/"+url.PathEscape(c.Name))
	}
	return s.changeSecret(w, r, c, status, location, func(row *resource.Row) ([]byte, error) {
		view := s.viewKey(row)
		view.Key = secret
		return marshal(&view)
	})
}

// changeSecret makes a change whose answer shows a secret, this once: where it
// is kept for a repetition of the request it is sealed.
func (s *httpServer) changeSecret(w http.ResponseWriter, r *http.Request, c resource.Change, status int, location string, answer func(*resource.Row) ([]byte, error)) *problem {
	if k := keptWith(w); k != nil {
		c.Keyed, c.Answer = k, func(row *resource.Row) []byte {
			body, _ := answer(row) // what cannot be written is not written in the answer either
			return sealAnswer(k, appendAnswer(nil, status, location, "", body))
		}
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	row, err := s.Config.Change(ctx, c)
	if p := changeProblem(err); p != nil {
		return p
	}
	body, err := answer(&row)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	if location != "" {
		w.Header().Set("Location", location)
	}
	writeJSON(w, status, body)
	return nil
}

// madeKey makes the secret of an API key that is to be made and has none, for it
// to be shown this once; empty for every other change.
func madeKey(c *resource.Change) string {
	if c.Kind != keyNoun || c.Action != resource.Create || c.Value["key"] != nil {
		return ""
	}
	if c.Value == nil {
		c.Value = map[string]any{}
	}
	secret := account.NewKeySecret()
	c.Value["key"] = secret
	return secret
}

// exceeding is the problem of who has signed in with a key that may less than
// the one that he would come by.
func exceeding(a *account.Account, wanted *account.Key) *problem {
	k := a.Key()
	if k == nil {
		return nil
	}
	if field, text := k.Exceeds(wanted); field != "" {
		return faulty(http.StatusForbidden, codeScope, field, "%s", text)
	}
	return nil
}

const mostKeys = 100 // of an account that looks after them itself

// keyRoom is the problem of an account that has too many keys.
func (s *httpServer) keyRoom(ctx context.Context, a *account.Account) *problem {
	if a.Admin {
		return nil
	}
	rows, p := s.keyRows(ctx, a)
	if p == nil && len(rows) >= mostKeys {
		p = faulty(http.StatusUnprocessableEntity, codeTooMany, "", "the account has %d keys, and makes no more itself; delete some that are not used", len(rows))
	}
	return p
}

// deleteKey revokes a key: from the answer on it is not taken any more.
func (s *httpServer) deleteKey(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	row, p := s.keyNamed(r, a)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	gone, err := s.Config.Change(ctx, resource.Change{Action: resource.Delete, Kind: keyNoun, Name: row.Name, By: a.Actor()})
	if p := changeProblem(err); p != nil {
		return p
	}
	return answerJSON(w, &deletedView{gone.Name, gone.Revision})
}

// Bounds of how long a key is taken beside the one that comes after it.
const (
	rotateKeep    = 24 * time.Hour
	mostRotateFor = 90 * 24 * time.Hour
)

// rotateBody says how long the secret before is taken yet.
type rotateBody struct {
	Keep *string `json:"keep" doc:"0 for not at all, at most 90 days"`
}

// keepFor is how long a secret counts beside the one that comes after it.
func keepFor(asked *string) (time.Duration, *problem) {
	if asked == nil {
		return rotateKeep, nil
	}
	keep, err := time.ParseDuration(*asked)
	if err != nil || keep < 0 || keep > mostRotateFor {
		return 0, faulty(http.StatusUnprocessableEntity, codeBadValue, "keep", "%q is no duration from 0s to 2160h", clip(*asked))
	}
	return keep, nil
}

// rotateKey gives a key another secret; the one before is taken for a while
// yet.
func (s *httpServer) rotateKey(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body rotateBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	keep, p := keepFor(body.Keep)
	if p != nil {
		return p
	}
	row, p := s.keyNamed(r, a)
	if p != nil {
		return p
	}
	have := s.Accounts().KeyByName(row.Name)
	if have == nil {
		return changeProblem(resource.Refuse(resource.Outdated, "", "%s has just changed; try again", row.Name))
	}
	if p := exceeding(a, have); p != nil {
		return p
	}
	secret := account.NewKeySecret()
	value := map[string]any{"key": secret, "previous": nil, "previous_expires": nil}
	if keep > 0 {
		value["previous"], value["previous_expires"] = "***key", time.Now().Add(keep).UTC().Format(time.RFC3339)
	}
	change := resource.Change{Action: resource.Patch, Kind: keyNoun, Name: row.Name, Value: value, Revision: row.Revision, By: a.Actor()}
	return s.changeKey(w, r, a, change, secret, http.StatusOK)
}

// maxKeyPace is how many keys and webhooks' secrets an account makes or changes
// a minute: each puts the configuration into force anew.
const maxKeyPace = 20

// keyPace counts what accounts without the right to administrate do with their
// keys.
type keyPace struct {
	mu     sync.Mutex
	minute int64
	done   map[string]int // by account, in that minute
}

// pause is the problem of an account that is too fast.
func (c *keyPace) pause(a *account.Account) *problem {
	if a.Admin {
		return nil
	}
	now := time.Now().Unix()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.minute != now/60 {
		c.minute, c.done = now/60, map[string]int{}
	}
	if c.done[a.Name] >= maxKeyPace {
		return &problem{
			Status: http.StatusTooManyRequests, Code: message.LimitReached.Code(), RetryAfter: int(60 - now%60),
			Detail: fmt.Sprintf("an account makes and changes at most %d keys and secrets a minute", maxKeyPace),
		}
	}
	c.done[a.Name]++
	return nil
}
