package store

import "fmt"

// Safety says what becomes of messages that were accepted when the machine of
// the database is lost. With SQLite it is the zero value.
type Safety struct {
	Postgres bool
	Standbys string // setting synchronous_standby_names; empty: commits wait for no standby
	Fsync    bool   // setting fsync: commits wait for the disk
}

// Problem says in plain words what can be lost; empty if nothing is, or if there
// is one server anyway.
func (f Safety) Problem() string {
	switch {
	case !f.Postgres:
		return ""
	case !f.Fsync:
		return "PostgreSQL does not wait for its disk (fsync = off): accepted messages are lost when its machine fails"
	case f.Standbys == "":
		return "no standby is synchronous (synchronous_standby_names is empty): accepted messages of the last moments are lost when the primary is"
	}
	return ""
}

// String says it for the log.
func (f Safety) String() string {
	switch problem := f.Problem(); {
	case !f.Postgres:
		return "embedded database"
	case problem != "":
		return problem
	}
	return fmt.Sprintf("every commit waits for a synchronous standby (%s): losing the primary loses no accepted message", f.Standbys)
}

// Safety returns what is known, not older than a minute.
func (s *Store) Safety() Safety {
	if s.pg == nil {
		return Safety{}
	}
	return *s.pg.safety.Load()
}

// lookAtSafety reads the settings that Safety is made of, and logs a change.
func (s *Store) lookAtSafety() error {
	f := Safety{Postgres: true}
	err := query(s.conn, "SELECT current_setting('synchronous_standby_names'), current_setting('fsync')", nil, func(stmt *statement) (bool, error) {
		f.Standbys, f.Fsync = stmt.ColumnText(0), stmt.ColumnText(1) != "off"
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("read the settings of the database: %w", err)
	}
	before := s.pg.safety.Swap(&f)
	switch {
	case before != nil && *before == f:
	case f.Problem() != "":
		s.log.Warn("losing the database server can lose accepted messages", "why", f.Problem())
	default:
		s.log.Info("losing the database server loses no accepted message", "why", f.String())
	}
	return nil
}
