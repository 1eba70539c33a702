package command

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"sort"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/gsm"
	"kurir/program"
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

// Run runs the program of a configuration that Validate found nothing wrong with. It returns when that has ended, at the
// latest a second after its time is over or ctx ends.
func Run(ctx context.Context, c *Config, call Call) Result {
	full := c.WithDefaults()
	c = &full
	began := time.Now()
	timed, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	got := program.Run(timed, program.Spec{
		Path: c.Run[0], Args: call.Args, Env: append([]string{"LANG=C.UTF-8", "HOME=" + c.Dir}, call.Env...),
		Dir: c.Dir, User: c.User, Input: call.Input, Most: c.Output,
	})
	r := Result{Exit: got.Exit, Took: time.Since(began), Output: c.text(got.Output, got.Over)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		r.Exit, r.Why = -1, "it was killed, for Kurir stops"
	case timed.Err() != nil:
		r.Exit, r.Why = -1, fmt.Sprintf("it was killed after %v, its time limit", c.Timeout)
	case errors.As(got.Err, &exit) && r.Exit >= 0:
		r.Why = fmt.Sprintf("it ended with code %d", r.Exit)
	case errors.As(got.Err, &exit):
		r.Why = "it ended by " + exit.String()
	case got.Err != nil:
		r.Why = "it could not be started: " + withoutPath(got.Err).Error()
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

// text makes of what a program wrote a text for a phone.
func (c *Config) text(b []byte, cut bool) string {
	for range utf8.UTFMax - 1 { // a character that was cut in two
		if r, size := utf8.DecodeLastRune(b); cut && r == utf8.RuneError && size == 1 {
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
