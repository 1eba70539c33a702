package pgtest

import (
	"fmt"
	"slices"
	"testing"
)

// Replication is what a commit on the primary waits for.
type Replication int

const (
	Asynchronous Replication = iota // for nothing: what the standby has not got yet is lost with the primary
	Synchronous                     // until the standby has it on its disk
)

// Standby starts a server that follows this one, with its settings and more, and ends it when the test is over. It
// returns when the standby follows. With Synchronous, this server names it in synchronous_standby_names; of several,
// one has to acknowledge.
func (s *Server) Standby(tb testing.TB, how Replication, settings ...string) *Server {
	tb.Helper()
	return s.StandbyAt(tb, Place{}, how, settings...)
}

// StandbyAt is Standby at another place.
func (s *Server) StandbyAt(tb testing.TB, place Place, how Replication, settings ...string) *Server {
	tb.Helper()
	follower, err := s.follow(place, settings)
	if err != nil {
		tb.Fatalf("starting a standby: %v", err)
	}
	tb.Cleanup(func() { follower.end(tb) })
	want := "async"
	if how == Synchronous {
		s.standbys = append(s.standbys, follower.name)
		s.Set(tb)
		want = "sync"
		if len(s.standbys) > 1 {
			want = "potential"
		}
	}
	state := "SELECT state || ' ' || sync_state FROM pg_stat_replication WHERE application_name = '" + follower.name + "'"
	if !waitFor(patience, func() bool { return s.value(state) == "streaming "+want }) {
		tb.Fatalf("the standby does not follow; its primary says %q, it says:\n%s", s.value(state), follower.logTail(20))
	}
	return follower
}

// follow makes a copy of this server by pg_basebackup and starts it.
func (s *Server) follow(place Place, settings []string) (*Server, error) {
	backup, err := program("pg_basebackup")
	if err != nil {
		return nil, err
	}
	follower, err := prepare(place, slices.Clone(s.settings))
	if err != nil {
		return nil, err
	}
	primary := fmt.Sprintf("host=%s port=%d user=postgres application_name=%s", s.place.address(), s.number, follower.name)
	follower.settings = append(follower.settings, "primary_conninfo = '"+primary+"'")
	follower.settings = append(follower.settings, settings...)
	err = complete(follower.who, follower.dir, backup, "-D", follower.data, "-d", s.inside("postgres"), "--wal-method=stream", "--checkpoint=fast", "--no-sync")
	if err == nil {
		err = follower.write("standby.signal", "")
	}
	if err == nil {
		err = follower.configure()
	}
	if err == nil {
		err = follower.run()
	}
	if err != nil {
		follower.remove()
		return nil, err
	}
	return follower, nil
}

// Promote makes a standby a primary and waits until it takes writes. What it followed is left as it is: an experiment
// kills it first, as one that fails over has to.
func (s *Server) Promote(tb testing.TB) {
	tb.Helper()
	if rows := s.Ask(tb, "SELECT pg_promote(true, 60)"); rows[0][0] != "t" {
		tb.Fatalf("the standby cannot be promoted:\n%s", s.logTail(20))
	}
}
