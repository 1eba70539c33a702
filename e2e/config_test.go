package e2e

import (
	"net/http"
	"strings"
	"testing"

	"kurir/simulator"
)

// TestComplaint06MadeAtRunTime: a link, an account and a route that were made over REST are there after kill -9, and
// carry messages; a change that was refused has left nothing.
func TestComplaint06MadeAtRunTime(t *testing.T) {
	t.Parallel()
	one, two := startSimulator(t, simulator.Options{}), startSimulator(t, simulator.Options{})
	s := startServer(t, one, serverOptions{account: ", admin: true", routes: []string{`{account: ` + account + `, to: "*", via: [op1]}`}})
	linked(t, one)
	put := func(path, body string, want int) {
		t.Helper()
		status, answer, _, err := s.do(http.MethodPut, path, "application/json", strings.NewReader(body))
		if err != nil || status != want {
			t.Fatalf("PUT %s: %d %s %v, want %d", path, status, answer, err, want)
		}
		if strings.Contains(string(answer), secretMark) {
			t.Errorf("PUT %s shows a secret: %s", path, answer)
		}
	}
	put("/v1/config/connectors/op2", `{"kind":"smpp","hosts":["`+two.Addr()+`"],"system_id":"kurir","password":"`+linkPass+`"}`, http.StatusOK)
	put("/v1/config/accounts/late", `{"api_keys":["`+secretMark+`-late"],"password":"`+secretMark+`-pw","senders":["*"],"sender":"Late"}`, http.StatusOK)
	put("/v1/config/routes/late", `{"account":"late","via":["op2"]}`, http.StatusOK)
	put("/v1/config/routes/none", `{"via":["op9"]}`, http.StatusUnprocessableEntity)

	s.proc.kill()
	s.start()
	late := *s.rest
	late.key = secretMark + "-late"
	linked(t, two)
	late.becomes(late.send("+46701000001", "ref-1 "+textMark), "delivered")
	if status, answer := s.get("/v1/config/routes"); status != http.StatusOK || !strings.Contains(answer, `"name":"late"`) || strings.Contains(answer, `"none"`) {
		t.Errorf("routes after the kill: %d %s", status, answer)
	}
	// What was made goes, and stays gone.
	for _, path := range []string{"/v1/config/routes/late", "/v1/config/connectors/op2"} {
		if status, answer, _, err := s.do(http.MethodDelete, path, "", http.NoBody); err != nil || status != http.StatusOK {
			t.Fatalf("DELETE %s: %d %s %v", path, status, answer, err)
		}
	}
	s.proc.kill()
	s.start()
	if status, answer := s.get("/v1/config/routes/late"); status != http.StatusNotFound {
		t.Errorf("a route that was deleted: %d %s", status, answer)
	}
	if status, answer := s.get("/v1/audit"); status != http.StatusOK || strings.Count(answer, `"action":"create"`) != 3 || strings.Count(answer, `"action":"delete"`) != 2 {
		t.Errorf("who changed what: %d %s", status, answer)
	}
}
