package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a daemon that we have started. Nobody waits for it in a goroutine, which goleak would find: it is looked at.
type process struct {
	id   int
	gone bool
}

// launch starts a program in a folder, in a session of its own, and writes what it says to the end of a file.
func launch(who *syscall.Credential, dir, output, name string, args ...string) (*process, error) {
	file, err := os.OpenFile(output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, file, file, environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	id := cmd.Process.Pid
	return &process{id: id}, cmd.Process.Release()
}

// complete runs a program to its end.
func complete(who *syscall.Credential, dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Setsid: true}
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, text)
	}
	return nil
}

// environment is what PostgreSQL's programs see: none of the PG variables that the person at the keyboard may have set.
func environment() []string { return []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"} }

// ended tells whether the process has ended, without waiting.
func (p *process) ended() bool {
	if p.gone {
		return true
	}
	var status syscall.WaitStatus
	id, err := syscall.Wait4(p.id, &status, syscall.WNOHANG, nil)
	p.gone = id == p.id || errors.Is(err, syscall.ECHILD)
	return p.gone
}

// waitFor looks again and again whether something is so, and tells whether it became so in time.
func waitFor(most time.Duration, so func() bool) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(most); time.Now().Before(end); <-tick.C {
		if so() {
			return true
		}
	}
	return so()
}

// runningIn returns the processes whose working directory is the folder: a server and all that it has started, which stay
// in the folder of its data. Those that have ended and wait for their parent to notice have none.
func runningIn(dir string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var ids []int
	for _, e := range entries {
		id, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		cwd, err := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if err == nil && (cwd == dir || strings.HasPrefix(cwd, dir+"/")) {
			ids = append(ids, id)
		}
	}
	return ids
}
