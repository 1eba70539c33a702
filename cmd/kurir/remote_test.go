package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
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
	for _, c := range []struct {
		answers []string
		want    string
	}{
		{[]string{connecting, connecting, bound}, "op1 is up"},
		{[]string{bound, connecting}, "op1 is up"},
		{[]string{connecting}, "op1 is down"},
	} {
		var out bytes.Buffer
		if err := remoteTo(t, 200, c.answers...).openLink(t.Context(), &out, "op1", "/start", 300*time.Millisecond); err != nil || !strings.HasPrefix(out.String(), c.want) {
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
