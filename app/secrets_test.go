package app_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kurir/app"
	"kurir/config"
	"kurir/message"
	"kurir/pgtest"
	"kurir/simulator"
)

// Marked secrets, which must be in no database with a key, and in no log.
const (
	linkMark = "0p-m4rk!" // eight octets, as SMPP has it
	hookMark = "hook-m4rk-of-alarms"
)

// keyFor makes a key for secrets of one letter, and its fingerprint.
func keyFor(t *testing.T, letter string) (key, fingerprint string) {
	t.Helper()
	key = base64.StdEncoding.EncodeToString([]byte(strings.Repeat(letter, 32)))
	k, err := config.ParseSecretKey(message.Secret(key))
	if err != nil {
		t.Fatal(err)
	}
	return key, k.Fingerprint()
}

// pickyOperator takes binds with the marked password only.
func pickyOperator(t *testing.T) *simulator.Simulator {
	t.Helper()
	sim := simulator.New(simulator.Options{SMPP: "127.0.0.1:0", SystemID: "kurir", Password: linkMark})
	if err := sim.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	return sim
}

// secretFile is a server's file with or without keys for secrets.
func secretFile(t *testing.T, where, keys string) *config.File {
	t.Helper()
	return read(t, fmt.Sprintf(`
%s
http: {listen: "127.0.0.1:0"}
secrets: {%s}
accounts:
  - {name: root, admin: true, api_keys: [key], senders: ["*"]}
`, where, keys))
}

// makeSecrets makes a link and alarms with marked secrets.
func makeSecrets(t *testing.T, s *server, operator *simulator.Simulator) {
	t.Helper()
	for path, body := range map[string]string{
		"connectors/op1": fmt.Sprintf(`{"kind":"smpp","hosts":["%s"],"system_id":"kurir","password":"%s"}`, operator.Addr(), linkMark),
		"alarms":         `{"webhook":"http://127.0.0.1:9/","webhook_secret":"` + hookMark + `"}`,
	} {
		if status, answer := request(t, s, "key", http.MethodPut, "/v1/config/"+path, body); status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
	}
}

// refusedStart starts a server that must not start, and gives why.
func refusedStart(t *testing.T, file *config.File) string {
	t.Helper()
	_, err := app.New(t.Context(), app.Options{File: file, Log: slog.New(slog.DiscardHandler)})
	if err == nil {
		t.Fatal("it starts")
	}
	return err.Error()
}

// wantNoMarks looks for what must not be seen.
func wantNoMarks(t *testing.T, where, text string, more ...string) {
	t.Helper()
	for _, mark := range append(more, linkMark, hookMark) {
		if strings.Contains(text, mark) {
			t.Errorf("%s has %s", where, mark)
		}
	}
}

// databaseOctets gives all files of a data folder.
func databaseOctets(t *testing.T, dir string) string {
	t.Helper()
	var all bytes.Buffer
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		octets, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(octets)
	}
	return all.String()
}

// TestSecretsAreEncrypted: secrets that were made without a key are encrypted at the first start with one, and so are those that follow;
// they go on working; the key is changed by giving both; neither another key nor none will do; and no log has any of it.
func TestSecretsAreEncrypted(t *testing.T) {
	t.Parallel()
	operator := pickyOperator(t)
	dir := t.TempDir()
	where := "data: " + dir
	one, onePrint := keyFor(t, "1")
	two, twoPrint := keyFor(t, "2")
	ended := func(s *server) {
		t.Helper()
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		wantNoMarks(t, "the log", s.log.String(), one, two)
	}

	s := run(t, secretFile(t, where, ""))
	makeSecrets(t, s, operator)
	s.until(t, "op1", "up", 1)
	ended(s)
	if !strings.Contains(databaseOctets(t, dir), linkMark) {
		t.Error("without a key the password is not in the database even in the clear")
	}
	s = run(t, secretFile(t, where, ""))
	s.until(t, "op1", "up", 1)
	ended(s)
	if !strings.Contains(s.log.String(), "in the database as they are") || !strings.Contains(s.log.String(), "secrets=2") {
		t.Errorf("nobody is told that secrets are in the clear: %s", s.log)
	}

	s = run(t, secretFile(t, where, `key: "`+one+`"`))
	s.until(t, "op1", "up", 1) // the links come after what was in the clear
	status, answer := request(t, s, "key", http.MethodPatch, "/v1/config/connectors/op1", `{"window":7,"password":"***"}`)
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	s.until(t, "op1", "up", 1)
	if _, answer := request(t, s, "key", http.MethodGet, "/v1/audit?noun=secrets", ""); !strings.Contains(answer, `"action":"encrypt"`) {
		t.Errorf("the audit does not say that secrets were encrypted: %s", answer)
	}
	ended(s)
	wantNoMarks(t, "the database with a key", databaseOctets(t, dir))
	if why := refusedStart(t, secretFile(t, where, "")); !strings.Contains(why, onePrint) || !strings.Contains(why, "write that key under secrets: {key: ...}") {
		t.Errorf("without the key: %s", why)
	}
	why := refusedStart(t, secretFile(t, where, `key: "`+two+`"`))
	wantNoMarks(t, "the refusal", why, one, two)
	if !strings.Contains(why, onePrint) || !strings.Contains(why, twoPrint) || !strings.Contains(why, "under previous") {
		t.Errorf("with another key: %s", why)
	}

	s = run(t, secretFile(t, where, fmt.Sprintf("key: %q, previous: %q", two, one)))
	s.until(t, "op1", "up", 1)
	ended(s)
	if octets := databaseOctets(t, dir); strings.Contains(octets, "kurir-secret:1:"+onePrint) || !strings.Contains(octets, "kurir-secret:1:"+twoPrint) {
		t.Error("the secrets are not encrypted with the new key")
	}
	if why := refusedStart(t, secretFile(t, where, `key: "`+one+`"`)); !strings.Contains(why, twoPrint) {
		t.Errorf("with the key of before: %s", why)
	}
	s = run(t, secretFile(t, where, `key: "`+two+`"`))
	s.until(t, "op1", "up", 1)
	ended(s)
}

// TestSecretsOfNodes: servers that share a database encrypt its secrets, or change the key, when the last of them has the key; until then
// each reads what the others write, and from then on none starts without it.
func TestSecretsOfNodes(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	operator := pickyOperator(t)
	one, onePrint := keyFor(t, "1")
	two, twoPrint := keyFor(t, "2")
	file := func(node, keys string) *config.File {
		t.Helper()
		return secretFile(t, fmt.Sprintf("data: %s\ndatabase: %s\nnode: %s", t.TempDir(), url, node), keys)
	}
	both := fmt.Sprintf("key: %q, previous: %q", two, one)
	only := func(key string) string { return fmt.Sprintf("key: %q", key) }
	var logs []*lines
	start := func(node, keys string) *server {
		t.Helper()
		s := run(t, file(node, keys))
		logs = append(logs, s.log)
		return s
	}
	again := func(s *server, node, keys string) *server {
		t.Helper()
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		return start(node, keys)
	}
	inForce := func(want string) {
		t.Helper()
		for t.Context().Err() == nil {
			rows := pgtest.Exec(t, url, "SELECT fingerprint FROM secret_key")
			if len(rows) == 1 && rows[0][0] == want || len(rows) == 0 && want == "" {
				return
			}
		}
		t.Fatalf("the key %s does not come into force", want)
	}
	bodies := func() string { return fmt.Sprint(pgtest.Exec(t, url, "SELECT body FROM resource")) }
	waits := func(s *server, without string) {
		t.Helper()
		for t.Context().Err() == nil {
			if text := s.log.String(); strings.Contains(text, "before every server has it") && strings.Contains(text, "without=["+without+"]") {
				return
			}
		}
		t.Fatalf("it does not say that %s has no key", without)
	}

	a := start("a", "")
	makeSecrets(t, a, operator)
	b := start("b", "")
	a = again(a, "a", only(one))
	waits(a, "b")
	inForce("")
	if status, answer := request(t, a, "key", http.MethodPatch, "/v1/config/alarms", `{"disk":20}`); status != http.StatusOK {
		t.Errorf("%d %s", status, answer)
	}
	seen(t, b, "/v1/config/alarms", `"disk":20`) // which it could not read if it were encrypted
	b = again(b, "b", only(one))
	inForce(onePrint)
	wantNoMarks(t, "a table with a key", bodies())
	if why := refusedStart(t, file("c", "")); !strings.Contains(why, onePrint) {
		t.Errorf("a third without the key: %s", why)
	}

	a = again(a, "a", both)
	waits(a, "b")
	for i, s := range []*server{a, b} {
		body := fmt.Sprintf(`{"disk":%d}`, 30+i)
		if status, answer := request(t, s, "key", http.MethodPatch, "/v1/config/alarms", body); status != http.StatusOK {
			t.Errorf("%d %s", status, answer)
		}
		for _, s := range []*server{a, b} {
			seen(t, s, "/v1/config/alarms", strings.Trim(body, "{}"))
		}
	}
	inForce(onePrint)
	b = again(b, "b", both)
	inForce(twoPrint)
	if text := bodies(); strings.Contains(text, onePrint) || !strings.Contains(text, twoPrint) {
		t.Error("the secrets are not encrypted with the new key")
	}
	if why := refusedStart(t, file("c", only(one))); !strings.Contains(why, twoPrint) {
		t.Errorf("a third with the key of before: %s", why)
	}
	for bound := 0; bound == 0 && t.Context().Err() == nil; {
		there, _ := a.bound(t)
		here, _ := b.bound(t)
		bound = there + here
	}
	for _, log := range logs {
		wantNoMarks(t, "a log", log.String(), one, two)
	}
}

// seen waits until a server shows something.
func seen(t *testing.T, s *server, path, want string) {
	t.Helper()
	for t.Context().Err() == nil {
		if _, answer := request(t, s, "key", http.MethodGet, path, ""); strings.Contains(answer, want) {
			return
		}
	}
	t.Fatalf("%s does not come to %s", path, want)
}

// TestNodesWithTwoKeys: a server whose key is not that of another that waits to use its own for the first time does not start.
func TestNodesWithTwoKeys(t *testing.T) {
	t.Parallel()
	url := pgtest.Shared(t).Database(t)
	one, onePrint := keyFor(t, "1")
	two, twoPrint := keyFor(t, "2")
	file := func(node, key string) *config.File {
		t.Helper()
		return secretFile(t, fmt.Sprintf("data: %s\ndatabase: %s\nnode: %s", t.TempDir(), url, node), fmt.Sprintf("key: %q", key))
	}
	first, err := app.New(t.Context(), app.Options{File: file("a", one), Log: slog.New(slog.DiscardHandler)}) // it has not encrypted anything yet
	if err != nil {
		t.Fatal(err)
	}
	why := refusedStart(t, file("b", two))
	if !strings.Contains(why, "server a has another key") || !strings.Contains(why, onePrint) || !strings.Contains(why, twoPrint) {
		t.Errorf("%s", why)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := first.Run(ctx); err != nil {
		t.Error(err)
	}
}
