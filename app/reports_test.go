package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kurir/simulator"
)

const reportsText = `data: %s
country: "46"
http: {listen: "127.0.0.1:0"}
connectors:
  - {name: op1, kind: smpp, hosts: ["%s"], system_id: kurir, password: x, reconnect: 100ms}
accounts:
  - {name: root, admin: true, api_keys: [root-key], senders: ["*"], sender: ROOT}
  - {name: acme, api_keys: [acme-key], senders: ["*"], sender: ACME}
routes:
  - {name: all, to: "*", via: [op1]}
maintenance:
  - {name: now, from: "2026-01-01T00:00:00Z", until: "2026-01-01T01:00:00Z", links: [op1]}
`

// Reports sum up to what was sent, by link and network, and have the link and the interface that carried it.
func TestReports(t *testing.T) {
	t.Parallel()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	s := run(t, read(t, fmt.Sprintf(reportsText, t.TempDir(), sim.Addr())))
	c := newCaller(t, s)
	until(t, "the link is not up", func() string {
		if got := c.do(t, "root-key", "GET", "/v1/links/op1", ""); strings.Contains(got.body, `"state":"bound"`) {
			return "up"
		}
		return ""
	})
	var to []string
	for i := range 20 {
		to = append(to, fmt.Sprintf(`"+4670100%04d"`, i), fmt.Sprintf(`"+4790000%03d"`, i))
	}
	if got := c.do(t, "acme-key", "POST", "/v1/messages", `{"to":[`+strings.Join(to, ",")+`],"text":"`+strings.Repeat("long ", 40)+`"}`); got.status != 202 {
		t.Fatal(got.body)
	}
	rows := func(key, path, list string) (rows []map[string]any) {
		t.Helper()
		got := c.do(t, key, "GET", "/v1/reports/"+path, "")
		var page map[string][]map[string]any
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s", path, got.status, got.body)
		}
		return page[list]
	}
	until(t, "not all are delivered", func() string {
		if got := rows("acme-key", "accounts", "accounts"); len(got) == 1 && got[0]["delivered"] == 40.0 {
			return "delivered"
		}
		return ""
	})
	got := rows("acme-key", "traffic?by=network&sort=network", "traffic")
	if len(got) != 2 || got[0]["network"] != "NO" || got[1]["network"] != "SE" {
		t.Fatalf("by network: %v", got)
	}
	for _, row := range got {
		if row["accepted"] != 20.0 || row["parts"] != 40.0 || row["delivered"] != 20.0 || row["failed"] != 0.0 {
			t.Errorf("traffic: %v", row)
		}
	}
	if got := rows("root-key", "response", "response"); len(got) != 1 || got[0]["link"] != "op1" || got[0]["answers"] != 40.0 || got[0]["deliveries"] != 40.0 {
		t.Errorf("times: %v", got)
	}
	there := map[string]bool{}
	for _, row := range rows("root-key", "availability", "availability") {
		there[fmt.Sprint(row["kind"], " ", row["name"])] = true
	}
	if !there["link op1"] || !there["interface http"] {
		t.Errorf("availability of %v", there)
	}
}
