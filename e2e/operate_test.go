package e2e

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"kurir/simulator"
	"kurir/smpp"
)

// TestReload: SIGHUP puts a new file into force, and a file with a mistake changes nothing.
func TestReload(t *testing.T) {
	t.Parallel()
	one := startSimulator(t, simulator.Options{})
	two := startSimulator(t, simulator.Options{})
	s := startServer(t, one, serverOptions{})
	linked(t, one)
	s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")

	// A second link and account, and routes to the new link.
	opt := serverOptions{
		connectors: []string{linkTo("op1", one.Addr(), ""), linkTo("op2", two.Addr(), "")},
		accounts:   []string{`{name: late, api_keys: [` + secretMark + `-late], senders: ["*"], sender: Late}`},
		routes:     []string{`{to: "+4670*", via: [op2, op1]}`, `{to: "*", via: [op1]}`},
	}
	s.write(s.file(opt))
	if line := s.reload(); !strings.Contains(line, "configuration reloaded") {
		t.Fatal(line)
	}
	eventually(t, "the new link is up", func() bool { return s.metric(`kurir_link_sessions{link="op2"}`) == 1 }) // the operator knows it earlier
	late := *s.rest
	late.key = secretMark + "-late"
	late.becomes(late.send("+46701000002", "ref-2 "+textMark), "delivered")
	if got := two.Stats().Accepted; got != 1 {
		t.Errorf("the new link has carried %d messages, want 1", got)
	}
	if got := len(one.Sessions()); got != 1 {
		t.Errorf("the old link has %d sessions, want the one that it had", got)
	}

	// A mistake: everything stays as it was.
	opt.accounts = nil
	s.write(strings.Replace(s.file(opt), "via: [op1]", "via: [op3]", 1))
	if line := s.reload(); !strings.Contains(line, "op3") || !strings.Contains(line, "nothing is changed") {
		t.Errorf("the log says: %s", line)
	}
	late.becomes(late.send("+46701000003", "ref-3 "+textMark), "delivered")

	// An account and a link that go.
	opt.connectors, opt.routes = opt.connectors[:1], nil
	s.write(s.file(opt))
	s.reload()
	if status, _ := late.get("/v1/messages"); status != http.StatusUnauthorized {
		t.Errorf("an account that is gone: %d, want 401", status)
	}
	eventually(t, "the link that is gone is unbound", func() bool { return two.Stats().Sessions == 0 })
	s.becomes(s.send("+46701000004", "ref-4 "+textMark), "delivered")
}

// TestReloadUnderLoad: what is on its way when a link is replaced arrives, once.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	const count = 400
	for i, number := range phones(count, "1") {
		e.accepted(number, "ref-"+number+" "+textMark)
		if i%100 == 50 {
			s.write(s.file(serverOptions{connectors: []string{linkTo("op1", sim.Addr(), ", window: "+[]string{"5", "20"}[i/100%2])}}))
			s.reload()
		}
	}
	e.receipts(count)
	if c := sim.References(); c.Distinct != count || c.Repeats != 0 {
		t.Errorf("%d texts arrived and %d again, want %d once", c.Distinct, c.Repeats, count)
	}
}

// TestSecondServer: a data folder has one server; the second is told who holds it.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil, serverOptions{})
	second := prepareServer(t, nil, serverOptions{dir: s.dir})
	text, code := run(t, ours, s.dir, second.binary, "serve", "-c", second.path())
	if code != 1 || !regexp.MustCompile(`kurir: .*data folder .* is held by another Kurir \(process \d+\)`).MatchString(text) {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	if status, _ := s.get("/healthz"); status != http.StatusOK {
		t.Error("the first server has suffered")
	}

	// Nor do two share a port; the message names the setting.
	third := prepareServer(t, nil, serverOptions{})
	third.http = s.http
	third.write(third.file(serverOptions{}))
	text, code = run(t, ours, third.dir, third.binary, "serve", "-c", third.path())
	if code != 1 || !strings.Contains(text, s.http+" is in use by another program") || !strings.Contains(text, "http") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
}

// TestNewerDatabase: a database that a later version wrote is left alone.
func TestNewerDatabase(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil, serverOptions{})
	s.proc.stop()
	files, err := filepath.Glob(filepath.Join(s.data(), "*.db"))
	if err != nil || len(files) != 1 {
		t.Fatalf("databases %q, %v", files, err)
	}
	f, err := os.OpenFile(files[0], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	// PRAGMA user_version stands at octet 60 of the file (SQLite file format 1.3).
	if _, err := f.WriteAt(binary.BigEndian.AppendUint32(nil, 9999), 60); err != nil {
		t.Fatal(err)
	}
	f.Close()
	before, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	text, code := run(t, ours, s.dir, s.binary, "serve", "-c", s.path())
	if code != 1 || !strings.Contains(text, "was written by a newer Kurir") {
		t.Errorf("exit code %d:\n%s", code, text)
	}
	if after, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the database was changed: %v", err)
	}
}

// TestCheck: every file with mistakes that the configuration's own tests know is refused by the command, and the
// good ones are not.
func TestCheck(t *testing.T) {
	t.Parallel()
	binary := plainBinary(t)
	bad, err := filepath.Glob("../config/testdata/*.yaml")
	if err != nil || len(bad) == 0 {
		t.Fatal("no files", err)
	}
	place := regexp.MustCompile(`(?m)^\S+\.yaml:\d+:\d+: `)
	for _, path := range bad {
		text, code := run(t, foreign, "../config/testdata", binary, "check", "-c", filepath.Base(path))
		if code != 1 || !place.MatchString(text) {
			t.Errorf("%s: exit code %d:\n%s", filepath.Base(path), code, text)
		}
		text, code = run(t, foreign, "../config/testdata", binary, "serve", "-c", filepath.Base(path))
		if code != 1 || !place.MatchString(text) {
			t.Errorf("serve with %s: exit code %d:\n%s", filepath.Base(path), code, text)
		}
	}
	if text, code := run(t, foreign, "../config/testdata/good", binary, "check", "-c", "contract.yaml"); code != 0 || !strings.HasPrefix(text, "ok: ") {
		t.Errorf("the file of the contract: exit code %d:\n%s", code, text)
	}
}

// TestTooFewFiles: a limit on open files that is too low is said at start.
func TestTooFewFiles(t *testing.T) {
	t.Parallel()
	s := prepareServer(t, nil, serverOptions{})
	s.proc = start(t, ours, s.dir, "/bin/sh", "-c", `ulimit -n 256; exec "$0" serve -c "$1"`, s.binary, s.path())
	s.proc.out.wait(t, "only 256 files may be open.*raise the limit")
}

// TestSend: the command sends, waits until the text is delivered, and says by its exit code what became of it.
func TestSend(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	send := func(args ...string) (string, int) {
		t.Helper()
		cmd := exec.Command(s.binary, append([]string{"send"}, args...)...)
		cmd.Dir = s.dir
		cmd.Env = append(os.Environ(), "KURIR_KEY="+apiKey, "KURIR_SERVER=http://"+s.http)
		text, _ := cmd.CombinedOutput()
		return string(text), cmd.ProcessState.ExitCode()
	}
	text, code := send("--to", "+46701000001", "--text", "ref-1 "+textMark, "--wait", "delivered")
	if code != 0 || !strings.Contains(text, "delivered") {
		t.Errorf("exit code %d: %s", code, text)
	}
	if text, code := send("--to", "+46701099605", "--text", "ref-2 "+textMark, "--wait", "delivered"); code != 1 {
		t.Errorf("to a phone that cannot be reached: exit code %d: %s", code, text)
	}
	if text, code := send("--to", "07010O0001", "--text", "ref-3 "+textMark); code != 1 || !strings.Contains(text, "07010O0001") {
		t.Errorf("to no number: exit code %d: %s", code, text)
	}
	if text, code := send("--text", textMark); code != 2 {
		t.Errorf("to nobody: exit code %d: %s", code, text)
	}
	s.proc.stop()
	if text, code := send("--to", "+46701000001", "--text", textMark); code != 3 {
		t.Errorf("without a server: exit code %d: %s", code, text)
	}
}

// TestHealth: what watches the server gets answers that mean what they say.
func TestHealth(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	for path, want := range map[string]string{"/healthz": "ok", "/readyz": "ready"} {
		if status, text := s.get(path); status != http.StatusOK || !strings.HasPrefix(text, want) {
			t.Errorf("%s: %d %q", path, status, text)
		}
	}
	s.becomes(s.send("+46701000001", "ref-1 "+textMark), "delivered")
	for name, want := range map[string]float64{
		"kurir_messages_accepted_total":                 1,
		`kurir_messages_final_total{state="delivered"}`: 1,
		`kurir_link_up{link="op1"}`:                     1,
		`kurir_link_taken_total{link="op1"}`:            1,
		`kurir_link_receipts_total{link="op1"}`:         1,
		"kurir_writable":                                1,
	} {
		s.counts(name, want)
	}
}

// TestStop: Ctrl-C ends the server in good order: customers and operators are unbound, nothing is lost.
func TestStop(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	id := e.accepted("46701099503", "ref-1 "+textMark) // receipt after 2 s
	time := stopwatch()
	s.proc.signal(syscall.SIGINT)
	if code := s.proc.ended(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if took := time(); took > soon/4 {
		t.Errorf("stopping took %v", took)
	}
	receive(t, "the end of the customer's session", waitDone(e.sess.Done(), patience))
	s.start()
	again := bindTo(t, s.smpp, smpp.Receiver)
	if r := again.receipt(); r.ID != id || r.State != smpp.MessageDelivered {
		t.Errorf("receipt %+v, want delivered of %s", r, id)
	}
}

// TestNothingSecretInOutput sends marked texts through every door, with mistakes on the way and the log at its most
// talkative; the end of each process searches what was written.
func TestNothingSecretInOutput(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	h := startHook(t)
	h.answer(func(n int) int { return []int{500, 200}[min(n, 1)] })
	s := startServer(t, sim, serverOptions{
		more:    "log: {level: debug, format: json}",
		account: ", webhook: " + h.URL,
		inbound: []string{`{keyword: info, account: ` + account + `, do: [{webhook: "` + h.URL + `"}]}`},
	})
	linked(t, sim)
	e := bindTo(t, s.smpp, smpp.Transceiver)
	for _, to := range []string{"46701000001", "46701099011", "46701099300", "46701099405", "46701099506", "46701099605"} {
		e.accepted(to, "ref "+textMark)
		s.send("+"+to, "ref "+textMark)
	}
	s.post(`{"to":"x","text":"` + textMark + `","webhook":"http://` + secretMark + `.invalid/"}`)
	s.post(`{"text":"` + textMark + `` + "\x00")
	s.get("/cgi-bin/sendsms?username=acme&password=" + secretMark + "&text=" + textMark + "&to=+46701000001")
	wrong := *s.rest
	wrong.key = secretMark + "-wrong"
	wrong.get("/v1/messages?text=" + textMark)
	_, _ = tryBind(t, s.smpp, smpp.Bind{Mode: smpp.Transceiver, SystemID: account, Password: secretMark + "x"}, smpp.SessionConfig{})
	if err := sim.Inject(simulator.Inbound{From: "46701234567", To: "46737494949", Text: "info " + textMark}); err != nil {
		t.Fatal(err)
	}
	receive(t, "a webhook", h.calls)
	receive(t, "a webhook again", h.calls)
	eventually(t, "everything has been tried", func() bool { return s.metric("kurir_messages_accepted_total") >= 12 && sim.Stats().Accepted >= 6 })
	s.write(strings.Replace(s.file(serverOptions{}), "password: ", "pass_word: ", 1))
	s.reload()
	s.judgePages()
	e.unbind()
}
