package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"kurir/simulator"
)

// kurir runs a command of the program as an administrator's shell does, and returns what it prints and its exit code.
func (s *server) kurir(args ...string) (string, int) {
	s.t.Helper()
	cmd := exec.CommandContext(s.t.Context(), s.binary, args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "KURIR_KEY="+apiKey, "KURIR_SERVER=http://"+s.http)
	text, _ := cmd.CombinedOutput()
	return string(text), cmd.ProcessState.ExitCode()
}

// linkTrial is the answer to a test of a link.
type linkTrial struct {
	OK    bool `json:"ok"`
	Steps []struct {
		Host, Step, Found, Error, Advice string
		OK                               bool
	} `json:"steps"`
}

// TestLinkTest: `kurir link test` says step by step how far it gets with each host and what to do, beside the sessions of
// the link or while it is stopped, and sends a text through exactly the link that it names.
func TestLinkTest(t *testing.T) {
	t.Parallel()
	one, two := startSimulator(t, simulator.Options{}), startSimulator(t, simulator.Options{})
	nobody := freeAddr(t)
	s := startServer(t, nil, serverOptions{
		account: ", admin: true",
		connectors: []string{
			linkTo("op1", one.Addr(), ""), linkTo("op2", two.Addr(), ""), linkTo("dead", nobody, ""),
			strings.Replace(linkTo("wrong", one.Addr(), ""), linkPass, secretMark+"op0", 1),
			linkToHosts("half", []string{nobody, two.Addr()}, ""),
		},
		routes: []string{`{to: "*", via: [op1]}`},
	})
	linked(t, one)
	linked(t, two)
	try := func(name string) (linkTrial, int) {
		t.Helper()
		text, code := s.kurir("link", "test", name, "--json")
		var trial linkTrial
		if err := json.NewDecoder(strings.NewReader(text)).Decode(&trial); err != nil {
			t.Fatalf("kurir link test %s: exit code %d, %v: %s", name, code, err, text)
		}
		judge(t, "kurir link test", text)
		return trial, code
	}
	steps := func(trial linkTrial) string {
		var list []string
		for _, st := range trial.Steps {
			list = append(list, st.Step)
			if !st.OK {
				list = append(list, "failed")
			}
		}
		return strings.Join(list, " ")
	}
	const good = "resolve connect bind enquire_link unbind"
	bound := func() (n int) { // the link wrong comes and goes without a bind
		for _, session := range one.Sessions() {
			if session.SystemID != "" {
				n++
			}
		}
		return n
	}
	before := bound()
	for _, c := range []struct {
		link, steps, says string
		code              int
	}{
		{"op1", good, "", 0},
		{"wrong", "resolve connect bind failed", "the password is wrong", 1},
		{"dead", "resolve connect failed", "nothing listens on this port", 1},
		{"half", "resolve connect failed " + good, "nothing listens on this port", 0},
	} {
		trial, code := try(c.link)
		if got := steps(trial); got != c.steps || code != c.code || trial.OK != (code == 0) {
			t.Errorf("%s: exit code %d, ok %t, steps %q, want %d and %q", c.link, code, trial.OK, got, c.code, c.steps)
		}
		advice := ""
		for _, st := range trial.Steps {
			advice += st.Advice
		}
		if c.says == "" && advice != "" || !strings.Contains(advice, c.says) {
			t.Errorf("%s: it advises %q, want %q", c.link, advice, c.says)
		}
	}
	eventually(t, "the tests have unbound", func() bool { return bound() == before })
	if one.Stats().Submitted+two.Stats().Submitted != 0 {
		t.Error("a test without a text sent one")
	}

	// What a person reads.
	text, code := s.kurir("link", "test", "dead")
	if code != 1 || !strings.Contains(text, nobody) || !strings.Contains(text, "FAILED") || !strings.Contains(text, "no host of dead went well to the end") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	if text, code := s.kurir("link", "test", "nolink"); code != 1 || !strings.Contains(text, "nolink") {
		t.Errorf("a link that there is not: exit code %d:\n%s", code, text)
	}

	// An operator that lets one session in: said so, and no fault of the account. Stopped first, the bind itself is tried.
	b := *one.Behaviour()
	b.Binds = 1
	if err := one.SetBehaviour(b); err != nil {
		t.Fatal(err)
	}
	if trial, code := try("op1"); code != 1 || steps(trial) != "resolve connect bind failed" || !strings.Contains(trial.Steps[2].Advice, "kurir link stop op1") {
		t.Errorf("beside the only session: exit code %d, %+v", code, trial)
	}
	if text, code := s.kurir("link", "stop", "op1"); code != 0 {
		t.Fatalf("kurir link stop: %d %s", code, text)
	}
	eventually(t, "the operator has no session any more", func() bool { return bound() == 0 })
	if trial, code := try("op1"); code != 0 || steps(trial) != good {
		t.Errorf("a stopped link: exit code %d, %+v", code, trial)
	}

	// A text by the link that is named, which no route has.
	text, code = s.kurir("link", "test", "op2", "--to", "+46701000001", "--text", "ref-1 "+textMark, "--wait", "delivered")
	if code != 0 || !strings.Contains(text, "delivered") || two.Stats().Accepted != 1 || one.Stats().Accepted != 0 {
		t.Errorf("a text by op2: exit code %d, op1 took %d, op2 %d: %s", code, one.Stats().Accepted, two.Stats().Accepted, text)
	}
	if text, code := s.kurir("link", "test", "op2", "--to", "+46701099605", "--text", "ref-2 "+textMark, "--wait", "delivered"); code != 1 {
		t.Errorf("to a phone that takes nothing: exit code %d: %s", code, text)
	}
	stranger := *s.rest
	stranger.key = ""
	if status, _, _, err := stranger.do(http.MethodPost, "/v1/links/op1/test", "", nil); err != nil || status != http.StatusUnauthorized {
		t.Errorf("without a key: %d %v", status, err)
	}
}
