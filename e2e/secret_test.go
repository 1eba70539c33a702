package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kurir/simulator"
	"kurir/smpp"
)

// TestSecretTexts sends marked texts that are secret by the message, the account's sender and the server's pattern, over
// REST and SMPP, and searches everything that Kurir gives out while they are under way and afterwards: messages, lists,
// traces, PDU traces with texts, webhooks, receipts, pages, the log; and, when they are final, the files of the database.
func TestSecretTexts(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	h := startHook(t)
	s := startServer(t, sim, serverOptions{
		account: `, admin: true, webhook: "` + h.URL + `", secret: {senders: [BANK]}, text: {unicode: simplify}`,
		more:    `secret: {patterns: ["(?i)password"]}`,
	})
	linked(t, sim)
	for _, path := range []string{"/v1/traces/links/op1", "/v1/traces/accounts/" + account} {
		if status, answer, _, err := s.do(http.MethodPut, path, "application/json", strings.NewReader(`{"texts": true}`)); err != nil || status >= 300 {
			t.Fatalf("%s: %d %s, %v", path, status, answer, err)
		}
	}
	const mark = "hemligt-7f3a"
	long := strings.Repeat(" lång", 60)
	ids := []string{
		s.sendSecret("+46701000001", mark+" – 1"),
		s.send("+46701000002", mark+" password"+long),
		s.send("+46701000003", mark+long, "from", "BANK"),
	}
	e := bindTo(t, s.smpp, smpp.Transceiver)
	m := shortText("46701000004", mark+" password")
	m.RegisteredDelivery = 1
	status, id := e.submit(m)
	if status != smpp.ESME_ROK {
		t.Fatal(status)
	}
	ids = append(ids, id)
	plain := s.send("+46701000005", "shown-"+mark[:3])
	var out []string
	for _, id := range append(ids, plain) {
		s.becomes(id, "delivered")
		if message, trace := s.page("/v1/messages/"+id), s.page("/v1/messages/"+id+"/trace"); id != plain {
			out = append(out, message, trace)
			if !strings.Contains(message, `"secret":true`) {
				t.Errorf("%s is not said to be secret: %s", id, message)
			}
		}
	}
	for i := 1; i <= 4; i++ { // the phones have the texts
		to := fmt.Sprintf("4670100000%d", i)
		if got := sim.Messages(simulator.Filter{To: to}); len(got) == 0 || !strings.Contains(got[0].Text, mark) {
			t.Errorf("%s got %+v", to, got)
		}
	}
	list := s.page("/v1/messages")
	if !strings.Contains(list, "shown-"+mark[:3]) {
		t.Errorf("the list lacks what is not secret: %s", list)
	}
	out = append(out, list, fmt.Sprintf("%+v", e.receipt()), s.proc.out.String())
	for _, path := range []string{"/metrics", "/v1/traces/links/op1?hex=true", "/v1/traces/accounts/" + account + "?hex=true", "/v1/receipts/unmatched"} {
		_, text := s.get(path)
		out = append(out, text)
	}
	for range 4 {
		out = append(out, string(receive(t, "a webhook", h.calls).Body))
	}
	for _, text := range out {
		for _, what := range []string{mark, fmt.Sprintf("%x", mark), fmt.Sprintf("%x", mark[:12])} {
			if strings.Contains(text, what) {
				t.Errorf("the text is given out: %.2000s", text)
			}
		}
	}

	// The log of the database is cut with the next checkpoint.
	within(t, time.Minute, "no file has the text", func() bool { return filesWith(t, s.data(), mark) == nil })
}

// sendSecret sends a message that is secret by its own word.
func (r *rest) sendSecret(to, text string) string {
	r.t.Helper()
	status, answer := r.post(fmt.Sprintf(`{"to": %q, "text": %q, "secret": true}`, to, text))
	_, id, ok := strings.Cut(string(answer), `"id":"`)
	if status != http.StatusAccepted || !ok {
		r.t.Fatalf("POST /v1/messages: %d %s", status, answer)
	}
	return id[:13]
}

// page fetches a page as text.
func (r *rest) page(path string) string {
	r.t.Helper()
	status, text := r.get(path)
	if status != http.StatusOK {
		r.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	return text
}

// filesWith returns the files of a folder in which a text stands.
func filesWith(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		octets, err := os.ReadFile(path)
		if bytes.Contains(octets, []byte(text)) {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
