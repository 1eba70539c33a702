package e2e

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Every text that the tests send has textMark in it, every password and key has secretMark. Neither may turn up in
// anything that the program writes.
const (
	textMark   = "Kvittra"
	secretMark = "hmlg"
)

// process is a program that runs beside the test.
type process struct {
	t    testing.TB
	name string
	cmd  *exec.Cmd
	out  *output
	done chan struct{} // closed when it has ended
	err  error         // of Wait; read after done
	kind processKind
}

type processKind uint8

const (
	ours    processKind = iota // Kurir: its output is searched
	foreign                    // a peer: its output is shown when the test fails
)

// start runs a program until the test ends.
func start(t testing.TB, kind processKind, dir, path string, args ...string) *process {
	t.Helper()
	p := &process{t: t, name: filepath.Base(path), cmd: exec.Command(path, args...), out: newOutput(), done: make(chan struct{}), kind: kind}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		p.out.Close()
		close(p.done)
	}()
	t.Cleanup(p.cleanup)
	return p
}

// cleanup ends the process and judges its output.
func (p *process) cleanup() {
	p.stop()
	if p.kind == ours {
		judge(p.t, p.name, p.out.String())
	}
	if p.t.Failed() {
		p.t.Logf("output of %s:\n%s", p.name, tail(p.out.String(), 12000))
	}
}

// stop asks the process to end, and ends it if it does not.
func (p *process) stop() {
	select {
	case <-p.done:
		return
	default:
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case <-p.done:
	case <-timer.C:
		if p.kind == ours {
			_ = p.cmd.Process.Signal(syscall.SIGQUIT)
			receive(p.t, "the goroutines", waitDone(p.done, 5*time.Second))
			p.t.Errorf("%s did not stop within 30 s of SIGTERM", p.name)
		}
		p.kill()
	}
}

func waitDone(done <-chan struct{}, limit time.Duration) <-chan struct{} {
	c := make(chan struct{}, 1)
	go func() {
		select {
		case <-done:
		case <-time.After(limit):
		}
		c <- struct{}{}
	}()
	return c
}

// kill ends the process as kill -9 does, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// signal sends a signal.
func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatalf("signal %v to %s: %v", s, p.name, err)
	}
}

// ended waits for the end and returns the exit code.
func (p *process) ended() int {
	p.t.Helper()
	receive(p.t, "the end of "+p.name, waitDone(p.done, patience))
	select {
	case <-p.done:
	default:
		p.t.Fatalf("%s does not end", p.name)
	}
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		p.t.Fatalf("%s: %v", p.name, p.err)
	}
	return p.cmd.ProcessState.ExitCode()
}

// running tells whether the process has not ended.
func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

var (
	bad     = regexp.MustCompile(`WARNING: DATA RACE|(?m)^panic: |goroutine \d+ \[running\]|fatal error: |this is a mistake in Kurir`)
	marked  = regexp.MustCompile(textMark + `|` + secretMark)
	excerpt = 3000
)

// judge fails the test when the output of our program holds what it never may.
func judge(t testing.TB, name, text string) {
	t.Helper()
	if at := bad.FindStringIndex(text); at != nil {
		t.Errorf("%s failed:\n%s", name, text[at[0]:min(len(text), at[0]+excerpt)])
	}
	if at := marked.FindStringIndex(text); at != nil {
		from := strings.LastIndexByte(text[:at[0]], '\n') + 1
		t.Errorf("the output of %s holds a text, password or key:\n%s", name, text[from:min(len(text), at[1]+200)])
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "..." + s[len(s)-n:]
	}
	return s
}

// output keeps what a process writes and lets a test wait for it.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
	closed  bool
}

func newOutput() *output { return &output{changed: make(chan struct{})} }

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return 0, io.ErrClosedPipe
	}
	o.text.Write(b)
	close(o.changed)
	o.changed = make(chan struct{})
	return len(b), nil
}

// Close says that no more comes.
func (o *output) Close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	close(o.changed)
	o.changed = nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait waits for a line that matches and returns its submatches.
func (o *output) wait(t testing.TB, pattern string) []string {
	t.Helper()
	return o.waitAfter(t, 0, pattern)
}

// waitAfter looks only at what was written after the first n octets.
func (o *output) waitAfter(t testing.TB, n int, pattern string) []string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		o.mu.Lock()
		text, changed, closed := o.text.Bytes()[n:], o.changed, o.closed
		match := re.FindSubmatch(text)
		o.mu.Unlock()
		if match != nil {
			all := make([]string, len(match))
			for i, m := range match {
				all[i] = string(m)
			}
			return all
		}
		if closed {
			t.Fatalf("the program ended without writing %q:\n%s", pattern, tail(o.String(), 4000))
		}
		select {
		case <-changed:
		case <-timer.C:
			t.Fatalf("waited %v in vain for %q in the output:\n%s", patience, pattern, tail(o.String(), 4000))
		}
	}
}

// size is how much was written so far, for waitAfter.
func (o *output) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Len()
}

// run runs a program to its end and returns its output and exit code.
func run(t testing.TB, kind processKind, dir, path string, args ...string) (string, int) {
	t.Helper()
	p := start(t, kind, dir, path, args...)
	code := p.ended()
	return p.out.String(), code
}
