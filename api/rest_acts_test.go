package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/gateway"
	"kurir/message"
)

// TestActs: what is done with messages that wait is asked for by its address and
// the fields of a filter; mistakes name the field.
func TestActs(t *testing.T) {
	t.Parallel()
	f := &fakeQueues{}
	h := f.handler()
	for _, c := range []struct {
		key, act, body string
		want           gateway.ActRequest
	}{
		{"root-key", "pause", `{"account":"acme","to":"+46*","route":"sweden"}`, gateway.ActRequest{Act: gateway.ActPause, Filter: gateway.QueueFilter{Account: "acme", To: "+46*", Route: "sweden"}}},
		{"acme-key", "cancel", `{"reference":"autumn"}`, gateway.ActRequest{Act: gateway.ActCancel, Filter: gateway.QueueFilter{Account: "acme", Reference: "autumn"}}},
		{"acme-key", "lane", `{"priority":"bulk"}`, gateway.ActRequest{Act: gateway.ActLane, Filter: gateway.QueueFilter{Account: "acme"}, Lane: message.Bulk}},
		{"root-key", "count", `{}`, gateway.ActRequest{Act: gateway.ActCount}},
	} {
		f.acted = nil
		w := ask(h, http.MethodPost, "/v1/queues/"+c.act, c.body, "Authorization", "Bearer "+c.key, "Content-Type", "application/json")
		if w.Code != http.StatusAccepted || w.Header().Get("Location") != "/v1/jobs/000000000002e" || len(f.acted) != 1 ||
			!strings.Contains(w.Body.String(), `"job":"`+c.act+`"`) {
			t.Errorf("%s %s: %d %s", c.act, c.body, w.Code, w.Body)
			continue
		}
		if diff := cmp.Diff(c.want, f.acted[0]); diff != "" {
			t.Errorf("%s %s: %s", c.act, c.body, diff)
		}
	}
	for _, c := range []struct {
		key, act, body string
		status         int
		field          string
	}{
		{"root-key", "pause", `{}`, 422, "account"},
		{"root-key", "pause", `{"account":"nope"}`, 422, "account"},
		{"acme-key", "pause", `{"account":"mute"}`, 403, ""},
		{"acme-key", "move", `{"move_to":"op1"}`, 403, ""},
		{"root-key", "move", `{"account":"acme"}`, 422, "move_to"},
		{"root-key", "lane", `{"account":"acme","priority":"first"}`, 422, "priority"},
		{"root-key", "pause", `{"account":"acme","priority":"bulk"}`, 422, "priority"},
		{"root-key", "pause", `{"acount":"acme"}`, 400, "acount"},
	} {
		w := ask(h, http.MethodPost, "/v1/queues/"+c.act, c.body, "Authorization", "Bearer "+c.key, "Content-Type", "application/json")
		if w.Code != c.status || c.field != "" && !strings.Contains(w.Body.String(), `"field":"`+c.field+`"`) {
			t.Errorf("%s %s: %d %s", c.act, c.body, w.Code, w.Body)
		}
	}
	f.refuse = gateway.ErrNoRule
	w := ask(h, http.MethodPost, "/v1/queues/pause", `{"route":"nope"}`, "Authorization", "Bearer root-key", "Content-Type", "application/json")
	if w.Code != 422 || !strings.Contains(w.Body.String(), `"field":"route"`) {
		t.Errorf("an unknown rule: %d %s", w.Code, w.Body)
	}
}
