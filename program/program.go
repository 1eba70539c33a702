// Package program runs programs of this machine that the file names, for commands
// and filters:
//
//  1. No shell is between: arguments stay what they are.
//  2. It runs as the user that is wanted, else as Kurir's, but as nobody where that
//     is root.
//  3. It has a process group of its own. When its context ends, or it has ended and
//     left something behind that keeps its output open, the whole group is killed.
//  4. Of what it writes on standard output no more is kept than is wanted.
package program

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"
)

// Spec says what to run.
type Spec struct {
	Path  string // with its folder
	Args  []string
	Env   []string // NAME=value, besides PATH
	Dir   string   // empty: Kurir's
	User  string   // empty: Kurir's, but nobody where that is root
	Input []byte   // on standard input
	Most  int      // octets of what it writes that are kept; more is dropped
}

// Result is how it ended.
type Result struct {
	Exit   int // its code, -1 if it did not end by itself
	Output []byte
	Over   bool // it wrote more
	// Err is nil when it ended with 0, an *exec.ExitError when it ended otherwise, else why it could not be started.
	Err error
}

// leftWait is how long what the program started, and left behind, may keep its output open.
const leftWait = time.Second

// Run runs it. It returns when it has ended, at the latest a second after ctx has.
func Run(ctx context.Context, s Spec) Result {
	id, err := identityOf(s.User)
	if err != nil {
		return Result{Exit: -1, Err: err}
	}
	cmd := exec.CommandContext(ctx, s.Path, withoutNUL(s.Args)...)
	out := &limited{most: s.Most}
	cmd.Stdin, cmd.Stdout, cmd.Dir = bytes.NewReader(s.Input), out, s.Dir
	cmd.Env = append([]string{"PATH=/usr/local/bin:/usr/bin:/bin"}, withoutNUL(s.Env)...)
	cmd.WaitDelay = leftWait
	ownGroup(cmd, id)
	err = cmd.Run()
	r := Result{Exit: -1, Output: out.b, Over: out.over, Err: err}
	if cmd.ProcessState != nil {
		r.Exit = cmd.ProcessState.ExitCode()
	}
	if errors.Is(err, exec.ErrWaitDelay) { // it has ended, what it started goes on
		killGroup(cmd)
		r.Err = nil
	}
	return r
}

// withoutNUL drops the octet that no argument and no variable can hold.
func withoutNUL(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strings.ReplaceAll(s, "\x00", "")
	}
	return out
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
