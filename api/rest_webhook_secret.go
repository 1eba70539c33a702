package api

import (
	"cmp"
	"net/http"
	"time"

	"kurir/account"
	"kurir/resource"
)

// hookSecretPaths registers what accounts that were made over REST do with the
// secrets by which their webhooks are signed.
func (s *httpServer) hookSecretPaths() {
	s.rest("/v1/webhooks/secret/rotate", methods{http.MethodPost: anyone(account.WebhooksWrite, s.rotateHookSecret)})
	s.describe("POST /v1/webhooks/secret/rotate", description{
		name: "rotateWebhookSecret", summary: "Give an account another webhook_secret",
		text: "`webhook_secret` stands in this answer and in no other. Webhooks are signed by the one before too for a day yet, or for as long as `keep` says: " +
			"change your server to the new one meanwhile. An account of the file is changed there.",
		body: hookSecretBody{}, answers: map[int]any{http.StatusOK: hookSecretView{}}, also: []int{http.StatusConflict, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/webhooks/secret/rotate", body: `{"keep":"48h"}`}},
	})
}

// hookSecretBody is the body of POST /v1/webhooks/secret/rotate.
type hookSecretBody struct {
	Account string  `json:"account" doc:"of accounts that may administrate; left out: one's own"`
	Keep    *string `json:"keep" doc:"how long the one before signs too: 0 for not at all, at most 90 days"`
}

// hookSecretView is an account's secret, shown once.
type hookSecretView struct {
	Account  string `json:"account"`
	Secret   string `json:"webhook_secret"`
	Previous string `json:"previous_expires,omitempty" doc:"until when the secret before signs too"`
}

// rotateHookSecret gives an account another webhook_secret; the one before signs
// for a while yet.
func (s *httpServer) rotateHookSecret(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body hookSecretBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	keep, p := keepFor(body.Keep)
	if p != nil {
		return p
	}
	name := cmp.Or(body.Account, a.Name)
	if p := s.unknownAccount(a, "account", name); p != nil {
		return asField(p)
	}
	if p := s.keyChanges.pause(a); p != nil {
		return p
	}
	view := hookSecretView{Account: name, Secret: account.NewHookSecret()}
	value := map[string]any{"webhook_secret": view.Secret, "webhook_secret_previous": nil, "webhook_secret_previous_expires": nil}
	if have := s.Accounts().ByName(name); have != nil && have.WebhookSecret != "" && keep > 0 {
		view.Previous = time.Now().Add(keep).UTC().Format(time.RFC3339)
		value["webhook_secret_previous"], value["webhook_secret_previous_expires"] = "***webhook_secret", view.Previous
	}
	change := resource.Change{Action: resource.Patch, Kind: "accounts", Name: name, Value: value, By: a.Actor()}
	return s.changeSecret(w, r, change, http.StatusOK, "", func(*resource.Row) ([]byte, error) { return marshal(&view) })
}

// asField is a problem of a name that a field has, not the path or a parameter.
func asField(p *problem) *problem {
	if p.Status != http.StatusNotFound {
		return p
	}
	return faulty(http.StatusUnprocessableEntity, codeBadValue, p.Errors[0].Field, "%s", p.Detail)
}
