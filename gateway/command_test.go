package gateway

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kurir/command"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
)

// commanding is a gateway whose rules start programs: scripts that note in a file that they ran.
type commanding struct {
	*world
	op   *fakeLink
	file string
	sent chan *connector.Outgoing // what went to phones
	log  *logBuffer
}

const (
	commandPhone = "46100000001"
	commandCodes = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" // of RFC 6238
)

// commandSnapshot has a command per word; note is the file.
func commandSnapshot(t *testing.T, note string) *Snapshot {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "act")
	text := `#!/bin/sh
echo "$1" >> "` + note + `"
case $1 in
hang) echo started; while [ -e "` + note + `" ]; do sleep 0.05; done;;
fail) exit 3;;
*) echo "did $1 [$2] for $KURIR_FROM: $KURIR_TEXT"; cat;;
esac
`
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	s := testSnapshot()
	s.Commands = map[string]*command.Config{}
	var rules []InboundRule
	for _, word := range []string{"run", "fail", "hang", "code"} {
		c := &command.Config{Name: word, Run: []string{"/bin/sh", script, word, "{rest}"}, From: []string{commandPhone}, User: me.Username}
		c.Timeout = 10 * time.Minute // the test says when one that hangs ends, not the clock
		if word == "code" {
			c.Secret = commandCodes
		}
		c.Validate(func(field, problem string) { t.Errorf("%s %s", field, problem) })
		s.Commands[word] = c
		rules = append(rules, InboundRule{Keyword: route.Patterns{word}, Do: []InboundAction{{Command: word, Answer: true}}})
	}
	s.Inbound = NewInboundTable(rules)
	return s
}

func startCommanding(t *testing.T, dir, file string, s *Snapshot) *commanding {
	t.Helper()
	var log logBuffer
	w := start(t, dir, Options{Snapshot: s, Log: slog.New(slog.NewTextHandler(&log, nil))}, nil)
	op := w.fakeLink("op1")
	sent := make(chan *connector.Outgoing, 100)
	op.on = func(_ uint32, out []*connector.Outgoing) {
		for _, o := range out {
			sent <- o
		}
	}
	op.core.SessionUp(1, 100)
	return &commanding{w, op, file, sent, &log}
}

// logBuffer is a log that is read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// lines gives those in which something is.
func (b *logBuffer) lines(with string) (list []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		if strings.Contains(line, with) {
			list = append(list, line)
		}
	}
	return list
}

// write has a phone write.
func (c *commanding) write(from, text string) message.ID {
	c.t.Helper()
	in := &message.Inbound{
		From: message.Address{TON: message.TONInternational, NPI: 1, Number: from}, To: message.Address{TON: message.TONInternational, NPI: 1, Number: "4611111"},
		Content: message.Content{Text: text, Class: -1},
	}
	if err := <-c.op.inbound(in); err != nil {
		c.t.Fatal(err)
	}
	return in.ID
}

// waitFor waits for an event of an inbound message, and gives what is said of it.
func (c *commanding) waitFor(id message.ID, what string) TraceEntry {
	c.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 6000 { // a minute
		in, err := c.store.Inbound(c.t.Context(), id)
		if err != nil {
			c.t.Fatal(err)
		}
		events, err := InboundTrace(in)
		if err != nil {
			c.t.Fatal(err)
		}
		for _, ev := range events {
			if ev.What == what {
				return ev
			}
		}
		<-tick.C
	}
	c.t.Fatalf("message %s has no event %s", id, what)
	return TraceEntry{}
}

// waitRan waits until these programs have run.
func (c *commanding) waitRan(want string) {
	c.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 6000 { // a minute
		if c.ran() == want {
			return
		}
		<-tick.C
	}
	c.t.Fatalf("these ran: %s, want %s", c.ran(), want)
}

// waitTold waits until an inbound message is answered with a text, and nothing else.
func (c *commanding) waitTold(id message.ID, want string) {
	c.t.Helper()
	c.waitFor(id, "told")
	select {
	case o := <-c.sent: // behind its acceptance, on which it is told
		wantTexts(c.t, []*connector.Outgoing{o}, want)
	case <-time.After(time.Minute):
		c.t.Fatalf("message %s was not answered", id)
	}
	if n := len(c.sent); n != 0 {
		c.t.Errorf("%d more were sent", n)
	}
}

// ran gives the programs that ran.
func (c *commanding) ran() string {
	text, _ := os.ReadFile(c.file)
	return strings.ReplaceAll(string(text), "\n", " ")
}

// TestCommands: phones that may start programs do, whatever they write, with a code that counts once, and nobody else; what a
// program writes is the answer; after a crash none is started again.
func TestCommands(t *testing.T) {
	t.Parallel()
	dir, crashed, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "note")
	snap := commandSnapshot(t, file)
	c := startCommanding(t, dir, file, snap)

	id := c.write(commandPhone, "Run $(reboot); two  words")
	if ev := c.waitFor(id, "command_ended"); ev.Code != 0 || !strings.HasPrefix(ev.Text, "run took ") {
		t.Errorf("it ended with %+v", ev)
	}
	c.waitFor(id, "told")
	want := "did run [$(reboot); two  words] for +46100000001: Run $(reboot); two  words\nRun $(reboot); two  words"
	c.waitTold(id, commandPhone+": "+want)

	id = c.write("46100000002", "run of 12345") // somebody else
	if ev := c.waitFor(id, "tell_given_up"); ev.Text != "the phone may not start the command" {
		t.Errorf("refused with %+v", ev)
	}
	want = `level=WARN msg="a command was not started" command=run rule=run account=acme from=+46100000002 message=` + id.String() +
		` why="the phone may not start the command"`
	if list := c.log.lines(id.String()); len(list) != 1 || !strings.Contains(list[0], want) {
		t.Errorf("the log says of a command that is refused %q, want %s", list, want)
	}
	id = c.write(commandPhone, "fail")
	if ev := c.waitFor(id, "command_ended"); ev.Code != 3 || !strings.Contains(ev.Text, "it ended with code 3") {
		t.Errorf("it ended with %+v", ev)
	}
	if got := c.ran(); got != "run fail " {
		t.Errorf("these ran: %s", got)
	}
	if e := c.ExplainInbound(&message.Inbound{From: message.Address{Number: commandPhone}, To: message.Address{Number: "4611111"}, Content: message.Content{Text: "run"}}, time.Now()); fmt.Sprint(e.Goes) != "[command run, which answers the phone]" {
		t.Errorf("explained as %q", e.Goes)
	}

	code := codeNow()
	id = c.write(commandPhone, "code now "+code)
	c.waitTold(id, commandPhone+": did code [now] for +46100000001: code now\ncode now")
	for i, text := range []string{"code now " + code, "code now", "code", "code 1", "code 2", "code 3"} {
		want := "the one-time code is wrong or was used before"
		if i == 5 {
			want = "too many wrong one-time codes: it rests for 15 minutes"
		}
		id = c.write(commandPhone, text)
		if ev := c.waitFor(id, "tell_given_up"); ev.Text != want {
			t.Errorf("%s is refused with %+v, want %s", text, ev, want)
		}
	}

	hanging := c.write(commandPhone, "hang")
	c.waitFor(hanging, "command")
	second := c.write(commandPhone, "hang")
	c.waitRan("run fail code hang ") // one of it at a time
	copyStore(t, dir, crashed)       // killed here: one has started, the other waits
	other := filepath.Join(t.TempDir(), "note")
	again := startCommanding(t, crashed, other, commandSnapshot(t, other))
	if ev := again.waitFor(hanging, "tell_given_up"); !strings.Contains(ev.Text, "not started again") {
		t.Errorf("after the crash: %+v", ev)
	}
	again.waitFor(second, "command")
	again.waitRan("hang ")
	id = again.write(commandPhone, "code now "+code) // also after a crash
	if ev := again.waitFor(id, "tell_given_up"); !strings.Contains(ev.Text, "one-time code") {
		t.Errorf("the code after the crash: %+v", ev)
	}
	if got := again.ran(); got != "hang " {
		t.Errorf("after the crash these ran: %s", got)
	}
	_ = os.Remove(other)
	again.waitFor(second, "command_ended")
	_ = os.Remove(file) // lets the first go
	c.waitFor(hanging, "command_ended")
	c.EndCommands(0)
}

// codeNow is the code that an app shows (RFC 6238).
func codeNow() string {
	key, _ := base32.StdEncoding.DecodeString(commandCodes)
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, time.Now().Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// TestCommandTooLate: a message that has waited for too long starts nothing any more.
func TestCommandTooLate(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "note")
	s := commandSnapshot(t, file)
	dir := t.TempDir()
	c := startCommanding(t, dir, file, s)
	c.EndCommands(0)
	id := c.write(commandPhone, "run")
	c.end()
	s.Commands["run"].MaxAge = time.Nanosecond
	c = startCommanding(t, dir, file, s)
	if ev := c.waitFor(id, "tell_given_up"); !strings.Contains(ev.Text, "older") {
		t.Errorf("%+v", ev)
	}
	if got := c.ran(); got != "" {
		t.Errorf("these ran: %s", got)
	}
}
