package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/app"
	"kurir/config"
	"kurir/leaktest"
	"kurir/simulator"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// lines is a log that tests can read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// read makes a configuration of a file's text.
func read(t *testing.T, text string) *config.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kurir.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, mistakes := config.Load(path)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return file
}

// server is an App that runs.
type server struct {
	*app.App
	log  *lines
	stop func() error // ends Run and gives what it returned
}

// run starts a server. It is stopped with the test, unless the test does so.
func run(t *testing.T, file *config.File) *server {
	t.Helper()
	s := &server{log: &lines{}}
	a, err := app.New(t.Context(), app.Options{File: file, Log: slog.New(slog.NewTextHandler(s.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.App = a
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return s
}

// ask makes one request as the account's owner and reads the JSON.
func (s *server) ask(t *testing.T, method, path, body string, into any) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.HTTPAddr().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer key")
	req.Header.Set("Content-Type", "application/json")
	c := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return resp.StatusCode
}

// send sends a text and gives its id.
func (s *server) send(t *testing.T, from string) string {
	t.Helper()
	var reply struct{ Messages []struct{ ID string } }
	status := s.ask(t, http.MethodPost, "/v1/messages", `{"to":"+46701234567","from":"`+from+`","text":"hello"}`, &reply)
	if status != http.StatusAccepted || len(reply.Messages) != 1 {
		t.Fatalf("status %d, %d messages", status, len(reply.Messages))
	}
	return reply.Messages[0].ID
}

// delivered waits until a message is.
func (s *server) delivered(t *testing.T, id string) {
	t.Helper()
	for {
		var m struct{ State string }
		s.ask(t, http.MethodGet, "/v1/messages/"+id, "", &m)
		switch m.State {
		case "delivered":
			return
		case "queued", "sending", "enroute":
			select {
			case <-t.Context().Done():
			case <-time.After(5 * time.Millisecond):
			}
		default:
			t.Fatalf("message %s is %s", id, m.State)
		}
	}
}

func smsc(t *testing.T) string {
	t.Helper()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0"})
	if err := sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim.Addr()
}

// fileText is a configuration with one operator; the test fills in the rest.
const fileText = `
data: %s
http: {listen: %s}
smpp: {listen: 127.0.0.1:0}
limits: {connections: 100}
connectors:
  - {name: %s, kind: smpp, hosts: ["%s"], system_id: kurir, reconnect: 100ms}
accounts:
  - {name: acme, api_keys: [key], senders: [%s]}
routes:
  - {to: "*", via: [%[3]s]}
`

func TestLife(t *testing.T) {
	t.Parallel()
	data, first, second := t.TempDir(), smsc(t), smsc(t)
	s := run(t, read(t, fmt.Sprintf(fileText, data, "127.0.0.1:0", "op1", first, "ACME")))
	id := s.send(t, "ACME")
	s.delivered(t, id)

	// Another operator, another sender: at once. Another data folder: not now.
	after := read(t, fmt.Sprintf(fileText, t.TempDir(), "127.0.0.1:0", "op2", second, "Other"))
	if err := s.Reload(t.Context(), after); err != nil {
		t.Fatal(err)
	}
	if want := `msg="this setting changes at the next start only" setting=data`; !strings.Contains(s.log.String(), want) {
		t.Errorf("the log does not say %s:\n%s", want, s.log)
	}
	moved := s.send(t, "Other")
	s.delivered(t, moved)
	var m struct{ Link string }
	s.ask(t, http.MethodGet, "/v1/messages/"+moved, "", &m)
	if m.Link != "op2" {
		t.Errorf("after the reload the link is %q, want op2", m.Link)
	}
	if status := s.ask(t, http.MethodPost, "/v1/messages", `{"to":"+46701234567","from":"ACME","text":"x"}`, nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a sender that the reload took away: status %d", status)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	// A reload that comes too late opens no links; the leak check would see them.
	_ = s.Reload(t.Context(), read(t, fmt.Sprintf(fileText, data, "127.0.0.1:0", "op3", second, "Other")))

	if strings.Contains(s.log.String(), "level=WARN msg=\"session down\"") {
		t.Errorf("links that a reload or a stop closed are reported as lost:\n%s", s.log)
	}

	// The next start knows what was.
	again := run(t, read(t, fmt.Sprintf(fileText, data, "127.0.0.1:0", "op1", first, "ACME")))
	again.delivered(t, id)
}

// TestStopHearsCalls stops a server while a webhook is called: what the listener
// answers is kept, so that it is not called again.
func TestStopHearsCalls(t *testing.T) {
	t.Parallel()
	data, operator := t.TempDir(), smsc(t)
	called, answer := make(chan struct{}, 10), make(chan struct{})
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		called <- struct{}{}
		<-answer
	}))
	defer hook.Close()
	file := func() *config.File {
		f := read(t, fmt.Sprintf(fileText, data, "127.0.0.1:0", "op1", operator, "ACME"))
		f.Accounts[0].Webhook = hook.URL
		return f
	}
	s := run(t, file())
	address := s.HTTPAddr().String()
	id := s.send(t, "ACME")
	<-called
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	for { // until the stop has come past the HTTP server
		c, err := net.Dial("tcp", address)
		if err != nil {
			break
		}
		_ = c.Close()
	}
	close(answer)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	var trace struct{ Events []struct{ What string } }
	run(t, file()).ask(t, http.MethodGet, "/v1/messages/"+id+"/trace", "", &trace)
	if last := trace.Events[len(trace.Events)-1].What; last != "told" {
		t.Errorf("the last that is known is %q", last)
	}
}

// TestRefusedStarts holds that what is wrong at start is said and leaves nothing behind.
func TestRefusedStarts(t *testing.T) {
	t.Parallel()
	data, operator := t.TempDir(), smsc(t)
	s := run(t, read(t, fmt.Sprintf(fileText, data, "127.0.0.1:0", "op1", operator, "ACME")))
	start := func(data, http string) error {
		file := read(t, fmt.Sprintf(fileText, data, http, "op1", operator, "ACME"))
		_, err := app.New(t.Context(), app.Options{File: file, Log: slog.New(slog.DiscardHandler)})
		return err
	}
	var busy *app.BusyError
	if err := start(t.TempDir(), s.HTTPAddr().String()); !errors.As(err, &busy) || busy.Setting != "http" {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := start(data, "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "held by another Kurir") {
		t.Errorf("a data folder that is held: %v", err)
	}
	newer := t.TempDir()
	if err := start(newer, net.JoinHostPort("192.0.2.1", "1")); err == nil || !strings.Contains(err.Error(), "listen on 192.0.2.1:1") {
		t.Errorf("an address that is not ours: %v", err)
	}
	if _, err := os.Stat(filepath.Join(newer, "kurir.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a start that was refused made a database: %v", err)
	}
}
