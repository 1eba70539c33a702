package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"kurir/gateway"
	"kurir/message"
)

// fakeKeys remembers requests as the gateway does, without waiting.
type fakeKeys struct {
	mu       sync.Mutex
	under    map[string]*gateway.Keyed
	kept     map[string][]byte
	requests map[string][16]byte
}

func (f *fakeKeys) options() IdempotencyOptions {
	f.under, f.kept, f.requests = map[string]*gateway.Keyed{}, map[string][]byte{}, map[string][16]byte{}
	return IdempotencyOptions{Claim: f.claim, Release: f.release, Remember: f.remember}
}

func (f *fakeKeys) claim(_ context.Context, k *gateway.Keyed) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	name := k.Account + "/" + k.Key
	if of, known := f.requests[name]; known && of != k.Request {
		return nil, gateway.ErrOtherRequest
	}
	if f.kept[name] == nil && f.under[name] != nil {
		return nil, gateway.ErrUnderWay
	}
	f.under[name] = k
	return f.kept[name], nil
}

func (f *fakeKeys) release(k *gateway.Keyed) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.under, k.Account+"/"+k.Key)
}

func (f *fakeKeys) remember(_ context.Context, k *gateway.Keyed, answer []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept[k.Account+"/"+k.Key], f.requests[k.Account+"/"+k.Key] = answer, k.Request
	return nil
}

// keyedServer is a server over fakes; what is accepted is remembered as by the
// gateway.
func keyedServer() (http.Handler, *fakeGateway, *fakeKeys) {
	g, keys := &fakeGateway{}, &fakeKeys{}
	o := g.options()
	o.Idempotency = keys.options()
	o.Accept = func(subs []*gateway.Submission, done gateway.Done) {
		g.Accept(subs, func(r []gateway.Result) {
			if k := subs[0].Keyed; k != nil && r[0].Failure == nil {
				_ = keys.remember(context.Background(), k, k.Answer(r))
			}
			done(r)
		})
	}
	return NewHTTP(o), g, keys
}

func sameAnswer(t *testing.T, first, again *httptest.ResponseRecorder) {
	t.Helper()
	if first.Code != again.Code || first.Body.String() != again.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" ||
		first.Header().Get("Idempotent-Replayed") != "" || again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("first %d %v\n%s\nthen %d %v\n%s", first.Code, first.Header(), first.Body, again.Code, again.Header(), again.Body)
	}
}

// A key makes a request safe to repeat: the first answer comes again, with its
// errors, and nothing more is made.
func TestRepeatedRequest(t *testing.T) {
	t.Parallel()
	h, g, _ := keyedServer()
	const body = `{"to":["+46701","12a","+46702"],"text":"hi"}`
	g.refuse = func(s *gateway.Submission) *message.Failure {
		if s.To == "12a" {
			return message.Fail(message.BadRecipient, "to", "no number")
		}
		return nil
	}
	first := asAcme(h, http.MethodPost, "/v1/messages", body, keyHeader, "a-1")
	if first.Code != http.StatusAccepted || !strings.Contains(first.Body.String(), "bad_recipient") {
		t.Fatalf("%d %s", first.Code, first.Body)
	}
	sameAnswer(t, first, asAcme(h, http.MethodPost, "/v1/messages", body, keyHeader, "a-1"))
	sameAnswer(t, first, asAcme(h, http.MethodPost, "/v1/messages", body, keyHeader, `"a-1"`))
	if len(g.accepted) != 3 {
		t.Errorf("%d submissions", len(g.accepted))
	}
	for name, other := range map[string]*httptest.ResponseRecorder{
		"body": asAcme(h, http.MethodPost, "/v1/messages", body+" ", keyHeader, "a-1"),
		"path": ask(h, http.MethodPost, "/v1/messages/x/resend", body, "Authorization", "Bearer acme-key", keyHeader, "a-1"),
	} {
		if d := readProblemDocument(t, other); other.Code != http.StatusUnprocessableEntity || d.Code != "key_taken" || d.Errors[0].Field != keyHeader {
			t.Errorf("another %s under the key: %d %+v", name, other.Code, d)
		}
	}
	if w := asAcme(h, http.MethodPost, "/v1/messages", body); w.Code != http.StatusAccepted || len(g.accepted) != 6 {
		t.Errorf("without a key: %d, %d submissions", w.Code, len(g.accepted))
	}
	if w := asAcme(h, http.MethodPost, "/v1/preview", `{"to":"1"}`, keyHeader, "a-1"); w.Code == http.StatusUnprocessableEntity && strings.Contains(w.Body.String(), "key_taken") {
		t.Errorf("a preview makes nothing, and takes a key: %s", w.Body)
	}
}

// What made nothing leaves its key free, for the request put right.
func TestKeyOfRefusedRequest(t *testing.T) {
	t.Parallel()
	h, g, keys := keyedServer()
	for _, body := range []string{`{"to":"+46701"`, `{"to":[],"text":"hi"}`} {
		if w := asAcme(h, http.MethodPost, "/v1/messages", body, keyHeader, "k"); w.Code < 400 {
			t.Errorf("%s: %d", body, w.Code)
		}
	}
	if w := asAcme(h, http.MethodPost, "/v1/messages", `{"to":"+46701","text":"hi"}`, keyHeader, "k"); w.Code != http.StatusAccepted || len(g.accepted) != 1 {
		t.Errorf("the request put right: %d %s", w.Code, w.Body)
	}
	keys.under["acme/busy"] = &gateway.Keyed{}
	w := asAcme(h, http.MethodPost, "/v1/messages", `{"to":"+46701","text":"hi"}`, keyHeader, "busy")
	if d := readProblemDocument(t, w); w.Code != http.StatusConflict || d.Code != "under_way" || w.Header().Get("Retry-After") != "1" {
		t.Errorf("a request whose first is under way: %d %+v, Retry-After %q", w.Code, d, w.Header().Get("Retry-After"))
	}
}

func TestBadKeys(t *testing.T) {
	t.Parallel()
	h, g, _ := keyedServer()
	for _, key := range []string{"", `""`, "a\tb", "å", "\xff", strings.Repeat("k", 256)} {
		w := asAcme(h, http.MethodPost, "/v1/messages", `{"to":"+46701","text":"hi"}`, keyHeader, key)
		if d := readProblemDocument(t, w); w.Code != http.StatusBadRequest || len(d.Errors) != 1 || d.Errors[0].Field != keyHeader {
			t.Errorf("key %.20q: %d %+v", key, w.Code, d)
		}
	}
	if len(g.accepted) > 0 {
		t.Errorf("%d submissions", len(g.accepted))
	}
	for _, key := range []string{"1", strings.Repeat("k", 255), "with space", `quote"inside`} {
		if w := asAcme(h, http.MethodPost, "/v1/messages", `{"to":"+46701","text":"hi"}`, keyHeader, key); w.Code != http.StatusAccepted {
			t.Errorf("key %.20q: %d %s", key, w.Code, w.Body)
		}
	}
}

// An answer that is kept is read back whole, and a damaged one is no panic.
func TestKeptAnswer(t *testing.T) {
	t.Parallel()
	kept := appendAnswer(nil, http.StatusCreated, "/v1/config/routes/a", `"12"`, []byte("{}\n"))
	status, location, tag, body, ok := splitAnswer(kept)
	if status != http.StatusCreated || location != "/v1/config/routes/a" || tag != `"12"` || string(body) != "{}\n" || !ok {
		t.Errorf("%d %q %q %q %v", status, location, tag, body, ok)
	}
	for n := range len(kept) - len(body) {
		if _, _, _, _, ok := splitAnswer(kept[:n]); ok {
			t.Errorf("%d octets are read as an answer", n)
		}
	}
	kept[0]++
	if _, _, _, _, ok := splitAnswer(kept); ok {
		t.Error("an answer of another version is read")
	}
}
