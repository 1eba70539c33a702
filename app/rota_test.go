package app_test

import (
	"strings"
	"testing"
)

// A message to a rota with an escalation begins one: it is listed and shown, and somebody takes it over REST; what is wrong with it is
// named.
func TestEscalations(t *testing.T) {
	t.Parallel()
	_, c, _ := runPeople(t)
	c.steps(t, []step{
		{"key", "POST", "/v1/contacts", `{"name":"Anna","mobile":"070-123 45 67"}`, 201, `"id"`},
		{"root-key", "PUT", "/v1/config/rotas/ward", `{"account":"acme","else":["contact:Anna"],"escalation":{"wait":"5m","then":[{"who":"rota:nowhere"}]}}`, 422, `"field":"escalation.then[0].who"`},
		{"root-key", "PUT", "/v1/config/rotas/ward", `{"account":"acme","else":["contact:Anna"],"escalation":{"then":[{"who":"rota:ward"}]}}`, 422, `"field":"escalation.wait"`},
		{"root-key", "PUT", "/v1/config/rotas/ward", `{"account":"acme","else":["contact:Anna"],"escalation":{"words":["ok"],"wait":"5m","then":[{"who":"+46701234568"},{"everyone":true}]}}`, 200, `"wait":"5m"`},
		{"key", "GET", "/v1/rotas", "", 200, `"escalates":true`},
		{"key", "POST", "/v1/messages", `{"to":"rota:ward","text":"x"}`, 202, `"to":"+46701234567"`},
		{"key", "GET", "/v1/escalations?state=asking&rota=ward", "", 200, `"rota":"ward","state":"asking","began"`},
		{"key", "GET", "/v1/escalations?state=exhausted", "", 200, `{"escalations":[]}`},
		{"other-key", "GET", "/v1/escalations", "", 200, `{"escalations":[]}`},
	})
	id := idOf(t, c.do(t, "key", "GET", "/v1/messages", ""))
	c.steps(t, []step{
		{"key", "GET", "/v1/escalations/" + id, "", 200, `"round":1,"step":1,"asked":[{"to":"+46701234567","name":"Anna","message":"` + id + `"}]`},
		{"other-key", "POST", "/v1/escalations/" + id + "/acknowledge", "", 404, `not_found`},
		{"key", "POST", "/v1/escalations/" + id + "/acknowledge", "", 200, `"by":"acme"`},
		{"root-key", "POST", "/v1/escalations/" + id + "/acknowledge", "", 200, `"by":"acme"`},
	})
}

// A rota made over REST gets messages at once, by whoever is on duty; a message for a gap alone is refused, and so is one to another
// account's rota. What is in another rota stays.
func TestRotaMessages(t *testing.T) {
	t.Parallel()
	_, c, _ := runPeople(t)
	c.steps(t, []step{
		{"key", "POST", "/v1/contacts", `{"name":"Anna","mobile":"070-123 45 67"}`, 201, `"id"`},
		{"root-key", "PUT", "/v1/config/rotas/ward", `{"account":"acme","else":["contact:Anna","+46701234568"]}`, 200, `"name":"ward"`},
		{"root-key", "PUT", "/v1/config/rotas/never", `{"account":"acme","layers":[{"start":"2150-01-01","slots":[{"who":"rota:ward"}]}]}`, 200, `"name":"never"`},
		{"root-key", "PUT", "/v1/config/rotas/theirs", `{"account":"other","else":["rota:ward"]}`, 422, `names the rota \"ward\", which account other does not have`},
		{"root-key", "DELETE", "/v1/config/rotas/ward", "", 409, `"code":"needed"`},
		{"key", "GET", "/v1/rotas/ward/duty", "", 200, `"who":["contact:Anna","+46701234568"]`},
		{"key", "GET", "/v1/rotas?name=never", "", 200, `"who":[],"gap":true`},
		{"key", "POST", "/v1/messages", `{"to":"rota:ward","text":"x"}`, 202, `"to":"+46701234567"`},
		{"key", "POST", "/v1/messages", `{"to":["rota:ward","+46701234567"],"text":"Hi {name|you}","variables":{}}`, 202, `"to":"+46701234568"`},
		{"key", "POST", "/v1/preview", `{"to":"rota:ward","text":"x"}`, 200, `"parts":1`},
		{"key", "POST", "/v1/messages", `{"to":"rota:never","text":"x"}`, 422, `nobody is on duty in rota`},
		{"key", "POST", "/v1/messages", `{"to":"rota:nowhere","text":"x"}`, 422, `there is no rota named`},
		{"key", "POST", "/v1/messages", `{"to":["rota:never","+46701234569"],"text":"x"}`, 202, `"errors":[{"to":"rota:never","field":"to","code":"bad_recipient"`},
		{"key", "POST", "/v1/messages", `{"to":["rota:never","+46701234569"],"text":"x","atomic":true}`, 422, `nobody is on duty in rota`},
		{"other-key", "POST", "/v1/messages", `{"to":"rota:ward","text":"x"}`, 422, `there is no rota named`},
		{"other-key", "GET", "/v1/rotas/ward/spans", "", 404, `not_found`},
	})
	got := c.do(t, "key", "GET", "/v1/messages", "")
	if n := strings.Count(got.body, `"id":`); n != 5 {
		t.Errorf("%d messages: %s", n, got.body)
	}
}
