package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/gsm"
)

// Call is what a program is started with.
type Call struct {
	Args  []string // behind the program
	Env   []string // NAME=value
	Input []byte
}

// Result is how a program ended.
type Result struct {
	Exit   int           // its code, -1 if it did not end by itself
	Took   time.Duration // how long it ran
	Output string        // what it wrote, as a text for a phone: no white space around it, at most Parts parts; empty where it is none
	Why    string        // what went wrong, in plain words; empty if it ended with 0
}

// pipeWait is how long what the program started, and left behind, may keep its output open.
const pipeWait = time.Second

// Run runs the program of a configuration that Validate found nothing wrong with. It returns when that has ended, at the
// latest a second after its time is over or ctx ends.
func Run(ctx context.Context, c *Config, call Call) Result {
	full := c.WithDefaults()
	c = &full
	began := time.Now()
	id, err := c.credential()
	if err != nil {
		return Result{Exit: -1, Why: "the user " + err.Error()}
	}
	timed, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	cmd := exec.CommandContext(timed, c.Run[0], withoutNUL(call.Args)...)
	out := &limited{most: c.Output}
	cmd.Stdin, cmd.Stdout, cmd.Dir = bytes.NewReader(call.Input), out, c.Dir
	cmd.Env = append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8", "HOME=" + c.Dir}, withoutNUL(call.Env)...)
	cmd.WaitDelay = pipeWait
	ownGroup(cmd, id)
	err = cmd.Run()
	r := Result{Exit: -1, Took: time.Since(began), Output: c.text(out)}
	if cmd.ProcessState != nil {
		r.Exit = cmd.ProcessState.ExitCode()
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		r.Exit, r.Why = -1, "it was killed, for Kurir stops"
	case timed.Err() != nil:
		r.Exit, r.Why = -1, fmt.Sprintf("it was killed after %v, its time limit", c.Timeout)
	case errors.As(err, &exit) && r.Exit >= 0:
		r.Why = fmt.Sprintf("it ended with code %d", r.Exit)
	case errors.As(err, &exit):
		r.Why = "it ended by " + exit.String()
	case errors.Is(err, exec.ErrWaitDelay): // it has ended, what it started goes on
		killGroup(cmd)
	case err != nil:
		r.Why = "it could not be started: " + withoutPath(err).Error()
	}
	return r
}

// withoutPath leaves out of an error of starting what names the program and its arguments.
func withoutPath(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// withoutNUL drops the octet that no argument and no variable can hold.
func withoutNUL(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ReplaceAll(s, "\x00", "")
	}
	return out
}

// text makes of what a program wrote a text for a phone.
func (c *Config) text(out *limited) string {
	b := out.b
	for range utf8.UTFMax - 1 { // a character that was cut in two
		if r, size := utf8.DecodeLastRune(b); out.over && r == utf8.RuneError && size == 1 {
			b = b[:len(b)-1]
		}
	}
	if !utf8.Valid(b) {
		return ""
	}
	text := []rune(strings.TrimSpace(strings.ReplaceAll(string(b), "\x00", "")))
	fits := sort.Search(len(text), func(i int) bool {
		size, err := gsm.Measure(string(text[:i+1]), gsm.Auto)
		return err != nil || size.Parts > c.Parts
	})
	return strings.TrimSpace(string(text[:fits]))
}

// limited keeps the beginning of what is written.
type limited struct {
	b    []byte
	most int
	over bool // there was more
}

// Write implements io.Writer.
func (l *limited) Write(p []byte) (int, error) {
	room := l.most - len(l.b)
	l.over = l.over || len(p) > room
	l.b = append(l.b, p[:min(len(p), room)]...)
	return len(p), nil
}
