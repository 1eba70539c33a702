package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/pgtest"
	"kurir/simulator"
)

// startNodes starts servers of these names on one database.
func startNodes(t *testing.T, sim *simulator.Simulator, database string, opt serverOptions, names ...string) []*server {
	t.Helper()
	more := opt.more
	var nodes []*server
	for _, name := range names {
		opt.more = fmt.Sprintf("database: %s\nnode: %s\n%s", database, name, more)
		nodes = append(nodes, startServer(t, sim, opt))
	}
	return nodes
}

// TestNodesFollow: what is made over REST at one node is in force at the others, in the long form within two seconds: accounts,
// entries of lists, who opted out. Changes at both at once are all kept.
func TestNodesFollow(t *testing.T) {
	t.Parallel()
	database := pgtest.Shared(t).Database(t)
	nodes := startNodes(t, nil, database, serverOptions{
		account: ", admin: true, opt_out: {}",
		routes:  []string{"{to: \"*\", via: [op1]}"},
		more:    "connectors:\n  - {name: op1, kind: smpp, hosts: [127.0.0.1:1], system_id: kurir, password: secret}\nlists: [{name: never, kind: block}]",
	}, "a", "b")
	a, b := nodes[0], nodes[1]
	do := func(s *server, method, path, body string) (int, string) {
		t.Helper()
		status, answer, _, err := s.rest.do(method, path, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return status, string(answer)
	}
	follows := func(what string, ok func() bool) {
		t.Helper()
		began := time.Now()
		eventually(t, what, ok)
		if took := time.Since(began); long() && took > 2*time.Second { // beside other tests they share two cores
			t.Errorf("%s: after %v, 2 s are allowed", what, took)
		}
	}
	if status, answer := do(a, http.MethodPut, "/v1/config/accounts/made", `{"password":"secret-of-made","api_keys":["key-of-made"],"senders":["*"]}`); status/100 != 2 {
		t.Fatalf("make an account: %d %s", status, answer)
	}
	made := *b.rest
	made.key = "key-of-made"
	send := func(r rest, to string) (int, string) {
		status, answer, _, err := r.do(http.MethodPost, "/v1/messages", "application/json", strings.NewReader(fmt.Sprintf(`{"to":%q,"from":"Kurir","text":"x"}`, to)))
		if err != nil {
			t.Fatal(err)
		}
		return status, string(answer)
	}
	follows("the account sends at the other node", func() bool { status, _ := send(made, "+46701234567"); return status == http.StatusAccepted })
	if status, answer := do(b, http.MethodPost, "/v1/lists/never/entries", `{"add":["+46709999999"]}`); status/100 != 2 {
		t.Fatalf("add to a list: %d %s", status, answer)
	}
	follows("the list refuses at the other node", func() bool { _, answer := send(*a.rest, "+46709999999"); return strings.Contains(answer, "blocked") })
	if status, answer := do(a, http.MethodPut, "/v1/optouts/+46708888888", `{}`); status/100 != 2 {
		t.Fatalf("opt out: %d %s", status, answer)
	}
	follows("the opt-out holds at the other node", func() bool { _, answer := send(*b.rest, "+46708888888"); return strings.Contains(answer, "opted_out") })

	// Their files differ in what is each one's own only, until one of them is changed.
	differ := func(s *server) int {
		_, answer := do(s, http.MethodGet, "/v1/nodes", "")
		return strings.Count(answer, `"file_differs":true`)
	}
	if n := differ(a); n != 0 {
		t.Errorf("%d nodes are shown as if their files differed", n)
	}
	text, err := os.ReadFile(b.path())
	if err != nil {
		t.Fatal(err)
	}
	b.write(strings.Replace(string(text), `country: "46"`, `country: "47"`, 1))
	b.reload()
	for _, s := range nodes {
		follows("the node whose file is the old one is shown", func() bool { return differ(s) == 1 })
	}

	// Changes at both at once.
	var changes sync.WaitGroup
	for i := range 10 {
		for _, s := range nodes {
			changes.Go(func() {
				path := fmt.Sprintf("/v1/config/accounts/at-%s-%d", url.PathEscape(s.http[len(s.http)-5:]), i)
				status, answer, err := http.StatusGatewayTimeout, []byte(nil), error(nil)
				for try := 0; status == http.StatusGatewayTimeout && err == nil && try < 5; try++ { // on a busy machine it waits too long for the others
					status, answer, _, err = s.rest.do(http.MethodPut, path, "application/json", strings.NewReader(`{"password":"another-secret","senders":["*"]}`))
				}
				if err != nil || status/100 != 2 {
					t.Errorf("make an account beside others: %d %s %v", status, answer, err)
				}
			})
		}
	}
	changes.Wait()
	for _, s := range nodes {
		follows("all accounts are everywhere", func() bool {
			_, answer := do(s, http.MethodGet, "/v1/config/accounts?limit=1000", "")
			return strings.Count(answer, `"at-`) >= 20
		})
	}
}
