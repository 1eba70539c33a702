package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// keptAnswer is an answer as a client keeps it.
type keptAnswer struct {
	status              int
	body, location, tag string
	replayed            string
}

// once sends a request with an Idempotency-Key.
func once(t *testing.T, s *server, key, path, body string) keptAnswer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.HTTPAddr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key")
	req.Header.Set("Idempotency-Key", key)
	if strings.HasSuffix(path, "import") {
		req.Header.Set("Content-Type", "application/x-ndjson")
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return keptAnswer{resp.StatusCode, string(text), resp.Header.Get("Location"), resp.Header.Get("ETag"), resp.Header.Get("Idempotent-Replayed")}
}

// TestIdempotencyKeys: whatever is made with a key is answered again as it was
// the first time, by many at once and after a restart too.
func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	text := strings.Replace(fmt.Sprintf(settingsText, t.TempDir()), "sender: ROOT", "sender: ROOT, prices: list, balance: {}", 1) +
		"prices:\n  - {name: list, currency: EUR, csv: \"destination,price\\n*,0.05\\n\"}\n"
	s := run(t, read(t, text))
	requests := []struct {
		path, body string
		status     int
	}{
		{"/v1/balances/root/topups", `{"amount":"5"}`, 201},
		{"/v1/messages", `{"to":["+46701234567","12a"],"text":"hello"}`, 202},
		{"/v1/links/op1/messages", `{"to":"+46701234567","text":"hello"}`, 202},
		{"/v1/config/lists", `{"name":"vip","kind":"allow"}`, 201},
		{"/v1/keys", `{"name":"by key"}`, 201},
		{"/v1/lists/vip/entries", `{"add":["+46701234567"]}`, 200},
		{"/v1/queues/count", `{"account":"root"}`, 202},
		{"/v1/contacts", `{"name":"Anna","pager":"+46701234567"}`, 201},
		{"/v1/groups", `{"name":"nurses"}`, 201},
		{"/v1/templates", `{"name":"hello","text":"Hello {name}"}`, 201},
		{"/v1/contacts/import", `{"name":"Doris"}`, 200},
	}
	first := make([]keptAnswer, len(requests))
	for i, r := range requests {
		key := fmt.Sprint("key ", i)
		first[i] = once(t, s, key, r.path, r.body)
		if first[i].status != r.status || first[i].replayed != "" || r.status == 201 && !strings.HasSuffix(r.path, "topups") && first[i].location == "" {
			t.Errorf("%s: %+v, want %d", r.path, first[i], r.status)
		}
		if other := once(t, s, key, r.path, r.body+" "); other.status != 422 || !strings.Contains(other.body, "key_taken") {
			t.Errorf("%s with another body: %+v", r.path, other)
		}
	}
	for range 2 {
		for i, r := range requests {
			want := first[i]
			want.replayed = "true"
			if again := once(t, s, fmt.Sprint("key ", i), r.path, r.body); again != want {
				t.Errorf("%s again: %+v\nwant %+v", r.path, again, want)
			}
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		s = run(t, read(t, text))
	}
	if status, body := request(t, s, "key", "GET", "/v1/balances/root", ""); !strings.Contains(body, `"topped_up":"5.00"`) {
		t.Errorf("the balance after repeated top-ups: %d %s", status, body)
	}
	var all sync.WaitGroup
	answers := make([]string, 16)
	for i := range answers {
		all.Go(func() {
			answers[i] = once(t, s, "many", "/v1/messages", `{"to":"+46701234567","text":"hello","reference":"many"}`).body
		})
	}
	all.Wait()
	for _, a := range answers {
		if a != answers[0] || !strings.Contains(a, `"id"`) {
			t.Errorf("one of many is answered with %s, another with %s", a, answers[0])
		}
	}
	if status, body := request(t, s, "key", "GET", "/v1/contacts?name=Doris", ""); strings.Count(body, `"id"`) != 1 {
		t.Errorf("contacts of one import: %d %s", status, body)
	}
	if status, body := request(t, s, "key", "GET", "/v1/messages?reference=many", ""); strings.Count(body, `"id"`) != 1 {
		t.Errorf("messages of one key: %d %s", status, body)
	}
}
