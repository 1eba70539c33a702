package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const webhooksText = `
data: %s
http: {listen: "127.0.0.1:0"}
accounts:
  - {name: root, admin: true, api_keys: [root-key]}
  - {name: acme, api_keys: [acme-key], webhook_secret: acme-secret}
`

// An account that was made over REST changes its webhook_secret itself: the new one is shown once, and the one before signs for
// as long as is asked. One in the file is changed there.
func TestRotateHookSecret(t *testing.T) {
	t.Parallel()
	c := newCaller(t, run(t, read(t, fmt.Sprintf(webhooksText, t.TempDir()))))
	do := func(key, method, path, body string, status int, want ...string) string {
		t.Helper()
		got := c.do(t, key, method, path, body)
		if got.status != status {
			t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, got.status, got.body, status)
		}
		for _, w := range want {
			if !strings.Contains(got.body, w) {
				t.Errorf("%s %s %s: %s\nhas no %s", method, path, body, got.body, w)
			}
		}
		return got.body
	}
	do("root-key", "POST", "/v1/config/accounts", `{"name":"shop","api_keys":["shop-key"]}`, 201)
	const path = "/v1/webhooks/secret/rotate"
	do("acme-key", "POST", path, `{}`, 409, "in_file", "changed there only")
	do("acme-key", "POST", path, `{"account":"shop"}`, 403)
	do("root-key", "POST", path, `{"account":"nobody"}`, 422, `"field":"account"`)
	do("shop-key", "POST", path, `{"keep":"-1s"}`, 422, `"field":"keep"`)
	first := do("shop-key", "POST", path, `{}`, 200, `"account":"shop"`, `"webhook_secret":"whsec_`)
	if strings.Contains(first, "previous_expires") {
		t.Errorf("there was no secret before: %s", first)
	}
	do("root-key", "POST", path, `{"account":"shop","keep":"1h"}`, 200, `"previous_expires":"`)
	shown := do("root-key", "GET", "/v1/config/accounts/shop", "", 200, `"webhook_secret":"***"`, `"webhook_secret_previous":"***"`, `"webhook_secret_previous_expires":"`)
	var v struct {
		Secret string `json:"webhook_secret"`
	}
	if err := json.Unmarshal([]byte(first), &v); err != nil || strings.Contains(shown, v.Secret) {
		t.Errorf("the secret is shown again, %v: %s", err, shown)
	}
	again := do("shop-key", "POST", path, `{"keep":"0s"}`, 200)
	if strings.Contains(again, "previous_expires") || strings.Contains(do("root-key", "GET", "/v1/config/accounts/shop", "", 200), "_previous") {
		t.Errorf("the secret before signs still: %s", again)
	}
}
