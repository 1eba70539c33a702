package store

import (
	"context"
	"errors"
	"fmt"
)

// WebSession is one browser in which somebody has signed in, or is about to.
type WebSession struct {
	Hash        []byte // SHA-256 of its token
	Person      string // name of the user
	Mark        []byte // changes with the user's password
	Addr, Agent string
	Began, Seen int64 // Unix milliseconds
	Waits       bool  // for the second factor
}

// SessionLimits bound the sessions of one person.
type SessionLimits struct {
	Most   int   // of those that wait, or of those that do not
	Began  int64 // those that began before are over, Unix milliseconds
	Seen   int64 // those that were not used since, likewise
	Waited int64 // of those that wait, those that began before, likewise
}

// alone runs fn in a transaction of its own. It is for what people do now and then, and waits for its turn.
func (s *Store) alone(doing string, fn func() error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := s.transact(fn); err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

const sessionColumns = "hash, person, mark, addr, agent, began, seen, waits"

// BeginSession writes a session, and removes those that are over and, of that person, those that were idle for longest if there
// are too many.
func (s *Store) BeginSession(w *WebSession, l SessionLimits) error {
	return s.alone("write a session", func() error {
		err := query(s.conn, "DELETE FROM web_session WHERE began < ?1 OR seen < ?2 OR (waits = 1 AND began < ?3)", func(stmt *statement) {
			stmt.BindInt64(1, l.Began)
			stmt.BindInt64(2, l.Seen)
			stmt.BindInt64(3, l.Waited)
		}, nil)
		if err != nil {
			return err
		}
		err = query(s.conn, `DELETE FROM web_session WHERE person = ?1 AND waits = ?2 AND hash NOT IN
			(SELECT hash FROM web_session WHERE person = ?1 AND waits = ?2 ORDER BY seen DESC, hash LIMIT ?3)`, func(stmt *statement) {
			stmt.BindText(1, w.Person)
			stmt.BindBool(2, w.Waits)
			stmt.BindInt64(3, int64(l.Most-1))
		}, nil)
		if err != nil {
			return err
		}
		return query(s.conn, "INSERT INTO web_session("+sessionColumns+") VALUES (?1,?2,?3,?4,?5,?6,?7,?8)", func(stmt *statement) {
			stmt.BindBytes(1, w.Hash)
			stmt.BindText(2, w.Person)
			stmt.BindBytes(3, w.Mark)
			stmt.BindText(4, w.Addr)
			stmt.BindText(5, w.Agent)
			stmt.BindInt64(6, w.Began)
			stmt.BindInt64(7, w.Seen)
			stmt.BindBool(8, w.Waits)
		}, nil)
	})
}

// TouchSessions notes when sessions were used last, by hash: Unix milliseconds.
func (s *Store) TouchSessions(seen map[string]int64) error {
	return s.alone("write when sessions were used", func() error {
		for hash, at := range seen {
			err := query(s.conn, "UPDATE web_session SET seen = ?2 WHERE hash = ?1 AND seen < ?2", func(stmt *statement) {
				stmt.BindBytes(1, []byte(hash))
				stmt.BindInt64(2, at)
			}, nil)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// EndSessions removes the sessions of a person, but for one by its hash; nil for all of them.
func (s *Store) EndSessions(person string, but []byte) error {
	return s.alone("end sessions", func() error {
		return query(s.conn, "DELETE FROM web_session WHERE person = ?1 AND hash <> ?2", func(stmt *statement) {
			stmt.BindText(1, person)
			stmt.BindBytes(2, but)
		}, nil)
	})
}

// EndSession removes one session of a person by its hash.
func (s *Store) EndSession(person string, hash []byte) error {
	return s.alone("end a session", func() error {
		return query(s.conn, "DELETE FROM web_session WHERE person = ?1 AND hash = ?2", func(stmt *statement) {
			stmt.BindText(1, person)
			stmt.BindBytes(2, hash)
		}, nil)
	})
}

// Session gives the session with a hash, nil for none.
func (s *Store) Session(ctx context.Context, hash []byte) (*WebSession, error) {
	list, err := s.sessions(ctx, "hash = ?1", func(stmt *statement) { stmt.BindBytes(1, hash) })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Sessions gives the sessions of a person, of everybody for an empty name; the last used first.
func (s *Store) Sessions(ctx context.Context, person string) ([]WebSession, error) {
	return s.sessions(ctx, "(?1 = '' OR person = ?1)", func(stmt *statement) { stmt.BindText(1, person) })
}

func (s *Store) sessions(ctx context.Context, where string, bind func(*statement)) (list []WebSession, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT "+sessionColumns+" FROM web_session WHERE "+where+" ORDER BY seen DESC, hash", bind, func(stmt *statement) (bool, error) {
			list = append(list, WebSession{
				Hash: octetsOf(stmt, 0), Person: stmt.ColumnText(1), Mark: octetsOf(stmt, 2), Addr: stmt.ColumnText(3), Agent: stmt.ColumnText(4),
				Began: stmt.ColumnInt64(5), Seen: stmt.ColumnInt64(6), Waits: stmt.ColumnBool(7),
			})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return list, nil
}

// octetsOf copies a column.
func octetsOf(stmt *statement, col int) []byte {
	octets := make([]byte, stmt.ColumnLen(col))
	stmt.ColumnBytes(col, octets)
	return octets
}

// ErrNoLink means that a link has been used, is too old, or never was.
var ErrNoLink = errors.New("the link is not good any more")

// SigninLink is a link that is good once.
type SigninLink struct {
	Hash   []byte // SHA-256 of its token
	Kind   string // setup, invite or reset
	Person string // name of the user; empty for setup
	Mark   []byte
	Until  int64 // Unix milliseconds
}

// PutLink writes a link. Other links of the same person go, those that are too old, and all but most of those of nobody.
func (s *Store) PutLink(l *SigninLink, now int64, most int) error {
	return s.alone("write a link", func() error {
		err := query(s.conn, "DELETE FROM signin_link WHERE until < ?1 OR (person = ?2 AND person <> '')", func(stmt *statement) {
			stmt.BindInt64(1, now)
			stmt.BindText(2, l.Person)
		}, nil)
		if err != nil {
			return err
		}
		err = query(s.conn, "DELETE FROM signin_link WHERE person = '' AND hash NOT IN (SELECT hash FROM signin_link WHERE person = '' ORDER BY until DESC, hash LIMIT ?1)",
			func(stmt *statement) { stmt.BindInt64(1, int64(most)) }, nil)
		if err != nil {
			return err
		}
		return query(s.conn, "INSERT INTO signin_link(hash, kind, person, mark, until) VALUES (?1,?2,?3,?4,?5)", func(stmt *statement) {
			stmt.BindBytes(1, l.Hash)
			stmt.BindText(2, l.Kind)
			stmt.BindText(3, l.Person)
			stmt.BindBytes(4, l.Mark)
			stmt.BindInt64(5, l.Until)
		}, nil)
	})
}

// TakeLink removes a link, and with it all of the same kind and person; ErrNoLink if it is not there any more, so that of two who
// take it at a time one gets it.
func (s *Store) TakeLink(l *SigninLink) error {
	taken := false
	err := s.alone("take a link", func() error {
		taken = false // the transaction may be sent again
		return query(s.conn, "DELETE FROM signin_link WHERE kind = ?1 AND person = ?2 AND EXISTS (SELECT 1 FROM signin_link WHERE hash = ?3) RETURNING until",
			func(stmt *statement) {
				stmt.BindText(1, l.Kind)
				stmt.BindText(2, l.Person)
				stmt.BindBytes(3, l.Hash)
			}, func(*statement) (bool, error) {
				taken = true
				return true, nil
			})
	})
	if err == nil && !taken {
		return ErrNoLink
	}
	return err
}

// Link gives the link with a hash, nil for none.
func (s *Store) Link(ctx context.Context, hash []byte) (*SigninLink, error) {
	list, err := s.links(ctx, "hash = ?1", func(stmt *statement) { stmt.BindBytes(1, hash) })
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Links gives all links.
func (s *Store) Links(ctx context.Context) ([]SigninLink, error) { return s.links(ctx, "1 = 1", nil) }

func (s *Store) links(ctx context.Context, where string, bind func(*statement)) (list []SigninLink, err error) {
	err = s.read(ctx, func(c *conn) error {
		return query(c, "SELECT hash, kind, person, mark, until FROM signin_link WHERE "+where, bind, func(stmt *statement) (bool, error) {
			list = append(list, SigninLink{octetsOf(stmt, 0), stmt.ColumnText(1), stmt.ColumnText(2), octetsOf(stmt, 3), stmt.ColumnInt64(4)})
			return true, nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read links: %w", err)
	}
	return list, nil
}
