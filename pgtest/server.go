package pgtest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// NoSync is the setting for tests that do not care what a power failure does: several times faster.
const NoSync = "fsync = off"

// patience bounds how long a server may take to start, to stop and to follow.
const patience = 90 * time.Second

// Server is a PostgreSQL of our own. Its methods are for one goroutine, except Database, Ask, URL and Address.
type Server struct {
	dir       string // the log and the socket are in it
	data      string
	place     Place
	who       *syscall.Credential
	number    int // of its port
	reserved  *port
	name      string // as a standby tells its primary
	settings  []string
	standbys  []string // names of those whose acknowledgement a commit waits for
	main      *process
	mu        sync.Mutex // guards state
	state     state
	databases counter
}

// state is what we have last made of a server.
type state int

const (
	down state = iota
	running
	paused
)

// shared is the one server for all tests of a process that only want a database. It ends with the process.
var shared = sync.OnceValues(func() (*Server, error) {
	return start(Place{}, []string{NoSync, "max_connections = 300", "shared_buffers = 64MB"})
})

// Shared returns the server that all tests of this process share. It does not sync, and nobody stops it: what does
// either starts its own.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	Installed(tb)
	s, err := shared()
	if err != nil {
		tb.Fatalf("starting PostgreSQL: %v", err)
	}
	return s
}

// Start starts a server for this test, with lines of postgresql.conf beyond ours, and ends it when the test is over.
func Start(tb testing.TB, settings ...string) *Server {
	tb.Helper()
	return StartAt(tb, Place{}, settings...)
}

// StartAt is Start at another place.
func StartAt(tb testing.TB, place Place, settings ...string) *Server {
	tb.Helper()
	Installed(tb)
	s, err := start(place, settings)
	if err != nil {
		tb.Fatalf("starting PostgreSQL: %v", err)
	}
	tb.Cleanup(func() { s.end(tb) })
	return s
}

func start(place Place, settings []string) (*Server, error) {
	s, err := prepare(place, settings)
	if err != nil {
		return nil, err
	}
	if err := s.initialize(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// prepare gives a server that is not there yet its folder and its port.
func prepare(place Place, settings []string) (*Server, error) {
	who, err := owner()
	if err != nil {
		return nil, err
	}
	dir, err := newFolder(who)
	if err != nil {
		return nil, err
	}
	p, err := reservePort()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(dir, "data")
	if place.Disk != nil {
		data = filepath.Join(place.Disk.dir, "data")
	}
	return &Server{
		dir: dir, data: data, place: place, who: who, number: p.number, reserved: p,
		name: "server" + filepath.Base(dir), settings: settings,
	}, nil
}

// end is the end of a test's own server.
func (s *Server) end(tb testing.TB) {
	if tb.Failed() {
		tb.Logf("the last lines of PostgreSQL on port %d:\n%s", s.number, s.logTail(30))
	}
	if err := s.kill(); err != nil {
		tb.Error(err)
	}
	s.remove()
}

func (s *Server) remove() {
	s.reserved.free()
	_ = os.RemoveAll(s.dir) // the script tries again
	_ = os.RemoveAll(s.data)
}

// Address is host and port.
func (s *Server) Address() string { return net.JoinHostPort(s.place.address(), strconv.Itoa(s.number)) }

// Log is what the server has written so far.
func (s *Server) Log() string {
	text, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func (s *Server) logFile() string { return filepath.Join(s.dir, "log") }

func (s *Server) logTail(lines int) string {
	all := strings.SplitAfter(s.Log(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}

func (s *Server) up() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == running
}

func (s *Server) become(is state) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = is
}

// run starts the server on the data that is there and waits until it answers.
func (s *Server) run() error {
	postgres, err := program("postgres")
	if err != nil {
		return err
	}
	who, name, args := s.place.inside(s.who, postgres, "-D", s.data)
	s.main, err = launch(who, s.dir, s.logFile(), name, args...)
	if err != nil {
		return err
	}
	if ready := waitFor(patience, func() bool { return s.main.ended() || s.ready() }); !ready || s.main.ended() {
		return fmt.Errorf("PostgreSQL on port %d does not start; it says:\n%s", s.number, s.logTail(20))
	}
	s.become(running)
	return nil
}

// ready tells whether the server takes connections. It says so in its file, which saves asking again and again.
func (s *Server) ready() bool {
	lines := s.pidFile()
	if len(lines) < 8 || lines[0] != strconv.Itoa(s.main.id) {
		return false // not yet written, or by the one before that was killed
	}
	status := strings.TrimSpace(lines[7])
	return status == "ready" || status == "standby"
}

// pidFile is what the server writes about itself while it runs: its process in the first line, its shared memory in the
// seventh, its status in the eighth.
func (s *Server) pidFile() []string {
	text, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}
