package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// Every code that a problem can have, of the constants in the source and of
// failures, has a page of its own, and docs/problems.md says the same.
func TestProblemKinds(t *testing.T) {
	t.Parallel()
	codes := map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	constant := regexp.MustCompile(`\bcode[A-Z]\w+ += "(\w+)"`)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(text), -1) {
			codes[m[1]] = true
		}
	}
	for kind := message.NoFailure + 1; !strings.HasPrefix(kind.Code(), "failure("); kind++ {
		codes[kind.Code()] = true
	}
	if len(codes) < 60 {
		t.Fatalf("only %d codes are found", len(codes))
	}
	docs, err := os.ReadFile("../docs/problems.md")
	if err != nil {
		t.Fatal(err)
	}
	h := NewHTTP((&fakeGateway{}).options())
	list := ask(h, http.MethodGet, problemsPath, "").Body.String()
	rows := 0
	for _, k := range problemKinds {
		if !codes[k.code] {
			t.Errorf("%s is in the table twice, or no problem has it", k.code)
		}
		delete(codes, k.code)
		page := ask(h, http.MethodGet, problemsPath+k.code, "")
		if text := page.Body.String(); page.Code != http.StatusOK || !strings.Contains(text, k.title) || !strings.Contains(text, k.advice) || !strings.Contains(list, k.title) {
			t.Errorf("the page of %s: %d %s", k.code, page.Code, text)
		}
		if row := "| `" + k.code + "` | " + k.title + " | " + k.advice + " |\n"; !strings.Contains(string(docs), row) {
			t.Errorf("docs/problems.md lacks %s", row)
		}
		rows++
	}
	for code := range codes {
		t.Errorf("the code %s is not in the table of problems", code)
	}
	if n := strings.Count(string(docs), "\n| `"); n != rows {
		t.Errorf("docs/problems.md has %d rows, want %d", n, rows)
	}
	if w := ask(h, http.MethodGet, problemsPath+"nothing", ""); w.Code != http.StatusNotFound {
		t.Errorf("a problem that there is not: %d", w.Code)
	}
}

// Every answer that says "later" says when, whoever makes the problem.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	written := func(p *problem) string {
		w := httptest.NewRecorder()
		p.write(w)
		return w.Header().Get("Retry-After")
	}
	for kind := message.NoFailure + 1; !strings.HasPrefix(kind.Code(), "failure("); kind++ {
		p := failed(&message.Failure{Kind: kind})
		later := p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable
		if later != (written(p) != "") || later && !kind.Temporary() {
			t.Errorf("%s: status %d, Retry-After %q", kind.Code(), p.Status, written(p))
		}
	}
	for _, k := range problemKinds {
		for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
			if written(&problem{Status: status, Code: k.code}) == "" {
				t.Errorf("%d %s has no Retry-After", status, k.code)
			}
		}
	}
}

// An account with a rate is shown it and what is left; others are not.
func TestRateShown(t *testing.T) {
	t.Parallel()
	list := []account.Account{
		{Name: "acme", APIKeys: []message.Secret{"acme-key"}, Senders: []string{"*"}, Sender: "A", Rate: 10},
		{Name: "slow", APIKeys: []message.Secret{"slow-key"}, Senders: []string{"*"}, Sender: "S", Rate: 0.25},
		{Name: "free", APIKeys: []message.Secret{"free-key"}, Senders: []string{"*"}, Sender: "F"},
	}
	accounts := account.NewDirectory(list, nil)
	g := &fakeGateway{}
	o := g.options()
	o.Accounts = func() *account.Directory { return accounts }
	o.Accept = func(subs []*gateway.Submission, done gateway.Done) {
		subs[0].Account.Take(len(subs), time.Now().Add(time.Hour)) // so that nothing has become free again when it is shown, however late
		g.Accept(subs, done)
	}
	h := NewHTTP(o)
	for _, c := range []struct{ key, policy, limit string }{
		{"acme-key", `"rate";q=10;w=1;qu="parts"`, `^"rate";r=6;t=1$`},
		{"slow-key", `"rate";q=1;w=4;qu="parts"`, `^"rate";r=0;t=16$`},
		{"free-key", "", `^$`},
	} {
		w := ask(h, http.MethodPost, "/v1/messages", `{"to":["1","2","3","4"],"text":"hi"}`, "Authorization", "Bearer "+c.key)
		if got := w.Header().Get("RateLimit-Policy"); got != c.policy {
			t.Errorf("%s: RateLimit-Policy %s", c.key, got)
		}
		if got := w.Header().Get("RateLimit"); !regexp.MustCompile(c.limit).MatchString(got) {
			t.Errorf("%s: RateLimit %s", c.key, got)
		}
	}
}
