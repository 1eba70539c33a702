package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// remoteTo is a server that answers with each of the answers in turn, and then
// with the last.
func remoteTo(t *testing.T, status int, answers ...string) *remote {
	t.Helper()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answers[min(asked, len(answers)-1)])
		asked++
	}))
	t.Cleanup(s.Close)
	return &remote{options: sendOptions{servers: []string{s.URL}, key: "k", timeout: time.Minute}}
}

// A link that is opened is shown when its sessions are, or cannot be; one that
// takes long as it is then.
func TestLinkOpened(t *testing.T) {
	t.Parallel()
	connecting := `{"name":"op1","state":"down","sessions":[{"session":7,"state":"connecting","mode":"transceiver"}]}`
	bound := `{"name":"op1","state":"up","taken":1,"receipts":1,"sessions":[{"session":7,"state":"bound","mode":"transceiver"}]}`
	elsewhere := `{"name":"op1","state":"up","sessions":[{"session":7,"state":"bound","mode":"transceiver"},{"session":8,"state":"elsewhere"}]}`
	for _, c := range []struct {
		answers []string
		want    string
		most    time.Duration
	}{
		{[]string{elsewhere, connecting}, "op1 is up", time.Minute},
		{[]string{connecting, connecting, bound}, "op1 is up", time.Minute},
		{[]string{bound, connecting}, "op1 is up", time.Minute},
		{[]string{connecting}, "op1 is down", 300 * time.Millisecond},
	} {
		var out bytes.Buffer
		if err := remoteTo(t, 200, c.answers...).openLink(t.Context(), &out, "op1", "/start", c.most); err != nil || !strings.HasPrefix(out.String(), c.want) {
			t.Errorf("it says %s, %v, want %s", out.String(), err, c.want)
		}
		if strings.Contains(out.String(), "1 receipts") {
			t.Errorf("one receipt is no plural: %s", out.String())
		}
	}
}

// What keeps a server from being reached is said without Go's layers.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	for server, want := range map[string]string{
		"http://127.0.0.1:1":       "no server can be reached: http://127.0.0.1:1: connection refused",
		"http://nobody.invalid:80": "no server can be reached: http://nobody.invalid:80: ",
	} {
		r := &remote{options: sendOptions{servers: []string{server}, key: "k", timeout: 10 * time.Second}}
		err := r.listLinks(t.Context(), io.Discard)
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "dial tcp") || exitCode(err) != exitNoServer {
			t.Errorf("%s: %v, want %s", server, err, want)
		}
	}
}

// A question whose answer was lost has changed nothing; a wish may have.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(s.Close)
	r := &remote{options: sendOptions{servers: []string{s.URL}, key: "k", timeout: time.Minute}}
	if err := r.listLinks(t.Context(), io.Discard); exitCode(err) != exitNoServer {
		t.Errorf("a question: %v, exit code %d", err, exitCode(err))
	}
	if err := r.showLink(t.Context(), io.Discard, http.MethodPost, "op1", "/stop"); exitCode(err) != exitUncertain {
		t.Errorf("a wish: %v, exit code %d", err, exitCode(err))
	}
}

// A key that nobody gave, but that lay beside, is named when it does not fit.
func TestKeyOfDemo(t *testing.T) {
	t.Parallel()
	r := remoteTo(t, 401, `{"detail":"the API key is wrong"}`)
	r.options.fromDemo = true
	err := r.listLinks(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "the key in ./kurir-demo is not one of this server's: give --key, or KURIR_KEY") {
		t.Error(err)
	}
}

// What a customer's server said is shown with its code, if there is one.
func TestQueueError(t *testing.T) {
	t.Parallel()
	const row = `{"account":"shop","kind":"webhook","owed":1,"last_error":{"at":"2026-11-05T08:00:00Z",%s"text":"busy"}}`
	for code, want := range map[string]string{"": "ago: busy", `"code":503,`: "ago: 503 busy"} {
		var out bytes.Buffer
		err := remoteTo(t, 200, `{"queues":[`+strings.Replace(row, "%s", code, 1)+`]}`).listQueues(t.Context(), &out, "")
		if err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s, %v, want %s", out.String(), err, want)
		}
	}
}

// An act whose count is stopped asks for nothing; one that fails says why.
func TestJobEnds(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"id":"1","state":"stopped","messages":3}`:                       "stopped; nothing was done",
		`{"id":"1","state":"failed","messages":3,"error":"disk is full"}`: "disk is full",
	} {
		var out, errOut bytes.Buffer
		err := remoteTo(t, 200, answer).act(t.Context(), strings.NewReader("y\n"), &out, &errOut, "cancel", nil, &actOptions{})
		if err == nil || err.Error() != want || exitCode(err) != exitRefused || errOut.Len() > 0 {
			t.Errorf("%s: %v, asks %q", answer, err, errOut.String())
		}
	}
}

// A list that is empty is one as JSON too.
func TestNoRows(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := remoteTo(t, 200, `{"queues":[]}`)
	r.options.asDoc = true
	if err := r.listQueues(t.Context(), &out, ""); err != nil || out.String() != "[]\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// ran runs a command as people do, and gives what it prints.
func ran(t *testing.T, cmd *cobra.Command, args ...string) (out, hint string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.SetArgs(args)
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Errorf("%s: %v", args, err)
	}
	return stdout.String(), stderr.String()
}

// TestQueueDead: what did not arrive says when, by which link and why; where there is nothing, that an administrator sees
// his own only.
func TestQueueDead(t *testing.T) {
	t.Parallel()
	at := time.Now().Add(-2 * time.Hour).Format(time.RFC3339)
	r := remoteTo(t, 200, `{"messages":[
		{"id":"a","state":"undeliverable","to":"+46701234567","created":"`+at+`","link":"op1","error":{"code":"absent","detail":"the phone is off or out of coverage","operator_code":27}},
		{"id":"b","state":"unknown","to":"+46701234568","created":"`+at+`"}]}`)
	out, hint := ran(t, newQueueDeadCmd(r))
	lines := strings.Split(out, "\n")
	for i, want := range []string{
		"MESSAGE STATE TO AGE LINK WHY",
		"a undeliverable +46701234567 2h0m op1 the phone is off or out of coverage (the operator's code is 27)",
		"b unknown +46701234568 2h0m - the operator gave no reason",
	} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
			t.Errorf("line %d: %s, want %s", i, got, want)
		}
	}
	if hint != "" {
		t.Errorf("beside what there is it says %q", hint)
	}
	if _, hint := ran(t, newQueueDeadCmd(remoteTo(t, 200, `{"messages":[]}`))); !strings.Contains(hint, "sees only its own") {
		t.Errorf("where nothing is it says %q", hint)
	}
}

// TestInboundExportHint: an empty table says that an administrator sees his own only; others say nothing.
func TestInboundExportHint(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]bool{"id,text\n": true, "id,text\na,hi\n": false} {
		out, hint := ran(t, newInboundExportCmd(remoteTo(t, 200, answer)), "--rule", "orders", "--tag", "new")
		if out != answer || strings.Contains(hint, "sees only its own") != want {
			t.Errorf("%q is printed as %q, with the hint %q", answer, out, hint)
		}
	}
	if _, hint := ran(t, newInboundExportCmd(remoteTo(t, 200, "{}\n")), "--format", "ndjson"); hint != "" {
		t.Errorf("with a row as JSON: %q", hint)
	}
}

// TestSettingWarns: what has no effect is said when it is set.
func TestSettingWarns(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := remoteTo(t, 200, `{"name":"late","revision":3,"warnings":["routes late (made over REST): can never match"]}`)
	if err := r.setSetting(t.Context(), &out, http.MethodPut, "/v1/config/routes/late", "routes", nil); err != nil {
		t.Fatal(err)
	}
	if want := "routes late: in force, revision 3\nwarning: routes late (made over REST): can never match\n"; out.String() != want {
		t.Errorf("it says %s, want %s", out.String(), want)
	}
}
