package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"kurir/simulator"
)

// TestStandardWebhooks: a webhook's secret changes without a pause, as the library of Standard Webhooks itself finds; what the
// server refuses for good is a dead letter, and goes to another address when it is replayed.
func TestStandardWebhooks(t *testing.T) {
	t.Parallel()
	h, moved := startHook(t), startHook(t)
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{accounts: []string{"{name: root, admin: true, api_keys: [root-key]}"}})
	linked(t, sim)
	verify := startNode(t, "verify.js")
	genuine := func(c call, secrets ...string) string {
		t.Helper()
		headers := map[string]string{}
		for name := range c.Header {
			headers[name] = c.Header.Get(name)
		}
		verify.say(map[string]any{"secrets": secrets, "headers": headers, "body": string(c.Body)})
		return verify.next("verified").Text
	}
	as := func(key, method, path, body string, want int) string {
		t.Helper()
		r := &rest{t: t, base: s.base, key: key, client: s.client}
		status, text, _, err := r.do(method, path, "application/json", strings.NewReader(body))
		if err != nil || status != want {
			t.Fatalf("%s %s: %d %s %v", method, path, status, text, err)
		}
		return string(text)
	}
	const old, wrong = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	as("root-key", http.MethodPost, "/v1/config/accounts", fmt.Sprintf(`{"name":"shop","api_keys":["shop-key"],"senders":["*"],"sender":"SHOP","webhook":%q,"webhook_secret":%q}`, h.URL, old), 201)
	send := func() call {
		t.Helper()
		as("shop-key", http.MethodPost, "/v1/messages", `{"to":"+46701234567","text":"`+textMark+`"}`, 202)
		return receive(t, "a webhook", h.calls)
	}
	if got := genuine(send(), old, wrong); got != "ok, No matching signature found" {
		t.Errorf("with one secret: %s", got)
	}
	var rotated struct {
		Secret string `json:"webhook_secret"`
	}
	if err := json.Unmarshal([]byte(as("shop-key", http.MethodPost, "/v1/webhooks/secret/rotate", `{"keep":"1h"}`, 200)), &rotated); err != nil {
		t.Fatal(err)
	}
	if got := genuine(send(), old, rotated.Secret, wrong); got != "ok, ok, No matching signature found" {
		t.Errorf("while two sign: %s", got)
	}
	h.answer(func(int) int { return http.StatusGone })
	refused := send()
	eventually(t, "a dead letter", func() bool {
		return strings.Contains(as("shop-key", http.MethodGet, "/v1/webhooks/dead?address="+h.URL, "", 200), `"webhook_id":"`+refused.Header.Get("Webhook-Id")+`"`)
	})
	as("root-key", http.MethodPatch, "/v1/config/accounts/shop", fmt.Sprintf(`{"webhook":%q}`, moved.URL+"/in"), 200)
	as("shop-key", http.MethodPost, "/v1/webhooks/replay", `{"dead":true,"to_current":true}`, 202)
	again := receive(t, "the webhook at its new address", moved.calls)
	if got := genuine(again, rotated.Secret); got != "ok" || string(again.Body) != string(refused.Body) || again.Path != "/in" {
		t.Errorf("replayed: %s, %s %s, was %s", got, again.Path, again.Body, refused.Body)
	}
	eventually(t, "no dead letter", func() bool {
		return strings.Contains(as("shop-key", http.MethodGet, "/v1/webhooks/dead", "", 200), `"dead":[]`)
	})
	if text := as("shop-key", http.MethodGet, "/v1/webhooks/attempts?failed=true", "", 200); strings.Count(text, `"verdict":"given_up"`) != 1 || strings.Contains(text, textMark) {
		t.Errorf("attempts that failed: %s", text)
	}
}
