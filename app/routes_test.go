package app_test

import (
	"fmt"
	"strings"
	"testing"
)

// A route that is thought about is explained as if it were there, with what is wrong with it by its fields, and nothing of it is kept.
func TestExplainDraft(t *testing.T) {
	t.Parallel()
	text := strings.Replace(fmt.Sprintf(settingsText, t.TempDir()), `{name: all, to: "*", via: [op1]}`, `{name: danes, to: "45*", via: [op1]}`, 1)
	text = strings.Replace(text, "accounts:\n", "accounts:\n  - {name: acme, api_keys: [acme], senders: [\"*\"], sender: ACME}\n", 1)
	s := run(t, read(t, text))
	ask := func(key, change string, status int, want ...string) {
		t.Helper()
		got, answer := request(t, s, key, "POST", "/v1/routes/explain", `{"to":"+46701234567","text":"x","change":`+change+`}`)
		if got != status {
			t.Errorf("%s: %d %s, want %d", change, got, answer, status)
		}
		for _, w := range want {
			if !strings.Contains(answer, w) {
				t.Errorf("%s: %s\nhas no %s", change, answer, w)
			}
		}
	}
	ask("key", `{"name":"swedes","value":{"to":"46*","via":["op1"]}}`, 200, `"name":"swedes","matched":true`, `"candidates":[{"link":"op1"`)
	ask("key", `{"name":"swedes","value":{"to":"46*","via":["op9"],"txet":"x"}}`, 422, `"field":"change.via"`, `"field":"change.txet"`)
	ask("key", `{"name":"danes","value":{"to":"46*","via":["op1"]}}`, 409, `"field":"change.name"`, "stands in the file")
	ask("acme", `{"name":"swedes","value":{"to":"46*","via":["op1"]}}`, 403, "not_admin")
	if got, answer := request(t, s, "key", "GET", "/v1/config/routes?source=api", ""); got != 200 || !strings.Contains(answer, `"routes":[]`) {
		t.Errorf("something is kept: %d %s", got, answer)
	}
}
