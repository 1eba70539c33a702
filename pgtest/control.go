package pgtest

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Shutdown is how a server is told to end.
type Shutdown syscall.Signal

const (
	Fast      = Shutdown(syscall.SIGINT)  // transactions are broken off, all is written
	Immediate = Shutdown(syscall.SIGQUIT) // everything is dropped; the next start recovers, as after a crash
)

// Stop ends the server in an orderly way and waits until it is gone.
func (s *Server) Stop(tb testing.TB, how Shutdown) {
	tb.Helper()
	if err := s.stop(how); err != nil {
		tb.Fatal(err)
	}
}

// Start starts a server again that was stopped or killed, on the same port, and waits until it answers.
func (s *Server) Start(tb testing.TB) {
	tb.Helper()
	if s.up() {
		tb.Fatal("this PostgreSQL is running")
	}
	if err := s.run(); err != nil {
		tb.Fatal(err)
	}
}

// Revive starts a server again if it has ended by itself, as one does that cannot write its log.
func (s *Server) Revive(tb testing.TB) {
	tb.Helper()
	if !s.main.ended() {
		return
	}
	if err := s.kill(); err != nil { // what it has left behind
		tb.Fatal(err)
	}
	s.Start(tb)
}

// Restart is Stop and Start.
func (s *Server) Restart(tb testing.TB, how Shutdown) {
	tb.Helper()
	s.Stop(tb, how)
	s.Start(tb)
}

// Kill is a SIGKILL to the server and to everything that it has started; it waits until they are gone.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	if err := s.kill(); err != nil {
		tb.Fatal(err)
	}
}

// Pause halts every process of the server by SIGSTOP: connections stay open and nobody answers.
func (s *Server) Pause(tb testing.TB) {
	tb.Helper()
	// The main process first: it starts the others.
	if err := syscall.Kill(s.main.id, syscall.SIGSTOP); err != nil {
		tb.Fatalf("pausing PostgreSQL: %v", err)
	}
	signal(runningIn(s.data), syscall.SIGSTOP)
	s.become(paused)
}

// Continue lets a paused server go on.
func (s *Server) Continue(tb testing.TB) {
	tb.Helper()
	signal(runningIn(s.data), syscall.SIGCONT)
	s.become(running)
}

// Set adds lines of postgresql.conf, which stand above earlier ones, and has them read. What needs a restart is in force
// after the next one.
func (s *Server) Set(tb testing.TB, settings ...string) {
	tb.Helper()
	s.settings = append(slices.Clip(s.settings), settings...)
	if err := s.configure(); err != nil {
		tb.Fatal(err)
	}
	if !s.up() {
		return
	}
	before := s.value("SELECT pg_conf_load_time()")
	s.Ask(tb, "SELECT pg_reload_conf()")
	if !waitFor(patience, func() bool { now := s.value("SELECT pg_conf_load_time()"); return now != "" && now != before }) {
		tb.Fatalf("PostgreSQL does not read its settings again:\n%s", s.logTail(20))
	}
}

func (s *Server) stop(how Shutdown) error {
	if s.main == nil || s.main.ended() {
		return errors.New("stopping PostgreSQL: it is not running")
	}
	s.become(down)
	if err := syscall.Kill(s.main.id, syscall.Signal(how)); err != nil {
		return fmt.Errorf("stopping PostgreSQL: %w", err)
	}
	if !s.waitGone(patience) {
		return fmt.Errorf("PostgreSQL on port %d does not stop:\n%s", s.number, s.logTail(20))
	}
	return nil
}

// kill ends the server and its children for good. One that is down already stays so.
func (s *Server) kill() error {
	s.become(down)
	if s.main == nil {
		return nil
	}
	if !s.main.ended() {
		// The main process first: it would start others in the place of those that died.
		if err := syscall.Kill(s.main.id, syscall.SIGKILL); err != nil {
			return fmt.Errorf("killing PostgreSQL: %w", err)
		}
	}
	gone := waitFor(patience, func() bool {
		left := runningIn(s.data)
		signal(left, syscall.SIGKILL)
		return s.main.ended() && len(left) == 0
	})
	if !gone {
		return fmt.Errorf("PostgreSQL on port %d cannot be killed", s.number)
	}
	s.dropSegment()
	return nil
}

// dropSegment removes the System V shared memory that a killed server leaves behind; the next start would do it too.
func (s *Server) dropSegment() {
	lines := s.pidFile()
	if len(lines) < 7 {
		return // it had time to tidy up
	}
	if key := strings.Fields(lines[6]); len(key) == 2 {
		_ = exec.Command("ipcrm", "-m", key[1]).Run() // gone already is as good
	}
}

func (s *Server) waitGone(most time.Duration) bool {
	return waitFor(most, func() bool { return s.main.ended() && len(runningIn(s.data)) == 0 })
}

// signal sends a signal to processes; those that have ended meanwhile need none.
func signal(ids []int, what syscall.Signal) {
	for _, id := range ids {
		_ = syscall.Kill(id, what)
	}
}
