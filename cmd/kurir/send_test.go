package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sendServer answers POST with a status and a body, and GET with states in turn.
func sendServer(t *testing.T, status int, body string, states ...string) (address string, asked *atomic.Value) {
	t.Helper()
	asked = &atomic.Value{}
	var turn atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			n := min(int(turn.Add(1)), len(states))
			_, _ = io.WriteString(w, `{"id":"0000000000001","to":"+46701234567","state":"`+states[n-1]+`","parts":1,"encoding":"gsm7","text":"hi"}`)
			return
		}
		got, _ := io.ReadAll(r.Body)
		asked.Store(r.Header.Get("Authorization") + " " + string(got))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

const (
	accepted = `{"messages":[{"id":"0000000000001","to":"+46701234567","state":"queued","parts":1,"encoding":"gsm7"}],"errors":[]}`
	half     = `{"messages":[{"id":"0000000000001","to":"+46701234567","state":"queued","parts":1,"encoding":"gsm7"}],` +
		`"errors":[{"to":"12a","field":"to","code":"bad_recipient","detail":"12a has letters"}]}`
	refused = `{"type":"/problems/bad_recipient","title":"A recipient is not valid","status":422,"code":"bad_recipient","detail":"12a has letters"}`
	full    = `{"type":"/problems/store_full","title":"The database cannot be written","status":503,"code":"store_full","detail":"no space"}`
)

func TestSend(t *testing.T) {
	t.Parallel()
	const nobody = "http://127.0.0.1:1"
	good, _ := sendServer(t, 202, accepted, "queued", "enroute", "delivered")
	lost, _ := sendServer(t, 202, accepted, `undeliverable","error":{"code":"absent","detail":"the phone is away","operator_code":27},"x":"`)
	stuck, _ := sendServer(t, 202, accepted, "enroute")
	partly, _ := sendServer(t, 202, half)
	refuses, _ := sendServer(t, 422, refused)
	down, _ := sendServer(t, 503, full)
	other, _ := sendServer(t, 200, "<html>")
	slow, _ := sendServer(t, 504, `{"status":504,"code":"timeout","detail":"may have been accepted or not"}`)
	cut, _ := sendServer(t, 202, accepted[:20])
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then the server sees that the client has gone
		<-r.Context().Done()
	}))
	t.Cleanup(hangs.Close)
	drops := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	t.Cleanup(drops.Close)
	for _, c := range []struct {
		name    string
		servers []string
		wait    string
		code    int
		out     string // part of what is printed, or of the error
	}{
		{"accepted", []string{good}, "", 0, "0000000000001 queued to +46701234567, parts: 1, gsm7\n"},
		{"delivered", []string{good}, "delivered", 0, "0000000000001 delivered to +46701234567"},
		{"sent", []string{stuck}, "sent", 0, "0000000000001 enroute to"},
		{"the second server", []string{nobody, down, good}, "", 0, "0000000000001 queued"},
		{"one refused", []string{partly}, "", exitRefused, "refused 12a: 12a has letters"},
		{"refused", []string{refuses, good}, "", exitRefused, "12a has letters"},
		{"not delivered", []string{lost}, "delivered", exitRefused, "undeliverable to +46701234567, parts: 1, gsm7: the phone is away (the operator's code is 27)\nnot delivered: 1 of 1"},
		{"no server", []string{nobody}, "", exitNoServer, "refused"},
		{"server full", []string{down}, "", exitNoServer, "no space"},
		{"not a Kurir", []string{other}, "", exitNoServer, "does not answer as Kurir does"},
		{"timed out at the server, no other is tried", []string{slow, good}, "", exitUncertain, "may have"},
		{"an answer that is cut", []string{cut, good}, "", exitUncertain, "may have"},
		{"a connection that is cut", []string{drops.URL, good}, "", exitUncertain, "may have"},
		{"no answer", []string{hangs.URL, good}, "", exitUncertain, "may have"},
		{"not in time", []string{stuck}, "delivered", exitNotInTime, "not delivered within 300ms: 1 of 1"},
		{"bad server", []string{"http://"}, "", exitUsage, "--server"},
		{"bad wait", []string{good}, "read", exitUsage, "--wait"},
	} {
		o := sendOptions{servers: c.servers, to: []string{"+46701234567"}, text: "hi", key: "k", wait: c.wait, timeout: time.Minute}
		outOfTime := c.code == exitNotInTime || c.servers[0] == hangs.URL
		if outOfTime {
			o.timeout = 300 * time.Millisecond
		}
		var out bytes.Buffer
		err := runSend(t.Context(), strings.NewReader(""), &out, o)
		for try := 1; outOfTime && exitCode(err) != c.code && try < 3; try++ { // held up, it may not even have come to the server in time
			out.Reset()
			o.timeout *= 10
			c.out = strings.ReplaceAll(c.out, (o.timeout / 10).String(), o.timeout.String())
			err = runSend(t.Context(), strings.NewReader(""), &out, o)
		}
		said := out.String()
		if err != nil {
			said += err.Error()
		}
		if !strings.Contains(said, c.out) {
			t.Errorf("%s: %q, want %q", c.name, said, c.out)
		}
		if code := exitCode(err); code != c.code {
			t.Errorf("%s: exit code %d, want %d: %v", c.name, code, c.code, err)
		}
	}
}

func exitCode(err error) int {
	var exit *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.code
	}
	return 1
}

// The demo's key goes to this machine only. It is not parallel, because it
// changes the working directory.
func TestSendCredentials(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"KURIR_KEY", "KURIR_USER", "KURIR_PASSWORD", "KURIR_SERVER"} {
		t.Setenv(name, "")
	}
	file, err := demoConfig(demoOptions{data: "kurir-demo"})
	if err != nil {
		t.Fatal(err)
	}
	key := file.Accounts[0].APIKeys[0].Reveal()
	for servers, want := range map[string]string{
		"": key, "http://127.0.0.1:9090": key, "localhost:8080": key, "http://[::1]:8080": key,
		"https://sms.example.com": "", "http://127.0.0.1:8080,http://192.0.2.1:8080": "", "http://127.0.0.1.example.com": "",
	} {
		o := sendOptions{to: []string{"1"}, text: "x", timeout: time.Second}
		if servers != "" {
			o.servers = strings.Split(servers, ",")
		}
		if err := o.complete(strings.NewReader("")); err != nil || o.key != want {
			t.Errorf("%s: key %q, want %q (%v)", servers, o.key, want, err)
		}
	}
}

func TestSendRequest(t *testing.T) {
	t.Parallel()
	address, asked := sendServer(t, 202, accepted)
	o := sendOptions{
		servers: []string{strings.TrimPrefix(address, "http://")}, user: "acme", password: "secret", to: []string{"1", "2"}, text: "-",
		from: "ACME", priority: "high", validity: "30m", reference: "r", sendAt: "2026-11-05T08:30:00Z", encoding: "ucs2", flash: true, atomic: true,
		timeout: time.Minute, asDoc: true, tag: "news", dimensions: map[string]string{"ward": "7"},
	}
	var out bytes.Buffer
	if err := runSend(t.Context(), strings.NewReader("from stdin\n"), &out, o); err != nil {
		t.Fatal(err)
	}
	const want = `Basic YWNtZTpzZWNyZXQ= {"atomic":true,"dimensions":{"ward":"7"},"encoding":"ucs2","flash":true,"from":"ACME","priority":"high","reference":"r",` +
		`"send_at":"2026-11-05T08:30:00Z","tag":"news","text":"from stdin","to":["1","2"],"validity":"30m"}`
	if diff := cmp.Diff(want, asked.Load()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var doc sendReply
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil || len(doc.Messages) != 1 || doc.Messages[0].State != "queued" {
		t.Errorf("printed %s (%v)", out.String(), err)
	}
}
